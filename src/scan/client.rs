//! The client: it shows any chain with any key, and takes any server for good.

use std::{
    fmt,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, Error, HandshakeKind, PeerIncompatible, SignatureScheme,
    StreamOwned,
    client::{ResolvesClientCert, Resumption},
    crypto::{CryptoProvider, aws_lc_rs::default_provider},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use rustls_pki_types::ServerName;

use super::{
    ScanError,
    answer::{Answer, End, Greeting, Response},
    credentials::Credentials,
    endpoint::Endpoint,
    pace::Pace,
};
use crate::{handshake::AnyPeer, stop::Wire};

/// The most of a response that is read.
const MAX_RESPONSE: usize = 256 << 10;

/// Protocol versions that a visit offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// TLS 1.3, and 1.2 where the server has nothing better.
    #[default]
    Best,
    /// TLS 1.3 alone.
    Tls13,
    /// TLS 1.2 alone.
    Tls12,
}

/// An HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Header fields beside Host, Connection and Content-Length.
    pub headers: Vec<(String, String)>,
    /// The body, where there is one.
    pub body: Vec<u8>,
}

impl Request {
    /// `GET` of a path.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: "GET".to_owned(),
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(super) fn to_bytes(&self, host: &str) -> Vec<u8> {
        let Self { method, path, .. } = self;
        let mut text = format!("{method} {path} HTTP/1.1\r\n");
        let given = |wanted: &str| {
            let mut names = self.headers.iter().map(|(name, _)| name);
            names.any(|name| name.eq_ignore_ascii_case(wanted))
        };
        let defaults = [
            ("Host", host),
            (
                "User-Agent",
                concat!("gatecrash/", env!("CARGO_PKG_VERSION")),
            ),
            ("Accept", "*/*"),
            ("Connection", "close"),
        ];
        for (name, value) in defaults {
            if !given(name) {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        if !self.body.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        [text.as_bytes(), &self.body].concat()
    }
}

/// One visit: what is shown, and what is asked.
#[derive(Clone, Debug)]
pub struct Visit {
    /// What is shown when the server asks for a certificate. Nothing where there is none.
    pub credentials: Option<Arc<Credentials>>,
    /// What is offered.
    pub versions: Versions,
    /// The name in the handshake, where it is not the endpoint's own.
    pub server_name: Option<String>,
    /// What is asked once the handshake is done.
    pub request: Request,
}

impl Visit {
    /// A visit with these credentials and this request.
    pub fn new(credentials: Option<Arc<Credentials>>, request: Request) -> Self {
        Self {
            credentials,
            versions: Versions::Best,
            server_name: None,
            request,
        }
    }
}

/// A connection whose handshake is done.
pub(super) type Session = StreamOwned<ClientConnection, Wire>;

/// Makes visits to one endpoint, within bounds.
pub struct Client {
    endpoint: Endpoint,
    timeout: Duration,
    provider: Arc<CryptoProvider>,
    pace: Arc<Pace>,
    /// The address that answered last.
    answering: Mutex<Option<SocketAddr>>,
}

impl Client {
    /// A client of this endpoint. `timeout` bounds every visit as a whole.
    pub fn new(endpoint: Endpoint, timeout: Duration, pace: Pace) -> Self {
        Self {
            endpoint,
            timeout,
            provider: Arc::new(default_provider()),
            pace: Arc::new(pace),
            answering: Mutex::default(),
        }
    }

    /// A client of another endpoint, within the same bounds.
    pub(super) fn to(&self, endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            timeout: self.timeout,
            provider: Arc::clone(&self.provider),
            pace: Arc::clone(&self.pace),
            answering: Mutex::default(),
        }
    }

    /// Where it goes.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// How long a visit may last.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The address that answered last, or the first where none was asked yet. A name may have
    /// one that nobody listens at.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        let answering = *self
            .answering
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        answering.or_else(|| self.endpoint.addresses().first().copied())
    }

    /// How often it may go.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Connects, shakes hands, asks, and waits for the answer.
    ///
    /// In TLS 1.3 a client is done before the server has judged its
    /// certificate, so only application data counts as being let in.
    pub fn visit(&self, visit: &Visit) -> Answer {
        match self.prepared(visit, Resumption::disabled()) {
            Ok(prepared) => self.visit_prepared(visit, &prepared).0,
            Err(end) => Answer {
                end,
                greeting: Greeting::default(),
                response: None,
            },
        }
    }

    /// Visits twice, the second time with what the server gave to resume the first session.
    ///
    /// None when the server resumed nothing.
    pub(super) fn resumed(&self, visit: &Visit) -> Option<Answer> {
        // A session is resumed under the very configuration that it was begun under.
        let prepared = self
            .prepared(visit, Resumption::in_memory_sessions(8))
            .ok()?;
        self.visit_prepared(visit, &prepared);
        let (answer, resumed) = self.visit_prepared(visit, &prepared);
        resumed.then_some(answer)
    }

