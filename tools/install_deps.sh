#!/usr/bin/env bash
# Installs the Debian 12 packages that weft is built and tested with, as far as they are missing.
set -euo pipefail

packages=(
  g++ cmake ninja-build make pkg-config ccache git
  libboost1.81-dev libboost-system1.81-dev libboost-json1.81-dev libboost-url1.81-dev
  libssl-dev zlib1g-dev libluajit-5.1-dev liburing-dev libhiredis-dev libnats-dev libsqlite3-dev
  libyaml-cpp-dev libcli11-dev libspdlog-dev libfmt-dev libsimdjson-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  python3 python3-pytest python3-websockets redis-server nats-server openssl sqlite3 curl
)
# For the browser test; without them it skips and says so.
browser=(chromium npm)

missing() {
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || echo "$package"
  done
}

needed=$(missing "${packages[@]}")
# An npm that came from elsewhere than Debian is as good.
command -v npm >/dev/null && browser=(chromium)
needed+=" $(missing "${browser[@]}")"
[ -n "${needed// /}" ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "weft needs these packages, and root to install them:" $needed >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing:" $needed
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
# shellcheck disable=SC2086
"${as_root[@]}" apt-get install -y -qq --no-install-recommends $needed >/dev/null
# The package starts a Redis of its own; tests start theirs on free ports.
