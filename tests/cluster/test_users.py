"""Users over nodes: any number of connections each, on any node; messages to them say what became of them; ends are told once."""
import collections
import json
import re

import pytest
from cluster import LEASE
from delivery_log import Api
from raw_websocket import RawWebSocket
from weft_process import wait_until

EVENTS = "paths: [ { path: /, dialect: events } ]\n"


KNOCK = "who is there?"  # asked to find out, and heard by nobody


class Client(RawWebSocket):
    def text(self):
        while (said := super().text()) == KNOCK:
            pass
        return said

    def asks(self, event, data=None):
        self.send_text(json.dumps({"event": event, "headers": {}, "input_data": data}))
        while True:
            said = self.text()
            if said.startswith("{"):
                return json.loads(said)["data"]

    def logs_in(self, user):
        answer = self.asks("login", {"user": user})
        assert answer["bound"], answer
        self.id = answer["id"]
        return self

    def tells(self, user, text):
        return self.asks("to user", {"user": user, "text": text})


def counted(success, unreachable=0):
    return {"success": success, "fail": 0, "unreachable": unreachable}


@pytest.fixture
def cluster(start_cluster):
    return start_cluster(3, EVENTS, own="tests/cluster_program")


def connect(node, user=None):
    client = Client(node.weft.clients)
    return client.logs_in(user) if user else client


def until_known(cluster, user, number):
    """Whose a connection was, other nodes know a moment after it ended."""
    for node in cluster.up():
        with connect(node) as knocking:
            wait_until(lambda: knocking.tells(user, KNOCK) == counted(number), what=f"{node.name} knows {number} of {user}")


def notes(cluster):
    """What happened, over all nodes."""
    return [line for node in cluster.nodes for line in re.findall(r"^~ (.*)$", node.weft.log(), re.M)]


def closes(cluster):
    """Close events by connection."""
    return collections.Counter(line.split()[1] for line in notes(cluster) if line.startswith("closed "))


def until_kept(broker, number):
    """Whose end others must hear of is written to the broker a moment after it was told to the client."""
    wait_until(lambda: broker.kept("test") >= number, what="the broker knows them")


def test_who_is_told_to_be_a_user_or_in_a_channel_is_it_on_every_node(cluster):
    """No moment in between: another node asks at once."""
    one, two, three = cluster.nodes
    with connect(one) as other, connect(two) as client, Api(three.weft.api) as api:
        for i in range(30):
            client.logs_in(f"user-{i}")
            assert other.tells(f"user-{i}", "yours") == counted(1) and client.text() == "yours"
            assert client.asks("enter", {"channel": f"room-{i}"}) is True
            assert other.asks("to channel", {"channel": f"room-{i}", "text": "there"}) == counted(1)
            assert client.text() == "there"
            assert not api.ask("user.bind", {"c": client.id, "u": f"name-{i}"})["E"]
            assert other.tells(f"name-{i}", "another's") == counted(1) and client.text() == "another's"


LOGIN = """
function on_message(message, conn)
  local _, problem = mix.mesh.bind(conn:client_id(), message.data)
  conn:send(problem or "bound")
end
"""


def test_a_user_that_a_script_has_bound_is_one_on_every_node(start_cluster, tmp_path):
    script = tmp_path / "login.lua"
    script.write_text(LOGIN)
    cluster = start_cluster(2, f"paths: [ {{ path: /login, script: {script} }} ]\n")
    with RawWebSocket(cluster.nodes[0].weft.clients, "/login") as client, Api(cluster.nodes[1].weft.api) as api:
        for i in range(30):
            client.send_text(f"user-{i}")
            assert client.text() == "bound"
            assert api.ask("user.send", {"u": f"user-{i}", "d": "hello"})["r"]["s"] == 1
            assert client.text() == "hello"


