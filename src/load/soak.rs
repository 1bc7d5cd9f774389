//! Mixed load for a long time: honest, hostile and rotating at once, and what must be true after it.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use super::{
    ATTACKS, Answer, Attack, Attackers, Caller, Credentials, Kind, LoadError, LoadPki, Measured,
    Pace, Peer, Station, drive,
};
use crate::server::Clock;

/// How many honest clients there are. Half of them keep tickets.
const HONEST: usize = 64;
/// Entries of the CRL that concern nobody here.
const STRANGERS: u64 = 1_000;
/// How long a change of files may take to be in force.
const TAKEN_OVER: Duration = Duration::from_secs(15);
/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How long one visit may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Visits of somebody who was revoked just now.
const LATE_VISITS: usize = 3;

/// A load of everything at once.
#[derive(Clone, Debug)]
pub struct Soak {
    /// How long.
    pub duration: Duration,
    /// Honest connections a second; hostile ones are half as many.
    pub rate: f64,
    /// How many attackers try to exhaust the server meanwhile.
    pub attackers: usize,
    /// How often keys, certificates, CAs and CRLs are all replaced.
    pub rotation: Duration,
}

/// Visits of one kind of hostile client.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// What it is.
    pub name: &'static str,
    /// What became of its visits.
    pub measured: Measured,
}

/// What came of a soak.
#[derive(Clone, Debug)]
pub struct SoakReport {
    /// Honest clients.
    pub honest: Measured,
    /// Hostile clients, by kind; those revoked a moment ago are the last.
    pub hostile: Vec<Hostile>,
    /// Rotations taken over.
    pub rotations: u64,
    /// Rotations that were not in force in time.
    pub stuck_rotations: u64,
    /// Memory of the server from time to time, in KiB.
    pub memory: Vec<u64>,
    /// Whether the server is still there.
    pub alive: bool,
    /// Lines of the server's log that speak of a panic.
    pub panics: usize,
}

impl SoakReport {
    /// The medians of memory early and late, in KiB: the second and the last fifth of the time.
    pub fn memory_early_and_late(&self) -> (u64, u64) {
        let fifth = self.memory.len() / 5;
        let median = |part: &[u64]| {
            let mut part = part.to_vec();
            part.sort_unstable();
            part.get(part.len() / 2).copied().unwrap_or(0)
        };
        let late = self.memory.len() - fifth;
        (
            median(self.memory.get(fifth..fifth * 2).unwrap_or_default()),
            median(self.memory.get(late..).unwrap_or_default()),
        )
    }

    /// What should not have happened, one sentence each.
    pub fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let turned_away = self.honest.refused + self.honest.lost;
        if turned_away > 0 {
            findings.push(format!("{turned_away} honest visits were not let in"));
        }
        for hostile in &self.hostile {
            if hostile.measured.let_in > 0 {
                findings.push(format!(
                    "{} visits were let in: {}",
                    hostile.measured.let_in, hostile.name
                ));
            }
        }
        if self.stuck_rotations > 0 {
            findings.push(format!(
                "{} rotations were not taken over",
                self.stuck_rotations
            ));
        }
        let (early, late) = self.memory_early_and_late();
        if late > early + early / 4 + 4_096 {
            findings.push(format!("memory grew from {early} to {late} KiB"));
        }
        if self.panics > 0 || !self.alive {
            findings.push("the server panicked or ended".to_owned());
        }
        findings
    }
}

