//! The rogue server: it shows its chain to whoever connects, and remembers how far the client went.

use std::{
    fmt,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    bait::Trick,
    downgrade::{self, Flight},
    signer,
};
use crate::{
    case::Case,
    handshake::{self, Credentials, Play, Tcp},
    script::{End, Script},
};
use rustls::{
    AlertDescription, Error, ServerConfig, ServerConnection,
    crypto::aws_lc_rs::default_provider,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// How far a client went. The order is from least to most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Sight {
    /// The server could not be shown: nothing here can sign with such a key.
    Unshown,
    /// No client came.
    Nobody,
    /// It connected and never began a handshake.
    Silent,
    /// The handshake could not be agreed upon before a certificate was shown.
    Incompatible(String),
    /// It left without a word after the certificate was shown.
    Left,
    /// It sent this alert after the certificate was shown.
    Refused(Alert),
    /// It finished the handshake and asked for nothing.
    Finished,
    /// It took an old protocol or a weak suite, and went on with the key exchange.
    WentOn,
    /// It sent its request: it trusts the server.
    Asked,
}

/// An alert of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert(pub AlertDescription);

impl Alert {
    /// The number of the alert (RFC 8446 section 6).
    pub fn number(self) -> u8 {
        self.0.into()
    }
}

impl PartialOrd for Alert {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Alert {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number().cmp(&other.number())
    }
}

impl Sight {
    /// Whether the client trusted the server.
    pub fn is_trust(&self) -> bool {
        matches!(self, Self::Asked | Self::WentOn)
    }

    /// Whether the client saw what there was to see and went away. Some look at the name after the handshake.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Left | Self::Finished)
    }
}

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unshown => f.write_str("nothing here can sign with such a key"),
            Self::Nobody => f.write_str("it never connected"),
            Self::Silent => f.write_str("it connected and began no handshake"),
            Self::Incompatible(why) => write!(f, "no handshake could be agreed upon: {why}"),
            Self::Left => f.write_str("it closed the connection without an alert"),
            Self::Refused(alert) => write!(f, "it sent alert {} ({:?})", alert.number(), alert.0),
            Self::Finished => f.write_str("it finished the handshake and sent no request"),
            Self::WentOn => {
                f.write_str("it took what was chosen and went on with the key exchange")
            }
            Self::Asked => f.write_str("it sent its request"),
        }
    }
}

/// Why a server cannot be shown.
#[derive(Debug)]
pub(super) enum Unshowable {
    /// There is no port.
    Listen(io::Error),
    /// Nothing signs with the key.
    Key,
}

/// The most connections of one visit. A client that tries again, with less each time, stays below it.
const MAX_CONNECTIONS: usize = 16;

