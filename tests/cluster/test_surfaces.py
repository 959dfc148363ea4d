"""Two nodes: what one is asked about users, channels and connections happens on the other, whoever asks: API, worker, command
line, script."""
import json
import signal
import subprocess

import pytest
from raw_websocket import BINARY, RawWebSocket, frame
from weft_process import binary, wait_until

CONFIG = """
paths: [ {{ path: /ws, dialect: events }}, {{ path: /room, dialect: events, subscribe: [room_1] }}{script} ]
node: {{ drain: 0s, loops: 2, name: {name} }}
client: {{ ping_interval: 0s, read_timeout: 0s }}
cluster: {{ url: "{url}", prefix: test, beat: 200ms, lease: 1s{cluster} }}
{more}
"""


class Client(RawWebSocket):
    """Connected to a node, and known there by `id`."""

    def __init__(self, weft, path="/ws"):
        known = set(connections(weft))
        super().__init__(weft.clients, path, timeout=60)
        wait_until(lambda: len(set(connections(weft)) - known) == 1, what="the connection in the list")
        (self.id,) = set(connections(weft)) - known


def connections(weft):
    return [one["id"] for one in json.loads(weft.http("/v1/connections")[1])["connections"]]


def get(weft, path):
    status, body = weft.http(path)
    assert status == 200, body
    return json.loads(body)


def post(weft, path, **body):
    """`r` of the answer."""
    status, text = weft.http(path, body)
    assert status == 200, text
    answer = json.loads(text)
    assert answer["E"] is None, text
    return answer["r"]


@pytest.fixture
def start_nodes(broker, start_weft):
    """start_nodes(more) gives two nodes that know each other; `more` is YAML of both."""

    def start(more="", script="", cluster=""):
        script = f", {{ path: /lua, script: {script} }}" if script else ""
        nodes = [start_weft(CONFIG.format(name=name, url=broker.url, more=more, script=script, cluster=cluster))
                 for name in ("one", "two")]
        for node in nodes:
            wait_until(lambda: len(get(node, "/v1/cluster")["nodes"]) == 2, what="both nodes in the list")
        return nodes

    return start


@pytest.fixture
def nodes(start_nodes):
    return start_nodes()


def node_id(weft):
    return get(weft, "/v1/status")["id"]


def test_a_user_has_connections_on_both_nodes_and_is_found_from_each(nodes):
    one, two = nodes
    here, there = Client(one), Client(two)
    for client in (here, there):
        post(one, "/v1/users/ann/bind", c=client.id)
    for node in nodes:
        listed = get(node, "/v1/users/ann")
        assert {(each["id"], each["node"]) for each in listed["connections"]} == {
            (here.id, node_id(one)), (there.id, node_id(two))}
        assert listed["users"] == 1 and listed["unreachable"] == []
        assert post(node, "/v1/users/ann/send", d="hello") == {"s": 2, "f": 0}
    for client in (here, there):
        assert (client.text(), client.text()) == ("hello", "hello")
    assert post(one, "/v1/users/ann/kick", code=4001, reason="bye") == {"s": 2, "f": 0}
    assert here.close_code() == there.close_code() == (4001, "bye")


def test_everybody_is_everybody_on_every_node(nodes):
    clients = [Client(node) for node in nodes for _ in range(2)]
    assert post(nodes[1], "/v1/mesh/broadcast", d="all") == {"s": 4, "f": 0}
    assert [client.text() for client in clients] == ["all"] * 4


def test_the_only_connection_of_a_user_closes_the_one_on_the_other_node(nodes):
    one, two = nodes
    old, new = Client(one), Client(two)
    assert post(two, "/v1/users/ann/bind", c=old.id) == {"s": 0, "f": 0}
    assert post(one, "/v1/users/ann/bind", c=new.id, only=True) == {"s": 1, "f": 0}
    assert old.close_code()[0] == 3502
    old.socket.close()
    wait_until(lambda: [each["id"] for each in get(one, "/v1/users/ann")["connections"]] == [new.id],
               what="the end of the old one")


