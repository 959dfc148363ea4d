#!/usr/bin/env python3
"""Compiles every header alone, without the precompiled headers: each must include what it uses.
Usage: check_headers.py COMPILER FLAGS... ; run by ctest, label lint. Headers that did not change since they
last passed (by their own text and the text of all our headers they include) are skipped by ccache."""
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def complaint(command, folder, number, header):
    """What the compiler says of a file that only includes `header`, or ''."""
    source = pathlib.Path(folder) / f"{number}.cpp"
    source.write_text(f'#include "{header}"\n')
    result = subprocess.run([*command, "-c", "-o", source.with_suffix(".o"), source], capture_output=True, text=True)
    return "" if result.returncode == 0 else f"{header.relative_to(ROOT)} does not compile alone:\n{result.stderr}"


def main():
    ccache = [shutil.which("ccache")] if shutil.which("ccache") else []
    command = [*ccache, *sys.argv[1:], "-std=c++20", "-O0", f"-I{ROOT}/src", f"-I{ROOT}/include"]
    headers = sorted([*(ROOT / "src").rglob("*.hpp"), *(ROOT / "include").rglob("*.hpp")])
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(complaint, command, folder, n, header) for n, header in enumerate(headers)]
        errors = [job.result() for job in jobs if job.result()]
    print("\n".join(errors) or f"headers: {len(headers)} compile alone")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
