//! The PKI that the verification benchmarks share: a root, an intermediate, CRLs, and many end entities.

use std::{hint::black_box, sync::Arc, time::Duration};

use gatecrash::validator::{
    Anchor, CrlStore, ParsedCrl, Profile, RevocationEvidence, RevocationOptions,
    StrictClientVerifier, VerifierConfig,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType, SerialNumber,
};
use rustls::{
    RootCertStore,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use time::{OffsetDateTime, macros::datetime};

/// When everything is valid.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-07-01 0:00 UTC);
/// A root, an intermediate and end entities.
pub(crate) struct Pki {
    pub(crate) root: CertificateDer<'static>,
    pub(crate) intermediates: Vec<CertificateDer<'static>>,
    pub(crate) end_entities: Vec<CertificateDer<'static>>,
    root_issuer: Issuer<'static, KeyPair>,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

/// Sixteen octets, spread as a CA's random serials are; positive.
pub(crate) fn revoked_serial(number: u64) -> [u8; 16] {
    let spread = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    (spread >> 2 | 1 << 126).to_be_bytes()
}

fn authority(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(SerialNumber::from(serial));
    params.use_authority_key_identifier_extension = true;
    params.not_before = datetime!(2026-01-01 0:00 UTC);
    params.not_after = datetime!(2027-01-01 0:00 UTC);
    params
}

impl Pki {
    /// With so many end entities.
    pub(crate) fn new(end_entities: u64) -> Self {
        let root_key = KeyPair::generate().unwrap();
        let root_params = authority("Bench Root", 1);
        let root = root_params.self_signed(&root_key).unwrap();
        let root_issuer = Issuer::new(root_params, root_key);
        let key = KeyPair::generate().unwrap();
        let params = authority("Bench Issuing CA", 2);
        let intermediate = params.signed_by(&key, &root_issuer).unwrap();
        let issuer = Issuer::new(params, key);
        let end_entity_key = KeyPair::generate().unwrap();
        let end_entities = (0..end_entities).map(|number| {
            let mut params = CertificateParams::default();
            params
                .distinguished_name
                .push(DnType::CommonName, format!("device-{number}"));
            params.subject_alt_names = vec![SanType::URI(
                "spiffe://bench.example/device".try_into().unwrap(),
            )];
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            params.serial_number = Some(SerialNumber::from(1_000 + number));
            params.use_authority_key_identifier_extension = true;
            params.not_before = datetime!(2026-06-20 0:00 UTC);
            params.not_after = datetime!(2026-07-20 0:00 UTC);
            params
                .signed_by(&end_entity_key, &issuer)
                .unwrap()
                .der()
                .clone()
        });
        let end_entities = end_entities.collect();
        Self {
            root: root.der().clone(),
            intermediates: vec![intermediate.der().clone()],
            end_entities,
            root_issuer,
            issuer,
        }
    }

    pub(crate) fn crl(
        issuer: &Issuer<'_, KeyPair>,
        entries: u64,
    ) -> CertificateRevocationListDer<'static> {
        let revoked_certs = (0..entries).map(|number| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&revoked_serial(number)),
            revocation_time: datetime!(2026-05-01 0:00 UTC),
            reason_code: None,
            invalidity_date: None,
        });
        CertificateRevocationListParams {
            this_update: datetime!(2026-06-30 0:00 UTC),
            next_update: datetime!(2026-07-30 0:00 UTC),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(issuer)
        .unwrap()
        .into()
    }

    /// Both CAs' CRLs; the issuing CA's has so many entries.
    fn crls(&self, entries: u64) -> Vec<CertificateRevocationListDer<'static>> {
        vec![
            Self::crl(&self.root_issuer, 0),
            Self::crl(&self.issuer, entries),
        ]
    }

    pub(crate) fn webpki(&self, crls: Option<u64>) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let builder = WebPkiClientVerifier::builder(Arc::new(roots));
        match crls {
            Some(entries) => builder
                .with_crls(self.crls(entries))
                .enforce_revocation_expiration()
                .build()
                .unwrap(),
            None => builder.build().unwrap(),
        }
    }

    pub(crate) fn config(&self, crls: Option<u64>) -> VerifierConfig {
        let anchor = Anchor::from_certificate(&self.root).unwrap();
        let config = VerifierConfig::new([anchor], Profile::strict_mtls());
        match crls {
            Some(entries) => {
                let crls = self.crls(entries);
                let crls = crls
                    .iter()
                    .map(|crl| ParsedCrl::from_der(crl.as_ref().to_vec()).unwrap());
                config.revocation(RevocationEvidence::new(
                    CrlStore::new(crls),
                    RevocationOptions::default(),
                ))
            }
            None => config,
        }
    }

    pub(crate) fn strict(&self, crls: Option<u64>) -> Arc<dyn ClientCertVerifier> {
        Arc::new(StrictClientVerifier::new(self.config(crls)).unwrap())
    }
}

/// Verifies the next end entity, round and round.
pub(crate) struct Traffic<'p> {
    pub(crate) pki: &'p Pki,
    pub(crate) verifier: Arc<dyn ClientCertVerifier>,
    pub(crate) next: usize,
}

impl<'p> Traffic<'p> {
    pub(crate) fn new(pki: &'p Pki, verifier: Arc<dyn ClientCertVerifier>) -> Self {
        let mut traffic = Self {
            pki,
            verifier,
            next: 0,
        };
        // The first handshake verifies the CRLs' signatures.
        traffic.one();
        traffic
    }

    pub(crate) fn one(&mut self) {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW.unix_timestamp() as u64));
        let end_entity = &self.pki.end_entities[self.next];
        self.next = (self.next + 1) % self.pki.end_entities.len();
        black_box(
            self.verifier
                .verify_client_cert(end_entity, &self.pki.intermediates, now)
                .unwrap(),
        );
    }
}
