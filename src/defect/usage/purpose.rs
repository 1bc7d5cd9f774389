//! For what the certificates are meant: extended key usage.

use super::{
    END_ENTITY, EXTENDED_KEY_USAGE, INTERMEDIATE, authority::upper_issuer, defect, policy,
};
use crate::{
    defect::{
        Defect, Position, Severity, Step, Unfit,
        change::{remove_extension, replace_value, set_key_usage, set_purposes},
    },
    der::{Oid, oid},
    question::Purpose,
    recipe::{ExtensionValue, KeyUsageBit, Recipe},
    verdict::{Clause, Reason},
};

const CHAINED: Clause = "RFC 5280 section 4.2.1.12; CA/B Baseline Requirements section 7.1.2.10.6";

/// An end entity for another purpose.
const fn other_purpose(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    defect(
        id,
        summary,
        page,
        EXTENDED_KEY_USAGE,
        END_ENTITY,
        &[Reason::ExtendedKeyUsage],
        spoil,
    )
}

/// An issuer for another purpose. RFC 5280 leaves the meaning in CA certificates open.
const fn issuer_purpose(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    policy(defect(
        id,
        summary,
        page,
        CHAINED,
        INTERMEDIATE,
        &[Reason::ExtendedKeyUsage],
        spoil,
    ))
}

