//! The rustls verifiers: what they let in, what they say, and what they remember.
#![cfg(feature = "rustls")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use gatecrash::{
    question::Time,
    validator::{
        Anchor, Certificate, CrlStore, ParsedCrl, Profile, ReferenceClientVerifier,
        ReferenceServerVerifier, Refusal, RevocationEvidence, RevocationOptions,
        StrictClientVerifier, VerifierConfig,
    },
    verdict::{Reason, Verdict},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, NameConstraints, RevocationReason, RevokedCertParams, SanType, SerialNumber,
};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error, OtherError,
    RootCertStore, ServerConfig, ServerConnection, SignatureScheme,
    client::danger::ServerCertVerifier,
    crypto::WebPkiSupportedAlgorithms,
    pki_types::{
        AlgorithmIdentifier, CertificateDer, InvalidSignature, PrivateKeyDer, ServerName,
        SignatureVerificationAlgorithm, UnixTime,
    },
    server::danger::ClientCertVerifier,
};
use time::{OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-07-01 0:00 UTC);

fn now() -> Time {
    Time::from_unix_seconds(NOW.unix_timestamp())
}

fn unix_now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW.unix_timestamp().unsigned_abs()))
}

struct Authority {
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

fn authority(name: &str, serial: u64, parent: Option<&Authority>) -> Authority {
    authority_with(name, serial, parent, |_| {})
}

fn authority_with(
    name: &str,
    serial: u64,
    parent: Option<&Authority>,
    change: impl FnOnce(&mut CertificateParams),
) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(SerialNumber::from(serial));
    params.use_authority_key_identifier_extension = true;
    params.not_before = datetime!(2026-01-01 0:00 UTC);
    params.not_after = datetime!(2027-01-01 0:00 UTC);
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = match parent {
        Some(parent) => params.signed_by(&key, &parent.issuer),
        None => params.self_signed(&key),
    };
    Authority {
        der: certificate.unwrap().der().clone(),
        issuer: Issuer::new(params, key),
    }
}

struct Pki {
    root: Authority,
    intermediate: Authority,
}

impl Pki {
    fn new() -> Self {
        let root = authority("Test Root", 1, None);
        let intermediate = authority("Test Issuing CA", 2, Some(&root));
        Self { root, intermediate }
    }

    fn end_entity(
        &self,
        serial: u64,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (CertificateDer<'static>, KeyPair) {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "device");
        params.subject_alt_names = vec![SanType::URI(
            "spiffe://test.example/device".try_into().unwrap(),
        )];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.serial_number = Some(SerialNumber::from(serial));
        params.use_authority_key_identifier_extension = true;
        params.not_before = datetime!(2026-06-20 0:00 UTC);
        params.not_after = datetime!(2026-07-20 0:00 UTC);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (
            params
                .signed_by(&key, &self.intermediate.issuer)
                .unwrap()
                .der()
                .clone(),
            key,
        )
    }

    fn crl(issuer: &Authority, revoked: &[u64], next_update: OffsetDateTime) -> Vec<u8> {
        let revoked_certs = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: datetime!(2026-06-25 0:00 UTC),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: datetime!(2026-06-28 0:00 UTC),
            next_update,
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&issuer.issuer).unwrap().der().to_vec()
    }

    fn crls(&self, revoked: &[u64]) -> Vec<Vec<u8>> {
        let end = datetime!(2026-07-28 0:00 UTC);
        vec![
            Self::crl(&self.root, &[], end),
            Self::crl(&self.intermediate, revoked, end),
        ]
    }

    fn config(&self, crls: Vec<Vec<u8>>) -> VerifierConfig {
        let anchor = Anchor::from_certificate(&self.root.der).unwrap();
        let crls = crls
            .into_iter()
            .map(|der| ParsedCrl::from_der(der).unwrap());
        VerifierConfig::new([anchor], Profile::rfc5280())
            .clock(now())
            .revocation(RevocationEvidence::new(
                CrlStore::new(crls),
                RevocationOptions::default(),
            ))
    }

    fn ask(
        &self,
        verifier: &dyn ClientCertVerifier,
        end_entity: &CertificateDer<'_>,
    ) -> Result<(), Error> {
        let intermediates = [self.intermediate.der.clone()];
        verifier
            .verify_client_cert(end_entity, &intermediates, unix_now())
            .map(|_| ())
    }
}

