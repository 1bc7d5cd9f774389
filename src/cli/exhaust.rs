//! `gatecrash exhaust`: every chain of a bounded scope.

use std::{collections::BTreeMap, num::NonZeroUsize};

use super::{
    CliError, Exit,
    judge::{Judging, judge_and_tell},
    output::Output,
    select,
};
use crate::{
    case::{Case, SCOPES, Scope, scope},
    corpus::known::Known,
    engine::{self, ENGINES, Engine, EngineOptions, reference::Reference},
    mint::Minter,
    oracle::{Answer, Kind},
    report,
    run::{JudgedCase, RunReport, Trial, Work},
    spelling,
    target::lenient::{self, Again},
    validator::Profile,
    verdict::Verdict,
};

/// Shows every chain of a bounded scope to the in-process engines: where they differ, or that they do not.
///
/// The reference validator judges by RFC 5280 alone here. Nobody knows the right answer to most of
/// these chains, so a finding is a difference. One that follows from what is known of an engine,
/// such as that it does not read key usage, is told as known.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash exhaust\n  gatecrash exhaust --scope names\n  gatecrash exhaust --scope usage --engine webpki --engine aws-lc\n  gatecrash exhaust --list"
)]
pub(super) struct Args {
    /// Only this scope; give it again for more. Without it, all.
    #[arg(long, value_name = "NAME")]
    scope: Vec<String>,
    /// Asks this engine; give it again for more. Without it, all that live in this process.
    #[arg(long, value_name = "NAME")]
    engine: Vec<String>,
    /// Threads that judge. Without it, one a processor.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Only tells which scopes there are, and how many chains each holds.
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    output: Output,
}

/// The engine that is held to the standard alone.
const REFERENCE: &str = "reference";

/// Engines that are asked by default: those that need no process and no socket.
const IN_PROCESS: [&str; 4] = [REFERENCE, "webpki", "rustls", "aws-lc"];

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let scopes = scopes(&args.scope)?;
    if args.list {
        let line =
            |scope: &&Scope| format!("{:12}{:>7}   {}\n", scope.name, scope.size(), scope.summary);
        args.output
            .open()?
            .write(&scopes.iter().map(line).collect::<String>())?;
        return Ok(Exit::Clean);
    }
    let minter = Minter::new();
    let cases = scopes.iter().flat_map(|scope| scope.cases(&minter));
    let cases: Vec<Case> = cases
        .collect::<Result<_, _>>()
        .expect("a test mints every chain of every scope");
    let known = Known::none();
    let trials = cases
        .iter()
        .cloned()
        .map(|case| Trial::Unlabelled(Box::new(case)));
    let judging = Judging {
        engines: engines(&args.engine)?,
        known: &known,
        jobs: select::jobs(args.jobs),
        orders: false,
        command: "gatecrash exhaust".to_owned(),
    };
    judge_and_tell(
        &Work::Trials(trials.collect()),
        judging,
        &args.output,
        |report| mark_known(report, &cases),
        |report, context| Ok(report::exhaust::render(report, context)),
    )
}

fn scopes(names: &[String]) -> Result<Vec<&'static Scope>, CliError> {
    for name in names {
        if scope(name).is_none() {
            let all = SCOPES.iter().map(|scope| scope.name);
            return Err(CliError::Unknown {
                what: "scope",
                list: "`gatecrash exhaust --list`",
                name: name.clone(),
                nearest: spelling::nearest(name, all).map(str::to_owned),
            });
        }
    }
    let chosen = |scope: &&Scope| names.is_empty() || names.iter().any(|name| name == scope.name);
    Ok(SCOPES.iter().filter(chosen).collect())
}

fn engines(names: &[String]) -> Result<Vec<Box<dyn Engine>>, CliError> {
    let options = EngineOptions::default();
    let mut names = match names.is_empty() {
        true => IN_PROCESS.map(str::to_owned).to_vec(),
        false => names.to_vec(),
    };
    names.sort();
    names.dedup();
    names.sort_by_key(|name| ENGINES.iter().position(|adapter| adapter.name == *name));
    let open = |name: &String| -> Result<Box<dyn Engine>, CliError> {
        match name.as_str() {
            REFERENCE => Ok(Box::new(Reference::new(Profile::rfc5280()))),
            name => select::open(name, &options),
        }
    };
    names.iter().map(open).collect()
}

