//! The oracle of twins: what a correct verifier says holds by construction.
//!
//! | twin | hostile | finding |
//! |---|---|---|
//! | accepted | accepted | false accept: the check is missing |
//! | rejected | any refusal | false reject; the refusal of the hostile proves nothing |
//! | accepted | rejected, for a reason of the defect | none |
//! | accepted | rejected, for another | wrong reason |

use serde::Serialize;

use super::{Answer, Asked, Finding, Kind};
use crate::{
    case::{Case, Expected},
    defect,
    engine::Observation,
    verdict::{Reason, Verdict},
};

/// What one engine's answers to one pair, or to one case alone, amount to.
///
/// The order is from worst to best, so that the minimum over variants is what counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// The hostile chain was let in.
    LetIn,
    /// The good chain was turned away.
    TurnedAway,
    /// The hostile chain was refused for another reason.
    WrongReason,
    /// Hostile refused, twin accepted.
    Correct,
    /// Nothing could be told.
    CannotTell,
}

/// Judges the answers to a pair. A missing answer tells nothing.
pub fn pair(
    asked: Asked<'_>,
    (hostile, to_hostile): (&Case, Option<&Answer>),
    (twin, to_twin): (&Case, Option<&Answer>),
) -> (Mark, Vec<Finding>) {
    let mut findings = Vec::new();
    let of_twin = to_twin.and_then(Answer::conclusive);
    let of_hostile = to_hostile.and_then(Answer::conclusive);
    if let Some(observation) = of_twin.filter(|observation| observation.verdict != Verdict::Accept)
    {
        findings.push(turned_away(asked, twin, observation));
    }
    let twin_accepted = of_twin.is_some_and(|observation| observation.verdict == Verdict::Accept);
    let mark = match of_hostile {
        Some(Observation {
            verdict: Verdict::Accept,
            ..
        }) => {
            findings.push(let_in(asked, hostile, Some(twin_accepted)));
            Mark::LetIn
        }
        _ if !findings.is_empty() => Mark::TurnedAway,
        Some(observation) if twin_accepted => match for_another_reason(asked, hostile, observation)
        {
            Some(finding) => {
                findings.push(finding);
                Mark::WrongReason
            }
            None => Mark::Correct,
        },
        Some(_) | None => Mark::CannotTell,
    };
    (mark, findings)
}

/// Judges the answer to a case that has no twin.
pub fn alone(asked: Asked<'_>, case: &Case, answer: Option<&Answer>) -> (Mark, Vec<Finding>) {
    let Some(observation) = answer.and_then(Answer::conclusive) else {
        return (Mark::CannotTell, Vec::new());
    };
    let accepted = observation.verdict == Verdict::Accept;
    match (&case.expected, accepted) {
        (Expected::Either, _) => (Mark::CannotTell, Vec::new()),
        (Expected::Accept, true) => (Mark::Correct, Vec::new()),
        (Expected::Accept, false) => (
            Mark::TurnedAway,
            vec![turned_away(asked, case, observation)],
        ),
        (Expected::Reject(_), true) => (Mark::LetIn, vec![let_in(asked, case, None)]),
        (Expected::Reject(_), false) => match for_another_reason(asked, case, observation) {
            Some(finding) => (Mark::WrongReason, vec![finding]),
            None => (Mark::Correct, Vec::new()),
        },
    }
}

/// What an engine that states every reason says of a hostile case beside the intended reasons.
///
/// `None` when it says those alone; an empty list when it accepts.
pub fn beside(case: &Case, observation: &Observation) -> Option<Vec<Reason>> {
    let expected = case.expected.reasons();
    let mut others = observation.reasons.clone();
    others.retain(|reason| !expected.contains(reason));
    let refused = observation.verdict.reason().is_some();
    (!refused || !others.is_empty()).then_some(others)
}

fn let_in(asked: Asked<'_>, case: &Case, twin_accepted: Option<bool>) -> Finding {
    let mut detail = match case.defect.and_then(|id| defect::find(id.0)) {
        Some(defect) => format!(
            "accepted although it must be refused: {}. {}",
            defect.summary, defect.clause
        ),
        None => "accepted although it must be refused".to_owned(),
    };
    match twin_accepted {
        Some(true) => detail.push_str(". The twin is accepted as well"),
        Some(false) => detail.push_str(". The twin is not accepted"),
        None => {}
    }
    Finding::new(Kind::FalseAccept, asked.engine, case, detail)
}

fn turned_away(asked: Asked<'_>, case: &Case, observation: &Observation) -> Finding {
    let detail = format!("refused although it is good: {}", words(observation));
    Finding::new(Kind::FalseReject, asked.engine, case, detail)
}

/// A refusal is for the right cause when any reason given is an expected one.
fn for_another_reason(asked: Asked<'_>, case: &Case, observation: &Observation) -> Option<Finding> {
    let expected = case.expected.reasons();
    let given = || {
        observation
            .reasons
            .iter()
            .copied()
            .chain(observation.verdict.reason())
    };
    let compatible = |reason: Reason| reason == Reason::Unstated || expected.contains(&reason);
    if !asked.states_reasons || expected.is_empty() || given().any(compatible) {
        return None;
    }
    let names: Vec<&str> = expected.iter().map(|reason| reason.name()).collect();
    let detail = format!(
        "refused for {}, not for {}",
        words(observation),
        names.join(" or ")
    );
    Some(Finding::new(Kind::WrongReason, asked.engine, case, detail))
}

