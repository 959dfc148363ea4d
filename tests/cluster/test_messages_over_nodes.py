"""The message queue over nodes: added at one, delivered on another, whatever the storage; who adds learns what happened."""
import json

import pytest
from raw_websocket import RawWebSocket
from weft_process import wait_until

EVENTS = "paths: [ { path: /, dialect: events } ]\n"


@pytest.fixture(params=["memory", "sqlite", "redis"])
def cluster(request, start_cluster, broker, engine):
    """Two nodes; with engine redis they share the broker's server as a storage, too."""
    settings = EVENTS
    if request.param == "redis":
        if engine != "redis":
            pytest.skip("the broker of this run is no Redis")
        settings += f"redis: [ {{ name: main, url: '{broker.url}' }} ]\n"
    file = ", file: messages.db" if request.param == "sqlite" else ""
    settings += f"storages: {{ message_queue: {{ engine: {request.param}{file} }} }}\n"
    return start_cluster(2, settings)


def connect(node):
    """A client of the node and its id."""
    client = RawWebSocket(node.weft.clients, timeout=60)

    def listed():
        return json.loads(node.weft.http("/v1/connections")[1])["connections"]

    wait_until(listed, what="the connection in the list")
    return client, listed()[0]["id"]


def add(node, **message):
    status, body = node.weft.http("/v1/queue/messages", message)
    return status, json.loads(body)["status"]


def test_messages_reach_connections_of_the_other_node_in_order(cluster):
    here, there = cluster.nodes
    client, who = connect(there)
    for number in range(50):
        assert add(here, connection=who, event="N", data=number) == (202, "queued")
    assert [json.loads(client.text())["data"] for _ in range(50)] == list(range(50))
    client.socket.close()
    wait_until(lambda: add(here, connection=who, event="LATE") == (404, "no_such_connection"), what="that it is gone")


def test_messages_reach_users_of_the_other_node_in_order(cluster):
    here, there = cluster.nodes
    client, who = connect(there)
    status, body = here.weft.http("/v1/users/ann/bind", {"c": who})
    assert status == 200, body
    wait_until(lambda: add(here, user="ann", event="FIRST") == (202, "queued"), what="that the user is known")
    assert json.loads(client.text())["event"] == "FIRST"
    for number in range(20):
        assert add(here, user="ann", event="N", data=number) == (202, "queued")
    assert [json.loads(client.text())["data"] for _ in range(20)] == list(range(20))
    assert add(here, user="bob", event="N") == (404, "no_such_connection")


def test_what_waits_for_a_lost_node_is_taken_over(start_cluster, broker, engine):
    if engine != "redis":
        pytest.skip("the broker of this run is no Redis")
    cluster = start_cluster(2, EVENTS + f"redis: [ {{ name: main, url: '{broker.url}' }} ]\n"
                            "storages: { message_queue: redis }\n", more="beat: 200ms, lease: 1s")
    here, lost = cluster.nodes
    ann, who_ann = connect(here)
    assert here.weft.http("/v1/users/ann/bind", {"c": who_ann})[0] == 200
    _, who = connect(lost)
    lost.pause()  # so that nothing is taken any more
    stream = f"test:messages:{int(who) >> 10 & 4095}"
    for number in range(3):
        broker("XADD", stream, "*", "user", "ann", "event", "N", "data", number)
    broker("XADD", stream, "*", "connection", who, "event", "LOST")
    lost.kill()
    assert [json.loads(ann.text())["data"] for _ in range(3)] == [0, 1, 2]

    def dead():
        return json.loads(here.weft.http("/v1/queue/messages/dead")[1])["messages"]

    wait_until(dead, what="a dead letter")
    assert [(letter["event"], letter["why"]) for letter in dead()] == [("LOST", "the connection is gone")]
