#!/usr/bin/env python3
"""Where the time of an echoed message and of a delivered publication goes: system calls for each, and who used the CPU.

    bench/where.py [--build build/release]

Needs strace and perf (Debian: strace, linux-perf) and builds nothing. System calls are counted by strace over two
seconds of load and divided by what weft's own counters say went out meanwhile; CPU by perf's samples before that.
"""
import argparse
import contextlib
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "compare"))
import servers  # noqa: E402

# The first pattern that a sample's call chain meets says where it belongs.
PLACES = [
    ("reading: recv", r"__x64_sys_recvfrom|__sys_recvfrom"),
    ("sending: send, sendmsg", r"__x64_sys_sendto|__x64_sys_sendmsg|__sys_sendto"),
    ("sending: io_uring_enter", r"__x64_sys_io_uring_enter|__do_sys_io_uring_enter"),
    ("waiting: epoll_wait, epoll_ctl", r"__x64_sys_epoll|do_epoll"),
    ("interrupts and the scheduler", r"asm_sysvec|__x64_sys_|schedule|ret_from_fork"),
    ("system call entry and exit", r"entry_SYSCALL|do_syscall_64|syscall_return"),
    ("weft: frames (wire)", r"weft::ws::"),
    ("weft: sessions, dialects, hub", r"weft::(session|hub|PlainDialect|LocalNode|connmix|api)"),
    ("weft: connections (transport)", r"weft::transport::"),
    ("weft: streams, outboxes, loop (net)", r"weft::(net|block_pool)"),
]


class Load:
    """One kind of load: what `weft bench` is told."""

    def __init__(self, name, *words, connections, fanout=False):
        self.name, self.words, self.connections, self.fanout = name, words, connections, fanout

    def command(self, weft, tool, seconds):
        url = weft.ws("/feed" if self.fanout else "/echo")
        publish = ["--publish", weft.publish] if self.fanout else []
        return [*servers.on_cores(servers.LOAD_CORES), str(tool), "bench", self.words[0], url, *self.words[1:], *publish,
                "--conns", str(self.connections), "--seconds", str(seconds), "--json"]


LOADS = [
    Load("echo 64 B, 1,000 connections", "echo", connections=1000),
    Load("echo 64 B, 100 connections, 16 in flight", "echo", "--inflight", "16", connections=100),
    Load("fan-out 128 B, 1,000 subscribers", "fanout", connections=1000, fanout=True),
    Load("fan-out 128 B, 1,000 subscribers, 16 in flight", "fanout", "--inflight", "16", connections=1000, fanout=True),
]


def sent(weft):
    """Messages that went out so far."""
    with urllib.request.urlopen(weft.publish.replace("ws://", "http://").replace("/ws/v1", "/metrics"), timeout=5) as answer:
        text = answer.read().decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith('weft_messages_total{way="out"'))


def system_calls(weft):
    """name → calls for each message."""
    tracer = subprocess.Popen(["strace", "-c", "-f", "-p", str(weft.process.pid)], stderr=subprocess.PIPE, text=True)
    while "attached" not in tracer.stderr.readline() and tracer.poll() is None:
        pass
    before = sent(weft)
    time.sleep(2)
    messages = sent(weft) - before
    tracer.send_signal(signal.SIGINT)
    report = tracer.communicate()[1]
    calls = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(\w+)$", report, re.M)
    if not calls or not messages:
        sys.exit(f"strace counted nothing: {report.strip()[-300:]}")
    return {name: int(count) / messages for count, name in calls if name != "total"}


def shares(weft, data):
    """place → share of the samples."""
    subprocess.run(["perf", "record", "-q", "-g", "-F", "2000", "-o", data, "-p", str(weft.process.pid), "--", "sleep", "1.5"],
                   check=True, capture_output=True)
    script = subprocess.run(["perf", "script", "-i", data, "-F", "ip,sym"], capture_output=True, text=True, check=True).stdout
    chains = [chain for chain in script.split("\n\n") if chain.strip()]
    counts = dict.fromkeys([name for name, _ in PLACES] + ["else"], 0)
    for chain in chains:
        counts[next((name for name, pattern in PLACES if re.search(pattern, chain)), "else")] += 1
    return {name: count / len(chains) for name, count in counts.items()}


def measure(build, load, io):
    weft = servers.Weft(build, io)
    with weft, subprocess.Popen(load.command(weft, build / "weft", 8), stdout=subprocess.PIPE) as bench:
        time.sleep(2)  # everybody is connected and warm
        parts = shares(weft, str(build / "bench/where.perf"))
        calls = system_calls(weft)
        bench.communicate()
    return calls, parts


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--build", type=pathlib.Path, default=servers.ROOT / "build/release")
    options = words.parse_args()
    for load in LOADS:
        for io in ("epoll", "uring"):
            with contextlib.suppress(servers.Missing):
                calls, parts = measure(options.build, load, io)
                print(f"\n{load.name}, WEFT_IO={io}")
                print("  system calls per message: " +
                      ", ".join(f"{name} {count:.3f}" for name, count in
                                sorted(calls.items(), key=lambda item: -item[1]) if count >= 0.001))
                for name, share in sorted(parts.items(), key=lambda item: -item[1]):
                    if share >= 0.005:
                        print(f"  {100 * share:5.1f} %  {name}")


if __name__ == "__main__":
    main()
