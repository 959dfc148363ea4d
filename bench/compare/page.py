"""docs/benchmarks.md: the measured part between its two marks, each section with when and how it was measured."""
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess

import peers
import tables
from servers import ROOT

PAGE = ROOT / "docs/benchmarks.md"
BEGIN, END = "<!-- bench/compare.sh writes from here -->", "<!-- to here -->"


def output(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return (f"{os.cpu_count()} cores of {model[1].strip() if model else 'an unknown processor'}, "
            f"Linux {platform.release().split('-')[0]}, g++ {output('c++', '-dumpfullversion')}")


def head():
    """The commit that is checked out, and whether the sources differ from it."""
    changed = output("git", "status", "--porcelain", "--", "src", "include", "lua", "bench")
    return output("git", "rev-parse", "--short=10", "HEAD") + (" with changes" if changed else "")


def stamp(began, commit, command):
    """When, what and how: one line under each table."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (f"{now:%Y-%m-%d %H:%M} UTC, {(now - began).seconds} s, commit {commit or head()}, "
            f"load average {os.getloadavg()[0]:.1f} at the end: `{command}`")


def remember(build, bench, section, quick, line):
    """Keeps a section's tables, so that `--only` renews one and leaves the others."""
    file = build / "bench/compare.json"
    kept = json.loads(file.read_text()) if file.exists() else {}
    kept[section] = {"table": tables.ALL[section](bench, quick), "stamp": line, "machine": machine(),
                     "peers": peers.versions(build) if bench.with_peers else "",
                     "skipped": bench.skipped, "found": bench.found}
    file.write_text(json.dumps(kept, indent=1))
    return kept


def text_of(kept):
    """Everything that was measured, in the order of the sections."""
    text, machines, versions = [], [], []
    for section in tables.ALL:
        if section not in kept or not kept[section]["table"]:
            continue
        part = kept[section]
        machines.append(part["machine"])
        versions.append(part.get("peers"))
        text += ["", f"### {tables.TITLE[section]}", "", *part["table"], "", part["stamp"]]
        text += [f"; {tables.TITLES.get(name, name)} is missing: {why}" for name, why in part["skipped"].items()]
    head = [f"Machine: {'; '.join(dict.fromkeys(machines))}."]
    if any(versions):
        head.append(f"Peers: {next(each for each in reversed(versions) if each)}.")
    return "\n".join([*head, *text])


def write(kept):
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{text_of(kept)}\n{END}{rest.split(END)[1]}")
