#!/usr/bin/env python3
"""Compiles every header alone, without the precompiled headers: each must include what it uses.
Usage: check_headers.py BUILD_DIR COMPILER FLAGS... ; run by ctest, label lint. Goes through ccache when there is one, so
headers that did not change cost nothing."""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def complaint(command, folder, header):
    """What the compiler says of a file that only includes `header`, or ''."""
    name = str(header.relative_to(ROOT)).replace("/", "__")
    source = folder / f"{name}.cpp"
    source.write_text(f'#include "{header.relative_to(ROOT)}"\n')
    result = subprocess.run([*command, "-c", "-o", f"{name}.o", source.name], cwd=folder, capture_output=True, text=True)
    return "" if result.returncode == 0 else f"{header.relative_to(ROOT)} does not compile alone:\n{result.stderr}"


def main():
    if len(sys.argv) < 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1]) / "header_check"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(CCACHE_BASEDIR=str(ROOT), CCACHE_NOHASHDIR="1")
    ccache = [shutil.which("ccache")] if shutil.which("ccache") else []
    command = [*ccache, *sys.argv[2:], "-std=c++20", "-O0", f"-I{ROOT}", f"-I{ROOT}/src", f"-I{ROOT}/include"]
    headers = sorted([*(ROOT / "src").rglob("*.hpp"), *(ROOT / "include").rglob("*.hpp")])
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        errors = [error for error in pool.map(lambda header: complaint(command, folder, header), headers) if error]
    print("\n".join(errors) or f"headers: {len(headers)} compile alone")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
