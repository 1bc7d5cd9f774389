//! `gatecrash serve`: the reference mTLS server.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use tracing_subscriber::{
    Layer as _,
    filter::{LevelFilter, Targets},
    fmt::MakeWriter,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use super::{CliError, Exit, folder, output};
use crate::{
    scratch::Scratch,
    server::{
        Clock, Handle, RevocationRule, Running, Server, ServerError, Settings, ask_for_descriptors,
        pki::DevelopmentPki,
    },
};

/// A configuration file with every option, as `--help` shows it.
const EXAMPLE: &str = include_str!("serve.example.toml");

/// Serves HTTPS to clients whose certificates are judged good, and to nobody else.
///
/// Prints `listening on ADDRESS` when ready. `GET /whoami` answers with the verified identity.
/// Without arguments it serves a throw-away PKI and prints a curl line that works.
/// Files are reloaded when they change and on SIGHUP.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash serve\n  gatecrash serve --config gatecrash.toml\n  \
                        gatecrash serve --listen 127.0.0.1:8443 --cert server.pem --key server.key --client-ca ca.pem --crl crl.pem\n\n\
                        `gatecrash serve --print-config` prints a commented configuration file; `--help` shows it too.",
    after_long_help = long_help()
)]
pub(super) struct Args {
    /// The configuration file, in TOML.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cert", "key", "client_ca", "client_intermediate", "crl", "profile", "openapi", "revocation"])]
    config: Option<PathBuf>,
    /// Where to listen. Port 0 picks a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The server's certificate chain, its own certificate first. PEM.
    #[arg(long, value_name = "FILE", requires_all = ["key", "client_ca"])]
    cert: Option<PathBuf>,
    /// The server's private key. PEM, readable by its owner only.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// A CA whose clients are let in. PEM. Repeatable.
    #[arg(long, value_name = "FILE", requires = "cert")]
    client_ca: Vec<PathBuf>,
    /// A CA between those and the clients, whose CRL is given. PEM. Repeatable. Not needed for
    /// CAs in the server's own chain.
    #[arg(long, value_name = "FILE", requires = "cert")]
    client_intermediate: Vec<PathBuf>,
    /// The CRL of a CA in the clients' chains. PEM or DER. Repeatable. Without any, every client
    /// is refused, unless revocation is off.
    #[arg(long, value_name = "FILE", requires = "cert")]
    crl: Vec<PathBuf>,
    /// What is asked of clients beyond RFC 5280: strict-mtls, webpki or rfc5280.
    #[arg(long, value_name = "NAME", requires = "cert")]
    profile: Option<String>,
    /// Whether revocation must be known. Without it: required.
    #[arg(long, value_enum, value_name = "RULE", requires = "cert")]
    revocation: Option<Revocation>,
    /// An OpenAPI 3.1 document whose operations are served and guarded. JSON or YAML.
    #[arg(long, value_name = "FILE", requires = "cert")]
    openapi: Option<PathBuf>,
    /// Where to answer /healthz and /metrics in plain HTTP. Loopback only.
    #[arg(long, value_name = "ADDR")]
    status_listen: Option<SocketAddr>,
    /// Lets --status-listen be another address than one of the loopback.
    #[arg(long, requires = "status_listen")]
    status_beyond_loopback: bool,
    /// The form of the log, which goes to standard error.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// How much is logged.
    #[arg(long, value_enum, default_value_t = LogLevel::Info)]
    log_level: LogLevel,
    /// Prints a commented configuration file and ends.
    #[arg(long, exclusive = true)]
    print_config: bool,
}

