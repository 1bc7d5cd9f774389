//! What holds for every case of the catalogue in every setting, on the reference validator.
//!
//! A failure shrinks to the plainest setting, and its seed is kept in
//! `tests/invariants/regressions.txt`.

mod deterministic;
#[cfg(feature = "rustls")]
mod handshake;
mod hostile;
mod irrelevant;
mod monotony;
mod serialise;
mod strength;
mod symmetry;
mod twin;

use gatecrash::{
    case::Case,
    corpus::known::{BUILT_IN, Known},
    oracle::Kind,
};
use proptest::test_runner::{Config, FileFailurePersistence};

/// Whether the reference is known to err on this defect in this way.
fn is_known(case: &Case, kind: Kind) -> bool {
    let known = Known::from_toml(BUILT_IN, |_| true).expect("the built-in list reads");
    known.entries().iter().any(|entry| {
        entry.engine == "reference"
            && entry.kind == kind
            && case.defect.is_some_and(|id| id.0 == entry.defect)
    })
}

/// So many cases a property, and failures remembered in the repository.
fn config(cases: u32) -> Config {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/invariants/regressions.txt"
    );
    Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        ..Config::default()
    }
}
