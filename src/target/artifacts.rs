//! What a finding leaves beside libFuzzer's bytes: a report, and what `gatecrash
//! replay` takes: a recipe with its DER, or the script of a handshake.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    corpus::{Reproducer, inputs::sha1_name},
    mint::Minter,
    script::Script,
};

/// What an oracle found, for people.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// What is wrong, in one line.
    pub what: String,
    /// What helps to understand it: the engines' words, the bytes.
    pub detail: String,
    /// The case as a recipe, where there is one.
    pub reproducer: Option<Box<Reproducer>>,
    /// The handshake as a script, where it is one.
    pub script: Option<Box<Script>>,
}

impl Alarm {
    /// An alarm without a recipe.
    pub fn new(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            detail: detail.into(),
            reproducer: None,
            script: None,
        }
    }
}

/// The words that libFuzzer was started with. One that is no text is read as far as it is.
pub fn arguments() -> impl Iterator<Item = String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned())
}

/// Where libFuzzer leaves the input that crashed.
#[derive(Clone, Debug)]
pub struct Artifacts {
    prefix: PathBuf,
    exact: bool,
}

impl Artifacts {
    /// As libFuzzer reads it from its arguments: `-artifact_prefix`, which is `./` unless it is
    /// given, or one exact path.
    pub fn from_arguments(arguments: impl Iterator<Item = String>) -> Self {
        let mut artifacts = Self {
            prefix: "./".into(),
            exact: false,
        };
        for argument in arguments {
            if let Some(path) = argument.strip_prefix("-exact_artifact_path=") {
                (artifacts.prefix, artifacts.exact) = (path.into(), true);
            } else if let Some(prefix) = argument.strip_prefix("-artifact_prefix=")
                && !artifacts.exact
            {
                artifacts.prefix = prefix.into();
            }
        }
        artifacts
    }

    /// The name of libFuzzer's own file for an input, with an ending.
    fn path(&self, input: &[u8], ending: &str) -> PathBuf {
        let mut name = self.prefix.as_os_str().to_owned();
        if !self.exact {
            name.push(format!("crash-{}", sha1_name(input)));
        }
        name.push(ending);
        PathBuf::from(name)
    }

    /// Writes what stands beside the bytes, and tells what to do with it.
    pub(super) fn keep(
        &self,
        input: &[u8],
        alarm: &Alarm,
        text: &str,
    ) -> Result<String, Box<dyn std::error::Error>> {
        let report = self.path(input, ".txt");
        if let Some(parent) = report.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&report, text)?;
        if let Some(reproducer) = &alarm.reproducer {
            let folder = self.path(input, ".case");
            reproducer.write(&folder, &Minter::new())?;
            return Ok(format!(
                "with real signatures: gatecrash replay {}",
                word(&folder)
            ));
        }
        if let Some(script) = &alarm.script {
            let file = self.path(input, ".toml");
            fs::write(&file, script.to_toml()?)?;
            return Ok(format!("on every server: gatecrash replay {}", word(&file)));
        }
        Ok(format!("report: {}", report.display()))
    }
}

/// A path as a word of a shell's command line.
fn word(path: &Path) -> String {
    let text = path.to_string_lossy();
    shlex::try_quote(&text).map_or_else(|_| text.to_string(), |quoted| quoted.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_where_libfuzzer_leaves_its_own() {
        let sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
        for (arguments, expected) in [
            (&["chain", "corpus"][..], format!("./crash-{sha1}.txt")),
            (
                &["chain", "-artifact_prefix=found/"],
                format!("found/crash-{sha1}.txt"),
            ),
            (
                &[
                    "chain",
                    "-exact_artifact_path=it",
                    "-artifact_prefix=found/",
                ],
                "it.txt".to_owned(),
            ),
        ] {
            let arguments = arguments.iter().map(ToString::to_string);
            let artifacts = Artifacts::from_arguments(arguments);
            assert_eq!(artifacts.path(b"abc", ".txt"), PathBuf::from(expected));
        }
    }
}
