"""The message queue inside of a C++ program: tests/programs/message_queue.cpp is the server."""
import json

import pytest
from raw_websocket import RawWebSocket
from weft_process import wait_until


class Client(RawWebSocket):
    def say(self, event, data=None):
        self.send_text(json.dumps({"event": event, "input_data": data}))

    def hears(self):
        message = json.loads(self.text())
        return message["event"], message["data"]

    def asks(self, event, data=None):
        self.say(event, data)
        return self.hears()


@pytest.fixture
def server(start_weft):
    return start_weft("node: { drain: 0s }\n", own="tests/message_queue_program")


def log_in(server, user):
    client = Client(server.clients)
    assert client.asks("LOGIN", user) == ("LOGGED_IN", True)
    return client


def test_every_connection_of_a_user_hears(server):
    bob, at_home, at_work = log_in(server, "bob"), log_in(server, "ann"), log_in(server, "ann")
    event, receipt = bob.asks("TELL", "ann")
    assert event == "RECEIPT" and receipt["status"] == "queued" and receipt["id"]
    for ann in (at_home, at_work):
        assert ann.hears() == ("TOLD", {"from": "bob"})
    assert bob.asks("ADDED") == ("ADDED", 1)


def test_a_user_without_a_connection_is_told(server):
    bob, ann = log_in(server, "bob"), log_in(server, "ann")
    ann.socket.close()
    wait_until(lambda: bob.asks("TELL", "ann")[1]["status"] == "no_such_connection", what="the end of ann's connection")
    assert bob.asks("TELL", "nobody")[1]["status"] == "no_such_connection"


def test_messages_to_a_user_come_in_order_from_everywhere(server):
    ann = log_in(server, "ann")
    for n in range(100):
        status, _ = server.http("/v1/queue/messages", {"user": "ann", "event": "N", "data": n})
        assert status == 202
    assert [ann.hears()[1] for _ in range(100)] == list(range(100))


def test_a_listener_queues_for_its_own_connection(server):
    client = Client(server.clients)
    client.say("TELL_ME", {"a": 1})
    heard = dict([client.hears(), client.hears()])
    assert heard["TOLD"] == {"a": 1} and heard["RECEIPT"]["status"] == "queued"
