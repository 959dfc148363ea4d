"""The documented examples beside the chat, each from its own folder, as its README runs it."""
import json
import shutil
import socket
import subprocess
import sys

import pytest
from raw_websocket import RawWebSocket
from weft_process import ROOT, wait_until

EXAMPLES = ROOT / "examples"


def start_example(start_weft, tmp_path, name, environment=None):
    shutil.copytree(EXAMPLES / name, tmp_path, dirs_exist_ok=True)
    return start_weft((tmp_path / "weft.yaml").read_text(), environment=environment)


class Client(RawWebSocket):
    def say(self, **message):
        self.send_text(json.dumps(message))

    def hear(self):
        return json.loads(self.text())

    def ask(self, **message):
        self.say(**message)
        return self.hear()


@pytest.fixture
def token_service():
    process = subprocess.Popen([sys.executable, EXAMPLES / "message_center/token_service.py", "0"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait()


@pytest.fixture
def redis_url():
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"],
                               stdout=subprocess.DEVNULL, cwd="/tmp")
    wait_until(lambda: redis(port, "ping") == "PONG", what="redis-server")
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait()


def redis(port, *words):
    return subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True, text=True).stdout.strip()


def test_the_message_centre_delivers_to_the_user_of_the_token(start_weft, tmp_path, token_service):
    weft = start_example(start_weft, tmp_path, "message_center", {"TOKEN_URL": token_service})
    with Client(weft.clients, "/messages") as ann, Client(weft.clients, "/messages") as stranger:
        assert stranger.ask(op="auth", token="guessed") == {"op": "auth", "error": "Invalid token"}
        assert ann.ask(op="auth", token="token-of-ann") == {"op": "auth", "success": True}
        order = json.dumps({"title": "Your order was sent"})
        status, answer = weft.http("/v1/mesh/publish", {"c": "user:1001", "d": order})
        assert status == 200 and json.loads(answer)["r"] == {"s": 1, "f": 0}
        assert ann.text() == order


def test_the_message_centre_survives_its_token_service(start_weft, tmp_path):
    weft = start_example(start_weft, tmp_path, "message_center", {"TOKEN_URL": "http://127.0.0.1:1/token"})
    with Client(weft.clients, "/messages") as client:
        assert client.ask(op="auth", token="token-of-ann") == {"op": "auth", "error": "Try again later"}
        assert client.ask(op="dance") == {"op": "dance", "error": "Unknown operation"}


def test_the_barrage_reaches_everybody_who_watches(start_weft, tmp_path):
    weft = start_example(start_weft, tmp_path, "barrage")
    with Client(weft.clients, "/barrage") as one, Client(weft.clients, "/barrage") as two:
        for viewer in (one, two):
            assert viewer.ask(op="watch", video="7") == {"op": "watch", "success": True}
        remark = {"event": "barrage", "text": "wow", "at": 12.5, "color": "#ff0"}
        one.say(op="say", text="wow", at=12.5, color="#ff0")
        assert one.hear() == remark
        assert one.hear() == {"op": "say", "success": True}
        assert two.hear() == remark


def test_the_exchange_keeps_orders_to_their_owner(start_weft, tmp_path, redis_url):
    redis(redis_url.split(":")[2].split("/")[0], "set", "session:token-of-ann", "1001")
    weft = start_example(start_weft, tmp_path, "exchange", {"REDIS_URL": redis_url})
    with Client(weft.clients, "/quotes") as ann, Client(weft.clients, "/quotes") as guest:
        for client in (ann, guest):
            assert client.ask(op="subscribe", channels=["btcusdt@depth"]) == {"op": "subscribe", "success": True}
        assert guest.ask(op="subscribe", channels=["1001@order"])["error"] == "No access: 1001@order"
        assert ann.ask(op="auth", token="token-of-ann") == {"op": "auth", "success": True}
        assert ann.ask(op="subscribe", channels=["1001@order"]) == {"op": "subscribe", "success": True}
        assert json.loads(weft.http("/v1/mesh/publish", {"c": "btcusdt@depth", "d": "{}"})[1])["r"]["s"] == 2
        assert json.loads(weft.http("/v1/mesh/publish", {"c": "1001@order", "d": "{}"})[1])["r"]["s"] == 1


