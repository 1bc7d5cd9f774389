//! What the end entity's key may do, as its key usage says.

use super::{END_ENTITY, defect, lint};
use crate::{
    defect::{
        Defect, Position, Severity, Step,
        change::{replace_value, set_key_usage},
    },
    der::oid,
    recipe::KeyUsageBit,
    verdict::Reason,
};

/// Key usage without digitalSignature.
const fn other_usage(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        severity: Severity::Medium,
        ..defect(
            id,
            summary,
            page,
            "RFC 8446 section 4.4.2.2; RFC 5280 section 4.2.1.3",
            END_ENTITY,
            &[Reason::KeyUsage],
            spoil,
        )
    }
}

/// Defects of an end entity's key usage.
pub(super) const KEY_USAGES: &[Defect] = &[
    Defect {
        vulnerabilities: &["CVE-2024-45159"],
        ..other_usage(
            "usage/no-digital-signature",
            "the end entity's key usage lacks digitalSignature",
            "TLS 1.3 has the peer sign the handshake, so a key that may only encipher is not one to authenticate with: \
             RFC 8446 demands digitalSignature wherever key usage is present. Mbed TLS did not report its absence in \
             client certificates when verification was optional (CVE-2024-45159).",
            |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::KeyEncipherment]),
        )
    },
    other_usage(
        "usage/content-commitment-only",
        "the end entity's key usage is contentCommitment alone",
        "The key is for signing documents that its owner cannot deny later. To sign a handshake with it mixes a legal \
         act with a login; smart cards keep two keys for this reason.",
        |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::ContentCommitment]),
    ),
    other_usage(
        "usage/key-agreement-only",
        "the end entity's key usage is keyAgreement alone",
        "The key is for static Diffie-Hellman, which no current TLS offers. A verifier that allows it because the key \
         is on a curve admits a key that was not meant to sign.",
        |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::KeyAgreement]),
    ),
    other_usage(
        "usage/data-encipherment-only",
        "the end entity's key usage is dataEncipherment alone",
        "The key is for enciphering data directly, which TLS never does, and in no way for authentication. A verifier that \
         asks only whether the extension is present lets it sign.",
        |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::DataEncipherment]),
    ),
    other_usage(
        "usage/crl-sign-only",
        "the end entity's key usage is cRLSign alone",
        "The key signs revocation lists. Used for a login, it turns a service that publishes lists into one that can \
         act as a peer.",
        |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::CrlSign]),
    ),
    other_usage(
        "usage/decipher-only",
        "the end entity's key usage is decipherOnly alone, its ninth bit",
        "The bit lies in a second octet, and has no meaning without keyAgreement. A reader that looks at the first octet \
         alone sees no usage at all, and may take that for all usages.",
        |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::DecipherOnly]),
    ),
    Defect {
        positions: &[Position::EndEntity, Position::Intermediate],
        reasons: &[
            Reason::MalformedExtension,
            Reason::KeyUsage,
            Reason::MalformedDer,
            Reason::UnknownIssuer,
        ],
        clause: "RFC 5280 section 4.2.1.3",
        ..other_usage(
            "usage/empty-key-usage",
            "key usage is present and has no bit",
            "At least one bit must be set. An empty list allows nothing; a reader for which no restriction was found \
             takes it for everything.",
            |recipe, position| replace_value(recipe, position, &oid::KEY_USAGE, vec![3, 1, 0]),
        )
    },
    lint(defect(
        "usage/key-cert-sign-without-ca",
        "the end entity's key usage has keyCertSign, and it is no CA",
        "keyCertSign must not stand without cA. It does no harm as long as every verifier checks both, so it is for \
         profiles to refuse; a verifier that checks only key usage has here an end entity that may issue.",
        "RFC 5280 sections 4.2.1.3 and 4.2.1.9",
        END_ENTITY,
        &[Reason::KeyUsage],
        |recipe, position| {
            let bits = [KeyUsageBit::DigitalSignature, KeyUsageBit::KeyCertSign];
            set_key_usage(recipe, position, &bits)
        },
    )),
];
