//! Whether a worker speaks the protocol, told to the one who writes it.
//!
//! Each step sends one line and looks at what comes back. The steps go from the
//! plainest to the oddest, so that the first one that fails is the one to mend.

use serde_json::{Value, json};

use super::{EngineError, Observation, worker::Worker};
use crate::{
    case::{Case, Expected, pairs},
    defect,
    mint::Minter,
    verdict::Verdict,
};

/// One step of the check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was tried.
    pub what: &'static str,
    /// Whether the answer is one that the protocol allows, and the right one.
    pub passed: bool,
    /// What the worker answered, or how it failed.
    pub answer: String,
    /// What to do about it, when it failed.
    pub advice: &'static str,
}

/// Asks the worker everything that a run may ask of it.
pub fn check_worker(worker: &Worker) -> Vec<Step> {
    let Some((good, expired)) = control_pair() else {
        // Only a catalogue without its plainest defect comes here.
        return Vec::new();
    };
    let mut forged = good.clone();
    if let Some(last) = forged.chain.first_mut().and_then(|der| der.last_mut()) {
        *last ^= 1;
    }
    forged.expected = Expected::Reject(Vec::new());
    let mut unknown = testcase(&good);
    unknown["x-field-of-tomorrow"] = json!({ "nested": [1, 2, 3] });
    let mut sparse = testcase(&good);
    if let Some(fields) = sparse.as_object_mut() {
        // Fields with defaults in the schema may be absent.
        for field in [
            "conflicts_with",
            "features",
            "importance",
            "peer_certificate_key",
            "max_chain_depth",
            "crls",
        ] {
            fields.remove(field);
        }
    }
    let mut garbage = testcase(&expired);
    garbage["peer_certificate"] =
        json!("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    let mut long = testcase(&good);
    long["description"] = json!("x".repeat(500_000));

    let accept = Some(true);
    let refuse = Some(false);
    [
        (
            "a good chain",
            testcase(&good),
            accept,
            "answer {\"id\": …, \"actual_result\": \"SUCCESS\"} on one line, flush it, and use the validation_time given",
        ),
        (
            "an expired end entity",
            testcase(&expired),
            refuse,
            "answer \"actual_result\": \"FAILURE\"; validation_time is the time of the case, not the clock's",
        ),
        (
            "a signature with one bit changed",
            testcase(&forged),
            refuse,
            "answer FAILURE: the signature of peer_certificate does not verify",
        ),
        ("a field that is not in the schema", unknown, accept, "pass over fields that you do not know"),
        ("fields left out that have defaults", sparse, accept, "take the schema's defaults for absent fields"),
        (
            "bytes that are no certificate",
            garbage,
            refuse,
            "answer FAILURE (or SKIPPED) and go on; an exception must not end the worker",
        ),
        ("a line of half a million octets", long, accept, "read whole lines, whatever their length"),
        ("a good chain again", testcase(&good), accept, "keep nothing of one case for the next"),
    ]
    .into_iter()
    .map(|(what, testcase, expected, advice)| step(worker, what, &testcase, expected, advice))
    .collect()
}

/// A benign case and the same with an expired end entity.
fn control_pair() -> Option<(Case, Case)> {
    let defect = defect::find("validity/expired")?;
    let pair = pairs(&Minter::new(), defect, 1, 0)
        .into_iter()
        .next()?
        .ok()?;
    Some((pair.twin, pair.hostile))
}

fn testcase(case: &Case) -> Value {
    serde_json::to_value(case.to_limbo()).expect("strings and numbers always serialise")
}

fn step(
    worker: &Worker,
    what: &'static str,
    testcase: &Value,
    accepts: Option<bool>,
    advice: &'static str,
) -> Step {
    let id = testcase["id"].as_str().unwrap_or_default();
    let (passed, answer) = match worker.ask(id, testcase.to_string()) {
        Ok(Observation {
            verdict, detail, ..
        }) => {
            let passed = match &verdict {
                Verdict::Accept => accepts != Some(false),
                Verdict::Reject(_) => accepts != Some(true),
                // A worker may skip what it cannot do; a control it must be able to.
                Verdict::Inconclusive(_) => false,
            };
            let words = if detail.is_empty() {
                String::new()
            } else {
                format!(": {detail}")
            };
            (passed, format!("{verdict}{words}"))
        }
        Err(EngineError::Crashed(how) | EngineError::Broke(how)) => (false, how),
        Err(error @ EngineError::Interrupted) => (false, error.to_string()),
    };
    Step {
        what,
        passed,
        answer,
        advice: if passed { "" } else { advice },
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::NamedCommand;

    fn check(body: &str) -> Vec<(&'static str, bool)> {
        let script = format!(
            "while read -r line; do \
             id=$(printf '%s' \"$line\" | sed 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/'); {body}; done"
        );
        let command = NamedCommand {
            name: "mine".into(),
            program: "sh".into(),
            arguments: vec!["-c".into(), script],
        };
        let worker = Worker::start(command, Duration::from_secs(20)).expect("a shell");
        check_worker(&worker)
            .into_iter()
            .map(|step| (step.what, step.passed))
            .collect()
    }

    #[test]
    fn a_worker_that_accepts_everything_fails_where_it_should_refuse() {
        let failed: Vec<_> = check(r#"printf '{"id":"%s","actual_result":"SUCCESS"}\n' "$id""#)
            .into_iter()
            .filter(|(_, passed)| !passed)
            .map(|(what, _)| what)
            .collect();
        assert_eq!(
            failed,
            [
                "an expired end entity",
                "a signature with one bit changed",
                "bytes that are no certificate"
            ]
        );
    }

    #[test]
    fn a_worker_that_speaks_another_language_fails_everywhere() {
        let steps = check("echo yes");
        assert_eq!(steps.len(), 8);
        assert!(steps.iter().all(|(_, passed)| !passed), "{steps:?}");
    }
}
