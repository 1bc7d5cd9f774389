//! `gatecrash minimise`: the smallest recipe that still shows a finding.

use std::path::{Path, PathBuf};

use super::{
    CliError, Exit, error, input, interrupt,
    output::{ListFormat, ListOutput},
    select,
};
use crate::{
    corpus::{
        Reproducer, handshake_script,
        minimise::minimise,
        reproducer::{TEXT, is_reproducer},
    },
    engine::{Capability, Engine, EngineOptions},
    mint::Minter,
    recipe::Recipe,
};

/// Finds the smallest recipe on which an engine still differs from the control in the same way.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash mint validity/expired --out ./here\n  gatecrash minimise ./here/hostile/case.toml --engine webpki"
)]
pub(super) struct Args {
    /// A recipe, or a reproducer: its folder or the case.toml in it.
    file: PathBuf,
    /// The engine that shows something.
    #[arg(long, value_name = "NAME")]
    engine: String,
    /// The engine that keeps the meaning; reference, and rustls where a handshake is judged, unless told otherwise.
    #[arg(long, value_name = "NAME")]
    control: Option<String>,
    /// Writes the recipe to a file instead of standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let stop = interrupt::stop();
    let options = EngineOptions::default().stop(stop);
    let recipe = recipe(&args.file)?;
    let engine = select::open(&args.engine, &options)?;
    let usual = match (&recipe.handshake, &*args.engine) {
        (None, _) => "reference",
        (Some(_), "rustls") => "server",
        (Some(_), _) => "rustls",
    };
    let control = args.control.as_deref().unwrap_or(usual);
    if args.engine == control {
        return Err(CliError::arguments(
            format!("{} is held against itself", args.engine),
            "give another engine with --control, such as webpki",
        ));
    }
    let control = select::open(control, &options)?;
    let judges = |engine: &dyn Engine| engine.capabilities().contains(&Capability::Handshake);
    for engine in [&engine, &control] {
        if recipe.handshake.is_some() && !judges(engine.as_ref()) {
            return Err(CliError::arguments(
                format!(
                    "{} judges no handshakes, and {} has one",
                    engine.name(),
                    args.file.display()
                ),
                "give engines that do: `gatecrash engines` names them",
            ));
        }
    }
    let sink = ListOutput {
        format: ListFormat::Text,
        output: args.output.clone(),
    }
    .open()?;
    let (engine, control) = (engine.as_ref(), control.as_ref());
    let least =
        minimise(&Minter::new(), recipe, engine, control, stop).map_err(|error| {
            match stop.is_set() {
                true => CliError::Interrupted("the engines had answered"),
                false => error.into(),
            }
        })?;
    let text = least.recipe.to_toml().map_err(|error| CliError::Recipe {
        path: args.file.clone(),
        error,
    })?;
    sink.write(&format!(
        "# {} {} (tried {})\n{text}",
        args.engine, least.symptom, least.tried
    ))?;
    if stop.is_set() {
        error::note("interrupted: there may be a smaller one");
        return Ok(Exit::Interrupted);
    }
    Ok(Exit::Clean)
}

/// The recipe of a file: a reproducer's, that around a script, or the file itself.
fn recipe(path: &Path) -> Result<Recipe, CliError> {
    // What a crash and `corpus add` leave is a folder.
    let path = &match path.is_dir() {
        true => path.join(TEXT),
        false => path.to_owned(),
    };
    let text = text(path)?;
    if is_reproducer(&text) {
        return Ok(Reproducer::read(path)?.recipe);
    }
    if is_bare_script(&text) {
        let case = handshake_script::case(path, &Minter::new())?;
        return case.recipe.ok_or_else(|| {
            CliError::arguments(
                format!("{} gives no recipe", path.display()),
                "give a recipe, a reproducer or a script",
            )
        });
    }
    of_text(path, &text)
}

/// The recipe of a file that is one and no reproducer. None for a folder, and for any other text.
pub(super) fn bare_recipe(path: &Path) -> Result<Option<Recipe>, CliError> {
    if path.is_dir() {
        return Ok(None);
    }
    let text = text(path)?;
    let is_recipe = toml::from_str::<toml::Table>(&text)
        .is_ok_and(|top| top.contains_key("presented") || top.contains_key("certificate"));
    match is_recipe && !is_reproducer(&text) {
        true => of_text(path, &text).map(Some),
        false => Ok(None),
    }
}

fn text(path: &Path) -> Result<String, CliError> {
    let bytes = input::bytes(path, "a recipe or a reproducer", 16 << 20)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn of_text(path: &Path, text: &str) -> Result<Recipe, CliError> {
    Recipe::from_toml(text).map_err(|error| CliError::Recipe {
        path: path.to_owned(),
        error,
    })
}

/// Whether a text says at its top what scripts of handshakes alone say.
fn is_bare_script(text: &str) -> bool {
    toml::from_str::<toml::Table>(text)
        .is_ok_and(|top| top.contains_key("side") && top.contains_key("step"))
}
