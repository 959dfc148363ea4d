"""Measures weft beside the floor programs and beside servers of others, and writes the tables of docs/benchmarks.md.

bench/compare.sh builds what is needed and starts this. The server under test is pinned to one core and the load to another;
all servers of a section run at the same time and are measured in turns, so that a noisy neighbour hits all of them alike, and
medians of the rounds count. CPU figures are user and system time of the server's processes for each message.
"""
import argparse
import datetime
import os
import pathlib
import shlex
import signal
import sys

import page
import peers
import sections
import servers
from runner import Bench


def read_options():
    parser = argparse.ArgumentParser(prog="bench/compare.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=servers.ROOT / "build/release", help="folder of the build")
    parser.add_argument("--tool", type=pathlib.Path, help="weft binary that makes the load (default: that of --build)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.8, help="measured for each row, server and round; more where it must")
    parser.add_argument("--only", default=",".join(sections.ALL), help="of " + ", ".join(sections.ALL))
    parser.add_argument("--quick", action="store_true", help="two rounds of half a second, no peers, up to 1,000 connections")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="only the floor programs and weft")
    parser.add_argument("--install", action="store_true", help="fetch the peers into the build folder, then measure")
    parser.add_argument("--commit", help="what was built, where it is not HEAD")
    parser.add_argument("--realtime", action="store_true",
                        help="server and load with real-time priority (needs root), on a machine that is busy with other things")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    options = parser.parse_args()
    options.tool = options.tool or options.build / "weft"
    if options.quick:
        options.rounds, options.seconds, options.peers = min(options.rounds, 2), min(options.seconds, 0.5), False
    unknown = [name for name in options.only.split(",") if name not in sections.ALL]
    if unknown:
        parser.error(f"--only {unknown[0]}: there are {', '.join(sections.ALL)}")
    return options


def command():
    words = [word for word in sys.argv[1:] if word not in ("--write", "--install")]
    return shlex.join(["bench/compare.sh", *words])


def end_in_order(number, _frame):
    """Told to stop: as an exception, so that every server that was started is stopped on the way out."""
    sys.exit(f"stopped by signal {number}")


def main():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_in_order)
    options = read_options()
    if options.install:
        peers.install(options.build)
    if options.realtime:
        servers.PRIORITY[:] = ["chrt", "--rr", "1"]
    refused = servers.uring_is_refused(options.build)
    options.no_uring = bool(refused)
    if refused:
        print(f"without io_uring: {refused}")
    kept, failed = {}, []
    for name in options.only.split(","):
        print(name, flush=True)
        bench, began = Bench(options), datetime.datetime.now(datetime.timezone.utc)
        sections.ALL[name](bench, options.quick)
        kept = page.remember(options.build, bench, name, options.quick, page.stamp(began, options.commit, command()))
        failed += bench.failed
    print("\n" + page.text_of(kept))
    if options.write:
        page.write(kept)
    if failed:
        sys.exit("\n".join(["these runs did not work:", *failed]))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
