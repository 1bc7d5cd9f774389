//! An engine in another process and any language: one testcase a line in, one result a line out.
//!
//! The process is started once. When it dies, hangs or answers nonsense, the case
//! in flight is a crash and a new process takes the next case.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    Engine, EngineError, Observation, Unavailable,
    answer::Answer,
    command::NamedCommand,
    process::{NoLine, Process},
};
use crate::{case::Case, stop::Stop, verdict::Verdict};

/// So many crashes without an answer between them, and the worker is given up.
const MAX_CRASHES_IN_A_ROW: u32 = 8;

/// The most octets of an answer. One with a long context has a few thousand.
const MAX_LINE: u64 = 1 << 20;

/// A worker.
pub struct Worker {
    command: NamedCommand,
    timeout: Duration,
    stop: Stop,
    version: String,
    turn: Mutex<()>,
    state: Mutex<State>,
}

struct State {
    process: Option<Process>,
    crashes_in_a_row: u32,
}

/// Why there is no answer.
enum Silence {
    /// It died, hung or answered nonsense.
    Crashed(String),
    /// Somebody ended the wait.
    Stopped,
}

impl Worker {
    /// Starts the command.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: NamedCommand, timeout: Duration) -> Result<Self, Unavailable> {
        let process =
            Process::start(&command, MAX_LINE).map_err(|error| cannot_start(&command, &error))?;
        let state = State {
            process: Some(process),
            crashes_in_a_row: 0,
        };
        let version = command.to_string();
        Ok(Self {
            command,
            timeout,
            stop: Stop::NEVER,
            version,
            turn: Mutex::default(),
            state: Mutex::new(state),
        })
    }

    /// Lets somebody end the wait for an answer.
    #[must_use]
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// The version to report, instead of the command.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Sends one line and reads one, for whoever wants to see the worker's own words.
    /// A line that is sent must be a testcase with this id.
    pub(super) fn ask(&self, id: &str, json: String) -> Result<Observation, EngineError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.crashes_in_a_row >= MAX_CRASHES_IN_A_ROW {
            let error = format!("given up after {MAX_CRASHES_IN_A_ROW} crashes in a row");
            return Err(EngineError::Broke(error));
        }
        let mut process = match state.process.take() {
            Some(process) => process,
            None => Process::start(&self.command, MAX_LINE).map_err(|error| {
                state.crashes_in_a_row += 1;
                EngineError::Broke(cannot_start(&self.command, &error).to_string())
            })?,
        };
        match self.exchange(&mut process, id, json) {
            Ok(observation) => {
                state.process = Some(process);
                state.crashes_in_a_row = 0;
                Ok(observation)
            }
            Err(Silence::Stopped) => {
                // It may think for long yet, and nobody waits for that.
                process.end();
                Err(EngineError::Interrupted)
            }
            Err(Silence::Crashed(what)) => {
                state.crashes_in_a_row += 1;
                let complaint = process.last_complaint();
                let because = complaint.map(|text| format!("; standard error ends with: {text}"));
                Err(EngineError::Crashed(what + &because.unwrap_or_default()))
            }
        }
    }

    fn exchange(
        &self,
        process: &mut Process,
        id: &str,
        mut json: String,
    ) -> Result<Observation, Silence> {
        json.push('\n');
        process.send(json.into_bytes());
        let line = process
            .line(self.timeout, self.stop)
            .map_err(|no_line| match no_line {
                NoLine::Stopped => Silence::Stopped,
                NoLine::TimedOut => {
                    Silence::Crashed(format!("no answer within {:?}", self.timeout))
                }
                NoLine::Nonsense(what) => Silence::Crashed(format!("answered nonsense: {what}")),
                NoLine::Ended => Silence::Crashed(match process.exit_status() {
                    Some(status) => format!("ended without an answer: {status}"),
                    None => "closed its output without an answer".to_owned(),
                }),
            })?;
        let answer: Answer = serde_json::from_str(&line).map_err(|error| {
            Silence::Crashed(format!("answered nonsense: {error}: {}", shortened(&line)))
        })?;
        if answer.id != id {
            return Err(Silence::Crashed(format!(
                "answered for `{}` and not `{id}`",
                shortened(&answer.id)
            )));
        }
        Ok(answer.into_observation())
    }
}

impl Engine for Worker {
    fn name(&self) -> &str {
        &self.command.name
    }

    fn version(&self) -> String {
        self.version.clone()
    }

    fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
        self.observe(case).map(|observation| observation.verdict)
    }

    fn observe(&self, case: &Case) -> Result<Observation, EngineError> {
        let testcase = case.to_limbo();
        let json = serde_json::to_string(&testcase).expect("strings and numbers always serialise");
        self.ask(&testcase.id, json)
    }

    fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        Some(self.turn.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) fn cannot_start(command: &NamedCommand, error: &std::io::Error) -> Unavailable {
    Unavailable::new(
        format!("`{}` cannot be started: {error}", command.program),
        format!("check the command of `{}`: {command}", command.name),
    )
}

