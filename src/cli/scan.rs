//! `gatecrash scan`: what a live mTLS endpoint lets in.

use std::{
    ffi::OsString,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::{Args as _, FromArgMatches as _};
use indicatif::{ProgressBar, ProgressStyle};
use rustls_pki_types::DnsName;

use super::{
    CliError, Exit, input, interrupt, key_pair,
    mint::now,
    output::{self, Output},
    scan_again, scan_config,
    scan_evidence::Evidence,
};
use crate::{
    case::PrivateKey,
    defect::Severity,
    mint::{GivenKey, Template},
    report::{self, Context},
    scan::{
        self, Admits, Bounds, Client, Credentials, Endpoint, Handed, Hook, Kept, Pace, Pki, Place,
        Plan, Policy, Request, ScanReport, Scene, ServerKind, Wishes,
    },
    spelling::glob_matches,
};

/// Throws the catalogue, handshake and downgrade probes at a live mTLS endpoint, and reports what it lets in.
///
/// Give the CA certificate and key of your staging PKI: the scan makes its
/// certificates in memory, and writes nothing. A client certificate of your own
/// is used as it is, and tells the scan which name is the right one.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("commands").multiple(true),
    after_help = "Examples:\n  gatecrash scan localhost:8443 --ca-cert ca.pem --ca-key ca.key\n  \
                        gatecrash scan https://localhost:8443/orders --ca-cert ca.pem --ca-key ca.key --template client.pem --template-key client.key\n  \
                        gatecrash scan localhost:8443 --ca-cert ca.pem --ca-key ca.key --only 'certificate/trust/*' --dry-run\n  \
                        gatecrash scan --config-dir /etc/app"
)]
pub(super) struct Args {
    /// The endpoint: HOST:PORT, or an https URL whose path is asked for.
    #[arg(value_name = "HOST:PORT|URL", required_unless_present_any = ["config", "config_dir"])]
    pub(super) endpoint: Option<String>,
    /// A file with these options, as TOML: `endpoint` and the names below. What is given here counts before it.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The CA that the server trusts, or an intermediate of it. Certificates after it in the file are presented too.
    #[arg(long, value_name = "F", required_unless_present_any = ["config", "config_dir"])]
    pub(super) ca_cert: Option<PathBuf>,
    /// Its private key: PKCS #8, SEC 1 or PKCS #1, in PEM or DER. It never leaves memory.
    #[arg(long, value_name = "F", required_unless_present_any = ["config", "config_dir"])]
    pub(super) ca_key: Option<PathBuf>,
    /// A client certificate that must be let in, with its chain.
    #[arg(long, value_name = "CERT")]
    pub(super) template: Option<PathBuf>,
    /// The client's private key.
    #[arg(long, value_name = "F", requires = "template")]
    pub(super) template_key: Option<PathBuf>,
    /// A path to ask for; those after the first must demand a certificate too. Without it, that of the URL.
    #[arg(long, value_name = "PATH", value_parser = path)]
    pub(super) path: Vec<String>,
    /// A header of every request.
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    pub(super) header: Vec<(String, String)>,
    /// A further name to ask for in the handshake.
    #[arg(long, value_name = "NAME", value_parser = server_name)]
    pub(super) sni: Vec<String>,
    /// Only probes whose ids match; `*` stands for any text. Give it again for more.
    #[arg(long, value_name = "GLOB")]
    pub(super) only: Vec<String>,
    /// Lists every probe and the bounds, and shows none of them.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// What the server is, for remedies: node, nginx, apache, haproxy, envoy, go, java or rustls. Without it, guessed.
    #[arg(long, value_name = "KIND")]
    pub(super) server: Option<ServerKind>,
    /// Who may come in: nobody but the template, or anybody to whom the CA gave a certificate.
    #[arg(long, value_enum, value_name = "WHO")]
    pub(super) admits: Option<Who>,
    /// Chains that cost the server far more to judge than to make are shown too, and a few clients that stall, drip or break off.
    #[arg(long)]
    pub(super) exhaustion: bool,
    /// A command that hands the server a CRL: `{crl}` is replaced by a PEM file with the CRL of every CA of the chain below yours, and yours.
    #[arg(long, value_name = "CMD", group = "commands")]
    pub(super) publish_crl: Option<String>,
    /// The CRL of your CA as it is now: whom it lists stays revoked while --publish-crl hands over CRLs of the scan, and it is handed over again at the end.
    #[arg(long, value_name = "F", requires = "publish_crl")]
    pub(super) crl: Vec<PathBuf>,
    /// A command that has the server trust one more CA for a while: `{ca}` is replaced by a PEM file with it, which is empty when the server is to trust it no longer.
    #[arg(long, value_name = "CMD", group = "commands")]
    pub(super) trust_ca: Option<String>,
    /// A command that has the server ask more of clients than it does: a certificate where none was demanded, or rules that the template does not meet.
    #[arg(long, value_name = "CMD", group = "commands", requires = "relax")]
    pub(super) tighten: Option<String>,
    /// A command that takes back what --tighten did.
    #[arg(long, value_name = "CMD", requires = "tighten")]
    pub(super) relax: Option<String>,
    /// A command that has the server read its files again, after --publish-crl, --trust-ca, --tighten and --relax.
    #[arg(long, value_name = "CMD", requires = "commands")]
    pub(super) reload: Option<String>,
    /// A client certificate that the server's own CRL lists, with its chain.
    #[arg(long, value_name = "CERT", requires = "revoked_key")]
    pub(super) revoked_cert: Option<PathBuf>,
    /// Its private key.
    #[arg(long, value_name = "F", requires = "revoked_cert")]
    pub(super) revoked_key: Option<PathBuf>,
    /// A further server of yours, which may share ticket keys with this one: a session of one must not let in at the other whom that would refuse.
    #[arg(long, value_name = "HOST:PORT|URL")]
    pub(super) also: Vec<String>,
    /// A client certificate that those further servers let in, with its chain, where --template is not for them.
    #[arg(
        long,
        value_name = "CERT",
        requires = "also",
        requires = "also_template_key"
    )]
    pub(super) also_template: Option<PathBuf>,
    /// Its private key.
    #[arg(long, value_name = "F", requires = "also_template")]
    pub(super) also_template_key: Option<PathBuf>,
    /// The endpoints are mine, although they are not on this machine.
    #[arg(long)]
    pub(super) i_own_this_endpoint: bool,
    /// Visits a second, at most.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) rate: u32,
    /// Visits altogether, at most.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_visits: u32,
    /// Seconds that the scan may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub(super) max_seconds: u64,
    /// Seconds that one visit may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(super) timeout: u64,
    /// Probes side by side.
    #[arg(long, value_name = "N", default_value = "8")]
    pub(super) jobs: NonZeroUsize,
    /// Ends with 1 when a finding is at least as bad: critical, high, medium, low or info.
    #[arg(long, value_name = "SEVERITY", default_value = "low", value_parser = severity)]
    pub(super) fail_on: Severity,
    #[command(flatten)]
    pub(super) evidence: Evidence,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Who {
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

fn path(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    match text.starts_with('/') && text.bytes().all(fits) {
        true => Ok(text.to_owned()),
        false => Err("write it as in a URL, from the first `/` on".to_owned()),
    }
}

fn server_name(text: &str) -> Result<String, String> {
    match DnsName::try_from(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("it is no DNS name".to_owned()),
    }
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

/// The arguments together with those of the configuration file.
fn with_config(args: &Args, path: &Path) -> Result<Args, CliError> {
    let mut given = std::env::args_os()
        .skip_while(|word| word != "scan")
        .skip(1);
    let given: Vec<OsString> = given.by_ref().collect();
    let command = Args::augment_args(clap::Command::new("scan")).no_binary_name(true);
    let of_file = scan_config::arguments(path, &command, &given, args.endpoint.is_some())?;
    let matches = command
        .try_get_matches_from(of_file.into_iter().chain(given))
        .and_then(|mut matches| Args::from_arg_matches_mut(&mut matches));
    matches.map_err(|error| match CliError::of_arguments(&error) {
        Err(error) => error,
        Ok(_) => CliError::arguments("help was asked for", "`gatecrash scan --help`"),
    })
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    match &args.config {
        None => scan(args),
        Some(path) => scan(&with_config(args, path)?),
    }
}

/// An option that the command line or the file must give.
fn needed<'a, T>(value: Option<&'a T>, name: &str) -> Result<&'a T, CliError> {
    value.ok_or_else(|| {
        CliError::arguments(
            format!("{name} is given neither here nor in the file"),
            "`gatecrash scan --help` shows what is needed",
        )
    })
}

