#!/usr/bin/env python3
"""Measures weft beside the floor programs and writes the table of docs/benchmarks.md.

    bench/run.py [--build build/release] [--rounds 3] [--seconds 2] [--only echo,fanout] [--write]

Builds nothing: build/release must hold weft, bench/floor_epoll, bench/floor_uring and bench/queue_worker
(`cmake --build --preset release`). The server under test is pinned to one core and the load to another;
servers alternate within a round, so that a noisy neighbour hits all of them, and medians count. CPU
figures are user + system time of the server process for each message. Takes about four minutes.
"""
import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/benchmarks.md"
SERVER_CORE, LOAD_CORE = "0", "1"
PRIORITY = []  # ["chrt", "--rr", "1"] with --realtime


def on_core(core):
    """The front of a command that runs on one core."""
    return [*PRIORITY, "taskset", "-c", core]



def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server process pinned to the server's core; `ws(path)` is where the load goes."""

    def __init__(self, name, command, port=None, env=None):
        self.name = name
        self.process = subprocess.Popen(
            [*on_core(SERVER_CORE), *map(str, command)],
            stdout=subprocess.PIPE if port is None else subprocess.DEVNULL,
            text=True, env={**os.environ, **(env or {})})
        self.port = int(self.process.stdout.readline()) if port is None else port

    def ws(self, path="/"):
        return f"ws://127.0.0.1:{self.port}{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


class Weft(Server):
    def __init__(self, build):
        self.api, self.directory = free_port(), free_port()
        port = free_port()
        addresses = {"BENCH_CLIENTS": port, "BENCH_API": self.api, "BENCH_DIRECTORY": self.directory}
        super().__init__("weft", [build / "weft", "run", "-c", ROOT / "bench/weft.yaml"], port,
                         {key: f"127.0.0.1:{value}" for key, value in addresses.items()})
        self.wait_until_ready()

    def wait_until_ready(self):
        for _ in range(200):
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(f"http://127.0.0.1:{self.api}/readyz", timeout=1) as answer:
                    if answer.status == 200:
                        return
            if self.process.poll() is not None:
                sys.exit(f"weft ended with {self.process.returncode} before it was ready")
            time.sleep(0.05)
        sys.exit("weft was not ready within 10 s")


class Bench:
    """Runs `weft bench` and remembers what it found, by (row, server)."""

    def __init__(self, options):
        self.tool, self.seconds, self.rounds = options.tool, options.seconds, options.rounds
        self.found = {}

    def run(self, row, server, scenario, url, *flags):
        command = [*on_core(LOAD_CORE), self.tool, "bench", scenario, url, "--json",
                   "--server-pid", server.process.pid, *flags]
        if scenario != "idle":
            command += ["--seconds", self.seconds, "--warm-up", min(1, self.seconds / 2)]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
        if done.returncode:
            sys.exit(f"{row}, {server.name}: {done.stderr.strip()}\n  {' '.join(map(str, command))}")
        report = json.loads(done.stdout)
        if report["lost"] or report["out_of_order"] or report["refused"]:
            print(f"  {row}, {server.name}: lost {report['lost']}, out of order {report['out_of_order']}, "
                  f"refused {report['refused']}", file=sys.stderr)
        self.found.setdefault((row, server.name), []).append(report)
        print(f"  {row}, {server.name}: {short(report)}", flush=True)

    def ratio(self, row, base):
        """The median over the rounds of weft's CPU by base's; neighbours in time share the noise."""
        pairs = zip(self.found.get((row, base), []), self.found.get((row, "weft"), []))
        ratios = [cpu(weft) / cpu(floor) for floor, weft in pairs if cpu(floor)]
        return statistics.median(ratios) if ratios else None

    def median(self, row, server, value):
        """The median of value(report) over the rounds; None where nothing was measured."""
        reports = self.found.get((row, server))
        return statistics.median(map(value, reports)) if reports else None


def short(report):
    if report["scenario"] == "idle":
        return f"{report['rss_per_connection']:.0f} bytes each"
    if not report["count"]:
        return "nothing came back in the measured time"
    return f"{report['server_cpu_us']:.2f} µs per {report['unit']}, p99 {report['latency_us']['p99']:.0f} µs"


