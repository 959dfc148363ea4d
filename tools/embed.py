#!/usr/bin/env python3
"""Writes a C++ source that holds files as text: embed.py OUT.cpp NAMESPACE KEY=PATH ...
It defines `std::string_view NAMESPACE::embedded_file(std::string_view key)`, empty for an unknown key."""
import pathlib
import sys

PIECE = 96  # bytes per line of the literal


def literal(data):
    """`data` as adjacent string literals; every byte that could mean something else is escaped in octal."""
    def char(byte):
        return chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}"
    pieces = [data[at:at + PIECE] for at in range(0, len(data), PIECE)] or [b""]
    return "\n      ".join('"' + "".join(map(char, piece)) + '"' for piece in pieces)


def main():
    out, namespace, *files = sys.argv[1:]
    pairs = [file.split("=", 1) for file in files]
    lines = ["// Made by tools/embed.py.", "#include <string_view>", "", f"namespace {namespace} {{", "",
             "std::string_view embedded_file(std::string_view key);", "",
             "std::string_view embedded_file(std::string_view key) {", "  using namespace std::string_view_literals;"]
    for key, path in pairs:
        lines.append(f'  if (key == "{key}")\n    return {literal(pathlib.Path(path).read_bytes())}sv;')
    lines += ["  return {};", "}", "", f"}}  // namespace {namespace}", ""]
    text = "\n".join(lines)
    target = pathlib.Path(out)
    if not target.exists() or target.read_text() != text:
        target.write_text(text)


if __name__ == "__main__":
    main()
