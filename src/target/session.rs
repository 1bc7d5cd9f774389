//! One run of one target: where its findings go, and how far its inputs got.

use std::fmt::Write as _;

use super::{Alarm, Artifacts, Health, Target};

/// One run of one target.
pub struct Session {
    /// How far inputs got.
    pub health: Health,
    target: &'static Target,
    artifacts: Option<Artifacts>,
}

impl Session {
    /// A run that writes no files.
    pub fn new(target: &'static Target) -> Self {
        Self {
            health: Health::default(),
            target,
            artifacts: None,
        }
    }

    /// The same, with reports and reproducers beside libFuzzer's own files.
    #[must_use]
    pub fn with_artifacts(mut self, artifacts: Artifacts) -> Self {
        self.artifacts = Some(artifacts);
        self
    }

    /// The target.
    pub fn target(&self) -> &'static Target {
        self.target
    }

    /// Runs one input.
    ///
    /// # Panics
    /// When an oracle finds something.
    pub fn run(&mut self, input: &[u8]) {
        self.health.begin();
        (self.target.run)(input, self);
    }

    /// Ends the run with a report. A recipe goes into a folder that `gatecrash replay` takes.
    ///
    /// # Panics
    /// Always: that is how libFuzzer is told.
    pub fn fail(&self, input: &[u8], alarm: &Alarm) -> ! {
        let mut text = format!("{}: {}\n{}\n", self.target.name, alarm.what, alarm.detail);
        if let Some(artifacts) = &self.artifacts {
            let _ = match artifacts.keep(input, alarm, &text) {
                Ok(words) => writeln!(text, "{words}"),
                Err(error) => writeln!(text, "no reproducer was written: {error}"),
            };
        } else if let Some(reproducer) = &alarm.reproducer {
            let recipe = reproducer.recipe.to_toml();
            let _ = writeln!(text, "{}", recipe.unwrap_or_else(|error| error.to_string()));
        }
        panic!("{text}");
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        panic::{AssertUnwindSafe, catch_unwind},
        path::PathBuf,
    };

    use super::*;
    use crate::{
        corpus::{Reproducer, handshake_script},
        defect::Position,
        mint::Minter,
        recipe::generate::Setting,
        script::Start,
    };

    fn artifacts(prefix: &str) -> Artifacts {
        Artifacts::from_arguments([format!("-artifact_prefix={prefix}")].into_iter())
    }

    #[test]
    fn an_alarm_of_a_handshake_leaves_its_script() {
        let root = tempfile::tempdir().expect("a folder");
        let prefix = format!("{}/", root.path().display());
        let target = super::super::find("handshake").expect("a target");
        let session = Session::new(target).with_artifacts(artifacts(&prefix));
        let script = Start::ALL[0].script();
        let alarm = Alarm {
            script: Some(Box::new(script.clone())),
            ..Alarm::new("somebody was let in", "because")
        };
        catch_unwind(AssertUnwindSafe(|| session.fail(b"abc", &alarm))).expect_err("it panics");
        let file = format!("{prefix}crash-a9993e364706816aba3e25717850c26c9cd0d89d.toml");
        let kept = handshake_script::read(file.as_ref()).expect("a script");
        assert_eq!(kept, script);
    }

    #[test]
    fn an_alarm_leaves_a_report_and_a_reproducer_beside_the_bytes() {
        let root = tempfile::tempdir().expect("a folder");
        let prefix = format!("{}/chain/", root.path().display());
        let target = super::super::find("chain").expect("a target");
        let session = Session::new(target).with_artifacts(artifacts(&prefix));
        let alarm = Alarm {
            reproducer: Some(Box::new(Reproducer {
                why: "to try it out".to_owned(),
                defect: None,
                position: Position::EndEntity,
                reasons: Vec::new(),
                good: true,
                profile: None,
                recipe: Setting::default().recipe(),
                twin: None,
            })),
            ..Alarm::new("somebody let it in", "because")
        };
        let panic = catch_unwind(AssertUnwindSafe(|| session.fail(b"abc", &alarm)));
        let words = panic.expect_err("it panics");
        let words = words.downcast_ref::<String>().expect("words");
        assert!(words.contains("gatecrash replay"), "{words}");
        // The name is that of libFuzzer: SHA-1 of the input.
        let name = "crash-a9993e364706816aba3e25717850c26c9cd0d89d";
        let read = |suffix: &str| fs::read_to_string(format!("{prefix}{name}{suffix}"));
        assert!(read(".txt").expect("a report").contains("because"));
        let case = PathBuf::from(format!("{prefix}{name}.case"));
        let kept = Reproducer::read(&case).expect("a reproducer");
        kept.check(&case, &Minter::new()).expect("the same bytes");
    }
}
