//! The oracle of cost: an answer takes no more time than its input justifies.
//!
//! Time is measured elsewhere and handed in as data, so that this oracle gives
//! the same findings for the same measurements.

use std::{fmt, time::Duration};

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

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fixed,
            per_kibibyte,
        } = self;
        write!(
            f,
            "{fixed:?} and {per_kibibyte:?} for each KiB of certificates and lists"
        )
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
    // Whoever is left waiting may wait, and what a script waits itself is not the engine's.
    let own = match &case.handshake {
        Some(script) => script.own_waits()?,
        None => Duration::ZERO,
    };
    let allowed = budget.allows(bytes).saturating_add(own);
    (taken > allowed).then(|| {
        let detail = format!("took {taken:.1?} for {bytes} bytes, more than {allowed:.1?}");
        Finding::new(Kind::Resource, engine, case, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_waits_itself_is_not_charged() {
        use crate::{
            case::Role,
            oracle::sample,
            script::{HandshakeKind, Script, Step},
        };
        let taken = Duration::from_secs(8);
        let found = |script: Script| {
            let case = Case {
                handshake: Some(script),
                ..sample::case("handshake/x@handshake#0", Role::Twin)
            };
            check("fake", &case, taken, &Budget::default()).is_some()
        };
        let mut slow = Script::client();
        let delay = Step::Delay { milliseconds: 4000 };
        slow.insert_before(HandshakeKind::FINISHED, delay);
        let mut cut = Script::client();
        cut.steps.truncate(1);
        assert!(found(Script::client()));
        assert!(!found(slow));
        assert!(!found(cut));
    }

    #[test]
    fn the_budget_tells_what_it_allows() {
        assert_eq!(
            Budget::default().to_string(),
            "5s and 1ms for each KiB of certificates and lists"
        );
    }

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