def test_every_connection_of_a_user_hears_on_whichever_node_it_is(cluster):
    one, two, three = cluster.nodes
    with connect(one, "ann") as first, connect(two, "ann") as second, connect(two, "ann") as third, connect(three) as other:
        assert other.tells("ann", "hello") == counted(3)
        assert [client.text() for client in (first, second, third)] == ["hello"] * 3


def test_closing_one_connection_keeps_the_others(cluster):
    one, two, three = cluster.nodes
    with connect(one, "ann") as first, connect(three) as other:
        with connect(two, "ann"):
            assert other.tells("ann", "both") == counted(2)
        wait_until(lambda: other.tells("ann", "one") == counted(1), what="the other one is gone")
        assert first.text() == "both" and first.text() == "one"


def test_who_logs_out_or_goes_is_not_reached_any_more(cluster):
    one, two, _ = cluster.nodes
    with connect(one, "ann") as ann, connect(two) as other:
        ann.asks("logout")
        until_known(cluster, "ann", 0)
        ann.logs_in("ann")
        assert other.tells("ann", "again") == counted(1)
    until_known(cluster, "ann", 0)


def test_the_end_of_an_old_connection_leaves_the_new_one_bound(cluster):
    """A user comes back on another node before the old connection has ended."""
    one, two, three = cluster.nodes
    old = connect(one, "ann")
    with connect(two, "ann") as new, connect(three) as other:
        old.socket.close()
        wait_until(lambda: closes(cluster)[old.id] == 1, what="the old one has ended")
        assert other.tells("ann", "hello") == counted(1)
        assert new.text() == "hello"


def test_another_user_on_the_same_connection_takes_its_place(cluster):
    one, two, _ = cluster.nodes
    with connect(one, "ann") as client, connect(two) as other:
        client.logs_in("bob")
        until_known(cluster, "ann", 0)
        assert other.tells("bob", "hello") == counted(1) and client.text() == "hello"


def test_nobody_is_told_nothing_and_counted_so(cluster):
    with connect(cluster.nodes[0]) as client:
        assert client.tells("nobody", "hello") == counted(0)


def test_everybody_on_every_node_hears_it(cluster):
    clients = [connect(node) for node in cluster.nodes for _ in range(10)]
    assert clients[0].asks("to all", {"text": "everybody"}) == counted(30)
    for client in clients[1:]:
        assert client.text() == "everybody"
        client.socket.close()


def test_a_killed_nodes_connections_end_once(cluster, broker):
    one, two, three = cluster.nodes
    kept = [connect(node, f"user-{i}") for node in (one, two) for i in range(5)]
    lost = [connect(three, f"lost-{i}") for i in range(50)]
    until_kept(broker, 50)
    three.kill()
    while (answer := kept[0].tells("lost-7", "are you there?")) != counted(0):
        assert answer == counted(0, 1), "until it is gone, the one who asks is told that its node does not answer"
    wait_until(lambda: sum(closes(cluster).values()) >= 50, 2 * LEASE, "their ends are told")
    gone = closes(cluster)
    assert gone == {client.id: 1 for client in lost}
    wait_until(lambda: sum(line.endswith(" lost") for line in notes(cluster)) == 2, LEASE, "both others know")
    for client in kept:
        client.socket.close()


def test_a_stopped_nodes_connections_end_once_although_it_comes_back(cluster, broker):
    one, two, three = cluster.nodes
    lost = [connect(three, f"lost-{i}") for i in range(20)]
    until_kept(broker, 20)
    three.pause()
    wait_until(lambda: sum(closes(cluster).values()) >= 20, 3 * LEASE, "their ends are told")
    three.resume()
    for client in lost:
        assert client.close_code()[0] != 1000, "it tells them to go"
        client.socket.close()
    cluster.wait_whole()
    with connect(three, "new") as new, connect(one) as other:
        assert other.tells("new", "welcome") == counted(1)
        assert new.text() == "welcome"
    assert {client.id: 1 for client in lost}.items() <= closes(cluster).items()
    assert max(closes(cluster).values()) == 1
