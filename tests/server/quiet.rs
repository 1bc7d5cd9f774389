//! What the server must not say, and whom it must not call.

use std::{
    io::{self, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

use gatecrash::server::{
    Clock, RevocationRule, Scrutiny, ServerConfig, ServerCredentials, ServerKey, Trust,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CrlDistributionPoint, CustomExtension,
    DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::world::{NOW, World, certificates, knock, start};

const TOKEN: &str = "xq7token";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A CA and a client of it with the token in every name, and these URLs everywhere a URL can stand.
fn talkative(url: &str) -> (Vec<u8>, Vec<u8>, KeyPair) {
    let named = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for kind in [
            DnType::OrganizationName,
            DnType::OrganizationalUnitName,
            DnType::LocalityName,
            DnType::StateOrProvinceName,
            DnType::from_oid(&[2, 5, 4, 5]),
        ] {
            params
                .distinguished_name
                .push(kind, format!("{TOKEN} {name}"));
        }
        params
            .distinguished_name
            .push(DnType::CommonName, format!("{TOKEN} {name}"));
        params.not_before = NOW.plus_days(-1).to_calendar();
        params.not_after = NOW.plus_days(1).to_calendar();
        params.use_authority_key_identifier_extension = true;
        params
    };
    let mut ca = named("ca");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().expect("a key")).expect("a CA");
    let mut client = named("client");
    client.is_ca = IsCa::ExplicitNoCa;
    client.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    client.subject_alt_names = vec![
        SanType::DnsName(format!("{TOKEN}.example").try_into().expect("a name")),
        SanType::URI(
            format!("spiffe://example/{TOKEN}")
                .try_into()
                .expect("a name"),
        ),
        SanType::Rfc822Name(format!("{TOKEN}@example.org").try_into().expect("a name")),
    ];
    client.crl_distribution_points = vec![CrlDistributionPoint {
        uris: vec![url.to_owned()],
    }];
    client.custom_extensions = vec![
        authority_information_access(url),
        issuer_alternative_name(url),
        CustomExtension::from_oid_content(
            &[1, 3, 6, 1, 4, 1, 99_999, 7],
            tlv(0x0c, TOKEN.as_bytes()),
        ),
    ];
    let key = KeyPair::generate().expect("a key");
    let client = client.signed_by(&key, &ca).expect("a client");
    (ca.der().to_vec(), client.der().to_vec(), key)
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag, u8::try_from(content.len()).expect("short")];
    bytes.extend_from_slice(content);
    bytes
}

/// RFC 5280 section 4.2.1.7
fn issuer_alternative_name(url: &str) -> CustomExtension {
    let names = tlv(0x30, &tlv(0x86, url.as_bytes()));
    CustomExtension::from_oid_content(&[2, 5, 29, 18], names)
}

/// RFC 5280 section 4.2.2.1, with the same URL as OCSP responder and as issuer's certificate.
fn authority_information_access(url: &str) -> CustomExtension {
    let mut access = Vec::new();
    for method in [1, 2] {
        let mut description = tlv(0x06, &[0x2b, 6, 1, 5, 5, 7, 0x30, method]);
        description.extend(tlv(0x86, url.as_bytes()));
        access.extend(tlv(0x30, &description));
    }
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tlv(0x30, &access))
}

fn client_of(world: &World, certificate: &[u8], key: &KeyPair) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(certificates(world.text("ca.pem")).remove(0))
        .expect("an anchor");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ClientConfig::builder_with_details(provider, Arc::new(Clock::Fixed(NOW)))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("a version")
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate.to_vec().into()], key)
        .expect("a client certificate");
    Arc::new(config)
}

/// The log is that of every test in this process; the token is only in this one's certificates.
#[test]
fn no_log_quotes_a_certificate_and_no_url_in_one_is_fetched() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let canary = TcpListener::bind("127.0.0.1:0").expect("a canary");
    canary.set_nonblocking(true).expect("non-blocking");
    let url = format!(
        "http://{}/{TOKEN}",
        canary.local_addr().expect("an address")
    );
    let world = World::new();
    let (ca, certificate, key) = talkative(&url);
    let client = client_of(&world, &certificate, &key);
    let trust = |anchors: Vec<Vec<u8>>| Trust {
        anchors,
        time: Clock::Fixed(NOW),
        ..Trust::default()
    };
    let key_text = world.text("server.key").to_owned();
    tracing::subscriber::set_global_default(subscriber).expect("the only log");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let credentials = ServerCredentials {
            chain: certificates(world.text("server.pem")),
            key: ServerKey::new(world.key("server.key")),
        };
        let mut config = ServerConfig::new(credentials, trust(vec![ca.clone()]));
        config.policy.revocation = RevocationRule::IfPresent;
        config.scrutiny = Scrutiny::Waived;
        tracing::info!(?config, "as somebody might log it");
        let running = start(config).await;
        let (answer, outcome) = knock(&running, &client).await;
        assert!(answer.expect("let in").contains(TOKEN), "{outcome:?}");
        running
            .handle()
            .replace_trust(Trust {
                crls: world.trust(NOW).crls,
                ..trust(vec![ca])
            })
            .expect("trust");
        assert!(
            knock(&running, &client).await.0.is_err(),
            "its status is unknown"
        );
        running
            .handle()
            .replace_trust(trust(world.trust(NOW).anchors))
            .expect("trust");
        assert!(
            knock(&running, &client).await.0.is_err(),
            "its CA is unknown"
        );
        running.handle().shutdown();
        running.wait().await;
    });
    let text = String::from_utf8(log.0.lock().expect("the log").clone()).expect("text");
    assert!(
        text.contains("refused") && text.contains("admitted"),
        "{text}"
    );
    assert!(!text.contains(TOKEN), "{text}");
    assert!(!text.contains("BEGIN"), "{text}");
    for line in key_text.lines().filter(|line| line.len() > 20) {
        assert!(!text.contains(line));
    }
    assert!(
        canary.accept().is_err(),
        "somebody fetched what a certificate names"
    );
}
