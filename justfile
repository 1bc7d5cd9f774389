# The steps of CI, one recipe each. `just ci` runs them all.

export RUST_BACKTRACE := "0"
# The gate asks the same of every change; a run without this draws new cases.
export PROPTEST_RNG_SEED := "7"
export RUSTDOCFLAGS := "-D warnings"
# cargo-fuzz wants unstable flags; this lets the stable compiler take them.
fuzz := "RUSTC_BOOTSTRAP=1 cargo fuzz"
# Coverage of what judges alone, as fuzz/instrument says.
quick := "RUSTC_WRAPPER=$PWD/fuzz/instrument cargo build --locked --release --manifest-path fuzz/Cargo.toml --target-dir fuzz/target/quick --no-default-features --features quick-allocator"

# All recipes, with what they do.
default:
    @just --list --unsorted

# Everything that must hold before a change lands.
ci: format lint features test docs deny main-job load examples benches-once fuzz-short fuzz-example

# The formatting is rustfmt's.
format:
    cargo fmt --check

# Clippy, every warning an error.
lint:
    cargo clippy --locked --all-targets -- -D warnings

# The library builds with each set of features that people choose.
features:
    cargo clippy --locked --lib --no-default-features -- -D warnings
    cargo clippy --locked --lib --no-default-features --features reference -- -D warnings
    cargo clippy --locked --lib --no-default-features --features rustls -- -D warnings
    cargo clippy --locked --lib --no-default-features --features aws-lc -- -D warnings

# The test command of the README.
test:
    cargo test --locked

# The documentation builds without a warning.
docs:
    cargo doc --locked --no-deps

# Licences, sources, and crates that must not come in.
deny:
    cargo-deny --offline check bans licenses sources

# The main job ends with nothing new, nor do the scopes that are looked at whole.
main-job:
    cargo run --locked --release
    cargo run --locked --release -- exhaust

# Every defect with one of each other family: neither hides the other. Takes minutes.
pairs:
    cargo run --locked --release -- run --pairs

# The reference server under load beside its peers, under some attacks, and under everything at once for half a minute.
load:
    cargo run --locked --release -- bench load --against plain --against nginx --handshake-only --seconds 1 --rounds 2
    cargo run --locked --release -- bench exhaust --attack stalled-handshake --attack slow-body --attack connect-and-reset
    cargo run --locked --release -- bench soak --minutes 0.5

# Every attack by itself beside honest clients: what is left for them. Takes five minutes of a quiet machine.
exhaust:
    cargo run --locked --release -- bench exhaust

# The soak of a release.
soak minutes="30":
    cargo run --locked --release -- bench soak --minutes {{minutes}}

# The examples run.
examples:
    cargo run --locked --example broken_verifier

# Each benchmark runs through once, unmeasured.
benches-once:
    cargo test --locked --benches

# Counts the instructions of a verification beside rustls-webpki's; needs valgrind.
instructions:
    cargo bench --locked --no-default-features --features rustls --bench instructions

# Builds the fuzz targets as ClusterFuzzLite does, checks them, and runs each for some seconds from its seeds.
fuzz-short seconds="8":
    .clusterfuzzlite/check.sh {{seconds}}

# The example that fuzzes somebody else's verifier, as fuzz-short built it along.
fuzz-example seconds="5":
    #!/usr/bin/env bash
    set -euo pipefail
    work=$(mktemp -d); trap 'rm -r "$work"' EXIT
    mkdir "$work/corpus"
    fuzz/target/x86_64-unknown-linux-gnu/release/verifier "$work/corpus" -max_total_time={{seconds}} \
        -artifact_prefix="$work/" 2>"$work/log" || { tail -40 "$work/log"; exit 1; }
    grep '^health of mine: .* hostile refused [1-9]' "$work/log" | tail -1

# Fuzzes one target from its seeds until it is stopped.
fuzz target *options:
    {{fuzz}} build -O {{target}}
    GATECRASH_SEEDS=fuzz/corpus/{{target}} {{fuzz}} run -O {{target}} -- -runs=0
    mkdir -p fuzz/artifacts
    {{fuzz}} run -O {{target}} -- $(fuzz/flags {{target}}) {{options}}

# The same on several cores, going on after a crash. How far inputs get lies in a file, since nobody sees what a child prints.
fuzz-fork target jobs="2" *options:
    GATECRASH_HEALTH=fuzz/artifacts/health-{{target}}.txt just fuzz {{target}} -fork={{jobs}} -ignore_crashes=1 {{options}}

# Adds to the inputs that are kept what one target found and no seed and no kept input reaches.
# Whatever is kept stays: it may be there for a finding, which coverage does not tell.
corpus-min target:
    #!/usr/bin/env bash
    set -euo pipefail
    work=$(mktemp -d); trap 'rm -r "$work"' EXIT
    {{fuzz}} build -O {{target}}
    # The first folder is what others must reach more than.
    GATECRASH_SEEDS="$work/kept" {{fuzz}} run -O {{target}} -- -runs=0
    {{fuzz}} run -O {{target}} "$work/kept" fuzz/corpus/{{target}} -- -merge=1 $(fuzz/flags {{target}})
    cargo run --locked --release -- corpus keep {{target}} "$work/kept"

# The same at full speed: no address sanitizer, and coverage of what judges alone. For what is safe Rust.
fuzz-quick target *options:
    {{quick}} --features aws-lc --bin {{target}}
    GATECRASH_SEEDS=fuzz/corpus/{{target}} fuzz/target/quick/release/{{target}} -runs=0
    mkdir -p fuzz/artifacts/{{target}}
    fuzz/target/quick/release/{{target}} fuzz/corpus/{{target}} -artifact_prefix=fuzz/artifacts/{{target}}/ $(fuzz/flags {{target}}) {{options}}

# Executions per CPU second of the targets of chains: two engines and three, with toy signatures and with real ones.
fuzz-speed seconds="20":
    #!/usr/bin/env bash
    set -euo pipefail
    work=$(mktemp -d); trap 'rm -r "$work"' EXIT
    keep() { for target in chain chain_real; do cp "fuzz/target/quick/release/$target" "$work/$target.$1"; done; }
    {{quick}} --bin chain --bin chain_real
    keep two
    {{quick}} --features aws-lc --bin chain --bin chain_real
    keep three
    TIMEFORMAT='%U %S'
    for engines in two three; do
        for target in chain chain_real; do
            GATECRASH_SEEDS="$work/seeds.$target.$engines" "$work/$target.$engines" -runs=0 2>/dev/null
            { time "$work/$target.$engines" "$work/seeds.$target.$engines" $(fuzz/flags chain) -max_total_time={{seconds}} \
                -artifact_prefix="$work/" 2>"$work/log"; } 2>"$work/time" || { grep -A4 panicked "$work/log"; exit 1; }
            runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$work/log")
            awk -v name="$target" -v engines="$engines" -v runs="$runs" '{ print engines, name, runs / ($1 + $2) }' "$work/time" >>"$work/speeds"
        done
    done
    awk '{ speed[$1, $2] = $3; printf "%-5s engines, %-10s %8.0f executions per CPU second\n", $1, $2, $3 }
        $2 == "chain_real" { printf "%-5s engines, toy to real signatures: %.1f\n", $1, speed[$1, "chain"] / $3 }' "$work/speeds"

# Benchmarks, recorded for a release.
bench-record release:
    cargo bench --locked
    cargo run --locked --release -- bench record --version {{release}}

# Writes the generated parts of the documentation anew.
docs-update:
    UPDATE_DOCS=1 cargo test --locked --test docs --test fuzz
