# What a developer does, one word each; the work is in tools/. CONTRIBUTING.md says more.

PORT ?= 8080
DATA ?= data
TIME ?= 20

help:  ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

run:  ## installs and builds what is missing, serves on 127.0.0.1; PORT=8080 DATA=data
	@PORT=$(PORT) DATA=$(DATA) tools/run

build:  ## the release binary, build/release/wasm-server
	@tools/build release

package:  ## the Debian package of this commit, in build/package
	@tools/package

test:  ## unit and end-to-end tests with AddressSanitizer and UBSan; counts in the last lines
	@tools/test dev

tsan:  ## the unit tests of everything that has threads, under ThreadSanitizer
	@tools/tsan

fuzz:  ## fuzzes what reads the bytes of clients and of disks; TIME=20 seconds for each target
	@tools/fuzz -t $(TIME)

torture:  ## mistreats the server and compares; MODE=kill, damage, disk, memory or hostile, ROUNDS=, SEED=
	@tools/setup test
	@tools/build release
	@tests/torture/run $(MODE) $(ROUNDS) $(if $(SEED),--seed $(SEED))

spec:  ## the WebAssembly specification's cases through HTTP
	@tools/build release
	@tests/spec/run

guests:  ## real guests (CPython, gojq, Go, C, AssemblyScript) through HTTP, then the hostile ones
	@tools/setup guests
	@tools/build release
	@tests/guests/run
	@tests/guests/hostile-report

bench:  ## measures the server beside its peers; tables and plots in bench/
	@bench/run

check:  ## format, include arrows, self-contained headers, clang-tidy
	@tools/check

tidy:  ## clang-tidy alone
	@tools/setup check
	@tools/tidy

format:  ## rewrites the sources in the project's format
	@tools/setup check
	@tools/format

coverage:  ## line coverage of src/ over all tests
	@tools/coverage

clean:  ## removes build/ (not the cache outside the checkout, not the data)
	rm -rf build

.DEFAULT_GOAL := help
.PHONY: help run build package test tsan fuzz torture spec guests bench check tidy format coverage clean
