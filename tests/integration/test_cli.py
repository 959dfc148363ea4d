"""The commands that talk to a running node, and the projects that `weft init` writes."""
import json
import os
import pathlib
import select
import signal
import subprocess

import pytest
from raw_websocket import CLOSE, RawWebSocket, frame
from weft_process import Weft, binary, wait_until

FEED = "paths: [ { path: /feed, subscribe: [feed] } ]\n"
# One line per message, so that a test can read its own connection's id.
WHO = """
function on_message(msg)
    local conn = mix.websocket()
    conn:send(tostring(conn:client_id()))
end
"""


def weft_command(*words, api=None, **options):
    environment = {**os.environ, "NO_COLOR": "1", **options.pop("environment", {})}
    target = ["--api", f"127.0.0.1:{api}"] if api else []
    return subprocess.run([binary(), *target, *words], capture_output=True, text=True, timeout=60, env=environment, **options)


def test_status_tells_of_connections_and_queues(start_weft):
    weft = start_weft(FEED + "queues: [ { name: jobs } ]\n")
    with RawWebSocket(weft.clients, "/feed"):
        answer = weft_command("status", "--json", api=weft.api)
        assert answer.returncode == 0, answer.stderr
        assert json.loads(answer.stdout)["connections"] == 1
        text = weft_command("status", api=weft.api).stdout
        assert "connections" in text and "jobs" in text
    assert weft_command("status", "-q", api=weft.api).stdout == ""


def test_pub_says_how_many_it_reached(start_weft):
    weft = start_weft(FEED)
    assert weft_command("pub", "feed", "x", api=weft.api).stdout == "nobody is subscribed to feed\n"
    with RawWebSocket(weft.clients, "/feed") as client:
        assert weft_command("pub", "feed", "hello", api=weft.api).stdout == "reached 1 connection\n"
        assert client.text() == "hello"
        assert weft_command("pub", "feed", "-", api=weft.api, input="from a pipe").returncode == 0
        assert client.text() == "from a pipe"


@pytest.fixture
def watch():
    """watch(weft, *words) runs `weft sub` and gives it back when it is subscribed; the first lines are knocks."""
    running = []

    def start(weft, *words):
        command = [binary(), "sub", *words, "--api", f"127.0.0.1:{weft.api}"]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))

        def hears():
            weft_command("pub", "feed", "knock", api=weft.api)
            return select.select([running[-1].stdout], [], [], 0.05)[0]
        wait_until(hears, what="the subscription")
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def test_sub_prints_what_is_published(start_weft, watch):
    weft = start_weft(FEED)
    watcher = watch(weft, "feed", "other", "--json")
    weft_command("pub", "other", 'quote " and\nline', api=weft.api)
    lines = []
    while not lines or lines[-1]["channel"] != "other":
        lines.append(json.loads(watcher.stdout.readline()))
    assert lines[0] == {"channel": "feed", "data": "knock"}
    assert lines[-1]["data"] == 'quote " and\nline'


def test_sub_can_stop_after_some_messages(start_weft, watch):
    weft = start_weft(FEED)
    watcher = watch(weft, "feed", "-q", "--count", "1")
    assert watcher.wait(30) == 0
    assert watcher.stdout.read() == "knock\n"


def test_sub_ends_with_zero_on_ctrl_c(start_weft, watch):
    watcher = watch(start_weft(FEED), "feed")
    watcher.send_signal(signal.SIGINT)
    assert watcher.wait(30) == 0


def test_send_and_kick_reach_one_connection(start_weft, tmp_path):
    (tmp_path / "who.lua").write_text(WHO)
    weft = start_weft("paths: [ { path: /who, script: who.lua } ]\n")
    with RawWebSocket(weft.clients, "/who") as client:
        client.send_text("?")
        me = "conn:" + client.text()
        assert weft_command("send", me, "only you", api=weft.api).stdout == "sent\n"
        assert client.text() == "only you"
        assert weft_command("kick", me, "--code", "4001", "--reason", "elsewhere", api=weft.api).stdout == "closed\n"
        assert client.close_code() == (4001, "elsewhere")
        client.send(frame(CLOSE, b"\x0f\xa1"))
    gone = weft_command("send", "conn:1", "x", api=weft.api)
    assert gone.returncode == 5 and "refused" in gone.stderr


