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

# Suites with servers of their own get a second try: ctest prints the first failure with all it said, and calls the run passed.
# Such a failure is a fault of the suite or of weft; the list at the end names them.
suites() {
  ctest --preset "$1" --repeat until-pass:2 "${@:2}" | tee -a "$seen"
}
seen=$(mktemp)
trap 'rm -f "$seen"' EXIT

build release
ctest --preset release -j "$jobs" -L 'unit|lint'
suites release -LE 'unit|lint|cluster|slow'
suites release -j "$jobs" -L cluster -LE slow  # they mostly wait: for leases, and for brokers to come back

# Sends leave through io_uring where the kernel has it: once more without.
export WEFT_IO=epoll
ctest --preset release -j "$jobs" -L unit
suites release -j "$jobs" -LE 'unit|lint|browser|load|conformance|cluster|slow'
unset WEFT_IO

build asan
ctest --preset asan -j "$jobs" -L unit
suites asan -j "$jobs" -LE 'unit|lint|browser|load|conformance|cluster|slow'

# The rooms that cross threads have their tests among the units; `make tsan` runs the servers under it too.
build tsan --target thread_tests
ctest --preset tsan -j "$jobs" -L threads

if grep -E '\*\*\*(Failed|Timeout|Exception)' "$seen"; then
  echo "passed, but those above needed a second try"
fi
