#!/usr/bin/env bash
# The road to a million: opens N idle WebSocket connections to weft over loopback, holds them with
# pings, publishes to all of them three times, closes them, and prints what each one cost.
#
#   bench/million.sh [N]          N: as many as this machine's limits allow, one million at most
#
#   STEPS=5     readings on the way up, for the slope      HOLD=30   seconds of pings and nothing else
#   PER=19000   connections of one process, at most        PING=10s  client.ping_interval of the servers
#
# Where one process may not open enough files, several weft processes share the port (share_port) and
# several load processes open the connections.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${BUILD:-build/release}
ulimit -n "$(ulimit -Hn)"

read_number() { [ -r "$1" ] && cat "$1" || echo 0; }

# --- what binds, and how to raise it ---

files=$(ulimit -n)
most_files=$(read_number /proc/sys/fs/nr_open)
all_files=$(read_number /proc/sys/fs/file-max)
conntrack=0
if [ "$(read_number /proc/sys/net/netfilter/nf_conntrack_count)" -gt 0 ]; then
  conntrack=$(read_number /proc/sys/net/netfilter/nf_conntrack_max)
fi
read -r first_port last_port < /proc/sys/net/ipv4/ip_local_port_range
ports=$((last_port - first_port + 1))
available=$(awk '/^MemAvailable/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)
each=12000  # bytes for both ends of a connection, user and kernel, rounded up
own=64      # files of a process that are no connections

per=${PER:-$((files - own > 19000 ? 19000 : files - own))}
by_files=$((all_files / 2 - 10000))
by_memory=$((available * 8 / 10 / each))
allowed=1000000
binds="one million was the goal"
lower() { if [ "$1" -gt 0 ] && [ "$1" -lt "$allowed" ]; then allowed=$1 binds=$2; fi; }
lower "$by_files" "fs.file-max"
lower "$by_memory" "memory"
[ "$conntrack" -eq 0 ] || lower "$((conntrack - 1000))" "nf_conntrack_max"

cat <<LIMITS
limits of this machine                      connections   to raise it
  files of one process (ulimit -Hn $files)$(printf '%*s' $((9 - ${#files})) '') $((files - own))   ulimit -Hn, LimitNOFILE=; up to fs.nr_open = $most_files
  files of the machine (fs.file-max)          $by_files   sysctl fs.file-max=...; both ends are here: two for each
  ports of one source address                 $ports   sysctl net.ipv4.ip_local_port_range="1024 65535"; the load uses one address of 127/8 for each 8,000
  connection tracking (nf_conntrack_max)      $([ "$conntrack" -gt 0 ] && echo "$conntrack" || echo "not in the way")   sysctl net.netfilter.nf_conntrack_max=..., or no rule that asks for states
  memory ($((available >> 20)) MiB are available)         $by_memory   both ends together take about $each bytes
LIMITS

count=${1:-$allowed}
if [ "$count" -gt "$allowed" ]; then
  echo "$count are more than this machine holds: $binds binds, at $allowed" >&2
  exit 1
fi
[ -n "${1:-}" ] || echo "what binds here: $binds, so N = $allowed"

cmake --build "$build" --target weft million_load > /dev/null || {
  echo "build first: cmake --preset release && cmake --build build/release --target weft million_load" >&2
  exit 1
}
exec "${PYTHON:-python3}" bench/million.py --count "$count" --per-process "$per" \
  --weft "$build/weft" --load "$build/bench/million_load" \
  --steps "${STEPS:-5}" --hold "${HOLD:-30}" --ping "${PING:-10s}"
