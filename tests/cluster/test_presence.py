"""Who enters and leaves a watched channel while nodes die and hang: told once, whatever happens to the node."""
import json
import re

import pytest
from raw_websocket import RawWebSocket
from weft_process import wait_until

LEASE = 6  # seconds: long enough to come back within it
CONFIG = """
paths: [ { path: /room, dialect: events, subscribe: [room] } ]
presence: { channels: [room], debounce: 200ms }
"""


class Guest(RawWebSocket):
    """A user who stands in the room."""

    def __init__(self, node, user):
        super().__init__(node.weft.clients, "/room", timeout=60)
        self.send_text(json.dumps({"event": "login", "headers": {}, "input_data": {"user": user}}))
        assert json.loads(self.text())["data"]["bound"]


class Room:
    """What has been told of its guests, on whichever node, and what is kept for the case of a death."""

    def __init__(self, cluster, broker):
        self.cluster, self.broker = cluster, broker

    def told(self, user):
        """How often it was told that this user came, and went; "" is nobody."""
        def count(what):
            return sum(len(re.findall(rf"^~ {what} room {user}$", node.weft.log(), re.M)) for node in self.cluster.nodes)
        return count("joined"), count("left")

    def wait(self, user, came, went):
        wait_until(lambda: self.told(user) == (came, went), 4 * LEASE, f"{user} came {came} times and went {went} times")

    def seat(self, node, *users):
        """They enter; until that was told, and is kept. Before they log in they enter as nobody, and leave as nobody then."""
        before = self.broker.kept("test"), *self.told("")
        guests = [Guest(node, user) for user in users]
        for user in users:
            wait_until(lambda: self.told(user)[0] > 0, what=f"{user} came")
        wait_until(lambda: self.told("") == (before[1] + len(users), before[2] + len(users)), what="nobody went")
        wait_until(lambda: self.broker.kept("test") == before[0] + 2 * len(users), what="the broker knows them")
        return guests

    def settle(self, node):
        """Everything that happened before has been told: of two who leave at once the second is told last."""
        with Guest(node, "last"):
            pass
        self.wait("last", 1, 1)


@pytest.fixture
def cluster(start_cluster):
    return start_cluster(3, CONFIG, own="tests/cluster_program", more=f"beat: 1s, lease: {LEASE}s")


@pytest.fixture
def room(cluster, broker):
    return Room(cluster, broker)


def test_who_is_back_on_another_node_before_the_lease_ends_has_never_left(cluster, room):
    one, _, three = cluster.nodes
    room.seat(three, "ann", "bob")
    three.kill()
    with Guest(one, "ann"):
        room.wait("bob", 1, 1)
        assert room.told("ann") == (1, 0)
    room.wait("ann", 1, 1)
    room.settle(one)
    assert room.told("ann") == room.told("bob") == (1, 1)


def test_who_is_back_on_another_node_and_gone_again_before_the_lease_ends_leaves_once(cluster, room):
    one, two, three = cluster.nodes
    room.seat(three, "ann")
    three.kill()
    for node in (one, two):
        with Guest(node, "ann"):
            pass
    room.wait("ann", 1, 1)
    room.settle(one)
    assert room.told("ann") == (1, 1)


def test_the_leaves_of_a_node_that_was_held_for_dead_are_not_told_again_when_it_is_back(cluster, room):
    one, _, three = cluster.nodes
    (ann,) = room.seat(three, "ann")
    three.pause()
    room.wait("ann", 1, 1)
    three.resume()
    assert ann.close_code()[0] == 1012
    ann.socket.close()
    cluster.wait_whole()
    room.settle(three)
    assert room.told("ann") == (1, 1)
    with Guest(three, "ann"):
        room.wait("ann", 2, 1)
    room.wait("ann", 2, 2)