ECHO_ROWS = {
    "echo 64 B, 100 connections": ["--conns", 100],
    "echo 64 B, 1,000 connections": ["--conns", 1000],
    "echo 64 B, 100 connections, 16 in flight": ["--conns", 100, "--inflight", 16],
}
LUA_ROW = "Lua echo 64 B, 100 connections"
FANOUT_ROWS = {
    "fan-out 128 B, 1,000 subscribers": ["--conns", 1000],
    "fan-out 128 B, 1,000 subscribers, 16 in flight": ["--conns", 1000, "--inflight", 16],
}
IDLE_ROWS = {
    "idle, plain path": "/echo",
    "idle, subscribed to one channel": "/feed",
    "idle, Lua path": "/lua",
}
CHURN_ROW = "connect + upgrade + close"
QUEUE_ROW = "queue round trip, 20,000/s"


def measure_echo(bench, build):
    with Server("floor", [build / "bench/floor_epoll"]) as floor, Weft(build) as weft:
        for _ in range(bench.rounds):
            for row, flags in ECHO_ROWS.items():
                bench.run(row, floor, "echo", floor.ws(), *flags)
                bench.run(row, weft, "echo", weft.ws("/echo"), *flags)
            bench.run(LUA_ROW, weft, "echo", weft.ws("/lua"), "--conns", 100)


def measure_fanout(bench, build):
    with contextlib.ExitStack() as stack:
        floors = [stack.enter_context(Server("floor", [build / "bench/floor_epoll", "--fanout"]))]
        with contextlib.suppress(ValueError):  # io_uring is refused here
            floors.append(stack.enter_context(Server("floor+uring", [build / "bench/floor_uring", "--fanout"])))
        weft = stack.enter_context(Weft(build))
        for _ in range(bench.rounds):
            for row, flags in FANOUT_ROWS.items():
                for floor in floors:
                    bench.run(row, floor, "fanout", floor.ws(), "--publish", floor.ws("/publish"), *flags)
                bench.run(row, weft, "fanout", weft.ws("/feed"),
                          "--publish", f"ws://127.0.0.1:{weft.api}/ws/v1", *flags)


def measure_idle(bench, build):
    for row, path in IDLE_ROWS.items():  # a fresh process for each: memory that was used once stays
        with Server("floor", [build / "bench/floor_epoll"]) as floor:
            bench.run(row, floor, "idle", floor.ws(), "--conns", 5000)
        with Weft(build) as weft:
            bench.run(row, weft, "idle", weft.ws(path), "--conns", 5000)


def measure_churn(bench, build):
    with Server("floor", [build / "bench/floor_epoll"]) as floor, Weft(build) as weft:
        for _ in range(bench.rounds):
            bench.run(CHURN_ROW, floor, "churn", floor.ws())
            bench.run(CHURN_ROW, weft, "churn", weft.ws("/echo"))


def measure_queue(bench, build):
    with Weft(build) as weft:
        worker = subprocess.Popen([*on_core(LOAD_CORE), build / "bench/queue_worker",
                                   f"127.0.0.1:{weft.directory}"], stdout=subprocess.PIPE, text=True)
        try:
            worker.stdout.readline()  # "ready"
            for _ in range(bench.rounds):
                bench.run(QUEUE_ROW, weft, "queue", weft.ws("/queue"), "--conns", 100, "--rate", 20000)
        finally:
            worker.terminate()
            worker.wait(20)


MEASUREMENTS = {"echo": measure_echo, "fanout": measure_fanout, "idle": measure_idle, "churn": measure_churn,
                "queue": measure_queue}


def cpu(report):
    return report.get("server_cpu_us", float("inf"))


def verdict(value, limit):
    return "" if value is None or limit is None else "met" if value <= limit else "**missed**"


def ratio_line(bench, row, base, limit):
    """One table line: what base and weft cost, their ratio, the target."""
    floor, weft = bench.median(row, base, cpu), bench.median(row, "weft", cpu)
    if floor is None or weft is None:
        return None
    ratio = bench.ratio(row, base)
    target = f"≤ {limit} ×" if limit else "–"
    name = row if base == "floor" else f"{row}, beside {base}"
    return f"| {name} | {floor:.2f} µs | {weft:.2f} µs | {ratio:.2f} × | {target} | {verdict(ratio, limit)} |"


