#!/usr/bin/env bash
# The whole of `make test`: the release build with every suite, then the sanitizers. Each step is one line when it passes.
# Left for `ctest -L slow`: what takes its minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)

build() {
  cmake --preset "$1" -DWEFT_TESTS=ON >/dev/null  # `make build` turns them off
  cmake --build --preset "$1" -j "$jobs" "${@:2}"
}

build release
ctest --preset release -j "$jobs" -L 'unit|lint'
ctest --preset release -LE 'unit|lint|cluster|slow'
ctest --preset release -j "$jobs" -L cluster -LE slow  # they mostly wait: for leases, and for brokers to come back

# Sends leave through io_uring where the kernel has it: once more without.
export WEFT_IO=epoll
ctest --preset release -j "$jobs" -L unit
ctest --preset release -j "$jobs" -LE 'unit|lint|browser|load|conformance|cluster|slow'
unset WEFT_IO

build asan
ctest --preset asan -j "$jobs" -L unit
ctest --preset asan -j "$jobs" -LE 'unit|lint|browser|load|conformance|cluster|slow'

# The rooms that cross threads have their tests among the units; `make tsan` runs the servers under it too.
build tsan --target thread_tests
ctest --preset tsan -j "$jobs" -L threads
