//! One result of an x509-limbo harness, which is also one line of a worker.

use serde::Deserialize;

use super::Observation;
use crate::verdict::{Reason, Verdict, Why};

/// A result. Fields beyond these are passed over.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    /// The testcase that it answers.
    pub(super) id: String,
    actual_result: ActualResult,
    #[serde(default)]
    context: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum ActualResult {
    Success,
    Failure,
    Skipped,
}

impl Answer {
    /// What it says of its case. A reason that is not among ours is kept as words.
    pub(super) fn into_observation(self) -> Observation {
        let context = self.context.unwrap_or_default();
        match self.actual_result {
            ActualResult::Success => Observation {
                detail: context,
                ..Verdict::Accept.into()
            },
            ActualResult::Skipped => Verdict::Inconclusive(Why::Skipped(context)).into(),
            ActualResult::Failure => match self.reason {
                None => Observation::rejected(Reason::Unstated, context),
                Some(name) => match Reason::from_name(&name) {
                    Some(reason) => Observation::rejected(reason, context),
                    None if context.is_empty() => Observation::rejected(Reason::Unstated, name),
                    None => Observation::rejected(Reason::Unstated, format!("{name}: {context}")),
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_as_the_protocol_has_them() {
        let table = [
            (
                r#"{"id":"a","actual_result":"SUCCESS"}"#,
                Verdict::Accept.into(),
            ),
            (
                r#"{"id":"a","actual_result":"FAILURE","context":"too old","reason":"expired","more":[1]}"#,
                Observation::rejected(Reason::Expired, "too old"),
            ),
            (
                r#"{"id":"a","actual_result":"FAILURE","context":null,"reason":null}"#,
                Observation::rejected(Reason::Unstated, ""),
            ),
            (
                r#"{"id":"a","actual_result":"FAILURE","context":"x","reason":"bad-hair"}"#,
                Observation::rejected(Reason::Unstated, "bad-hair: x"),
            ),
            (
                r#"{"id":"a","actual_result":"SKIPPED","context":"no CRLs"}"#,
                Verdict::Inconclusive(Why::Skipped("no CRLs".into())).into(),
            ),
        ];
        for (json, observation) in table {
            let answer: Answer = serde_json::from_str(json).expect(json);
            assert_eq!(answer.into_observation(), observation);
        }
        for bad in [
            "",
            "{}",
            "[]",
            r#"{"id":1,"actual_result":"SUCCESS"}"#,
            r#"{"id":"a","actual_result":"success"}"#,
        ] {
            assert!(serde_json::from_str::<Answer>(bad).is_err(), "{bad}");
        }
    }
}
