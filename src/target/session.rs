//! One run of one target: where its findings go, and how far its inputs got.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    corpus::{Reproducer, inputs::sha1_name},
    mint::Minter,
};

use super::{Health, Target};

/// One run of one target.
pub struct Session {
    /// How far inputs got.
    pub health: Health,
    target: &'static Target,
    artifacts: Option<PathBuf>,
}

/// What an oracle found, for people.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// What is wrong, in one line.
    pub what: String,
    /// What helps to understand it: the engines' words, the bytes.
    pub detail: String,
    /// The case as a recipe, where there is one.
    pub reproducer: Option<Box<Reproducer>>,
}

impl Alarm {
    /// An alarm without a recipe.
    pub fn new(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            detail: detail.into(),
            reproducer: None,
        }
    }
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

    /// The same, with reports and reproducers beside libFuzzer's own files:
    /// `prefix` is the value of its `-artifact_prefix`.
    #[must_use]
    pub fn with_artifacts(mut self, prefix: impl Into<PathBuf>) -> Self {
        self.artifacts = Some(prefix.into());
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
        if let Some(prefix) = &self.artifacts {
            let _ = match self.keep(prefix, input, alarm, &text) {
                Ok(words) => writeln!(text, "{words}"),
                Err(error) => writeln!(text, "no reproducer was written: {error}"),
            };
        } else if let Some(reproducer) = &alarm.reproducer {
            let recipe = reproducer.recipe.to_toml();
            let _ = writeln!(text, "{}", recipe.unwrap_or_else(|error| error.to_string()));
        }
        panic!("{text}");
    }

    fn keep(
        &self,
        prefix: &Path,
        input: &[u8],
        alarm: &Alarm,
        text: &str,
    ) -> Result<String, Box<dyn std::error::Error>> {
        let path = |suffix: &str| {
            let mut name = prefix.as_os_str().to_owned();
            name.push(libfuzzer_name(input));
            name.push(suffix);
            PathBuf::from(name)
        };
        if let Some(parent) = path("").parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path(".txt"), text)?;
        let Some(reproducer) = &alarm.reproducer else {
            return Ok(format!("report: {}", path(".txt").display()));
        };
        let folder = path(".case");
        reproducer.write(&folder, &Minter::new())?;
        Ok(format!(
            "with real signatures: gatecrash replay {}",
            folder.display()
        ))
    }
}

/// The name that libFuzzer gives to an input that crashes.
fn libfuzzer_name(input: &[u8]) -> String {
    format!("crash-{}", sha1_name(input))
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::{defect::Position, recipe::generate::Setting};

    #[test]
    fn an_alarm_leaves_a_report_and_a_reproducer_beside_the_bytes() {
        let root = tempfile::tempdir().expect("a folder");
        let prefix = format!("{}/chain/", root.path().display());
        let target = super::super::find("chain").expect("a target");
        let session = Session::new(target).with_artifacts(prefix.clone());
        let alarm = Alarm {
            reproducer: Some(Box::new(Reproducer {
                why: "to try it out".to_owned(),
                defect: None,
                position: Position::EndEntity,
                reasons: Vec::new(),
                good: true,
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
