"""Fails when docs/migrate-from-php.md names something of ours that is not there: a word of include/weft or a key of
docs/config.md. Run by ctest, label lint."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/migrate-from-php.md"


def ours(page):
    """(line number, word) of every `word` in the last column of the page's tables."""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("|") and not line.startswith("|---"):
            last = line.rstrip().rstrip("|").rsplit("|", 1)[1]
            for word in re.findall(r"`([^`]+)`", last):
                yield number, word


def main():
    headers = "".join(path.read_text() for path in sorted((ROOT / "include/weft").glob("*.hpp")))
    known_words = set(re.findall(r"\w+", headers))
    config = (ROOT / "docs/config.md").read_text()
    known_keys = set(re.findall(r"^\| `([\w.\[\]]+)`", config, re.M))
    sections = {key.rsplit(".", 1)[0] for key in known_keys} | {key.split("[")[0] for key in known_keys}
    sections |= {section + "[]" for section in sections}
    leaves = {key.rsplit(".", 1)[-1] for key in known_keys}
    wrong = []
    for number, word in ours(PAGE):
        word = word.rstrip("&")
        name = word.split(":")[0].strip() if re.match(r"[a-z_.\[\]]+: ", word) else word
        if re.fullmatch(r"[\w:]+", name):
            parts = [part for part in name.split("::") if part not in ("weft", "middleware")]
            if all(part in known_words or part in leaves or part in sections for part in parts):
                continue
        elif name.strip(".") in known_keys | sections | leaves:
            continue
        elif (called := re.findall(r"(\w+)\(", word)) and all(name in known_words for name in called):
            continue
        elif re.match(r"(weft |GET |POST |co_await |\{|\(|Server::module)", word):
            continue
        wrong.append(f"{PAGE.relative_to(ROOT)}:{number}: there is no {word}")
    print("\n".join(wrong) or "migration: ok")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
