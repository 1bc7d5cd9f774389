//! `gatecrash replay`: the corpus, minted again, compared with its DER, and judged.

use std::path::{Path, PathBuf};

use super::{
    CliError, Exit,
    judge::{Judging, judge},
    minimise::bare_recipe,
    output::Output,
    profile,
    select::{self, EngineArgs},
};
use crate::{
    case::Pair,
    corpus::{
        Reproducer, handshake_script,
        known::{BUILT_IN, Known},
        reproducer,
    },
    engine::{Engine, reference::Reference},
    mint::Minter,
    run::{Trial, Work},
};

/// Where the corpus lies in a clone of the repository.
pub(super) const CORPUS: &str = "corpus/reproducers";

/// Where scripts of handshakes lie beside it.
const SCRIPTS: &str = "corpus/handshake";

/// Replays the corpus: mints each reproducer again, compares it with its DER, and judges it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash replay\n  gatecrash replay corpus/reproducers/revocation --engine webpki\n  \
                  gatecrash replay crash-*.case --profile strict-mtls\n  gatecrash replay corpus/handshake/stolen-certificate.toml --engine rustls"
)]
pub(super) struct Args {
    /// Reproducers and scripts of handshakes, or folders of them. Without any, corpus/reproducers and corpus/handshake.
    path: Vec<PathBuf>,
    /// Judges by this profile instead: one that is shipped, or a file. Without it, the profile that a reproducer names, or strict-mtls.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    #[command(flatten)]
    engines: EngineArgs,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let known = Known::from_toml(BUILT_IN, select::is_engine)?;
    let chosen = args.profile.as_deref().map(profile::open).transpose()?;
    let minter = Minter::new();
    let mut trials = Vec::new();
    let paths: Vec<PathBuf> = args.path.iter().map(|path| beside(path)).collect();
    for path in &paths {
        if path.is_file() && bare_recipe(path)?.is_some() {
            return Err(CliError::arguments(
                format!(
                    "{}: a recipe, which does not say what is expected of it",
                    path.display()
                ),
                format!(
                    "gatecrash corpus add {} --why '…' keeps it as the reference judges it",
                    path.display()
                ),
            ));
        }
    }
    for path in scripts(&paths)? {
        let case = handshake_script::case(&path, &minter)?;
        trials.push(Trial::Single(Box::new(case)));
    }
    for path in reproducers(&paths)? {
        let mut reproducer = Reproducer::read(&path)?;
        // What `mint` writes beside the text is PEM: there are no bytes that could have changed.
        if reproducer::keeps_der(&path) {
            reproducer.check(&path, &minter)?;
        }
        if chosen.is_some() {
            reproducer.profile = None;
        }
        let (case, twin) = reproducer.mint(&path, &minter)?;
        trials.push(match twin {
            Some(twin) => Trial::Pair(Box::new(Pair {
                hostile: case,
                twin,
            })),
            None => Trial::Single(Box::new(case)),
        });
    }
    let mut engines = args.engines.open()?;
    if let Some(profile) = chosen {
        let of_reference = |engine: &&mut Box<dyn Engine>| engine.name() == "reference";
        for engine in engines.iter_mut().filter(of_reference) {
            *engine = Box::new(Reference::new(profile.clone()));
        }
    }
    let cases = trials.iter().flat_map(Trial::cases);
    engines.extend(args.engines.open_harnesses(cases)?);
    let judging = Judging {
        engines,
        known: &known,
        jobs: args.engines.jobs(),
        orders: args.engines.limbo_harness.is_empty(),
        command: format!("gatecrash run{}", args.engines.again()),
    };
    judge(&Work::Trials(trials), judging, &args.output)
}

/// A path, or the reproducer that a fuzz target left beside it: libFuzzer's own octets are not replayed here.
fn beside(path: &Path) -> PathBuf {
    let with = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let left = [with(".case"), with(".toml")];
    let is_of_libfuzzer = path.is_file() && path.extension().is_none();
    let mut left = left.into_iter().filter(|_| is_of_libfuzzer);
    left.find(|beside| beside.exists())
        .unwrap_or_else(|| path.to_owned())
}

/// The scripts of handshakes at these paths, or those of the corpus.
fn scripts(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let usual = [PathBuf::from(SCRIPTS)];
    let paths = match paths.is_empty() {
        true if usual[0].exists() => &usual[..],
        _ => paths,
    };
    let mut found = Vec::new();
    for path in paths {
        found.extend(handshake_script::list(path)?);
    }
    Ok(found)
}

/// The reproducers at these paths, beside scripts.
fn reproducers(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    if paths.is_empty() {
        return found(paths);
    }
    let mut rest = Vec::new();
    for path in paths {
        // A folder or a file of scripts need hold no reproducer.
        let are_scripts = !handshake_script::list(path)?.is_empty()
            && reproducer::list(path)?
                .iter()
                .all(|at| handshake_script::is_script(at));
        if !are_scripts {
            rest.push(path.clone());
        }
    }
    match rest.is_empty() {
        true => Ok(Vec::new()),
        false => found(&rest),
    }
}

/// The reproducers at these paths, or those of the corpus.
pub(super) fn found(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let usual = [PathBuf::from(CORPUS)];
    let paths = if paths.is_empty() { &usual } else { paths };
    let mut found = Vec::new();
    for path in paths {
        let here = reproducer::list(path)?;
        if here.is_empty() {
            return Err(nothing(path));
        }
        found.extend(here);
    }
    if let Some(missing) = found.iter().find(|path| !path.exists()) {
        return Err(nothing(missing));
    }
    Ok(found)
}

fn nothing(path: &Path) -> CliError {
    if let Err(error) = path.metadata() {
        return CliError::Read {
            path: path.to_owned(),
            error,
        };
    }
    CliError::arguments(
        format!("{}: there is no reproducer here", path.display()),
        "a reproducer is a folder with a case.toml; the project's own lie in corpus/reproducers of its repository",
    )
}
