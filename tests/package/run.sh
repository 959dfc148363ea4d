#!/usr/bin/env bash
# Installs BUILD into a temporary prefix, builds a project against it with find_package(weft), runs it and the binary.
set -euo pipefail
build=$1
here=$(cd "$(dirname "$0")" && pwd)
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

cmake --install "$build" --prefix "$prefix/usr" >/dev/null
cmake -S "$here" -B "$prefix/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix/usr" >/dev/null
cmake --build "$prefix/build" >/dev/null
used=$("$prefix/build/uses_weft")
installed=$("$prefix/usr/bin/weft" version | head -n 1)
echo "package $used, binary: $installed"
grep -qF "$used" <<<"$installed"
