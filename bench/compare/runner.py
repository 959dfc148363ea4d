"""Runs `weft bench` against servers in turns and keeps what it found: by row and server, one report for each round."""
import contextlib
import json
import statistics
import subprocess
import sys

import peers
import servers
from servers import Floor, Missing, Weft, on_cores

PATHS = ("epoll", "uring")  # weft's two flush paths, and the floor that goes with each


class Bench:
    def __init__(self, options):
        self.build, self.tool = options.build, options.tool
        self.rounds, self.seconds, self.with_peers = options.rounds, options.seconds, options.peers
        self.paths = [io for io in PATHS if io == "epoll" or not options.no_uring]
        self.found = {}    # row -> server -> reports
        self.skipped = {}  # server -> why it is not in a table
        self.failed = []   # runs of weft or a floor that did not work

    def run(self, row, server, scenario, url, *flags, seconds=None, warm_up=None, load_cores=None):
        """One report, or None when the server could not do it: then the row says so."""
        seconds = seconds or self.seconds
        command = [*on_cores(servers.LOAD_CORES if load_cores is None else load_cores), self.tool, "bench", scenario, url,
                   "--json", *server.measured(), *flags]
        if scenario != "idle":
            command += ["--seconds", seconds, "--warm-up", warm_up or min(0.5, seconds / 2)]
        try:
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
            problem = done.stderr.strip() if done.returncode else None
        except subprocess.TimeoutExpired:
            problem = "the run did not end within 120 s"
        if problem:
            return self.note_failure(row, server, problem, command)
        report = json.loads(done.stdout)
        self.found.setdefault(row, {}).setdefault(server.name, []).append(report)
        print(f"  {row}, {server.name}: {in_short(report)}", flush=True)
        return report

    def note_failure(self, row, server, problem, command):
        print(f"  {row}, {server.name}: {problem}\n    {' '.join(map(str, command))}", file=sys.stderr, flush=True)
        self.skipped.setdefault(server.name, f"{row}: {problem}")
        if server.name.startswith(("weft", "floor")):
            self.failed.append(f"{row}, {server.name}: {problem}")

    @contextlib.contextmanager
    def beside(self, fanout=False, names=None, ours=True):
        """Floors and weft on each flush path, and the peers (`names`, all when None), started together."""
        with contextlib.ExitStack() as stack:
            started = []
            for io in self.paths if ours else ():
                started += [stack.enter_context(Floor(self.build, io, fanout)), stack.enter_context(Weft(self.build, io))]
            for name, start in peers.ALL.items():
                if not self.with_peers or (names is not None and name not in names):
                    continue
                try:
                    started.append(stack.enter_context(start(self.build, fanout)))
                except Missing as why:
                    if not str(why).startswith(("ours only", "it does not echo")):
                        self.skipped[name] = str(why)
            yield started

    def values(self, row, server, value):
        """value(report) of every round; what a report does not hold is left out."""
        found = [value(report) for report in self.found.get(row, {}).get(server, [])]
        return [each for each in found if each is not None]

    def median(self, row, server, value):
        values = self.values(row, server, value)
        return statistics.median(values) if values else None

    def ratio(self, row, server, base_row, base, value):
        """The median over the rounds of one server's value by another's: neighbours in time share the noise."""
        pairs = zip(self.values(row, server, value), self.values(base_row, base, value))
        ratios = [ours / theirs for ours, theirs in pairs if theirs]
        return statistics.median(ratios) if ratios else None


def cpu(report):
    """Microseconds of the server's CPU per message, delivery or connection."""
    return report.get("server_cpu_us")


def latency(name):
    return lambda report: report.get("latency_us", {}).get(name)


def in_short(report):
    faults = "".join(f", {name} {report[name]}" for name in ("lost", "out_of_order", "refused") if report[name])
    if report["scenario"] == "idle":
        return f"{report['rss_per_connection']:.0f} bytes each{faults}"
    if not report["count"]:
        return f"nothing came back in the measured time{faults}"
    return f"{cpu(report):.2f} µs per {report['unit']}, p99 {report['latency_us']['p99']:.0f} µs{faults}"
