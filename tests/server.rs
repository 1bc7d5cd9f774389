//! The reference server over real loopback connections.

#![cfg(feature = "cli")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use gatecrash::{
    question::Time,
    server::{
        Clock, Decision, Handle, Limits, Outcome, RevocationRule, Running, Server, ServerConfig,
        ServerCredentials, ServerKey, Trust, pki::DevelopmentPki,
    },
    verdict::Reason,
};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, pem::PemObject,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

const NOW: Time = Time::from_unix_seconds(1_800_000_000);

struct World {
    pki: DevelopmentPki,
}

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .expect("certificates")
}

impl World {
    fn new() -> Self {
        Self {
            pki: DevelopmentPki::generate(NOW).expect("a PKI"),
        }
    }

    fn text(&self, name: &str) -> &str {
        self.pki.file(name).expect(name)
    }

    fn key(&self, name: &str) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.text(name).as_bytes()).expect(name)
    }

    fn trust(&self, time: Time) -> Trust {
        Trust {
            anchors: certificates(self.text("ca.pem"))
                .iter()
                .map(|der| der.to_vec())
                .collect(),
            crls: CertificateRevocationListDer::pem_slice_iter(self.text("crl.pem").as_bytes())
                .map(|crl| crl.expect("a CRL").to_vec())
                .collect(),
            time: Clock::Fixed(time),
        }
    }

    fn server(&self) -> ServerConfig {
        let credentials = ServerCredentials {
            chain: certificates(self.text("server.pem")),
            key: ServerKey::new(self.key("server.key")),
        };
        ServerConfig::new(credentials, self.trust(NOW))
    }

    /// A client with a certificate of this PKI (`client`, `revoked`), or with none.
    fn client(&self, name: Option<&str>) -> ClientConfig {
        self.client_of_version(name, &rustls::version::TLS13)
    }

    fn client_of_version(
        &self,
        name: Option<&str>,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots
            .add(certificates(self.text("ca.pem")).remove(0))
            .expect("an anchor");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_details(provider, Arc::new(Clock::Fixed(NOW)))
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

async fn start(config: ServerConfig) -> Running {
    Server::bind(config).await.expect("a server")
}

async fn connect(
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
async fn ask(stream: &mut TlsStream<TcpStream>, path: &str, more: &str) -> std::io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
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
async fn knock(
    running: &Running,
    config: &Arc<ClientConfig>,
) -> (std::io::Result<String>, Outcome) {
    let stream = TcpStream::connect(running.local_addr())
        .await
        .expect("a connection");
    let ours = stream.local_addr().expect("an address");
    let name = ServerName::try_from("localhost").expect("a name");
    let answer = async {
        let mut stream = TlsConnector::from(Arc::clone(config))
            .connect(name, stream)
            .await?;
        ask(&mut stream, "/whoami", "Connection: close\r\n").await
    }
    .await;
    let outcome = running
        .handle()
        .outcome(ours, Duration::from_secs(5))
        .await
        .expect("an outcome");
    (answer, outcome)
}

fn admitted(outcome: &Outcome) -> Option<bool> {
    match outcome.decision {
        Decision::Admitted { resumed, .. } => Some(resumed),
        _ => None,
    }
}

fn refused(outcome: &Outcome) -> Option<Reason> {
    match &outcome.decision {
        Decision::Refused(refusal) => Some(refusal.reason()),
        _ => None,
    }
}

fn trust_of(handle: &Handle, trust: Trust) {
    handle.replace_trust(trust).expect("trust");
}

#[tokio::test]
async fn a_good_client_learns_who_it_is() {
    let world = World::new();
    let running = start(world.server()).await;
    let (answer, outcome) = knock(&running, &Arc::new(world.client(Some("client")))).await;
    let answer = answer.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(
        answer.contains("spiffe://gatecrash.example/client"),
        "{answer}"
    );
    assert_eq!(admitted(&outcome), Some(false));
}

#[tokio::test]
async fn whoever_should_not_enter_is_refused_for_the_reason() {
    let (world, stranger) = (World::new(), World::new());
    let days = |days: i64| world.trust(NOW.plus_days(days));
    let mut without_crls = world.server();
    without_crls.policy.revocation = RevocationRule::IfPresent;
    without_crls.trust.crls.clear();
    let intermediate_crl_missing = Trust {
        crls: world.trust(NOW).crls[..1].to_vec(),
        ..world.trust(NOW)
    };
    let strangers_client = {
        // The stranger's certificate, and our anchor for the server's.
        let mut roots = RootCertStore::empty();
        roots
            .add(certificates(world.text("ca.pem")).remove(0))
            .expect("an anchor");
        ClientConfig::builder_with_details(
            Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
            Arc::new(Clock::Fixed(NOW)),
        )
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("a version")
        .with_root_certificates(roots)
        .with_client_auth_cert(
            certificates(stranger.text("client.pem")),
            stranger.key("client.key"),
        )
        .expect("a client certificate")
    };
    let good = || world.client(Some("client"));
    let table = [
        (
            "no certificate",
            world.trust(NOW),
            world.client(None),
            Reason::NoCertificate,
        ),
        (
            "another CA of the same name",
            world.trust(NOW),
            strangers_client,
            Reason::BadSignature,
        ),
        (
            "revoked",
            world.trust(NOW),
            world.client(Some("revoked")),
            Reason::Revoked,
        ),
        ("expired", days(91), good(), Reason::Expired),
        ("not yet valid", days(-2), good(), Reason::NotYetValid),
        (
            "a CRL is missing",
            intermediate_crl_missing,
            good(),
            Reason::RevocationUnknown,
        ),
        (
            "TLS 1.2",
            world.trust(NOW),
            world.client_of_version(Some("client"), &rustls::version::TLS12),
            Reason::ProtocolTooOld,
        ),
    ];
    let running = start(world.server()).await;
    for (what, trust, client, reason) in table {
        trust_of(&running.handle(), trust);
        let (answer, outcome) = knock(&running, &Arc::new(client)).await;
        assert!(answer.is_err(), "{what}: {answer:?}");
        assert_eq!(refused(&outcome), Some(reason), "{what}: {outcome:?}");
        assert!(running.handle().metrics().refused_for(reason) > 0, "{what}");
    }
    let running = start(without_crls).await;
    let (answer, _) = knock(&running, &Arc::new(world.client(Some("revoked")))).await;
    assert!(answer.is_ok(), "without CRLs nobody is revoked: {answer:?}");
}

#[tokio::test]
async fn a_ticket_stands_for_the_certificate_only_while_nothing_has_changed() {
    let world = World::new();
    type Change = fn(&World, &Handle);
    let table: [(&str, Option<Change>, bool); 5] = [
        ("nothing", None, true),
        (
            "the same trust again",
            Some(|world, handle| trust_of(handle, world.trust(NOW))),
            false,
        ),
        (
            "one second later",
            Some(|world, handle| trust_of(handle, world.trust(NOW.plus_seconds(1)))),
            false,
        ),
        (
            "other CRLs",
            Some(|world, handle| {
                let mut trust = world.trust(NOW);
                trust.crls.reverse();
                trust_of(handle, trust);
            }),
            false,
        ),
        (
            "the same configuration read again",
            Some(|world, handle| {
                handle.replace(world.server()).expect("a configuration");
            }),
            false,
        ),
    ];
    for (what, change, resumes) in table {
        let running = start(world.server()).await;
        let client = Arc::new(world.client(Some("client")));
        let (answer, outcome) = knock(&running, &client).await;
        assert_eq!(
            (answer.is_ok(), admitted(&outcome)),
            (true, Some(false)),
            "{what}"
        );
        if let Some(change) = change {
            change(&world, &running.handle());
        }
        let (answer, outcome) = knock(&running, &client).await;
        assert_eq!(
            (answer.is_ok(), admitted(&outcome)),
            (true, Some(resumes)),
            "{what}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_ticket_does_not_outlive_revocation_the_ca_or_the_certificate() {
    let (world, other) = (World::new(), World::new());
    let table = [
        ("the CA is replaced", other.trust(NOW), Reason::BadSignature),
        (
            "the certificate ends",
            world.trust(NOW.plus_days(90).plus_seconds(1)),
            Reason::Expired,
        ),
    ];
    for (what, trust, reason) in table {
        let running = start(world.server()).await;
        let client = Arc::new(world.client(Some("client")));
        assert!(knock(&running, &client).await.0.is_ok(), "{what}");
        trust_of(&running.handle(), trust);
        let (answer, outcome) = knock(&running, &client).await;
        assert!(answer.is_err(), "{what}");
        assert_eq!(refused(&outcome), Some(reason), "{what}");
    }
    let mut lenient = world.server();
    lenient.policy.revocation = RevocationRule::IfPresent;
    lenient.trust.crls.clear();
    let running = start(lenient).await;
    let client = Arc::new(world.client(Some("revoked")));
    assert!(knock(&running, &client).await.0.is_ok());
    assert_eq!(
        admitted(&knock(&running, &client).await.1),
        Some(true),
        "the ticket is good before"
    );
    trust_of(&running.handle(), world.trust(NOW));
    let (answer, outcome) = knock(&running, &client).await;
    assert!(answer.is_err());
    assert_eq!(refused(&outcome), Some(Reason::Revoked));
}

#[tokio::test]
async fn an_open_connection_is_judged_again_when_the_rules_change() {
    let world = World::new();
    let mut lenient = world.server();
    lenient.policy.revocation = RevocationRule::IfPresent;
    lenient.trust.crls.clear();
    let running = start(lenient).await;
    let mut stream = connect(
        running.local_addr(),
        &Arc::new(world.client(Some("revoked"))),
    )
    .await
    .expect("let in");
    let before = ask(&mut stream, "/whoami", "").await.expect("an answer");
    assert!(before.starts_with("HTTP/1.1 200"), "{before}");
    trust_of(&running.handle(), world.trust(NOW));
    let after = ask(&mut stream, "/whoami", "").await.expect("an answer");
    assert!(after.starts_with("HTTP/1.1 401"), "{after}");
}

#[tokio::test]
async fn a_change_that_cannot_be_used_changes_nothing() {
    let world = World::new();
    let running = start(world.server()).await;
    let garbage = Trust {
        anchors: vec![b"garbage".to_vec()],
        ..world.trust(NOW)
    };
    let no_crls = Trust {
        crls: Vec::new(),
        ..world.trust(NOW)
    };
    for trust in [garbage, no_crls, Trust::default()] {
        assert!(running.handle().replace_trust(trust).is_err());
    }
    assert!(
        knock(&running, &Arc::new(world.client(Some("client"))))
            .await
            .0
            .is_ok()
    );
    let metrics = running.handle().metrics();
    assert_eq!((metrics.generation, metrics.failed_reloads), (0, 3));
}

#[tokio::test]
async fn who_stands_still_is_let_go() {
    let world = World::new();
    let mut config = world.server();
    let mut limits = Limits::default();
    limits.handshake_milliseconds = 200;
    config.limits = limits;
    let running = start(config).await;
    let mut silent = TcpStream::connect(running.local_addr())
        .await
        .expect("a connection");
    silent.write_all(&[0x16, 3, 1]).await.expect("written");
    let read = tokio::time::timeout(Duration::from_secs(5), silent.read(&mut [0; 16]))
        .await
        .expect("closed in time");
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    assert!(
        knock(&running, &Arc::new(world.client(Some("client"))))
            .await
            .0
            .is_ok()
    );
}

#[tokio::test]
async fn shutdown_lets_the_server_end() {
    let world = World::new();
    let running = start(world.server()).await;
    let address = running.local_addr();
    running.handle().shutdown();
    tokio::time::timeout(Duration::from_secs(5), running.wait())
        .await
        .expect("ended");
    assert!(TcpStream::connect(address).await.is_err());
}
