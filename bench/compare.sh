#!/usr/bin/env bash
# Measures weft beside bare epoll loops and beside other servers, and writes docs/benchmarks.md's tables with --write.
#   bench/compare.sh --install --write    everything, from a fresh clone
#   bench/compare.sh --quick              two rounds, no peers
#   bench/compare.sh --only echo,churn    some of it; bench/compare.sh --help says the rest
set -euo pipefail
cd "$(dirname "$0")/.."

case " $* " in
  *" --help "* | *" -h "* | *" --build"*) ;;  # a folder that is named is built by whoever named it
  *)
    cmake --preset release -DWEFT_TESTS=ON >/dev/null
    cmake --build --preset release -j "$(nproc)" --target weft floor_epoll floor_uring beast_echo queue_worker events_server
    ;;
esac
exec python3 bench/compare "$@"
