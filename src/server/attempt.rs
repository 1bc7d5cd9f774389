//! One attempt to get in: what was judged about the peer of one connection, and why.
//!
//! rustls turns a verifier's answer into an alert and forgets it. Each connection
//! therefore carries an [`Attempt`], into which the [`Witness`] writes.

use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible,
    PeerMisbehaved, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::{
    question::Time,
    validator::{self, Report},
    verdict::Reason,
};

use super::{
    identity::{self, PeerIdentity},
    let_in::{ChainDigest, LetIn},
    responses::{self, ResponseMark},
    trust::with_report,
};

/// Why a peer was turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Every reason given, the first one first. Never empty.
    pub reasons: Vec<Reason>,
    /// A word for it that holds no field of a certificate, fit for a log.
    pub detail: String,
    /// SHA-256 of the end entity that was shown, in hexadecimal; `None` when none was judged.
    pub fingerprint: Option<String>,
    /// All that was found, where the verifier tells. It quotes the certificate: not for logs.
    pub report: Option<Arc<Report>>,
}

impl Refusal {
    /// A refusal for one reason.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reasons: vec![reason],
            detail: detail.into(),
            fingerprint: None,
            report: None,
        }
    }

    /// The refusal that a verifier's error stands for, with its report if it left one.
    pub(crate) fn of(error: &Error, report: Option<Report>) -> Self {
        let mut refusal = refusal_of(error);
        if let Some(report) = report {
            if let Err(reason) = report.to_decision() {
                refusal.reasons = vec![reason];
            }
            for violation in &report.violations {
                if !refusal.reasons.contains(&violation.reason) {
                    refusal.reasons.push(violation.reason);
                }
            }
            let clause = refusal.reason().clause();
            let cause = report
                .violations
                .iter()
                .find(|violation| violation.reason == Reason::OcspInvalid);
            refusal.detail = match cause {
                // What is wrong with a response is no field of a certificate.
                Some(cause) if refusal.reason() == Reason::OcspInvalid => {
                    format!("{clause}: {}", cause.detail)
                }
                _ => clause.to_owned(),
            };
            refusal.report = Some(Arc::new(report));
        }
        refusal
    }

    /// The same, of this certificate.
    #[must_use]
    fn of_certificate(mut self, der: &[u8]) -> Self {
        self.fingerprint = Some(identity::fingerprint(der));
        self
    }

    /// The same, with the files and URLs of the OCSP responses about this chain, if they are to blame.
    #[must_use]
    pub(crate) fn naming_responses<D: AsRef<[u8]>>(
        mut self,
        responses: &[ResponseMark],
        chain: &[D],
    ) -> Self {
        if self.reason() == Reason::OcspInvalid {
            for source in responses::sources(responses, chain) {
                self.detail.push_str(&format!("; see {source}"));
            }
        }
        self
    }

    /// The first reason.
    pub fn reason(&self) -> Reason {
        self.reasons.first().copied().unwrap_or(Reason::Unstated)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason(), self.detail)
    }
}

/// What one connection's handshake showed. Shared by verifier, ticketer and acceptor.
#[derive(Debug)]
pub(crate) struct Attempt {
    refusal: Mutex<Option<Refusal>>,
    /// Whose certificate was judged good.
    identity: OnceLock<Arc<PeerIdentity>>,
    /// Unix seconds at which what was judged stops holding.
    until: AtomicI64,
}

impl Attempt {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            refusal: Mutex::new(None),
            identity: OnceLock::new(),
            until: AtomicI64::new(i64::MIN),
        })
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        // A poisoned lock only means that another thread panicked; the value is whole.
        self.refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(refusal);
    }

    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn identify(&self, identity: Arc<PeerIdentity>) {
        // One certificate is judged in a handshake.
        let _ = self.identity.set(identity);
    }

    /// Whose certificate was judged good in this handshake; `None` where a ticket stood for it,
    /// or its names cannot be read.
    pub(crate) fn identity(&self) -> Option<Arc<PeerIdentity>> {
        self.identity.get().cloned()
    }

    /// Until when the peer may stay without being judged again.
    pub(crate) fn until(&self) -> Time {
        Time::from_unix_seconds(self.until.load(Ordering::Acquire))
    }

    pub(crate) fn admit_until(&self, until: Time) {
        self.until.store(until.unix_seconds(), Ordering::Release);
    }
}

/// A verifier that writes what it hears into the attempt.
#[derive(Debug)]
pub(crate) struct Witness {
    pub(crate) inner: Arc<dyn ClientCertVerifier>,
    pub(crate) attempt: Arc<Attempt>,
    /// The chains that this generation has judged good.
    pub(crate) let_in: Arc<LetIn>,
    /// When the anchors and known issuers end.
    pub(crate) above: Arc<[Time]>,
    /// When the evidence behind verdicts ends.
    pub(crate) evidence_end: Option<Time>,
    /// The latest moment to which evidence and resumption rules let anybody stay.
    pub(crate) latest: Time,
    /// How many octets of certificates may be shown.
    pub(crate) most: usize,
    /// The OCSP responses in force.
    pub(crate) responses: Arc<[ResponseMark]>,
}

