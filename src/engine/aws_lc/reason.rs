//! What the errors of `X509_verify_cert` mean in our words.
//!
//! One error stands for several reasons in places, the most usual first.

use std::ffi::c_int;

use aws_lc_sys as sys;

use crate::verdict::Reason;

/// The reasons behind an `X509_V_ERR_*`.
pub(super) fn reasons(code: c_int) -> &'static [Reason] {
    TABLE
        .iter()
        .find(|(known, _)| *known == code)
        .map_or(&[Reason::Unstated], |(_, reasons)| reasons)
}

const TABLE: &[(c_int, &[Reason])] = &[
    // A chain that is cut off because it grew too long ends without an issuer too.
    (
        sys::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
        &[Reason::UnknownIssuer, Reason::PathTooDeep],
    ),
    (
        sys::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        &[Reason::UnknownIssuer, Reason::PathTooDeep],
    ),
    (
        sys::X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
        &[Reason::UnknownIssuer],
    ),
    (
        sys::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
        &[Reason::UnknownIssuer],
    ),
    (
        sys::X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
        &[Reason::UnknownIssuer, Reason::BadSignature],
    ),
    (
        sys::X509_V_ERR_CERT_UNTRUSTED,
        &[Reason::UnknownIssuer, Reason::BadAnchor],
    ),
    (sys::X509_V_ERR_CERT_REJECTED, &[Reason::BadAnchor]),
    (
        sys::X509_V_ERR_SUBJECT_ISSUER_MISMATCH,
        &[Reason::UnknownIssuer],
    ),
    (sys::X509_V_ERR_AKID_SKID_MISMATCH, &[Reason::UnknownIssuer]),
    (
        sys::X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH,
        &[Reason::UnknownIssuer],
    ),
    (sys::X509_V_ERR_CERT_CHAIN_TOO_LONG, &[Reason::PathTooDeep]),
    (
        sys::X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY,
        &[Reason::InvalidKey, Reason::UnsupportedKey, Reason::WeakKey],
    ),
    (
        sys::X509_V_UNABLE_TO_GET_CERTS_PUBLIC_KEY,
        &[Reason::InvalidKey, Reason::UnsupportedKey, Reason::WeakKey],
    ),
    (
        sys::X509_V_ERR_EC_KEY_EXPLICIT_PARAMS,
        &[Reason::UnsupportedKey, Reason::InvalidKey],
    ),
    (sys::X509_V_ERR_EE_KEY_TOO_SMALL, &[Reason::WeakKey]),
    (sys::X509_V_ERR_CA_KEY_TOO_SMALL, &[Reason::WeakKey]),
    (
        sys::X509_V_ERR_CA_MD_TOO_WEAK,
        &[Reason::WeakSignatureAlgorithm],
    ),
    // Algorithms that are unknown, or differ between inside and outside, fail as signatures do.
    (
        sys::X509_V_ERR_CERT_SIGNATURE_FAILURE,
        &[
            Reason::BadSignature,
            Reason::AlgorithmMismatch,
            Reason::UnsupportedSignatureAlgorithm,
            Reason::WeakSignatureAlgorithm,
        ],
    ),
    (sys::X509_V_ERR_CERT_NOT_YET_VALID, &[Reason::NotYetValid]),
    (sys::X509_V_ERR_CERT_HAS_EXPIRED, &[Reason::Expired]),
    (
        sys::X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD,
        &[Reason::BadValidity],
    ),
    (
        sys::X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD,
        &[Reason::BadValidity],
    ),
    (sys::X509_V_ERR_CERT_REVOKED, &[Reason::Revoked]),
    (
        sys::X509_V_ERR_UNABLE_TO_GET_CRL,
        &[Reason::RevocationUnknown],
    ),
    (
        sys::X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER,
        &[Reason::RevocationUnknown, Reason::CrlBadSignature],
    ),
    (
        sys::X509_V_ERR_DIFFERENT_CRL_SCOPE,
        &[Reason::RevocationUnknown],
    ),
    (
        sys::X509_V_ERR_CRL_PATH_VALIDATION_ERROR,
        &[Reason::RevocationUnknown, Reason::CrlBadSignature],
    ),
    (
        sys::X509_V_ERR_CRL_SIGNATURE_FAILURE,
        &[Reason::CrlBadSignature],
    ),
    (sys::X509_V_ERR_CRL_NOT_YET_VALID, &[Reason::CrlNotYetValid]),
    (sys::X509_V_ERR_CRL_HAS_EXPIRED, &[Reason::CrlExpired]),
    (
        sys::X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD,
        &[Reason::CrlMalformed],
    ),
    (
        sys::X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD,
        &[Reason::CrlMalformed],
    ),
    (sys::X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, &[Reason::CrlKeyUsage]),
    (
        sys::X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION,
        &[Reason::CrlUnknownCriticalExtension],
    ),
    (
        sys::X509_V_ERR_INVALID_CA,
        &[Reason::NotACa, Reason::KeyUsage, Reason::BadVersion],
    ),
    (sys::X509_V_ERR_INVALID_NON_CA, &[Reason::CaAsEndEntity]),
    (
        sys::X509_V_ERR_PATH_LENGTH_EXCEEDED,
        &[Reason::PathLengthExceeded],
    ),
    // One check covers both kinds of usage, at every place in the chain.
    (
        sys::X509_V_ERR_INVALID_PURPOSE,
        &[Reason::ExtendedKeyUsage, Reason::KeyUsage, Reason::NotACa],
    ),
    (sys::X509_V_ERR_KEYUSAGE_NO_CERTSIGN, &[Reason::KeyUsage]),
    (
        sys::X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE,
        &[Reason::KeyUsage],
    ),
    (
        sys::X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
        &[Reason::UnknownCriticalExtension],
    ),
    // A second extension of one kind, and extensions in an old version, are invalid too.
    (
        sys::X509_V_ERR_INVALID_EXTENSION,
        &[
            Reason::MalformedExtension,
            Reason::DuplicateExtension,
            Reason::ExtensionsInOldVersion,
            Reason::MalformedName,
        ],
    ),
    (
        sys::X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE,
        &[Reason::MalformedExtension],
    ),
    (
        sys::X509_V_ERR_INVALID_POLICY_EXTENSION,
        &[Reason::BadPolicy, Reason::MalformedExtension],
    ),
    (sys::X509_V_ERR_NO_EXPLICIT_POLICY, &[Reason::NoValidPolicy]),
    (
        sys::X509_V_ERR_PERMITTED_VIOLATION,
        &[Reason::NameConstraint],
    ),
    (
        sys::X509_V_ERR_EXCLUDED_VIOLATION,
        &[Reason::NameConstraint],
    ),
    (
        sys::X509_V_ERR_SUBTREE_MINMAX,
        &[Reason::UnsupportedNameConstraint],
    ),
    (
        sys::X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE,
        &[Reason::UnsupportedNameConstraint],
    ),
    (
        sys::X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX,
        &[
            Reason::UnsupportedNameConstraint,
            Reason::MalformedExtension,
        ],
    ),
    (
        sys::X509_V_ERR_UNSUPPORTED_NAME_SYNTAX,
        &[Reason::MalformedName, Reason::UnsupportedNameConstraint],
    ),
    (
        sys::X509_V_ERR_NAME_CONSTRAINTS_WITHOUT_SANS,
        &[Reason::NameConstraint],
    ),
    (sys::X509_V_ERR_HOSTNAME_MISMATCH, &[Reason::NameMismatch]),
    (sys::X509_V_ERR_EMAIL_MISMATCH, &[Reason::NameMismatch]),
    (sys::X509_V_ERR_IP_ADDRESS_MISMATCH, &[Reason::NameMismatch]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_stands_twice() {
        for (index, (code, reasons)) in TABLE.iter().enumerate() {
            assert!(
                TABLE[..index].iter().all(|(other, _)| other != code),
                "{code}"
            );
            assert!(!reasons.is_empty());
        }
        assert_eq!(super::reasons(-1), [Reason::Unstated]);
    }
}
