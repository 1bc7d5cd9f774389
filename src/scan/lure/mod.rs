//! A rogue HTTPS server on loopback, for testing a TLS *client*: one server a
//! hostile certificate, each after its benign twin.
//!
//! A client trusts a server when it sends its request: the handshake is over
//! then, and the server has read octets of the application. Nothing else counts,
//! because in TLS 1.3 a server is done before the client has judged it.
//!
//! ```
//! use gatecrash::{question::Time, scan::lure::{Lure, Sight}};
//!
//! // A client that trusts everybody. Put your own in its place.
//! # use std::{io::Write, net::TcpStream, sync::Arc};
//! # use rustls_pki_types::ServerName;
//! # use gatecrash::handshake::AnyPeer;
//! # fn get(host: &str, port: u16, _anchors: &[Vec<u8>]) -> Result<(), Box<dyn std::error::Error>> {
//! #     let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
//! #     let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?
//! #         .dangerous().with_custom_certificate_verifier(Arc::new(AnyPeer)).with_no_client_auth();
//! #     let mut connection = rustls::ClientConnection::new(Arc::new(config), ServerName::try_from(host.to_owned())?)?;
//! #     let mut stream = TcpStream::connect(("127.0.0.1", port))?;
//! #     rustls::Stream::new(&mut connection, &mut stream).write_all(b"GET / HTTP/1.0\r\n\r\n")?;
//! #     Ok(())
//! # }
//! let now = Time::from_unix_seconds(1_800_000_000);
//! let caught = Lure::new(now).defects("validity/expired").run(|visit| {
//!     // Connect to `visit.url()`, trusting `visit.anchors()` (DER) and nothing else.
//!     let _ = get(visit.host(), visit.port(), visit.anchors());
//! })?;
//! assert!(caught.catches().iter().all(|catch| catch.twin == Sight::Asked));
//! assert!(caught.catches().iter().all(|catch| catch.hostile == Some(Sight::Asked)), "it trusted an expired certificate");
//! # Ok::<(), gatecrash::scan::lure::LureError>(())
//! ```

mod bait;
mod command;
mod downgrade;
mod host;
mod report;
mod signer;

use std::{
    collections::HashMap,
    io,
    num::NonZeroUsize,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

pub use command::{ClientCommand, CommandError, CommandRun};
pub use host::Sight;

use self::{
    bait::{Basket, Trick},
    host::Host,
};
use crate::{
    case::Case,
    defect::{self, Defect, Position},
    mint::{MintError, Template},
    question::{PeerName, Time},
    spelling::glob_matches,
};

/// How the client gets to a server that goes by the name under test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// The name is `localhost`. Any client gets there.
    #[default]
    Localhost,
    /// The name is the catalogue's own, `service.gatecrash.example` and others. The client is told where that is:
    /// `curl --connect-to`, an HTTPS proxy, a resolver of its own.
    AnyName,
}

/// Hostile servers for a client to visit.
#[must_use = "a lure does nothing until it is run"]
#[derive(Debug)]
pub struct Lure {
    time: Time,
    template: Template,
    globs: Vec<String>,
    reach: Reach,
    crls: bool,
    jobs: NonZeroUsize,
    timeout: Duration,
}

/// What a lure could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LureError {
    /// No defect has such an id.
    #[error("no defect of a server matches `{0}`")]
    NoDefect(String),
    /// The benign certificate could not be minted.
    #[error("no certificate for the rogue server: {0}")]
    Mint(#[from] MintError),
    /// No port on loopback.
    #[error("the rogue server has no port on loopback: {0}")]
    Listen(io::Error),
    /// The client did not trust a server that is as it should be.
    #[error("the client does not trust the benign server: {0}")]
    TwinRefused(Sight),
    /// Somebody ended it before anything was learned.
    #[error("ended before the client had been shown anything")]
    Stopped,
}

/// A server that waits for one visit.
#[derive(Debug)]
pub struct Visit<'a> {
    case: &'a Case,
    host: String,
    port: u16,
}

/// One hostile certificate and its twin, and what the client made of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Catch {
    /// The case's id, as in a run: `names/other-host@end-entity#0`.
    pub id: String,
    /// What is wrong.
    pub lie: Lie,
    /// Where it is wrong.
    pub position: Position,
    /// What the server of the twin saw.
    pub twin: Sight,
    /// What the hostile server saw. `None` when the twin was not trusted, so that a refusal would prove nothing.
    pub hostile: Option<Sight>,
}

