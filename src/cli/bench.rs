//! `gatecrash bench`: benchmarks per release, kept as ratios.
//!
//! Times drift between machines and ratios hold: what is kept of a group of
//! benchmarks is each time divided by that of its first member in the alphabet
//! that is not ours.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{CliError, Exit, input, load, output, siege, soak};
use crate::report::layout::columns;

/// Where releases keep their ratios in a clone of the repository.
const RELEASES: &str = "benches/releases";

/// The members of groups that are our own code, whose speed is in question.
const OURS: &[&str] = &["reference", "server"];

/// Puts load on the reference server, and keeps the results of `cargo bench` as ratios between releases.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo bench\n  gatecrash bench record\n  gatecrash bench compare benches/releases/0.1.0.json benches/releases/0.2.0.json\n  \
                        gatecrash bench load\n  gatecrash bench exhaust\n  gatecrash bench soak --minutes 30"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Stores what `cargo bench` measured last.
    #[command(after_help = "Example:\n  gatecrash bench record --version 0.1.0")]
    Record(RecordArgs),
    /// Compares two releases, or the last release with what `cargo bench` measured last.
    #[command(after_help = "Example:\n  gatecrash bench compare --tolerance 15")]
    Compare(CompareArgs),
    Load(load::Args),
    Exhaust(siege::Args),
    Soak(soak::Args),
    /// The server that `load` compares with: axum on tokio-rustls, and nothing more.
    #[command(
        hide = true,
        after_help = "Example:\n  gatecrash bench plain-server ./pki --listen 127.0.0.1:8444"
    )]
    PlainServer(load::PlainArgs),
}

#[derive(Debug, clap::Args)]
struct RecordArgs {
    /// Where criterion keeps its results.
    #[arg(long, value_name = "DIR", default_value = "target/criterion")]
    criterion: PathBuf,
    /// The release.
    #[arg(long, value_name = "VERSION", default_value = env!("CARGO_PKG_VERSION"))]
    version: String,
    /// Where releases are kept.
    #[arg(long, value_name = "DIR", default_value = RELEASES)]
    releases: PathBuf,
}

#[derive(Debug, clap::Args)]
struct CompareArgs {
    /// The earlier release. Without it, the last that is kept.
    old: Option<PathBuf>,
    /// The later release. Without it, what criterion measured last.
    new: Option<PathBuf>,
    /// Where criterion keeps its results.
    #[arg(long, value_name = "DIR", default_value = "target/criterion")]
    criterion: PathBuf,
    /// Where releases are kept.
    #[arg(long, value_name = "DIR", default_value = RELEASES)]
    releases: PathBuf,
    /// By how many per cent a ratio may grow.
    #[arg(long, value_name = "PERCENT", default_value_t = 15.0)]
    tolerance: f64,
}

/// The benchmarks of one release.
#[derive(Debug, Serialize, Deserialize)]
struct Release {
    schema: u32,
    version: String,
    /// By group and member.
    benches: BTreeMap<String, BTreeMap<String, Measured>>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Measured {
    /// Nanoseconds of one iteration: the median.
    nanoseconds: f64,
    /// The same over that of the group's yardstick.
    ratio: f64,
}

#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    match &args.command {
        Command::Record(args) => record(args),
        Command::Compare(args) => compare(args),
        Command::Load(args) => load::run(args),
        Command::Exhaust(args) => siege::run(args),
        Command::Soak(args) => soak::run(args),
        Command::PlainServer(args) => load::plain(args),
    }
}

fn record(args: &RecordArgs) -> Result<Exit, CliError> {
    let release = measured(&args.criterion, &args.version)?;
    let path = args.releases.join(format!("{}.json", args.version));
    let text =
        serde_json::to_string_pretty(&release).map_err(crate::report::ReportError::from)? + "\n";
    let write_error = |error| CliError::Write {
        to: path.display().to_string(),
        error,
    };
    fs::create_dir_all(&args.releases).map_err(write_error)?;
    fs::write(&path, text).map_err(write_error)?;
    output::print(&format!("{}\n{}", path.display(), table(&release)))?;
    Ok(Exit::Clean)
}

fn table(release: &Release) -> String {
    let rows: Vec<Vec<String>> = release
        .benches
        .iter()
        .flat_map(|(group, members)| {
            members
                .iter()
                .map(move |(member, measured)| (group, member, measured))
        })
        .map(|(group, member, measured)| {
            vec![
                format!("  {group}"),
                member.clone(),
                format!("{:.1} µs", measured.nanoseconds / 1000.0),
                format!("× {:.3}", measured.ratio),
            ]
        })
        .collect();
    columns(&rows)
}

fn compare(args: &CompareArgs) -> Result<Exit, CliError> {
    let old = match &args.old {
        Some(path) => read(path)?,
        None => read(&last(&args.releases)?)?,
    };
    let new = match &args.new {
        Some(path) => read(path)?,
        None => measured(&args.criterion, "now")?,
    };
    let mut rows = vec![vec![
        String::new(),
        String::new(),
        old.version.clone(),
        new.version.clone(),
        String::new(),
    ]];
    let mut slower = false;
    for (group, members) in &new.benches {
        for (member, is) in members {
            let was = old
                .benches
                .get(group)
                .and_then(|members| members.get(member));
            let change = was.map(|was| (is.ratio / was.ratio - 1.0) * 100.0);
            slower |= change.is_some_and(|change| change > args.tolerance);
            rows.push(vec![
                group.clone(),
                member.clone(),
                was.map_or_else(|| "-".to_owned(), |was| format!("× {:.3}", was.ratio)),
                format!("× {:.3}", is.ratio),
                change.map_or_else(|| "new".to_owned(), |change| format!("{change:+.1} %")),
            ]);
        }
    }
    output::print(&columns(&rows))?;
    Ok(if slower { Exit::Findings } else { Exit::Clean })
}

