//! Strings in the subject that are not strings of their type.
//!
//! Verifiers compare and show names, or pass them to what decides on access.
//! Path validation itself need not read an end entity's subject, so these are
//! for strict readers.

use super::{END_ENTITY, defect, lint};
use crate::{
    defect::{Defect, Position, Step, Unfit, certificate_at, change::edit_signed_part},
    der::{Change, HexBytes, tag},
    recipe::{Attribute, AttributeKind, Recipe},
    verdict::Reason,
};

const fn text(id: &'static str, summary: &'static str, page: &'static str, spoil: Step) -> Defect {
    lint(Defect {
        positions: END_ENTITY,
        prepare: |recipe, position| {
            let unit = Attribute::new(AttributeKind::OU, "Unit");
            certificate_at(recipe, position)?.subject.0.push(unit);
            Ok(())
        },
        ..defect(
            id,
            summary,
            page,
            "RFC 5280 section 4.1.2.4; X.690 section 8.23",
            &[Reason::MalformedName, Reason::MalformedDer],
            spoil,
        )
    })
}

/// Defects of text.
pub(super) const TEXTS: &[Defect] = &[
    text(
        "encoding/printable-string-with-at-sign",
        "a PrintableString holds an at sign and an asterisk",
        "PrintableString has letters, digits and a few signs, and these are none of them. Old CAs wrote mail addresses \
         so; strict readers refuse them, and gateways that replace the letter change the name.",
        |recipe, position| set_unit(recipe, position, tag::PRINTABLE_STRING, b"*@unit"),
    ),
    text(
        "encoding/utf8-string-cut-short",
        "a UTF8String ends inside a character",
        "The first octet of a character of two stands at the end. A converter that reads the second without looking \
         reads past the string.",
        |recipe, position| set_unit(recipe, position, tag::UTF8_STRING, b"Unit\xc3"),
    ),
    text(
        "encoding/utf8-string-overlong",
        "a UTF8String writes a slash in two octets",
        "c0 af is a slash to decoders that do not check for the shortest form. Filters that look for the slash itself do \
         not see it.",
        |recipe, position| set_unit(recipe, position, tag::UTF8_STRING, b"Unit\xc0\xaf"),
    ),
    text(
        "encoding/bmp-string-of-odd-length",
        "a BMPString has an odd number of octets",
        "Every character has two octets, so half a character is left. A loop that steps by two and ends on equality does \
         not end.",
        |recipe, position| set_unit(recipe, position, tag::BMP_STRING, b"\0U\0n\0"),
    ),
    text(
        "encoding/universal-string-of-odd-length",
        "a UniversalString has seven octets",
        "Every character has four octets, so a part of one is left over, and a converter that counts characters by rounding \
         up reads past the end.",
        |recipe, position| set_unit(recipe, position, tag::UNIVERSAL_STRING, b"\0\0\0U\0\0\0"),
    ),
    text(
        "encoding/ia5-string-beyond-ascii",
        "an IA5String holds an octet above 7f",
        "IA5 is ASCII. What the octet means depends on the reader's code page, and so does whether two names are \
         equal. A CA that shows the name to an operator and a verifier that compares it can each see another one.",
        |recipe, position| set_unit(recipe, position, tag::IA5_STRING, b"Unit\xe9"),
    ),
    text(
        "encoding/empty-string",
        "an attribute of the subject is an empty string",
        "Strings in names have at least one character. An empty one joins to a text form in which an attribute is \
         missing or two commas meet.",
        |recipe, position| set_unit(recipe, position, tag::UTF8_STRING, b""),
    ),
    text(
        "encoding/number-for-a-string",
        "an attribute of the subject is an INTEGER",
        "The value of an organizational unit is a string of one of five types. A reader that shows any octets as text \
         shows what it should refuse.",
        |recipe, position| set_unit(recipe, position, tag::INTEGER, b"\x07"),
    ),
    text(
        "encoding/empty-relative-name",
        "a relative name of the subject is an empty SET",
        "A relative name has at least one attribute. Code that takes the first of each must look whether there is one. \
         Names are also compared attribute by attribute, and two empty ones are equal to each other.",
        |recipe, position| {
            // Before all others, which stay: a constraint may be about one of them.
            let empty = Change::InsertBefore(HexBytes(vec![tag::SET, 0]));
            edit_signed_part(recipe, position, "5/0", empty)
        },
    ),
];

/// Puts another string in the place of the last attribute's.
fn set_unit(recipe: &mut Recipe, position: Position, tag: u8, octets: &[u8]) -> Result<(), Unfit> {
    let element = [&[tag, octets.len() as u8], octets].concat();
    let replaced = Change::Replace(HexBytes(element));
    edit_signed_part(recipe, position, "5/-1/0/1", replaced)
}
