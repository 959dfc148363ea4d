"""Redis under Sentinel: the master dies, the replica takes over, and the nodes follow by themselves."""
import json

import pytest
from certificates import Certificate
from cluster import Cluster, go_on, hush, talk
from raw_websocket import RawWebSocket
from redis_server import RedisSentinels, RedisServer
from weft_process import wait_until

ROOM = "paths: [ { path: /room, subscribe: [room] } ]\nqueues: [ { name: events } ]\n"
TAKES_OVER = 90  # seconds: sentinels that a busy machine kept from running trust nothing for the next thirty


@pytest.fixture
def sentinels(tmp_path):
    if not RedisServer.is_installed():
        pytest.skip("redis-server is not installed")
    servers = RedisSentinels(tmp_path / "sentinels")
    yield servers
    servers.kill()


@pytest.fixture
def cluster(sentinels, tmp_path):
    cluster = Cluster(tmp_path / "nodes", sentinels, 3, ROOM)
    yield cluster
    complaints = cluster.stop()
    assert not complaints, "\n".join(complaints)


def ends_well(cluster, log, groups, publishers, since):
    cluster.wait_whole(60)
    for node in cluster.nodes:
        log.cut(node.name, since)
    go_on(publishers)
    hush(publishers, groups)
    log.check()
    assert not any(group.codes for group in groups), "no client has noticed"


def lives_through_a_failover(cluster, sentinels, log):
    groups, publishers = talk(cluster, log)
    go_on(publishers)
    since = log.now()
    old = sentinels.master()
    old.kill()
    wait_until(lambda: sentinels.master() is not old, TAKES_OVER, "the replica has taken over")
    ends_well(cluster, log, groups, publishers, since)


def test_the_nodes_follow_a_failover(cluster, sentinels, log):
    ids = cluster.ids()
    lives_through_a_failover(cluster, sentinels, log)
    assert cluster.ids() == ids


def test_a_master_that_refuses_for_long_is_not_given_up(cluster, sentinels, log):
    """The one sentinel that is left cannot move anything alone, and whom it names refuses for longer than a lease."""
    groups, publishers = talk(cluster, log)
    since = log.now()
    for process in list(sentinels.sentinels.values())[1:]:
        process.kill()
    sentinels.servers[0].kill()
    wait_until(lambda: all("fenced" in node.ready() for node in cluster.nodes), 30, "they cannot renew their leases")
    sentinels.servers[0].start()
    ends_well(cluster, log, groups, publishers, since)


def test_what_the_replica_never_heard_of_is_told_again(cluster, sentinels, log):
    """Replication is cut, a node joins, then the master dies: the replica knows nothing of the newcomer."""
    master, replica = sentinels.servers
    replica("CONFIG", "SET", "masterauth", "nobody asks for one")
    replica("CLIENT", "KILL", "TYPE", "master")
    wait_until(lambda: "master_link_status:down" in replica("INFO", "replication"), what="replication is cut")
    cluster.add(ROOM, "n4")
    lives_through_a_failover(cluster, sentinels, log)
    assert sentinels.master() is replica
    assert len({slot_of(node) for node in cluster.nodes}) == 4


def test_with_tls_and_a_user_the_nodes_join_and_follow_too(tmp_path, log):
    certificate = Certificate(tmp_path)
    sentinels = RedisSentinels(tmp_path / "sentinels", certificate, user="weft:secret")
    cluster = Cluster(tmp_path / "nodes", sentinels, 2, ROOM, more=f"certificates: {certificate.certificate}")
    try:
        lives_through_a_failover(cluster, sentinels, log)
    finally:
        complaints = cluster.stop()
        sentinels.kill()
    assert not complaints, "\n".join(complaints)


def slot_of(node):
    """The node's place in the ids of its connections."""
    with RawWebSocket(node.weft.clients, "/room"):
        listed = json.loads(node.weft.http("/v1/connections")[1])["connections"]
        return int(listed[0]["id"]) >> 10 & 4095
