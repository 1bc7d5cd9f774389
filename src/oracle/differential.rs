//! The oracle of disagreement, for cases whose right answer nobody knows.
//!
//! Where an expectation is known, engines that differ include one that is
//! wrong, and [`super::expected`] names it; to report the difference as well
//! would say the same thing twice. So this oracle is asked only about
//! unlabelled cases: wild chains, fuzzers' inputs, mutated bytes.

use super::{Answer, Finding, Kind};
use crate::{case::Case, verdict::Verdict};

/// Every engine that stands on the smaller side of a disagreement.
///
/// With a tie, those who accept are named: accepting is what can do harm.
pub fn discrepancies(case: &Case, answers: &[(&str, Option<&Answer>)]) -> Vec<Finding> {
    let said = |accept: bool| -> Vec<&str> {
        let conclusive = answers
            .iter()
            .filter_map(|(engine, answer)| Some((*engine, (*answer)?.conclusive()?)));
        conclusive
            .filter(|(_, observation)| (observation.verdict == Verdict::Accept) == accept)
            .map(|(engine, _)| engine)
            .collect()
    };
    let (accepting, rejecting) = (said(true), said(false));
    if accepting.is_empty() || rejecting.is_empty() {
        return Vec::new();
    }
    let (few, many, does, others) = if accepting.len() <= rejecting.len() {
        (&accepting, &rejecting, "accepts", "rejected")
    } else {
        (&rejecting, &accepting, "rejects", "accepted")
    };
    let detail = format!("{does} what is {others} by {}", many.join(", "));
    few.iter()
        .map(|engine| Finding::new(Kind::Discrepancy, engine, case, detail.clone()))
        .collect()
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
    fn the_smaller_side_is_named_and_agreement_or_silence_is_no_finding() {
        let case = sample::case("wild", Role::Hostile);
        let letter = |c: char| match c {
            'a' => Answer::Observed(Verdict::Accept.into()),
            'r' => Answer::Observed(Verdict::Reject(Reason::Expired).into()),
            'c' => Answer::Crashed("boom".into()),
            _ => Answer::Observed(Verdict::Inconclusive(Why::OverBudget).into()),
        };
        let table: [(&str, &[&str]); 7] = [
            ("aaa", &[]),
            ("rrr", &[]),
            ("arr", &["e0"]),
            ("ara", &["e1"]),
            ("ar", &["e0"]),
            ("a?c", &[]),
            ("ra?", &["e1"]),
        ];
        for (letters, expected) in table {
            let answers: Vec<Answer> = letters.chars().map(letter).collect();
            let names: Vec<String> = (0..answers.len())
                .map(|number| format!("e{number}"))
                .collect();
            let rows: Vec<(&str, Option<&Answer>)> = names
                .iter()
                .map(String::as_str)
                .zip(answers.iter().map(Some))
                .collect();
            let findings = discrepancies(&case, &rows);
            assert_eq!(
                findings.iter().map(Finding::engine).collect::<Vec<_>>(),
                expected,
                "{letters}"
            );
        }
    }
}