def test_unbind_compares_on_the_node_of_the_connection(nodes):
    one, two = nodes
    client = Client(two)
    post(one, "/v1/users/ann/bind", c=client.id)
    assert one.http("/v1/users/bob/unbind", {"c": client.id})[0] == 409
    assert len(get(one, "/v1/users/ann")["connections"]) == 1
    post(one, "/v1/users/ann/unbind", c=client.id)
    assert get(two, "/v1/users/ann")["connections"] == []


def test_presence_of_a_channel_lists_the_clients_of_both_nodes(nodes):
    one, two = nodes
    clients = [Client(one), Client(two)]
    for client in clients:
        worker = Worker(one)
        worker.call("conn.call", c=client.id, f="subscribe", a=["room_1"])
        assert {each["id"] for each in worker.call("mesh.presence", c="room_1")["connections"]} >= {client.id}
    for node in nodes:
        there = get(node, "/v1/channels/room_1/presence")
        assert {each["id"] for each in there["connections"]} == {client.id for client in clients}


class Worker(RawWebSocket):
    """An API connection."""

    def __init__(self, weft):
        super().__init__(weft.api, "/ws/v1", timeout=60)

    def call(self, method, **params):
        self.send_text(json.dumps({"m": method, "p": params, "i": 1}))
        answer = json.loads(self.text())
        assert answer["E"] is None, answer
        return answer["r"]


def test_a_worker_reaches_users_of_the_other_node_over_one_connection(nodes):
    one, two = nodes
    client, worker = Client(two), Worker(one)
    assert worker.call("user.bind", c=client.id, u="ann") == {"s": True}
    assert worker.call("user.send", u="ann", d="hi")["t"] == 1
    assert client.text() == "hi"
    assert [each["node"] for each in worker.call("user.connections", u="ann")["connections"]] == [node_id(two)]
    assert worker.call("mesh.broadcast", d="all")["t"] == 1
    assert client.text() == "all"
    assert worker.call("user.unbind", c=client.id, u="ann") == {"s": True}
    assert worker.call("user.kick", u="ann")["t"] == 0
    assert {each["name"] for each in worker.call("mesh.nodes")["nodes"]} == {"one", "two"}


