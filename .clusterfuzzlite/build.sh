#!/usr/bin/env bash
# Builds every fuzz target into $OUT, with seeds, options and dictionary: for
# ClusterFuzzLite, OSS-Fuzz and ClusterFuzz. `check.sh` beside it tests it.
# RUSTFLAGS is the sanitizer's and is left as it is; nothing is stripped, so
# that stacks can be read.
set -euo pipefail
cd "$SRC/gatecrash"

# A stable compiler takes the sanitizer's flags with this; a nightly does not mind.
export RUSTC_BOOTSTRAP=1
cargo fuzz build -O --debug-assertions

folder=$(cargo metadata --manifest-path fuzz/Cargo.toml --format-version 1 --no-deps |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
seeds=$(mktemp -d)
for source in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$source" .rs)
    cp "$folder/x86_64-unknown-linux-gnu/release/$target" "$OUT/"
    cp "fuzz/options/$target.options" "$OUT/"
    # The target writes its own seeds, and what the repository keeps for it.
    GATECRASH_SEEDS="$seeds/$target" "$OUT/$target" -runs=0 >"$seeds/log" 2>&1 ||
        { cat "$seeds/log" >&2; echo "build.sh: $target writes no seeds" >&2; exit 1; }
    (cd "$seeds/$target" && zip -q -r - .) >"$OUT/${target}_seed_corpus.zip"
done
cp fuzz/options/*.dict "$OUT/"
rm -r "$seeds"
