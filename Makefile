# Verbs. `make demo` and `make test` install what a bare Debian 12 lacks, build, and do their job.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
PRESET ?= dev

.PHONY: help demo test build deps check fmt tidy lint fuzz bench asan tsan integration browser clean

help:
	@sed -n 's/^## //p' Makefile

## make demo     the chat, on http://127.0.0.1:6790: open it in two tabs
demo: build
	build/release/weft dev examples/chat

## make test     everything: unit, integration, browser, lint, and the sanitizers
test: deps
	tools/test_all.sh

## make build    the optimised binary, build/release/weft
build: deps
	cmake --preset release -DWEFT_TESTS=OFF > /dev/null
	cmake --build --preset release -j $(JOBS)

## make deps     install the Debian packages that are missing
deps:
	@tools/install_deps.sh

## make check    quick: unit tests and lint of the dev preset
check:
	cmake --preset $(PRESET) > /dev/null
	cmake --build --preset $(PRESET) -j $(JOBS)
	ctest --preset $(PRESET) -L 'unit|lint'

## make asan     every test but the load tests under the address and undefined sanitizers
## make tsan     every test but the load tests under the thread sanitizer
asan tsan:
	cmake --preset $@ > /dev/null
	cmake --build --preset $@ -j $(JOBS)
	ctest --preset $@ -LE 'lint|browser|load'

## make fuzz     build the libFuzzer targets (clang 14) into build/fuzz/fuzz
fuzz:
	cmake --preset fuzz > /dev/null
	cmake --build --preset fuzz -j $(JOBS) --target fuzzers

## make bench    measure echo, fan-out, memory and the rest beside the floor programs, quickly; see docs/benchmarks.md
bench: deps
	bench/compare.sh --quick

## make fmt      clang-format over our files;  make tidy: clang-tidy
fmt:
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 -i
tidy:
	cmake --preset dev > /dev/null
	git ls-files 'src/*.cpp' | xargs -P $(JOBS) -n 4 clang-tidy-14 -p build/dev --quiet

clean:
	rm -rf build