fn read(path: &Path) -> Result<Release, CliError> {
    let problem = |problem: String| CliError::Json {
        path: path.to_owned(),
        what: "a release",
        problem,
    };
    let release: Release =
        serde_json::from_slice(&input::text(path)?).map_err(|error| problem(error.to_string()))?;
    match release.schema {
        1 => Ok(release),
        other => Err(problem(format!("schema {other} is not known"))),
    }
}

/// The file of the last release, by its version.
fn last(releases: &Path) -> Result<PathBuf, CliError> {
    let entries = fs::read_dir(releases).map_err(|error| CliError::Read {
        path: releases.to_owned(),
        error,
    })?;
    let version = |path: &PathBuf| -> Option<Vec<u64>> {
        let stem = path.file_stem()?.to_str()?;
        stem.split('.').map(|part| part.parse().ok()).collect()
    };
    let paths = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"));
    paths
        .filter_map(|path| Some((version(&path)?, path)))
        .max()
        .map(|(_, path)| path)
        .ok_or_else(|| {
            CliError::arguments(
                format!("{}: no release is kept here", releases.display()),
                "`gatecrash bench record` keeps one",
            )
        })
}

/// What criterion measured last.
fn measured(criterion: &Path, version: &str) -> Result<Release, CliError> {
    let mut times: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    let mut folders = vec![criterion.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| CliError::Read {
            path: folder.clone(),
            error,
        })?;
        for path in entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
        {
            let is_last = path.file_name().is_some_and(|name| name == "new");
            if !is_last || !path.join("benchmark.json").is_file() {
                folders.push(path);
                continue;
            }
            let benchmark: Benchmark = json(&path.join("benchmark.json"))?;
            let estimates: Estimates = json(&path.join("estimates.json"))?;
            let parts = [benchmark.function_id, benchmark.value_str];
            let member = parts.into_iter().flatten().collect::<Vec<_>>().join("/");
            times
                .entry(benchmark.group_id)
                .or_default()
                .insert(member, estimates.median.point_estimate);
        }
    }
    if times.is_empty() {
        return Err(CliError::arguments(
            format!("{}: criterion has measured nothing", criterion.display()),
            "run `cargo bench` first",
        ));
    }
    let benches = times
        .into_iter()
        .map(|(group, members)| (group, ratios(members)))
        .collect();
    Ok(Release {
        schema: 1,
        version: version.to_owned(),
        benches,
    })
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, CliError> {
    serde_json::from_slice(&input::text(path)?).map_err(|error| CliError::Json {
        path: path.to_owned(),
        what: "criterion",
        problem: error.to_string(),
    })
}

/// The yardstick of a group is the first member that is not ours; alone, a member is its own.
fn ratios(members: BTreeMap<String, f64>) -> BTreeMap<String, Measured> {
    let is_ours = |member: &str| {
        OURS.iter()
            .any(|ours| member.split(['/', ' ']).any(|part| part == *ours))
    };
    let yardstick = members
        .iter()
        .find(|(member, _)| !is_ours(member))
        .or(members.iter().next())
        .map(|(_, time)| *time);
    let ratio = |nanoseconds: f64| {
        yardstick
            .filter(|time| *time > 0.0)
            .map_or(1.0, |time| nanoseconds / time)
    };
    members
        .into_iter()
        .map(|(member, nanoseconds)| {
            (
                member,
                Measured {
                    nanoseconds,
                    ratio: ratio(nanoseconds),
                },
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_criterion_measured_is_read_as_ratios_to_the_others() {
        let root = tempfile::tempdir().expect("a folder");
        for (member, median) in [("reference", 150.0), ("webpki", 100.0)] {
            let folder = root.path().join("chain").join(member).join("new");
            fs::create_dir_all(&folder).expect("a folder");
            let benchmark =
                format!(r#"{{"group_id": "chain", "function_id": "{member}", "value_str": null}}"#);
            fs::write(folder.join("benchmark.json"), benchmark).expect("writes");
            let estimates = format!(
                r#"{{"median": {{"point_estimate": {median}}}, "mean": {{"point_estimate": 1.0}}}}"#
            );
            fs::write(folder.join("estimates.json"), estimates).expect("writes");
        }
        let release = measured(root.path(), "0.1.0").expect("measured");
        assert_eq!(release.benches["chain"]["reference"].ratio, 1.5);
        assert_eq!(release.benches["chain"]["webpki"].ratio, 1.0);
    }

    #[test]
    fn the_last_release_is_by_number_and_not_by_letter() {
        let root = tempfile::tempdir().expect("a folder");
        for version in ["0.9.0", "0.10.0", "0.2.11"] {
            fs::write(root.path().join(format!("{version}.json")), "{}").expect("writes");
        }
        assert!(last(root.path()).expect("kept").ends_with("0.10.0.json"));
    }
}
