//! Resumption probes: a session is begun under one configuration and resumed under another.
//!
//! TLS lets a server resume without judging the client again. So the rule is not
//! "always judge again" but this: *a ticket that was minted under one configuration
//! (anchors, CRLs, host, what clients must show) must not authenticate under
//! another.* A probe makes three visits with the same client. The first begins a
//! session. Then something changes. The second is a whole new handshake, which tells
//! what the client is worth now. The third resumes the session of the first. The
//! server is broken when the third is let in and the second is not.
//!
//! What changes is in the hands of whoever runs the server: an [`Operator`].

mod probes;

use std::{
    fmt, io,
    io::{Read, Write},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustls::{
    AlertDescription, ClientConfig, ClientConnection, HandshakeKind, NamedGroup, SignatureScheme,
    StreamOwned,
    client::{
        ClientSessionStore, ResolvesClientCert, Resumption, Tls12ClientSessionValue,
        Tls13ClientSessionValue,
    },
    crypto::aws_lc_rs::default_provider,
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use rustls_pki_types::ServerName;

pub use probes::PROBES;

use super::{any_peer::AnyPeer, downgrade::Verdict};
use crate::{
    defect::Severity,
    stop::{Stop, Wire},
    verdict::Clause,
};

/// One probe.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// Its id, `resumption/…`.
    pub id: &'static str,
    /// What is done, in one line.
    pub summary: &'static str,
    /// Why it matters.
    pub page: &'static str,
    /// The clause behind it.
    pub clause: Clause,
    /// How bad it is when the resumed session is let in.
    pub severity: Severity,
    /// The version that is spoken.
    pub version: Version,
    /// Whether the client has a certificate.
    pub shows: Shows,
    /// What changes between the first visit and the others.
    pub change: Change,
}

/// The version that a session is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// TLS 1.3: pre-shared keys.
    Tls13,
    /// TLS 1.2: tickets, or session ids where the server gives no tickets.
    Tls12,
}

/// What the client of a probe has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shows {
    /// No certificate.
    Nothing,
    /// The good certificate.
    Certificate,
}

/// What changes between the first visit and the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Change {
    /// Nothing: that the session is resumed must not itself authenticate.
    Nothing,
    /// The client's certificate is revoked, and the server has the CRL.
    Revoke,
    /// The client's certificate has expired.
    Expire,
    /// The server trusts another CA, and this client's no longer.
    ReplaceAnchors,
    /// The server asks more of certificates than this one has.
    Tighten,
    /// The server demands a certificate where it did not.
    Demand,
    /// The session is resumed under another host name of the same server.
    OtherName,
    /// The session is resumed at another server of the operator, which may share ticket keys.
    OtherPlace,
}

/// Whoever runs the server.
pub trait Operator {
    /// Makes a change. `Some` is where the client goes from now on, when that is elsewhere.
    ///
    /// # Errors
    /// Why it cannot be made here.
    fn make(&mut self, change: Change) -> Result<Option<Endpoint>, String>;

    /// Takes a change back, so that the next probe begins as this one did.
    ///
    /// # Errors
    /// Why it cannot be taken back.
    fn undo(&mut self, change: Change) -> Result<(), String>;
}

/// An operator who changes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Operator for Nobody {
    fn make(&mut self, _: Change) -> Result<Option<Endpoint>, String> {
        Err("nothing can be changed here".to_owned())
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        Ok(())
    }
}

/// Where a client goes, and what it asks for there.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The server.
    pub address: SocketAddr,
    /// The host name in the handshake.
    pub name: ServerName<'static>,
    /// The request, a whole one of HTTP that ends the connection.
    pub request: Vec<u8>,
    /// How long one visit may last.
    pub patience: Duration,
    /// Ends every visit once it is set.
    pub stop: Stop,
}

impl Endpoint {
    /// A server that is asked for a path under a host name.
    pub fn new(address: SocketAddr, name: ServerName<'static>, path: &str) -> Self {
        let host = name.to_str().into_owned();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        Self {
            address,
            name,
            request: request.into_bytes(),
            patience: Duration::from_secs(5),
            stop: Stop::NEVER,
        }
    }
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Whether the server held.
    pub verdict: Verdict,
    /// What it did, in words.
    pub evidence: String,
}

