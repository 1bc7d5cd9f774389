//! From a description to a program that can be started: found, and built where need be.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use super::{description::Configuration, placeholder::Values};
use crate::{child::Group, engine::Unavailable, scratch::Scratch, stop::Stop};

/// How often a build is asked whether it has ended.
const ASKED_EVERY: Duration = Duration::from_millis(10);

/// Where servers are that an ordinary user's PATH leaves out.
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// A server that can be started, again and again.
#[derive(Clone)]
pub struct Prepared {
    pub(super) configuration: Configuration,
    /// Placeholders that do not depend on the start.
    pub(super) values: Values,
    version: String,
    pub(super) stop: Stop,
    /// Holds what was built until nobody needs it.
    _build: Arc<Scratch>,
}

impl Configuration {
    /// Finds the program and builds what is to be built.
    ///
    /// # Errors
    /// When something is missing: the error says what brings it.
    pub fn prepare(self) -> Result<Prepared, Unavailable> {
        self.prepare_until(Stop::NEVER)
    }

    /// The same. `stop` ends the build, and later the wait for a server that starts.
    ///
    /// # Errors
    /// As [`Configuration::prepare`], and when it was ended.
    pub fn prepare_until(self, stop: Stop) -> Result<Prepared, Unavailable> {
        let kind = self.kind;
        let missing = |why: String| Unavailable::new(why, kind.remedy.clone());
        let program = find_program(&kind.program)
            .ok_or_else(|| missing(format!("there is no program `{}`", kind.program)))?;
        let build = Scratch::new("build")
            .map_err(|error| missing(format!("no folder to build in: {error}")))?;
        let mut values = Values::default();
        values.set("program", program.display().to_string());
        values.set("build", build.path().display().to_string());
        if let Some(folder) = &kind.folder {
            let found = find_folder(folder).ok_or_else(|| {
                Unavailable::new(
                    format!("there is no folder `{folder}`"),
                    "run it in a checkout of gatecrash",
                )
            })?;
            if let Some(needed) = kind
                .needs
                .as_ref()
                .filter(|name| !found.join(name).exists())
            {
                return Err(missing(format!("there is no `{folder}/{needed}`")));
            }
            values.set("folder", found.display().to_string());
            if !kind.build.is_empty() {
                let command = values
                    .fill_all(&kind.build)
                    .map_err(|error| missing(error.to_string()))?;
                run(&command, &found, build.path(), stop)
                    .map_err(|why| missing(format!("`{}` fails: {why}", command.join(" "))))?;
            }
        }
        let version = values
            .fill_all(&kind.version)
            .ok()
            .and_then(|command| version(&command))
            .ok_or_else(|| missing(format!("`{}` does not start", kind.program)))?;
        Ok(Prepared {
            configuration: self,
            values,
            version,
            stop,
            _build: Arc::new(build),
        })
    }
}

impl Prepared {
    /// What is started.
    pub fn configuration(&self) -> Configuration {
        self.configuration
    }

    /// The version that the program tells.
    pub fn version(&self) -> &str {
        &self.version
    }
}

fn find_program(name: &str) -> Option<PathBuf> {
    if name == "gatecrash" {
        return own_program();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(SYSTEM_FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// The program `gatecrash` of this build: this one, or the one that lies beside its tests.
fn own_program() -> Option<PathBuf> {
    let own = env::current_exe().ok()?;
    let name = format!("gatecrash{}", env::consts::EXE_SUFFIX);
    let folder = own.parent()?;
    [Some(folder), folder.parent()]
        .into_iter()
        .flatten()
        .map(|folder| folder.join(&name))
        .find(|candidate| candidate.is_file())
}

/// A folder of this repository: below the working folder, or where this was built.
fn find_folder(name: &str) -> Option<PathBuf> {
    let places = [
        env::current_dir().ok(),
        Some(env!("CARGO_MANIFEST_DIR").into()),
    ];
    places
        .into_iter()
        .flatten()
        .map(|place| place.join(name))
        .find(|folder| folder.is_dir())
}

/// Runs a command to its end. The `Err` is the last line that it complained with.
fn run(command: &[String], folder: &Path, build: &Path, stop: Stop) -> Result<(), String> {
    let [program, arguments @ ..] = command else {
        return Ok(());
    };
    let complaints = build.join("complaints");
    let file = File::create(&complaints).map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file);
    // A group, so that a compiler ends together with gatecrash.
    let mut group = Group::spawn(&mut command).map_err(|error| error.to_string())?;
    let status = loop {
        match group.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if stop.is_set() => return Err("it was ended".to_owned()),
            Ok(None) => thread::sleep(ASKED_EVERY),
            Err(error) => return Err(error.to_string()),
        }
    };
    if status.success() {
        return Ok(());
    }
    let complaint = fs::read(&complaints).unwrap_or_default();
    let complaint = String::from_utf8_lossy(&complaint);
    Err(complaint
        .lines()
        .last()
        .unwrap_or("without a word")
        .to_owned())
}

/// The first thing of the shape 1.2 or 1.2.3 that the program tells of itself.
fn version(command: &[String]) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    let found = told
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .map(|run| run.trim_matches('.'))
        .find(|run| run.contains('.'));
    Some(found.unwrap_or("of unknown version").to_owned())
}
