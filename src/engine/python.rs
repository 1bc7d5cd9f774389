//! Engines that are workers in Python and travel inside this binary.

use std::process::{Command, Stdio};

use super::{Engine, EngineOptions, NamedCommand, Unavailable, worker::Worker};

const INTERPRETER: &str = "python3";

/// A worker written in Python.
pub(super) struct PythonWorker {
    /// The engine's name.
    pub(super) name: &'static str,
    /// The module that it needs, which is also the package that brings it.
    pub(super) module: &'static str,
    /// The worker itself. With `--version` it tells that of the module.
    pub(super) script: &'static str,
}

/// pyca/cryptography, which rests on a validator of its own in Rust.
pub(super) const PYCA: PythonWorker = PythonWorker {
    name: "pyca",
    module: "cryptography",
    script: include_str!("../../engines/python-cryptography/worker.py"),
};

impl PythonWorker {
    /// Starts it, if Python and the module are there.
    pub(super) fn open(&self, options: &EngineOptions) -> Result<Box<dyn Engine>, Unavailable> {
        let remedy = format!("{INTERPRETER} -m pip install {}", self.module);
        let output = Command::new(INTERPRETER)
            .args(["-c", self.script, "--version"])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| {
                Unavailable::new(
                    format!("{INTERPRETER} cannot be started: {error}"),
                    remedy.clone(),
                )
            })?;
        if !output.status.success() {
            return Err(Unavailable::new(
                format!("{INTERPRETER} has no module `{}`", self.module),
                remedy,
            ));
        }
        let command = NamedCommand {
            name: self.name.to_owned(),
            program: INTERPRETER.to_owned(),
            arguments: vec!["-c".to_owned(), self.script.to_owned()],
        };
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Box::new(
            Worker::start(command, options.timeout)?
                .stop(options.stop)
                .version(version),
        ))
    }
}
