//! A development PKI, clients of it, and how they talk to the server.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use gatecrash::{
    handshake::AnyPeer,
    question::Time,
    server::{
        Clock, Decision, Handle, Outcome, Running, Server, ServerConfig, ServerCredentials,
        ServerKey, Trust, pki::DevelopmentPki,
    },
    verdict::Reason,
};
use rustls::{ClientConfig, RootCertStore, client::danger::ServerCertVerifier};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, pem::PemObject,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

pub(crate) const NOW: Time = Time::from_unix_seconds(1_800_000_000);

pub(crate) struct World {
    pub(crate) pki: DevelopmentPki,
    time: Time,
}

pub(crate) fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .expect("certificates")
}

impl World {
    pub(crate) fn new() -> Self {
        Self::at(NOW)
    }

    pub(crate) fn at(time: Time) -> Self {
        Self {
            pki: DevelopmentPki::generate(time).expect("a PKI"),
            time,
        }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.pki.file(name).expect(name)
    }

    pub(crate) fn key(&self, name: &str) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.text(name).as_bytes()).expect(name)
    }

    pub(crate) fn trust(&self, time: Time) -> Trust {
        Trust {
            anchors: certificates(self.text("ca.pem"))
                .iter()
                .map(|der| der.to_vec())
                .collect(),
            crls: CertificateRevocationListDer::pem_slice_iter(self.text("crl.pem").as_bytes())
                .map(|crl| crl.expect("a CRL").to_vec())
                .collect(),
            time: Clock::Fixed(time),
            ..Trust::default()
        }
    }

    pub(crate) fn server(&self) -> ServerConfig {
        let credentials = ServerCredentials {
            chain: certificates(self.text("server.pem")),
            key: ServerKey::new(self.key("server.key")),
        };
        ServerConfig::new(credentials, self.trust(NOW))
    }

    /// A client with a certificate of this PKI (`client`, `revoked`), or with none.
    pub(crate) fn client(&self, name: Option<&str>) -> ClientConfig {
        self.client_of_version(name, &rustls::version::TLS13)
    }

    pub(crate) fn client_of_version(
        &self,
        name: Option<&str>,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots
            .add(certificates(self.text("ca.pem")).remove(0))
            .expect("an anchor");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder =
            ClientConfig::builder_with_details(provider, Arc::new(Clock::Fixed(self.time)))
                .with_protocol_versions(&[version])
                .expect("a version")
                .with_root_certificates(roots);
        match name {
            Some(name) => builder
                .with_client_auth_cert(
                    certificates(self.text(&format!("{name}.pem"))),
                    self.key(&format!("{name}.key")),
                )
                .expect("a client certificate"),
            None => builder.with_no_client_auth(),
        }
    }
}

pub(crate) async fn start(config: ServerConfig) -> Running {
    Server::bind(config).await.expect("a server")
}

pub(crate) async fn connect(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::clone(config))
        .connect(name, stream)
        .await
}

/// What one request over a connection is answered with.
pub(crate) async fn ask(
    stream: &mut TlsStream<TcpStream>,
    method: &str,
    path: &str,
    more: &str,
) -> std::io::Result<String> {
    let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
    say(stream, &request).await
}

/// What these octets are answered with.
pub(crate) async fn say(
    stream: &mut TlsStream<TcpStream>,
    request: &str,
) -> std::io::Result<String> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        let mut buffer = [0_u8; 4096];
        let read =
            tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer)).await??;
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            body.len() >= length
        });
        if whole {
            return Ok(text);
        }
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// One connection from the first octet to the answer of `/whoami`, and what the server says of it.
pub(crate) async fn knock(
    running: &Running,
    config: &Arc<ClientConfig>,
) -> (std::io::Result<String>, Outcome) {
    knock_as(running, config, "localhost").await
}

/// The same, asking for the server by this name.
pub(crate) async fn knock_as(
    running: &Running,
    config: &Arc<ClientConfig>,
    name: &'static str,
) -> (std::io::Result<String>, Outcome) {
    let stream = TcpStream::connect(running.local_addr())
        .await
        .expect("a connection");
    let ours = stream.local_addr().expect("an address");
    let name = ServerName::try_from(name).expect("a name");
    let answer = async {
        let mut stream = TlsConnector::from(Arc::clone(config))
            .connect(name, stream)
            .await?;
        ask(&mut stream, "GET", "/whoami", "Connection: close\r\n").await
    }
    .await;
    let outcome = running
        .handle()
        .outcome(ours, Duration::from_secs(5))
        .await
        .expect("an outcome");
    (answer, outcome)
}

pub(crate) fn admitted(outcome: &Outcome) -> Option<bool> {
    match outcome.decision {
        Decision::Admitted { resumed, .. } => Some(resumed),
        _ => None,
    }
}

pub(crate) fn refused(outcome: &Outcome) -> Option<Reason> {
    match &outcome.decision {
        Decision::Refused(refusal) => Some(refusal.reason()),
        _ => None,
    }
}

pub(crate) fn trust_of(handle: &Handle, trust: Trust) {
    handle.replace_trust(trust).expect("trust");
}

/// A client's verifier for where the server's certificate is not what is judged.
pub(crate) fn takes_any_server() -> Arc<dyn ServerCertVerifier> {
    Arc::new(AnyPeer)
}
