//! Which engines and which defects a command is about.

use std::{num::NonZeroUsize, thread, time::Duration};

use super::{CliError, interrupt};
use crate::{
    case::Case,
    defect::{self, Defect},
    engine::{
        self, ENGINES, Engine, EngineError, EngineOptions, NamedCommand, OpenError,
        harness::Harness, worker::Worker,
    },
    spelling,
};

/// Seconds for one case, where nobody says otherwise.
const TIMEOUT: u64 = 10;

/// Engines, as every command that judges takes them.
#[derive(Debug, clap::Args)]
pub(super) struct EngineArgs {
    /// Asks this engine and no other of the table, or a server of `engines/servers` in a configuration of its own; give it again for more. Without it, all that are available.
    #[arg(long, value_name = "NAME")]
    pub(super) engine: Vec<String>,
    /// Asks an engine in another process: the command is started once and speaks the worker protocol.
    #[arg(long, value_name = "NAME=CMD")]
    pub(super) worker: Vec<NamedCommand>,
    /// Asks an x509-limbo harness: the command reads a whole suite and answers with a whole result.
    #[arg(long, value_name = "NAME=CMD")]
    pub(super) limbo_harness: Vec<NamedCommand>,
    /// Seconds that a worker or a handshake may take for one case.
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(super) timeout: u64,
    /// Threads that judge. Without it, one a processor.
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
}

impl EngineArgs {
    /// How many threads judge.
    pub(super) fn jobs(&self) -> NonZeroUsize {
        jobs(self.jobs)
    }

    /// What engines are told when they are started.
    pub(super) fn options(&self) -> EngineOptions {
        EngineOptions::default()
            .timeout(Duration::from_secs(self.timeout))
            .jobs(self.jobs())
            .stop(interrupt::stop())
    }

    /// Starts the engines: those that were named, or all that are asked by default and available.
    ///
    /// Harnesses are not among them: they want all cases at once.
    pub(super) fn open(&self) -> Result<Vec<Box<dyn Engine>>, CliError> {
        let options = self.options();
        let mut engines: Vec<Box<dyn Engine>> = Vec::new();
        let mut named: Vec<&String> = self
            .engine
            .iter()
            .filter(|name| !self.is_command(name))
            .collect();
        named.sort_by_key(|name| ENGINES.iter().position(|adapter| adapter.name == **name));
        named.dedup();
        for name in named {
            engines.push(open(name, &options)?);
        }
        if self.engine.is_empty() {
            let by_default = ENGINES.iter().filter(|adapter| adapter.by_default);
            engines.extend(by_default.filter_map(|adapter| (adapter.open)(&options).ok()));
        }
        engines.extend(self.open_workers()?);
        Ok(engines)
    }

    /// Starts the workers.
    pub(super) fn open_workers(&self) -> Result<Vec<Box<dyn Engine>>, CliError> {
        let names: Vec<&str> = self
            .commands()
            .map(|command| command.name.as_str())
            .collect();
        for (index, name) in names.iter().enumerate() {
            if is_engine(name) || names[..index].contains(name) {
                return Err(CliError::arguments(
                    format!("two engines would be called `{name}`"),
                    "give the worker another name: --worker NAME=CMD",
                ));
            }
        }
        let start = |command: &NamedCommand| -> Result<Box<dyn Engine>, CliError> {
            let options = self.options();
            let worker =
                Worker::start(command.clone(), options.timeout).map_err(|unavailable| {
                    CliError::Unavailable {
                        name: command.name.clone(),
                        unavailable,
                    }
                })?;
            Ok(Box::new(worker.stop(options.stop)))
        };
        self.worker.iter().map(start).collect()
    }