fn both(config: &VerifierConfig) -> [(&'static str, Arc<dyn ClientCertVerifier>); 2] {
    [
        (
            "reference",
            Arc::new(ReferenceClientVerifier::new(config.clone())),
        ),
        (
            "strict",
            Arc::new(StrictClientVerifier::new(config.clone()).unwrap()),
        ),
    ]
}

#[test]
fn refusals_come_in_the_words_of_rustls() {
    let pki = Pki::new();
    let other = Pki::new();
    let good = |_: &mut CertificateParams| {};
    let (device, _) = pki.end_entity(7, good);
    let (foreign, _) = other.end_entity(7, good);
    let (server, _) = pki.end_entity(8, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]
    });
    let (expired, _) = pki.end_entity(9, |params| {
        params.not_after = datetime!(2026-06-30 0:00 UTC)
    });
    let (early, _) = pki.end_entity(10, |params| {
        params.not_before = datetime!(2026-07-02 0:00 UTC)
    });
    let garbage = CertificateDer::from(vec![0x30, 0x80, 1]);
    let table = [
        ("good", pki.crls(&[]), &device, None),
        ("another is revoked", pki.crls(&[6]), &device, None),
        (
            "revoked",
            pki.crls(&[7]),
            &device,
            Some(CertificateError::Revoked),
        ),
        (
            "of another CA",
            pki.crls(&[]),
            &foreign,
            Some(CertificateError::BadSignature),
        ),
        (
            "a server's",
            pki.crls(&[]),
            &server,
            Some(CertificateError::InvalidPurpose),
        ),
        (
            "expired",
            pki.crls(&[]),
            &expired,
            Some(CertificateError::Expired),
        ),
        (
            "not yet valid",
            pki.crls(&[]),
            &early,
            Some(CertificateError::NotValidYet),
        ),
        (
            "garbage",
            pki.crls(&[]),
            &garbage,
            Some(CertificateError::BadEncoding),
        ),
    ];
    for (case, crls, end_entity, expected) in table {
        for (name, verifier) in both(&pki.config(crls)) {
            let answer = pki.ask(&*verifier, end_entity).err();
            assert_eq!(
                answer,
                expected.clone().map(Error::InvalidCertificate),
                "{case}: {name}"
            );
        }
    }
}

/// Another key under the issuer's name may sign its CRLs if its own path is good: RFC 5280
/// section 6.3.3 (f).
#[test]
fn the_path_of_a_crl_signer_is_judged_in_full() {
    type Change = fn(&mut CertificateParams);
    let table: [(&str, Change, bool); 3] = [
        ("good", |_| {}, true),
        (
            "below a CA that allows no other",
            |upper| upper.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)),
            false,
        ),
        (
            "below a CA that must not name it",
            |upper| {
                let mut name = DistinguishedName::new();
                name.push(DnType::CommonName, "Test Issuing CA");
                upper.name_constraints = Some(NameConstraints {
                    permitted_subtrees: Vec::new(),
                    excluded_subtrees: vec![GeneralSubtree::DirectoryName(name)],
                });
            },
            false,
        ),
    ];
    for (case, change, let_in) in table {
        let pki = Pki::new();
        let (device, _) = pki.end_entity(7, |_| {});
        let upper = authority_with("Upper", 3, Some(&pki.root), change);
        let lower = authority("Lower", 4, Some(&upper));
        let signer = authority_with("Test Issuing CA", 5, Some(&lower), |params| {
            params.is_ca = IsCa::NoCa;
            params.key_usages = vec![KeyUsagePurpose::CrlSign];
        });
        let crls = [&pki.root, &upper, &lower, &signer]
            .map(|issuer| Pki::crl(issuer, &[], datetime!(2026-07-28 0:00 UTC)));
        let presented =
            [&pki.intermediate, &upper, &lower, &signer].map(|authority| authority.der.clone());
        let verifier = ReferenceClientVerifier::new(pki.config(crls.into()));
        let answer = verifier.verify_client_cert(&device, &presented, unix_now());
        assert_eq!(answer.is_ok(), let_in, "{case}: {answer:?}");
        if let Err(Error::InvalidCertificate(CertificateError::Other(OtherError(other)))) = answer {
            let refusal = other.downcast_ref::<Refusal>().expect("a refusal");
            assert_eq!(refusal.reason, Reason::CrlBadSignature, "{case}");
            let why = refusal.to_string();
            assert!(
                why.contains("a certificate of its issuer is refused"),
                "{case}: {why}"
            );
        }
    }
}

