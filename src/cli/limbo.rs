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
    case::{Case, Exported, Limbo, LimboError, Pair},
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
/// alone, those that `limbo-export` wrote as `run` judges them, with what is known
/// of the catalogue, and all others by the rules of the Web PKI.
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

/// What a case's suite is about.
enum About {
    /// The Web PKI.
    Web,
    /// Path validation alone: PKITS knows nothing of the Web PKI.
    Standard,
    /// Client certificates, as the catalogue has them.
    Catalogue,
}

impl About {
    fn of(id: &str) -> Self {
        match () {
            () if id.starts_with("pkits::") => Self::Standard,
            () if Exported::from_id(id).is_some() => Self::Catalogue,
            () => Self::Web,
        }
    }

    fn profile(&self) -> String {
        let profile = match self {
            Self::Web => Profile::webpki(),
            Self::Standard => Profile::rfc5280(),
            Self::Catalogue => Profile::strict_mtls(),
        };
        profile.name
    }
}

impl BySuite {
    fn new() -> Self {
        Self {
            web: Reference::new(Profile::webpki()),
            standard: Reference::new(Profile::rfc5280()),
            catalogue: Reference::default(),
        }
    }

    fn reference(&self, id: &str) -> &Reference {
        match About::of(id) {
            About::Web => &self.web,
            About::Standard => &self.standard,
            About::Catalogue => &self.catalogue,
        }
    }
}

impl Engine for BySuite {
    fn name(&self) -> &str {
        self.web.name()
    }

    fn version(&self) -> String {
        format!(
            "{} (webpki; rfc5280 for PKITS; strict-mtls for the catalogue)",
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
    if suite.testcases.is_empty() {
        return Err(limbo_error(LimboError::Empty));
    }
    let now = args.time.unwrap_or_else(now);
    let case = |testcase| Case::from_limbo(testcase, now).map_err(limbo_error);
    let cases = suite
        .testcases
        .iter()
        .map(case)
        .collect::<Result<Vec<_>, CliError>>()?;
    let chosen = args.profile.as_deref().map(profile::open).transpose()?;
    let known = Known::from_toml(BUILT_IN, select::is_engine)?;
    let ids = cases.iter().map(|case| case.id.as_str());
    let known = known.for_suite(ids, |id| match &chosen {
        Some(profile) => profile.name.clone(),
        None => About::of(id).profile(),
    });
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
    judge(&Work::Trials(trials(cases)), judging, &args.output)
}

/// What is judged together: of an exported suite a hostile case beside its twin, of any other each case alone.
fn trials(cases: Vec<Case>) -> Vec<Trial> {
    let mut cases = cases.into_iter().peekable();
    let mut trials = Vec::new();
    while let Some(case) = cases.next() {
        trials.push(
            match cases.next_if(|next| next.is_exported_twin_of(&case)) {
                Some(twin) => Trial::Pair(Box::new(Pair {
                    hostile: case,
                    twin,
                })),
                None => Trial::Single(Box::new(case)),
            },
        );
    }
    trials
}
