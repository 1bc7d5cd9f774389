//! What rustls-webpki's errors mean in our words.
//!
//! Its errors are broader than our reasons in places: one error then stands for
//! several, the most usual first.

use ::webpki::Error;

use crate::verdict::Reason;

/// The reasons behind an error about certificates.
#[allow(
    deprecated,
    reason = "older forms of an error may still come from other users of webpki"
)]
pub(super) fn reasons(error: &Error) -> &'static [Reason] {
    match error {
        Error::BadDer => &[Reason::MalformedDer, Reason::MalformedExtension],
        Error::BadDerTime => &[Reason::BadValidity, Reason::MalformedDer],
        Error::CaUsedAsEndEntity => &[Reason::CaAsEndEntity],
        Error::CertDistrusted => &[Reason::BadAnchor],
        Error::CertExpired { .. } => &[Reason::Expired],
        Error::CertNotValidForName(_) => &[Reason::NameMismatch],
        Error::CertNotValidYet { .. } => &[Reason::NotYetValid],
        Error::CertRevoked => &[Reason::Revoked],
        Error::CrlExpired { .. } => &[Reason::CrlExpired],
        Error::EmptyEkuExtension => &[Reason::MalformedExtension, Reason::ExtendedKeyUsage],
        Error::EndEntityUsedAsCa => &[Reason::NotACa],
        // A second extension of one kind is refused with the same words as a bad value.
        Error::ExtensionValueInvalid => &[Reason::MalformedExtension, Reason::DuplicateExtension],
        Error::InvalidCertValidity => &[Reason::BadValidity],
        Error::InvalidCrlNumber => &[Reason::CrlMalformed],
        Error::InvalidNetworkMaskConstraint | Error::MalformedNameConstraint => &[
            Reason::UnsupportedNameConstraint,
            Reason::MalformedExtension,
        ],
        Error::InvalidSerialNumber => &[Reason::BadSerial],
        Error::InvalidCrlSignatureForPublicKey => &[Reason::CrlBadSignature],
        // Keys outside the sizes that it takes fail as signatures do.
        Error::InvalidSignatureForPublicKey => {
            &[Reason::BadSignature, Reason::WeakKey, Reason::InvalidKey]
        }
        Error::IssuerNotCrlSigner => &[Reason::CrlKeyUsage],
        Error::MalformedDnsIdentifier => &[Reason::MalformedName],
        Error::MalformedExtensions => &[Reason::MalformedExtension, Reason::ExtensionsInOldVersion],
        Error::MaximumNameConstraintComparisonsExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumSignatureChecksExceeded => &[Reason::BudgetExceeded],
        Error::MaximumPathDepthExceeded => &[Reason::PathTooDeep, Reason::BudgetExceeded],
        Error::NameConstraintViolation => {
            &[Reason::NameConstraint, Reason::UnsupportedNameConstraint]
        }
        Error::PathLenConstraintViolated => &[Reason::PathLengthExceeded],
        Error::RequiredEkuNotFound | Error::RequiredEkuNotFoundContext(_) => {
            &[Reason::ExtendedKeyUsage]
        }
        Error::SignatureAlgorithmMismatch => &[Reason::AlgorithmMismatch],
        Error::TrailingData(_) => &[Reason::TrailingData, Reason::MalformedDer],
        Error::UnknownIssuer => &[Reason::UnknownIssuer],
        Error::UnknownRevocationStatus => &[Reason::RevocationUnknown],
        Error::UnsupportedCertVersion => &[Reason::BadVersion],
        Error::UnsupportedCriticalExtension => &[Reason::UnknownCriticalExtension],
        Error::UnsupportedCrlIssuingDistributionPoint
        | Error::UnsupportedCrlVersion
        | Error::UnsupportedDeltaCrl
        | Error::UnsupportedIndirectCrl
        | Error::UnsupportedRevocationReason
        | Error::UnsupportedRevocationReasonsPartitioning => {
            &[Reason::CrlMalformed, Reason::RevocationUnknown]
        }
        Error::UnsupportedCrlSignatureAlgorithm
        | Error::UnsupportedCrlSignatureAlgorithmContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKey
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => {
            &[Reason::CrlBadSignature, Reason::WeakSignatureAlgorithm]
        }
        Error::UnsupportedSignatureAlgorithm | Error::UnsupportedSignatureAlgorithmContext(_) => &[
            Reason::UnsupportedSignatureAlgorithm,
            Reason::WeakSignatureAlgorithm,
        ],
        Error::UnsupportedSignatureAlgorithmForPublicKey
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => &[
            Reason::UnsupportedKey,
            Reason::UnsupportedSignatureAlgorithm,
            Reason::InvalidKey,
            Reason::BadSignature,
        ],
        _ => &[Reason::Unstated],
    }
}

/// The reasons behind an error that came from reading a CRL.
pub(super) fn crl_reasons(error: &Error) -> &'static [Reason] {
    match error {
        Error::UnsupportedCriticalExtension => &[Reason::CrlUnknownCriticalExtension],
        _ => &[Reason::CrlMalformed],
    }
}

/// The name of an error, without what it carries: `CertExpired`.
pub(super) fn name(error: &impl std::fmt::Debug) -> String {
    let mut text = format!("{error:?}");
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    text.truncate(end);
    text
}