fn scan(args: &Args) -> Result<Exit, CliError> {
    if args.endpoint.is_none() && !args.evidence.config_dir.is_empty() {
        return audit(args);
    }
    let endpoint = owned(args, needed(args.endpoint.as_ref(), "the endpoint")?)?;
    let sink = args.output.open()?;
    let pki = pki(args)?;
    let bounds = Bounds {
        per_second: args.rate,
        visits: args.max_visits,
        time: Duration::from_secs(args.max_seconds),
    };
    let pace = Pace::start(bounds, Some(interrupt::flag()));
    let client = Client::new(endpoint, Duration::from_secs(args.timeout), pace);
    let mut wishes = wishes(args, client.endpoint())?;
    wishes.kept = kept(args, pki.authority(), wishes.revoked.as_deref())?;
    if let Some(hook) = &mut wishes.hook {
        hook.beside = wishes.kept.of_others().to_vec();
    }
    args.evidence.read(&mut wishes)?;
    if args.dry_run {
        let scene = scan::unseen(client, pki, wishes)?;
        let plan = planned(&scene)?;
        sink.write(&listed(&scene, &plan, bounds))?;
        return match &scene.wishes.unread_document {
            Some(problem) => Err(CliError::arguments(problem.clone(), "mend the document")),
            None => Ok(Exit::Clean),
        };
    }
    let stop = interrupt::stop();
    let scene = scan::set_scene(client, pki, wishes).map_err(|error| match stop.is_set() {
        true => CliError::Interrupted("the server had answered a good certificate and none"),
        false => error.into(),
    })?;
    let mut plan = planned(&scene)?;
    announce(args, &scene, &plan, bounds);
    plan.settle(&scene);
    if !plan.not_applicable().is_empty() {
        super::error::note(&format!(
            "{} of them do not apply, since this server refuses their good twins too: {} probes",
            plan.not_applicable().len(),
            plan.len()
        ));
    }

    // Drawn on standard error, and on a terminal alone.
    let bar = ProgressBar::new(plan.len() as u64).with_style(
        ProgressStyle::with_template("probes    {wide_bar} {pos}/{len}   {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut report = scan::scan(&scene, &plan, &|progress| {
        bar.set_position(progress.done as u64);
    });
    bar.finish_and_clear();
    let authorities = [scene.pki.authority().to_vec()];
    args.evidence
        .audit(&mut report, &authorities, scene.pki.now())?;
    if report.broken.is_none() {
        let problem = scene.wishes.unread_document.as_ref();
        report.broken = problem.map(|problem| format!("{problem}: its routes were not asked"));
    }
    args.evidence.compare(&mut report)?;
    write(args, sink, &report)?;
    if stop.is_set() {
        interrupt::told(report.summary.answered, plan.len(), "probes answered");
        return Ok(Exit::Interrupted);
    }
    match &report.broken {
        // What was learned all the same has been written.
        Some(why) if scene.refusal().is_some() => {
            Err(CliError::arguments(why.clone(), scene.what_to_do()))
        }
        Some(why) if scene.hook_problem().is_some_and(|problem| problem == *why) => {
            Err(CliError::arguments(
                why.clone(),
                "run the commands of --publish-crl, --trust-ca and --reload by hand, with a file of your own in the place of {crl} or {ca}",
            ))
        }
        Some(why) if scene.wishes.unread_document.is_some() => Err(CliError::arguments(
            why.clone(),
            "mend the document, or scan without --openapi; what was learned without it has been written",
        )),
        Some(why) => Err(CliError::ScanBroken(why.clone())),
        None if is_bad(&report, args.fail_on) => Ok(Exit::Findings),
        None => Ok(Exit::Clean),
    }
}

