//! *usage*: keys used for what their certificates do not allow: basicConstraints, key usage, extended key usage.

use super::{
    Class, Defect, DefectId, Position, Severity, Step, as_it_is,
    change::{extension_at, remove_extension, set_key_usage, set_purposes},
};
use crate::{
    der::oid,
    question::Purpose,
    recipe::{ExtensionValue, KeyUsageBit},
    verdict::{Clause, Reason},
};

const BASIC_CONSTRAINTS: Clause = "RFC 5280 sections 4.2.1.9 and 6.1.4 (k)";
const KEY_USAGE: Clause = "RFC 5280 sections 4.2.1.3 and 6.1.4 (n)";
const EXTENDED_KEY_USAGE: Clause = "RFC 5280 section 4.2.1.12";

const END_ENTITY: &[Position] = &[Position::EndEntity];
const INTERMEDIATE: &[Position] = &[Position::Intermediate];

/// Everything that the defects of this family share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    positions: &'static [Position],
    reasons: &'static [Reason],
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause,
        severity: Severity::High,
        class: Class::MustReject,
        positions,
        purposes: &Purpose::ALL,
        reasons,
        vulnerabilities: &[],
        prepare: as_it_is,
        spoil,
    }
}

/// The family.
pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        severity: Severity::Critical,
        vulnerabilities: &["CVE-2015-1793", "CVE-2021-3450"],
        prepare: |recipe, position| {
            extension_at(recipe, position, &oid::BASIC_CONSTRAINTS)?.value =
                ExtensionValue::BasicConstraints {
                    ca: true,
                    path_length: None,
                };
            Ok(())
        },
        ..defect(
            "usage/ca-false-issuer",
            "the issuer's basicConstraints say that it is no CA",
            "Everybody who has a certificate for anything could issue certificates for everything. This is the oldest \
             hole of all, and it keeps coming back where a second path or a second flag skips the one check: OpenSSL \
             took any leaf for a CA when its first path failed (CVE-2015-1793), and again when strict checking was \
             switched on (CVE-2021-3450).",
            BASIC_CONSTRAINTS,
            INTERMEDIATE,
            &[Reason::NotACa],
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
    Defect {
        severity: Severity::Critical,
        ..defect(
            "usage/issuer-without-basic-constraints",
            "the issuer is of version 3 and has no basicConstraints",
            "A certificate that does not say it is a CA is none. Verifiers of the years before basicConstraints took \
             silence for consent, or took keyCertSign alone as enough.",
            BASIC_CONSTRAINTS,
            INTERMEDIATE,
            &[Reason::NotACa],
            |recipe, position| remove_extension(recipe, position, &oid::BASIC_CONSTRAINTS),
        )
    },
    defect(
        "usage/issuer-without-key-cert-sign",
        "the issuer's key usage lacks keyCertSign",
        "The CA was given a key for signing revocation lists, not certificates. A verifier that looks at \
         basicConstraints alone lets a key that stands on a less guarded machine issue certificates.",
        KEY_USAGE,
        INTERMEDIATE,
        &[Reason::KeyUsage],
        |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::CrlSign]),
    ),
    defect(
        "usage/no-digital-signature",
        "the end entity's key usage lacks digitalSignature",
        "TLS 1.3 has the peer sign the handshake, so a key that may only encipher is not one to authenticate with: \
         RFC 8446 demands digitalSignature wherever key usage is present. Mbed TLS did not report its absence in \
         client certificates when verification was optional (CVE-2024-45159).",
        "RFC 8446 section 4.4.2.2; RFC 5280 section 4.2.1.3",
        END_ENTITY,
        &[Reason::KeyUsage],
        |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::KeyEncipherment]),
    ),
    Defect {
        vulnerabilities: &["CVE-2024-45159"],
        ..defect(
            "usage/other-side-only",
            "the end entity is for the other side of the connection",
            "A server's certificate shown by a client, or a client's by a server. In a service mesh this is how a \
             compromised web server walks into the control plane: its certificate is of the right CA and names it \
             truly, but it was never meant to log in with.",
            EXTENDED_KEY_USAGE,
            END_ENTITY,
            &[Reason::ExtendedKeyUsage],
            |recipe, position| {
                let other = match recipe.purpose {
                    Purpose::Client => oid::SERVER_AUTH,
                    Purpose::Server => oid::CLIENT_AUTH,
                };
                set_purposes(recipe, position, &[other])
            },
        )
    },
    defect(
        "usage/code-signing-only",
        "the end entity is for signing code",
        "A developer's code-signing certificate of the company's CA is no login. A verifier that asks only whether \
         the chain is good takes it.",
        EXTENDED_KEY_USAGE,
        END_ENTITY,
        &[Reason::ExtendedKeyUsage],
        |recipe, position| set_purposes(recipe, position, &[oid::CODE_SIGNING]),
    ),
    Defect {
        class: Class::Policy,
        ..defect(
            "usage/issuer-for-code-signing",
            "the issuer's extended key usage does not hold the purpose",
            "A CA whose certificate names only code signing is meant to be confined to it. RFC 5280 leaves the meaning \
             in CA certificates open; all browsers, Go, OpenSSL and webpki read it as a limit on everything below, and \
             so do the CAs that rely on it.",
            "RFC 5280 section 4.2.1.12; CA/B Baseline Requirements section 7.1.2.10.6",
            INTERMEDIATE,
            &[Reason::ExtendedKeyUsage],
            |recipe, position| set_purposes(recipe, position, &[oid::CODE_SIGNING]),
        )
    },
];
