//! One attack after the other, each beside the same honest clients: what it costs them, and the server.
//!
//! Attackers, honest clients and the server share one machine, so nobody may simply take all
//! of it: honest clients come at a rate of their own (an open loop), attackers hold so many
//! connections and begin so many attempts a second. What then counts is how many of the
//! honest are answered in time, in calm and under attack, and what the server itself spends.

use std::{fs, net::Ipv4Addr, path::Path, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    Attack, Attackers, Caller, Kind, LoadError, LoadPki, Manner, Measured, Pace, Peer, Pressure,
    Station, drive,
};
use crate::server::Clock;

/// How many honest clients there are.
const HONEST: u8 = 16;
/// How late an answer may be.
const IN_TIME: Duration = Duration::from_secs(1);
/// How long a server is warmed up, and how long attackers may take their places.
const WARM_UP: Duration = Duration::from_millis(700);
/// How long attackers may take to begin, one after the other.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The least share of honest visits that an attack must leave, in per cent.
const LEAST_SHARE: f64 = 80.0;
/// By how much memory may grow, in KiB.
const MOST_MEMORY: u64 = 96 * 1024;
/// Limits that so many attackers reach, the rest as by default but shorter, so that a short
/// attack sees every deadline.
const LIMITS: &str = "openapi = \"api.json\"\n[limits]\nconnections = 256\nhandshakes = 64\nhandshakes-per-address = 8\nconnections-per-address = 48\n\
                      connections-per-client = 24\nhandshake-milliseconds = 3000\nheader-milliseconds = 2000\n\
                      request-milliseconds = 2000\nidle-milliseconds = 4000\n";

/// Octets of the document that the server shows, and how often slow readers ask for it: a few
/// answers fill what the system buffers, so that they cost the server a place and no time.
const DOCUMENT: usize = 64 * 1024;
const UNREAD: usize = 48;

/// A document as large as this, beside which the server's own operations are served.
fn document() -> String {
    serde_json::json!({
        "openapi": "3.1.0",
        "info": { "title": "siege", "version": "1", "description": "x".repeat(DOCUMENT) },
        "security": [ { "certificate": [] } ],
        "components": { "securitySchemes": { "certificate": { "type": "mutualTLS" } } },
        "paths": { "/large": { "get": { "responses": { "401": { "description": "who?" } } } } },
    })
    .to_string()
}

/// A load of honest clients and an attack beside it.
#[derive(Clone, Debug)]
pub struct Siege {
    /// Honest visits a second.
    pub rate: f64,
    /// How many attackers there are, and so how many connections they hold at the most.
    pub attackers: usize,
    /// How many attempts they begin in a second, all together; or how many answers they ask
    /// for, where an attempt asks for many. The restless begin as many as the server ends.
    pub attempts: f64,
    /// How long a round lasts in calm, and how long under attack.
    pub duration: Duration,
    /// How many rounds there are. Medians count.
    pub rounds: u16,
    /// Whether all come from one address, attackers and honest clients alike.
    pub one_address: bool,
}

/// What came of one attack. Medians of rounds, but for memory.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Withstood {
    /// The attack.
    pub attack: &'static str,
    /// Attempts of the attackers.
    pub attempts: u64,
    /// Honest visits answered with 200 in time under attack, in per cent of those in calm.
    pub share_percent: f64,
    /// In calm.
    pub calm: Phase,
    /// Under attack.
    pub attacked: Phase,
}

/// What was measured in calm or under attack.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Phase {
    /// Honest visits a second that were answered with 200 in time.
    pub in_time_per_second: f64,
    /// The latency below which 99 of 100 honest visits stayed, in microseconds.
    pub p99_microseconds: u64,
    /// CPU time of the server, in per cent of one core.
    pub cpu_percent: f64,
    /// The most memory that the server held, in KiB.
    pub memory_kib: u64,
}

impl Withstood {
    /// What should not be, one sentence each.
    pub fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        if self.share_percent < LEAST_SHARE {
            findings.push(format!(
                "{}: {:.0} % of honest visits were answered in time",
                self.attack, self.share_percent
            ));
        }
        if self.attacked.memory_kib > self.calm.memory_kib + MOST_MEMORY {
            findings.push(format!(
                "{}: memory grew from {} to {} KiB",
                self.attack, self.calm.memory_kib, self.attacked.memory_kib
            ));
        }
        findings
    }
}