/// A server that is open for one visit.
pub(super) struct Host {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

/// What a server does with a connection.
enum Part {
    /// It shakes hands, and waits for a request.
    Rustls(Arc<ServerConfig>),
    /// It answers the first message of the client.
    Flight(Flight, Vec<Vec<u8>>),
    /// It plays a script.
    Script(Box<Script>, Credentials),
}

struct State {
    closing: AtomicBool,
    seen: Mutex<Sight>,
    open: Mutex<Vec<TcpStream>>,
    timeout: Duration,
}

impl Host {
    pub(super) fn open(case: &Case, trick: Trick, timeout: Duration) -> Result<Self, Unshowable> {
        let part = match (trick, &case.handshake) {
            (Trick::Flight(flight), _) => Part::Flight(flight, case.chain.clone()),
            (_, Some(script)) => {
                let key = case.end_entity_key.as_ref().ok_or(Unshowable::Key)?;
                let credentials = Credentials::new(case.chain.clone(), key);
                let credentials = credentials.map_err(|_| Unshowable::Key)?;
                Part::Script(Box::new(script.clone()), credentials)
            }
            (trick, None) => Part::Rustls(Arc::new(config(case, trick)?)),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Unshowable::Listen)?;
        let address = listener.local_addr().map_err(Unshowable::Listen)?;
        let state = Arc::new(State {
            closing: AtomicBool::new(false),
            seen: Mutex::new(Sight::Nobody),
            open: Mutex::default(),
            timeout,
        });
        let accepting = thread::spawn({
            let state = Arc::clone(&state);
            move || accept(&listener, &part, &state)
        });
        Ok(Self {
            address,
            state,
            accepting,
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Hangs up, and says how far a client went.
    pub(super) fn close(self) -> Sight {
        // What a client sent before it ended may still wait to be read.
        let patience = Instant::now() + Duration::from_millis(200);
        while self.state.is_busy() && Instant::now() < patience {
            thread::sleep(Duration::from_millis(1));
        }
        self.state.closing.store(true, Ordering::SeqCst);
        for stream in self.state.lock_open().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepting.join();
        self.state
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl State {
    fn lock_open(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_busy(&self) -> bool {
        !self.lock_open().is_empty()
    }

    fn saw(&self, sight: Sight) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if sight > *seen {
            *seen = sight;
        }
    }
}

fn accept(listener: &TcpListener, part: &Part, state: &Arc<State>) {
    thread::scope(|scope| {
        for _ in 0..MAX_CONNECTIONS {
            let Ok((stream, peer)) = listener.accept() else {
                return;
            };
            if state.closing.load(Ordering::SeqCst) {
                return;
            }
            let Ok(copy) = stream.try_clone() else { return };
            state.lock_open().push(copy);
            scope.spawn(move || {
                state.saw(serve(stream, part, state));
                // The copy in the list would keep the connection open.
                let same = |other: &TcpStream| other.peer_addr().is_ok_and(|other| other == peer);
                state
                    .lock_open()
                    .retain(|other| !same(other) && other.peer_addr().is_ok());
            });
        }
        // Whoever comes after so many is not served, and the port stays until the visit ends.
        while !state.closing.load(Ordering::SeqCst) {
            if listener.accept().is_err() {
                return;
            }
        }
    });
}

/// The first octet of a TLS record that begins a handshake.
const HANDSHAKE: u8 = 22;

/// The longest head of a request that is read.
const MAX_HEAD: usize = 16 << 10;

fn serve(mut stream: TcpStream, part: &Part, state: &State) -> Sight {
    let begun = stream
        .set_read_timeout(Some(state.timeout))
        .and_then(|()| stream.set_write_timeout(Some(state.timeout)))
        .and_then(|()| stream.set_nodelay(true))
        .and_then(|()| first_octet(&mut stream));
    if !matches!(begun, Ok(HANDSHAKE)) {
        return Sight::Silent;
    }
    let config = match part {
        Part::Rustls(config) => config,
        Part::Flight(flight, chain) => return downgrade::serve(&mut stream, *flight, chain),
        Part::Script(script, credentials) => return play_to(stream, script, credentials, state),
    };
    let Ok(mut connection) = ServerConnection::new(Arc::clone(config)) else {
        return Sight::Silent;
    };
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        match tls.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                head.extend_from_slice(&buffer[..read]);
                // Said at once: the client may end before the answer is read.
                state.saw(Sight::Asked);
                if head.len() > MAX_HEAD || head.windows(4).any(|end| end == b"\r\n\r\n") {
                    break;
                }
            }
            Err(error) => {
                if head.is_empty() {
                    return sight_of(&error, &connection);
                }
                break;
            }
        }
    }
    if head.is_empty() {
        return if connection.is_handshaking() {
            Sight::Left
        } else {
            Sight::Finished
        };
    }
    let answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\nConnection: close\r\n\r\ngatecrash\n";
    let _ = tls.write_all(answer);
    connection.send_close_notify();
    let _ = connection.complete_io(&mut stream);
    let _ = stream.shutdown(Shutdown::Write);
    Sight::Asked
}

/// Plays a script to a client.
fn play_to(stream: TcpStream, script: &Script, credentials: &Credentials, state: &State) -> Sight {
    let Ok(mut tcp) = Tcp::over(stream, state.timeout) else {
        return Sight::Silent;
    };
    let played = handshake::play(script, &Play::with(credentials), &mut tcp);
    match played.end {
        _ if !played.application_data.is_empty() => Sight::Asked,
        // Its twin is trusted, so this is not for want of something in common.
        End::Alert(alert) => Sight::Refused(Alert(AlertDescription::from(alert.0))),
        _ if played.received.is_empty() => Sight::Silent,
        _ if played.finished == Some(true) => Sight::Finished,
        _ => Sight::Left,
    }
}

/// The first octet of the TLS connection. A client that takes the server for an HTTPS proxy is let through
/// to the same server, whatever host it asks for.
fn first_octet(stream: &mut TcpStream) -> io::Result<u8> {
    let mut first = [0];
    if stream.peek(&mut first)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if first[0] != b'C' {
        return Ok(first[0]);
    }
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_HEAD {
        stream.read_exact(&mut first)?;
        head.push(first[0]);
    }
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    if stream.peek(&mut first)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(first[0])
}

fn sight_of(error: &io::Error, connection: &ServerConnection) -> Sight {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    // A server has chosen its version by the time that it shows a certificate.
    let shown = connection.negotiated_cipher_suite().is_some();
    match inner {
        Some(Error::AlertReceived(alert)) if shown => Sight::Refused(Alert(*alert)),
        Some(other) if !shown => Sight::Incompatible(other.to_string()),
        _ if !connection.is_handshaking() => Sight::Finished,
        _ if shown => Sight::Left,
        _ => Sight::Silent,
    }
}

fn config(case: &Case, trick: Trick) -> Result<ServerConfig, Unshowable> {
    let shown = signer::certified(case, trick).ok_or(Unshowable::Key)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| Unshowable::Key)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shows(Arc::new(shown))));
    // A resumed session would show no certificate.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Shows one certificate to every client.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
