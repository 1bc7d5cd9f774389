//! Versions: too old for what is needed, unknown, or not written as they must be.

use super::{DER, END_ENTITY, defect, lint};
use crate::{
    defect::{Class, Defect, Position, Severity, Unfit, certificate_at, change::edit_signed_part},
    der::{Change, HexBytes, tag},
    recipe::{Recipe, UniqueIdentifier, Version},
    verdict::{Clause, Reason},
};

const VERSION: Clause = "RFC 5280 section 4.1.2.1";

/// What versions that do not exist are refused for.
const UNKNOWN_VERSION: &[Reason] = &[Reason::BadVersion, Reason::MalformedDer];

/// Defects of version.
pub(super) const VERSIONS: &[Defect] = &[
    Defect {
        class: Class::Policy,
        positions: END_ENTITY,
        // A server's name stands in an extension: where one is asked, its absence would be a second defect.
        prepare: |recipe, _| {
            recipe.name = None;
            Ok(())
        },
        ..defect(
            "encoding/version-1-end-entity",
            "the end entity is of version 1, without any extension",
            "A certificate of 1988's form says neither what its key is for nor whose it is beyond a distinguished name. \
             RFC 5280 does not forbid it as an end entity. TLS 1.3 asks for version 3 on both sides, unless another kind \
             of certificate was agreed on, and a service that tells clients by purpose or alternative name cannot take it.",
            "RFC 8446 sections 4.4.2.2 and 4.4.2.3; RFC 5280 section 4.1.2.1",
            &[
                Reason::BadVersion,
                Reason::MissingExtension,
                Reason::ExtendedKeyUsage,
            ],
            |recipe, position| without_extensions(recipe, position, Version::V1),
        )
    },
    Defect {
        severity: Severity::Critical,
        positions: &[Position::Intermediate],
        vulnerabilities: &["CVE-2014-1959"],
        ..defect(
            "encoding/version-1-issuer",
            "the issuer is of version 1",
            "A version 1 certificate cannot say that it is a CA, so it is none. GnuTLS took version 1 intermediates for \
             CAs by default (CVE-2014-1959), which made every holder of an old certificate a CA.",
            "RFC 5280 section 6.1.4 (k)",
            &[Reason::NotACa, Reason::BadVersion],
            |recipe, position| without_extensions(recipe, position, Version::V1),
        )
    },
    Defect {
        severity: Severity::Critical,
        positions: &[Position::Intermediate],
        ..defect(
            "encoding/version-2-issuer",
            "the issuer is of version 2",
            "Version 2 has no extensions either, so it cannot say that it is a CA. A verifier whose exception for old \
             roots asks for \"below 3\" lets it through.",
            "RFC 5280 section 6.1.4 (k)",
            &[Reason::NotACa, Reason::BadVersion],
            |recipe, position| without_extensions(recipe, position, Version::V2),
        )
    },
    defect(
        "encoding/version-4",
        "the version is 4",
        "There is no version 4. A reader that treats what is above 3 like 3 will misread whatever version 4 may come to \
         mean.",
        VERSION,
        UNKNOWN_VERSION,
        |recipe, position| set_version(recipe, position, vec![tag::INTEGER, 1, 3]),
    ),
    defect(
        "encoding/version-258",
        "the version is 258, whose last octet is that of version 3",
        "The number is 0102. A reader that keeps the version in one octet sees 02, which means version 3, and reads \
         extensions that a stricter one never gets to.",
        VERSION,
        UNKNOWN_VERSION,
        |recipe, position| set_version(recipe, position, vec![tag::INTEGER, 2, 1, 2]),
    ),
    defect(
        "encoding/negative-version",
        "the version is -1",
        "A negative number is below every known version, and above all of them in an unsigned variable. \
         Either way the rules for extensions and unique identifiers are chosen by a number that nobody meant.",
        VERSION,
        UNKNOWN_VERSION,
        |recipe, position| set_version(recipe, position, vec![tag::INTEGER, 1, 0xff]),
    ),
    defect(
        "encoding/version-of-nine-octets",
        "the version is 2 to the power of 64, and 2",
        "The number has nine octets. A reader that shifts them into 64 bits loses the first and sees 2, which means \
         version 3.",
        VERSION,
        UNKNOWN_VERSION,
        |recipe, position| {
            set_version(
                recipe,
                position,
                vec![tag::INTEGER, 9, 1, 0, 0, 0, 0, 0, 0, 0, 2],
            )
        },
    ),
    Defect {
        clause: "RFC 5280 section 4.1.2.1; X.690 sections 8.3 and 11.5",
        ..defect(
            "encoding/padded-version",
            "the version has a leading zero that it does not need",
            "Not even BER allows the padding. A reader that takes the first octet for the number sees version 1, and with it \
             a certificate that may have no extensions.",
            VERSION,
            UNKNOWN_VERSION,
            |recipe, position| set_version(recipe, position, vec![tag::INTEGER, 2, 0, 2]),
        )
    },
    Defect {
        clause: "RFC 5280 sections 4.1.2.1 and 4.1.2.9; X.690 section 11.5",
        reasons: &[
            Reason::MalformedDer,
            Reason::BadVersion,
            Reason::ExtensionsInOldVersion,
        ],
        ..defect(
            "encoding/version-1-written-out",
            "version 1 is written out, and extensions follow",
            "Version 1 is the default, and DER leaves defaults out. A reader that asks only whether the field is there takes \
             it for a sign that extensions may follow.",
            VERSION,
            UNKNOWN_VERSION,
            |recipe, position| set_version(recipe, position, vec![tag::INTEGER, 1, 0]),
        )
    },
    Defect {
        reasons: &[
            Reason::MalformedDer,
            Reason::BadVersion,
            Reason::TrailingData,
        ],
        clause: DER,
        ..defect(
            "encoding/two-versions",
            "the version field holds two numbers",
            "3 and then 1. An explicitly tagged field holds one element; a reader that takes the first and goes on where \
             the field ends never sees the second.",
            VERSION,
            UNKNOWN_VERSION,
            |recipe, position| {
                set_version(
                    recipe,
                    position,
                    vec![tag::INTEGER, 1, 2, tag::INTEGER, 1, 0],
                )
            },
        )
    },
    lint(Defect {
        positions: END_ENTITY,
        // In version 1 alone they stand without extensions, and a service needs those.
        reasons: &[
            Reason::BadVersion,
            Reason::MalformedDer,
            Reason::ExtensionsInOldVersion,
        ],
        ..defect(
            "encoding/unique-identifiers-in-version-1",
            "a certificate of version 1 has unique identifiers, and extensions",
            "Both came later than version 1. A reader that looks at tags and not at the version takes what the version cannot \
             hold.",
            "RFC 5280 section 4.1.2.8",
            &[Reason::BadVersion],
            |recipe, position| {
                let certificate = certificate_at(recipe, position)?;
                certificate.version = Version::V1;
                let octets = HexBytes(vec![0x5a; 8]);
                certificate.unique_identifiers = vec![UniqueIdentifier::Subject(octets)];
                Ok(())
            },
        )
    }),
    lint(Defect {
        positions: END_ENTITY,
        ..defect(
            "encoding/unique-identifiers",
            "issuer and subject have unique identifiers",
            "A relic of 1993, for names that were given to somebody else later. RFC 5280 forbids it to CAs and lets \
             verifiers read it, so only strict profiles refuse it.",
            "RFC 5280 section 4.1.2.8",
            &[Reason::MalformedDer, Reason::BadVersion],
            |recipe, position| {
                let octets = || HexBytes(vec![0x5a; 8]);
                certificate_at(recipe, position)?.unique_identifiers = vec![
                    UniqueIdentifier::Issuer(octets()),
                    UniqueIdentifier::Subject(octets()),
                ];
                Ok(())
            },
        )
    }),
];

fn set_version(recipe: &mut Recipe, position: Position, element: Vec<u8>) -> Result<(), Unfit> {
    edit_signed_part(recipe, position, "[0]", Change::SetBody(HexBytes(element)))
}

/// An older version, with nothing that it does not have.
fn without_extensions(
    recipe: &mut Recipe,
    position: Position,
    version: Version,
) -> Result<(), Unfit> {
    let certificate = certificate_at(recipe, position)?;
    certificate.version = version;
    certificate.extensions.clear();
    Ok(())
}
