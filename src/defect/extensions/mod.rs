//! *extensions*: extensions that are unknown, repeated, malformed, or where none may be.

mod criticality;
mod structure;
mod value;

pub(super) use value::freshest_crl;

use super::{
    Class, Defect, Position, Severity, Unfit,
    catalogue::{joined, total},
    certificate_at,
    change::{UNKNOWN, edit_extension, unknown_extension},
    malformed as defect,
};
use crate::{
    der::{Change, HexBytes, Oid, oid},
    recipe::{Extension, ExtensionValue, GeneralName, Recipe, Version},
    verdict::Reason,
};

const CERTIFICATES: &[Position] = &[Position::EndEntity, Position::Intermediate];
const END_ENTITY: &[Position] = &[Position::EndEntity];
const INTERMEDIATE: &[Position] = &[Position::Intermediate];

/// How many octets the huge extension has: as many as still fit into a handshake message of 64 KiB.
const HUGE: usize = 50_000;
/// How many extensions the crowded certificate has more than its twin.
const CROWD: u64 = 1_000;

/// The family: which extensions, of what structure, with what value, how critical.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

const PARTS: &[&[Defect]] = &[
    PRESENCE,
    structure::STRUCTURES,
    value::VALUES,
    value::UNREAD_VALUES,
    criticality::CRITICALITIES,
];