/// An endpoint that may be visited.
fn owned(args: &Args, text: &str) -> Result<Endpoint, CliError> {
    let endpoint = Endpoint::find(text)?;
    match endpoint.is_loopback() || args.i_own_this_endpoint {
        true => Ok(endpoint),
        false => Err(CliError::arguments(
            format!("{endpoint} is not on this machine"),
            "scan only what is yours; if it is, say so with --i-own-this-endpoint",
        )),
    }
}

/// Looks at folders alone: no endpoint is asked for anything.
fn audit(args: &Args) -> Result<Exit, CliError> {
    let of_an_endpoint = [
        ("--ca-key", args.ca_key.is_some()),
        ("--template", args.template.is_some()),
        ("--openapi", args.evidence.openapi.is_some()),
        ("--server-log", !args.evidence.server_log.is_empty()),
        ("--only", !args.only.is_empty()),
        ("--dry-run", args.dry_run),
        ("--publish-crl", args.publish_crl.is_some()),
        ("--trust-ca", args.trust_ca.is_some()),
        ("--revoked-cert", args.revoked_cert.is_some()),
        ("--crl", !args.crl.is_empty()),
        ("--tighten", args.tighten.is_some()),
        ("--also", !args.also.is_empty()),
    ];
    if let Some((option, _)) = of_an_endpoint.iter().find(|(_, given)| *given) {
        return Err(CliError::arguments(
            format!("{option} is of a scan, and no endpoint is given"),
            "give HOST:PORT or an https URL too; --config-dir alone looks at files",
        ));
    }
    let sink = args.output.open()?;
    let folders = args.evidence.config_dir.iter();
    let folders: Vec<String> = folders.map(|path| path.display().to_string()).collect();
    let expected = match &args.ca_cert {
        Some(path) => input::certificates(path)?,
        None => Vec::new(),
    };
    let mut report = ScanReport::of_files(folders.join(", "));
    args.evidence.audit(&mut report, &expected, now())?;
    args.evidence.compare(&mut report)?;
    super::error::note("an audit of files alone: no endpoint is given, and nothing is sent");
    write(args, sink, &report)?;
    Ok(match is_bad(&report, args.fail_on) {
        true => Exit::Findings,
        false => Exit::Clean,
    })
}