impl Siege {
    /// Puts one attack on a fresh server, with files in this folder, which must be its
    /// owner's alone.
    ///
    /// # Errors
    /// When the load cannot be put on.
    pub async fn lay(
        &self,
        attack: &'static Attack,
        folder: &Path,
    ) -> Result<Withstood, LoadError> {
        let mut pki = LoadPki::new(Clock::System.now(), 1_000)?;
        pki.write_to(folder)?;
        let api = folder.join("api.json");
        fs::write(&api, document()).map_err(|source| LoadError::Write { path: api, source })?;
        let station = Station::start(Peer::Reference, folder, true, LIMITS)?;
        let honest: Arc<[Caller]> = (1..=HONEST)
            .map(|number| {
                let credentials = pki.issue(Kind::Client)?;
                let caller = Caller::new(station.address, pki.root(), Some(&credentials))?;
                let address = if self.one_address { 1 } else { number };
                Ok(caller.calling_from(Ipv4Addr::new(127, 77, 0, address)))
            })
            .collect::<Result<_, LoadError>>()?;
        drive(&honest, Pace::Open(self.rate), WARM_UP).await;
        let (mut calm, mut attacked) = (Vec::new(), Vec::new());
        let mut attempts = 0;
        for _ in 0..self.rounds {
            calm.push(self.phase(&station, &honest).await?);
            let attempts_a_second = match attack.manner {
                Manner::Patient | Manner::Restless => self.attempts,
                Manner::Demanding => self.attempts / UNREAD as f64,
            };
            let breath =
                Duration::from_secs_f64(self.attackers as f64 / attempts_a_second.max(1.0));
            let pressure = Pressure {
                attackers: self.attackers,
                breath,
                unread: UNREAD,
                from_caller: self.one_address,
            };
            let attackers = Attackers::press(&[attack], pressure, &honest[0], &mut pki)?;
            sleep(WARM_UP + breath.min(LONGEST_WAIT)).await;
            attacked.push(self.phase(&station, &honest).await?);
            attempts += attackers.attempts();
            drop(attackers);
            sleep(WARM_UP).await;
        }
        let shares = calm.iter().zip(&attacked).map(|(calm, attacked)| {
            100.0 * attacked.in_time_per_second / calm.in_time_per_second.max(f64::EPSILON)
        });
        Ok(Withstood {
            attack: attack.name,
            attempts,
            share_percent: median(shares.collect()),
            calm: Phase::of(&calm),
            attacked: Phase::of(&attacked),
        })
    }

    async fn phase(&self, station: &Station, honest: &Arc<[Caller]>) -> Result<Phase, LoadError> {
        let (before, begun) = (station.cpu()?, Instant::now());
        let driving = drive(honest, Pace::Open(self.rate), self.duration);
        tokio::pin!(driving);
        let mut memory = station.memory()?;
        let measured: Measured = loop {
            tokio::select! {
                measured = driving.as_mut() => break measured,
                () = sleep(Duration::from_millis(200)) => memory = memory.max(station.memory()?),
            }
        };
        let spent = station.cpu()?.saturating_sub(before).as_secs_f64();
        let seconds = self.duration.as_secs_f64();
        let limit = u64::try_from(IN_TIME.as_micros()).unwrap_or(u64::MAX);
        Ok(Phase {
            in_time_per_second: measured.latency.count_between(0, limit) as f64 / seconds,
            p99_microseconds: measured.quantile(0.99),
            // Late answers are waited for.
            cpu_percent: 100.0 * spent / begun.elapsed().as_secs_f64(),
            memory_kib: memory,
        })
    }
}

impl Phase {
    fn of(rounds: &[Self]) -> Self {
        let each = |part: fn(&Self) -> f64| median(rounds.iter().map(part).collect());
        Self {
            in_time_per_second: each(|round| round.in_time_per_second),
            p99_microseconds: each(|round| round.p99_microseconds as f64) as u64,
            cpu_percent: each(|round| round.cpu_percent),
            memory_kib: rounds
                .iter()
                .map(|round| round.memory_kib)
                .max()
                .unwrap_or(0),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_visits_that_are_missing_and_memory_that_grows_are_findings() {
        let withstood = |share_percent: f64, memory_kib: u64| Withstood {
            attack: "half-open",
            attempts: 1,
            share_percent,
            calm: Phase::default(),
            attacked: Phase {
                memory_kib,
                ..Phase::default()
            },
        };
        for (share, memory, count) in [
            (100.0, 0, 0),
            (80.0, MOST_MEMORY, 0),
            (79.9, 0, 1),
            (0.0, MOST_MEMORY + 1, 2),
        ] {
            assert_eq!(withstood(share, memory).findings().len(), count, "{share}");
        }
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }
}