/// rustls would tell the peer `unknown_ca`, which blames the wrong one.
#[test]
fn an_unknown_status_has_a_word_of_our_own() {
    let pki = Pki::new();
    let (device, _) = pki.end_entity(7, |_| {});
    let stale = Pki::crl(&pki.intermediate, &[], datetime!(2026-06-30 0:00 UTC));
    let root = || Pki::crl(&pki.root, &[], NOW);
    let table = [
        (vec![root()], Reason::RevocationUnknown),
        (vec![root(), stale], Reason::CrlExpired),
    ];
    for (crls, reason) in table {
        for (name, verifier) in both(&pki.config(crls)) {
            let answer = pki.ask(&*verifier, &device).err();
            let Some(Error::InvalidCertificate(CertificateError::Other(OtherError(other)))) =
                answer
            else {
                panic!("{name}: {answer:?}");
            };
            let refusal = other.downcast_ref::<Refusal>().expect("a refusal");
            assert_eq!(refusal.reason, reason, "{name}");
        }
    }
}

#[test]
fn the_observer_hears_every_verdict() {
    let pki = Pki::new();
    let (device, _) = pki.end_entity(7, |_| {});
    for revoked in [&[][..], &[7]] {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        let config = pki
            .config(pki.crls(revoked))
            .on_verdict(move |report, fingerprint| {
                ear.lock()
                    .unwrap()
                    .push((report.verdict.clone(), *fingerprint));
            });
        for (_, verifier) in both(&config) {
            let _ = pki.ask(&*verifier, &device);
        }
        let expected = if revoked.is_empty() {
            Verdict::Accept
        } else {
            Verdict::Reject(Reason::Revoked)
        };
        let heard = heard.lock().unwrap();
        assert_eq!(
            heard
                .iter()
                .map(|(verdict, _)| verdict.clone())
                .collect::<Vec<_>>(),
            [expected.clone(), expected]
        );
        assert!(
            heard
                .iter()
                .all(|(_, fingerprint)| *fingerprint == heard[0].1 && fingerprint != &[0; 32])
        );
    }
}

#[test]
fn strict_refuses_what_webpki_alone_refuses() {
    let pki = Pki::new();
    // RFC 5280 does not forbid a CA certificate as end entity; webpki does.
    let (device, _) = pki.end_entity(7, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyCertSign,
        ];
    });
    let [(_, reference), (_, strict)] = both(&pki.config(pki.crls(&[])));
    pki.ask(&*reference, &device).unwrap();
    let Err(Error::InvalidCertificate(CertificateError::Other(other))) = pki.ask(&*strict, &device)
    else {
        panic!("it is refused for a reason that rustls has no word for");
    };
    let refusal: &Refusal = other.0.downcast_ref().unwrap();
    assert_eq!(refusal.reason, Reason::CaAsEndEntity);
    assert!(refusal.to_string().contains("rustls-webpki"), "{refusal}");
}

/// How many signatures were really verified.
static VERIFIED: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct Counting;

impl SignatureVerificationAlgorithm for Counting {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        VERIFIED.fetch_add(1, Ordering::SeqCst);
        webpki::aws_lc_rs::ECDSA_P256_SHA256.verify_signature(key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        webpki::aws_lc_rs::ECDSA_P256_SHA256.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        webpki::aws_lc_rs::ECDSA_P256_SHA256.signature_alg_id()
    }
}

static COUNTING: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[&Counting],
    mapping: &[(SignatureScheme::ECDSA_NISTP256_SHA256, &[&Counting])],
};

