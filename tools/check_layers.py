#!/usr/bin/env python3
"""Fails when a room includes a room that ARCHITECTURE.md does not allow. Run by ctest, label lint."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'\s*#\s*include\s+["<]([\w/]+)/[^/]+[">]')


def allowed_arrows():
    """The ```layers block of ARCHITECTURE.md as {room: rooms it may include}."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    table = re.search(r"^`{3}layers\n(.*?)^`{3}", text, re.S | re.M)[1]
    return {room: set(rest.split()) for room, rest in (line.split(":") for line in table.splitlines() if line)}


def errors_in(path, allowed, codecs):
    """One line for each include in `path` that goes up, or from one codec to another."""
    room, *inner = path.relative_to(ROOT / "src").parts
    if room not in allowed:
        yield f"{path.relative_to(ROOT)}: room {room} is not in ARCHITECTURE.md"
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        target, *deeper = include[1].split("/")
        where = f"{path.relative_to(ROOT)}:{number}"
        if target in allowed and target != room and target not in allowed[room]:
            yield f"{where}: {room} must not include {target}"
        if room == target == "wire" and deeper and deeper[0] in codecs and deeper[0] != inner[0]:
            yield f"{where}: wire/{inner[0]} must not include wire/{deeper[0]}"


def main():
    allowed = allowed_arrows()
    wire = ROOT / "src/wire"
    codecs = {path.name for path in wire.iterdir() if path.is_dir()} if wire.is_dir() else set()
    errors = [e for path in sorted((ROOT / "src").rglob("*.[ch]pp")) for e in errors_in(path, allowed, codecs)]
    print("\n".join(errors) or "layers: ok")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
