#!/usr/bin/env python3
"""Code in the documentation is code that is compiled: every block below a line `<!-- from FILE -->` stands in FILE, line
for line, and every row of a table that ends in a link to a source file has its code there. Indentation does not count.
Run by ctest, label lint."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = r"\]\(([^)\s]+\.(?:cpp|hpp|yaml|lua|php|py))\)\s*\|\s*$"


def squeezed(text):
    """Without comments' and lines' indentation: words with one space between them."""
    return " ".join(text.split())


def blocks(page):
    """(line, file, code) of the blocks that say where they are from."""
    pattern = re.compile(r"^<!-- from (\S+) -->\n```\w*\n(.*?)^```", re.S | re.M)
    for found in pattern.finditer(page):
        yield page[:found.start()].count("\n") + 1, found[1], found[2]


def rows(page):
    """(line, link, code) of table rows with code in backticks and a link to a source file at their end."""
    for number, line in enumerate(page.splitlines(), 1):
        link = re.search(SOURCE, line) if line.startswith("|") else None
        codes = re.findall(r"(?<!`)`([^`]+)`(?!`)", line[:link.start()]) if link else []
        if codes:
            yield number, link[1], codes[-1].replace("\\|", "|")


def complaints(document):
    page = document.read_text()
    name = document.relative_to(ROOT)
    for number, file, code in blocks(page):
        source = ROOT / file
        if not source.exists() or squeezed(code) not in squeezed(source.read_text()):
            yield f"{name}:{number}: this code does not stand in {file}"
    for number, link, code in rows(page):
        source = (document.parent / link).resolve()
        if not source.exists() or squeezed(code) not in squeezed(source.read_text()):
            yield f"{name}:{number}: `{code}` does not stand in {link}"


def main():
    documents = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
    errors = [error for document in documents for error in complaints(document)]
    print("\n".join(errors) or f"docs: the code of {len(documents)} documents is compiled code")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
