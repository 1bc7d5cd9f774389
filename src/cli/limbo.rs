//! `gatecrash limbo`: suites that no one here wrote.

use std::path::PathBuf;

use super::{
    CliError, Exit, input,
    judge::{Judging, judge},
    mint::now,
    output::Output,
    profile,
    select::{self, EngineArgs},
};
use crate::{
    case::{Case, Limbo, exported_defect},
    corpus::known::{BUILT_IN, Known},
    engine::{Capability, Engine, EngineError, Observation, reference::Reference},
    question::Time,
    run::{Trial, Work},
    validator::Profile,
    verdict::Verdict,
};

/// Runs an x509-limbo file (version 1) on the engines.
///
/// The reference validator judges cases of NIST's PKITS (`pkits::`) by RFC 5280
/// alone, those of `limbo-export` by the rules of mutual TLS, and all others by
/// the rules of the Web PKI, as the suites mean them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash limbo limbo.json\n  gatecrash limbo limbo.json --engine reference --profile strict-mtls\n  gatecrash limbo limbo.json --engine webpki --format json --output limbo-run.json"
)]
pub(super) struct Args {
    /// The suite.
    file: PathBuf,
    #[command(flatten)]
    engines: EngineArgs,
    /// The validation time of cases that give none. Without it, now.
    #[arg(long, value_name = "T")]
    time: Option<Time>,
    /// What the reference validator demands: rfc5280, webpki, strict-mtls, or a file in TOML.
    /// Without it, what the suite of each case is about.
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    #[command(flatten)]
    output: Output,
}

/// The engine that judges by a profile.
const REFERENCE: &str = "reference";

/// The reference validator under the profile that a case's suite is about.
struct BySuite {
    web: Reference,
    standard: Reference,
    catalogue: Reference,
}

/// What a suite is about.
enum Subject {
    /// The Web PKI.
    Web,
    /// Path validation alone, as PKITS tests it.
    Standard,
    /// This catalogue, for mutual TLS first.
    Catalogue,
}

impl Subject {
    fn of(id: &str) -> Self {
        if id.starts_with("pkits::") {
            Self::Standard
        } else if exported_defect(id).is_some() {
            Self::Catalogue
        } else {
            Self::Web
        }
    }

    fn profile(&self) -> Profile {
        match self {
            Self::Web => Profile::webpki(),
            Self::Standard => Profile::rfc5280(),
            Self::Catalogue => Profile::strict_mtls(),
        }
    }
}

impl BySuite {
    fn new() -> Self {
        Self {
            web: Reference::new(Subject::Web.profile()),
            standard: Reference::new(Subject::Standard.profile()),
            catalogue: Reference::default(),
        }
    }

    fn reference(&self, id: &str) -> &Reference {
        match Subject::of(id) {
            Subject::Web => &self.web,
            Subject::Standard => &self.standard,
            Subject::Catalogue => &self.catalogue,
        }
    }
}

impl Engine for BySuite {
    fn name(&self) -> &str {
        self.web.name()
    }

    fn version(&self) -> String {
        format!(
            "{} (webpki; rfc5280 for PKITS, strict-mtls for the catalogue)",
            env!("CARGO_PKG_VERSION")
        )
    }

    fn capabilities(&self) -> &[Capability] {
        self.web.capabilities()
    }

    fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
        self.reference(&case.id).judge(case)
    }

    fn observe(&self, case: &Case) -> Result<Observation, EngineError> {
        self.reference(&case.id).observe(case)
    }

    fn reached_signatures(&self, observation: &Observation) -> Option<bool> {
        self.web.reached_signatures(observation)
    }
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let limbo_error = |error| CliError::Limbo {
        path: args.file.clone(),
        error,
    };
    let suite = Limbo::read(&input::text(&args.file)?).map_err(limbo_error)?;
    let now = args.time.unwrap_or_else(now);
    let case = |testcase| Case::from_limbo(testcase, now).map_err(limbo_error);
    let cases = suite
        .testcases
        .iter()
        .map(case)
        .collect::<Result<Vec<_>, CliError>>()?;
    let chosen = args.profile.as_deref().map(profile::open).transpose()?;
    let known = Known::from_toml(BUILT_IN, select::is_engine)?;
    let of_suite = known.for_suite(|id| match &chosen {
        Some(profile) => profile.name.clone(),
        None => Subject::of(id).profile().name,
    });
    let ids = cases.iter().map(|case| case.id.as_str());
    let known = of_suite.with_cases_of(&known, ids);
    let mut engines = args.engines.open()?;
    for engine in engines
        .iter_mut()
        .filter(|engine| engine.name() == REFERENCE)
    {
        *engine = match &chosen {
            Some(profile) => Box::new(Reference::new(profile.clone())),
            None => Box::new(BySuite::new()),
        };
    }
    engines.extend(args.engines.open_harnesses(cases.iter())?);
    let judging = Judging {
        engines,
        known: &known,
        jobs: args.engines.jobs(),
        orders: args.engines.limbo_harness.is_empty(),
        command: format!(
            "gatecrash limbo {}{}{}",
            args.file.display(),
            args.profile
                .as_ref()
                .map_or_else(String::new, |profile| format!(" --profile {profile}")),
            args.engines.again()
        ),
    };
    let trials = cases
        .into_iter()
        .map(|case| Trial::Single(Box::new(case)))
        .collect();
    judge(&Work::Trials(trials), judging, &args.output)
}
