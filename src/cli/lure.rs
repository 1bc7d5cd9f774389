//! `gatecrash lure`: which rogue servers a TLS client trusts.

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    CliError, Exit, folder, input, interrupt, key_pair,
    mint::now,
    output::{self, Output},
    scan::severity,
};
use crate::{
    defect::Severity,
    mint::Template,
    report::{
        self, Context,
        layout::{columns, count},
    },
    scan::{
        self,
        lure::{ClientCommand, CommandError, CommandRun, Lure, LureError, Sight},
    },
};

/// Shows a TLS client rogue servers: runs CMD once for each hostile server certificate, its benign twin first, and reports which it trusted.
///
/// A client trusts a server when it sends its request. In CMD, {url} becomes the server's URL, {host} and {port}
/// its parts, {ca} a PEM file with the CA to trust, {crl} one with CRLs. The CA's file also stands in
/// SSL_CERT_FILE, CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE and NODE_EXTRA_CA_CERTS, unless --ca-cert is given.
/// Standard input holds a request, for clients that send what they read.
///
/// Without {host} the name under test is localhost, which every client reaches. With it, or with --proxy, the
/// whole catalogue is shown under names of its own: tell the client that they are at 127.0.0.1, or let it
/// read HTTPS_PROXY. No name is ever looked up by gatecrash.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash lure -- curl -sS --cacert {ca} {url}\n  \
                        gatecrash lure -- curl -sS --cacert {ca} --connect-to {host}:{port}:127.0.0.1:{port} {url}\n  \
                        gatecrash lure --proxy -- python3 -c 'import sys, requests; requests.get(sys.argv[1])' {url}\n  \
                        gatecrash lure -- node -e 'fetch(process.argv[1]).catch(() => process.exit(1))' {url}\n  \
                        gatecrash lure -- wget -qO- --ca-certificate={ca} {url}\n  \
                        gatecrash lure -- openssl s_client -connect 127.0.0.1:{port} -servername {host} -verify_hostname {host} -verify_return_error -CAfile {ca}\n  \
                        gatecrash lure --defect 'names/*' -- curl -k {url}"
)]
pub(super) struct Args {
    /// A CA that the client trusts already: the rogue certificates are issued below it.
    #[arg(long, value_name = "F", requires = "ca_key")]
    ca_cert: Option<PathBuf>,
    /// Its private key. It never leaves memory.
    #[arg(long, value_name = "F", requires = "ca_cert")]
    ca_key: Option<PathBuf>,
    /// Only defects whose ids match, `handshake/*` among them; `*` stands for any text. Give it again for more.
    #[arg(long, value_name = "GLOB")]
    defect: Vec<String>,
    /// The client reaches any name through an HTTPS proxy, which it reads from HTTPS_PROXY.
    #[arg(long)]
    proxy: bool,
    /// Lists what would be shown and what cannot be, and runs nothing.
    #[arg(long)]
    dry_run: bool,
    /// Seconds that one run of the client may take. It is ended then.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// Seconds that everything may take. It ends early then, with what was learned.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=604_800))]
    max_seconds: u64,
    /// Runs side by side. Without it, one a processor.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Ends with 1 when a finding is at least as bad: critical, high, medium, low or info.
    #[arg(long, value_name = "SEVERITY", default_value = "low", value_parser = severity)]
    fail_on: Severity,
    #[command(flatten)]
    output: Output,
    /// The client and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let sink = args.output.open()?;
    let command = command(args)?;
    let lure = lure(args, &command)?;
    if args.dry_run {
        sink.write(&listed(&lure)?)?;
        return Ok(Exit::Clean);
    }
    let started = Instant::now();
    let stop = interrupt::stop();
    let command = command.stop(stop);
    let folder = folder::private("lure")?;
    let visits = AtomicUsize::new(0);
    let failed: Mutex<Option<CommandError>> = Mutex::new(None);
    let first: Mutex<Option<CommandRun>> = Mutex::new(None);
    // Drawn on standard error, and on a terminal alone.
    let bar = ProgressBar::no_length().with_style(
        ProgressStyle::with_template("servers   {wide_bar} {pos}/{len}   {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let begun = AtomicBool::new(false);
    let progress = |left: usize| {
        if !begun.swap(true, Ordering::Relaxed) {
            super::error::note(&format!(
                "{}, at most {} s each and {} s altogether",
                count(left, "visit"),
                args.timeout,
                args.max_seconds
            ));
            bar.set_length(left as u64);
            return;
        }
        bar.inc(1);
    };
    let deadline = started + Duration::from_secs(args.max_seconds);
    let caught = lure.run_until(
        || stop.is_set() || Instant::now() > deadline || lock(&failed).is_some(),
        progress,
        |visit| {
            let number = visits.fetch_add(1, Ordering::Relaxed);
            let own = folder.path().join(number.to_string());
            match command.run(visit, &own) {
                Ok(run) => {
                    lock(&first).get_or_insert(run);
                }
                Err(error) => *lock(&failed) = Some(error),
            }
            // A run leaves its files behind; a thousand of them are many.
            let _ = std::fs::remove_dir_all(&own);
        },
    );
    bar.finish_and_clear();
    if let Some(error) = lock(&failed).take() {
        return Err(CliError::Client(error));
    }
    let caught = match caught {
        Err(LureError::TwinRefused(sight)) => {
            let said = lock(&first).take().map(said).unwrap_or_default();
            return Err(match sight {
                Sight::Nobody => CliError::NeverConnected { said },
                sight => CliError::LuredNobody {
                    saw: sight.to_string(),
                    said,
                },
            });
        }
        Err(LureError::Stopped) if stop.is_set() => {
            return Err(CliError::Interrupted(
                "the client was done with the benign server",
            ));
        }
        other => other?,
    };
    let mut report = caught.report(&args.command.join(" "), |id| again(args, id));
    report.summary.visits = u32::try_from(visits.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
    report.summary.seconds = started.elapsed();
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
    if stop.is_set() {
        interrupt::told(
            report.summary.planned,
            caught.planned(),
            "hostile servers shown",
        );
        return Ok(Exit::Interrupted);
    }
    match report.broken {
        // What was learned all the same has been written.
        Some(why) => Err(CliError::ScanBroken(why)),
        None if scan::has_at_least(&report, args.fail_on) => Ok(Exit::Findings),
        None => Ok(Exit::Clean),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn command(args: &Args) -> Result<ClientCommand, CliError> {
    let command = ClientCommand::new(args.command.clone(), Duration::from_secs(args.timeout))
        .map_err(CliError::Client)?;
    let command = if args.proxy {
        command.through_proxy()
    } else {
        command
    };
    Ok(if args.ca_cert.is_some() {
        command.with_own_trust()
    } else {
        command
    })
}

fn lure(args: &Args, command: &ClientCommand) -> Result<Lure, CliError> {
    let time = now();
    let jobs = args
        .jobs
        .or_else(|| thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN);
    let mut lure = Lure::new(time)
        .reach(command.reach())
        .jobs(jobs)
        .timeout(Duration::from_secs(args.timeout));
    if command.reads_crls() {
        lure = lure.with_crls();
    }
    for glob in &args.defect {
        lure = lure.defects(glob);
    }
    if let (Some(certificate), Some(key)) = (&args.ca_cert, &args.ca_key) {
        let template = Template::new()
            .with_authority(
                &input::certificates(certificate)?,
                input::private_key(key)?,
                time,
            )
            .map_err(|error| key_pair::error(certificate, key, error))?;
        lure = lure.template(template);
    }
    Ok(lure)
}

/// Everything that would be shown, then what cannot be.
fn listed(lure: &Lure) -> Result<String, CliError> {
    let (shown, passed_over) = lure.plan()?;
    let rows = |list: Vec<(String, String)>| -> Vec<Vec<String>> {
        list.into_iter().map(|(id, text)| vec![id, text]).collect()
    };
    let (number, missing) = (shown.len(), passed_over.len());
    let mut text = columns(&rows(shown));
    if missing > 0 {
        text.push_str("\nnot shown\n");
        text.push_str(&columns(&rows(passed_over)));
    }
    text.push_str(&format!(
        "\n{number} hostile servers, {missing} that cannot be shown\n"
    ));
    Ok(text)
}

/// What a client said that trusts not even the benign server.
fn said(run: CommandRun) -> String {
    let ended = match run.status {
        Some(status) => format!("it ended with {status}"),
        None => "it did not end by itself".to_owned(),
    };
    match run.last_words {
        Some(words) => format!("{ended} and said: {words}"),
        None => ended,
    }
}

/// The command that shows a finding again.
fn again(args: &Args, id: &str) -> String {
    let mut words = vec![
        "gatecrash".to_owned(),
        "lure".to_owned(),
        "--defect".to_owned(),
        id.to_owned(),
    ];
    for (option, path) in [("--ca-cert", &args.ca_cert), ("--ca-key", &args.ca_key)] {
        if let Some(path) = path {
            words.extend([option.to_owned(), path.display().to_string()]);
        }
    }
    if args.proxy {
        words.push("--proxy".to_owned());
    }
    words.push("--".to_owned());
    words.extend(args.command.iter().cloned());
    let quoted: Vec<String> = words.iter().map(|word| scan::word(word)).collect();
    quoted.join(" ")
}
