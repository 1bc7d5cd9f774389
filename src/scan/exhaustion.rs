//! Clients that cost a server more than they spend: a few of one kind at once, and
//! what is left for an honest one before, meanwhile and afterwards.
//!
//! Shown only where the operator asks for it. All are few and end soon: who cannot
//! serve beside so few of them serves nobody beside many.

use std::{
    io::{Read, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    client::{Request, Session, Visit},
    outcome::Outcome,
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Finding, Record},
    scene::Scene,
};
use crate::{defect::Severity, stop::Wire};

/// Clients that exhaust. Each kind changes what the next would meet.
pub(super) const STAGE: Stage = Stage {
    name: "exhaustion",
    about: "a few clients that stall, drip or break off, and an honest one beside them",
    alone: true,
    changes_server: false,
    probes,
    conclude,
};

/// How many clients of one kind there are at once.
const CLIENTS: usize = 32;
/// How long they go on.
const LASTS: Duration = Duration::from_secs(4);
/// Between two steps of each.
const STEP: Duration = Duration::from_millis(100);
/// How often one kind may begin anew, all clients together: the server throws them out.
const MOST: usize = 4 * CLIENTS;
/// How often the honest client asks before and afterwards.
const ASKS: usize = 5;
/// So many times slower than before is what an honest client may become,
const SLOWER: u32 = 20;
/// and less than this is never too slow.
const TOLERABLE: Duration = Duration::from_secs(1);

/// One client that is under way.
enum Attacker {
    /// A connection on which nothing more is sent.
    Silent(Wire),
    /// A session on which these octets go round and round, so many at each step, each in a record of its own.
    Dripping(Box<Session>, usize),
    /// One that was broken off, and is over.
    Over,
}

/// A kind of client.
struct Kind {
    id: &'static str,
    shows: &'static str,
    begin: fn(&Scene) -> Option<Attacker>,
}

const KINDS: &[Kind] = &[
    Kind {
        id: "exhaustion/stalled-handshake",
        shows: "32 clients that send half a ClientHello and no more",
        begin: |scene| {
            let hello = scene.client.hello()?;
            let mut wire = scene.client.wire()?;
            wire.write_all(&hello[..hello.len() / 2]).ok()?;
            Some(Attacker::Silent(wire))
        },
    },
    Kind {
        id: "exhaustion/slow-body",
        shows: "32 clients with the good certificate whose body comes octet by octet, ten a second",
        begin: |scene| dripping(scene, "Content-Length: 1000000\r\n\r\n", 1),
    },
    Kind {
        id: "exhaustion/tiny-records",
        shows: "32 clients with the good certificate whose header comes in records of one octet, 500 a second",
        begin: |scene| dripping(scene, "X-Gatecrash: ", 50),
    },
    Kind {
        id: "exhaustion/connect-and-reset",
        shows: "clients that break off once the server has answered their ClientHello, 32 at a time",
        begin: |scene| {
            let hello = scene.client.hello()?;
            let mut wire = scene.client.wire()?;
            wire.write_all(&hello).ok()?;
            // Closed with octets unread, a connection is reset and not ended.
            let _ = wire.read(&mut [0]);
            Some(Attacker::Over)
        },
    },
];

/// A session with a request that never ends.
fn dripping(scene: &Scene, rest: &str, octets: usize) -> Option<Attacker> {
    let good = Some(Arc::clone(&scene.good));
    let mut session = scene.client.session(&Visit::new(good, Request::get("/")))?;
    let path = &scene.wishes.request.path;
    let host = scene.client.endpoint().host_header();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{rest}");
    session.write_all(head.as_bytes()).ok()?;
    session.flush().ok()?;
    Some(Attacker::Dripping(Box::new(session), octets))
}

impl Attacker {
    /// Goes on. False once the server has thrown it out, or it is over.
    fn step(&mut self) -> bool {
        match self {
            Self::Silent(wire) => !wire.is_over(),
            Self::Dripping(session, octets) => (0..*octets).all(|_| {
                let sent = session.write_all(b"a").and_then(|()| session.flush());
                sent.is_ok()
            }),
            Self::Over => false,
        }
    }
}

