//! `gatecrash corpus`: the maintainers' side of what is kept.

use std::path::{Path, PathBuf};

use super::{
    CliError, Exit, folder, output,
    replay::{CORPUS, found},
    select,
};
use crate::{
    case::pairs,
    corpus::{
        Reproducer, ReproducerError, inputs,
        known::{BUILT_IN, Known},
    },
    mint::Minter,
    report::layout::{columns, count},
    spelling,
    target::{self, Target},
};

/// Keeps, lists and checks reproducers and known discrepancies.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash corpus list\n  gatecrash corpus check\n  \
                  gatecrash corpus add validity/expired --variant 1 --why 'expired intermediates were let in'"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Keeps the case of a run, or writes the DER of a case.toml anew.
    #[command(
        after_help = "Examples:\n  gatecrash corpus add validity/expired --variant 1 --why 'expired intermediates were let in'\n  \
                            gatecrash corpus add corpus/reproducers/validity-expired-1/case.toml"
    )]
    Add(AddArgs),
    /// Lists what is kept, and why.
    #[command(after_help = "Example:\n  gatecrash corpus list")]
    List(PathArgs),
    /// Mints every reproducer again and compares it with its DER; reads the known discrepancies.
    #[command(after_help = "Example:\n  gatecrash corpus check")]
    Check(PathArgs),
    /// Writes the seeds of fuzz targets and what is kept of their inputs, a file each.
    #[command(
        after_help = "Examples:\n  gatecrash corpus seeds --out fuzz/corpus\n  gatecrash corpus seeds chain der --out /tmp/seeds"
    )]
    Seeds(SeedsArgs),
    /// Keeps what a folder of libFuzzer holds as the inputs of a fuzz target.
    #[command(after_help = "Example:\n  gatecrash corpus keep chain fuzz/corpus/chain")]
    Keep(KeepArgs),
}