fn write(args: &Args, sink: output::Sink, report: &ScanReport) -> Result<(), CliError> {
    let context = Context {
        paint: args.output.paint(),
        width: output::width(),
        ..Context::default()
    };
    let text = report::scan::render(report, args.output.format, &context)?;
    sink.write(&text)
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
    for glob in &scene.wishes.only {
        if !plan.is_empty() && !plan.probes().any(|probe| glob_matches(glob, &probe.id)) {
            super::error::note(&format!("no probe matches --only {}", scan::word(glob)));
        }
    }
    match (plan.is_empty(), &scene.wishes.unread_document) {
        (true, Some(problem)) => Err(CliError::arguments(
            problem.clone(),
            "mend the document: without it no probe matches --only",
        )),
        (true, None) => Err(CliError::arguments(
            "no probe matches --only",
            "--dry-run without --only lists all of them",
        )),
        (false, _) => Ok(plan),
    }
}

/// The CA, the client, and what is made of them.
fn pki(args: &Args) -> Result<Pki, CliError> {
    let time = now();
    let certificate = needed(args.ca_cert.as_ref(), "--ca-cert")?;
    let key = needed(args.ca_key.as_ref(), "--ca-key")?;
    let chain = input::certificates(certificate)?;
    let salt = salt()?;
    let authority = || {
        Template::new()
            .salted(salt)
            .with_authority(&chain, input::private_key(key)?, time)
            .map_err(|error| key_pair::error(certificate, key, error))
    };
    let template_of = |path: &Path, key: Option<GivenKey>| {
        let chain = input::certificates(path)?;
        authority()?
            .with_end_entity(&chain[0], key, time)
            .map_err(|error| match &args.template_key {
                Some(key) if args.template.as_deref() == Some(path) => {
                    key_pair::error(path, key, error)
                }
                _ => CliError::template(path, error),
            })
    };
    let pki = match (&args.template, &args.template_key) {
        (None, _) => Pki::new(authority()?, None, time),
        (Some(path), None) => Pki::new(template_of(path, None)?, None, time),
        (Some(path), Some(key)) => {
            let given = Credentials {
                chain: input::certificates(path)?,
                key: private_key(key)?,
            };
            let keyed = template_of(path, Some(input::private_key(key)?))?;
            Pki::new(keyed, Some(given), time).with_keyless(template_of(path, None)?)
        }
    };
    Ok(match &args.revoked_cert {
        Some(path) => pki.with_namesake(template_of(path, None)?),
        None => pki,
    })
}