/// Defects of purpose.
pub(super) const PURPOSES: &[Defect] = &[
    Defect {
        vulnerabilities: &["CVE-2024-45159"],
        ..other_purpose(
            "usage/other-side-only",
            "the end entity is for the other side of the connection",
            "A server's certificate shown by a client, or a client's by a server. In a service mesh this is how a \
             compromised web server walks into the control plane: its certificate is of the right CA and names it \
             truly, but it was never meant to log in with.",
            |recipe, position| {
                let other = match recipe.purpose {
                    Purpose::Client => oid::SERVER_AUTH,
                    Purpose::Server => oid::CLIENT_AUTH,
                };
                set_purposes(recipe, position, &[other])
            },
        )
    },
    Defect {
        vulnerabilities: &["CVE-2020-14039"],
        ..other_purpose(
            "usage/code-signing-only",
            "the end entity is for signing code",
            "A developer's code-signing certificate of the company's CA is no login. A verifier that asks only whether \
         the chain is good takes it. Go on Windows did not compare the purpose at all in one configuration \
         (CVE-2020-14039).",
            |recipe, position| set_purposes(recipe, position, &[oid::CODE_SIGNING]),
        )
    },
    Defect {
        vulnerabilities: &["CVE-2022-21657"],
        ..other_purpose(
            "usage/email-protection-only",
            "the end entity is for signing mail",
            "Everybody in a company has such a certificate, issued on proof of a mailbox. Envoy accepted it for TLS on \
             either side, because it did not restrict purposes (CVE-2022-21657).",
            |recipe, position| set_purposes(recipe, position, &[oid::EMAIL_PROTECTION]),
        )
    },
    Defect {
        reasons: &[Reason::KeyUsage],
        prepare: |recipe, position| {
            let bits = [
                KeyUsageBit::DigitalSignature,
                KeyUsageBit::ContentCommitment,
            ];
            for_connections_and_mail(recipe, position)?;
            set_key_usage(recipe, position, &bits)
        },
        ..other_purpose(
            "usage/key-usage-of-another-purpose",
            "of the two purposes of the end entity its key usage fits mail alone",
            "The purposes are TLS and mail, and the key usage is contentCommitment, which goes with mail and not with TLS. \
             Each extension is in order, and there is even a purpose that both allow; it is not the one that is asked. A \
             verifier that asks whether the two can be reconciled, and not whether both allow this use, lets it in.",
            |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::ContentCommitment]),
        )
    },
    other_purpose(
        "usage/time-stamping-only",
        "the end entity is for time stamps",
        "A time-stamping key signs whatever hash anybody sends it. That makes it the worst key to accept in a \
         handshake: the hash of a transcript may be among them, and then its owner has logged in without knowing.",
        |recipe, position| set_purposes(recipe, position, &[oid::TIME_STAMPING]),
    ),
    other_purpose(
        "usage/ocsp-signing-only",
        "the end entity is for signing OCSP responses",
        "A responder's certificate is issued by the same CA, lives on a machine that answers the whole world, and is \
         often exempt from revocation checking.",
        |recipe, position| set_purposes(recipe, position, &[oid::OCSP_SIGNING]),
    ),
    other_purpose(
        "usage/unknown-purpose-only",
        "the end entity is for a purpose that nobody knows",
        "The extension lists what is allowed, so an unknown purpose allows nothing that is known. A verifier that skips \
         what it does not know and finds nothing left must not take that for no restriction.",
        |recipe, position| set_purposes(recipe, position, &[UNKNOWN_PURPOSE]),
    ),
    other_purpose(
        "usage/purpose-with-another-arc",
        "the end entity's purpose is an identifier below the right one",
        "1.3.6.1.5.5.7.3.2.1 begins with all the octets of clientAuth and is another purpose. A verifier that compares \
         as many octets as it expects takes it.",
        |recipe, position| {
            let longer = match recipe.purpose {
                Purpose::Client => Oid::known(&[0x2b, 6, 1, 5, 5, 7, 3, 2, 1]),
                Purpose::Server => Oid::known(&[0x2b, 6, 1, 5, 5, 7, 3, 1, 1]),
            };
            set_purposes(recipe, position, &[longer])
        },
    ),
    other_purpose(
        "usage/purpose-cut-short",
        "the end entity's purpose is the arc above the right one",
        "1.3.6.1.5.5.7.3 is the arc under which all purposes lie, and no purpose. A verifier that compares as many \
         octets as it is given takes it for any of them.",
        |recipe, position| set_purposes(recipe, position, &[Oid::known(&[0x2b, 6, 1, 5, 5, 7, 3])]),
    ),
    Defect {
        positions: &[Position::EndEntity, Position::Intermediate],
        prepare: |recipe, position| {
            let both = [oid::CLIENT_AUTH, oid::SERVER_AUTH];
            set_purposes(recipe, position, &both)
        },
        reasons: &[
            Reason::MalformedExtension,
            Reason::ExtendedKeyUsage,
            Reason::MalformedDer,
        ],
        severity: Severity::Medium,
        ..other_purpose(
            "usage/empty-purposes",
            "extended key usage is present and empty",
            "At least one purpose must be listed. An empty list allows nothing; a loop over it that looks for a reason to \
             refuse finds none.",
            |recipe, position| {
                replace_value(recipe, position, &oid::EXTENDED_KEY_USAGE, vec![0x30, 0])
            },
        )
    },
    policy(other_purpose(
        "usage/no-purposes",
        "the end entity has no extended key usage",
        "RFC 5280 then allows every purpose. A service that admits clients by certificate does better to ask for one \
         that was meant for clients, since old CAs leave the extension out of everything they issue.",
        |recipe, position| remove_extension(recipe, position, &oid::EXTENDED_KEY_USAGE),
    )),
    policy(other_purpose(
        "usage/any-purpose",
        "the end entity's only purpose is anyExtendedKeyUsage",
        "The certificate is for everything, which its CA says outright. RFC 5280 leaves it to applications to insist on \
         their own purpose, and the CA/B Forum forbids it to end entities.",
        |recipe, position| set_purposes(recipe, position, &[oid::ANY_EXTENDED_KEY_USAGE]),
    )),
    Defect {
        prepare: |recipe, _| {
            let all = [
                oid::ANY_EXTENDED_KEY_USAGE,
                oid::CLIENT_AUTH,
                oid::SERVER_AUTH,
            ];
            set_purposes(recipe, Position::Intermediate, &all)
        },
        ..other_purpose(
            "usage/any-purpose-of-the-issuer",
            "the issuer is for any purpose, the end entity for signing code",
            "What a CA may vouch for is one thing, what the end entity is for another. A verifier that computes one set \
             of purposes for the path, and lets anyExtendedKeyUsage make it full, forgets the end entity's own.",
            |recipe, position| set_purposes(recipe, position, &[oid::CODE_SIGNING]),
        )
    },
    issuer_purpose(
        "usage/issuer-for-code-signing",
        "the issuer's extended key usage does not hold the purpose",
        "A CA whose certificate names only code signing is meant to be confined to it. RFC 5280 leaves the meaning \
         in CA certificates open; browsers, Go, OpenSSL and webpki read it as a limit on everything below, and so do \
         the CAs that rely on it.",
        |recipe, position| set_purposes(recipe, position, &[oid::CODE_SIGNING]),
    ),
    issuer_purpose(
        "usage/issuer-for-the-other-side",
        "the issuer's extended key usage holds the purpose of the other side alone",
        "A CA for servers issued a certificate for a client, or the reverse. Companies run two CAs under one root to \
         keep the two apart, and nothing but this check does keep them apart.",
        |recipe, position| {
            let other = match recipe.purpose {
                Purpose::Client => oid::SERVER_AUTH,
                Purpose::Server => oid::CLIENT_AUTH,
            };
            set_purposes(recipe, position, &[other])
        },
    ),
    Defect {
        vulnerabilities: &["CVE-2022-21657"],
        ..issuer_purpose(
            "usage/issuer-for-email-protection",
            "the issuer's extended key usage is mail protection alone",
            "A CA that issues to anybody with a mailbox. Envoy accepted it as an issuer of TLS certificates \
             (CVE-2022-21657).",
            |recipe, position| set_purposes(recipe, position, &[oid::EMAIL_PROTECTION]),
        )
    },
    issuer_purpose(
        "usage/upper-issuer-for-code-signing",
        "the extended key usage of a CA above the issuing one does not hold the purpose",
        "The issuing CA has no limit of its own, but the CA above it was confined to signing code. A verifier that \
         looks at the issuing CA alone lets a confined CA make a free one.",
        |recipe, _| {
            let purposes = ExtensionValue::ExtendedKeyUsage(vec![oid::CODE_SIGNING]);
            upper_issuer(recipe)?.set_extension(purposes.not_critical());
            Ok(())
        },
    ),
];

/// The purpose that is asked, and mail.
fn for_connections_and_mail(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let asked = match recipe.purpose {
        Purpose::Client => oid::CLIENT_AUTH,
        Purpose::Server => oid::SERVER_AUTH,
    };
    set_purposes(recipe, position, &[asked, oid::EMAIL_PROTECTION])
}

/// A purpose that nobody knows: 1.3.6.1.4.1.64189.1.98
const UNKNOWN_PURPOSE: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xf5, 0x3d, 1, 98]);
