"""examples/cluster as its README says: one command, three nodes, the chat unchanged, people on different nodes."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import urllib.request

import pytest
from chat_example import Person, environment
from weft_process import ROOT, binary, wait_until


def ten_free_ports():
    """The first of ten ports in a row that nobody has."""
    for first in range(21000, 31000, 10):
        taken = [socket.socket() for _ in range(10)]
        try:
            for i, one in enumerate(taken):
                one.bind(("127.0.0.1", first + i))
            return first
        except OSError:
            pass
        finally:
            for one in taken:
                one.close()
    raise RuntimeError("no ten ports in a row are free")


class Example:
    """The running script; `said` are its lines."""

    def __init__(self, engine, folder):
        self.port, self.said = ten_free_ports(), []
        words = {**os.environ, **environment(), "WEFT": str(binary()), "PORT": str(self.port), "RESTART": "1", "TMPDIR": str(folder)}
        self.process = subprocess.Popen([ROOT / "examples/cluster/run", engine], env=words, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.wait_for("Open two of them")

    def _read(self):
        for line in self.process.stdout:
            self.said.append(line)

    def wait_for(self, words, times=1):
        wait_until(lambda: sum(words in line for line in self.said) >= times, 60, f"it says {words!r}: {self.said}")

    def pid(self, node):
        """Of its present life."""
        return int([re.search(r"pid (\d+)", line)[1] for line in self.said if f"node {node} " in line and "pid" in line][-1])

    def ask(self, port, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port + port}{path}", timeout=10) as answer:
            return json.load(answer)

    def wait_for_workers(self, number):
        """Until so many take what people on node one say: a dying worker may have said already what another one says again."""
        def consumers():
            return [queue["consumers"] for queue in self.ask(4, "/v1/queues")["queues"] if queue["name"] == "chat"]
        wait_until(lambda: consumers() == [number], 60, f"{number} workers consume from node one")

    def client(self, node, name):
        return Person(self.port + node, name=name)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture
def example(engine, tmp_path):
    example = Example(engine, tmp_path)
    yield example
    assert example.stop() == 0
    assert not list(tmp_path.glob("weft-cluster.*")), "it leaves nothing behind"


def joins(person, room):
    person.says(f'{{"op":"subscribe","args":["{room}"]}}', '{"op":"subscribe","success":true}')


def says(person, room, text, *others):
    """What one says in a room is heard by all who are there, whichever node they are on."""
    heard = f'{{"event":"subscribe","channel":"{room}","data":"uid:{1},message:{text}"}}'
    person.says(f'{{"op":"sendtoroom","args":["{room}","{text}"]}}', heard, '{"op":"sendtoroom","success":true}')
    for other in others:
        other.hears(heard)


def test_people_on_different_nodes_talk_and_a_killed_node_takes_nobody_else_along(example):
    example.wait_for_workers(3)
    with example.client(1, "user1") as one, example.client(2, "user2") as two, example.client(3, "user2") as three:
        for person in (one, two, three):
            joins(person, "room_1")
        says(one, "room_1", "hello, all", two, three)
        os.kill(example.pid("two"), signal.SIGKILL)
        example.wait_for_workers(2)
        says(one, "room_1", "still here", three)
        assert two.close_code()[0] == 1006
        example.wait_for("ended with 137")
        example.wait_for("node two ", times=3)  # its two starts, and its end
        with example.client(2, "user2") as back:
            joins(back, "room_1")
            says(one, "room_1", "welcome back", back, three)


def test_every_directory_lists_three_nodes_and_any_api_reaches_everybody(example):
    for node in (1, 2, 3):
        wait_until(lambda: len(example.ask(6 + node, "/v1/nodes")["nodes"]) == 3, what="it lists all")
    with example.client(1, "user1") as one:
        joins(one, "broadcast")
        told = subprocess.run([binary(), "pub", "broadcast", "hello", "--api", f"127.0.0.1:{example.port + 6}"],
                              capture_output=True, text=True)
        assert told.stdout == "reached 1 connection\n"
        assert one.text() == "hello"
