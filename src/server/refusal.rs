//! Why a peer was turned away: what a verifier found, or what an error of rustls stands for.

use std::{fmt, sync::Arc};

use rustls::{CertificateError, Error, PeerIncompatible, PeerMisbehaved};

use crate::{
    validator::{self, Report},
    verdict::Reason,
};

use super::{
    identity,
    responses::{self, ResponseMark},
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
    pub(crate) fn of_certificate(mut self, der: &[u8]) -> Self {
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
