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
    let refused: Vec<_> = alone
        .iter()
        .zip(double.alone.iter().zip(&double.defects))
        .filter(|(answer, _)| matches!(verdict(answer.as_ref()), Some(Verdict::Reject(_))))
        .map(|(_, hidden)| hidden)
        .collect();
    // It is as bad as the worst of what is hidden.
    let worst = refused.iter().min_by_key(|(_, defect)| defect.severity);
    match worst {
        Some((case, defect)) => {
            let detail = format!(
                "accepted although {} alone is refused: one defect hides the other",
                case.id
            );
            let finding = Finding::new(Kind::FalseAccept, engine, &double.both, detail)
                .with_severity(defect.severity);
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
        defect::{self, Severity},
        oracle::sample,
        verdict::{Reason, Why},
    };

    fn find(id: &str) -> &'static defect::Defect {
        defect::find(id).expect(id)
    }

    #[test]
    fn only_what_is_refused_alone_can_be_hidden() {
        let case = |role| sample::case("validity/expired@end-entity#0", role);
        let hostile = || case(Role::Hostile);
        let sample = Double {
            defects: [
                find("validity/expired"),
                find("validity/lifetime-of-a-century"),
            ],
            both: hostile(),
            alone: [hostile(), hostile()],
            twin: case(Role::Twin),
        };
        let said = |verdict: Verdict| Some(Answer::Observed(verdict.into()));
        let accept = || said(Verdict::Accept);
        let reject = || said(Verdict::Reject(Reason::Expired));
        let unsure = || said(Verdict::Inconclusive(Why::OverBudget));
        let table = [
            (
                accept(),
                accept(),
                [reject(), accept()],
                Mark::LetIn,
                Some(Severity::High),
            ),
            (
                accept(),
                accept(),
                [accept(), reject()],
                Mark::LetIn,
                Some(Severity::Info),
            ),
            (
                accept(),
                accept(),
                [reject(), reject()],
                Mark::LetIn,
                Some(Severity::High),
            ),
            (
                accept(),
                accept(),
                [accept(), accept()],
                Mark::CannotTell,
                None,
            ),
            (accept(), accept(), [unsure(), None], Mark::CannotTell, None),
            (reject(), accept(), [None, None], Mark::Correct, None),
            (reject(), reject(), [None, None], Mark::CannotTell, None),
            (
                accept(),
                reject(),
                [reject(), reject()],
                Mark::CannotTell,
                None,
            ),
            (unsure(), accept(), [None, None], Mark::CannotTell, None),
        ];
        for (to_both, to_twin, alone, expected, severity) in table {
            let answers = [to_both.as_ref(), to_twin.as_ref()];
            let (mark, finding) = double("fake", &sample, answers, || alone);
            assert_eq!(mark, expected, "{to_both:?} {to_twin:?}");
            assert_eq!(finding.map(|finding| finding.severity()), severity);
        }
    }
}
