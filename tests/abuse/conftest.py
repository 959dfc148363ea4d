"""Hostile input over real sockets, to a weft that has to stay polite. Tests are named by their number in the
list of abuses that the design was made against: 1-12 HTTP and handshakes, 13-20 frames, 22-24 compression,
33 channel names, 36-40 resources. One weft serves all tests that leave it as it was."""
import pytest
from hostile import Raw, WebSocket, yaml
from weft_process import Weft

ADDRESS_LUA = """
function on_message(data, conn)
    conn:send(conn:remote_addr())
end
"""


@pytest.fixture(scope="session")
def weft(tmp_path_factory):
    """Paths for every kind of abuse; handshakes have a second, so that tests of deadlines end soon."""
    folder = tmp_path_factory.mktemp("weft")
    (folder / "address.lua").write_text(ADDRESS_LUA)
    (folder / "secret.txt").write_text("secret")
    (folder / "public").mkdir()
    (folder / "public/index.html").write_text("<p>public</p>")
    process = Weft(folder, yaml({
        "client": {"handshake_timeout": "1s"},
        "paths": [
            {"path": "/echo", "answer": "echo"},
            {"path": "/feed", "subscribe": ["feed"]},
            {"path": "/small", "answer": "echo", "max_message": "1KiB", "max_fragments": 16},
            {"path": "/deflate", "answer": "echo", "compression": True},
            {"path": "/takeover", "answer": "echo", "compression": True, "context_takeover": True},
            {"path": "/rate", "answer": "echo", "max_messages_per_second": 100},
            {"path": "/origins", "answer": "echo", "allowed_origins": ["https://*.app.com", "https://exact.org"]},
            {"path": "/address", "dialect": "lua", "script": "address.lua"},
            {"path": "/files", "files": "public"},
        ],
    }))
    yield process
    alive = process.process.poll() is None
    assert process.stop() == 0 and alive, process.log()


@pytest.fixture
def connect(weft):
    """connect(path, ...) gives an upgraded connection; all are closed at the end."""
    opened = []

    def make(path="/echo", **options):
        opened.append(WebSocket(weft.clients, path, **options))
        return opened[-1]
    yield make
    for each in opened:
        each.close()


@pytest.fixture
def raw(weft):
    """raw(bytes) gives a connection that has sent them."""
    opened = []

    def make(data=b"", **options):
        opened.append(Raw(weft.clients, **options).send(data))
        return opened[-1]
    yield make
    for each in opened:
        each.close()


@pytest.fixture(autouse=True)
def others_are_served(weft):
    """Whatever a test does, another client is answered after it."""
    yield
    with WebSocket(weft.clients) as other:
        assert other.send_text("still there").receive_text() == "still there"