    fn prepared(&self, visit: &Visit, memory: Resumption) -> Result<Prepared, End> {
        let shown = visit
            .credentials
            .as_ref()
            .map(|credentials| credentials.certified())
            .transpose()
            .map_err(End::Unshowable)?;
        let greeting = Arc::default();
        let mut config = self.config(visit.versions, shown, &greeting)?;
        config.resumption = memory;
        Ok(Prepared {
            config: Arc::new(config),
            greeting,
        })
    }

    /// A visit, and whether it resumed a session.
    fn visit_prepared(&self, visit: &Visit, prepared: &Prepared) -> (Answer, bool) {
        let mut told = Told::default();
        let end = match self.attempt(visit, prepared, &mut told) {
            Ok(end) | Err(end) => end,
        };
        let mut greeting = prepared
            .greeting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        greeting.version = told.version;
        greeting.cipher = told.cipher;
        greeting.chain = told.chain;
        let answer = Answer {
            end,
            greeting,
            response: told.response,
        };
        (answer, told.resumed)
    }

    fn attempt(&self, visit: &Visit, prepared: &Prepared, told: &mut Told) -> Result<End, End> {
        let name = match &visit.server_name {
            None => self.endpoint.server_name(),
            Some(name) => ServerName::try_from(name.clone()).ok(),
        };
        let name = name.ok_or(End::Unshowable("a server name that is none"))?;
        let config = Arc::clone(&prepared.config);
        let connection = ClientConnection::new(config, name)
            .map_err(|error| End::Protocol(error.to_string()))?;

        if !self.pace.wait() {
            return Err(End::OutOfBounds);
        }
        let deadline = self.deadline();
        let stream = self.connect(deadline)?;
        let wire = Wire::until(stream, deadline, self.pace.stop());
        let mut tls = StreamOwned::new(connection, wire);
        let request = visit.request.to_bytes(&self.endpoint.host_header());
        let mut bytes = Vec::new();
        let outcome = ask(&mut tls, &request, &mut bytes);
        told.hear(&tls.conn);
        match (Response::read(&bytes, true), outcome) {
            (Some(response), _) => {
                let status = response.status;
                told.response = Some(response);
                Ok(End::Status(status))
            }
            (None, Ok(())) if bytes.is_empty() => Ok(End::Closed),
            (None, Ok(())) if is_http_2(&bytes) => Ok(End::Protocol(
                "it speaks HTTP/2 alone, and the scan HTTP/1.1".to_owned(),
            )),
            (None, Ok(())) => Ok(End::Protocol("its answer is not HTTP".to_owned())),
            // What was cut short tells nothing.
            (None, Err(_)) if self.pace.is_over() => Ok(End::OutOfBounds),
            (None, Err(error)) => Ok(end_of(&error, told.version.is_some())),
        }
    }

    /// When a visit that begins now is over.
    fn deadline(&self) -> Instant {
        (Instant::now() + self.timeout).min(self.pace.end())
    }

    /// A connection to the endpoint, open for as long as a visit may last. None where there is none.
    pub(super) fn wire(&self) -> Option<Wire> {
        if !self.pace.wait() {
            return None;
        }
        let deadline = self.deadline();
        let stream = self.connect(deadline).ok()?;
        Some(Wire::until(stream, deadline, self.pace.stop()))
    }

    /// A connection whose handshake is done, with nothing asked yet. None where it does not come so far.
    pub(super) fn session(&self, visit: &Visit) -> Option<Session> {
        let prepared = self.prepared(visit, Resumption::disabled()).ok()?;
        let name = self.endpoint.server_name()?;
        let connection = ClientConnection::new(Arc::clone(&prepared.config), name).ok()?;
        let mut session = StreamOwned::new(connection, self.wire()?);
        while session.conn.is_handshaking() {
            session.conn.complete_io(&mut session.sock).ok()?;
        }
        Some(session)
    }

    /// The records of a ClientHello to the endpoint.
    pub(super) fn hello(&self) -> Option<Vec<u8>> {
        let visit = Visit::new(None, Request::get("/"));
        let prepared = self.prepared(&visit, Resumption::disabled()).ok()?;
        let name = self.endpoint.server_name()?;
        let mut connection = ClientConnection::new(Arc::clone(&prepared.config), name).ok()?;
        let mut hello = Vec::new();
        connection.write_tls(&mut hello).ok()?;
        Some(hello)
    }

    /// Looks whether anybody listens there.
    ///
    /// # Errors
    /// When nobody does.
    pub(super) fn reach(&self) -> Result<(), ScanError> {
        match self.connect(self.deadline()) {
            Err(End::Unreachable(problem)) => Err(ScanError::Unreachable {
                endpoint: self.endpoint.to_string(),
                problem,
            }),
            _ => Ok(()),
        }
    }

