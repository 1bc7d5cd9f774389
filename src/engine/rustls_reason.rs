//! What rustls's errors mean in our words.

use std::error::Error as StdError;

use ::rustls::{CertRevocationListError, CertificateError, Error, server::VerifierBuilderError};

use super::{Observation, reference::reasons_of, webpki_reason};
use crate::{validator::Refusal, verdict::Reason};

/// A refusal by a rustls verifier.
pub(super) fn refused(error: &Error) -> Observation {
    if let Error::InvalidCertificate(CertificateError::Other(other)) = error
        && let Some(refusal) = other.0.downcast_ref::<Refusal>()
    {
        return Observation::rejected_for(&reasons_of(&refusal.report), refusal.to_string());
    }
    Observation::rejected_for(reasons(error), name(error))
}

/// The reasons behind an error, the most usual first.
pub(super) fn reasons(error: &Error) -> &'static [Reason] {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::InvalidCertRevocationList(error) => of_crl(error),
        Error::NoCertificatesPresented => &[Reason::NoCertificate],
        Error::UnsupportedNameType => &[Reason::NameMismatch],
        Error::DecryptError => &[Reason::NoProofOfPossession],
        Error::InconsistentKeys(_) => &[Reason::NoProofOfPossession],
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerMisbehaved(_) => &[Reason::HandshakeViolation],
        Error::PeerIncompatible(_) => &[Reason::ProtocolTooOld],
        Error::Other(error) => of_webpki(&*error.0),
        _ => &[Reason::Unstated],
    }
}

/// The reasons for which a verifier could not be built from the anchors and CRLs of a case.
pub(super) fn of_builder(error: &(dyn StdError + Send + Sync + 'static)) -> &'static [Reason] {
    if let Some(error) = error.downcast_ref::<Error>() {
        return match reasons(error) {
            [Reason::Unstated] => &[Reason::BadAnchor],
            reasons => reasons,
        };
    }
    match error.downcast_ref::<VerifierBuilderError>() {
        Some(VerifierBuilderError::NoRootAnchors) => &[Reason::BadAnchor, Reason::UnknownIssuer],
        // Only reading goes on here, so a signature cannot be at fault yet.
        Some(VerifierBuilderError::InvalidCrl(error)) => of_crl(error),
        _ => of_webpki(error),
    }
}

#[allow(deprecated, reason = "another verifier may still give the older forms")]
fn of_certificate(error: &CertificateError) -> &'static [Reason] {
    match error {
        CertificateError::BadEncoding => &[
            Reason::MalformedDer,
            Reason::TrailingData,
            Reason::MalformedExtension,
            Reason::BadValidity,
        ],
        // The default verifier also says so of an end before the beginning.
        CertificateError::Expired => &[Reason::Expired, Reason::BadValidity],
        CertificateError::ExpiredContext { .. } => &[Reason::Expired],
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            &[Reason::NotYetValid]
        }
        CertificateError::Revoked => &[Reason::Revoked],
        CertificateError::UnhandledCriticalExtension => &[Reason::UnknownCriticalExtension],
        CertificateError::UnknownIssuer => &[Reason::UnknownIssuer],
        CertificateError::UnknownRevocationStatus => &[Reason::RevocationUnknown],
        CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => &[Reason::CrlExpired],
        CertificateError::BadSignature => {
            &[Reason::BadSignature, Reason::WeakKey, Reason::InvalidKey]
        }
        CertificateError::UnsupportedSignatureAlgorithm
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. } => &[
            Reason::UnsupportedSignatureAlgorithm,
            Reason::WeakSignatureAlgorithm,
        ],
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => &[
            Reason::UnsupportedKey,
            Reason::UnsupportedSignatureAlgorithm,
            Reason::InvalidKey,
            Reason::BadSignature,
        ],
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            &[Reason::NameMismatch]
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            &[Reason::ExtendedKeyUsage]
        }
        CertificateError::InvalidOcspResponse => &[Reason::OcspInvalid],
        CertificateError::ApplicationVerificationFailure => &[Reason::IdentityNotAllowed],
        CertificateError::Other(error) => of_webpki(&*error.0),
        _ => &[Reason::Unstated],
    }
}

#[allow(deprecated, reason = "another verifier may still give the older forms")]
fn of_crl(error: &CertRevocationListError) -> &'static [Reason] {
    match error {
        CertRevocationListError::BadSignature => &[Reason::CrlBadSignature],
        CertRevocationListError::UnsupportedSignatureAlgorithm
        | CertRevocationListError::UnsupportedSignatureAlgorithmContext { .. }
        | CertRevocationListError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            &[Reason::CrlBadSignature, Reason::WeakSignatureAlgorithm]
        }
        CertRevocationListError::IssuerInvalidForCrl => &[Reason::CrlKeyUsage],
        CertRevocationListError::UnsupportedCriticalExtension => {
            &[Reason::CrlUnknownCriticalExtension]
        }
        CertRevocationListError::Other(error) => match error.0.downcast_ref::<::webpki::Error>() {
            Some(error) => webpki_reason::crl_reasons(error),
            None => &[Reason::CrlMalformed],
        },
        _ => &[Reason::CrlMalformed],
    }
}

/// rustls passes on as they are the errors of webpki that it has no words for.
fn of_webpki(error: &(dyn StdError + Send + Sync + 'static)) -> &'static [Reason] {
    match error.downcast_ref::<::webpki::Error>() {
        Some(error) => webpki_reason::reasons(error),
        None => &[Reason::Unstated],
    }
}

/// The innermost name of an error: `ExpiredContext`, or webpki's own.
fn name(error: &Error) -> String {
    let inner = |other: &(dyn StdError + Send + Sync + 'static)| match other
        .downcast_ref::<::webpki::Error>()
    {
        Some(error) => webpki_reason::name(error),
        None => other.to_string(),
    };
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => inner(&*other.0),
        Error::InvalidCertificate(error) => webpki_reason::name(error),
        Error::InvalidCertRevocationList(CertRevocationListError::Other(other)) => inner(&*other.0),
        Error::InvalidCertRevocationList(error) => webpki_reason::name(error),
        Error::Other(other) => inner(&*other.0),
        Error::General(text) => text.clone(),
        other => webpki_reason::name(other),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ::rustls::OtherError;

    use super::*;

    #[test]
    fn errors_of_webpki_are_found_where_rustls_keeps_them() {
        let other = OtherError(Arc::new(::webpki::Error::PathLenConstraintViolated));
        let seen = refused(&CertificateError::Other(other).into());
        assert_eq!(
            seen,
            Observation::rejected(Reason::PathLengthExceeded, "PathLenConstraintViolated")
        );
    }

    #[test]
    fn an_error_of_their_own_keeps_its_words() {
        let seen = refused(&Error::General("because I say so".into()));
        assert_eq!(
            seen,
            Observation::rejected(Reason::Unstated, "because I say so")
        );
    }
}