/// What is wrong with a server.
#[derive(Clone, Copy, Debug)]
pub enum Lie {
    /// A defect of the catalogue: of its certificate, or of its handshake around a good one.
    Defect(&'static Defect),
    /// Its handshake, in a way that the catalogue does not have.
    Handshake(&'static HandshakeLie),
}

pub use bait::HandshakeLie;

/// Everything that came of a lure.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Caught {
    planned: usize,
    catches: Vec<Catch>,
    passed_over: Vec<(String, String)>,
    interrupted: bool,
}

impl Caught {
    /// How many hostile servers there were to show.
    pub fn planned(&self) -> usize {
        self.planned
    }

    /// Each hostile server beside its twin, in the order of the catalogue.
    pub fn catches(&self) -> &[Catch] {
        &self.catches
    }

    /// Defects that could not be shown, each with the reason.
    pub fn passed_over(&self) -> &[(String, String)] {
        &self.passed_over
    }

    /// Whether it ended before everything was shown.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    /// The hostile servers that were trusted although their twins show that the client judges.
    pub fn trusted(&self) -> impl Iterator<Item = &Catch> {
        self.catches
            .iter()
            .filter(|catch| catch.hostile.as_ref().is_some_and(Sight::is_trust))
    }

    /// Panics with a readable list when a hostile server was trusted.
    ///
    /// # Panics
    /// When one was.
    pub fn assert_clean(&self) {
        let trusted: Vec<String> = self
            .trusted()
            .map(|catch| format!("  {}: {}", catch.id, catch.lie.summary()))
            .collect();
        assert!(
            trusted.is_empty(),
            "the client trusted {} hostile servers:\n{}",
            trusted.len(),
            trusted.join("\n")
        );
    }
}

impl Lie {
    /// The id: that of a defect, or `handshake/…`.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Defect(defect) => defect.id.0,
            Self::Handshake(lie) => lie.id,
        }
    }

    /// What it is, in one line.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Defect(defect) => defect.summary,
            Self::Handshake(lie) => lie.summary,
        }
    }
}

impl Lure {
    /// All defects of servers' certificates, under a CA of its own, at this time.
    ///
    /// Give the present for a client that reads the clock.
    pub fn new(time: Time) -> Self {
        Self {
            time,
            template: Template::new(),
            globs: Vec::new(),
            reach: Reach::Localhost,
            crls: false,
            jobs: NonZeroUsize::MIN,
            timeout: Duration::from_secs(10),
        }
    }

    /// Mints below somebody's own CA, which the client may trust already.
    pub fn template(mut self, template: Template) -> Self {
        self.template = template;
        self
    }

    /// Only defects whose ids match the glob, in which `*` stands for any text. Call it again for more.
    pub fn defects(mut self, glob: &str) -> Self {
        self.globs.push(glob.to_owned());
        self
    }

    /// How the client gets to the server.
    pub fn reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// Shows defects of CRLs too: the client is given [`Visit::crls`].
    pub fn with_crls(mut self) -> Self {
        self.crls = true;
        self
    }

    /// So many visits side by side.
    pub fn jobs(mut self, jobs: NonZeroUsize) -> Self {
        self.jobs = jobs;
        self
    }

    /// The longest that a server waits for the next octets of a client.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What a run would show, and what cannot be shown and why, without showing anything.
    ///
    /// # Errors
    /// When no defect matches.
    #[allow(clippy::type_complexity)] // two lists of the same form
    pub fn plan(&self) -> Result<(Vec<(String, String)>, Vec<(String, String)>), LureError> {
        self.known_defects()?;
        let basket = self.basket(|| false)?;
        let shown = basket
            .baits
            .iter()
            .map(|bait| (bait.id.clone(), bait.lie.summary().to_owned()));
        Ok((shown.collect(), basket.passed_over))
    }

    fn known_defects(&self) -> Result<(), LureError> {
        let unknown = self.globs.iter().find(|glob| !bait::matches_any(glob));
        match unknown {
            Some(glob) => Err(LureError::NoDefect(glob.clone())),
            None => Ok(()),
        }
    }

    fn basket(&self, stop: impl Fn() -> bool) -> Result<Basket, LureError> {
        let wanted = |id: &str| {
            self.globs.is_empty() || self.globs.iter().any(|glob| glob_matches(glob, id))
        };
        let (time, reach) = (self.time, self.reach);
        Basket::fill(&self.template, time, reach, self.crls, wanted, stop)
    }

