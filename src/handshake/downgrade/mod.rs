//! Downgrade probes for a live server: what it chooses when it is offered what
//! nobody should take, and whether it keeps the safeguards of old versions.
//!
//! A probe sends one ClientHello and reads up to the server's choice; it shows no
//! certificate and finishes no handshake, so it needs none and leaves no session.
//! The table is the family `downgrade` of the catalogue, where any choice is wrong,
//! and the safeguards of old versions, where a choice is fine and how it is made counts.
//!
//! ```no_run
//! # fn main() -> std::io::Result<()> {
//! use gatecrash::handshake::downgrade::{Target, probes};
//!
//! let target = Target::new(([127, 0, 0, 1], 8443).into()).server_name("localhost");
//! for probe in probes() {
//!     let seen = probe.run(&target)?;
//!     println!("{}: {:?}, {}", probe.id, seen.verdict, seen.evidence);
//! }
//! # Ok(())
//! # }
//! ```

mod answer;
mod safeguards;
mod suite;

use std::{io, net::SocketAddr, time::Duration};

pub use answer::{Answer, KeyExchange};
pub use safeguards::Safeguard;
pub use suite::{offering, suite_name, suites_of};

use super::{End, Play, Tcp, message::ServerHello, play};
use crate::{
    defect::{self, Defect, Position, Severity},
    question::Purpose,
    recipe::generate::Setting,
    script::{
        Awaited, CipherSuite, HandshakeKind, Hello, Message, ProtocolVersion, Script, Side, Step,
    },
    stop::Stop,
    verdict::Clause,
};

/// Where a probe goes.
#[derive(Clone, Debug)]
pub struct Target {
    address: SocketAddr,
    server_name: String,
    patience: Duration,
    stop: Stop,
}

impl Target {
    /// A server, with five seconds for each of its answers.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            server_name: String::new(),
            patience: Duration::from_secs(5),
            stop: Stop::NEVER,
        }
    }

    /// The host name that is asked for; without it the hello names none.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = name.into();
        self
    }

    /// How long one wait for an answer may be.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Lets somebody end every wait.
    #[must_use]
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    fn connect(&self) -> io::Result<Tcp> {
        Tcp::connect_until(self.address, self.patience, self.stop)
    }

    /// Sends a hello and reads what comes back, up to the server's choice.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn greet(&self, hello: &Hello) -> io::Result<Answer> {
        answer::greet(self.connect()?, &self.named(hello))
    }

    /// The hello with the host name, where its version has a place for one.
    fn named(&self, hello: &Hello) -> Hello {
        let server_name = match hello.legacy_version {
            ProtocolVersion::SSL_3_0 => String::new(),
            _ => self.server_name.clone(),
        };
        Hello {
            server_name,
            ..hello.clone()
        }
    }
}

/// One probe.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Its id, `downgrade/…`. Where it is a defect of the catalogue, that of the defect.
    pub id: &'static str,
    /// What is offered, in one line.
    pub summary: &'static str,
    /// Why it matters.
    pub page: &'static str,
    /// The clause that forbids it.
    pub clause: Clause,
    /// How bad it is when the server goes along.
    pub severity: Severity,
    hello: Hello,
    demand: Demand,
}

/// What a sound server does with the hello of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// It makes no choice.
    Refuse,
    /// It refuses, or chooses and keeps this.
    Keep(Safeguard),
}

/// Whether a server held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It refused, or chose something sound.
    Held,
    /// It went along.
    Broken,
    /// Nobody can tell: it hung, said no TLS, or never came to what is asked.
    Unclear,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Whether the server held.
    pub verdict: Verdict,
    /// What it did, in words.
    pub evidence: String,
    /// The answer itself.
    pub answer: Answer,
}

/// Every probe, the worst kinds first.
pub fn probes() -> Vec<Probe> {
    let offers = defect::CATALOGUE
        .iter()
        .filter(|family| family.name == "downgrade")
        .flat_map(|family| family.defects)
        .filter(|defect| defect.purposes.contains(&Purpose::Client))
        .filter_map(offer);
    offers.chain(safeguards::probes()).collect()
}

