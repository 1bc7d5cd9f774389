//! Mutual TLS 1.3 handshakes in memory: the reference server beside plain rustls, in one run.
//!
//! Only the server's side is timed, the making of its configuration included. The two
//! sides take turns in short rounds, so that a noisy machine slows both alike and neither
//! finds its caches full of the other's work. A client is *new* when the server has never
//! seen its certificate, and *returning* when it has. The large CRL is as CAs make them:
//! serial numbers of 16 octets, a reason for each.
//! `cargo bench --bench handshake` runs everything, `-- ratios` the table alone.
#![allow(clippy::print_stdout, reason = "the table of ratios is the output")]
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]
#![allow(
    missing_docs,
    reason = "criterion_group makes an undocumented function"
)]

use std::{
    io::{Read, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::Criterion;
use gatecrash::{
    question::Time,
    server::{
        Acceptor, Clock, MinimumVersion, RevocationRule, ServerConfig, ServerCredentials,
        ServerKey, Trust, provider,
    },
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SanType, SerialNumber,
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConnection,
    client::Resumption,
    server::{NoServerSessionStorage, WebPkiClientVerifier},
};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer,
};

const NOW: Time = Time::from_unix_seconds(1_800_000_000);
const TURNS: usize = 600;
const ROUND: usize = 30;
const LARGE: u64 = 100_000;

type Issuer = CertifiedIssuer<'static, KeyPair>;

struct Pki {
    root: Issuer,
    intermediate: Issuer,
    serial: u64,
}

fn params(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(serial));
    params.use_authority_key_identifier_extension = true;
    params.not_before = NOW.plus_days(-1).to_calendar();
    params.not_after = NOW.plus_days(90).to_calendar();
    params
}

fn authority(name: &str, serial: u64) -> CertificateParams {
    let mut params = params(name, serial);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Pki {
    fn new() -> Self {
        let root = CertifiedIssuer::self_signed(authority("root", 1), KeyPair::generate().unwrap())
            .unwrap();
        let intermediate = CertifiedIssuer::signed_by(
            authority("issuing", 2),
            KeyPair::generate().unwrap(),
            &root,
        )
        .unwrap();
        // Serials of end entities lie above those in the large CRL.
        Self {
            root,
            intermediate,
            serial: 1 << 32,
        }
    }

    fn end_entity(
        &mut self,
        purpose: ExtendedKeyUsagePurpose,
    ) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        self.serial += 1;
        let mut params = params("localhost", self.serial);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose];
        params.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.intermediate).unwrap();
        let chain = vec![certificate.der().clone(), self.intermediate.der().clone()];
        (chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
    }

    fn client(&mut self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).unwrap();
        let (chain, key) = self.end_entity(ExtendedKeyUsagePurpose::ClientAuth);
        let mut config = ClientConfig::builder_with_details(
            provider(MinimumVersion::Tls13),
            Arc::new(Clock::Fixed(NOW)),
        )
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
        config.resumption = Resumption::disabled();
        Arc::new(config)
    }

    fn crls(&self, entries: u64) -> Vec<Vec<u8>> {
        let list = |issuer: &Issuer, entries: u64| {
            let revoked = |serial: u64| RevokedCertParams {
                serial_number: SerialNumber::from_slice(&drawn_serial(serial)),
                revocation_time: NOW.plus_days(-1).to_calendar(),
                reason_code: Some(RevocationReason::CessationOfOperation),
                invalidity_date: None,
            };
            let params = CertificateRevocationListParams {
                this_update: NOW.plus_days(-1).to_calendar(),
                next_update: NOW.plus_days(30).to_calendar(),
                crl_number: SerialNumber::from(1_u64),
                issuing_distribution_point: None,
                revoked_certs: (10..10 + entries).map(revoked).collect(),
                key_identifier_method: KeyIdMethod::Sha256,
            };
            params.signed_by(issuer).unwrap().der().to_vec()
        };
        vec![list(&self.root, 0), list(&self.intermediate, entries)]
    }
}

/// 16 octets that look drawn at random, and are the same in every run.
fn drawn_serial(number: u64) -> [u8; 16] {
    let mut octets = [0x5a; 16];
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    octets[1..9].copy_from_slice(&mixed.to_be_bytes());
    octets
}

/// Both servers under the same trust, with the same key.
struct Servers {
    reference: Acceptor,
    plain: Arc<rustls::ServerConfig>,
}

