//! Extensions that are not built as `SEQUENCE { OBJECT IDENTIFIER, BOOLEAN DEFAULT FALSE, OCTET STRING }`.
//!
//! The extension is one that nobody knows and is not critical, so that nothing
//! but its structure is wrong.

use super::{END_ENTITY, add_unknown, defect};
use crate::{
    defect::{
        Defect, Position, Severity, Step, Unfit,
        change::{UNKNOWN, edit_extension, edit_signed_part},
    },
    der::{Change, HexBytes, tag},
    question::Purpose,
    recipe::Recipe,
    verdict::Reason,
};

const fn structure(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        severity: Severity::Low,
        prepare: add_unknown,
        ..defect(
            id,
            summary,
            page,
            "RFC 5280 section 4.1",
            &[
                Reason::MalformedDer,
                Reason::MalformedExtension,
                Reason::TrailingData,
            ],
            spoil,
        )
    }
}

/// Defects of structure.
pub(super) const STRUCTURES: &[Defect] = &[
    Defect {
        // Without extensions a server has no name, which would be a second defect.
        positions: END_ENTITY,
        purposes: &[Purpose::Client],
        reasons: &[
            Reason::MalformedExtension,
            Reason::MalformedDer,
            Reason::MissingExtension,
            Reason::ExtendedKeyUsage,
        ],
        ..structure(
            "extensions/empty-list",
            "the field extensions is present and has none",
            "At least one extension must stand in the field, or the field must be absent. Nothing is lost if a reader \
             takes it for absent, except that one certificate has two encodings.",
            |recipe, position| {
                edit_signed_part(
                    recipe,
                    position,
                    "[3]/0",
                    Change::SetBody(HexBytes::default()),
                )
            },
        )
    },
    structure(
        "extensions/empty-extension",
        "an extension is an empty SEQUENCE",
        "It has neither identifier nor value. A reader that goes on to the next extension has skipped one without \
         knowing whether it was critical.",
        |recipe, position| change(recipe, position, "", Change::SetBody(HexBytes::default())),
    ),
    structure(
        "extensions/extension-without-value",
        "an extension has an identifier and no value",
        "The OCTET STRING is not optional. A reader that hands an empty value to whoever knows the identifier starts a \
         parser on nothing.",
        |recipe, position| change(recipe, position, "-1", Change::Remove),
    ),
    structure(
        "extensions/extension-with-two-values",
        "an extension has a second OCTET STRING",
        "Which of the two is the value depends on whether a reader takes the first or the last. Nothing may follow the \
         value.",
        |recipe, position| change(recipe, position, "-1", Change::Duplicate),
    ),
    structure(
        "extensions/value-as-bit-string",
        "the value of an extension is a BIT STRING",
        "The value must be an OCTET STRING. A reader that does not look at the tag takes the count of unused bits for \
         the first octet of the value.",
        |recipe, position| change(recipe, position, "-1", Change::SetTag(tag::BIT_STRING)),
    ),
    structure(
        "extensions/identifier-of-no-octets",
        "the identifier of an extension is empty",
        "An OBJECT IDENTIFIER has at least one octet. An empty one is a prefix of every other, so that a comparison up to \
         the shorter length finds any extension.",
        |recipe, position| change(recipe, position, "0", Change::SetBody(HexBytes::default())),
    ),
    structure(
        "extensions/identifier-padded",
        "the identifier of an extension has a leading 80 in one arc",
        "An arc may not begin with the octet 80, which adds nothing to its number. Readers that compute arcs see the \
         same identifier as in the twin, those that compare octets another one.",
        |recipe, position| {
            let padded = [&UNKNOWN.as_bytes()[..5], &[0x80], &UNKNOWN.as_bytes()[5..]].concat();
            change(recipe, position, "0", Change::SetBody(HexBytes(padded)))
        },
    ),
    structure(
        "extensions/critical-as-integer",
        "the critical flag of an extension is an INTEGER",
        "Only a BOOLEAN may stand between identifier and value. A reader that skips whatever it does not expect loses \
         the mark that says who must refuse.",
        |recipe, position| {
            let flag = HexBytes(vec![tag::INTEGER, 1, 1]);
            change(recipe, position, "0", Change::InsertAfter(flag))
        },
    ),
    Defect {
        reasons: &[
            Reason::MalformedDer,
            Reason::MalformedExtension,
            // Of whoever reads on and takes the flag for TRUE: nobody knows the extension.
            Reason::UnknownCriticalExtension,
        ],
        ..structure(
            "extensions/critical-of-two-octets",
            "the critical flag of an extension is a BOOLEAN of two octets",
            "A BOOLEAN has one octet. Of 00 FF one reader sees the first and takes the extension for not critical, \
             another the last.",
            |recipe, position| {
                let flag = HexBytes(vec![tag::BOOLEAN, 2, 0, 0xff]);
                change(recipe, position, "0", Change::InsertAfter(flag))
            },
        )
    },
];

fn change(
    recipe: &mut Recipe,
    position: Position,
    path: &str,
    change: Change,
) -> Result<(), Unfit> {
    edit_extension(recipe, position, &UNKNOWN, path, change)
}
