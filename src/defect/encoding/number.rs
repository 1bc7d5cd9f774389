//! Serial numbers, and other INTEGERs that are not written as they must be.

use super::{defect, lint};
use crate::{
    defect::{
        Defect, Position, Unfit, certificate_at,
        change::{edit_extension, extension_at},
    },
    der::{Change, HexBytes, oid, tag},
    recipe::{ExtensionValue, Recipe},
    verdict::{Clause, Reason},
};

const SERIAL: Clause = "RFC 5280 section 4.1.2.2";
const INTEGER: Clause = "X.690 section 8.3; RFC 5280 section 4.1";

/// Defects of numbers.
pub(super) const NUMBERS: &[Defect] = &[
    lint(defect(
        "encoding/zero-serial",
        "the serial number is zero",
        "Zero is what a CA writes that has forgotten to choose a number, and then every certificate has it. RFC 5280 \
         forbids it to CAs and asks verifiers to bear with it, so only a profile refuses it.",
        SERIAL,
        &[Reason::BadSerial],
        |recipe, position| set_serial(recipe, position, vec![0]),
    )),
    lint(defect(
        "encoding/negative-serial",
        "the serial number is negative",
        "A number with its top bit set is negative in DER. CAs that copied random octets without the leading zero \
         have issued such, and readers that drop the sign confuse it with another certificate's on a revocation list.",
        SERIAL,
        &[Reason::BadSerial],
        |recipe, position| {
            let mut serial = certificate_at(recipe, position)?.serial.0.clone();
            if let Some(first) = serial.first_mut() {
                *first |= 0x80;
            }
            set_serial(recipe, position, serial)
        },
    )),
    lint(defect(
        "encoding/serial-of-21-octets",
        "the serial number has 21 octets",
        "Verifiers must handle 20 octets, and many keep room for just these. A longer number is cut off somewhere, \
         and then the revocation list no longer finds it.",
        SERIAL,
        &[Reason::BadSerial],
        |recipe, position| set_serial(recipe, position, vec![0x5a; 21]),
    )),
    lint(defect(
        "encoding/serial-of-a-thousand-octets",
        "the serial number has a thousand octets",
        "No verifier has to handle it, and none may fall over it. Software that prints serial numbers in decimal spends \
         quadratic time on it.",
        SERIAL,
        &[Reason::BadSerial, Reason::BudgetExceeded],
        |recipe, position| set_serial(recipe, position, vec![0x5a; 1_000]),
    )),
    defect(
        "encoding/padded-serial",
        "the serial number has a leading zero that it does not need",
        "Not even BER allows the padding. Two encodings of one number mean that a list which holds one does not hold the \
         other.",
        INTEGER,
        &[Reason::MalformedDer, Reason::BadSerial],
        |recipe, position| {
            let serial = certificate_at(recipe, position)?.serial.0.clone();
            set_serial(recipe, position, [&[0], serial.as_slice()].concat())
        },
    ),
    defect(
        "encoding/serial-of-no-octets",
        "the serial number is an INTEGER of no octets",
        "An INTEGER has at least one octet. A reader that looks at the first for the sign reads what follows, and one \
         that computes the number gets zero.",
        INTEGER,
        &[Reason::MalformedDer, Reason::BadSerial],
        |recipe, position| set_serial(recipe, position, Vec::new()),
    ),
    Defect {
        positions: &[Position::Intermediate],
        prepare: |recipe, position| {
            extension_at(recipe, position, &oid::BASIC_CONSTRAINTS)?.value =
                ExtensionValue::BasicConstraints {
                    ca: true,
                    path_length: Some(9),
                };
            Ok(())
        },
        ..defect(
            "encoding/padded-path-length",
            "pathLenConstraint has a leading zero that it does not need",
            "Not even BER allows the padding. The number stays the same; a reader that is so lenient here is likely to be \
             lenient where it matters.",
            INTEGER,
            &[
                Reason::MalformedExtension,
                Reason::MalformedDer,
                Reason::UnknownIssuer,
            ],
            |recipe, position| {
                let padded = Change::Replace(HexBytes(vec![tag::INTEGER, 2, 0, 9]));
                edit_extension(
                    recipe,
                    position,
                    &oid::BASIC_CONSTRAINTS,
                    "-1/>/0/1",
                    padded,
                )
            },
        )
    },
];

fn set_serial(recipe: &mut Recipe, position: Position, octets: Vec<u8>) -> Result<(), Unfit> {
    certificate_at(recipe, position)?.serial = HexBytes(octets);
    Ok(())
}