#[derive(Debug, clap::Args)]
struct SeedsArgs {
    /// Fuzz targets. Without any, all of them.
    target: Vec<String>,
    /// The folder to write to: below it one folder for each target.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The folder of the inputs that are kept. Without it, corpus/fuzz, and seeds alone where that is none.
    #[arg(long, value_name = "DIR")]
    inputs: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct KeepArgs {
    /// A fuzz target.
    target: String,
    /// A folder with a file for each input.
    folder: PathBuf,
    /// The folder of the inputs that are kept.
    #[arg(long, value_name = "DIR", default_value = inputs::FOLDER)]
    inputs: PathBuf,
}

#[derive(Debug, clap::Args)]
struct AddArgs {
    /// A defect's id, or the case.toml of a reproducer.
    what: String,
    /// The case of a run, by its number after `#`.
    #[arg(long, value_name = "N", default_value_t = 0)]
    variant: u32,
    /// Draws the setting of the variant.
    #[arg(long, value_name = "N", default_value_t = 7)]
    rng_seed: u64,
    /// Why it is kept: what it showed, of whom, where that was reported.
    #[arg(long)]
    why: Option<String>,
    /// The folder of the corpus.
    #[arg(long, value_name = "DIR", default_value = CORPUS)]
    corpus: PathBuf,
}

#[derive(Debug, clap::Args)]
struct PathArgs {
    /// Reproducers, or folders of them. Without any, corpus/reproducers.
    path: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    match &args.command {
        Command::Add(args) => add(args),
        Command::List(args) => list(args),
        Command::Check(args) => check(args),
        Command::Seeds(args) => seeds(args),
        Command::Keep(args) => keep(args),
    }
}

fn add(args: &AddArgs) -> Result<Exit, CliError> {
    let minter = Minter::new();
    let given = Path::new(&args.what);
    // No id of a defect looks like a path.
    if given.exists() || args.what.ends_with(".toml") || args.what.starts_with(['/', '.']) {
        let reproducer = Reproducer::read(given)?;
        let folder = match given.is_dir() {
            true => given,
            false => given.parent().unwrap_or(Path::new(".")),
        };
        reproducer.write(folder, &minter)?;
        output::print(&format!("{}\n", folder.display()))?;
        return Ok(Exit::Clean);
    }
    let defect = select::defect(&args.what)?;
    let Some(why) = args.why.as_deref().filter(|why| !why.trim().is_empty()) else {
        return Err(CliError::arguments(
            "a case is not kept without a reason",
            "say it with --why",
        ));
    };
    let suffix = format!("#{}", args.variant);
    let variants = args.variant.saturating_add(1).min(100_000);
    let minted = pairs(&minter, defect, variants, args.rng_seed)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let kept = minted
        .iter()
        .find(|pair| pair.hostile.id.ends_with(&suffix));
    let Some(reproducer) = kept.and_then(|pair| Reproducer::of_pair(pair, why)) else {
        return Err(CliError::arguments(
            format!(
                "{} has no variant {} under rng seed {}",
                defect.id, args.variant, args.rng_seed
            ),
            "no setting fits there: take another number",
        ));
    };
    folder::check(&args.corpus)?;
    let folder = args.corpus.join(format!(
        "{}-{}",
        defect.id.0.replace('/', "-"),
        args.variant
    ));
    reproducer.write(&folder, &minter)?;
    output::print(&format!("{}\n", folder.display()))?;
    Ok(Exit::Clean)
}

fn list(args: &PathArgs) -> Result<Exit, CliError> {
    let mut rows = Vec::new();
    for path in found(&args.path)? {
        let reproducer = Reproducer::read(&path)?;
        let expected = if reproducer.good { "accept" } else { "reject" };
        rows.push(vec![
            path.display().to_string(),
            reproducer.defect.unwrap_or_else(|| "-".to_owned()),
            reproducer.position.to_string(),
            expected.to_owned(),
            reproducer.why,
        ]);
    }
    output::print(&columns(&rows))?;
    Ok(Exit::Clean)
}

fn check(args: &PathArgs) -> Result<Exit, CliError> {
    let known = Known::from_toml(BUILT_IN, select::is_engine)?;
    let minter = Minter::new();
    let paths = found(&args.path)?;
    let mut rotten = Vec::new();
    for path in &paths {
        let reproducer = Reproducer::read(path)?;
        match reproducer
            .check(path, &minter)
            .and_then(|()| reproducer.mint(path, &minter))
        {
            Ok(_) => {}
            Err(
                error @ (ReproducerError::Rotten { .. } | ReproducerError::UnknownDefect { .. }),
            ) => {
                rotten.push(error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut text = String::new();
    for line in &rotten {
        text.push_str(&format!("✗ {line}\n"));
    }
    text.push_str(&format!(
        "{}, {} rotten; {} known\n",
        count(paths.len(), "reproducer"),
        rotten.len(),
        count(known.entries().len(), "discrepancy").replace("discrepancys", "discrepancies")
    ));
    output::print(&text)?;
    Ok(if rotten.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

fn seeds(args: &SeedsArgs) -> Result<Exit, CliError> {
    let targets: Vec<&Target> = match args.target.as_slice() {
        [] => target::ALL.iter().collect(),
        names => names
            .iter()
            .map(|name| fuzz_target(name))
            .collect::<Result<_, _>>()?,
    };
    folder::check(&args.out)?;
    if let Some(inputs) = &args.inputs {
        std::fs::read_dir(inputs).map_err(|error| CliError::Read {
            path: inputs.clone(),
            error,
        })?;
    }
    let kept_in = args.inputs.as_deref().unwrap_or(Path::new(inputs::FOLDER));
    let mut rows = Vec::new();
    for target in targets {
        let seeds = (target.seeds)();
        let kept = inputs::read(kept_in, target.name)?;
        let folder = args.out.join(target.name);
        inputs::scatter(&folder, &seeds)?;
        inputs::scatter(&folder, &kept)?;
        rows.push(vec![
            folder.display().to_string(),
            count(seeds.len(), "seed"),
            format!("{} kept", kept.len()),
        ]);
    }
    output::print(&columns(&rows))?;
    Ok(Exit::Clean)
}

fn keep(args: &KeepArgs) -> Result<Exit, CliError> {
    let target = fuzz_target(&args.target)?;
    let seeds = (target.seeds)();
    let mut found = inputs::gather(&args.folder)?;
    // Seeds are made from the code, so they need not be kept.
    found.retain(|input| !seeds.contains(input));
    let number = found.len();
    inputs::write(&args.inputs, target.name, found)?;
    output::print(&format!(
        "{}/{}.txt: {}\n",
        args.inputs.display(),
        target.name,
        count(number, "input")
    ))?;
    Ok(Exit::Clean)
}

fn fuzz_target(name: &str) -> Result<&'static Target, CliError> {
    target::find(name).ok_or_else(|| {
        let names: Vec<&str> = target::ALL.iter().map(|target| target.name).collect();
        let meant = spelling::did_you_mean(spelling::nearest(name, names.iter().copied()));
        CliError::arguments(
            format!("no fuzz target is called `{name}`{meant}"),
            format!("there are {}", names.join(", ")),
        )
    })
}
