"""Orders to connections of other nodes: send, subscribe, context, close. The answers say what became of them."""
import json

import pytest
from cluster import LEASE
from delivery_log import Api
from raw_websocket import CLOSE, RawWebSocket, frame
from weft_process import wait_until

EVENTS = "paths: [ { path: /e, queue: events } ]\nqueues: [ { name: events }, { name: other } ]\n"
NO_SUCH = "no such connection"


class Guest:
    """A client of one node and its id."""

    def __init__(self, node):
        worker = Api(node.weft.api)
        assert not worker.ask("queue.pop", {"t": ["events"]})["E"]
        self.worker = worker
        self.socket = RawWebSocket(node.weft.clients, "/e")
        while (event := worker.event()["p"])["d"]["event"] != "open":
            pass
        self.id = event["c"]

    def close_event(self):
        while (event := self.worker.event()["p"])["d"]["event"] != "close" or event["c"] != self.id:
            pass
        return event["d"]

    def leave(self):
        self.socket.socket.close()
        self.worker.close()


@pytest.fixture
def cluster(start_cluster):
    return start_cluster(2, EVENTS)


@pytest.fixture
def api(cluster):
    """Of the other node."""
    api = Api(cluster.nodes[0].weft.api)
    yield api
    api.close()


@pytest.fixture
def guest(cluster):
    guest = Guest(cluster.nodes[1])
    yield guest
    guest.leave()


def test_a_message_to_a_connection_of_another_node(api, guest):
    for i in range(100):
        assert not api.ask("mesh.send", {"c": guest.id, "d": f"message {i}"})["E"]
    assert [guest.socket.text() for _ in range(100)] == [f"message {i}" for i in range(100)]


def test_subscribe_and_unsubscribe_from_another_node(api, guest):
    assert not api.ask("conn.call", {"c": guest.id, "f": "subscribe", "a": ["room_1", "room_2"]})["E"]
    assert api.ask("mesh.publish", {"c": "room_1", "d": "one"})["r"]["s"] == 1
    assert not api.ask("conn.call", {"c": guest.id, "f": "unsubscribe", "a": ["room_1"]})["E"]
    assert api.ask("mesh.publish", {"c": "room_1", "d": "nobody"})["r"]["s"] == 0
    assert api.ask("mesh.publish", {"c": "room_2", "d": "two"})["r"]["s"] == 1
    assert [guest.socket.text(), guest.socket.text()] == ["one", "two"]


def test_the_context_is_set_from_another_node(api, guest):
    assert not api.ask("conn.call", {"c": guest.id, "f": "set_context", "a": [{"uid": 7}]})["E"]
    guest.socket.send_text("who am I?")
    event = guest.worker.event()["p"]
    assert event["d"]["event"] == "message" and event["d"]["context"] == {"uid": 7}


def test_a_close_from_another_node_is_a_close_like_any_other(api, guest):
    assert not api.ask("conn.call", {"c": guest.id, "f": "close", "a": [4001, "moved"]})["E"]
    assert guest.socket.close_code() == (4001, "moved")
    guest.socket.send(frame(CLOSE, b"\x0f\xa1"))
    event = guest.close_event()
    assert (event["code"], event["reason"], event["by"]) == (4001, "moved", "server")


def test_answers_count_what_other_nodes_did(api, cluster, guest):
    more = [RawWebSocket(node.weft.clients, "/e") for node in cluster.nodes for _ in range(3)]
    assert not api.ask("conn.call", {"c": guest.id, "f": "subscribe", "a": ["room"]})["E"]
    answer = api.ask("mesh.publish", {"c": "room", "d": "x"})
    assert (answer["r"]["s"], answer["r"]["f"]) == (1, 0)
    guest.socket.socket.close()
    wait_until(lambda: api.ask("mesh.publish", {"c": "room", "d": "x"})["r"]["s"] == 0, what="it is gone")
    assert NO_SUCH in api.ask("mesh.send", {"c": guest.id, "d": "x"})["E"]["m"]
    for client in more:
        client.socket.close()


def test_who_sends_to_a_dead_node_is_told(api, cluster, guest):
    cluster.nodes[1].kill()
    error = api.ask("mesh.send", {"c": guest.id, "d": "x"})["E"]
    assert error and NO_SUCH not in error["m"], "nobody knows yet: it did not answer"
    wait_until(lambda: NO_SUCH in api.ask("mesh.send", {"c": guest.id, "d": "x"})["E"]["m"], 2 * LEASE, "it is gone for good")


def test_a_consumer_that_sends_to_other_nodes_gets_its_own_jobs_and_no_others(cluster, guest):
    """A worker of one node answers clients of the other one between its jobs."""
    here, there = cluster.nodes
    worker, thief = Api(here.weft.api), Api(there.weft.api)
    assert not worker.ask("queue.pop", {"t": ["other"]})["E"]
    for i in range(50):
        assert not worker.ask("queue.push", {"t": "other", "d": {"number": i}})["E"]
        assert not thief.ask("queue.push", {"t": "other", "d": {"number": -1}})["E"]
        assert not worker.ask("mesh.send", {"c": guest.id, "d": f"{i}"})["E"]
    assert [worker.event()["p"]["d"]["number"] for _ in range(50)] == list(range(50))
    assert [guest.socket.text() for _ in range(50)] == [f"{i}" for i in range(50)]
    topics = json.loads(there.weft.http("/v1/queues")[1])["queues"]
    assert next(topic["items"] for topic in topics if topic["name"] == "other") == 50
    worker.close(), thief.close()