LINES = """
local text = require("protocols/text")
protocol_input, protocol_decode, protocol_encode = text.input, text.decode, text.encode
function on_connect(conn) conn:subscribe("lines") end
function on_message(line, conn)
  if line == "loop" then while true do end end
  if line == "all" then mix.mesh.publish("lines", "to all") return end
  conn:send("you said " .. line .. "\\n")
end
"""


def line_of(client):
    while b"\n" not in client.buffer:
        client._fill()
    line, client.buffer = client.buffer.split(b"\n", 1)
    return line.decode()


def test_a_raw_port_speaks_what_its_script_speaks(start_weft, tmp_path):
    (tmp_path / "lines.lua").write_text(LINES)
    weft = start_weft('sockets: [ { listen: "127.0.0.1:0", script: lines.lua } ]\n')
    with RawWebSocket(weft.sockets[0], upgrade=False) as one, RawWebSocket(weft.sockets[0], upgrade=False) as two:
        one.send(b"hel")
        one.send(b"lo\r\nagain\n")
        assert [line_of(one), line_of(one)] == ["you said hello", "you said again"]
        two.send(b"here\n")
        assert line_of(two) == "you said here"
        one.send(b"all\n")
        assert (line_of(one), line_of(two)) == ("to all", "to all")


def test_43_a_script_that_runs_away_is_stopped_and_its_connection_lives(start_weft, tmp_path):
    (tmp_path / "lines.lua").write_text(LINES)
    weft = start_weft('sockets: [ { listen: "127.0.0.1:0", script: lines.lua } ]\n')
    with RawWebSocket(weft.sockets[0], upgrade=False) as client:
        client.send(b"loop\nstill here\n")
        assert line_of(client) == "you said still here"
    assert weft.metric("weft_script_aborted_total") == 1
    assert "lines.lua:6: ran longer than the 50 ms of one event" in weft.log()


def documented_script():
    """The Lua of the document about the chat, beside this repository; None where it is not."""
    for folder in (ROOT.parent / "shared/seeds", ROOT.parent.parent / "shared/seeds"):
        for path in sorted(folder.glob("004*")) if folder.is_dir() else ():
            return path.read_text().split("```lua\n", 1)[1].split("```", 1)[0]
    return None


def test_the_documented_script_runs_unmodified_on_a_raw_port(start_weft, tmp_path):
    script = documented_script()
    if script is None:
        pytest.skip("the document about the chat is not beside this repository")
    (tmp_path / "entry.lua").write_text(script)
    weft = start_weft('sockets: [ { listen: "127.0.0.1:0", script: entry.lua } ]\n')
    with RawWebSocket(weft.api, "/ws/v1") as worker, RawWebSocket(weft.sockets[0], "/chat") as client:
        worker.send_text(json.dumps({"m": "queue.pop", "p": ["chat", "conn"], "i": 1}))
        events = [json.loads(worker.text()) for _ in range(2)]
        event = next(e for e in events if "e" in e)
        assert event["p"]["d"]["event"] == "handshake"
        client.send_text(json.dumps({"op": "auth", "args": ["user1", "123456"]}))
        login = json.loads(worker.text())["p"]
        assert login["t"] == "chat" and login["d"]["headers"]["RequestUri"] == "/chat"
        client.send_text(json.dumps({"op": "subscribe", "args": ["room_101"]}))
        worker.send_text(json.dumps({"m": "conn.call", "p": {"c": login["c"], "f": "set_context_value", "a": ["uid", 1]}, "i": 2}))
        worker.send_text(json.dumps({"m": "mesh.send", "p": {"c": login["c"], "d": '{"op":"auth","success":true}'}, "i": 3}))
        assert client.text() == '{"op":"auth","success":true}'
        answers = [json.loads(worker.text()) for _ in range(3)]
        job = next(a["p"]["d"] for a in answers if "e" in a)
        assert job["uid"] == 1 and "room_101" in job["frame"]["data"]
