//! `gatecrash bench load`: how much the reference server bears, beside its peers, in one run.
//!
//! The servers take turns in short rounds, so that a noisy machine slows all alike, and what
//! counts is the ratios. Of each round the server's own CPU time is read from the system:
//! clients on the same machine cost as much as the server does.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::Serialize;

use super::{
    CliError, Exit, folder,
    output::{self, ListFormat, ListOutput, Sink},
};
use crate::{
    load::{
        ATTACKS, Attack, Attackers, Caller, KeyExchange, Kind, LoadError, LoadPki, Measured, Pace,
        Peer, Station, drive, serve_plain,
    },
    report::layout::columns,
    server::{Clock, ServerError},
};

/// How long every server is warmed up.
const WARM_UP: Duration = Duration::from_millis(500);
/// Addresses that honest clients call from.
const ADDRESSES: u8 = 16;

/// Measures mutual TLS handshakes of the reference server beside plain tokio-rustls and nginx.
///
/// Each visit is a full handshake with a client certificate and one request. Closed loop by
/// default; with --rate an open loop, whose latency counts from when a visit was due. With
/// --attack the reference alone is measured, in calm and under attack.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash bench load\n  gatecrash bench load --rate 200 --against plain\n  \
                  gatecrash bench load --crl-entries 100000\n  gatecrash bench load --attack stalled-handshake --attackers 600"
)]
pub(super) struct Args {
    /// Servers to compare with. Without it, every one that is installed.
    #[arg(long, value_name = "PEER", value_enum)]
    against: Vec<Against>,
    /// Connections at once, in a closed loop.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024), conflicts_with = "rate")]
    connections: u16,
    /// Connections a second, in an open loop.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: Option<u32>,
    /// How long each round of each server lasts.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How many rounds there are.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// Clients with certificates of their own. They come in turn, and who comes again is known to
    /// the reference, so the more there are, the more of its handshakes are first ones.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    clients: u32,
    /// Entries of the CRL; without it there is no CRL.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    crl_entries: Option<u64>,
    /// What clients offer to agree on. Without it, hybrid; x25519 where nginx is compared, which knows no other.
    #[arg(long, value_name = "WHAT", value_enum)]
    key_exchange: Option<Offer>,
    /// Ends each visit with the handshake, so that no request is part of what is measured.
    #[arg(long)]
    handshake_only: bool,
    /// Lets clients keep tickets and use them.
    #[arg(long)]
    resume: bool,
    /// An attack meanwhile, or `all`. Repeatable.
    #[arg(long, value_name = "NAME", conflicts_with = "against")]
    attack: Vec<String>,
    /// How many attackers there are.
    #[arg(long, value_name = "N", default_value_t = 100, requires = "attack", value_parser = clap::value_parser!(u16).range(1..=4096))]
    attackers: u16,
    #[command(flatten)]
    output: ListOutput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Offer {
    /// X25519MLKEM768, and X25519 for who does not know it.
    Hybrid,
    /// X25519 alone.
    X25519,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Against {
    /// axum on tokio-rustls with rustls's own client verifier.
    Plain,
    /// nginx with one worker.
    Nginx,
}

/// A server and what it did.
struct Side {
    name: String,
    station: Arc<Station>,
    callers: Arc<[Caller]>,
    measured: Measured,
    rates: Vec<f64>,
    cpu: Duration,
    memory: u64,
}

/// One line of the result.
#[derive(Debug, Serialize)]
struct Row {
    server: String,
    handshakes_per_second: f64,
    cpu_microseconds_per_handshake: f64,
    p50_microseconds: u64,
    p99_microseconds: u64,
    p999_microseconds: u64,
    longest_microseconds: u64,
    let_in: u64,
    resumed: u64,
    refused: u64,
    lost: u64,
    memory_kib: u64,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let attacks = attacks(&args.attack)?;
    let runtime = runtime()?;
    let sink = args.output.open()?;
    let folder = folder::private("load")?;
    let rows = runtime.block_on(async {
        if attacks.is_empty() {
            compare(args, folder.path()).await
        } else {
            withstand(args, folder.path(), &attacks).await
        }
    })?;
    tell(args, sink, &rows)?;
    Ok(Exit::Clean)
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    super::interrupt::end_at_once();
    let built = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    Ok(built.map_err(|error| ServerError::Tls(format!("no runtime: {error}")))?)
}

pub(super) fn attacks(names: &[String]) -> Result<Vec<&'static Attack>, CliError> {
    if names.iter().any(|name| name == "all") {
        return Ok(ATTACKS.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            ATTACKS
                .iter()
                .find(|attack| attack.name == name)
                .ok_or_else(|| {
                    let known: Vec<&str> = ATTACKS.iter().map(|attack| attack.name).collect();
                    CliError::arguments(
                        format!("no attack is called `{name}`"),
                        format!("the attacks are {} and all", known.join(", ")),
                    )
                })
        })
        .collect()
}

async fn compare(args: &Args, folder: &Path) -> Result<Vec<Row>, CliError> {
    let mut peers = vec![Peer::Reference];
    peers.extend(args.against.iter().map(|against| match against {
        Against::Plain => Peer::Plain,
        Against::Nginx => Peer::Nginx,
    }));
    if args.against.is_empty() {
        peers.push(Peer::Plain);
        match Peer::Nginx.check() {
            Ok(()) => peers.push(Peer::Nginx),
            Err(error) => super::error::note(&error.to_string()),
        }
    }
    let key_exchange = args.key_exchange(peers.contains(&Peer::Nginx));
    let mut pki = pki(args, folder)?;
    let mut sides = peers
        .into_iter()
        .map(|peer| side(args, folder, peer, key_exchange, &mut pki))
        .collect::<Result<Vec<_>, _>>()?;
    for side in &mut sides {
        drive(&side.callers, args.pace(), WARM_UP).await;
    }
    for round in 0..args.rounds {
        // Whoever begins has a colder machine, so each begins in turn.
        let first = usize::from(round) % sides.len();
        sides.rotate_left(first);
        for side in &mut sides {
            side.measure(args).await?;
        }
        sides.rotate_right(first);
    }
    Ok(sides.into_iter().map(Side::row).collect())
}

/// The reference in calm, and then under attack.
async fn withstand(
    args: &Args,
    folder: &Path,
    attacks: &[&'static Attack],
) -> Result<Vec<Row>, CliError> {
    let mut pki = pki(args, folder)?;
    let key_exchange = args.key_exchange(false);
    let mut calm = side(args, folder, Peer::Reference, key_exchange, &mut pki)?;
    drive(&calm.callers, args.pace(), WARM_UP).await;
    for _ in 0..args.rounds {
        calm.measure(args).await?;
    }
    let mut attacked = Side {
        name: "under attack".to_owned(),
        station: Arc::clone(&calm.station),
        callers: Arc::clone(&calm.callers),
        measured: Measured::default(),
        rates: Vec::new(),
        cpu: Duration::ZERO,
        memory: 0,
    };
    let attackers = Attackers::set_on(
        attacks,
        usize::from(args.attackers),
        &calm.callers[0],
        &mut pki,
    )?;
    // They need a moment to take their places.
    drive(&calm.callers, args.pace(), WARM_UP * 2).await;
    for _ in 0..args.rounds {
        attacked.measure(args).await?;
    }
    drop(attackers);
    Ok(vec![calm.row(), attacked.row()])
}

impl Args {
    /// Everybody does the same work, so what one server does not know is offered to none.
    fn key_exchange(&self, beside_nginx: bool) -> KeyExchange {
        match self.key_exchange {
            Some(Offer::Hybrid) => KeyExchange::Hybrid,
            Some(Offer::X25519) => KeyExchange::X25519,
            None if beside_nginx => KeyExchange::X25519,
            None => KeyExchange::Hybrid,
        }
    }

    fn pace(&self) -> Pace {
        match self.rate {
            Some(rate) => Pace::Open(f64::from(rate)),
            None => Pace::Closed(usize::from(self.connections)),
        }
    }
}

fn pki(args: &Args, folder: &Path) -> Result<LoadPki, LoadError> {
    let mut pki = LoadPki::new(Clock::System.now(), args.crl_entries.unwrap_or(0))?;
    pki.write_to(folder)?;
    Ok(pki)
}

fn side(
    args: &Args,
    folder: &Path,
    peer: Peer,
    key_exchange: KeyExchange,
    pki: &mut LoadPki,
) -> Result<Side, CliError> {
    let station = Station::start(peer, folder, args.crl_entries.is_some(), "")?;
    let callers = (0..args.clients)
        .map(|number| {
            let credentials = pki.issue(Kind::Client)?;
            let address = u8::try_from(number % u32::from(ADDRESSES)).unwrap_or(0) + 1;
            let caller = Caller::agreeing_on(
                key_exchange,
                station.address,
                pki.root(),
                Some(&credentials),
            )?
            .calling_from(Ipv4Addr::new(127, 77, 0, address));
            let caller = if args.handshake_only {
                caller.without_request()
            } else {
                caller
            };
            Ok(if args.resume {
                caller.with_tickets()
            } else {
                caller
            })
        })
        .collect::<Result<_, LoadError>>()?;
    Ok(Side {
        name: peer.name().to_owned(),
        station: Arc::new(station),
        callers,
        measured: Measured::default(),
        rates: Vec::new(),
        cpu: Duration::ZERO,
        memory: 0,
    })
}

impl Side {
    async fn measure(&mut self, args: &Args) -> Result<(), LoadError> {
        let before = self.station.cpu()?;
        let measured = drive(
            &self.callers,
            args.pace(),
            Duration::from_secs(args.seconds),
        )
        .await;
        self.cpu += self.station.cpu()?.saturating_sub(before);
        self.memory = self.memory.max(self.station.memory()?);
        self.rates.push(measured.rate());
        self.measured.add(&measured);
        Ok(())
    }

    fn row(mut self) -> Row {
        self.rates.sort_by(f64::total_cmp);
        let measured = &self.measured;
        let handshakes = measured.let_in.max(1);
        Row {
            server: self.name,
            handshakes_per_second: self.rates.get(self.rates.len() / 2).copied().unwrap_or(0.0),
            cpu_microseconds_per_handshake: self.cpu.as_secs_f64() * 1e6 / handshakes as f64,
            p50_microseconds: measured.quantile(0.5),
            p99_microseconds: measured.quantile(0.99),
            p999_microseconds: measured.quantile(0.999),
            longest_microseconds: measured.latency.max(),
            let_in: measured.let_in,
            resumed: measured.resumed,
            refused: measured.refused,
            lost: measured.lost,
            memory_kib: self.memory,
        }
    }
}

fn tell(args: &Args, sink: Sink, rows: &[Row]) -> Result<(), CliError> {
    if args.output.format == ListFormat::Json {
        let document = serde_json::json!({ "schema": 1, "servers": rows });
        let text =
            serde_json::to_string_pretty(&document).map_err(crate::report::ReportError::from)?;
        return sink.write(&(text + "\n"));
    }
    let head = [
        "",
        "visits/s",
        "CPU of the server",
        "p50",
        "p99",
        "p99.9",
        "longest",
        "let in",
        "resumed",
        "refused",
        "lost",
        "memory",
    ];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    table.extend(rows.iter().map(|row| {
        vec![
            row.server.clone(),
            format!("{:.0}", row.handshakes_per_second),
            format!("{:.0} µs", row.cpu_microseconds_per_handshake),
            format!("{} µs", row.p50_microseconds),
            format!("{} µs", row.p99_microseconds),
            format!("{} µs", row.p999_microseconds),
            format!("{} µs", row.longest_microseconds),
            row.let_in.to_string(),
            row.resumed.to_string(),
            row.refused.to_string(),
            row.lost.to_string(),
            format!("{} KiB", row.memory_kib),
        ]
    }));
    let mut text = columns(&table);
    if let Some((ours, others)) = rows.split_first() {
        text.push('\n');
        for other in others {
            text.push_str(&format!(
                "{} against {}: visits/s × {:.2}, CPU × {:.2}, p99 × {:.2}\n",
                other.server,
                ours.server,
                other.handshakes_per_second / ours.handshakes_per_second,
                other.cpu_microseconds_per_handshake / ours.cpu_microseconds_per_handshake,
                other.p99_microseconds as f64 / ours.p99_microseconds.max(1) as f64,
            ));
        }
    }
    sink.write(&text)
}

#[derive(Debug, clap::Args)]
pub(super) struct PlainArgs {
    /// The folder with ca.pem, server.pem, server.key and crl.pem.
    folder: PathBuf,
    /// Where to listen.
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// Checks revocation by crl.pem.
    #[arg(long)]
    crl: bool,
}

pub(super) fn plain(args: &PlainArgs) -> Result<Exit, CliError> {
    let ready = || {
        // Nobody who listens is a reason to go on all the same.
        let _ = output::print(&format!("listening on {}\n", args.listen));
    };
    runtime()?.block_on(serve_plain(&args.folder, args.listen, args.crl, ready))?;
    Ok(Exit::Clean)
}
