#!/usr/bin/env bash
# Tests build.sh without Docker, and every target that it builds: the rules of
# ClusterFuzz for what lies in $OUT, every seed, and some seconds of fuzzing after
# which the target must have reached all that it must reach.
#
#     .clusterfuzzlite/check.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-8}
# So long a target may go on, where the seeds alone outlast the seconds that it was given.
patience=60
[[ $seconds =~ ^[0-9]+$ ]] || { echo "check.sh: $seconds is no number of seconds" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
mkdir -p "$work/src" "$work/out" "$work/work" "$work/elsewhere"
ln -s "$PWD" "$work/src/gatecrash"
SRC="$work/src" OUT="$work/out" WORK="$work/work" SANITIZER=address FUZZING_ENGINE=libfuzzer \
    FUZZING_LANGUAGE=rust ARCHITECTURE=x86_64 .clusterfuzzlite/build.sh

fail() { echo "check.sh: $1" >&2; exit 1; }
found=0
for binary in "$work"/out/*; do
    name=$(basename "$binary")
    case $name in *.zip | *.dict | *.options) continue ;; esac
    found=$((found + 1))
    [[ $name =~ ^[a-zA-Z0-9_-]+$ ]] || fail "$name is no name of a target"
    grep -q LLVMFuzzerTestOneInput "$binary" || fail "$name is no fuzz target"
    # Not a pipe: with pipefail, grep -q would stop nm and be taken for a failure.
    nm "$binary" >"$work/symbols" 2>/dev/null
    grep -q __asan_init "$work/symbols" || fail "$name is not built with address sanitizer"
    grep -q '^max_len = [0-9]*$' "$work/out/$name.options" || fail "$name.options"
    (cd "$work/elsewhere" && env -i "$binary" -runs=4 >"$work/log" 2>&1) ||
        { tail -40 "$work/log"; fail "$name does not run from another folder"; }

    corpus="$work/corpus/$name"
    mkdir -p "$corpus"
    unzip -q "$work/out/${name}_seed_corpus.zip" -d "$corpus"
    [ -n "$(ls "$corpus")" ] || fail "$name has no seeds"
    mapfile -t flags < <(fuzz/flags "$name" "$work/out")
    [ "${#flags[@]}" -gt 0 ] || fail "$name.options"
    # A gate judges a change and not luck: to look elsewhere each time is for the nightly batch.
    # On a slow machine the seeds alone outlast the first limit; then the second one counts.
    for limit in "$seconds" "$patience"; do
        if ! (cd "$work/elsewhere" && "$binary" "$corpus" "${flags[@]}" -seed=7 -max_total_time="$limit" \
            -timeout=120 -rss_limit_mb=3000 -artifact_prefix="$work/" >"$work/log" 2>&1); then
            grep -A12 -E 'panicked|ERROR|SUMMARY' "$work/log" | head -60
            fail "$name found something"
        fi
        if grep -q "^health of $name: complete" "$work/log"; then break; fi
    done
    grep "^health of $name: [0-9]" "$work/log" | tail -1 || true
    grep "^health of $name: complete" "$work/log" ||
        { grep "^health of $name: never" "$work/log" | sort -u; fail "$name does not reach what it must"; }
done
[ "$found" = "$(ls fuzz/fuzz_targets/*.rs | wc -l)" ] || fail "$found targets were built"
