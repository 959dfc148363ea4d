#!/usr/bin/env bash
# Installs BUILD into a temporary prefix, builds projects against it with find_package(weft) — one that uses the client,
# and examples/events, which is a server — and runs them and the binary.
set -euo pipefail
build=$1
here=$(cd "$(dirname "$0")" && pwd)
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

cmake --install "$build" --prefix "$prefix/usr" >/dev/null
cmake -S "$here" -B "$prefix/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix/usr" >/dev/null
cmake --build "$prefix/build" >/dev/null
cmake -S "$here/../../examples/events" -B "$prefix/events" -G Ninja -DCMAKE_PREFIX_PATH="$prefix/usr" >/dev/null
cmake --build "$prefix/events" >/dev/null
/usr/bin/python3 "$here/ask_example.py" "$prefix/events/example_events"
used=$("$prefix/build/uses_weft")
installed=$("$prefix/usr/bin/weft" version | head -n 1)
echo "package $used, binary: $installed"
grep -qF "$used" <<<"$installed"
