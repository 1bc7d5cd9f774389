# The steps of CI, one recipe each. `just ci` runs them all.

export RUST_BACKTRACE := "0"
# The gate asks the same of every change; a run without this draws new cases.
export PROPTEST_RNG_SEED := "7"
export RUSTDOCFLAGS := "-D warnings"
# cargo-fuzz wants unstable flags; this lets the stable compiler take them.
fuzz := "RUSTC_BOOTSTRAP=1 cargo fuzz"

# All recipes, with what they do.
default:
    @just --list --unsorted

# Everything that must hold before a change lands.
ci: format lint features test docs deny main-job load examples benches-build fuzz-short

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

# The main job ends with nothing new.
main-job:
    cargo run --locked --release

# The reference server under load beside its peers, and everything at once for half a minute.
load:
    cargo run --locked --release -- bench load --against plain --against nginx --handshake-only --seconds 1 --rounds 2
    cargo run --locked --release -- bench soak --minutes 0.5

# The soak of a release.
soak minutes="30":
    cargo run --locked --release -- bench soak --minutes {{minutes}}

# The examples run.
examples:
    cargo run --locked --release --example broken_verifier

# Each benchmark builds.
benches-build:
    cargo bench --locked --no-run

# Builds every fuzz target and runs each for some seconds.
fuzz-short seconds="15":
    #!/usr/bin/env bash
    set -euo pipefail
    {{fuzz}} build -O --debug-assertions
    for target in $({{fuzz}} list); do
        mkdir -p fuzz/corpus/$target
        {{fuzz}} run -O --debug-assertions $target -- -max_total_time={{seconds}} -timeout=10 -rss_limit_mb=2048
    done

# Fuzzes one target until it is stopped.
fuzz target:
    {{fuzz}} run -O {{target}}

# Benchmarks, recorded for a release.
bench-record release:
    cargo bench --locked
    cargo run --locked --release -- bench record --version {{release}}

# Writes the generated parts of the documentation anew.
docs-update:
    UPDATE_DOCS=1 cargo test --locked --test docs
