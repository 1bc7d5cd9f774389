//! What a refusal is about: whether several engines refuse a chain for one cause.
//!
//! Each engine is stricter than the reference somewhere, and a chain with several edits meets more
//! than one of these places. Only where all refuse it for one cause has the reference missed it.

use crate::verdict::Reason::{self, *};

/// What refusals can be about. A reason that engines give for more than one of them stands in each.
const CAUSES: &[&[Reason]] = &[
    // The dates of a certificate.
    &[Expired, NotYetValid, BadValidity, LifetimeTooLong],
    // Who signed it, and with what.
    &[
        BadSignature,
        AlgorithmMismatch,
        WeakSignatureAlgorithm,
        UnsupportedSignatureAlgorithm,
        WeakKey,
        InvalidKey,
        UnsupportedKey,
        UnknownIssuer,
        BadAnchor,
    ],
    // Who may sign, and how deep.
    &[
        UnknownIssuer,
        NotACa,
        CaAsEndEntity,
        PathLengthExceeded,
        PathTooDeep,
        KeyUsage,
        ExtendedKeyUsage,
        BudgetExceeded,
    ],
    &[NoValidPolicy, BadPolicy],
    // Names, and what issuers permit.
    &[
        NameConstraint,
        UnsupportedNameConstraint,
        NameMismatch,
        MalformedName,
        IdentityNotAllowed,
    ],
    // The status of a certificate, and the lists that tell it.
    &[
        Revoked,
        RevocationUnknown,
        CrlMalformed,
        CrlExpired,
        CrlNotYetValid,
        CrlBadSignature,
        CrlKeyUsage,
        CrlUnknownCriticalExtension,
        OcspInvalid,
    ],
    // How a certificate is written.
    &[
        MalformedDer,
        TrailingData,
        BadVersion,
        BadSerial,
        BadValidity,
        MalformedName,
        MalformedExtension,
        DuplicateExtension,
        MissingExtension,
        ExtensionsInOldVersion,
        UnknownCriticalExtension,
        WrongCriticality,
    ],
];

/// Whether refusals for these reasons, those of each engine, may all be for one cause.
pub(super) fn is_one<'r>(refusals: impl Iterator<Item = &'r [Reason]> + Clone) -> bool {
    let may_be = |cause: &[Reason], reasons: &[Reason]| {
        let mut reasons = reasons.iter();
        reasons.any(|reason| *reason == Unstated || cause.contains(reason))
    };
    let mut causes = CAUSES.iter();
    causes.any(|cause| refusals.clone().all(|reasons| may_be(cause, reasons)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_cause_and_different_ones_are_not_one() {
        let of_no_chain = [
            NoCertificate,
            NoProofOfPossession,
            ProtocolTooOld,
            NoCommonCipherSuite,
            HandshakeViolation,
            Unstated,
        ];
        for reason in Reason::ALL {
            let has_one = CAUSES.iter().any(|cause| cause.contains(reason));
            assert_ne!(has_one, of_no_chain.contains(reason), "{reason}");
        }
        let together = |one: &[Reason], other: &[Reason]| is_one([one, other].into_iter());
        assert!(together(&[Expired], &[Expired]));
        assert!(together(
            &[MalformedDer, MalformedExtension],
            &[MalformedExtension]
        ));
        assert!(together(&[UnknownIssuer], &[BadSignature]));
        assert!(together(&[Unstated], &[Revoked]));
        assert!(!together(&[BadSignature], &[MalformedDer]));
        assert!(!together(&[Expired], &[Revoked]));
    }
}
