import pytest
from cluster import Cluster
from delivery_log import DeliveryLog
from nats_server import NatsServer
from redis_server import RedisServer


@pytest.fixture(params=["redis", "nats"])
def engine(request):
    server = {"redis": RedisServer, "nats": NatsServer}[request.param]
    if not server.is_installed():
        pytest.skip(f"{request.param}'s server is not installed")
    return request.param


@pytest.fixture
def broker(engine, tmp_path):
    """A real server of each engine in turn."""
    server = {"redis": RedisServer, "nats": NatsServer}[engine](tmp_path / "broker")
    yield server
    if server.process.poll() is None:
        server.resume()
        server.kill()


@pytest.fixture
def start_cluster(broker, tmp_path):
    """start_cluster(count, config, …) gives a Cluster over `broker`; its nodes must end well."""
    running = []

    def start(count=3, config="", folder="nodes", **options):
        running.append(Cluster(tmp_path / folder, options.pop("over", broker), count, config, **options))
        return running[-1]

    yield start
    complaints = [complaint for cluster in running for complaint in cluster.stop()]
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def log(tmp_path):
    return DeliveryLog(tmp_path)
