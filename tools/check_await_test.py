#!/usr/bin/env python3
"""What check_await.py finds, and what it lets pass. Run by ctest, label lint."""
import sys
import unittest

from check_await import problems_in

FOUND = [
    "co_await f({.channel = name});",
    "co_await f(Request{1, 2});",
    "co_await f([this] { g(); });",
    "const auto done = tls ? co_await a.read() : co_await b.read();",
    "if (x) co_return is_far ? co_await far(id) : near;",
    "co_await f(is_text ? text(data) : bytes(data));",
    "const Result<int> sum = co_await f(a,\n    b ? c : d);",
]
FINE = [
    "const int which = a ? b : c;\nco_await f(which);",
    "co_await f(which);\nco_return closed ? error : none;",
    "if (const error_code error = co_await f()) co_return error;",
    "while (a ? b : c) { co_await f(); }",
    'co_await f("why?");  // or not?',
    "co_await f('?');",
    "for (;;) {\n  co_await g();\n}",
]


class CheckAwait(unittest.TestCase):
    def test_what_is_destroyed_twice_is_found(self):
        for code in FOUND:
            self.assertTrue(list(problems_in(f"void f() {{\n{code}\n}}")), code)

    def test_what_is_fine_passes(self):
        for code in FINE:
            self.assertEqual(list(problems_in(f"void f() {{\n{code}\n}}")), [], code)

    def test_the_line_is_named(self):
        self.assertEqual([line for line, _ in problems_in("\n\nx = a ? co_await b : c;")], [3])


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=0))