impl ClientCertVerifier for Witness {
    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let shown = intermediates.iter().map(|certificate| certificate.len());
        if end_entity.len() + shown.sum::<usize>() > self.most {
            self.attempt.refuse(Refusal::new(
                Reason::BudgetExceeded,
                "more octets of certificates than allowed",
            ));
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        let chain = ChainDigest::of(end_entity, intermediates);
        let moment = Time::from_unix_seconds(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        if let Some((until, identity)) = self.let_in.recall(&chain, moment) {
            self.attempt.identify(identity);
            self.attempt.admit_until(until.min(self.latest));
            return Ok(ClientCertVerified::assertion());
        }
        let (verified, report) = with_report(|| {
            self.inner
                .verify_client_cert(end_entity, intermediates, now)
        });
        match &verified {
            Ok(_) => {
                let shown = std::iter::once(end_entity).chain(intermediates);
                let end = identity::stands_until(shown, &self.above, moment);
                let until = self.evidence_end.map_or(end, |evidence| evidence.min(end));
                if let Some(identity) = PeerIdentity::from_der(end_entity).map(Arc::new) {
                    self.attempt.identify(Arc::clone(&identity));
                    self.let_in.remember(chain, identity, moment, until);
                }
                self.attempt.admit_until(until.min(self.latest));
            }
            Err(error) => {
                let chain: Vec<_> = std::iter::once(end_entity).chain(intermediates).collect();
                let refusal = Refusal::of(error, report).naming_responses(&self.responses, &chain);
                self.attempt.refuse(refusal.of_certificate(end_entity));
            }
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let valid = self
            .inner
            .verify_tls12_signature(message, certificate, signature);
        self.note_proof(&valid, certificate);
        valid
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let valid = self
            .inner
            .verify_tls13_signature(message, certificate, signature);
        self.note_proof(&valid, certificate);
        valid
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

impl Witness {
    // RFC 8446 section 4.4.3
    fn note_proof(
        &self,
        valid: &Result<HandshakeSignatureValid, Error>,
        certificate: &CertificateDer<'_>,
    ) {
        if valid.is_err() {
            let refusal = Refusal::new(
                Reason::NoProofOfPossession,
                "the handshake signature does not verify under the certificate's key",
            );
            self.attempt.refuse(refusal.of_certificate(certificate));
        }
    }
}

/// The refusal that an error of rustls stands for.
pub(crate) fn refusal_of(error: &Error) -> Refusal {
    let reason = match error {
        Error::NoCertificatesPresented => Reason::NoCertificate,
        Error::InvalidCertificate(error) => certificate_reason(error),
        Error::PeerIncompatible(
            PeerIncompatible::Tls13RequiredForQuic
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => Reason::ProtocolTooOld,
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => {
            Reason::NoCommonCipherSuite
        }
        Error::PeerMisbehaved(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme) => {
            Reason::NoProofOfPossession
        }
        Error::PeerIncompatible(_)
        | Error::PeerMisbehaved(_)
        | Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::DecryptError
        | Error::PeerSentOversizedRecord => Reason::HandshakeViolation,
        _ => Reason::Unstated,
    };
    Refusal::new(reason, words_of(error))
}

/// The error's own name. Its fields can quote certificates, so they are left out.
fn words_of(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => first_word(error),
        Error::PeerIncompatible(error) => first_word(error),
        Error::PeerMisbehaved(error) => first_word(error),
        Error::InvalidMessage(error) => first_word(error),
        Error::AlertReceived(alert) => format!("alert received: {alert:?}"),
        other => first_word(other),
    }
}

fn first_word(error: &impl fmt::Debug) -> String {
    let text = format!("{error:?}");
    text.split([' ', '(', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn certificate_reason(error: &CertificateError) -> Reason {
    #[allow(deprecated)] // custom verifiers may still return the older variants
    match error {
        CertificateError::BadEncoding => Reason::MalformedDer,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Reason::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Reason::NotYetValid
        }
        CertificateError::Revoked => Reason::Revoked,
        CertificateError::UnhandledCriticalExtension => Reason::UnknownCriticalExtension,
        CertificateError::UnknownIssuer => Reason::UnknownIssuer,
        CertificateError::UnknownRevocationStatus => Reason::RevocationUnknown,
        CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => Reason::CrlExpired,
        CertificateError::BadSignature => Reason::BadSignature,
        CertificateError::UnsupportedSignatureAlgorithm
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            Reason::UnsupportedSignatureAlgorithm
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Reason::NameMismatch
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Reason::ExtendedKeyUsage
        }
        CertificateError::InvalidOcspResponse => Reason::OcspInvalid,
        CertificateError::ApplicationVerificationFailure => Reason::IdentityNotAllowed,
        // What webpki cannot say in rustls's words arrives as text of its own.
        CertificateError::Other(other) => match other.0.downcast_ref::<validator::Refusal>() {
            Some(refusal) => refusal.reason,
            None => webpki_reason(&other.0.to_string()),
        },
        _ => Reason::Unstated,
    }
}

fn webpki_reason(text: &str) -> Reason {
    const TABLE: [(&str, Reason); 8] = [
        ("CaUsedAsEndEntity", Reason::CaAsEndEntity),
        ("EndEntityUsedAsCa", Reason::NotACa),
        ("PathLenConstraintViolated", Reason::PathLengthExceeded),
        ("NameConstraintViolation", Reason::NameConstraint),
        ("MalformedNameConstraint", Reason::UnsupportedNameConstraint),
        ("UnsupportedCertVersion", Reason::BadVersion),
        ("ExtensionValueInvalid", Reason::MalformedExtension),
        ("InvalidSerialNumber", Reason::BadSerial),
    ];
    TABLE
        .iter()
        .find(|(word, _)| text.contains(word))
        .map_or(Reason::Unstated, |(_, reason)| *reason)
}
