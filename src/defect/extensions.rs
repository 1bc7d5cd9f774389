//! *extensions*: extensions that are unknown, repeated, malformed, or where none may be.

use super::{
    Class, Defect, DefectId, Position, Severity, Step, as_it_is, certificate_at,
    change::edit_extension,
};
use crate::{
    der::{Change, Oid, oid},
    question::Purpose,
    recipe::{ExtensionValue, Version},
    verdict::{Clause, Reason},
};

const CERTIFICATES: &[Position] = &[Position::EndEntity, Position::Intermediate];

/// An extension that nobody knows: 1.3.6.1.4.1.64189.1.99, under the arc of the test policies.
const UNKNOWN: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xf5, 0x3d, 1, 99]);

/// NULL, for extensions whose value does not matter.
const NULL: &[u8] = &[5, 0];

/// Everything that the defects of this family share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    reasons: &'static [Reason],
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause,
        severity: Severity::Medium,
        class: Class::MustReject,
        positions: CERTIFICATES,
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
        severity: Severity::High,
        prepare: |recipe, position| {
            let unknown = unknown_extension().not_critical();
            certificate_at(recipe, position)?.extensions.push(unknown);
            Ok(())
        },
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
    defect(
        "extensions/duplicate-known",
        "basicConstraints or extended key usage stands twice",
        "Two extensions of one kind let two verifiers read two certificates: one takes the first, one the last, and a \
         gateway passes what the service behind it reads otherwise.",
        "RFC 5280 section 4.2",
        &[Reason::DuplicateExtension, Reason::MalformedDer],
        |recipe, position| {
            let oid = match position {
                Position::EndEntity => oid::EXTENDED_KEY_USAGE,
                _ => oid::BASIC_CONSTRAINTS,
            };
            edit_extension(recipe, position, &oid, "", Change::Duplicate)
        },
    ),
    Defect {
        ..defect(
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
        )
    },
];

fn unknown_extension() -> ExtensionValue {
    ExtensionValue::Raw {
        oid: UNKNOWN,
        value: NULL.into(),
    }
}