const PRESENCE: &[Defect] = &[
    Defect {
        severity: Severity::High,
        prepare: add_unknown,
        ..defect(
            "extensions/unknown-critical",
            "a critical extension that nobody knows",
            "Critical means: who does not understand this must not rely on the certificate. It may say that the \
             certificate is good for one transaction only, or for tests. The twin has the same extension, not critical.",
            "RFC 5280 sections 4.2 and 6.1.4 (o), 6.1.5 (f)",
            &[Reason::UnknownCriticalExtension],
            |recipe, position| {
                let unknown = unknown_extension().critical();
                certificate_at(recipe, position)?.set_extension(unknown);
                Ok(())
            },
        )
    },
    Defect {
        severity: Severity::High,
        prepare: |recipe, position| add(recipe, position, look_alike().not_critical()),
        ..defect(
            "extensions/unknown-critical-look-alike",
            "a critical extension whose identifier begins like that of basicConstraints",
            "2.5.29.19.1 is not 2.5.29.19. A verifier that compares the octets it knows and not the length takes the \
             extension for a known one and skips what it should have refused.",
            "RFC 5280 sections 4.2 and 6.1.4 (o), 6.1.5 (f)",
            &[Reason::UnknownCriticalExtension],
            |recipe, position| {
                certificate_at(recipe, position)?.set_extension(look_alike().critical());
                Ok(())
            },
        )
    },
    defect(
        "extensions/duplicate-known",
        "basicConstraints or extended key usage stands twice",
        "Two extensions of one kind let two verifiers read two certificates: one takes the first, one the last, and a \
         gateway passes what the service behind it reads otherwise.",
        "RFC 5280 section 4.2",
        &[
            Reason::DuplicateExtension,
            Reason::MalformedDer,
            Reason::UnknownIssuer,
        ],
        |recipe, position| {
            let oid = match position {
                Position::EndEntity => oid::EXTENDED_KEY_USAGE,
                _ => oid::BASIC_CONSTRAINTS,
            };
            edit_extension(recipe, position, &oid, "", Change::Duplicate)
        },
    ),
    Defect {
        severity: Severity::High,
        positions: END_ENTITY,
        ..defect(
            "extensions/duplicate-that-contradicts",
            "extended key usage stands twice, once with the purpose and once with another",
            "The certificate is for TLS to whoever reads the first extension and for signing code to whoever reads the \
             second. Neither reading is right, because a certificate may not have two.",
            "RFC 5280 section 4.2",
            &[
                Reason::DuplicateExtension,
                Reason::MalformedDer,
                Reason::ExtendedKeyUsage,
            ],
            |recipe, position| {
                let other = ExtensionValue::ExtendedKeyUsage(vec![oid::CODE_SIGNING]);
                add(recipe, position, other.not_critical())
            },
        )
    },
    Defect {
        severity: Severity::High,
        positions: END_ENTITY,
        ..defect(
            "extensions/duplicate-identity",
            "subject alternative name stands twice, the second with another name",
            "The proxy in front logs the first name, the service behind maps the second to an account. A certificate may \
             have one extension of a kind, so that there is one answer.",
            "RFC 5280 section 4.2",
            &[Reason::DuplicateExtension, Reason::MalformedDer],
            |recipe, position| {
                let names = vec![GeneralName::Dns("admin.gatecrash.example".to_owned())];
                let other = ExtensionValue::SubjectAlternativeName(names);
                add(recipe, position, other.not_critical())
            },
        )
    },
    Defect {
        severity: Severity::Low,
        prepare: add_unknown,
        ..defect(
            "extensions/duplicate-unknown",
            "an extension that nobody knows stands twice",
            "The rule against two extensions of a kind is for all extensions, known or not. A verifier that finds \
             repetitions only among those it parses lets this pass, as every OpenSSL does.",
            "RFC 5280 section 4.2",
            &[Reason::DuplicateExtension, Reason::MalformedDer],
            |recipe, position| add(recipe, position, unknown_extension().not_critical()),
        )
    },
    defect(
        "extensions/in-version-1",
        "extensions in a certificate that says it is of version 1",
        "Version 1 has no extensions. A verifier that reads them all the same trusts what others never see, and \
         one that goes by the version misses the constraints.",
        "RFC 5280 sections 4.1.2.1 and 4.1.2.9",
        &[
            Reason::ExtensionsInOldVersion,
            Reason::BadVersion,
            Reason::MalformedDer,
        ],
        |recipe, position| {
            certificate_at(recipe, position)?.version = Version::V1;
            Ok(())
        },
    ),
    defect(
        "extensions/in-version-2",
        "extensions in a certificate that says it is of version 2",
        "Version 2 has unique identifiers and no extensions. Nobody issues it, so the branch that handles it is the one \
         that nobody has tested.",
        "RFC 5280 sections 4.1.2.1 and 4.1.2.9",
        &[
            Reason::ExtensionsInOldVersion,
            Reason::BadVersion,
            Reason::MalformedDer,
        ],
        |recipe, position| {
            certificate_at(recipe, position)?.version = Version::V2;
            Ok(())
        },
    ),
    Defect {
        severity: Severity::Low,
        class: Class::Policy,
        positions: END_ENTITY,
        ..defect(
            "extensions/huge",
            "an extension of 50,000 octets that nobody knows",
            "RFC 5280 bounds neither number nor size of extensions, and a peer that is not yet authenticated chooses \
             them. A careful verifier has a bound of its own, in octets, before it copies.",
            "RFC 5280 section 8; verifier's budget",
            &[Reason::BudgetExceeded, Reason::MalformedDer],
            |recipe, position| {
                let value = HexBytes(vec![0x5a; HUGE]);
                let huge = ExtensionValue::Raw {
                    oid: UNKNOWN,
                    value,
                };
                add(recipe, position, huge.not_critical())
            },
        )
    },
    Defect {
        severity: Severity::Low,
        class: Class::Policy,
        positions: END_ENTITY,
        ..defect(
            "extensions/thousand",
            "a thousand extensions, each of another kind that nobody knows",
            "To find a repetition among a thousand extensions takes half a million comparisons if every pair is \
             compared. A careful verifier bounds the number, or sorts.",
            "RFC 5280 section 8; verifier's budget",
            &[Reason::BudgetExceeded, Reason::MalformedDer],
            |recipe, position| {
                let certificate = certificate_at(recipe, position)?;
                for number in 0..CROWD {
                    let arcs = [1, 3, 6, 1, 4, 1, 64189, 2, number];
                    let oid = Oid::from_arcs(&arcs).ok_or(Unfit("the arcs are no identifier"))?;
                    let value = HexBytes(vec![5, 0]);
                    let extension = ExtensionValue::Raw { oid, value };
                    certificate.extensions.push(extension.not_critical());
                }
                Ok(())
            },
        )
    },
];

/// Adds an extension, after others of its kind if there are any.
fn add(recipe: &mut Recipe, position: Position, extension: Extension) -> Result<(), Unfit> {
    certificate_at(recipe, position)?.extensions.push(extension);
    Ok(())
}

/// Adds an extension that nobody knows, not critical.
fn add_unknown(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    add(recipe, position, unknown_extension().not_critical())
}

/// 2.5.29.19.1
fn look_alike() -> ExtensionValue {
    ExtensionValue::Raw {
        oid: Oid::known(&[0x55, 0x1d, 0x13, 1]),
        value: HexBytes(vec![0x30, 0]),
    }
}