fn words(observation: &Observation) -> String {
    match (observation.verdict.reason(), observation.detail.as_str()) {
        (Some(reason), "") => reason.to_string(),
        (Some(reason), detail) => format!("{reason} ({detail})"),
        (None, detail) => detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::Role, oracle::sample, verdict::Why};

    fn case(role: Role) -> Case {
        sample::case("validity/expired@end-entity#0", role)
    }

    #[test]
    fn each_pair_of_answers_is_marked_as_the_table_says() {
        let said = |verdict: Verdict| Some(Answer::Observed(verdict.into()));
        let accept = || said(Verdict::Accept);
        let reject = |reason| said(Verdict::Reject(reason));
        let unsure = || said(Verdict::Inconclusive(Why::OverBudget));
        let crashed = || Some(Answer::Crashed("boom".into()));
        type Row = (Option<Answer>, Option<Answer>, Mark, &'static [Kind]);
        let table: Vec<Row> = vec![
            (accept(), accept(), Mark::LetIn, &[Kind::FalseAccept]),
            (
                reject(Reason::Revoked),
                accept(),
                Mark::LetIn,
                &[Kind::FalseReject, Kind::FalseAccept],
            ),
            (
                reject(Reason::Expired),
                reject(Reason::Expired),
                Mark::TurnedAway,
                &[Kind::FalseReject],
            ),
            (
                reject(Reason::Revoked),
                reject(Reason::KeyUsage),
                Mark::TurnedAway,
                &[Kind::FalseReject],
            ),
            (accept(), reject(Reason::Expired), Mark::Correct, &[]),
            (accept(), reject(Reason::Unstated), Mark::Correct, &[]),
            (
                accept(),
                reject(Reason::KeyUsage),
                Mark::WrongReason,
                &[Kind::WrongReason],
            ),
            (unsure(), reject(Reason::KeyUsage), Mark::CannotTell, &[]),
            (accept(), unsure(), Mark::CannotTell, &[]),
            (accept(), crashed(), Mark::CannotTell, &[]),
            (accept(), None, Mark::CannotTell, &[]),
            (None, accept(), Mark::LetIn, &[Kind::FalseAccept]),
        ];
        let (hostile, twin) = (case(Role::Hostile), case(Role::Twin));
        let asked = Asked {
            engine: "fake",
            states_reasons: true,
        };
        for (to_twin, to_hostile, expected, kinds) in table {
            let (mark, findings) = pair(
                asked,
                (&hostile, to_hostile.as_ref()),
                (&twin, to_twin.as_ref()),
            );
            assert_eq!(mark, expected, "{to_twin:?} {to_hostile:?}");
            assert_eq!(
                findings.iter().map(Finding::kind).collect::<Vec<_>>(),
                kinds,
                "{to_twin:?} {to_hostile:?}"
            );
        }
    }

    #[test]
    fn any_of_several_reasons_will_do_and_an_engine_without_reasons_is_not_asked_for_them() {
        let (hostile, twin) = (case(Role::Hostile), case(Role::Twin));
        let accepted = Answer::Observed(Verdict::Accept.into());
        let mut observation = Observation::rejected(Reason::KeyUsage, "BadKeyUsage");
        let reasons_stated = Asked {
            engine: "fake",
            states_reasons: true,
        };
        let mark = |asked, observation: &Observation| {
            pair(
                asked,
                (&hostile, Some(&Answer::Observed(observation.clone()))),
                (&twin, Some(&accepted)),
            )
            .0
        };
        assert_eq!(mark(reasons_stated, &observation), Mark::WrongReason);
        assert_eq!(
            mark(
                Asked {
                    states_reasons: false,
                    ..reasons_stated
                },
                &observation
            ),
            Mark::Correct
        );
        observation.reasons.push(Reason::Expired);
        assert_eq!(mark(reasons_stated, &observation), Mark::Correct);
    }

    #[test]
    fn a_case_without_a_twin_is_held_to_its_own_expectation() {
        let asked = Asked {
            engine: "fake",
            states_reasons: true,
        };
        let table = [
            (Role::Twin, Verdict::Accept, Mark::Correct),
            (
                Role::Twin,
                Verdict::Reject(Reason::Expired),
                Mark::TurnedAway,
            ),
            (Role::Hostile, Verdict::Accept, Mark::LetIn),
            (
                Role::Hostile,
                Verdict::Reject(Reason::Expired),
                Mark::Correct,
            ),
            (
                Role::Hostile,
                Verdict::Reject(Reason::Revoked),
                Mark::WrongReason,
            ),
            (
                Role::Hostile,
                Verdict::Inconclusive(Why::TimedOut),
                Mark::CannotTell,
            ),
        ];
        for (role, verdict, expected) in table {
            let answer = Answer::Observed(verdict.into());
            assert_eq!(alone(asked, &case(role), Some(&answer)).0, expected);
        }
    }
}
