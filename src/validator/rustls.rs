//! rustls verifiers on the reference validator alone, and the configuration that all verifiers share.
//!
//! They read no clock: rustls hands over its time, or the configuration says
//! whose time counts. For production there is `StrictClientVerifier`, which
//! asks rustls-webpki as well.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved,
    SignatureScheme as TlsScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs::default_provider},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};

use super::{
    Inputs, Validator,
    anchor::Anchor,
    certificate::Certificate,
    certificate_cache::CachingValidator,
    cryptography::RealSignatures,
    evidence::RevocationEvidence,
    profile::Profile,
    report::Report,
    revocation_source::{Revocation, RevocationSource},
    rustls_refusal::refusal,
    signature::SignatureScheme,
};
use crate::question::{PeerName, Purpose, Time};

/// Whose time counts.
pub trait Clock: Send + Sync {
    /// The time at which a chain is judged.
    fn now(&self) -> Time;
}

/// A clock that stands still.
impl Clock for Time {
    fn now(&self) -> Time {
        *self
    }
}

impl<F: Fn() -> Time + Send + Sync> Clock for F {
    fn now(&self) -> Time {
        self()
    }
}

/// Told of every verdict, with the SHA-256 of the end entity's DER.
pub type Observer = dyn Fn(&Report, &[u8; 32]) + Send + Sync;

/// What a verifier trusts and how it judges. Built by value; cheap to clone and to build from again.
#[derive(Clone)]
#[must_use]
pub struct VerifierConfig {
    pub(crate) anchors: Arc<[Anchor]>,
    pub(crate) profile: Profile,
    pub(crate) evidence: Option<RevocationEvidence>,
    clock: Option<Arc<dyn Clock>>,
    observer: Option<Arc<Observer>>,
    known_issuers: Arc<[Certificate]>,
    pub(crate) anonymous: bool,
    pub(crate) algorithms: WebPkiSupportedAlgorithms,
}

impl VerifierConfig {
    /// These anchors under this profile: no revocation, rustls's own time,
    /// a certificate is required of clients.
    pub fn new(anchors: impl IntoIterator<Item = Anchor>, profile: Profile) -> Self {
        Self {
            anchors: anchors.into_iter().collect(),
            profile,
            evidence: None,
            clock: None,
            observer: None,
            known_issuers: Arc::default(),
            anonymous: false,
            algorithms: default_provider().signature_verification_algorithms,
        }
    }

    /// Judges revocation by this evidence. What is known of the CRLs'
    /// signatures stays known in every verifier built from it.
    pub fn revocation(mut self, evidence: RevocationEvidence) -> Self {
        self.evidence = Some(evidence);
        self
    }

    /// Names CAs whose CRLs are worth verifying when the verifier is built, beside
    /// the anchors: a CRL is long, and without this the first handshake that
    /// shows its issuer waits for its signature. They are not trusted for it.
    pub fn known_issuers(mut self, certificates: impl IntoIterator<Item = Certificate>) -> Self {
        self.known_issuers = certificates.into_iter().collect();
        self
    }

    /// Takes the time from here, instead of from rustls.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Tells this observer of every verdict.
    pub fn on_verdict(
        mut self,
        observer: impl Fn(&Report, &[u8; 32]) + Send + Sync + 'static,
    ) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Lets clients in that show no certificate.
    pub fn allow_anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Takes the algorithms for handshake signatures from another provider.
    pub fn algorithms(mut self, algorithms: WebPkiSupportedAlgorithms) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// Verifies the CRLs' signatures, as far as their issuers are known.
    pub(crate) fn verify_crls(&self, scheme: &dyn SignatureScheme) {
        let Some(evidence) = &self.evidence else {
            return;
        };
        let anchors = self
            .anchors
            .iter()
            .map(|anchor| (anchor.name_der(), anchor.key_info()));
        let known = self
            .known_issuers
            .iter()
            .map(|certificate| (certificate.subject_der(), certificate.key_info()));
        evidence
            .crls()
            .verify_signatures(anchors.chain(known), scheme);
    }

    /// The time at which a chain is judged.
    pub(crate) fn time(&self, handshake: UnixTime) -> Time {
        match &self.clock {
            Some(clock) => clock.now(),
            None => Time::from_seconds_since_1970(handshake.as_secs()),
        }
    }

    /// The names that tell a client which certificates will do.
    pub(crate) fn hints(&self) -> Vec<DistinguishedName> {
        self.anchors
            .iter()
            .map(|anchor| DistinguishedName::from(anchor.name_der().to_vec()))
            .collect()
    }

    /// Tells the observer, and turns a refusal into rustls's words.
    pub(crate) fn conclude(&self, report: Report, end_entity: &[u8]) -> Result<(), Error> {
        if let Some(observer) = &self.observer {
            let mut fingerprint = [0; 32];
            fingerprint.copy_from_slice(digest(&SHA256, end_entity).as_ref());
            observer(&report, &fingerprint);
        }
        match report.to_decision() {
            Ok(()) => Ok(()),
            Err(reason) => Err(refusal(reason, &Arc::new(report))),
        }
    }
}