def test_an_access_user_has_to_log_in(start_weft):
    weft = start_weft(FEED + "api: { access: { users: [ { username: reader, password: secret, roles: [read] } ] } }\n")
    stranger = weft_command("status", api=weft.api)
    assert stranger.returncode == 5 and "WEFT_PASSWORD" in stranger.stderr
    known = {"WEFT_USER": "reader", "WEFT_PASSWORD": "secret"}
    assert weft_command("status", api=weft.api, environment=known).returncode == 0
    assert weft_command("pub", "feed", "x", api=weft.api, environment=known).returncode == 5
    assert weft_command("sub", "feed", api=weft.api).returncode == 5


def test_the_configuration_says_where_the_api_is(start_weft, tmp_path):
    weft = start_weft(FEED)
    (tmp_path / "other.yaml").write_text(f"listen: {{ api: '127.0.0.1:{weft.api}' }}\n" + FEED)
    assert weft_command("status", "-c", str(tmp_path / "other.yaml")).returncode == 0
    assert weft_command("status", environment={"WEFT_API": f"http://127.0.0.1:{weft.api}/"}).returncode == 0


def test_a_taken_port_is_said_in_one_line(start_weft):
    weft = start_weft(FEED)
    clash = weft_command("run", "--set", f"listen.clients='127.0.0.1:{weft.clients}'", "--set", "listen.api=off",
                         "--set", "listen.directory=off", "--set", "paths=[{path: /a, answer: echo}]")
    assert clash.returncode == 3
    assert str(weft.clients) in clash.stderr and clash.stderr.count("\n") <= 2, clash.stderr


@pytest.fixture
def start_dev(tmp_path):
    """start_dev(folder) runs `weft dev` there on free ports."""
    running = []

    class Dev(Weft):
        def __init__(self, folder):
            self.folder = pathlib.Path(folder)
            self.log_path, self.ports_file = self.folder / "dev.log", self.folder / "ports.json"
            ports = [word for name in ("clients", "api", "directory") for word in ("--set", f"listen.{name}='127.0.0.1:0'")]
            environment = {**os.environ, "NO_COLOR": "1", "WEFT_PORTS_FILE": str(self.ports_file)}
            with open(self.log_path, "wb") as log:
                self.process = subprocess.Popen([str(binary()), "dev", str(folder), *ports], stdout=log, stderr=subprocess.STDOUT,
                                                env=environment)
            self._wait_until_open()

    def start(folder):
        running.append(Dev(folder))
        return running[-1]

    yield start
    for weft in running:
        code = weft.stop()
        assert code in (0, 130), f"weft ended with {code}:\n{weft.log()[-4000:]}"


def test_the_project_of_init_chats_at_once(start_dev, tmp_path):
    assert weft_command("init", "chat", str(tmp_path / "demo")).returncode == 0
    weft = start_dev(tmp_path / "demo")
    assert weft.http("/", port=weft.clients)[1].lstrip().lower().startswith("<!doctype html")
    wait_until(lambda: weft.metric("weft_api_connections") > 0, what="the worker")
    with RawWebSocket(weft.clients, "/chat") as client:
        client.send_text('{"op":"auth","args":["user1","123456"]}')
        assert json.loads(client.text()) == {"op": "auth", "success": True}


def test_dev_takes_a_saved_script_at_once(start_dev, tmp_path):
    (tmp_path / "a.lua").write_text('function on_message(msg) mix.websocket():send("old") end')
    (tmp_path / "weft.yaml").write_text("paths: [ { path: /a, script: a.lua } ]\n")
    weft = start_dev(tmp_path)
    with RawWebSocket(weft.clients, "/a") as client:
        def answer():
            client.send_text("?")
            return client.text()
        assert answer() == "old"
        (tmp_path / "a.lua").write_text('function on_message(msg) mix.websocket():send("new") end')
        wait_until(lambda: answer() == "new", what="the new script")


def test_a_worker_that_ends_is_started_again(start_dev, tmp_path):
    (tmp_path / "weft.yaml").write_text(
        "paths: [ { path: /a, answer: echo } ]\n"
        "workers: [ { name: app, command: 'echo $WEFT_WORKER_NAME at $WEFT_API >> starts; [ $(wc -l < starts) -ge 3 ] && exec sleep 1000' } ]\n")
    weft = start_dev(tmp_path)
    starts = tmp_path / "starts"
    wait_until(lambda: starts.exists() and starts.read_text().count("\n") == 3, what="the third start")
    assert starts.read_text().splitlines()[0] == f"app at 127.0.0.1:{weft.api}"