fn probes(scene: &Scene) -> Vec<Probe> {
    if !scene.wishes.exhaustion {
        return Vec::new();
    }
    let probe =
        |kind: &'static Kind| Probe::hostile(kind.id, kind.shows, move |scene| beside(scene, kind));
    KINDS.iter().map(probe).collect()
}

/// What an honest client gets.
#[derive(Default)]
struct Served {
    took: Vec<Duration>,
    failed: usize,
}

impl Served {
    fn ask(&mut self, scene: &Scene) {
        let start = Instant::now();
        match scene.is_healthy() {
            true => self.took.push(start.elapsed()),
            false => self.failed += 1,
        }
    }

    fn of(scene: &Scene, asks: usize) -> Self {
        let mut served = Self::default();
        (0..asks).for_each(|_| served.ask(scene));
        served
    }

    /// The median.
    fn usual(&self) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        took.get(took.len() / 2).copied().unwrap_or_default()
    }

    /// Whether more than half came to nothing.
    fn is_lost(&self) -> bool {
        self.failed > self.took.len()
    }
}

impl std::fmt::Display for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let asked = self.took.len() + self.failed;
        let milliseconds = self.usual().as_secs_f64() * 1000.0;
        write!(
            f,
            "{} of {asked} served in {milliseconds:.1} ms",
            self.took.len()
        )
    }
}

/// Shows what is left for an honest client beside those of a kind.
fn beside(scene: &Scene, kind: &Kind) -> Seen {
    let before = Served::of(scene, ASKS);
    if before.is_lost() {
        return Seen::inconclusive(format!("an honest client alone: {before}"));
    }
    let done = AtomicBool::new(false);
    let (meanwhile, begun) = thread::scope(|scope| {
        let attack = scope.spawn(|| attack(scene, kind, &done));
        let deadline = Instant::now() + LASTS;
        let mut meanwhile = Served::default();
        while Instant::now() < deadline && !scene.client.pace().is_over() {
            meanwhile.ask(scene);
            scene.client.pace().stop().sleep(STEP);
        }
        done.store(true, Ordering::Relaxed);
        (meanwhile, attack.join().unwrap_or_default())
    });
    if begun == 0 {
        return Seen::inconclusive("none of them came so far");
    }
    let after = Served::of(scene, ASKS);
    let words = format!(
        "an honest client before: {before}; beside {begun} of them: {meanwhile}; afterwards: {after}"
    );
    let limit = TOLERABLE.max(before.usual() * SLOWER);
    let is_kept_out = meanwhile.is_lost() || meanwhile.usual() > limit || after.is_lost();
    Seen::of(match is_kept_out {
        true => Outcome::WentAlong(words),
        false => Outcome::Held(words),
    })
}

/// Keeps clients of a kind going until it is done. How many there were.
fn attack(scene: &Scene, kind: &Kind, done: &AtomicBool) -> usize {
    let mut attackers: Vec<Attacker> = Vec::new();
    let mut begun = 0;
    let start = Instant::now();
    // An honest client may wait for them, and they end all the same.
    let goes_on = || !done.load(Ordering::Relaxed) && start.elapsed() < LASTS;
    while goes_on() && !scene.client.pace().is_over() {
        while attackers.len() < CLIENTS && begun < MOST && goes_on() {
            match (kind.begin)(scene) {
                Some(attacker) => attackers.push(attacker),
                None => break,
            }
            begun += 1;
        }
        attackers.retain_mut(Attacker::step);
        scene.client.pace().stop().sleep(STEP);
    }
    begun
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let broken: Vec<&Record> = records
        .iter()
        .filter(|record| record.outcome.is_accepted())
        .collect();
    if broken.is_empty() {
        return Conclusion::default();
    }
    let evidence: Vec<&str> = broken
        .iter()
        .map(|record| record.evidence.as_str())
        .collect();
    vec![Finding {
        id: "exhaustion/honest-clients-kept-out".to_owned(),
        severity: Severity::Medium,
        title: "A few clients that stall or drip keep honest ones out".to_owned(),
        evidence: evidence.join("; "),
        why: "One machine with no certificate, or with any, takes the service away from everybody else.".to_owned(),
        remediation: Remedy::Limits.text(scene.kind),
        references: vec!["CWE-400".to_owned(), "CWE-770".to_owned()],
        again: None,
        probes: broken.iter().map(|record| record.id.clone()).collect(),
    }]
    .into()
}
