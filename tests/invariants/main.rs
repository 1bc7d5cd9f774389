//! What holds for every case of the catalogue in every setting, on the reference validator.
//!
//! A failure shrinks to the plainest setting, and its seed is kept in
//! `tests/invariants/regressions.txt`.

mod expectation;
mod order;

use proptest::test_runner::{Config, FileFailurePersistence};

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