def weft_command(weft, *words):
    ended = subprocess.run([str(binary()), *words, "--api", f"127.0.0.1:{weft.api}"], capture_output=True, text=True,
                           timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_command_line_speaks_to_the_whole_cluster_through_one_node(nodes, engine):
    one, two = nodes
    client = Client(two)
    post(one, "/v1/users/a_b/bind", c=client.id)
    assert weft_command(one, "send", "user:a_b", "hello") == "reached 1 connection\n"
    assert client.text() == "hello"
    assert weft_command(one, "send", f"conn:{client.id}", "you") == "sent\n"
    assert client.text() == "you"
    Worker(one).call("conn.call", c=client.id, f="subscribe", a=["room_1"])
    line = weft_command(one, "presence", "room_1")
    assert f"conn:{client.id}" in line and "user:a_b" in line and f"on {node_id(two)}" in line
    assert weft_command(one, "presence", "nowhere") == "nobody is there\n"
    assert node_id(two) in weft_command(one, "connections", "user:a_b")
    listed = weft_command(one, "nodes")
    assert "  one  up  " in listed and "  two  up  " in listed and listed.count("(this one)") == 1
    assert len(json.loads(weft_command(one, "nodes", "--json"))["nodes"]) == 2
    screen = weft_command(one, "status")
    assert f"bus {engine}" in screen and node_id(two) in screen and "NOT READY" not in screen
    status = json.loads(weft_command(one, "status", "--json"))
    assert status["cluster"]["bus"]["up"] and status["cluster"]["ready"] and status["id"] == node_id(one)
    assert weft_command(one, "kick", "user:a_b", "--code", "4001", "--reason", "bye") == "closed 1 connection\n"
    assert client.close_code() == (4001, "bye")


SCRIPT = """
local function say(conn, value, problem) conn:send(mix.json_encode({ value = value, problem = problem })) end
function on_message(message, conn)
  local ask = mix.json_decode(message.data)
  say(conn, mix.mesh[ask.call](unpack(ask.args or {})))
end
"""


def test_a_script_reaches_the_other_node(start_nodes, tmp_path):
    (tmp_path / "ask.lua").write_text(SCRIPT)
    one, two = start_nodes("", script="ask.lua")
    script, client = Client(one, "/lua"), Client(two)

    def call(name, *args):
        script.send_text(json.dumps({"call": name, "args": args}))
        answer = json.loads(script.text())
        assert "problem" not in answer, answer
        return answer["value"]

    done = {"success": 1, "fail": 0, "total": 1, "unreachable": 0}
    nothing = {"success": 0, "fail": 0, "total": 0, "unreachable": 0}
    assert call("bind", client.id, "ann") == nothing
    assert call("send_user", "ann", "hi") == done
    assert client.text() == "hi"
    assert call("subscribe", client.id, "room_1") is True
    assert [each["id"] for each in call("presence", "room_1")["connections"]] == [client.id]
    assert call("unsubscribe", client.id, ["room_1"]) is True
    assert call("presence", "room_1")["users"] == 0
    assert call("connections", "ann")["connections"][0]["node"] == node_id(two)
    script.send_text(json.dumps({"call": "send_all", "args": ["all"]}))
    assert client.text() == "all" and script.text() == "all"
    assert json.loads(script.text())["value"]["success"] == 2
    assert call("set_context", client.id, {"key": 1}) is True
    assert call("unbind", client.id, "ann") is True
    assert call("kick", "ann") == nothing
    assert {each["id"] for each in call("nodes")} == {node_id(one), node_id(two)}
    assert call("node_id") == node_id(one)
    assert call("close", client.id, 4002, "bye") is True
    assert client.close_code() == (4002, "bye")


# --- what happens is told


class Happened(Worker):
    """The events of a node, in a queue. The first one is that the other node is there."""

    def __init__(self, weft):
        super().__init__(weft)
        self.call("queue.pop", t=["happened"])
        assert self.next()["event"] == "discover"

    def next(self):
        told = json.loads(self.text())["p"]["d"]
        return {key: told[key] for key in told if key != "connection"}


def presence_config(debounce):
    return {"more": "queues: [ { name: happened } ]\n"
                    f"presence: {{ channels: [\"room_*\"], debounce: {debounce}, announce: true }}",
            "cluster": ', events: ["queue:happened"]'}


def test_who_enters_and_leaves_a_room_is_told_once_and_announced_on_every_node(start_nodes):
    one, two = start_nodes(**presence_config("100ms"))
    here, there = Happened(one), Happened(two)
    watching = Client(one, "/room")
    assert here.next() == {"event": "join", "node": node_id(one), "user": "", "channel": "room_1"}
    assert json.loads(watching.text())["event"] == "presence.join"
    client = Client(two, "/room")
    joined = {"event": "join", "node": node_id(two), "user": "", "channel": "room_1"}
    assert there.next() == joined
    announced = json.loads(watching.text())
    assert announced["event"] == "presence.join" and announced["data"]["connection"] == client.id
    client.socket.close()
    assert there.next() == {**joined, "event": "leave"}
    announced = json.loads(watching.text())
    assert announced["event"] == "presence.leave" and announced["data"]["connection"] == client.id


def test_a_user_who_reloads_the_page_and_lands_on_the_other_node_has_not_left(start_nodes):
    one, two = start_nodes(**presence_config("10s"))
    here, there = Happened(one), Happened(two)
    old = Client(one)
    post(one, "/v1/users/ann/bind", c=old.id)
    assert here.next()["event"] == "register"
    Worker(one).call("conn.call", c=old.id, f="subscribe", a=["room_2"])
    assert here.next() == {"event": "join", "node": node_id(one), "user": "ann", "channel": "room_2"}
    old.socket.close()
    assert here.next()["event"] == "logout"
    new = Client(two)
    post(two, "/v1/users/ann/bind", c=new.id)
    assert there.next()["event"] == "register"
    Worker(two).call("conn.call", c=new.id, f="subscribe", a=["room_2"])
    other = Client(two)
    Worker(two).call("conn.call", c=other.id, f="subscribe", a=["room_2"])
    assert there.next()["user"] == "", "the next one who joins is somebody else"


def test_the_winner_tells_the_leaves_of_a_node_that_died(start_nodes, broker):
    one, two = start_nodes(**presence_config("100ms"))
    here, kept = Happened(one), Happened(two)
    gone, dead = Client(two, "/room"), node_id(two)
    post(one, "/v1/users/ann/bind", c=gone.id)
    wait_until(lambda: get(one, "/v1/channels/room_1/presence")["users"] == 1, what="ann in the room")
    # As nobody's connection it joined; bound it joins as ann, and nobody leaves.
    assert sorted(kept.next()["event"] for _ in range(4)) == ["join", "join", "leave", "register"]
    wait_until(lambda: broker.kept("test") == 2, what="the broker knows ann and where she stands, and nobody else")
    two.process.kill()
    two.process.wait()
    two.stop = lambda: 0
    told = [here.next() for _ in range(3)]
    assert {"event": "shutdown", "node": dead} in told
    assert {"event": "lost", "node": dead, "user": "ann"} in told
    assert {"event": "leave", "node": dead, "user": "ann", "channel": "room_1"} in told


def test_a_node_that_is_stopped_hands_over_what_it_has_not_told(start_nodes):
    one, two = start_nodes(**presence_config("1s"))
    here, there = Happened(one), Happened(two)
    client, left = Client(two, "/room"), node_id(two)
    assert there.next()["event"] == "join"
    two.signal(signal.SIGTERM)
    assert client.close_code()[0] == 1012
    client.socket.close()
    assert two.process.wait(60) == 0
    told = [here.next() for _ in range(2)]
    assert {"event": "shutdown", "node": left} in told
    assert {"event": "leave", "node": left, "user": "", "channel": "room_1"} in told


# --- what clients say is heard


def heard_by(worker, topic):
    worker.call("queue.pop", t=[topic])
    return lambda: json.loads(worker.text())["p"]["d"]


EARS = """
function on_heard(message, conn)
  mix.queue.push("from_lua", { path = message.path, user = message.user, data = message.data })
end
"""
ECHO = "function on_message(message, conn) conn:send(message.data) end\n"


def test_what_clients_say_reaches_queues_workers_and_scripts_before_it_is_handled(start_nodes, tmp_path):
    (tmp_path / "ears.lua").write_text(EARS)
    (tmp_path / "echo.lua").write_text(ECHO)
    one, two = start_nodes("queues: [ { name: heard }, { name: from_lua } ]\n"
                           "workers: [ { name: ear, command: 'sleep 1000' } ]", script="echo.lua",
                           cluster=', messages: ["queue:heard", "worker:ear", "lua:ears.lua:on_heard"]')
    for node, path in ((one, "/ws"), (two, "/lua")):
        heard = heard_by(Worker(node), "heard")
        worker = heard_by(Worker(node), "worker.ear")
        script = heard_by(Worker(node), "from_lua")
        client = Client(node, path)
        post(node, "/v1/users/ann/bind", c=client.id)
        for i in range(3):
            said = {"event": "recv_message", "node": node_id(node), "connection": client.id, "user": "ann",
                    "path": path, "data": f"not an event {i}"}
            client.send_text(said["data"])
            assert client.text(), "and the path's own dialect answers it"
            assert heard() == worker() == said
            assert script() == {key: said[key] for key in ("path", "user", "data")}
        client.send(frame(BINARY, b"\xff\xfe"))
        assert heard()["data"] == worker()["data"] == {"base64": "//4="}
        assert node.metric("weft_messages_untold_total") == 0
