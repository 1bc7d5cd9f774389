//! The control: honest scripts complete handshakes with rustls, in memory.

use std::sync::Arc;

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    crypto::{CryptoProvider, aws_lc_rs},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};

use super::{Credentials, End, Memory, Outcome, Play, Rival, ToyWorld, Transport, play};
use crate::{
    mint::{Minted, Minter},
    question::{PeerName, Purpose},
    recipe::{KeyAlgorithm, generate::Setting},
    script::{
        Binding, CipherSuite, HandshakeKind, Hello, Message, NamedGroup, Proof, Script, Share,
        Signer, Start, Step,
    },
};

fn minted(purpose: Purpose, key: KeyAlgorithm) -> Minted {
    // The chain is judged by the real clock, within the ten years of the plainest setting.
    let setting = Setting {
        purpose,
        keys: vec![key],
        ..Setting::default()
    };
    Minter::new().mint(&setting.recipe()).expect("mints")
}

fn credentials(minted: &Minted) -> Credentials {
    Credentials::new(minted.chain.clone(), &minted.end_entity_key).expect("usable")
}

fn roots(minted: &Minted) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for anchor in &minted.anchors {
        roots.add(anchor.clone().into()).expect("an anchor");
    }
    Arc::new(roots)
}

#[derive(Debug)]
struct At(crate::question::Time);

impl rustls::time_provider::TimeProvider for At {
    fn current_time(&self) -> Option<rustls_pki_types::UnixTime> {
        let seconds = self.0.unix_seconds().unsigned_abs();
        Some(rustls_pki_types::UnixTime::since_unix_epoch(
            std::time::Duration::from_secs(seconds),
        ))
    }
}

fn server(clients: &Minted) -> Memory {
    server_of(clients, &[&TLS13])
}

