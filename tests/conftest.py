import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

from certificates import Certificate  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from weft_process import Weft  # noqa: E402


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate for localhost in a folder of its own."""
    folder = tmp_path / "tls"
    folder.mkdir()
    return Certificate(folder)


@pytest.fixture
def redis(tmp_path):
    """A real Redis on a port of its own; skips where none is installed."""
    if not RedisServer.is_installed():
        pytest.skip("redis-server is not installed")
    server = RedisServer(tmp_path / "redis")
    yield server
    server.kill()


@pytest.fixture
def start_weft(tmp_path):
    """start_weft(config, **options) gives a running Weft; all are stopped afterwards and must not have crashed."""
    running = []

    def start(config="", **options):
        running.append(Weft(tmp_path, config, **options))
        return running[-1]

    yield start
    for weft in running:
        code = weft.stop()
        assert code in (0, 3, 130), f"weft ended with {code}:\n{weft.log()[-4000:]}"
