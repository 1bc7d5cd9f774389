//! What `run`, `limbo` and `replay` share: judge with a progress bar, end early
//! on Ctrl-C, report, and choose the exit code.

use std::{num::NonZeroUsize, time::Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    CliError, Exit, interrupt,
    output::{self, Output},
};
use crate::{
    corpus::known::Known,
    engine::Engine,
    report::{self, Context, Format},
    run::{self, Options, RunReport, Work},
};

/// How the work is to be judged.
pub(super) struct Judging<'a> {
    /// Who is asked.
    pub(super) engines: Vec<Box<dyn Engine>>,
    /// Known discrepancies.
    pub(super) known: &'a Known,
    /// How many threads judge.
    pub(super) jobs: NonZeroUsize,
    /// Whether irrelevant changes of order are tried. A harness is not asked about those.
    pub(super) orders: bool,
    /// The command that shows a finding again, but for engine and defect.
    pub(super) command: String,
}

/// Judges the work and reports it.
pub(super) fn judge(work: &Work, judging: Judging<'_>, output: &Output) -> Result<Exit, CliError> {
    let text = |report: &RunReport, context: &Context| {
        report::render(report, Format::Text, context).map_err(CliError::from)
    };
    judge_and_tell(work, judging, output, |_| (), text)
}

/// The same with something to do before the report, and a text of its own for people.
pub(super) fn judge_and_tell(
    work: &Work,
    judging: Judging<'_>,
    output: &Output,
    settle: impl FnOnce(&mut RunReport),
    text: impl FnOnce(&RunReport, &Context) -> Result<String, CliError>,
) -> Result<Exit, CliError> {
    let Judging {
        engines,
        known,
        jobs,
        orders,
        command,
    } = judging;
    let sink = output.open()?;
    let engines: Vec<&dyn Engine> = engines.iter().map(Box::as_ref).collect();
    // Drawn on standard error, and on a terminal alone.
    let bar = ProgressBar::new(work.cases() as u64).with_style(
        ProgressStyle::with_template("{wide_bar} {pos}/{len} cases   {elapsed}   {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let progress = |done: usize| bar.set_position(done as u64);
    let start = Instant::now();
    let stopwatch = || start.elapsed();
    let options = Options {
        jobs,
        orders,
        stop: Some(interrupt::flag()),
        progress: Some(&progress),
        stopwatch: Some(&stopwatch),
        ..Options::new(known)
    };
    let mut report = run::run(work, &engines, &options);
    settle(&mut report);
    let elapsed = start.elapsed();
    bar.finish_and_clear();

    let context = Context {
        paint: output.paint(),
        width: output::width(),
        elapsed: Some(elapsed),
        command,
    };
    let told = match output.format {
        Format::Text => text(&report, &context)?,
        format => report::render(&report, format, &context)?,
    };
    sink.write(&told)?;
    if report.interrupted {
        interrupt::told(report.summary().cases, report.planned, "cases judged");
    }
    Ok(match () {
        // What was not judged cannot be called clean.
        () if report.interrupted => Exit::Interrupted,
        () if !report.broken.is_empty() => Exit::Broken,
        () if report.has_news() => Exit::Findings,
        () => Exit::Clean,
    })
}