fn server_of(clients: &Minted, versions: &[&'static rustls::SupportedProtocolVersion]) -> Memory {
    connection_to(&config_of(clients, versions))
}

fn connection_to(config: &Arc<ServerConfig>) -> Memory {
    ServerConnection::new(Arc::clone(config))
        .expect("a connection")
        .into()
}

fn config_of(
    clients: &Minted,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Arc<ServerConfig> {
    let provider: Arc<CryptoProvider> = Arc::new(aws_lc_rs::default_provider());
    let own = minted(Purpose::Server, KeyAlgorithm::P256);
    let verifier =
        WebPkiClientVerifier::builder_with_provider(roots(clients), Arc::clone(&provider));
    let chain = own
        .chain
        .iter()
        .map(|der| CertificateDer::from(der.clone()))
        .collect();
    let key = PrivatePkcs8KeyDer::from(own.end_entity_key.secret_pkcs8_der().to_vec());
    let config = ServerConfig::builder_with_details(provider, Arc::new(At(Setting::BASE_TIME)))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(chain, PrivateKeyDer::from(key))
        .expect("a certificate");
    Arc::new(config)
}

fn client(servers: &Minted, name: &PeerName) -> Memory {
    let provider: Arc<CryptoProvider> = Arc::new(aws_lc_rs::default_provider());
    let PeerName::Dns(name) = name else {
        panic!("a DNS name")
    };
    let config = ClientConfig::builder_with_details(provider, Arc::new(At(Setting::BASE_TIME)))
        .with_protocol_versions(&[&TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(roots(servers))
        .with_no_client_auth();
    let name = ServerName::try_from(name.clone()).expect("a name");
    ClientConnection::new(Arc::new(config), name)
        .expect("a connection")
        .into()
}

fn hellos() -> Vec<Hello> {
    let suites = [
        CipherSuite::AES_128_GCM_SHA256,
        CipherSuite::AES_256_GCM_SHA384,
        CipherSuite::CHACHA20_POLY1305_SHA256,
    ];
    let groups = [NamedGroup::X25519, NamedGroup::SECP256R1];
    let pairs = suites
        .iter()
        .flat_map(|suite| groups.map(|group| (*suite, group)));
    pairs
        .map(|(suite, group)| Hello {
            suites: vec![suite],
            groups: vec![group],
            shares: vec![Share::of(group)],
            ..Hello::default()
        })
        .collect()
}

#[test]
fn an_honest_client_is_let_in_by_rustls_under_its_identity() {
    for key in KeyAlgorithm::SOUND {
        let clients = minted(Purpose::Client, *key);
        let credentials = credentials(&clients);
        for hello in hellos() {
            let script = Script {
                hello: hello.clone(),
                ..Script::client()
            };
            let mut memory = server(&clients);
            let outcome = play(&script, &Play::with(&credentials), &mut memory);
            assert!(
                outcome.is_let_in(),
                "{key:?} {hello:?}: {outcome:?} {:?}",
                memory.error()
            );
            let digest =
                ::aws_lc_rs::digest::digest(&::aws_lc_rs::digest::SHA256, &clients.chain[0]);
            let shown: String = digest
                .as_ref()
                .iter()
                .map(|octet| format!("{octet:02x}"))
                .collect();
            assert_eq!(outcome.body(), shown.as_bytes());
            let negotiated = outcome.negotiated.expect("a choice");
            assert_eq!(negotiated.suite, hello.suites[0]);
            assert_eq!(negotiated.group, Some(hello.groups[0]));
            assert_eq!((outcome.finished, outcome.unreadable), (Some(true), 0));
            assert!(outcome.certificate_requested);
        }
    }
}

#[test]
fn an_honest_client_of_tls_1_2_is_let_in_and_does_not_renegotiate_with_rustls() {
    for key in KeyAlgorithm::SOUND {
        let clients = minted(Purpose::Client, *key);
        let credentials = credentials(&clients);
        for suite in Hello::SOUND_SUITES {
            for group in [NamedGroup::X25519, NamedGroup::SECP256R1] {
                let mut script = Script::client_of_tls_1_2();
                // The server's key is P-256, so suites of RSA lead nowhere.
                script.hello.suites = vec![*suite];
                script.hello.groups = vec![group];
                let mut memory = server_of(&clients, &[&TLS12]);
                let outcome = play(&script, &Play::with(&credentials), &mut memory);
                if !suite.to_string().contains("ECDSA") {
                    assert!(outcome.negotiated.is_none(), "{outcome:?}");
                    continue;
                }
                let error = memory.error();
                assert!(
                    outcome.is_let_in(),
                    "{key:?} {suite}: {outcome:?} {error:?}"
                );
                let negotiated = outcome.negotiated.expect("a choice");
                assert_eq!((negotiated.suite, negotiated.group), (*suite, Some(group)));
                assert_eq!((outcome.finished, outcome.unreadable), (Some(true), 0));
                assert!(outcome.certificate_requested && !outcome.chain.is_empty());
            }
        }
        let mut again = Script::client_of_tls_1_2();
        let place = again.steps.len() - 2;
        let hello = Message::Renegotiation {
            binding: Binding::True,
        };
        let flight = [Step::from(hello)];
        let flight = flight.into_iter().chain(Script::flight_of_tls_1_2());
        again.steps.splice(place..place, flight);
        let mut memory = server_of(&clients, &[&TLS12]);
        let outcome = play(&again, &Play::with(&credentials), &mut memory);
        assert_eq!(outcome.to_string(), "alert 100 (no_renegotiation)");
        assert!(!outcome.after_alert);
    }
}

#[test]
fn a_session_of_tls_1_2_is_resumed_by_its_id_and_one_of_a_refused_proof_is_not() {
    let clients = minted(Purpose::Client, KeyAlgorithm::P256);
    let credentials = credentials(&clients);
    let config = config_of(&clients, &[&TLS12]);
    let mut stolen = Script::client_of_tls_1_2();
    let proof = Proof {
        signer: Signer::Another,
        ..Proof::default()
    };
    stolen.replace(
        HandshakeKind::CERTIFICATE_VERIFY,
        Message::CertificateVerify(proof),
    );
    for (script, resumes) in [(Script::client_of_tls_1_2(), true), (stolen, false)] {
        let with = Play::with(&credentials);
        let begun = play(&script, &with, &mut connection_to(&config));
        assert_eq!(begun.is_let_in(), resumes, "{begun:?}");
        let session = begun.session.expect("rustls gives ids");
        let again = Play::default().session(&session);
        let script = Script::resumption_of_tls_1_2();
        let outcome = play(&script, &again, &mut connection_to(&config));
        assert_eq!(outcome.is_let_in(), resumes, "{outcome:?}");
        let is_whole = outcome.received.contains(&HandshakeKind::CERTIFICATE);
        assert_eq!(is_whole, !resumes, "{outcome:?}");
        if resumes {
            assert_eq!((outcome.finished, outcome.unreadable), (Some(true), 0));
        }
    }
}

#[test]
fn an_honest_server_is_taken_for_good_by_rustls() {
    for key in KeyAlgorithm::SOUND {
        let servers = minted(Purpose::Server, *key);
        let credentials = credentials(&servers);
        let name = Setting {
            purpose: Purpose::Server,
            ..Setting::default()
        }
        .recipe()
        .name;
        let name = name.expect("a server has a name");
        for hello in hellos() {
            // rustls offers a share of its first group, so the honest server asks for another where it must.
            let mut script = Script {
                hello: hello.clone(),
                ..Script::server()
            };
            if hello.groups != [NamedGroup::X25519] {
                let group = hello.groups[0];
                let retry = [
                    Message::HelloRetryRequest {
                        group,
                        cookie: None,
                    }
                    .into(),
                    Step::Expect(crate::script::Awaited::Message(HandshakeKind::CLIENT_HELLO)),
                ];
                script.steps.splice(1..1, retry);
            }
            let mut memory = client(&servers, &name);
            let outcome = play(&script, &Play::with(&credentials), &mut memory);
            assert_eq!(memory.error(), None, "{key:?} {hello:?}: {outcome:?}");
            assert!(
                outcome.application_data.starts_with(b"GET / "),
                "{outcome:?}"
            );
            assert_eq!((outcome.end, outcome.finished), (End::Done, Some(true)));
        }
    }
}

#[test]
fn a_retry_is_answered_with_the_share_that_it_asks_for() {
    let clients = minted(Purpose::Client, KeyAlgorithm::P256);
    let credentials = credentials(&clients);
    let mut script = Script::client();
    script.hello.shares = vec![Share {
        group: NamedGroup::SECT163K1,
        octets: None,
    }];
    let outcome = play(&script, &Play::with(&credentials), &mut server(&clients));
    assert!(outcome.is_let_in(), "{outcome:?}");
    assert_eq!(outcome.retries, 1);
}

#[test]
fn messages_may_share_records_and_be_split_over_any() {
    let clients = minted(Purpose::Client, KeyAlgorithm::P256);
    let credentials = credentials(&clients);
    for fragment in [1, 2, 3, 7, 100, 16384] {
        for joined in [false, true] {
            let mut script = Script::client();
            for step in &mut script.steps {
                if let Step::Send(sending) = step {
                    sending.fragment = Some(fragment);
                    sending.joined = joined && sending.message.kind().is_some();
                }
            }
            let outcome = play(&script, &Play::with(&credentials), &mut server(&clients));
            assert!(outcome.is_let_in(), "{fragment} {joined}: {outcome:?}");
        }
    }
}

#[test]
fn what_is_not_honest_is_refused_with_an_alert() {
    let clients = minted(Purpose::Client, KeyAlgorithm::P256);
    let credentials = credentials(&clients);
    type Change = fn(&mut Script);
    let refused = |change: Change| -> Outcome {
        let mut script = Script::client();
        change(&mut script);
        play(&script, &Play::with(&credentials), &mut server(&clients))
    };
    let table: [(&str, Change); 4] = [
        ("alert 51 (decrypt_error)", |script| {
            let proof = crate::script::Proof {
                signer: Signer::Another,
                ..Default::default()
            };
            script.replace(
                HandshakeKind::CERTIFICATE_VERIFY,
                Message::CertificateVerify(proof),
            );
        }),
        ("alert 116 (certificate_required)", |script| {
            script.replace(
                HandshakeKind::CERTIFICATE,
                Message::certificate_of(crate::script::Chain::Empty),
            );
            script.omit(HandshakeKind::CERTIFICATE_VERIFY);
        }),
        ("alert 10 (unexpected_message)", |script| {
            script.omit(HandshakeKind::CERTIFICATE)
        }),
        ("alert 51 (decrypt_error)", |script| {
            script.edit(HandshakeKind::FINISHED, crate::script::Edit::FlipBit(9));
        }),
    ];
    for (end, change) in table {
        assert_eq!(refused(change).to_string(), end);
    }
}

/// The other side, which closes after so many octets.
struct Cut {
    memory: Memory,
    left: usize,
}

impl Transport for Cut {
    fn send(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.memory.send(octets)
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> std::io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let before = into.len();
        let received = self.memory.receive(into)?.min(self.left);
        into.truncate(before + received);
        self.left -= received;
        Ok(received)
    }
}

#[test]
fn whoever_closes_anywhere_is_seen_to_have_closed() {
    let clients = minted(Purpose::Client, KeyAlgorithm::P256);
    let credentials = credentials(&clients);
    for (script, version) in [
        (Script::client(), &TLS13),
        (Script::client_of_tls_1_2(), &TLS12),
    ] {
        let played = |left| {
            let memory = server_of(&clients, &[version]);
            play(
                &script,
                &Play::with(&credentials),
                &mut Cut { memory, left },
            )
        };
        let whole = played(usize::MAX);
        assert!(whole.is_let_in());
        for left in (0..whole.octets as usize).step_by(3) {
            let outcome = played(left);
            // After the answer nothing more is waited for.
            let answered = !outcome.application_data.is_empty();
            assert!(
                answered || outcome.end == End::Closed,
                "{left}: {outcome:?}"
            );
        }
    }
}

#[test]
fn compressed_certificates_are_taken_by_rustls_and_bombs_are_not() {
    let world = ToyWorld::new();
    for start in [Start::Client, Start::Server] {
        let mut honest = start.script();
        honest.replace(
            HandshakeKind::CERTIFICATE,
            Message::compressed_certificate(),
        );
        for rival in Rival::of(honest.side) {
            let outcome = world.play(&honest, *rival);
            assert!(!outcome.application_data.is_empty(), "{outcome:?}");
            assert_eq!(outcome.compressions, [1], "{rival:?}");
            for (zeros, claims) in [
                (Some(1 << 23), None),
                (Some(1 << 23), Some(1000)),
                (Some(1000), None),
                (None, Some(1)),
                (None, Some(0x00ff_ffff)),
            ] {
                let mut bomb = honest.clone();
                let message = Message::CompressedCertificate {
                    algorithm: 1,
                    claims,
                    zeros,
                    octets: Default::default(),
                };
                bomb.replace(HandshakeKind::COMPRESSED_CERTIFICATE, message);
                let outcome = world.play(&bomb, *rival);
                assert!(outcome.application_data.is_empty(), "{outcome:?}");
                assert!(matches!(outcome.end, End::Alert(_)), "{outcome:?}");
            }
        }
    }
}