    fn connect(&self, deadline: Instant) -> Result<TcpStream, End> {
        let mut problem = "no address".to_owned();
        for address in self.endpoint.addresses() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match self.pace.stop().connect(*address, left) {
                Ok(stream) => {
                    // Without it a request waits for the acknowledgement of the handshake.
                    let _ = stream.set_nodelay(true);
                    let mut answering = self
                        .answering
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner);
                    *answering = Some(*address);
                    return Ok(stream);
                }
                Err(_) if self.pace.is_over() => return Err(End::OutOfBounds),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(End::Unreachable(problem))
    }

    fn config(
        &self,
        versions: Versions,
        shown: Option<Arc<CertifiedKey>>,
        greeting: &Arc<Mutex<Greeting>>,
    ) -> Result<ClientConfig, End> {
        let versions: &[_] = match versions {
            Versions::Best => &[&TLS13, &TLS12],
            Versions::Tls13 => &[&TLS13],
            Versions::Tls12 => &[&TLS12],
        };
        Ok(
            ClientConfig::builder_with_provider(Arc::clone(&self.provider))
                .with_protocol_versions(versions)
                .map_err(|_| End::Unshowable("a protocol version that this client lacks"))?
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyPeer))
                .with_client_cert_resolver(Arc::new(Shows {
                    shown,
                    greeting: Arc::clone(greeting),
                })),
        )
    }
}

/// A configuration, and what its handshakes told.
struct Prepared {
    config: Arc<ClientConfig>,
    greeting: Arc<Mutex<Greeting>>,
}

/// What is known of a connection once it is over.
#[derive(Default)]
struct Told {
    version: Option<&'static str>,
    cipher: Option<String>,
    chain: Vec<Vec<u8>>,
    response: Option<Response>,
    resumed: bool,
}

impl Told {
    fn hear(&mut self, connection: &ClientConnection) {
        self.version = connection.protocol_version().map(|version| match version {
            rustls::ProtocolVersion::TLSv1_3 => "TLSv1.3",
            _ => "TLSv1.2",
        });
        self.cipher = connection
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str().map(str::to_owned))
            .map(|name| name.replace("TLS13_", "TLS_"));
        self.resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        self.chain = connection
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|certificate| certificate.to_vec())
            .collect();
    }
}

/// Sends the request and reads until the response is whole, the server closes, or the bound is reached.
fn ask(
    tls: &mut StreamOwned<ClientConnection, Wire>,
    request: &[u8],
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    // A refusal may arrive while the request is being written. The alert then waits to be read.
    let written = tls.write_all(request).and_then(|()| tls.flush());
    let mut buffer = [0; 16 << 10];
    loop {
        match tls.read(&mut buffer) {
            Ok(0) => return if bytes.is_empty() { written } else { Ok(()) },
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(_) if !bytes.is_empty() => return Ok(()),
            // A broken pipe says less than what there was to read.
            Err(error) => return Err(written.err().filter(is_tls).unwrap_or(error)),
        }
        if bytes.len() >= MAX_RESPONSE || Response::read(bytes, false).is_some() {
            return Ok(());
        }
    }
}

/// Whether an answer begins with a SETTINGS frame (RFC 9113 sections 3.4, 4.1 and 6.5).
fn is_http_2(answer: &[u8]) -> bool {
    matches!(answer, [_, _, _, 4, _, 0, 0, 0, 0, ..])
}

fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Error>())
}

fn end_of(error: &io::Error, finished: bool) -> End {
    if let Some(error) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>())
    {
        return match error {
            Error::AlertReceived(alert) => End::Alert(u8::from(*alert)),
            Error::InvalidMessage(_) if !finished => End::NotTls,
            Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => End::NothingInCommon("the server chose another protocol version".to_owned()),
            Error::PeerIncompatible(what) => End::NothingInCommon(format!("{what:?}")),
            other => End::Protocol(other.to_string()),
        };
    }
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => End::TimedOut,
        _ => End::Closed,
    }
}

/// Shows the same to every server, and hears what the server asks for.
struct Shows {
    shown: Option<Arc<CertifiedKey>>,
    greeting: Arc<Mutex<Greeting>>,
}

impl fmt::Debug for Shows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shows(…)")
    }
}

impl ResolvesClientCert for Shows {
    fn resolve(&self, accepted: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let mut greeting = self.greeting.lock().unwrap_or_else(PoisonError::into_inner);
        greeting.asked = true;
        greeting.accepted_cas = accepted.iter().map(|name| name.to_vec()).collect();
        self.shown.clone()
    }

    fn has_certs(&self) -> bool {
        // The request is to be heard even where nothing is shown.
        true
    }
}