impl Probe {
    /// Runs it. `certificate` is the good one, and `let_in` tells by an answer of HTTP
    /// whether the client was let in; [`is_success`] goes by the status.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn run(
        &self,
        endpoint: &Endpoint,
        certificate: &Arc<CertifiedKey>,
        operator: &mut dyn Operator,
        let_in: &dyn Fn(&[u8]) -> bool,
    ) -> io::Result<Seen> {
        let shown = match self.shows {
            Shows::Nothing => None,
            Shows::Certificate => Some(Arc::clone(certificate)),
        };
        let client = Client::new(self.version, shown)?;
        let first = client.visit(endpoint, Session::Begin)?;
        if client.store.is_empty() {
            return Ok(without_session(&first, self.shows));
        }
        let moved = match self.change {
            Change::Nothing => Ok(None),
            change => operator.make(change),
        };
        let seen = moved.map(|elsewhere| {
            let now = elsewhere.as_ref().unwrap_or(endpoint);
            let afresh = client.visit(now, Session::Forget)?;
            let resumed = client.visit(now, Session::Resume)?;
            Ok(self.judge(&first, &afresh, &resumed, let_in))
        });
        let undone = match self.change {
            Change::Nothing => Ok(()),
            change => operator.undo(change),
        };
        match (seen, undone) {
            (Err(why), _) => Ok(unclear(why)),
            (Ok(Ok(_)), Err(why)) => Ok(unclear(format!("the change cannot be taken back: {why}"))),
            (Ok(seen), _) => seen,
        }
    }
}

impl Probe {
    fn judge(
        &self,
        first: &Visit,
        afresh: &Visit,
        resumed: &Visit,
        let_in: &dyn Fn(&[u8]) -> bool,
    ) -> Seen {
        let evidence = format!("first {first}; afresh {afresh}; with the session {resumed}");
        if afresh.is_unanswered || resumed.is_unanswered {
            unclear(evidence)
        } else if !resumed.resumed || !let_in(&resumed.response) {
            held(evidence)
        } else if !let_in(&afresh.response) {
            broken(evidence)
        } else {
            unclear(format!("{evidence}; it is let in without the session too"))
        }
    }
}

/// Whether an answer of HTTP has a status of success.
pub fn is_success(response: &[u8]) -> bool {
    response.get(8..10) == Some(b" 2")
}

/// Asks with early data on a resumed session, as [`Probe::run`] does with a plain one. A
/// server that acts on it acts on whatever somebody replays (RFC 8446 section 8).
///
/// # Errors
/// When nobody listens there.
pub fn early_data(
    endpoint: &Endpoint,
    certificate: &Arc<CertifiedKey>,
    let_in: &dyn Fn(&[u8]) -> bool,
) -> io::Result<Seen> {
    let mut tries = 1..=EARLY_DATA_TRIES;
    loop {
        tries.next();
        let client = Client::new(Version::Tls13, Some(Arc::clone(certificate)))?;
        let first = client.visit(endpoint, Session::Begin)?;
        if client.store.is_empty() {
            return Ok(without_session(&first, Shows::Certificate));
        }
        let early = client.visit(endpoint, Session::Early)?;
        let evidence = format!("first {first}; with early data {early}");
        match early.early {
            Early::Accepted if let_in(&early.response) => return Ok(broken(evidence)),
            Early::Refused | Early::Accepted if !tries.is_empty() => {}
            _ if early.is_unanswered => return Ok(unclear(evidence)),
            _ => return Ok(held(evidence)),
        }
    }
}

/// A server refuses early data whose ticket seems too young or too old (RFC 8446 section
/// 8.3), and where either side is slow an honest one does, or a connection breaks off. So it
/// is asked more than once.
const EARLY_DATA_TRIES: usize = 3;

/// The most visits that [`early_data`] makes.
pub const EARLY_DATA_VISITS: usize = 2 * EARLY_DATA_TRIES;

/// Nothing can be resumed. Where the server shook hands it gives no sessions, and that holds, as it
/// does where the version is not spoken; a refusal of who has a good certificate tells nothing, and
/// neither does silence.
fn without_session(first: &Visit, shows: Shows) -> Seen {
    let evidence = format!("first {first}; no session was given");
    let is_refused =
        first.refused.is_some() && shows == Shows::Certificate && !first.is_other_version;
    match first.is_unanswered || is_refused {
        true => unclear(evidence),
        false => held(evidence),
    }
}

fn held(evidence: String) -> Seen {
    Seen {
        verdict: Verdict::Held,
        evidence,
    }
}

fn broken(evidence: String) -> Seen {
    Seen {
        verdict: Verdict::Broken,
        evidence,
    }
}

fn unclear(evidence: String) -> Seen {
    Seen {
        verdict: Verdict::Unclear,
        evidence,
    }
}

/// What a visit does with sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Session {
    /// Keeps what it is given.
    Begin,
    /// Offers none and keeps none.
    Forget,
    /// Offers what was kept.
    Resume,
    /// The same, and sends the request with it.
    Early,
}

/// What became of a request sent as early data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Early {
    /// The session does not allow it, or it was not wanted.
    NotSent,
    Refused,
    Accepted,
}