impl std::fmt::Debug for VerifierConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifierConfig")
            .field("anchors", &self.anchors.len())
            .field("profile", &self.profile.name)
            .field("evidence", &self.evidence)
            .field("anonymous", &self.anonymous)
            .finish_non_exhaustive()
    }
}

/// Judges clients by the reference validator alone.
#[derive(Debug)]
pub struct ReferenceClientVerifier {
    config: VerifierConfig,
    validator: CachingValidator,
    hints: Vec<DistinguishedName>,
}

impl ReferenceClientVerifier {
    /// A verifier for this configuration.
    pub fn new(config: VerifierConfig) -> Self {
        Self::with_signatures(config, RealSignatures)
    }

    /// The same with another way to verify signatures of certificates and CRLs.
    pub fn with_signatures(config: VerifierConfig, scheme: impl SignatureScheme + 'static) -> Self {
        config.verify_crls(&scheme);
        let validator = Validator::new(config.profile.clone()).with_signatures(scheme);
        let validator = CachingValidator::new(validator);
        Self {
            hints: config.hints(),
            validator,
            config,
        }
    }
}

impl ClientCertVerifier for ReferenceClientVerifier {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        !self.config.anonymous
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let report = self.validator.validate(&Inputs {
            chain: &chain(end_entity, intermediates),
            anchors: &self.config.anchors,
            purpose: Purpose::Client,
            name: None,
            time: self.config.time(now),
            revocation: revocation(self.config.evidence.as_ref()),
        });
        self.config.conclude(report, end_entity)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12(message, cert, dss, &self.config.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13(message, cert, dss, &self.config.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<TlsScheme> {
        self.config.algorithms.supported_schemes()
    }
}

/// Judges servers by the reference validator alone.
#[derive(Debug)]
pub struct ReferenceServerVerifier {
    config: VerifierConfig,
    validator: CachingValidator,
}

impl ReferenceServerVerifier {
    /// A verifier for this configuration.
    pub fn new(config: VerifierConfig) -> Self {
        config.verify_crls(&RealSignatures);
        Self {
            validator: CachingValidator::new(Validator::new(config.profile.clone())),
            config,
        }
    }
}

impl ServerCertVerifier for ReferenceServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let name = match server_name {
            ServerName::DnsName(name) => PeerName::Dns(name.as_ref().to_owned()),
            ServerName::IpAddress(address) => PeerName::Ip((*address).into()),
            _ => return Err(CertificateError::NotValidForName.into()),
        };
        let stapled = (!ocsp_response.is_empty()).then(|| {
            // Without evidence of its own, a verifier still heeds a stapled "revoked".
            let evidence = self
                .config
                .evidence
                .clone()
                .unwrap_or_else(RevocationEvidence::only_stapled);
            evidence.with_ocsp_response(ocsp_response)
        });
        let report = self.validator.validate(&Inputs {
            chain: &chain(end_entity, intermediates),
            anchors: &self.config.anchors,
            purpose: Purpose::Server,
            name: Some(&name),
            time: self.config.time(now),
            revocation: revocation(stapled.as_ref().or(self.config.evidence.as_ref())),
        });
        self.config.conclude(report, end_entity)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12(message, cert, dss, &self.config.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13(message, cert, dss, &self.config.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<TlsScheme> {
        self.config.algorithms.supported_schemes()
    }
}

/// The chain as the validator takes it.
pub(crate) fn chain<'c>(
    end_entity: &'c CertificateDer<'_>,
    intermediates: &'c [CertificateDer<'_>],
) -> Vec<&'c [u8]> {
    std::iter::once(end_entity)
        .chain(intermediates)
        .map(|certificate| certificate.as_ref())
        .collect()
}

pub(crate) fn revocation(evidence: Option<&RevocationEvidence>) -> Revocation<'_> {
    match evidence {
        Some(evidence) => Revocation::Check(evidence as &dyn RevocationSource),
        None => Revocation::Off,
    }
}

/// RFC 5246 section 7.4.8: the scheme does not fix the curve, so every algorithm of it is tried.
fn verify_tls12(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let key = key_of(certificate)?;
    let key =
        webpki::RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateError::BadEncoding)?;
    let candidates = algorithms
        .mapping
        .iter()
        .find(|(scheme, _)| *scheme == signature.scheme);
    let (_, candidates) =
        candidates.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    let fits = candidates.iter().any(|algorithm| {
        key.verify_signature(*algorithm, message, signature.signature())
            .is_ok()
    });
    if fits {
        Ok(HandshakeSignatureValid::assertion())
    } else {
        Err(CertificateError::BadSignature.into())
    }
}

/// RFC 8446 section 4.4.3.
fn verify_tls13(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    rustls::crypto::verify_tls13_signature_with_raw_key(
        message,
        &key_of(certificate)?,
        signature,
        algorithms,
    )
}

fn key_of(certificate: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    let parsed = Certificate::parse(certificate).map_err(|_| CertificateError::BadEncoding)?;
    Ok(SubjectPublicKeyInfoDer::from(parsed.key_info().to_vec()))
}
