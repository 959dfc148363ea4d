"""Servers under test: each a process of its own on a free port, pinned to the server's core, ended by its process id."""
import contextlib
import json
import os
import pathlib
import select
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVER_CORES, LOAD_CORES = "0", "1"
PRIORITY = []  # ["chrt", "--rr", "1"] with --realtime
PATIENCE = 20  # seconds for a server to start or to end


class Missing(Exception):
    """A server that cannot be measured here; says why."""


def on_cores(cores):
    """The front of a command that runs on these cores, on all of them when there are none named."""
    return [*PRIORITY, *(["taskset", "-c", cores] if cores else [])]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that serves WebSocket. Without `port` it prints the one it took as its first line."""

    def __init__(self, name, command, port=None, env=None, cores=None, publish=None, flags=()):
        self.name, self.flags = name, list(flags)
        self.log = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(
                [*on_cores(SERVER_CORES if cores is None else cores), *map(str, command)],
                stdout=subprocess.PIPE if port is None else self.log, stderr=self.log, text=True,
                env={**os.environ, **(env or {})})
        except FileNotFoundError as error:
            raise Missing(f"{error.filename} is not there") from error
        self.port = self.printed_port() if port is None else port
        self.publish = publish or self.ws("/publish")

    def printed_port(self):
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if ready else ""
        if line.strip().isdigit():
            return int(line)
        self.stop()
        raise Missing(f"it did not start: {self.last_words()}")

    def wait_for(self, ready, what):
        """Asks `ready` until it is true; the server may be slow to start but not gone."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError):
                if ready():
                    return
            time.sleep(0.02)
        self.stop()
        raise Missing(f"it did not {what} within {PATIENCE} s: {self.last_words()}")

    def accepts(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True

    def last_words(self):
        self.log.seek(0)
        return " ".join(self.log.read().split())[-300:] or "it said nothing"

    def ws(self, path="/"):
        return f"ws://127.0.0.1:{self.port}{path}"

    def measured(self):
        return ["--server-tree", self.process.pid]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Floor(Server):
    """bench/floor_epoll or bench/floor_uring."""

    def __init__(self, build, io, fanout=False, cores=None):
        super().__init__(f"floor-{io}", [build / f"bench/floor_{io}", *(["--fanout"] if fanout else [])], cores=cores)


class Weft(Server):
    """weft with bench/weft.yaml; `io` is the flush path."""

    def __init__(self, build, io, loops=1, cores=None, name=None, env=None, program=None):
        places = {name: "127.0.0.1:0" for name in ("BENCH_CLIENTS", "BENCH_API", "BENCH_DIRECTORY")}
        with tempfile.TemporaryDirectory() as folder:
            self.ports_file = pathlib.Path(folder) / "ports.json"
            super().__init__(name or f"weft-{io}", [*([build / program] if program else [build / "weft", "run"]), "-c", ROOT / "bench/weft.yaml"], port=0, cores=cores,
                             env={"WEFT_IO": io, "WEFT_PORTS_FILE": str(self.ports_file), "BENCH_LOOPS": str(loops),
                                  **(env or {}), **places})
            self.wait_for(self.ports_file.exists, "become ready")
            ports = json.loads(self.ports_file.read_text())
        self.port, self.directory = ports["clients"], ports["directory"]
        self.publish = f"ws://127.0.0.1:{ports['api']}/ws/v1"


def uring_is_refused(build):
    """Why floor_uring cannot run here, or None."""
    try:
        Floor(build, "uring").stop()
    except Missing as why:
        return str(why)
    return None
