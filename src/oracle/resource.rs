//! The oracle of cost: an answer takes no more time than its input justifies.
//!
//! Time is measured elsewhere and handed in as data, so that this oracle gives
//! the same findings for the same measurements.

use std::time::Duration;

use super::{Finding, Kind};
use crate::case::Case;

/// How long one answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// For any input at all.
    pub fixed: Duration,
    /// For each kibibyte of certificates and CRLs on top.
    pub per_kibibyte: Duration,
}

impl Default for Budget {
    /// Five seconds and a millisecond for each kibibyte: far above what a
    /// loaded machine needs for an honest answer, far below a denial of service.
    fn default() -> Self {
        Self {
            fixed: Duration::from_secs(5),
            per_kibibyte: Duration::from_millis(1),
        }
    }
}

impl Budget {
    /// What an input of so many bytes may take.
    pub fn allows(&self, bytes: usize) -> Duration {
        let kibibytes = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
        self.fixed
            .saturating_add(self.per_kibibyte.saturating_mul(kibibytes))
    }
}

/// The size of what an engine is given, in bytes.
pub fn size(case: &Case) -> usize {
    [&case.anchors, &case.chain, &case.crls]
        .into_iter()
        .flatten()
        .map(Vec::len)
        .sum()
}

/// Compares a measured time with the budget.
pub fn check(engine: &str, case: &Case, taken: Duration, budget: &Budget) -> Option<Finding> {
    let bytes = size(case);
    let allowed = budget.allows(bytes);
    (taken > allowed).then(|| {
        let detail = format!("took {taken:.1?} for {bytes} bytes, more than {allowed:.1?}");
        Finding::new(Kind::Resource, engine, case, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_grows_with_the_input_and_never_overflows() {
        let budget = Budget {
            fixed: Duration::from_secs(1),
            per_kibibyte: Duration::from_secs(1),
        };
        assert_eq!(budget.allows(1023), Duration::from_secs(1));
        assert_eq!(budget.allows(4096), Duration::from_secs(5));
        assert!(budget.allows(usize::MAX) >= Duration::from_secs(u64::from(u32::MAX)));
    }
}