impl Servers {
    fn new(pki: &mut Pki, crls: Vec<Vec<u8>>) -> Self {
        let (chain, key) = pki.end_entity(ExtendedKeyUsagePurpose::ServerAuth);
        let credentials = ServerCredentials {
            chain: chain.clone(),
            key: ServerKey::new(key.clone_key()),
        };
        let trust = Trust {
            anchors: vec![pki.root.der().to_vec()],
            crls: crls.clone(),
            time: Clock::Fixed(NOW),
            ..Trust::default()
        };
        let mut config = ServerConfig::new(credentials, trust);
        config.policy.revocation = RevocationRule::IfPresent;
        let mut roots = RootCertStore::empty();
        roots.add(pki.root.der().clone()).unwrap();
        let provider = provider(MinimumVersion::Tls13);
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .with_crls(crls.into_iter().map(CertificateRevocationListDer::from))
                .enforce_revocation_expiration()
                .build()
                .unwrap();
        let mut plain =
            rustls::ServerConfig::builder_with_details(provider, Arc::new(Clock::Fixed(NOW)))
                .with_protocol_versions(&[&rustls::version::TLS13])
                .unwrap()
                .with_client_cert_verifier(verifier)
                .with_single_cert(chain, key)
                .unwrap();
        plain.session_storage = Arc::new(NoServerSessionStorage {});
        plain.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().unwrap();
        plain.send_tls13_tickets = 1;
        Self {
            reference: Acceptor::new(config).unwrap(),
            plain: Arc::new(plain),
        }
    }

    fn reference(&self, client: &Arc<ClientConfig>) -> Duration {
        serve(client, || self.reference.rustls_config().unwrap())
    }

    fn plain(&self, client: &Arc<ClientConfig>) -> Duration {
        serve(client, || Arc::clone(&self.plain))
    }
}

/// One handshake and one octet of application data; the time that the server spent.
fn serve(
    client: &Arc<ClientConfig>,
    config: impl FnOnce() -> Arc<rustls::ServerConfig>,
) -> Duration {
    let mut client =
        ClientConnection::new(Arc::clone(client), "localhost".try_into().unwrap()).unwrap();
    let mut spent = Duration::ZERO;
    let started = Instant::now();
    let mut server = ServerConnection::new(config()).unwrap();
    spent += started.elapsed();
    let mut wire = Vec::new();
    client.writer().write_all(b"?").unwrap();
    loop {
        wire.clear();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut octets = wire.as_slice();
        let started = Instant::now();
        while !octets.is_empty() {
            server.read_tls(&mut octets).unwrap();
            server.process_new_packets().unwrap();
        }
        let mut answer = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut answer).unwrap();
        }
        spent += started.elapsed();
        let mut octets = answer.as_slice();
        while !octets.is_empty() {
            client.read_tls(&mut octets).unwrap();
            client.process_new_packets().unwrap();
        }
        if server.reader().read(&mut [0]).is_ok_and(|read| read == 1) {
            assert!(server.peer_certificates().is_some());
            return spent;
        }
    }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// Both sides in turns, each turn with the next client; medians in microseconds.
fn compare(servers: &Servers, clients: &[Arc<ClientConfig>]) -> (f64, f64) {
    let mut times = (Vec::new(), Vec::new());
    for round in 0..TURNS / ROUND {
        let clients = (0..ROUND).map(|turn| &clients[(round * ROUND + turn) % clients.len()]);
        times
            .0
            .extend(clients.clone().map(|client| servers.reference(client)));
        times.1.extend(clients.map(|client| servers.plain(client)));
    }
    (median(times.0), median(times.1))
}

fn ratios() {
    println!(
        "{:<34} {:>12} {:>12} {:>16}",
        "server side of a handshake", "reference", "plain", "plain/reference"
    );
    for (crl, entries) in [
        ("no CRL", None),
        ("empty CRLs", Some(0)),
        ("CRL of 100,000", Some(LARGE)),
    ] {
        let mut pki = Pki::new();
        let crls = entries.map(|entries| pki.crls(entries)).unwrap_or_default();
        let servers = Servers::new(&mut pki, crls);
        for (who, count) in [("new", TURNS), ("returning", 1)] {
            let clients: Vec<_> = (0..count).map(|_| pki.client()).collect();
            if count == 1 {
                servers.reference(&clients[0]);
            }
            let (reference, plain) = compare(&servers, &clients);
            let label = format!("{crl}, {who} clients");
            println!(
                "{label:<34} {reference:>9.1} µs {plain:>9.1} µs {:>16.2}",
                plain / reference
            );
        }
    }
}

fn handshakes(criterion: &mut Criterion) {
    let mut pki = Pki::new();
    let client = pki.client();
    let mut group = criterion.benchmark_group("handshake");
    for (name, entries) in [("no-crl", None), ("crl-100000", Some(LARGE))] {
        let crls = entries.map(|entries| pki.crls(entries)).unwrap_or_default();
        let servers = Servers::new(&mut pki, crls);
        group.bench_function(format!("reference/{name}"), |bench| {
            bench.iter_custom(|count| (0..count).map(|_| servers.reference(&client)).sum());
        });
        group.bench_function(format!("plain/{name}"), |bench| {
            bench.iter_custom(|count| (0..count).map(|_| servers.plain(&client)).sum());
        });
    }
    group.finish();
}

fn main() {
    ratios();
    if !std::env::args().any(|argument| argument == "ratios") {
        let mut criterion = Criterion::default().configure_from_args();
        handshakes(&mut criterion);
        criterion.final_summary();
    }
}
