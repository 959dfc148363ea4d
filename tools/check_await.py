#!/usr/bin/env python3
"""Finds what g++ 12 destroys twice around co_await: braced aggregates and capturing lambdas inside `co_await f(...)`, and
`?:` in the same statement. Run by ctest, label lint."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("src", "include", "tests", "examples", "bench")
SUSPECT = re.compile(r"\[[^\]]+\]\s*(?:\([^()]*\)\s*)?(?:mutable\s*)?\{|[\w>]\s*\{[^}]|[(,]\s*\{")
OPEN, CLOSE = "({[", ")}]"


def end_after(text, start):
    """Where the statement around `start` ends: its `;`, or the bracket that closes what it stands in."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in OPEN) - (text[at] in CLOSE)
        if text[at] == ";" and depth <= 0 or depth < 0:
            return at
    return len(text)


def begin_before(text, start):
    """Where it begins: behind the last `;`, `{` or `}` that is not inside brackets of its own."""
    depth = 0
    for at in range(start - 1, -1, -1):
        if text[at] in ";{}" and depth <= 0:
            return at + 1
        depth += (text[at] in ")]") - (text[at] in "([")
    return 0


def bare(text):
    """Without comments and what stands in quotes."""
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"'(?:\\.|[^'\\\n])'", "' '", text)


def problems_in(text):
    """(line, what to do) for each."""
    text = bare(text)
    for match in re.finditer(r"\bco_await\b", text):
        line, end = text.count("\n", 0, match.start()) + 1, end_after(text, match.end())
        after = text[match.end():end]
        if "(" in after and SUSPECT.search(after[after.find("("):]):
            yield line, "name this temporary on the line above the co_await"
        if "?" in text[begin_before(text, match.start()):end]:
            yield line, "write if and else in place of ?: around or inside a co_await"


def main():
    errors = [f"{path.relative_to(ROOT)}:{line}: {advice}" for folder in FOLDERS
              for path in sorted((ROOT / folder).rglob("*.[ch]pp")) for line, advice in problems_in(path.read_text())]
    print("\n".join(errors) or "await: ok")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
