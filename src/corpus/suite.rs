//! What the reference answers otherwise than a suite of somebody else's expects, or rightly for another cause.
//!
//! x509-limbo and PKITS are not ours to mend, and two of their cases may want
//! opposite answers. Each exception names its profile and the clause that
//! decides. Like the list of known discrepancies, in whose file they stand, the
//! exceptions are exact: one that no longer applies fails the run.

use serde::{Deserialize, Serialize};

use super::known::KnownError;
use crate::{oracle::Kind, verdict::Reason};

/// A case that an engine answers otherwise than its suite expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Exception {
    /// The id of the case in its suite.
    pub case: String,
    /// The engine.
    pub engine: String,
    /// The profile under which the engine judges.
    pub profile: String,
    /// What is found.
    pub kind: Kind,
    /// The clause, and what it says.
    pub why: String,
}

/// A case that is refused as its suite expects, but not for what the case is about.
///
/// Such a case proves nothing of a verifier that refuses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Vacuous {
    /// The id of the case in its suite.
    pub case: String,
    /// Why every verifier refuses it.
    pub reason: Reason,
    /// The clause that the case is about, and why it cannot show.
    pub why: String,
}

pub(super) fn check(exceptions: &[Exception], vacuous: &[Vacuous]) -> Result<(), KnownError> {
    let named = exceptions
        .iter()
        .map(|entry| (&entry.case, &entry.why))
        .chain(vacuous.iter().map(|entry| (&entry.case, &entry.why)));
    let mut seen: Vec<&String> = Vec::new();
    for (case, why) in named {
        if seen.contains(&case) {
            return Err(KnownError::RepeatedCase { id: case.clone() });
        }
        if !names_a_clause(why) {
            return Err(KnownError::NoClause { id: case.clone() });
        }
        seen.push(case);
    }
    Ok(())
}

/// Whether a reason says where it is written.
fn names_a_clause(why: &str) -> bool {
    why.split_once("section ")
        .is_some_and(|(_, after)| after.starts_with(|first: char| first.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_a_clause() {
        for (why, named) in [
            ("RFC 5280 section 4.2.1.9 says so", true),
            ("by design", false),
            ("see the section below", false),
        ] {
            assert_eq!(names_a_clause(why), named, "{why}");
        }
    }
}