/// The probe of a defect: the hello that its hostile client sends.
fn offer(defect: &'static Defect) -> Option<Probe> {
    let mut recipe = Setting::default().recipe();
    (defect.prepare)(&mut recipe, Position::Handshake).ok()?;
    (defect.spoil)(&mut recipe, Position::Handshake).ok()?;
    let hello = recipe.handshake?.hello;
    Some(Probe {
        id: defect.id.0,
        summary: defect.summary,
        page: defect.page,
        clause: defect.clause,
        severity: defect.severity,
        demand: match hello.suites.contains(&CipherSuite::FALLBACK_SCSV) {
            true => Demand::Keep(Safeguard::NoNeedlessFallback),
            false => Demand::Refuse,
        },
        hello,
    })
}

impl Probe {
    /// What is sent.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// What a sound server does with it.
    pub fn demand(&self) -> Demand {
        self.demand
    }

    /// Runs it.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn run(&self, target: &Target) -> io::Result<Seen> {
        let answer = target.greet(&self.hello)?;
        let (verdict, evidence) = match (self.demand, &answer.hello) {
            (_, Some(chosen)) if !offers(&self.hello, chosen) => {
                (Verdict::Unclear, format!("{answer}, which was not offered"))
            }
            (Demand::Keep(safeguard), Some(_)) => {
                let (held, what) = safeguard.judge(&answer, target)?;
                (held, format!("{answer}; {what}"))
            }
            (Demand::Refuse, Some(_)) if answer.version() == Some(ProtocolVersion::TLS_1_3) => {
                self.follow(target, &answer)?
            }
            (Demand::Refuse, Some(_)) => (Verdict::Broken, answer.to_string()),
            (_, None) if answer.is_refusal() => (Verdict::Held, answer.to_string()),
            (_, None) => (Verdict::Unclear, answer.to_string()),
        };
        Ok(Seen {
            verdict,
            evidence,
            answer,
        })
    }
}

impl Probe {
    /// In TLS 1.3 a server may choose first and find out under keys that it cannot go on.
    fn follow(&self, target: &Target, answer: &Answer) -> io::Result<(Verdict, String)> {
        let script = Script {
            side: Side::Client,
            hello: target.named(&self.hello),
            steps: vec![
                Message::ClientHello.into(),
                Step::Expect(Awaited::Message(HandshakeKind::FINISHED)),
                Step::Close {},
            ],
        };
        let mut tcp = target.connect()?;
        let outcome = play(&script, &Play::default(), &mut tcp);
        let finished = outcome.received.contains(&HandshakeKind::FINISHED);
        let refused = matches!(outcome.end, End::Alert(_) | End::Closed);
        let verdict = match (finished, refused) {
            (true, _) => Verdict::Broken,
            (false, true) => Verdict::Held,
            // A share that is none leaves no keys to read on with.
            (false, false) => Verdict::Unclear,
        };
        let end = match finished {
            true => "and finished".to_owned(),
            false => outcome.end.to_string(),
        };
        Ok((verdict, format!("{answer}, {end}")))
    }
}

/// Whether a choice is one that a hello offers. Another tells nothing of what would become of the offer.
fn offers(hello: &Hello, chosen: &ServerHello) -> bool {
    let version = chosen.version();
    let of_version = match hello.versions.is_empty() {
        true => version <= hello.legacy_version && version >= ProtocolVersion::SSL_3_0,
        false => hello.versions.contains(&version),
    };
    of_version && (hello.suites.contains(&chosen.suite) || chosen.is_retry())
}

/// The versions that a server speaks, each asked for alone, from the newest down.
///
/// # Errors
/// When nobody listens there.
pub fn versions(target: &Target) -> io::Result<Vec<ProtocolVersion>> {
    let mut spoken = Vec::new();
    for version in ProtocolVersion::NAMED.iter().rev().copied() {
        let hello = safeguards::plain(version);
        let chosen = target.greet(&hello)?.version();
        if chosen == Some(version) {
            spoken.push(version);
        }
    }
    Ok(spoken)
}
