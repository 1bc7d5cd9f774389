//! `gatecrash bench exhaust`: every attack by itself, beside honest clients.

use std::time::Duration;

use super::{
    CliError, Exit, folder,
    load::{attacks, runtime},
    output::{ListFormat, ListOutput},
};
use crate::{
    load::{ATTACKS, Attack, Manner, Siege, Withstood},
    report::layout::columns,
};

/// Tries to exhaust the reference server in every way known, one after the other, beside honest clients.
///
/// Honest clients come at a rate of their own, in calm and under attack in turn, and what is
/// compared is how many are answered within a second. The attack is bounded, by connections
/// and by attempts a second, because it shares the machine with the server: what it costs the
/// server shows as CPU time. Exit code 1 when an attack leaves less than 80 % of the honest
/// visits, or memory grows by more than 96 MiB.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash bench exhaust\n  gatecrash bench exhaust --attack half-open --attack slow-body --rounds 5\n  \
                        gatecrash bench exhaust --one-address"
)]
pub(super) struct Args {
    /// An attack. Repeatable; without it, every one.
    #[arg(long, value_name = "NAME")]
    attack: Vec<String>,
    /// Honest visits a second.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// How many attackers there are: more than the server allows handshakes and connections.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u16).range(1..=4096))]
    attackers: u16,
    /// Attempts that they begin in a second, all together; or answers that they ask for, where an
    /// attempt asks for many.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    attempts: u32,
    /// How long a round lasts in calm, and how long under attack.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How many rounds there are. Medians count.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// Lets all come from one address, attackers and honest clients alike: the hard case, since
    /// what is limited by address is then limited for all. Attacks from many addresses are left out.
    #[arg(long)]
    one_address: bool,
    #[command(flatten)]
    output: ListOutput,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let attacks = chosen(args)?;
    let siege = Siege {
        rate: f64::from(args.rate),
        attackers: usize::from(args.attackers),
        attempts: f64::from(args.attempts),
        duration: Duration::from_secs(args.seconds),
        rounds: args.rounds,
        one_address: args.one_address,
    };
    let sink = args.output.open()?;
    let runtime = runtime()?;
    let bar = indicatif::ProgressBar::new(attacks.len() as u64);
    let mut withstood = Vec::new();
    for attack in attacks {
        let folder = folder::private("load")?;
        withstood.push(runtime.block_on(siege.lay(attack, folder.path()))?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let findings: Vec<String> = withstood.iter().flat_map(Withstood::findings).collect();
    let text = match args.output.format {
        ListFormat::Json => {
            let document =
                serde_json::json!({ "schema": 1, "attacks": withstood, "findings": findings });
            serde_json::to_string_pretty(&document).map_err(crate::report::ReportError::from)?
                + "\n"
        }
        ListFormat::Text => table(args, &withstood, &findings),
    };
    sink.write(&text)?;
    Ok(if findings.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

fn chosen(args: &Args) -> Result<Vec<&'static Attack>, CliError> {
    let needs_many = |attack: &&Attack| args.one_address && attack.manner == Manner::Restless;
    if args.attack.is_empty() {
        return Ok(ATTACKS
            .iter()
            .filter(|attack| !needs_many(attack))
            .collect());
    }
    let attacks = attacks(&args.attack)?;
    match attacks.iter().copied().find(needs_many) {
        Some(attack) => Err(CliError::arguments(
            format!("`{}` comes from many addresses", attack.name),
            "leave it or --one-address away",
        )),
        None => Ok(attacks),
    }
}

fn table(args: &Args, withstood: &[Withstood], findings: &[String]) -> String {
    let head = [
        "",
        "attempts",
        "honest in time",
        "of calm",
        "p99",
        "in calm",
        "CPU",
        "in calm",
        "memory",
        "in calm",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(withstood.iter().map(|one| {
        let (calm, attacked) = (&one.calm, &one.attacked);
        vec![
            one.attack.to_owned(),
            one.attempts.to_string(),
            format!("{:.0}/s", attacked.in_time_per_second),
            format!("{:.0} %", one.share_percent),
            format!("{:.1} ms", attacked.p99_microseconds as f64 / 1e3),
            format!("{:.1} ms", calm.p99_microseconds as f64 / 1e3),
            format!("{:.0} %", attacked.cpu_percent),
            format!("{:.0} %", calm.cpu_percent),
            format!("{:.1} MiB", attacked.memory_kib as f64 / 1024.0),
            format!("{:.1} MiB", calm.memory_kib as f64 / 1024.0),
        ]
    }));
    let mut text = columns(&rows);
    text.push_str(&format!(
        "\n{} honest visits a second, in time within 1 s; {} attackers, at most {} attempts a second; medians of {} rounds; CPU of the server, of one core\n",
        args.rate, args.attackers, args.attempts, args.rounds
    ));
    if findings.is_empty() {
        text.push_str("every attack was withstood\n");
    }
    for finding in findings {
        text.push_str(&format!("WRONG  {finding}\n"));
    }
    text
}
