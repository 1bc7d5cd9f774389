//! Trust anchors whose own certificates say that they should not be anchors for this.
//!
//! RFC 5280 takes an anchor for a name and a key and looks at nothing else, so
//! these are for careful verifiers (RFC 5937 lets an anchor bear constraints).

use super::defect;
use crate::{
    defect::{
        Class, Defect, Position, Severity, Step, as_it_is, certificate_at,
        change::{extension_at, remove_extension, set_key_usage, set_purposes, unknown_extension},
    },
    der::oid,
    recipe::{ExtensionValue, KeyUsageBit},
    verdict::Reason,
};

const fn anchor(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    reasons: &'static [Reason],
    spoil: Step,
) -> Defect {
    Defect {
        clause: "RFC 5280 section 6.1.1 (d); RFC 5937 section 3",
        severity: Severity::Medium,
        class: Class::Policy,
        positions: &[Position::Anchor],
        reasons,
        prepare: as_it_is,
        ..defect(id, summary, page, spoil)
    }
}

/// Anchors with something wrong.
pub(super) const ANCHORS: &[Defect] = &[
    Defect {
        prepare: |recipe, position| {
            extension_at(recipe, position, &oid::BASIC_CONSTRAINTS)?.value =
                ExtensionValue::BasicConstraints {
                    ca: true,
                    path_length: None,
                };
            Ok(())
        },
        ..anchor(
            "trust/anchor-is-no-ca",
            "the trust anchor's certificate says that it is no CA",
            "Somebody put a server's certificate into the trust store to make one connection work, and from then on its \
             key could issue certificates for every name. A careful verifier trusts such a certificate for itself \
             alone.",
            &[Reason::NotACa, Reason::BadAnchor, Reason::UnknownIssuer],
            |recipe, position| {
                extension_at(recipe, position, &oid::BASIC_CONSTRAINTS)?.value =
                    ExtensionValue::BasicConstraints {
                        ca: false,
                        path_length: None,
                    };
                Ok(())
            },
        )
    },
    anchor(
        "trust/anchor-without-basic-constraints",
        "the trust anchor is a version 3 certificate without basicConstraints",
        "A version 3 certificate that does not say it is a CA is an end entity's. That it is in the store may be a \
         mistake, such as a self-signed server certificate copied into the wrong file.",
        &[Reason::NotACa, Reason::BadAnchor, Reason::UnknownIssuer],
        |recipe, position| remove_extension(recipe, position, &oid::BASIC_CONSTRAINTS),
    ),
    anchor(
        "trust/anchor-without-key-cert-sign",
        "the trust anchor's key usage lacks keyCertSign",
        "The anchor's own certificate says that its key signs no certificates. RFC 5280 does not ask; a verifier that \
         builds its store from certificates can.",
        &[Reason::KeyUsage, Reason::BadAnchor, Reason::UnknownIssuer],
        |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::CrlSign]),
    ),
    anchor(
        "trust/anchor-for-code-signing",
        "the trust anchor's extended key usage does not hold the purpose",
        "Trust stores mix roots of many purposes. A root that says of itself that it is for signing code should vouch \
         for no TLS peer.",
        &[Reason::ExtendedKeyUsage, Reason::BadAnchor],
        |recipe, position| set_purposes(recipe, position, &[oid::CODE_SIGNING]),
    ),
    Defect {
        prepare: |recipe, position| {
            let unknown = unknown_extension().not_critical();
            certificate_at(recipe, position)?.extensions.push(unknown);
            Ok(())
        },
        ..anchor(
            "trust/anchor-with-unknown-critical-extension",
            "the trust anchor has a critical extension that nobody knows",
            "The root's maker wanted nobody to rely on it without understanding the extension. RFC 5280 processes no \
             extension of an anchor; a careful verifier asks before it loads the store.",
            &[Reason::UnknownCriticalExtension, Reason::BadAnchor],
            |recipe, position| {
                let unknown = unknown_extension().critical();
                certificate_at(recipe, position)?.set_extension(unknown);
                Ok(())
            },
        )
    },
];