#[test]
fn strict_verifies_each_signature_once_and_crls_not_per_handshake() {
    let pki = Pki::new();
    let (first, _) = pki.end_entity(7, |_| {});
    let (second, _) = pki.end_entity(8, |_| {});
    let crls = pki.crls(&[]);
    let verified = || VERIFIED.swap(0, Ordering::SeqCst);
    let spent = |verifier: &dyn ClientCertVerifier, end_entity| {
        let _ = verified();
        pki.ask(verifier, end_entity).unwrap();
        verified()
    };
    // The anchor's CRL is verified when the verifier is built. The first handshake costs two
    // certificates and the other CRL, the next one an end entity, a known one nothing at all.
    let config = pki.config(crls.clone()).algorithms(COUNTING);
    let strict = StrictClientVerifier::new(config).unwrap();
    assert_eq!(verified(), 1);
    assert_eq!(spent(&strict, &first), 3);
    assert_eq!(spent(&strict, &second), 1);
    assert_eq!(spent(&strict, &first), 0);
    // With the issuing CA known, no handshake verifies a CRL. The store remembers for all verifiers.
    let issuing = Certificate::parse(&pki.intermediate.der).unwrap();
    let config = pki.config(crls.clone()).algorithms(COUNTING);
    let warm = StrictClientVerifier::new(config.clone().known_issuers([issuing])).unwrap();
    assert_eq!(verified(), 2);
    assert_eq!(spent(&warm, &first), 2);
    let another = StrictClientVerifier::new(config).unwrap();
    assert_eq!((verified(), spent(&another, &second)), (0, 2));
    // A new CRL is verified; the certificates and the root's CRL are still known.
    let newer = vec![
        crls[0].clone(),
        Pki::crl(&pki.intermediate, &[9], datetime!(2026-07-29 0:00 UTC)),
    ];
    let again = strict
        .reconfigure(pki.config(newer).algorithms(COUNTING))
        .unwrap();
    assert_eq!(spent(&again, &first), 1);
    // What was remembered does not outlive its anchor.
    let stranger = Pki::new();
    let moved = strict
        .reconfigure(stranger.config(pki.crls(&[])).algorithms(COUNTING))
        .unwrap();
    assert!(pki.ask(&moved, &first).is_err());
}

#[test]
fn a_server_is_judged_by_name() {
    let pki = Pki::new();
    let (server, _) = pki.end_entity(7, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = vec![SanType::DnsName("good.example".try_into().unwrap())];
    });
    let verifier = ReferenceServerVerifier::new(pki.config(pki.crls(&[])));
    for (name, expected) in [
        ("good.example", None),
        ("bad.example", Some(CertificateError::NotValidForName)),
    ] {
        let name = ServerName::try_from(name).unwrap();
        let answer = verifier.verify_server_cert(
            &server,
            std::slice::from_ref(&pki.intermediate.der),
            &name,
            &[],
            unix_now(),
        );
        assert_eq!(
            answer.err(),
            expected.map(Error::InvalidCertificate),
            "{name:?}"
        );
    }
}

/// Runs a handshake in memory; gives what each side ended with.
fn handshake(
    verifier: Arc<dyn ClientCertVerifier>,
    pki: &Pki,
    client: (CertificateDer<'static>, KeyPair),
) -> [Result<(), Error>; 2] {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let (certificate, key) = pki.end_entity(100, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = vec![SanType::DnsName("good.example".try_into().unwrap())];
    });
    let chain = |end_entity| vec![end_entity, pki.intermediate.der.clone()];
    let private = |key: KeyPair| PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain(certificate), private(key))
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(pki.root.der.clone()).unwrap();
    let judge = ReferenceServerVerifier::new(pki.config(pki.crls(&[])));
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge))
        .with_client_auth_cert(chain(client.0), private(client.1))
        .unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    let mut client =
        ClientConnection::new(Arc::new(client), "good.example".try_into().unwrap()).unwrap();
    let mut ends = [Ok(()), Ok(())];
    for _ in 0..8 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        while !wire.is_empty() && server.read_tls(&mut &*std::mem::take(&mut wire)).unwrap() > 0 {}
        if ends[1].is_ok() {
            ends[1] = server.process_new_packets().map(|_| ());
        }
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        while !wire.is_empty() && client.read_tls(&mut &*std::mem::take(&mut wire)).unwrap() > 0 {}
        if ends[0].is_ok() {
            ends[0] = client.process_new_packets().map(|_| ());
        }
    }
    ends
}

#[test]
fn a_revoked_client_gets_the_alert_for_it() {
    let pki = Pki::new();
    for (revoked, expected) in [
        (&[][..], Ok(())),
        (
            &[7],
            Err(Error::AlertReceived(AlertDescription::CertificateRevoked)),
        ),
    ] {
        for (name, verifier) in both(&pki.config(pki.crls(revoked))) {
            let [client, server] = handshake(verifier, &pki, pki.end_entity(7, |_| {}));
            assert_eq!(client, expected, "{name}");
            assert_eq!(server.is_ok(), expected.is_ok(), "{name}");
        }
    }
}
