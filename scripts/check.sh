#!/bin/sh
# `make check`: builds with gcc and clang, warnings as errors, and runs all tests plain and under
# ASan + UBSan. The last line is `N passed, N failed, N skipped`; the exit status says the same.
set -u
cd "$(dirname "$0")/.."

tested=""
failed=""

# configure FOLDER COMPILER COMPILER++ OPTIONS...
configure() {
    folder=$1 c_compiler=$2 cpp_compiler=$3
    shift 3
    [ -f "$folder/build.ninja" ] && return 0
    CC=$c_compiler CXX=$cpp_compiler meson setup "$folder" -Dwerror=true "$@"
}

# build NAME COMPILER COMPILER++ OPTIONS...: into build/check-NAME; what it said only if it failed
build() {
    name=$1
    shift
    echo "check: building with $name"
    mkdir -p build
    if { configure "build/check-$name" "$@" && ninja -C "build/check-$name" --quiet; } >"build/check-$name.log" 2>&1; then
        return 0
    fi
    grep -E 'error|ERROR|FAILED' -A 5 "build/check-$name.log" | head -n 60
    failed="$failed --failed build-$name"
    return 1
}

# run NAME TIMEOUT_MULTIPLIER: all tests of build/check-NAME
run() {
    echo "check: running the tests of $1"
    rm -f "build/check-$1/meson-logs/testlog.json"
    meson test -C "build/check-$1" --no-rebuild --timeout-multiplier "$2" >"build/check-$1-tests.log" 2>&1
    if [ -f "build/check-$1/meson-logs/testlog.json" ]; then
        tested="$tested build/check-$1"
    else
        tail -n 20 "build/check-$1-tests.log"
        failed="$failed --failed tests-$1"
    fi
}

build gcc gcc g++ && run gcc 1
build clang clang clang++ -Dfuzz=true
export ASAN_OPTIONS="${ASAN_OPTIONS:-strict_string_checks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}"
build sanitize clang clang++ -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false &&
    run sanitize 6

# shellcheck disable=SC2086 # both are lists
exec python3 scripts/count_tests.py $failed $tested