/// Every option of the configuration file, beside those of the command line.
fn long_help() -> String {
    format!(
        "Examples:\n  gatecrash serve\n  gatecrash serve --config gatecrash.toml\n  \
         gatecrash serve --listen 127.0.0.1:8443 --cert server.pem --key server.key --client-ca ca.pem --crl crl.pem\n\n\
         The configuration file, as --print-config prints it:\n\n{EXAMPLE}"
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Revocation {
    /// The status of the whole chain must be known, so without a CRL nobody is let in.
    Required,
    /// As required when any CRL is given, and off without.
    IfPresent,
    /// Never checked.
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// For programs, one object a line.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LogLevel {
    /// What broke.
    Error,
    /// What will break.
    Warn,
    /// Who was refused and why, reloads.
    Info,
    /// Who was let in.
    Debug,
    /// Everything.
    Trace,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    if args.print_config {
        output::print(EXAMPLE)?;
        return Ok(Exit::Clean);
    }
    start_log(args.log_format, args.log_level, io::stderr);
    let throw_away = match (&args.config, &args.cert) {
        (None, None) => Some(ThrowAway::new()?),
        _ => None,
    };
    let settings = Arc::new(settings(args, throw_away.as_ref())?);
    ask_for_descriptors(settings.limits.connections);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| ServerError::Tls(format!("no runtime: {error}")))?;
    runtime.block_on(serve(settings, throw_away.as_ref()))?;
    Ok(Exit::Clean)
}

fn settings(args: &Args, throw_away: Option<&ThrowAway>) -> Result<Settings, CliError> {
    let mut settings = match (&args.config, &args.cert, &args.key, throw_away) {
        (Some(path), ..) => Settings::read(path)?,
        (None, Some(certificate), Some(key), _) => {
            let mut settings = Settings::new(certificate, key, args.client_ca.clone());
            settings
                .client_intermediate
                .clone_from(&args.client_intermediate);
            settings.crl.clone_from(&args.crl);
            settings.openapi.clone_from(&args.openapi);
            if let Some(profile) = &args.profile {
                settings.profile.clone_from(profile);
            }
            settings.revocation = match args.revocation {
                Some(Revocation::Required) | None => RevocationRule::Required,
                Some(Revocation::Off) => RevocationRule::Off,
                Some(Revocation::IfPresent) => RevocationRule::IfPresent,
            };
            settings
        }
        (None, _, _, Some(throw_away)) => throw_away.settings(),
        (None, ..) => {
            return Err(CliError::arguments(
                "--cert, --key and --client-ca are needed together",
                "give all three, or --config",
            ));
        }
    };
    settings.listen_instead(args.listen, args.status_listen, args.status_beyond_loopback);
    Ok(settings)
}

async fn serve(settings: Arc<Settings>, throw_away: Option<&ThrowAway>) -> Result<(), CliError> {
    let running = match Server::bind(settings.load(Clock::System)?).await {
        // The port of a throw-away server is nobody's promise.
        Err(ServerError::Bind { .. })
            if throw_away.is_some_and(|folder| settings.listen == folder.settings().listen) =>
        {
            let mut settings = (*settings).clone();
            settings.listen.set_port(0);
            Server::bind(Arc::new(settings).load(Clock::System)?).await?
        }
        bound => bound?,
    };
    let _watch = running.handle().watch()?;
    let _signals = listen_to_signals(running.handle())?;
    tell(&running, throw_away)?;
    running.wait().await;
    Ok(())
}

fn tell(running: &Running, throw_away: Option<&ThrowAway>) -> Result<(), CliError> {
    let address = running.local_addr();
    let mut text = format!("listening on {address}\n");
    if let Some(throw_away) = throw_away {
        let file = |name: &str| throw_away.folder.path().join(name).display().to_string();
        text.push_str(&format!(
            "curl --cacert {} --cert {} --key {} https://localhost:{}/whoami\n",
            file("ca.pem"),
            file("client.pem"),
            file("client.key"),
            address.port(),
        ));
    }
    if let Some(status) = running.status_addr() {
        tracing::info!(%status, "health and metrics");
    }
    output::print(&text)
}

/// SIGHUP reloads; SIGTERM and Ctrl-C end gracefully, and a second Ctrl-C at once.
#[cfg(unix)]
fn listen_to_signals(handle: Handle) -> Result<tokio::task::JoinHandle<()>, CliError> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen =
        |kind| signal(kind).map_err(|error| ServerError::Watch(format!("signals: {error}")));
    let mut hangup = listen(SignalKind::hangup())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(tokio::spawn(async move {
        let mut stopping = false;
        loop {
            tokio::select! {
                _ = hangup.recv() => {
                    let handle = handle.clone();
                    tokio::task::spawn_blocking(move || handle.reload_and_log());
                }
                _ = terminate.recv() => handle.shutdown(),
                _ = interrupt.recv() => {
                    if std::mem::replace(&mut stopping, true) {
                        super::interrupt::end();
                    }
                    handle.shutdown();
                }
            }
        }
    }))
}

#[cfg(not(unix))]
fn listen_to_signals(handle: Handle) -> Result<tokio::task::JoinHandle<()>, CliError> {
    Ok(tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            handle.shutdown();
        }
    }))
}

/// Only what gatecrash itself says is logged: other crates cannot be held to its
/// rule that no field of a certificate reaches a log.
fn start_log<W>(format: LogFormat, level: LogLevel, writer: W)
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // What libraries log could name what a certificate holds.
    let ours = Targets::new().with_target("gatecrash", level);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(false);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    // An error means that a log is there already, and then it stays.
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(ours))
        .try_init();
}

/// A development PKI in a fresh folder, which goes when the server ends.
#[derive(Debug)]
struct ThrowAway {
    folder: Scratch,
}

impl ThrowAway {
    fn new() -> Result<Self, CliError> {
        let folder = folder::private("serve")?;
        DevelopmentPki::generate(Clock::System.now())?.write_to(folder.path())?;
        Ok(Self { folder })
    }

    fn settings(&self) -> Settings {
        let file = |name: &str| self.folder.path().join(name);
        let mut settings =
            Settings::new(file("server.pem"), file("server.key"), vec![file("ca.pem")]);
        settings.crl = vec![file("crl.pem")];
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_holds_every_option_at_its_default() {
        let example: Settings = toml::from_str(
            &EXAMPLE
                .replace("# openapi", "openapi")
                .replace("# status", "status")
                .replace("# ca =", "ca ="),
        )
        .expect("the example is a configuration");
        let mut expected = Settings::new("server.pem", "server.key", vec!["ca.pem".into()]);
        expected.crl = vec!["crl.pem".into()];
        expected.openapi = example.openapi.clone();
        expected.status_listen = example.status_listen;
        expected.roles = example.roles.clone();
        expected.fetch.ca = example.fetch.ca.clone();
        assert_eq!(example, expected);
        assert!(
            example.openapi.is_some()
                && example.status_listen.is_some()
                && !example.roles.0.is_empty()
        );
        let written = toml::to_string(&expected).expect("TOML");
        for line in written.lines().filter_map(|line| line.split_once(" = ")) {
            assert!(
                EXAMPLE.contains(&format!("{} = ", line.0)),
                "the example lacks `{}`",
                line.0
            );
        }
    }
}
