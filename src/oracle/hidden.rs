//! The oracle of two defects at once: neither may hide the other.
//!
//! | both | each alone | finding |
//! |---|---|---|
//! | accepted | one of them rejected | false accept: a check returned early |
//! | accepted | both accepted | none here: the plain run shows it |
//! | rejected | | none |

use super::{Answer, Finding, Kind, expected::Mark};
use crate::{case::Double, verdict::Verdict};

/// Judges the answers to both defects together and to the twin. `alone` is asked
/// only when the two together were accepted.
pub fn double(
    engine: &str,
    double: &Double,
    [to_both, to_twin]: [Option<&Answer>; 2],
    alone: impl FnOnce() -> [Option<Answer>; 2],
) -> (Mark, Option<Finding>) {
    let verdict = |answer: Option<&Answer>| {
        let observation = answer.and_then(Answer::conclusive)?;
        Some(observation.verdict.clone())
    };
    match (verdict(to_both), verdict(to_twin)) {
        (Some(Verdict::Accept), Some(Verdict::Accept)) => {}
        (Some(Verdict::Reject(_)), Some(Verdict::Accept)) => return (Mark::Correct, None),
        // Whoever refuses the twin refuses one defect alone for the same cause, which proves nothing.
        _ => return (Mark::CannotTell, None),
    }
    let alone = alone();
    let refused = alone
        .iter()
        .zip(&double.alone)
        .find(|(answer, _)| matches!(verdict(answer.as_ref()), Some(Verdict::Reject(_))));
    match refused {
        Some((_, case)) => {
            let detail = format!(
                "accepted although {} alone is refused: one defect hides the other",
                case.id
            );
            let finding = Finding::new(Kind::FalseAccept, engine, &double.both, detail);
            (Mark::LetIn, Some(finding))
        }
        None => (Mark::CannotTell, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::Role,
        oracle::sample,
        verdict::{Reason, Why},
    };

    #[test]
    fn only_what_is_refused_alone_can_be_hidden() {
        let case = |role| sample::case("validity/expired@end-entity#0", role);
        let hostile = || case(Role::Hostile);
        let sample = Double {
            both: hostile(),
            alone: [hostile(), hostile()],
            twin: case(Role::Twin),
        };
        let said = |verdict: Verdict| Some(Answer::Observed(verdict.into()));
        let accept = || said(Verdict::Accept);
        let reject = || said(Verdict::Reject(Reason::Expired));
        let unsure = || said(Verdict::Inconclusive(Why::OverBudget));
        let table = [
            (accept(), accept(), [reject(), accept()], Mark::LetIn),
            (accept(), accept(), [accept(), reject()], Mark::LetIn),
            (accept(), accept(), [accept(), accept()], Mark::CannotTell),
            (accept(), accept(), [unsure(), None], Mark::CannotTell),
            (reject(), accept(), [None, None], Mark::Correct),
            (reject(), reject(), [None, None], Mark::CannotTell),
            (accept(), reject(), [reject(), reject()], Mark::CannotTell),
            (unsure(), accept(), [None, None], Mark::CannotTell),
        ];
        for (to_both, to_twin, alone, expected) in table {
            let answers = [to_both.as_ref(), to_twin.as_ref()];
            let (mark, finding) = double("fake", &sample, answers, || alone);
            assert_eq!(mark, expected, "{to_both:?} {to_twin:?}");
            assert_eq!(finding.is_some(), expected == Mark::LetIn);
        }
    }
}