impl Soak {
    /// Does it, with files in this folder, which must be its owner's alone.
    ///
    /// # Errors
    /// When the load cannot be put on; what the server does wrong is in the report.
    pub async fn run(&self, folder: &Path) -> Result<SoakReport, LoadError> {
        let now = Clock::System.now();
        let mut pki = LoadPki::new(now, STRANGERS)?;
        let revoked = pki.issue(Kind::Client)?;
        pki.revoke(&revoked);
        pki.write_to(folder)?;
        let mut station = Station::start(Peer::Reference, folder, true, LIMITS)?;
        let server = station.address;
        let honest = self.honest(server, &mut pki)?;
        let hostile = hostile(server, &mut pki, &revoked, LoadPki::new(now, 0)?)?;
        let every: Vec<&'static Attack> = ATTACKS.iter().collect();
        let attackers = Attackers::set_on(&every, self.attackers, &honest[0], &mut pki)?;

        let end = Instant::now() + self.duration;
        let pace = Pace::Open(self.rate);
        let duration = self.duration;
        let honest: JoinHandle<Measured> =
            tokio::spawn(async move { drive(&honest, pace, duration).await });
        let rate = self.rate / 2.0 / hostile.len() as f64;
        let hostile: Vec<(&'static str, JoinHandle<Measured>)> = hostile
            .into_iter()
            .map(|(name, caller)| {
                let callers: Arc<[Caller]> = Arc::new([caller]);
                let task =
                    tokio::spawn(async move { drive(&callers, Pace::Open(rate), duration).await });
                (name, task)
            })
            .collect();

        let mut report = SoakReport {
            honest: Measured::default(),
            hostile: Vec::new(),
            rotations: 0,
            stuck_rotations: 0,
            memory: Vec::new(),
            alive: true,
            panics: 0,
        };
        let mut late = Measured::default();
        let mut rotate_at = Instant::now() + self.rotation;
        while Instant::now() < end {
            report.memory.push(station.memory()?);
            sleep(LOOK.min(end.saturating_duration_since(Instant::now()))).await;
            if Instant::now() >= rotate_at {
                rotate_at = Instant::now() + self.rotation;
                rotate(&mut pki, folder, &station, &mut report, &mut late).await?;
            }
        }
        report.honest.add(&joined(honest).await);
        for (name, task) in hostile {
            let measured = joined(task).await;
            report.hostile.push(Hostile { name, measured });
        }
        report.hostile.push(Hostile {
            name: "revoked a moment ago, with a ticket",
            measured: late,
        });
        drop(attackers);
        report.alive = station.is_alive();
        let log = std::fs::read_to_string(&station.log).unwrap_or_default();
        let speaks_of_panic = |line: &&str| line.contains("panicked") || line.contains("fault of");
        report.panics = log.lines().filter(speaks_of_panic).count();
        Ok(report)
    }

    fn honest(
        &self,
        server: std::net::SocketAddr,
        pki: &mut LoadPki,
    ) -> Result<Arc<[Caller]>, LoadError> {
        (0..HONEST)
            .map(|number| {
                let caller = Caller::new(server, pki.root(), Some(&pki.issue(Kind::Client)?))?;
                Ok(if number % 2 == 0 {
                    caller
                } else {
                    caller.with_tickets()
                })
            })
            .collect()
    }
}

/// Short deadlines, so that attackers come around often.
const LIMITS: &str = "[limits]\nhandshake-milliseconds = 5000\nheader-milliseconds = 5000\n\
                      request-milliseconds = 5000\nidle-milliseconds = 10000\n";

/// A task that panicked measured nothing, which shows as honest visits that are missing.
async fn joined(task: JoinHandle<Measured>) -> Measured {
    task.await.unwrap_or_else(|_| Measured {
        lost: 1,
        ..Measured::default()
    })
}

fn hostile(
    server: std::net::SocketAddr,
    pki: &mut LoadPki,
    revoked: &Credentials,
    mut stranger: LoadPki,
) -> Result<Vec<(&'static str, Caller)>, LoadError> {
    let good = pki.issue(Kind::Client)?;
    let mut stolen = pki.issue(Kind::Client)?;
    stolen.chain = good.chain;
    let shown = [
        ("no certificate", None),
        ("revoked", Some(revoked.clone())),
        ("expired", Some(pki.issue(Kind::Expired)?)),
        ("not yet valid", Some(pki.issue(Kind::NotYetValid)?)),
        ("a server's certificate", Some(pki.issue(Kind::Server)?)),
        (
            "of another CA with the same name",
            Some(stranger.issue(Kind::Client)?),
        ),
        ("stolen, without its key", Some(stolen)),
        ("larger than allowed", Some(pki.issue(Kind::Oversized)?)),
    ];
    shown
        .into_iter()
        .map(|(name, credentials)| {
            Ok((
                name,
                Caller::new(server, pki.root(), credentials.as_ref())?.with_tickets(),
            ))
        })
        .collect()
}

/// Replaces everything, and revokes somebody who was welcome until then.
async fn rotate(
    pki: &mut LoadPki,
    folder: &Path,
    station: &Station,
    report: &mut SoakReport,
    late: &mut Measured,
) -> Result<(), LoadError> {
    let victim = pki.issue(Kind::Client)?;
    let caller = Caller::new(station.address, pki.root(), Some(&victim))?.with_tickets();
    for _ in 0..2 {
        let begun = Instant::now();
        report
            .honest
            .count(caller.visit(PATIENCE).await, begun.elapsed());
    }
    let before = generation(station).await;
    pki.revoke(&victim);
    pki.write_to(folder)?;
    let begun = Instant::now();
    while generation(station).await == before {
        if begun.elapsed() > TAKEN_OVER {
            report.stuck_rotations += 1;
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
    report.rotations += 1;
    for _ in 0..LATE_VISITS {
        let answer = caller.visit(PATIENCE).await;
        // Whether it is let in is what counts, not how long that takes.
        late.count(answer, Duration::ZERO);
        if matches!(answer, Answer::Lost(_)) {
            break;
        }
    }
    Ok(())
}

/// The number of the configuration in force, from the server's metrics.
async fn generation(station: &Station) -> Option<u64> {
    let ask = async {
        let mut stream = TcpStream::connect(station.status?).await.ok()?;
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await
            .ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.ok()?;
        let number = |line: &str| {
            line.strip_prefix("gatecrash_generation ")?
                .trim()
                .parse()
                .ok()
        };
        text.lines().find_map(number)
    };
    timeout(PATIENCE, ask).await.ok().flatten()
}