/// What keys of probes are drawn from, so that nobody else has them.
fn salt() -> Result<[u8; 32], CliError> {
    let mut salt = [0; 32];
    aws_lc_rs::rand::fill(&mut salt)
        .map_err(|_| CliError::arguments("the system gives no random octets", "try again later"))?;
    Ok(salt)
}

/// Whom the CA has revoked already.
fn kept(args: &Args, authority: &[u8], revoked: Option<&Credentials>) -> Result<Kept, CliError> {
    let kept = Kept::new(authority, revoked);
    let crls = input::crls(&args.crl)?;
    let Some((path, _)) = crls.first() else {
        return Ok(kept);
    };
    let (path, ders) = (*path, crls.iter().map(|(_, der)| der.clone()).collect());
    kept.with_crls(authority, ders)
        .map_err(|error| CliError::evidence(path, &error))
}

fn private_key(path: &Path) -> Result<PrivateKey, CliError> {
    input::private_key(path).map(|key: GivenKey| key.to_private())
}

/// A chain with its key, where both were given.
fn shown(
    chain: Option<&PathBuf>,
    key: Option<&PathBuf>,
) -> Result<Option<Arc<Credentials>>, CliError> {
    let (Some(chain), Some(key)) = (chain, key) else {
        return Ok(None);
    };
    Ok(Some(Arc::new(Credentials {
        chain: input::certificates(chain)?,
        key: private_key(key)?,
    })))
}

fn wishes(args: &Args, endpoint: &Endpoint) -> Result<Wishes, CliError> {
    let revoked = shown(args.revoked_cert.as_ref(), args.revoked_key.as_ref())?;
    let good = shown(args.also_template.as_ref(), args.also_template_key.as_ref())?;
    let place = |text: &String| {
        Ok(Place {
            endpoint: owned(args, text)?,
            good: good.clone(),
        })
    };
    let places: Result<Vec<Place>, CliError> = args.also.iter().map(place).collect();
    let mut paths = args.path.iter().cloned();
    let first = paths.next().unwrap_or_else(|| endpoint.path().to_owned());
    let mut request = Request::get(first);
    request.headers.clone_from(&args.header);
    let hook = |handed, publish: Option<&String>| {
        publish.map(|publish| Hook {
            handed,
            publish: publish.clone(),
            reload: args.reload.clone(),
            beside: Vec::new(),
        })
    };
    Ok(Wishes {
        paths: paths.collect(),
        server_names: args.sni.clone(),
        only: args.only.clone(),
        kind: args.server,
        admits: args.admits.map(Into::into),
        exhaustion: args.exhaustion,
        jobs: args.jobs,
        files: scan_again::files(args),
        hook: hook(Handed::Crls, args.publish_crl.as_ref()),
        trust_hook: hook(Handed::Authority, args.trust_ca.as_ref()),
        policy: policy(args),
        places: places?,
        revoked,
        ..Wishes::new(request)
    })
}

fn policy(args: &Args) -> Option<Policy> {
    Some(Policy {
        tighten: args.tighten.clone()?,
        relax: args.relax.clone()?,
        reload: args.reload.clone(),
    })
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

fn announce(args: &Args, scene: &Scene, plan: &Plan, bounds: Bounds) {
    super::error::note(&told(scene, plan, bounds));
    if args.publish_crl.is_some() && args.crl.is_empty() {
        super::error::note(
            "--publish-crl replaces your CA's CRL: whom it listed is let in from now on, until you hand it out again; give it with --crl, and the scan keeps them out and hands it over at the end",
        );
    }
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
