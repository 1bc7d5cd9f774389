//! A client that shows whatever certificate a case has, and takes any server for good.

use std::{
    fmt,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use ::rustls::{
    AlertDescription, ClientConfig, ClientConnection, Error, SignatureScheme, StreamOwned,
    client::{ResolvesClientCert, Resumption},
    crypto::aws_lc_rs::{default_provider, sign::any_supported_type},
    sign::CertifiedKey,
    version::TLS13,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};

use super::EngineError;
use crate::{
    case::Case,
    handshake::AnyPeer,
    stop::{Stop, Wire},
    verdict::Reason,
};

/// Everything that is shown, ready to be shown.
pub(super) struct Visit {
    config: Arc<ClientConfig>,
}

/// What came of a visit.
pub(super) struct Call {
    /// The client's own address, by which the server knows it.
    pub(super) from: SocketAddr,
    /// What the server did.
    pub(super) answer: Answer,
    /// The beginning of its answer.
    pub(super) response: Vec<u8>,
}

/// What the server did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It answered the request with 200.
    Let,
    /// It answered with another status.
    Status(u16),
    /// It sent an alert.
    Alert(AlertDescription),
    /// It closed the connection without a word.
    Closed,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Let => f.write_str("200"),
            Self::Status(status) => write!(f, "HTTP status {status}"),
            Self::Alert(alert) => write!(f, "alert {} ({alert:?})", u8::from(*alert)),
            Self::Closed => f.write_str("closed without an alert"),
        }
    }
}

impl Visit {
    /// The visit of the case's client. The `Err` says what rustls cannot show.
    pub(super) fn of(case: &Case) -> Result<Self, &'static str> {
        let shown = match (case.chain.is_empty(), &case.end_entity_key) {
            (true, _) => None,
            (false, None) => return Err("a certificate without its private key"),
            (false, Some(key)) => {
                let key = PrivatePkcs8KeyDer::from(key.secret_pkcs8_der().to_vec());
                let key = any_supported_type(&PrivateKeyDer::from(key))
                    .map_err(|_| "a key that rustls cannot sign with")?;
                let chain = case
                    .chain
                    .iter()
                    .map(|der| CertificateDer::from(der.clone()))
                    .collect();
                Some(Arc::new(CertifiedKey::new(chain, key)))
            }
        };
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])
            .map_err(|_| "TLS 1.3")?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyPeer))
            .with_client_cert_resolver(Arc::new(Shows(shown)));
        config.resumption = Resumption::disabled();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Connects, asks `GET /whoami`, and waits for so many octets of the answer, or all of it.
    /// The `Err` means that the server could not be reached, or that somebody ended the wait.
    pub(super) fn pay(
        &self,
        address: SocketAddr,
        timeout: Duration,
        stop: Stop,
        octets: usize,
    ) -> Result<Call, EngineError> {
        let broke = |why: String| match stop.is_set() {
            true => EngineError::Interrupted,
            false => EngineError::Broke(why),
        };
        let until = Instant::now() + timeout;
        let reached = || -> io::Result<TcpStream> {
            let stream = stop.connect(address, timeout)?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let stream =
            reached().map_err(|error| broke(format!("the server cannot be reached: {error}")))?;
        let from = stream
            .local_addr()
            .map_err(|error| broke(error.to_string()))?;
        let name = ServerName::IpAddress(address.ip().into());
        let connection = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|error| broke(error.to_string()))?;
        let mut tls = StreamOwned::new(connection, Wire::until(stream, until, stop));
        let mut response = Vec::new();
        let answer = match ask(&mut tls, &mut response, octets) {
            Ok(()) => status(&response),
            Err(error) => match error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<Error>())
            {
                Some(Error::AlertReceived(alert)) => Answer::Alert(*alert),
                _ if error.kind() == io::ErrorKind::WouldBlock
                    || error.kind() == io::ErrorKind::TimedOut =>
                {
                    return Err(broke("the server does not answer in time".to_owned()));
                }
                _ => Answer::Closed,
            },
        };
        Ok(Call {
            from,
            answer,
            response,
        })
    }
}

/// Octets of a status line: `HTTP/1.1 200`.
pub(super) const STATUS: usize = 12;

fn ask(
    tls: &mut StreamOwned<ClientConnection, Wire>,
    response: &mut Vec<u8>,
    octets: usize,
) -> io::Result<()> {
    // A refusal may arrive while the request is being written. The alert then waits to be read.
    let written = tls
        .write_all(b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .and_then(|()| tls.flush());
    let read = tls.take(octets as u64).read_to_end(response).map(|_| ());
    match (response.is_empty(), written, read) {
        (false, ..) => Ok(()),
        (true, _, Err(error)) | (true, Err(error), Ok(())) => Err(error),
        (true, Ok(()), Ok(())) => Ok(()),
    }
}

fn status(response: &[u8]) -> Answer {
    let digits = response
        .get(STATUS - 3..STATUS)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    match digits.and_then(|digits| digits.parse().ok()) {
        Some(200) => Answer::Let,
        Some(other) => Answer::Status(other),
        None => Answer::Closed,
    }
}

/// What an alert says of a certificate (RFC 8446 section 6.2).
pub(super) fn reason_of_alert(alert: AlertDescription) -> Reason {
    match alert {
        AlertDescription::CertificateExpired => Reason::Expired,
        AlertDescription::CertificateRevoked => Reason::Revoked,
        AlertDescription::UnknownCA => Reason::UnknownIssuer,
        AlertDescription::CertificateRequired => Reason::NoCertificate,
        AlertDescription::AccessDenied => Reason::IdentityNotAllowed,
        AlertDescription::DecryptError => Reason::BadSignature,
        AlertDescription::ProtocolVersion => Reason::ProtocolTooOld,
        AlertDescription::BadCertificateStatusResponse => Reason::OcspInvalid,
        _ => Reason::Unstated,
    }
}

/// Shows one certificate to every server, whatever it asks for.
#[derive(Debug)]
struct Shows(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}
