//! The oracle of irrelevant change: a verdict does not depend on the order in
//! which CRLs, intermediates or trust anchors are handed over.
//!
//! It needs no expectation at all, which makes it work on any case.

use std::fmt;

use super::{Answer, Finding, Kind};
use crate::{case::Case, verdict::Verdict};

/// A change that must not change the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// The CRLs in reverse.
    ReversedCrls,
    /// The certificates after the end entity in reverse (RFC 8446 section 4.4.2: any order).
    ReversedIntermediates,
    /// The trust anchors in reverse.
    ReversedAnchors,
}

impl Change {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::ReversedCrls,
        Self::ReversedIntermediates,
        Self::ReversedAnchors,
    ];

    /// The case after the change; nothing when the change leaves it as it is.
    pub fn apply(self, case: &Case) -> Option<Case> {
        let list: fn(&mut Case) -> &mut [Vec<u8>] = match self {
            Self::ReversedCrls => |case| &mut case.crls,
            Self::ReversedIntermediates => |case| case.chain.get_mut(1..).unwrap_or_default(),
            Self::ReversedAnchors => |case| &mut case.anchors,
        };
        let mut changed = case.clone();
        let items = list(&mut changed);
        let before = items.to_vec();
        items.reverse();
        (*items != *before).then_some(changed)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReversedCrls => "the CRLs in reverse order",
            Self::ReversedIntermediates => "the intermediates in reverse order",
            Self::ReversedAnchors => "the trust anchors in reverse order",
        })
    }
}

/// Compares the verdict on a case with that on the changed case.
pub fn compare(
    engine: &str,
    case: &Case,
    before: &Answer,
    change: Change,
    after: &Answer,
) -> Option<Finding> {
    let accepts = |answer: &Answer| Some(answer.conclusive()?.verdict == Verdict::Accept);
    let (was, is) = (accepts(before)?, accepts(after)?);
    if was == is {
        return None;
    }
    let word = |accepted| if accepted { "accepted" } else { "rejected" };
    let mut detail = format!("{} as given, {} with {change}", word(was), word(is));
    let own_words = if was { after.detail() } else { before.detail() };
    if !own_words.is_empty() {
        detail.push_str(&format!(" ({own_words})"));
    }
    Some(Finding::new(Kind::Metamorphic, engine, case, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::Role,
        oracle::sample,
        verdict::{Reason, Why},
    };

    fn case() -> Case {
        sample::case("order", Role::Hostile)
    }

    #[test]
    fn the_end_entity_stays_first_and_a_list_of_one_has_no_other_order() {
        let crls = Change::ReversedCrls.apply(&case()).expect("two CRLs");
        assert_eq!(crls.crls, [[5], [4]]);
        let chain = Change::ReversedIntermediates
            .apply(&case())
            .expect("two intermediates");
        assert_eq!(chain.chain, [[1], [3], [2]]);
        assert!(Change::ReversedAnchors.apply(&case()).is_none());
    }

    #[test]
    fn only_two_verdicts_that_differ_are_a_finding() {
        let accept = Answer::Observed(Verdict::Accept.into());
        let reject = Answer::Observed(Verdict::Reject(Reason::Revoked).into());
        let unsure = Answer::Observed(Verdict::Inconclusive(Why::OverBudget).into());
        for (before, after, differs) in [
            (&accept, &accept, false),
            (&reject, &reject, false),
            (&accept, &reject, true),
            (&reject, &accept, true),
            (&accept, &unsure, false),
        ] {
            let finding = compare("fake", &case(), before, Change::ReversedCrls, after);
            assert_eq!(finding.is_some(), differs, "{before:?} {after:?}");
        }
    }
}
