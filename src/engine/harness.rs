//! An x509-limbo harness: a process that reads a whole suite and answers with a whole result.
//!
//! It is asked once for all cases of a run with [`Harness::ask_all`]. A case that
//! it has not seen yet is asked as a suite of one.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    Engine, EngineError, Observation,
    answer::Answer,
    command::NamedCommand,
    process::{NoLine, Process},
    worker::{cannot_start, shortened},
};
use crate::{
    case::{Case, Limbo},
    stop::Stop,
    verdict::{Verdict, Why},
};

/// A harness, and what it has said so far.
pub struct Harness {
    command: NamedCommand,
    timeout: Duration,
    stop: Stop,
    seen: Mutex<HashMap<Question, Observation>>,
}

/// The digest of a testcase. Ids alone would mix up a case and its smaller versions.
type Question = [u8; 32];

/// A whole result.
#[derive(Deserialize)]
struct LimboResult {
    results: Vec<Answer>,
}

impl Harness {
    /// A harness behind this command, which gets `timeout` for each case of a suite.
    pub fn new(command: NamedCommand, timeout: Duration) -> Self {
        Self {
            command,
            timeout,
            stop: Stop::NEVER,
            seen: Mutex::default(),
        }
    }

    /// Lets somebody end the wait for an answer.
    #[must_use]
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Asks for all of these cases at once and remembers the answers.
    ///
    /// # Errors
    /// When the harness cannot be started, dies, hangs, or answers nonsense.
    pub fn ask_all<'c>(
        &self,
        cases: impl IntoIterator<Item = &'c Case>,
    ) -> Result<(), EngineError> {
        let suite = Limbo::of(cases);
        let text = self.converse(&suite)?;
        let result: LimboResult = serde_json::from_str(&text)
            .map_err(|error| EngineError::Crashed(format!("answered nonsense: {error}")))?;
        let mut answers: HashMap<_, _> = result
            .results
            .into_iter()
            .map(|answer| (answer.id.clone(), answer))
            .collect();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for testcase in &suite.testcases {
            let observation = match answers.remove(&testcase.id) {
                Some(answer) => answer.into_observation(),
                None => Verdict::Inconclusive(Why::Skipped("not in the result".to_owned())).into(),
            };
            seen.insert(question(testcase), observation);
        }
        Ok(())
    }

    /// The whole suite in, the whole output back.
    fn converse(&self, suite: &Limbo) -> Result<String, EngineError> {
        let mut process = Process::start(&self.command, MAX_RESULT as u64)
            .map_err(|error| EngineError::Broke(cannot_start(&self.command, &error).to_string()))?;
        let cases = u32::try_from(suite.testcases.len())
            .unwrap_or(u32::MAX)
            .max(1);
        let until = Instant::now() + self.timeout.saturating_mul(cases).min(MAX_PATIENCE);
        process.send(suite.write().into_bytes());
        process.end_input();
        let mut text = String::new();
        let what = loop {
            match process.line(until.saturating_duration_since(Instant::now()), self.stop) {
                Ok(line) if text.is_empty() && !line.trim_start().starts_with('{') => {
                    break format!("answered nonsense: no JSON object: {}", shortened(&line));
                }
                Ok(_) if Instant::now() >= until => break "no whole result in time".to_owned(),
                Ok(line) if text.len() + line.len() <= MAX_RESULT => text.push_str(&line),
                Ok(_) => break "answered nonsense: a result of more than 100 MB".to_owned(),
                Err(NoLine::Stopped) => {
                    process.end();
                    return Err(EngineError::Interrupted);
                }
                Err(NoLine::TimedOut) => break "no whole result in time".to_owned(),
                Err(NoLine::Nonsense(what)) => break format!("answered nonsense: {what}"),
                Err(NoLine::Ended) if text.is_empty() => break "ended without a result".to_owned(),
                Err(NoLine::Ended) => return Ok(text),
            }
        };
        let complaint = process
            .last_complaint()
            .map(|text| format!("; standard error ends with: {text}"));
        Err(EngineError::Crashed(what + &complaint.unwrap_or_default()))
    }
}

/// The most octets of a result, which may be one line. That of ten thousand cases has two million.
const MAX_RESULT: usize = 100_000_000;

/// No suite may take longer.
const MAX_PATIENCE: Duration = Duration::from_secs(3600);

fn question(testcase: &crate::case::Testcase) -> Question {
    let json = serde_json::to_vec(testcase).expect("strings and numbers always serialise");
    Sha256::digest(json).into()
}

impl Engine for Harness {
    fn name(&self) -> &str {
        &self.command.name
    }

    fn version(&self) -> String {
        self.command.to_string()
    }

    fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
        self.observe(case).map(|observation| observation.verdict)
    }

    fn observe(&self, case: &Case) -> Result<Observation, EngineError> {
        let question = question(&case.to_limbo());
        let known = || {
            self.seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&question)
                .cloned()
        };
        if let Some(observation) = known() {
            return Ok(observation);
        }
        self.ask_all([case])?;
        known().ok_or_else(|| EngineError::Broke("the answer was not remembered".to_owned()))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::{question::Time, verdict::Reason};

    fn cases() -> Vec<Case> {
        let suite =
            Limbo::read(include_bytes!("../../corpus/limbo/pkits-public.json")).expect("a suite");
        let read =
            |testcase| Case::from_limbo(testcase, Time::from_unix_seconds(0)).expect("a case");
        suite.testcases[..3].iter().map(read).collect()
    }

    fn harness(script: &str) -> Harness {
        let command = NamedCommand {
            name: "mine".into(),
            program: "sh".into(),
            arguments: vec!["-c".into(), script.into()],
        };
        Harness::new(command, Duration::from_millis(800))
    }

    #[test]
    fn a_suite_is_asked_once_and_remembered() {
        let marker = tempfile::NamedTempFile::new().expect("a file");
        let harness = harness(&format!(
            r#"cat >/dev/null; echo run >>'{}'; echo '{{"version":1,"harness":"mine","results":[
            {{"id":"pkits::s4-1-1","actual_result":"SUCCESS","context":null}},
            {{"id":"pkits::s4-1-4","actual_result":"FAILURE","context":"no"}}]}}'"#,
            marker.path().display()
        ));
        let cases = cases();
        harness.ask_all(&cases).expect("an answer");
        assert_eq!(harness.judge(&cases[0]), Ok(Verdict::Accept));
        assert_eq!(
            harness.observe(&cases[1]),
            Ok(Observation::rejected(Reason::Unstated, "no"))
        );
        assert!(matches!(
            harness.judge(&cases[2]),
            Ok(Verdict::Inconclusive(Why::Skipped(_)))
        ));
        let runs = std::fs::read_to_string(marker.path()).expect("the file");
        assert_eq!(runs, "run\n");
    }

    #[test]
    fn a_harness_that_fails_is_a_crash() {
        let table = [
            ("exit 1", "ended without a result"),
            (
                "echo sad >&2; exit 1",
                "ended without a result; standard error ends with: sad",
            ),
            ("echo '{}'", "answered nonsense: missing field `results`"),
            ("exec sleep 20", "no whole result in time"),
        ];
        for (script, message) in table {
            match harness(script).judge(&cases()[0]) {
                Err(EngineError::Crashed(what)) => assert!(what.starts_with(message), "{what}"),
                other => panic!("no crash: {other:?}"),
            }
        }
    }
}