def cpu_table(bench):
    lines = [ratio_line(bench, row, "floor", 1.25 if "in flight" not in row else None) for row in ECHO_ROWS]
    plain = bench.median("echo 64 B, 100 connections", "weft", cpu)
    lua = bench.median(LUA_ROW, "weft", cpu)
    if plain and lua:
        lines.append(f"| {LUA_ROW}, beside weft's plain echo | {plain:.2f} µs | {lua:.2f} µs | {lua / plain:.2f} × | – | |")
    for row in FANOUT_ROWS:
        lines.append(ratio_line(bench, row, "floor", 1.5 if "in flight" not in row else None))
        lines.append(ratio_line(bench, row, "floor+uring", None))
    lines.append(ratio_line(bench, CHURN_ROW, "floor", None))
    return ["| CPU of the server per message or delivery | floor | weft | ratio | target | |", "|---|---|---|---|---|---|",
            *filter(None, lines)]


def idle_table(bench):
    lines = []
    for row in IDLE_ROWS:
        rss, anon, floor = (bench.median(row, server, lambda report: report[key]) for server, key in
                            [("weft", "rss_per_connection"), ("weft", "anon_per_connection"),
                             ("floor", "rss_per_connection")])
        if rss is not None:
            lines.append(f"| {row} | {floor:.0f} | {rss:.0f} | {anon:.0f} | ≤ 6,144 | {verdict(rss, 6144)} |")
    return lines and ["", "| user memory per connection, bytes, 5,000 connections | floor | weft resident | of it anonymous | target | |",
                      "|---|---|---|---|---|---|", *lines]


def queue_table(bench):
    p50, p99, p999 = (bench.median(QUEUE_ROW, "weft", lambda report: report["latency_us"][key] / 1000 if report["count"] else float("inf"))
                      for key in ("p50", "p99", "p99.9"))
    if p50 is None:
        return []
    micros = bench.median(QUEUE_ROW, "weft", cpu)
    return ["", "| client → Lua → queue → C++ worker → client | p50 | p99 | p99.9 | weft's CPU per message | target | |",
            "|---|---|---|---|---|---|---|",
            f"| 20,000/s over 100 connections, 64 B | {p50:.2f} ms | {p99:.2f} ms | {p999:.2f} ms | {micros:.1f} µs | "
            f"p99 < 5 ms | {verdict(p99, 5)} |"]


def machine(commit):
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    head = subprocess.run(["git", "rev-parse", "--short=10", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    compiler = subprocess.run(["c++", "-dumpfullversion"], capture_output=True, text=True)
    return (f"Measured on {datetime.date.today()}, commit {commit or head.stdout.strip()}: {os.cpu_count()} cores of "
            f"{model[1] if model else 'unknown'}, Linux {platform.release().split('-')[0]}, g++ {compiler.stdout.strip()}, "
            f"load average {os.getloadavg()[0]:.1f} at the end.")


def page_with(table):
    """docs/benchmarks.md with the block between its two marks replaced."""
    begin, end = "<!-- bench/run.py writes from here -->", "<!-- to here -->"
    before, rest = PAGE.read_text().split(begin)
    return f"{before}{begin}\n{table}\n{end}{rest.split(end)[1]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--tool", type=pathlib.Path, help="weft binary that makes the load (default: the one of --build)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--only", default=",".join(MEASUREMENTS), help="of " + ", ".join(MEASUREMENTS))
    parser.add_argument("--commit", help="what was built, where it is not HEAD")
    parser.add_argument("--realtime", action="store_true",
                        help="server and load with real-time priority (needs root): on a machine that is busy with other "
                             "things the figures would be those of the other things")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    options = parser.parse_args()
    if options.realtime:
        PRIORITY[:] = ["chrt", "--rr", "1"]
    options.tool = options.tool or options.build / "weft"
    bench = Bench(options)
    for name in options.only.split(","):
        print(name, flush=True)
        MEASUREMENTS[name](bench, options.build)
    command = f"`bench/run.py --rounds {options.rounds} --seconds {options.seconds:g}{' --realtime' if options.realtime else ''}`"
    table = "\n".join([f"{machine(options.commit)} Command: {command}, medians of {options.rounds} rounds.", "", *cpu_table(bench),
                       *idle_table(bench), *queue_table(bench)])
    print("\n" + table)
    if options.write:
        PAGE.write_text(page_with(table))


if __name__ == "__main__":
    main()
