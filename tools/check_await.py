#!/usr/bin/env python3
"""Finds braced aggregates and capturing lambdas inside `co_await f(...)`: g++ 12 destroys them twice.
Run by ctest, label lint."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("src", "include", "tests", "examples", "bench")
SUSPECT = re.compile(r"\[[^\]]+\]\s*(?:\([^()]*\)\s*)?(?:mutable\s*)?\{|[\w>]\s*\{[^}]|[(,]\s*\{")


def call_after(text, start):
    """The text from `start` to the `;` that ends the statement."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "({[") - (text[at] in ")}]")
        if text[at] == ";" and depth <= 0 or depth < 0:
            return text[start:at]
    return text[start:]


def errors_in(path):
    text = re.sub(r"//[^\n]*", "", path.read_text())
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    for match in re.finditer(r"\bco_await\b", text):
        statement = call_after(text, match.end())
        call = statement[statement.find("("):] if "(" in statement else ""
        if SUSPECT.search(call):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path.relative_to(ROOT)}:{line}: name this temporary on the line above the co_await"


def main():
    errors = [e for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.[ch]pp")) for e in errors_in(path)]
    print("\n".join(errors) or "await: ok")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