/// What came of a visit.
#[derive(Clone, Debug)]
struct Visit {
    response: Vec<u8>,
    resumed: bool,
    early: Early,
    /// The alert or the error that ended it before an answer.
    refused: Option<String>,
    /// Whether time was up before an answer, so that nobody can tell what it would have been.
    is_unanswered: bool,
    /// Whether the server does not speak the version at all.
    is_other_version: bool,
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.response.get(9..12);
        match (status.map(String::from_utf8_lossy), &self.refused) {
            (Some(status), _) => write!(f, "HTTP {status}")?,
            (None, Some(why)) => f.write_str(why)?,
            (None, None) => f.write_str("closed without a word")?,
        }
        if self.resumed {
            f.write_str(" (resumed)")?;
        }
        Ok(())
    }
}

/// One client, whose sessions are all under its own control.
struct Client {
    config: ClientConfig,
    store: Arc<Store>,
}

/// The most octets of an answer that are kept.
const MAX_ANSWER: u64 = 64 * 1024;

impl Client {
    fn new(version: Version, shown: Option<Arc<CertifiedKey>>) -> io::Result<Self> {
        let version = match version {
            Version::Tls13 => &TLS13,
            Version::Tls12 => &TLS12,
        };
        let store = Arc::new(Store::default());
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyPeer))
            .with_client_cert_resolver(Arc::new(Shown(shown)));
        config.resumption = Resumption::store(Arc::clone(&store) as Arc<_>);
        Ok(Self { config, store })
    }

    fn visit(&self, endpoint: &Endpoint, session: Session) -> io::Result<Visit> {
        self.store.state().session = Some(session);
        let mut config = self.config.clone();
        config.enable_early_data = session == Session::Early;
        let until = Instant::now() + endpoint.patience;
        let stream = endpoint.stop.connect(endpoint.address, endpoint.patience)?;
        stream.set_nodelay(true)?;
        let wire = Wire::until(stream, until, endpoint.stop);
        let mut connection = ClientConnection::new(Arc::new(config), endpoint.name.clone())
            .map_err(io::Error::other)?;
        let sent = match connection.early_data() {
            Some(mut early) => early.write(&endpoint.request).unwrap_or_default(),
            None => 0,
        };
        let mut tls = StreamOwned::new(connection, wire);
        let mut response = Vec::new();
        let written = tls.flush().and_then(|()| {
            // Early data that was refused is sent once more.
            while tls.conn.is_handshaking() {
                tls.conn.complete_io(&mut tls.sock)?;
            }
            let from = match tls.conn.is_early_data_accepted() {
                true => sent,
                false => 0,
            };
            tls.write_all(&endpoint.request[from..])?;
            tls.flush()
        });
        let early = match tls.conn.is_early_data_accepted() {
            true => Early::Accepted,
            false if sent > 0 => Early::Refused,
            false => Early::NotSent,
        };
        let read = (&mut tls).take(MAX_ANSWER).read_to_end(&mut response);
        let error = written.err().or(read.err());
        let timed_out = |error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
            )
        };
        let is_unanswered = response.is_empty() && error.as_ref().is_some_and(timed_out);
        let is_other_version = error.as_ref().is_some_and(is_of_version);
        let refused = error.map(|error| match error.kind() {
            _ if is_unanswered => "no answer in time".to_owned(),
            io::ErrorKind::UnexpectedEof => "closed without an alert".to_owned(),
            _ => error.to_string(),
        });
        Ok(Visit {
            response,
            resumed: tls.conn.handshake_kind() == Some(HandshakeKind::Resumed),
            early,
            refused,
            is_unanswered,
            is_other_version,
        })
    }
}

/// Whether a handshake failed since the other side does not speak its version.
fn is_of_version(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(
        error,
        Some(rustls::Error::AlertReceived(
            AlertDescription::ProtocolVersion
        ))
    )
}

/// Sessions of one client, whatever name they were given under.
#[derive(Debug, Default)]
struct Store(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    session: Option<Session>,
    tickets: Vec<Tls13ClientSessionValue>,
    tls12: Option<Tls12ClientSessionValue>,
}

impl State {
    fn keeps(&self) -> bool {
        self.session == Some(Session::Begin)
    }

    fn offers(&self) -> bool {
        matches!(self.session, Some(Session::Resume | Session::Early))
    }
}

impl Store {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_empty(&self) -> bool {
        let state = self.state();
        state.tickets.is_empty() && state.tls12.is_none()
    }
}

impl ClientSessionStore for Store {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        let mut state = self.state();
        if state.keeps() {
            state.tls12 = Some(value);
        }
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        let state = self.state();
        state.tls12.clone().filter(|_| state.offers())
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        let mut state = self.state();
        if state.keeps() {
            state.tickets.push(value);
        }
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        let mut state = self.state();
        if state.offers() {
            state.tickets.pop()
        } else {
            None
        }
    }
}

/// Shows one certificate, or none.
#[derive(Debug)]
struct Shown(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}
