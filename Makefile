# Two commands for a fresh Debian 12 machine: `make demo` and `make check`.
# Everything is built into build/; Meson does the work.
.PHONY: all demo check bench fuzz format clean help setup setup-test build
.DEFAULT_GOAL := all

all: build ## build the library and the tool: build/calotype

setup:
	@scripts/setup.sh core

setup-test:
	@scripts/setup.sh core test

build: setup
	@test -f build/build.ninja || meson setup build --buildtype=release >/dev/null || \
		{ meson setup build --buildtype=release | tail -n 5; exit 1; }
	@ninja -C build --quiet
	@ln -sf src/cli/calotype build/calotype

demo: build ## render the bundled example: pictures, depth, normals, masks, a contact sheet
	@scripts/demo.sh

check: setup-test ## build with gcc and clang, run all tests plain and under sanitizers
	@scripts/check.sh

bench: build ## measure speed beside llvmpipe, Embree and libpng, into build/bench.json
	@scripts/setup.sh bench || echo "bench: what could not be installed is left out of the tables" >&2
	@meson setup --reconfigure build >/dev/null && ninja -C build --quiet
	@python3 bench/bench.py

fuzz: setup-test ## fuzz each importer for a minute
	@fuzz/run.sh

format: ## clang-format every C file in place
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean: ## remove what make made
	rm -rf build demo

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 8