/// Marks the differences that follow from what is known of the engines.
fn mark_known(report: &mut RunReport, cases: &[Case]) {
    let names: Vec<String> = report
        .engines
        .iter()
        .map(|engine| engine.name.clone())
        .collect();
    // Where the work was ended early, not every case was judged.
    let cases: BTreeMap<&str, &Case> = cases.iter().map(|case| (&*case.id, case)).collect();
    let judged: BTreeMap<&str, (&JudgedCase, &Case)> = report
        .cases
        .iter()
        .filter_map(|judged| Some((&*judged.id, (judged, *cases.get(&*judged.id)?))))
        .collect();
    for finding in &mut report.findings {
        if finding.kind() != Kind::Discrepancy {
            continue;
        }
        if let Some(&(judged, case)) = judged.get(finding.case())
            && follows(&names, judged, case)
        {
            finding.set_known(WHY);
        }
    }
}

const WHY: &str =
    "each engine that differs from the reference does so for a reason for which it is known to";

/// Whether every engine that differs from the reference is known to for the reasons at hand.
fn follows(names: &[String], judged: &JudgedCase, case: &Case) -> bool {
    let said = |answer: &Option<Answer>| {
        let observation = answer.as_ref()?.conclusive()?;
        Some((
            observation.verdict.reason().is_none(),
            observation.reasons.clone(),
        ))
    };
    let reference = names.iter().position(|name| name == REFERENCE);
    let Some((accepts, _)) = reference.and_then(|index| said(judged.answers.get(index)?)) else {
        return false;
    };
    // An answer has reasons alone; what is known of an engine depends on where the fault lies.
    let standard = Reference::new(Profile::rfc5280());
    let judge = |case: &Case| standard.report(case).ok();
    let Some(report) = judge(case) else {
        return false;
    };
    let violations = &report.violations;
    names
        .iter()
        .zip(&judged.answers)
        .all(|(name, answer)| match said(answer) {
            Some((true, _)) if !accepts => {
                let again = Again {
                    reference: &judge,
                    engine: &|case| {
                        let engine = engine::open(name, &EngineOptions::default()).ok()?;
                        Some(engine.judge(case).ok()? == Verdict::Accept)
                    },
                };
                lenient::takes(name, violations, case, &again)
                    || lenient::takes(verifier_of(name), violations, case, &again)
            }
            Some((false, theirs)) if accepts => lenient::refuses(verifier_of(name), &theirs, case),
            _ => true,
        })
}

/// rustls asks rustls-webpki, and so errs as it does.
fn verifier_of(engine: &str) -> &str {
    match engine {
        "rustls" => "webpki",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::EngineError,
        run::{self, Options},
    };

    fn report(cases: &[Case], engines: &[Box<dyn Engine>]) -> RunReport {
        let trials = cases.iter().cloned();
        let trials = trials.map(|case| Trial::Unlabelled(Box::new(case)));
        let known = Known::none();
        let options = Options {
            orders: false,
            ..Options::new(&known)
        };
        let engines: Vec<&dyn Engine> = engines.iter().map(Box::as_ref).collect();
        let mut report = run::run(&Work::Trials(trials.collect()), &engines, &options);
        mark_known(&mut report, cases);
        report
    }

    #[test]
    fn the_engines_differ_in_no_scope_in_a_way_that_is_news() {
        let minter = Minter::new();
        let cases: Vec<Case> = SCOPES
            .iter()
            .flat_map(|scope| scope.cases(&minter))
            .collect::<Result<_, _>>()
            .expect("mints");
        let report = report(&cases, &engines(&[]).expect("in this process"));
        assert!(!report.findings.is_empty(), "known differences show");
        let news = report
            .findings
            .iter()
            .filter(|finding| finding.known().is_none());
        let news: Vec<String> = news.map(ToString::to_string).collect();
        assert!(news.is_empty(), "{}", news.join("\n"));
        let text = report::exhaust::render(&report, &report::Context::default());
        for expected in [
            "graph   320 chains, all judged alike",
            "each with usage=sign",
        ] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }

    #[test]
    fn an_engine_that_takes_everything_is_news() {
        struct Credulous;
        impl Engine for Credulous {
            fn name(&self) -> &str {
                "credulous"
            }
            fn judge(&self, _: &Case) -> Result<Verdict, EngineError> {
                Ok(Verdict::Accept)
            }
        }
        let minter = Minter::new();
        let scope = scope("length").expect("exists");
        let cases: Vec<Case> = scope
            .cases(&minter)
            .collect::<Result<_, _>>()
            .expect("mints");
        let mut engines = engines(&["reference".to_owned()]).expect("in this process");
        engines.push(Box::new(Credulous));
        let report = report(&cases, &engines);
        assert!(
            report
                .findings
                .iter()
                .any(|finding| finding.known().is_none())
        );
    }
}
