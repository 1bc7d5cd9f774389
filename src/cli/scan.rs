//! `gatecrash scan`: what a live mTLS endpoint lets in.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    CliError, Exit, input, interrupt,
    mint::now,
    output::{self, Output},
    scan_evidence::Evidence,
};
use crate::{
    case::PrivateKey,
    defect::Severity,
    mint::{GivenKey, Template},
    report::{self, Context, Format},
    scan::{
        self, Admits, Bounds, Client, Credentials, Endpoint, Files, Pace, Pki, Plan, Request,
        ScanReport, Scene, ServerKind, Wishes,
    },
};

/// Throws the catalogue, handshake and downgrade probes at a live mTLS endpoint, and reports what it lets in.
///
/// Give the CA certificate and key of your staging PKI: the scan makes its
/// certificates in memory, and writes nothing. A client certificate of your own
/// is used as it is, and tells the scan which name is the right one.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash scan localhost:8443 --ca-cert ca.pem --ca-key ca.key\n  \
                        gatecrash scan https://localhost:8443/orders --ca-cert ca.pem --ca-key ca.key --template client.pem --template-key client.key\n  \
                        gatecrash scan localhost:8443 --ca-cert ca.pem --ca-key ca.key --only 'certificate/trust/*' --dry-run"
)]
pub(super) struct Args {
    /// The endpoint: HOST:PORT, or an https URL whose path is asked for.
    #[arg(value_name = "HOST:PORT|URL")]
    endpoint: String,
    /// The CA that the server trusts, or an intermediate of it. Certificates after it in the file are presented too.
    #[arg(long, value_name = "F")]
    ca_cert: PathBuf,
    /// Its private key: PKCS #8, SEC 1 or PKCS #1, in PEM or DER. It never leaves memory.
    #[arg(long, value_name = "F")]
    ca_key: PathBuf,
    /// A client certificate that must be let in, with its chain.
    #[arg(long, value_name = "CERT")]
    template: Option<PathBuf>,
    /// The client's private key.
    #[arg(long, value_name = "F", requires = "template")]
    template_key: Option<PathBuf>,
    /// A path to ask for; those after the first must demand a certificate too. Without it, that of the URL.
    #[arg(long, value_name = "PATH")]
    path: Vec<String>,
    /// A header of every request.
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<(String, String)>,
    /// A further name to ask for in the handshake.
    #[arg(long, value_name = "NAME")]
    sni: Vec<String>,
    /// Only probes whose ids match; `*` stands for any text. Give it again for more.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// Lists every probe and the bounds, and shows none of them.
    #[arg(long)]
    dry_run: bool,
    /// What the server is, for remedies: node, nginx, apache, haproxy, envoy, go, java or rustls. Without it, guessed.
    #[arg(long, value_name = "KIND")]
    server: Option<ServerKind>,
    /// Who may come in: nobody but the template, or anybody to whom the CA gave a certificate.
    #[arg(long, value_enum, value_name = "WHO")]
    admits: Option<Who>,
    /// Chains that cost the server far more to judge than to make are shown too.
    #[arg(long)]
    exhaustion: bool,
    /// The endpoint is mine, although it is not on this machine.
    #[arg(long)]
    i_own_this_endpoint: bool,
    /// Visits a second, at most.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Visits altogether, at most.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    max_visits: u32,
    /// Seconds that the scan may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    max_seconds: u64,
    /// Seconds that one visit may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// Probes side by side.
    #[arg(long, value_name = "N", default_value = "8")]
    jobs: NonZeroUsize,
    /// Ends with 1 when a finding is at least as bad: critical, high, medium, low or info.
    #[arg(long, value_name = "SEVERITY", default_value = "low", value_parser = severity)]
    fail_on: Severity,
    #[command(flatten)]
    evidence: Evidence,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Who {
    /// Nobody but the client of --template.
    Template,
    /// Anybody to whom the CA gave a certificate.
    Anybody,
}

impl From<Who> for Admits {
    fn from(who: Who) -> Self {
        match who {
            Who::Template => Self::Template,
            Who::Anybody => Self::Anybody,
        }
    }
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or_else(|| "write it as `Name: value`".to_owned())?;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) || value.contains(['\r', '\n', '\0']) {
        return Err("its name or its value has letters that no header may have".to_owned());
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

pub(super) fn severity(text: &str) -> Result<Severity, String> {
    [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Info,
    ]
    .into_iter()
    .find(|severity| severity.to_string() == text)
    .ok_or_else(|| "it is one of critical, high, medium, low and info".to_owned())
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let endpoint = Endpoint::find(&args.endpoint)?;
    if !endpoint.is_loopback() && !args.i_own_this_endpoint {
        return Err(CliError::arguments(
            format!("{endpoint} is not on this machine"),
            "scan only what is yours; if it is, say so with --i-own-this-endpoint",
        ));
    }
    if !matches!(args.output.format, Format::Text | Format::Json) {
        return Err(CliError::arguments(
            "a scan is reported as text or json",
            "take --format text or --format json",
        ));
    }
    let sink = args.output.open()?;
    let pki = pki(args)?;
    let bounds = Bounds {
        per_second: args.rate,
        visits: args.max_visits,
        time: Duration::from_secs(args.max_seconds),
    };
    let pace = Pace::start(bounds, Some(interrupt::flag()));
    let client = Client::new(endpoint, Duration::from_secs(args.timeout), pace);
    let mut wishes = wishes(args, client.endpoint());
    args.evidence.read(&mut wishes)?;
    if args.dry_run {
        let scene = scan::unseen(client, pki, wishes)?;
        let plan = planned(&scene)?;
        sink.write(&listed(&scene, &plan, bounds))?;
        return Ok(Exit::Clean);
    }
    let scene = scan::set_scene(client, pki, wishes)?;
    let plan = planned(&scene)?;
    announce(&scene, &plan, bounds);

    // Drawn on standard error, and on a terminal alone.
    let bar = ProgressBar::new(plan.len() as u64).with_style(
        ProgressStyle::with_template("probes    {wide_bar} {pos}/{len}   {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut report = scan::scan(&scene, &plan, &|progress| {
        bar.set_position(progress.done as u64);
    });
    bar.finish_and_clear();
    args.evidence
        .audit(&mut report, scene.pki.authority(), scene.pki.now())?;
    args.evidence.compare(&mut report)?;

    let context = Context {
        paint: args.output.paint(),
        width: output::width(),
        ..Context::default()
    };
    sink.write(&report::scan::render(
        &report,
        args.output.format,
        &context,
    )?)?;
    match &report.broken {
        // What was learned all the same has been written.
        Some(why) if scene.refusal().is_some() => Err(CliError::arguments(
            why.clone(),
            "is it the CA that this server trusts, and a client that it lets in?",
        )),
        Some(why) => Err(CliError::ScanBroken(why.clone())),
        None if is_bad(&report, args.fail_on) => Ok(Exit::Findings),
        None => Ok(Exit::Clean),
    }
}

/// With an earlier report what is new or worse decides, without one everything does.
fn is_bad(report: &ScanReport, severity: Severity) -> bool {
    match &report.drift {
        Some(drift) => drift.is_worse(severity),
        None => scan::has_at_least(report, severity),
    }
}

fn planned(scene: &Scene) -> Result<Plan, CliError> {
    let plan = Plan::of(scene);
    match plan.is_empty() {
        true => Err(CliError::arguments(
            "no probe matches --only",
            "--dry-run without --only lists all of them",
        )),
        false => Ok(plan),
    }
}

/// The CA, the client, and what is made of them.
fn pki(args: &Args) -> Result<Pki, CliError> {
    let time = now();
    let (certificate, key) = (&args.ca_cert, &args.ca_key);
    let chain = input::certificates(certificate)?;
    let mut template = Template::new()
        .with_authority(&chain, input::private_key(key)?, time)
        .map_err(|error| CliError::template(certificate, error))?;
    let mut given = None;
    if let Some(path) = &args.template {
        let chain = input::certificates(path)?;
        let key = args.template_key.as_deref();
        template = template
            .with_end_entity(&chain[0], key.map(input::private_key).transpose()?, time)
            .map_err(|error| CliError::template(path, error))?;
        if let Some(key) = key {
            let key = private_key(key)?;
            given = Some(Credentials { chain, key });
        }
    }
    Ok(Pki::new(template, given, time))
}

fn private_key(path: &Path) -> Result<PrivateKey, CliError> {
    input::private_key(path).map(|key: GivenKey| key.to_private())
}

fn wishes(args: &Args, endpoint: &Endpoint) -> Wishes {
    let mut paths = args.path.iter().cloned();
    let first = paths.next().unwrap_or_else(|| endpoint.path().to_owned());
    let mut request = Request::get(first);
    request.headers.clone_from(&args.header);
    let shown = |path: &PathBuf| path.display().to_string();
    Wishes {
        paths: paths.collect(),
        server_names: args.sni.clone(),
        only: args.only.clone(),
        kind: args.server,
        admits: args.admits.map(Into::into),
        exhaustion: args.exhaustion,
        jobs: args.jobs,
        files: Files {
            ca_cert: shown(&args.ca_cert),
            ca_key: shown(&args.ca_key),
            template: args.template.as_ref().map(shown),
            template_key: args.template_key.as_ref().map(shown),
        },
        ..Wishes::new(request)
    }
}

/// The bounds, before anything is shown.
fn told(scene: &Scene, plan: &Plan, bounds: Bounds) -> String {
    format!(
        "{}: {} probes, at most {} visits in {} s, {} a second",
        scene.client.endpoint(),
        plan.len(),
        bounds.visits,
        bounds.time.as_secs(),
        bounds.per_second
    )
}

fn announce(scene: &Scene, plan: &Plan, bounds: Bounds) {
    super::error::note(&told(scene, plan, bounds));
}

fn listed(scene: &Scene, plan: &Plan, bounds: Bounds) -> String {
    let rows: Vec<Vec<String>> = plan
        .probes()
        .map(|probe| {
            let expected = match probe.expected {
                scan::Expected::Accept => "let in",
                scan::Expected::Reject => "refuse",
            };
            vec![probe.id, expected.to_owned(), probe.shows]
        })
        .collect();
    format!(
        "{}{}\n",
        report::layout::columns(&rows),
        told(scene, plan, bounds)
    )
}
