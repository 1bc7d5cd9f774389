//! A tiny HTTPS server that takes any client certificate, and leaves it to each test what to make of it.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use gatecrash::server::pki::DevelopmentPki;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, HandshakeKind, RootCertStore, ServerConfig,
    ServerConnection, SignatureScheme, StreamOwned,
    crypto::aws_lc_rs::default_provider,
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

/// A status that stands for hanging up.
pub(crate) const HANG_UP: u16 = 0;

/// A status with which the OpenAPI document is served.
pub(crate) const DOCUMENT: u16 = 203;

/// What a route sees of a request.
pub(crate) struct Seen<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) request: &'a str,
    pub(crate) server_name: Option<&'a str>,
    /// Whether any certificate was shown.
    pub(crate) shown: bool,
    /// Whether it is one of the CA.
    pub(crate) verified: bool,
    pub(crate) resumed: bool,
    certificate: Option<&'a CertificateDer<'static>>,
}

impl Seen<'_> {
    /// The URLs of the certificate's authority information access.
    pub(crate) fn urls(&self) -> Vec<String> {
        let Some(der) = self.certificate else {
            return Vec::new();
        };
        let (_, certificate) = X509Certificate::from_der(der).expect("a certificate");
        let access = certificate.extensions().iter().find_map(|extension| {
            match extension.parsed_extension() {
                ParsedExtension::AuthorityInfoAccess(access) => Some(access),
                _ => None,
            }
        });
        let descriptions = access
            .map(|access| &access.accessdescs[..])
            .unwrap_or_default();
        descriptions
            .iter()
            .filter_map(|description| match description.access_location {
                x509_parser::prelude::GeneralName::URI(url) => Some(url.to_owned()),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn subject(&self) -> String {
        let Some(der) = self.certificate else {
            return "nobody".to_owned();
        };
        let (_, certificate) = X509Certificate::from_der(der).expect("a certificate");
        certificate.subject().to_string()
    }
}

/// Asks for a URL on loopback, and does not care for the answer.
pub(crate) fn fetch(url: &str) {
    let (authority, path) = url
        .trim_start_matches("http://")
        .split_once('/')
        .expect("a path");
    let mut stream = TcpStream::connect(authority).expect("connects");
    write!(stream, "GET /{path} HTTP/1.0\r\n\r\n").expect("sends");
}

pub(crate) struct WrongServer {
    port: u16,
    closing: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl WrongServer {
    pub(crate) fn start(pki: &DevelopmentPki, routes: fn(&Seen<'_>) -> u16) -> Self {
        Self::start_asking(pki, routes, true)
    }

    /// The same, asking for a certificate in the handshake or not.
    pub(crate) fn start_asking(
        pki: &DevelopmentPki,
        routes: fn(&Seen<'_>) -> u16,
        asks: bool,
    ) -> Self {
        let file = |name: &str| pki.file(name).expect(name).as_bytes();
        let certificates = |name: &str| -> Vec<CertificateDer<'static>> {
            CertificateDer::pem_slice_iter(file(name))
                .collect::<Result<_, _>>()
                .expect(name)
        };
        let mut roots = RootCertStore::empty();
        roots
            .add(certificates("ca.pem").remove(0))
            .expect("an anchor");
        let provider = Arc::new(default_provider());
        let judge =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .expect("a verifier");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(match asks {
                true => Arc::new(TakesAnybody),
                false => WebPkiClientVerifier::no_client_auth(),
            })
            .with_single_cert(
                certificates("server.pem"),
                PrivateKeyDer::from_pem_slice(file("server.key")).expect("a key"),
            )
            .expect("a configuration");
        let config = Arc::new(config);
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let closing = Arc::new(AtomicBool::new(false));
        let accepting = thread::spawn({
            let closing = Arc::clone(&closing);
            move || {
                for stream in listener.incoming() {
                    if closing.load(Ordering::SeqCst) {
                        break;
                    }
                    let (config, judge) = (Arc::clone(&config), Arc::clone(&judge));
                    thread::spawn(move || {
                        stream.map(|stream| answer(stream, config, &*judge, routes))
                    });
                }
            }
        });
        Self {
            port,
            closing,
            accepting: Some(accepting),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for WrongServer {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn answer(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    judge: &dyn ClientCertVerifier,
    routes: fn(&Seen<'_>) -> u16,
) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let connection = ServerConnection::new(config).expect("a connection");
    let mut tls = StreamOwned::new(connection, stream);
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match tls.read(&mut buffer) {
            Ok(count) if count > 0 => request.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let mut words = request.split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let chain = tls.conn.peer_certificates().unwrap_or_default();
    let verified = chain.split_first().is_some_and(|(first, rest)| {
        judge
            .verify_client_cert(first, rest, UnixTime::now())
            .is_ok()
    });
    let status = routes(&Seen {
        method,
        path: target.split('?').next().unwrap_or_default(),
        request: &request,
        server_name: tls.conn.server_name(),
        shown: !chain.is_empty(),
        verified,
        resumed: tls.conn.handshake_kind() == Some(HandshakeKind::Resumed),
        certificate: chain.first(),
    });
    if status == HANG_UP {
        return;
    }
    let body = match status {
        DOCUMENT => "{\"openapi\": \"3.1.0\"}",
        ..300 => "the page",
        _ => "no",
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let text = if method == "HEAD" { head } else { head + body };
    let _ = tls.write_all(text.as_bytes()).and_then(|()| tls.flush());
    tls.conn.send_close_notify();
    let _ = tls.flush();
}

/// The handshake lets everybody in who has the key of the certificate that is shown.
#[derive(Debug)]
struct TakesAnybody;

impl ClientCertVerifier for TakesAnybody {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
