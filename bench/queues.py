#!/usr/bin/env python3
"""How many jobs a second go from a push through a worker to its acknowledgement, in each engine, all of them in one run.

    bench/queues.py [--build build/release] [--engines memory,sqlite,redis,jetstream] [--rounds 5] [--jobs 20000]

Starts a Redis, a NATS server and for each engine a weft with one event loop on the loopback. `queue_jobs` pushes jobs of 256
bytes over one API connection, consumes and acknowledges them over another, `--window` of them under way at most. Then the same with one job at a
time: what the way costs when nothing waits. Every job has to come and every answer has to be good.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))
from nats_server import NatsServer  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from weft_process import Weft  # noqa: E402

ENGINES = {
    "memory": "queues: [ {{ name: jobs }} ]",
    "sqlite": "queues: [ {{ name: jobs, engine: sqlite, file: jobs.sqlite }} ]",
    "redis": 'redis: [ {{ name: main, url: "{redis}" }} ]\nqueues: [ {{ name: jobs, engine: redis }} ]',
    "jetstream": 'cluster: {{ url: "{nats}", prefix: bench }}\nqueues: [ {{ name: jobs, engine: jetstream }} ]',
}


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def jobs(options, weft, count, window):
    before = cpu_seconds(weft.process.pid)
    out = subprocess.run([ROOT / options.build / "bench/queue_jobs", f"127.0.0.1:{weft.directory}", "jobs", str(count), str(window)],
                         capture_output=True, text=True, timeout=300)
    if out.returncode or out.stderr:
        raise RuntimeError(out.stderr)
    return json.loads(out.stdout) | {"cpu_us": 1e6 * (cpu_seconds(weft.process.pid) - before) / count}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--window", type=int, default=1_000)
    options = parser.parse_args()
    os.environ.setdefault("WEFT_BINARY", str(ROOT / options.build / "weft"))
    engines = options.engines.split(",")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        servers = {"redis": RedisServer(folder / "redis"), "nats": NatsServer(folder / "nats")}
        nodes = {}
        try:
            urls = {name: server.url for name, server in servers.items()}
            for engine in engines:
                (folder / engine).mkdir(exist_ok=True)
                nodes[engine] = Weft(folder / engine, "node: { loops: 1, drain: 0s }\nlog: { level: error }\n"
                                     + ENGINES[engine].format(**urls))
            full, single = {engine: [] for engine in engines}, {engine: [] for engine in engines}
            for _ in range(options.rounds):
                for engine, weft in nodes.items():  # in turns, so that what else the machine does meets all
                    full[engine].append(jobs(options, weft, options.jobs, options.window))
                    single[engine].append(jobs(options, weft, 300, 1))
        finally:
            for weft in nodes.values():
                weft.stop()
            for server in servers.values():
                server.kill()
    median = lambda runs, of: statistics.median(of(run) for run in runs)
    print("| engine | jobs/s: median, slowest | CPU µs of weft per job | one at a time, from push to acknowledgement: p50, p99 |")
    print("|---|---|---|---|")
    for engine in engines:
        done = [options.jobs / run["seconds"] for run in full[engine]]
        print(f"| {engine} | {statistics.median(done):,.0f}, {min(done):,.0f} | {median(full[engine], lambda run: run['cpu_us']):.1f} "
              f"| {median(single[engine], lambda run: run['turn_us']['p50']) / 1000:.2f} ms, "
              f"{median(single[engine], lambda run: run['turn_us']['p99']) / 1000:.2f} ms |")


if __name__ == "__main__":
    main()
