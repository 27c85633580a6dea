#!/bin/sh
# fuzz/run.sh [SECONDS [TARGET...]]: builds the fuzz targets into build/fuzz, makes their seed corpus,
# and runs each (or those named) for SECONDS (60). Findings are kept in build/fuzz/findings; the
# corpus grows from run to run. Fails when there is a finding.
set -u
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
folder=build/fuzz
targets=${*:-gltf glb obj mtl stl ply mjcf image cameras states looks cache client journal staged list part server transfer worker}

if [ ! -f "$folder/build.ninja" ]; then
    CC=clang CXX=clang++ meson setup "$folder" -Dfuzz=true -Dbuildtype=plain >/dev/null || exit 1
fi
names=$(for target in $targets; do echo "fuzz/fuzz_$target"; done)
# shellcheck disable=SC2086 # a list
ninja -C "$folder" --quiet $names || exit 1
python3 fuzz/make_corpus.py "$folder/corpus" || exit 1

TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT INT TERM
found=0
for target in $targets; do
    mkdir -p "$folder/findings" "$folder/corpus/$target"
    log=$folder/findings/$target.log
    set -- -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -artifact_prefix="$folder/findings/$target-"
    [ -f "$folder/corpus/$target.dict" ] && set -- "$@" -dict="$folder/corpus/$target.dict"
    if "$folder/fuzz/fuzz_$target" "$@" "$folder/corpus/$target" >"$log" 2>&1; then
        echo "fuzz $target: nothing found; $(grep -a '^Done' "$log" | tail -n 1)"
    else
        found=1
        echo "fuzz $target: FOUND, see $log"
        grep -a -m 3 -E 'ERROR|SUMMARY|runtime error|broken promise|ALARM' "$log"
    fi
done
exit $found
