//! `gatecrash bench soak`: everything at once for a long time.

use std::{thread, time::Duration};

use serde_json::json;

use super::{
    CliError, Exit, folder,
    load::runtime,
    output::{ListFormat, ListOutput, Sink},
};
use crate::{
    load::{Measured, Soak, SoakReport},
    report::layout::columns,
};

/// Puts honest, hostile and rotating load on the reference server at once, for as long as wanted.
///
/// Afterwards nobody hostile may have been let in, nobody honest turned away, memory must be
/// flat, and no thread may have panicked. Exit code 1 otherwise.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  gatecrash bench soak --minutes 30 --rate 20")]
pub(super) struct Args {
    /// How long, in minutes.
    #[arg(long, value_name = "MINUTES", default_value_t = 1.0)]
    minutes: f64,
    /// Honest connections a second; hostile ones are half as many.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    rate: u32,
    /// How many attackers try to exhaust the server meanwhile.
    #[arg(long, value_name = "N", default_value_t = 26, value_parser = clap::value_parser!(u16).range(0..=1024))]
    attackers: u16,
    /// How often everything is rotated, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(2..=3600))]
    rotate: u64,
    #[command(flatten)]
    output: ListOutput,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    if !(0.05..=1_440.0).contains(&args.minutes) {
        return Err(CliError::arguments(
            format!("--minutes {} is not between 0.05 and 1440", args.minutes),
            "give some minutes, such as --minutes 30",
        ));
    }
    let soak = Soak {
        duration: Duration::from_secs_f64(args.minutes * 60.0),
        rate: f64::from(args.rate),
        attackers: usize::from(args.attackers),
        rotation: Duration::from_secs(args.rotate),
    };
    let sink = args.output.open()?;
    let folder = folder::private("load")?;
    let progress = show_time(soak.duration);
    let report = runtime()?.block_on(soak.run(folder.path()));
    progress.finish_and_clear();
    let report = report?;
    tell(args, sink, &report)?;
    Ok(if report.findings().is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

/// A bar that runs with the clock; indicatif hides it where there is no terminal.
fn show_time(duration: Duration) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new(duration.as_secs().max(1));
    let ticking = bar.clone();
    thread::spawn(move || {
        while !ticking.is_finished() {
            thread::sleep(Duration::from_secs(1));
            ticking.inc(1);
        }
    });
    bar
}

fn tell(args: &Args, sink: Sink, report: &SoakReport) -> Result<(), CliError> {
    let (early, late) = report.memory_early_and_late();
    let findings = report.findings();
    if args.output.format == ListFormat::Json {
        let counts = |measured: &Measured| {
            json!({
                "let_in": measured.let_in, "resumed": measured.resumed,
                "refused": measured.refused, "lost": measured.lost,
            })
        };
        let hostile: serde_json::Map<_, _> = report
            .hostile
            .iter()
            .map(|hostile| (hostile.name.to_owned(), counts(&hostile.measured)))
            .collect();
        let document = json!({
            "schema": 1,
            "honest": counts(&report.honest),
            "p99_microseconds": report.honest.quantile(0.99),
            "hostile": hostile,
            "rotations": report.rotations,
            "memory_kib": { "early": early, "late": late },
            "findings": findings,
        });
        let text =
            serde_json::to_string_pretty(&document).map_err(crate::report::ReportError::from)?;
        return sink.write(&(text + "\n"));
    }
    let mut table = vec![
        ["", "let in", "resumed", "refused", "no answer"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut row = |name: &str, measured: &Measured| {
        let counts = [
            measured.let_in,
            measured.resumed,
            measured.refused,
            measured.lost,
        ];
        let cells = std::iter::once(name.to_owned()).chain(counts.map(|count| count.to_string()));
        table.push(cells.collect());
    };
    row("honest", &report.honest);
    for hostile in &report.hostile {
        row(hostile.name, &hostile.measured);
    }
    let mut text = columns(&table);
    text.push_str(&format!(
        "\nhonest latency p50 {} µs, p99 {} µs   {} rotations   memory {early} KiB early, {late} KiB late\n",
        report.honest.quantile(0.5),
        report.honest.quantile(0.99),
        report.rotations,
    ));
    if findings.is_empty() {
        text.push_str("nothing went wrong\n");
    }
    for finding in findings {
        text.push_str(&format!("WRONG  {finding}\n"));
    }
    sink.write(&text)
}