    /// Shows each server to the client: `visit` goes there once, and returns when it is done.
    ///
    /// # Errors
    /// When nothing can be shown, or the client does not trust the plain benign server.
    pub fn run(&self, visit: impl Fn(&Visit<'_>) + Sync) -> Result<Caught, LureError> {
        self.run_until(|| false, |_| {}, visit)
    }

    /// As [`Lure::run`]; ends early when `stop` says so. `progress` hears how many visits are left: first of
    /// all of them, once the plain benign server has been trusted, and then after each.
    ///
    /// # Errors
    /// As for [`Lure::run`].
    pub fn run_until(
        &self,
        stop: impl Fn() -> bool + Sync,
        progress: impl Fn(usize) + Sync,
        visit: impl Fn(&Visit<'_>) + Sync,
    ) -> Result<Caught, LureError> {
        self.known_defects()?;
        let show = |case: &Case, trick: Trick| self.show(case, trick, &visit);
        // Before anything else is minted: whoever trusts nobody is told so at once.
        let control = bait::control(&self.template, self.time, self.reach)?;
        let mut control = show(&control, Trick::None)?;
        if !control.is_trust()
            && let Some(stapled) = bait::stapled(&self.template, self.time, self.reach)
            && show(&stapled, Trick::None)?.is_trust()
        {
            // It demands a stapled response, so it is tested where the twin has one.
            control = Sight::Asked;
        }
        if stop() {
            return Err(LureError::Stopped);
        }
        if !control.is_trust() {
            return Err(LureError::TwinRefused(control));
        }
        let basket = self.basket(&stop)?;
        let twins = basket.twins();
        let all = twins.len() + basket.baits.len();
        progress(all);
        let left = AtomicUsize::new(all);
        let done = || progress(left.fetch_sub(1, Ordering::Relaxed) - 1);

        let seen = in_parallel(self.jobs, &stop, &twins, |bait| {
            let sight = show(&bait.twin, Trick::None);
            done();
            sight
        });
        let mut sights = HashMap::new();
        for (bait, sight) in twins.iter().zip(seen) {
            if let Some(sight) = sight {
                sights.insert(bait.twin_digest, sight?);
            }
        }
        let shown = in_parallel(self.jobs, &stop, &basket.baits, |bait| {
            let trusted = sights.get(&bait.twin_digest).is_some_and(Sight::is_trust);
            let sight = trusted.then(|| show(&bait.hostile, bait.trick)).transpose();
            done();
            sight
        });
        let mut catches = Vec::new();
        for (bait, sight) in basket.baits.iter().zip(shown) {
            let Some(twin) = sights.get(&bait.twin_digest).cloned() else {
                continue;
            };
            if let Some(sight) = sight {
                catches.push(Catch {
                    id: bait.id.clone(),
                    lie: bait.lie,
                    position: bait.position,
                    twin,
                    hostile: sight?,
                });
            }
        }
        Ok(Caught {
            planned: basket.baits.len(),
            interrupted: stop() || catches.len() < basket.baits.len(),
            catches,
            passed_over: basket.passed_over,
        })
    }

    fn show(
        &self,
        case: &Case,
        trick: Trick,
        visit: &(impl Fn(&Visit<'_>) + Sync),
    ) -> Result<Sight, LureError> {
        let host = match Host::open(case, trick, self.timeout) {
            Ok(host) => host,
            Err(host::Unshowable::Listen(error)) => return Err(LureError::Listen(error)),
            Err(host::Unshowable::Key) => return Ok(Sight::Unshown),
        };
        let name = case.name.as_ref().map_or_else(
            || "localhost".to_owned(),
            |name| match name {
                PeerName::Ip(std::net::IpAddr::V6(address)) => format!("[{address}]"),
                name => name.to_string(),
            },
        );
        visit(&Visit {
            case,
            host: name,
            port: host.port(),
        });
        Ok(host.close())
    }
}

impl Visit<'_> {
    /// The URL to ask for.
    pub fn url(&self) -> String {
        format!("https://{}:{}/", self.host, self.port)
    }

    /// The name under which the server is to be known: `localhost`, or with [`Reach::AnyName`] a name of the catalogue.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port on 127.0.0.1. The server there is an HTTPS proxy as well, that leads to itself whatever is asked.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What the client is to trust, as DER certificates.
    pub fn anchors(&self) -> &[Vec<u8>] {
        &self.case.anchors
    }

    /// CRLs that the client is to know, as DER.
    pub fn crls(&self) -> &[Vec<u8>] {
        &self.case.crls
    }
}

/// What `work` gives for each item, in the items' order. `None` for those that were left when `stop` said so.
fn in_parallel<T: Sync, R: Send>(
    jobs: NonZeroUsize,
    stop: &(impl Fn() -> bool + Sync),
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<Option<R>> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    thread::scope(|scope| {
        for _ in 0..jobs.get().min(items.len()) {
            scope.spawn(|| {
                while !stop() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    // A client that was ended in the middle has said nothing.
                    if stop() {
                        break;
                    }
                    results.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(result);
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The ids of everything that a lure can show.
pub fn ids() -> impl Iterator<Item = &'static str> {
    let handshake = bait::HANDSHAKE_LIES.iter().map(|lie| lie.id);
    defect::all()
        .filter(|defect| bait::is_of_servers(defect))
        .map(|defect| defect.id.0)
        .chain(handshake)
}
