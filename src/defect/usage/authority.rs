//! Who may issue certificates, and who may not be an end entity.

use super::{BASIC_CONSTRAINTS, END_ENTITY, INTERMEDIATE, KEY_USAGE, defect, lint, policy};
use crate::{
    defect::{
        Defect, Position, Severity, Unfit,
        change::{
            extension_at, intermediates, remove_extension, set_extension, set_key_usage,
            without_crls,
        },
        label_at,
    },
    der::oid,
    question::Purpose,
    recipe::{Certificate, ExtensionValue, KeyUsageBit, Recipe},
    verdict::Reason,
};

/// Defects of authority.
pub(super) const AUTHORITY: &[Defect] = &[
    Defect {
        severity: Severity::Critical,
        vulnerabilities: &["CVE-2015-1793", "CVE-2021-3450"],
        prepare: |recipe, position| set_authority(recipe, position, true),
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
            |recipe, position| set_authority(recipe, position, false),
        )
    },
    Defect {
        severity: Severity::Critical,
        vulnerabilities: &["CVE-2026-5501"],
        ..defect(
            "usage/ca-false-upper-issuer",
            "the basicConstraints of a CA above the issuing one say that it is no CA",
            "The issuing CA is in order, but whoever issued its certificate was none. A verifier that looks at the \
             certificate above the end entity alone lets anybody grow a CA below his own certificate. In wolfSSL such a \
             certificate in the chain kept what it had signed from being checked at all (CVE-2026-5501).",
            BASIC_CONSTRAINTS,
            INTERMEDIATE,
            &[Reason::NotACa],
            |recipe, _| {
                let constraints = ExtensionValue::BasicConstraints {
                    ca: false,
                    path_length: None,
                };
                upper_issuer(recipe)?.set_extension(constraints.critical());
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
        &[Reason::KeyUsage, Reason::UnknownIssuer],
        |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::CrlSign]),
    ),
    defect(
        "usage/upper-issuer-without-key-cert-sign",
        "the key usage of a CA above the issuing one lacks keyCertSign",
        "The issuing CA is in order, but the key that signed its certificate was not given for signing certificates. \
         A verifier that checks the direct issuer alone never looks one level up.",
        KEY_USAGE,
        INTERMEDIATE,
        &[Reason::KeyUsage, Reason::UnknownIssuer],
        |recipe, _| {
            let usage = ExtensionValue::KeyUsage(vec![KeyUsageBit::CrlSign]);
            upper_issuer(recipe)?.set_extension(usage.critical());
            Ok(())
        },
    ),
    defect(
        "usage/issuer-for-signing-data",
        "the issuer's key usage has digitalSignature and contentCommitment, and not keyCertSign",
        "All three bits are about signatures, but only keyCertSign is about certificates. A verifier that asks whether \
         the key may sign gets a yes.",
        KEY_USAGE,
        INTERMEDIATE,
        &[Reason::KeyUsage, Reason::UnknownIssuer],
        |recipe, position| {
            let bits = [
                KeyUsageBit::DigitalSignature,
                KeyUsageBit::ContentCommitment,
                // The setting may have CRLs of this CA.
                KeyUsageBit::CrlSign,
            ];
            set_key_usage(recipe, position, &bits)
        },
    ),
    lint(defect(
        "usage/issuer-without-key-usage",
        "the issuer has no key usage",
        "Conforming CAs put key usage into every CA certificate. RFC 5280 has verifiers check the bit only where the \
         extension is present, so this is for profiles to refuse.",
        "RFC 5280 section 4.2.1.3",
        INTERMEDIATE,
        &[Reason::MissingExtension],
        |recipe, position| remove_extension(recipe, position, &oid::KEY_USAGE),
    )),
    policy(defect(
        "usage/ca-as-end-entity",
        "the end entity's basicConstraints say that it is a CA",
        "A key that signs certificates should not sit in a server or a device that anybody on the network can reach. \
         webpki and the CA/B Forum refuse it; RFC 5280 has no such rule.",
        "CA/B Baseline Requirements section 7.1.2.7.8; profile",
        END_ENTITY,
        &[Reason::CaAsEndEntity],
        |recipe, position| {
            let constraints = ExtensionValue::BasicConstraints {
                ca: true,
                path_length: None,
            };
            set_extension(recipe, position, constraints.critical())
        },
    )),
    Defect {
        positions: &[Position::Chain],
        // A CA's certificate has no server name, which would be a second defect.
        purposes: &[Purpose::Client],
        prepare: without_crls,
        ..defect(
            "usage/issuing-ca-as-end-entity",
            "the peer shows the issuing CA's certificate as its own",
            "Whoever holds a CA's key can log in with the CA's own certificate if nobody objects, and no certificate \
             was issued that a log or a list could show. Its key usage allows signing certificates and lists, not \
             handshakes.",
            "RFC 8446 section 4.4.2.2; RFC 5280 section 4.2.1.3",
            &[Position::Chain],
            &[
                Reason::CaAsEndEntity,
                Reason::KeyUsage,
                Reason::ExtendedKeyUsage,
            ],
            |recipe, _| {
                let issuing = label_at(recipe, Position::Intermediate)?;
                recipe.presented.remove(0);
                recipe.presented.retain(|label| *label != issuing);
                recipe.presented.insert(0, issuing);
                Ok(())
            },
        )
    },
];

fn set_authority(recipe: &mut Recipe, position: Position, ca: bool) -> Result<(), Unfit> {
    extension_at(recipe, position, &oid::BASIC_CONSTRAINTS)?.value =
        ExtensionValue::BasicConstraints {
            ca,
            path_length: None,
        };
    Ok(())
}

/// The CA that issued the issuing CA, where that is not the anchor.
pub(super) fn upper_issuer(recipe: &mut Recipe) -> Result<&mut Certificate, Unfit> {
    let label = intermediates(recipe)
        .into_iter()
        .nth(1)
        .ok_or(Unfit("the chain has one intermediate at most"))?;
    recipe
        .certificate_mut(&label)
        .ok_or(Unfit("the certificate is not in the recipe"))
}