/// The beginning of a text that somebody else made.
pub(super) fn shortened(text: &str) -> String {
    const MAX: usize = 80;
    let clean: String = text
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX)
        .collect();
    if text.trim().chars().count() > MAX {
        clean + "…"
    } else {
        clean
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{
        case::Limbo,
        question::Time,
        verdict::{Reason, Why},
    };

    fn case() -> Case {
        let suite =
            Limbo::read(include_bytes!("../../corpus/limbo/pkits-public.json")).expect("a suite");
        Case::from_limbo(&suite.testcases[0], Time::from_unix_seconds(0)).expect("a case")
    }

    /// A worker in the shell's language: `$id` is the id of the case, `$n` its number from 1.
    fn worker(answer: &str) -> Worker {
        let script = format!(
            "n=0; while read -r line; do n=$((n+1)); \
             id=$(printf '%s' \"$line\" | sed 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/'); {answer}; done"
        );
        let command = NamedCommand {
            name: "mine".into(),
            program: "sh".into(),
            arguments: vec!["-c".into(), script],
        };
        Worker::start(command, Duration::from_millis(1500)).expect("a shell")
    }

    const GOOD: &str = r#"printf '{"id":"%s","actual_result":"SUCCESS"}\n' "$id""#;

    fn crash(worker: &Worker) -> String {
        match worker.judge(&case()) {
            Err(EngineError::Crashed(what)) => what,
            other => panic!("no crash: {other:?}"),
        }
    }

    #[test]
    fn one_process_answers_case_after_case() {
        let worker = worker(
            r#"printf '{"id":"%s","actual_result":"FAILURE","context":"%s","reason":"expired"}\n' "$id" "$n""#,
        );
        for number in 1..4 {
            let seen = worker.observe(&case()).expect("an answer");
            assert_eq!(
                seen,
                Observation::rejected(Reason::Expired, number.to_string())
            );
        }
    }

    #[test]
    fn a_skipped_case_is_inconclusive() {
        let worker =
            worker(r#"printf '{"id":"%s","actual_result":"SKIPPED","context":"later"}\n' "$id""#);
        assert_eq!(
            worker.judge(&case()),
            Ok(Verdict::Inconclusive(Why::Skipped("later".into())))
        );
    }

    #[test]
    fn whatever_goes_wrong_is_a_crash_and_the_next_case_is_judged() {
        let table = [
            ("exit 3", "ended without an answer: exit status: 3"),
            ("kill -9 $$", "ended without an answer: signal: 9"),
            (
                "echo boom >&2; exit 1",
                "exit status: 1; standard error ends with: boom",
            ),
            (
                "echo hello",
                "answered nonsense: expected value at line 1 column 1: hello",
            ),
            (
                r#"echo '{"id":"x","actual_result":"MAYBE"}'"#,
                "answered nonsense: unknown variant `MAYBE`",
            ),
            (
                r#"echo '{"id":"other","actual_result":"SUCCESS"}'"#,
                "answered for `other` and not `pkits::s4-1-1`",
            ),
            (
                r"printf '\377\n'",
                "answered nonsense: a line that is not UTF-8",
            ),
            (
                "head -c 1100000 /dev/zero | tr '\\0' x",
                "answered nonsense: a line that is too long",
            ),
            ("sleep 5", "no answer within 1.5s"),
            ("exec 1>&-; sleep 5", "closed its output without an answer"),
        ];
        for (wrong, message) in table {
            // The first process of the worker goes wrong at its second case.
            let worker = worker(&format!("if [ $n = 2 ]; then {wrong}; else {GOOD}; fi"));
            assert_eq!(worker.judge(&case()), Ok(Verdict::Accept), "{wrong}");
            let seen = crash(&worker);
            assert!(seen.contains(message), "{wrong}: {seen}");
            assert_eq!(worker.judge(&case()), Ok(Verdict::Accept), "{wrong}");
        }
    }

    #[test]
    fn noise_on_standard_error_does_no_harm() {
        let worker = worker(&format!("head -c 300000 /dev/zero >&2; {GOOD}"));
        for _ in 0..3 {
            assert_eq!(worker.judge(&case()), Ok(Verdict::Accept));
        }
    }

    #[test]
    fn a_worker_that_never_answers_is_given_up() {
        let worker = worker("exit 1");
        for _ in 0..MAX_CRASHES_IN_A_ROW {
            crash(&worker);
        }
        let error = worker.judge(&case());
        assert_eq!(
            error,
            Err(EngineError::Broke(
                "given up after 8 crashes in a row".into()
            ))
        );
    }

    #[test]
    fn a_worker_that_hangs_is_ended_with_the_engine() {
        let worker = worker("exec sleep 60");
        crash(&worker);
        let start = Instant::now();
        drop(worker);
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_command_that_does_not_exist_is_unavailable() {
        let command = "mine=no-such-program-here --fast"
            .parse()
            .expect("a command");
        let error = Worker::start(command, Duration::from_secs(1))
            .err()
            .expect("no such program");
        assert!(
            error
                .why
                .starts_with("`no-such-program-here` cannot be started"),
            "{error}"
        );
    }
}