    /// Asks the harnesses about all of these cases, so that they have an answer when one is judged.
    pub(super) fn open_harnesses<'c>(
        &self,
        cases: impl Iterator<Item = &'c Case> + Clone,
    ) -> Result<Vec<Box<dyn Engine>>, CliError> {
        let ask = |command: &NamedCommand| -> Result<Box<dyn Engine>, CliError> {
            let options = self.options();
            let harness = Harness::new(command.clone(), options.timeout).stop(options.stop);
            harness
                .ask_all(cases.clone())
                .map_err(|error| match error {
                    EngineError::Interrupted => CliError::Interrupted("the harness answered"),
                    error => CliError::Harness {
                        name: command.name.clone(),
                        error,
                    },
                })?;
            Ok(Box::new(harness))
        };
        self.limbo_harness.iter().map(ask).collect()
    }

    fn commands(&self) -> impl Iterator<Item = &NamedCommand> {
        self.worker.iter().chain(&self.limbo_harness)
    }

    /// Whether a name is that of one of the commands that were given.
    fn is_command(&self, name: &str) -> bool {
        self.commands().any(|command| command.name == name)
    }

    /// The options that give the same engines again, for the command that shows a finding again.
    pub(super) fn again(&self) -> String {
        let shown = |option: &str, commands: &[NamedCommand]| -> String {
            commands
                .iter()
                .filter_map(|command| {
                    let argument = format!("{}={command}", command.name);
                    shlex::try_quote(&argument)
                        .ok()
                        .map(|quoted| format!(" {option} {quoted}"))
                })
                .collect()
        };
        let mut options =
            shown("--worker", &self.worker) + &shown("--limbo-harness", &self.limbo_harness);
        if self.timeout != TIMEOUT {
            options.push_str(&format!(" --timeout {}", self.timeout));
        }
        options
    }
}

/// So many threads as were asked for, or one a processor.
pub(super) fn jobs(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked
        .or_else(|| thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

/// Starts one engine.
pub(super) fn open(name: &str, options: &EngineOptions) -> Result<Box<dyn Engine>, CliError> {
    engine::open(name, options).map_err(|error| match error {
        OpenError::Unknown(unknown) => CliError::Unknown {
            what: "engine",
            list: "`gatecrash engines`",
            name: unknown.name,
            nearest: unknown.nearest.map(str::to_owned),
        },
        OpenError::Unavailable(_) if options.stop.is_set() => {
            CliError::Interrupted("the engine had started")
        }
        OpenError::Unavailable(unavailable) => CliError::Unavailable {
            name: name.to_owned(),
            unavailable,
        },
    })
}

/// Whether there is an engine of this name in the table.
pub(super) fn is_engine(name: &str) -> bool {
    ENGINES.iter().any(|adapter| adapter.name == name)
}

/// The defects that match any of the globs, in the order of the catalogue; all without globs.
pub(super) fn defects(globs: &[String]) -> Result<Vec<&'static Defect>, CliError> {
    for glob in globs {
        if defect::matching(glob).next().is_none() {
            return Err(CliError::Unknown {
                what: "defect",
                list: "`gatecrash defects`",
                name: glob.clone(),
                nearest: defect::nearest(glob).map(str::to_owned),
            });
        }
    }
    let chosen = |defect: &&'static Defect| {
        globs.is_empty()
            || globs
                .iter()
                .any(|glob| spelling::glob_matches(glob, defect.id.0))
    };
    Ok(defect::all().filter(chosen).collect())
}

/// The defect of exactly this id.
pub(super) fn defect(id: &str) -> Result<&'static Defect, CliError> {
    defect::find(id).ok_or_else(|| CliError::Unknown {
        what: "defect",
        list: "`gatecrash defects`",
        name: id.to_owned(),
        nearest: defect::nearest(id).map(str::to_owned),
    })
}

/// The family of exactly this name.
pub(super) fn family(name: &str) -> Result<&'static defect::Family, CliError> {
    defect::CATALOGUE
        .iter()
        .find(|family| family.name == name)
        .ok_or_else(|| CliError::Unknown {
            what: "family",
            list: "`gatecrash defects`",
            name: name.to_owned(),
            nearest: spelling::nearest(name, defect::CATALOGUE.iter().map(|family| family.name))
                .map(str::to_owned),
        })
}
