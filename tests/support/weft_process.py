"""Starts the weft binary under test with a configuration of its own on free ports, and stops it."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def binary():
    """The binary under test: $WEFT_BINARY, else the release or dev build."""
    candidates = [os.environ.get("WEFT_BINARY"), ROOT / "build/release/weft", ROOT / "build/dev/weft"]
    for candidate in candidates:
        if candidate and pathlib.Path(candidate).exists():
            return pathlib.Path(candidate)
    raise FileNotFoundError("no weft binary: build it, or set WEFT_BINARY")


def program(path):
    """A program of the build under test, such as "examples/events/example_events"."""
    return binary().parent / path


class Weft:
    """One running server. `config` is YAML text without `listen:`; files in `folder` may be named in it. `own`: a program on
    the C++ framework in place of the weft binary."""

    def __init__(self, folder, config="", mode="run", listen=None, environment=None, file_limit=None, own=None):
        self.folder = pathlib.Path(folder)
        ports = listen or '{ clients: "127.0.0.1:0", api: "127.0.0.1:0", directory: "127.0.0.1:0" }'
        self.config = self.folder / "weft.yaml"
        self.config.write_text(f"listen: {ports}\n{config}")
        stamp = time.monotonic_ns()
        self.log_path = self.folder / f"weft-{stamp}.log"
        self.ports_file = self.folder / f"ports-{stamp}.json"
        command = [str(binary()), mode, *(["-c", str(self.config)] if mode == "run" else [str(self.folder)])]
        if own:
            command = [str(program(own)), "-c", str(self.config)]
        if file_limit:
            command = ["prlimit", f"--nofile={file_limit}:{file_limit}", *command]
        environment = {**os.environ, "NO_COLOR": "1", "WEFT_PORTS_FILE": str(self.ports_file), **(environment or {})}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder, env=environment)
        try:
            self._wait_until_open()
        except Exception:
            self.stop()
            raise

    def log(self):
        return self.log_path.read_text(errors="replace")

    def _wait_until_open(self):
        """Until it has written which ports it opened, or ended."""
        deadline = time.monotonic() + 60
        while not self.ports_file.exists():
            if self.process.poll() is not None:
                raise RuntimeError(f"weft ended with {self.process.returncode}:\n{self.log()}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"weft is not ready:\n{self.log()}")
            time.sleep(0.005)
        self.ports = json.loads(self.ports_file.read_text())

    @property
    def clients(self):
        return self.ports["clients"]

    @property
    def api(self):
        return self.ports["api"]

    @property
    def directory(self):
        return self.ports["directory"]

    @property
    def sockets(self):
        """Ports of the raw listeners, in the order of the configuration."""
        return self.ports["sockets"]

    def url(self, path="/"):
        return f"ws://127.0.0.1:{self.clients}{path}"

    def http(self, path, body=None, port=None, headers=None):
        """(status, text) of a GET, or of a POST of `body` as JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.api}{path}", data,
                                         {"Content-Type": "application/json", **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name, labels=None):
        """Value of one series of /metrics; the sum of all its series without `labels`."""
        total = 0.0
        for line in self.http("/metrics")[1].splitlines():
            match = re.match(rf"{name}(\{{(.*?)\}})? (\S+)$", line)
            if match and (labels is None or labels == match[2]):
                total += float(match[3])
        return total

    def memory(self):
        """Resident bytes of the process."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def is_sanitized(self):
        """Whether a sanitizer is in it: then its memory is not what users would see."""
        return bool(re.search(r"lib[atu]\w*san\.so", pathlib.Path(f"/proc/{self.process.pid}/maps").read_text()))

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number):
        self.process.send_signal(number)

    def _log_where_it_hangs(self):
        """Appends every thread's stack to the log, where gdb is installed."""
        if shutil.which("gdb"):
            stacks = subprocess.run(["gdb", "-p", str(self.process.pid), "-batch", "-ex", "thread apply all bt 16"],
                                    capture_output=True, text=True, timeout=60)
            with open(self.log_path, "a") as log:
                log.write(f"did not end within 30 s of SIGTERM:\n{stacks.stdout}")

    def stop(self):
        """Ends it as a supervisor would; gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self._log_where_it_hangs()
                self.process.kill()
                self.process.wait()
        return self.process.returncode


def wait_until(condition, seconds=20, what="the condition"):
    """Polls until `condition()` is true: for what the outside cannot announce, such as a metric."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true in {seconds} s")
        time.sleep(0.02)
