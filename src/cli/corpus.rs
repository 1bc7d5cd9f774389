//! `gatecrash corpus`: the maintainers' side of what is kept.

use std::path::{Path, PathBuf};

use super::{
    CliError, Exit, folder,
    minimise::bare_recipe,
    output,
    replay::{CORPUS, found},
    select,
};
use crate::{
    case::{Case, Expected, pairs},
    corpus::{
        Reproducer, ReproducerError, inputs,
        known::{BUILT_IN, Known},
        minimise::MinimiseError,
    },
    defect::Position,
    engine::{Engine as _, reference::Reference},
    mint::Minter,
    recipe::Recipe,
    report::layout::{columns, count},
    spelling,
    target::{self, Target},
    verdict::Verdict,
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
    /// Keeps the case of a run or a recipe, or writes the DER of a case.toml anew.
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
    /// A defect's id, the case.toml of a reproducer, or a recipe such as minimise writes.
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

/// Below this number a variant is found in seconds.
const MOST_VARIANTS: u32 = 10_000;

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
        if let Some(recipe) = bare_recipe(given)? {
            return add_recipe(args, given, recipe, &minter);
        }
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
        return Err(without_reason());
    };
    let suffix = format!("#{}", args.variant);
    // All variants before it are made as well.
    if args.variant >= MOST_VARIANTS {
        return Err(CliError::arguments(
            format!(
                "--variant {} is more than {}",
                args.variant,
                MOST_VARIANTS - 1
            ),
            "another --rng-seed gives other variants",
        ));
    }
    let variants = args.variant + 1;
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

/// Keeps a recipe, such as `minimise` writes: what is expected of it is what the reference says.
fn add_recipe(
    args: &AddArgs,
    path: &Path,
    recipe: Recipe,
    minter: &Minter,
) -> Result<Exit, CliError> {
    let Some(why) = args.why.as_deref().filter(|why| !why.trim().is_empty()) else {
        return Err(without_reason());
    };
    let case = Case::from_recipe(minter, recipe.clone(), "kept".to_owned(), Expected::Accept)
        .map_err(MinimiseError::from)?;
    let seen = Reference::default()
        .observe(&case)
        .map_err(MinimiseError::from)?;
    let good = match seen.verdict {
        Verdict::Accept => true,
        Verdict::Reject(_) => false,
        Verdict::Inconclusive(why) => {
            return Err(CliError::arguments(
                format!("{}: the reference cannot tell: {why}", path.display()),
                "what is kept must be good or wrong",
            ));
        }
    };
    let reproducer = Reproducer {
        why: why.to_owned(),
        defect: None,
        position: Position::Chain,
        reasons: seen.reasons,
        good,
        profile: None,
        recipe,
        twin: None,
    };
    folder::check(&args.corpus)?;
    let name = path.file_stem().unwrap_or_default();
    let folder = args.corpus.join(name);
    if folder.exists() {
        return Err(CliError::arguments(
            format!("{}: it is there already", folder.display()),
            "give the recipe's file another name",
        ));
    }
    reproducer.write(&folder, minter)?;
    let reasons: Vec<_> = reproducer.reasons.iter().map(ToString::to_string).collect();
    let expected = match good {
        true => "must be accepted".to_owned(),
        false => format!("must be refused for {}", reasons.join(", ")),
    };
    output::print(&format!(
        "{}: {expected}, says the reference\n",
        folder.display()
    ))?;
    Ok(Exit::Clean)
}

fn without_reason() -> CliError {
    CliError::arguments("a case is not kept without a reason", "say it with --why")
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
        let mut seeds = (target.seeds)();
        seeds.sort();
        seeds.dedup();
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
    let before = found.len();
    // libFuzzer would cut them, and then they say something else.
    found.retain(|input| input.len() <= target.max_length as usize);
    let too_long = before - found.len();
    if found.is_empty() {
        let what = match too_long {
            0 => "nothing but seeds, which are made from the code".to_owned(),
            _ => format!("every input is longer than {} takes", target.name),
        };
        let hint = format!(
            "what is kept of {} stays as it is; an input has at most {} octets",
            target.name, target.max_length
        );
        let folder = args.folder.display();
        return Err(CliError::arguments(format!("{folder}: {what}"), hint));
    }
    found.sort();
    found.dedup();
    let number = found.len();
    let replaced = inputs::read(&args.inputs, target.name)?.len();
    inputs::write(&args.inputs, target.name, found)?;
    let left_out = match too_long {
        0 => String::new(),
        number => format!(
            ", {number} of more than {} octets left out",
            target.max_length
        ),
    };
    output::print(&format!(
        "{}/{}.txt: {} in the place of {replaced}{left_out}\n",
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
