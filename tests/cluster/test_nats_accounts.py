"""NATS with an operator, accounts and users in JWTs: nodes join with a credentials file, and with the rights that the
documentation names."""
import pytest
from cluster import Cluster, go_on, hush, talk
from nats_accounts import ACCOUNT, Accounts, Key
from nats_server import NatsServer
from weft_process import Weft

CONFIG = "paths: [ { path: /room, subscribe: [room] } ]\nqueues: [ { name: jobs, engine: jetstream } ]\n"
PUBLISH = ("shop.>", "$KV.>", "$JS.API.>")
SUBSCRIBE = ("shop.>", "_INBOX.>")


@pytest.fixture
def accounts(tmp_path):
    if not NatsServer.is_installed():
        pytest.skip("nats-server is not installed")
    return Accounts(tmp_path / "accounts")


@pytest.fixture
def server(accounts, tmp_path):
    server = NatsServer(tmp_path / "broker", accounts.config)
    yield server
    server.kill()


def test_nodes_with_a_credentials_file_are_one(server, accounts, tmp_path, log):
    file = accounts.credentials("nodes", PUBLISH, SUBSCRIBE)
    cluster = Cluster(tmp_path / "nodes", server, 2, CONFIG, prefix="shop", more=f"credentials: {file}")
    groups, publishers = talk(cluster, log)
    for node in cluster.nodes:
        assert node.weft.http("/v1/queue/push", {"t": "jobs", "d": 1})[0] == 200
    go_on(publishers)
    hush(publishers, groups)
    log.check()
    complaints = cluster.stop()
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("rights, why", [
    ({"signed_by": "a stranger"}, "Authorization Violation"),
    ({"subscribe": ["other.>"]}, "Permissions Violation for Subscription to"),
    ({"publish": ["shop.>"]}, "Permissions Violation for Publish to"),
])
def test_a_node_whose_credentials_do_not_suffice_does_not_start_and_says_why(server, accounts, tmp_path, rights, why):
    if "signed_by" in rights:
        rights = {"signed_by": Key(tmp_path, ACCOUNT)}
    file = accounts.credentials("nodes", **rights)
    with pytest.raises(RuntimeError) as error:
        Weft(tmp_path, f"cluster: {{ url: \"{server.url}\", prefix: shop, credentials: {file}, join_within: 3s }}\n{CONFIG}")
    assert why in str(error.value)
