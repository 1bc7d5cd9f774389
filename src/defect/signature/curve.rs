//! ECDSA and Ed25519: numbers out of range and DER that is not.

use super::{
    BAD, defect, edited, flawed, issuer_has, issuer_has_curve, issuer_has_edwards, issuer_kind,
};
use crate::{
    defect::{Class, Defect, Position, Severity, Unfit},
    der::Change,
    recipe::{KeyAlgorithm, Recipe, SignatureFlaw},
};

const fn ecdsa(defect: Defect) -> Defect {
    Defect {
        clause: "FIPS 186-5 section 6.4.2; RFC 3279 section 2.2.3",
        reasons: BAD,
        prepare: issuer_has_curve,
        ..defect
    }
}

const fn eddsa(defect: Defect) -> Defect {
    Defect {
        clause: "RFC 8032 section 5.1.7",
        reasons: BAD,
        prepare: issuer_has_edwards,
        ..defect
    }
}

/// r and s inside the signature's BIT STRING.
const R: &str = "2/>/0/0";
const S: &str = "2/>/0/1";

fn body(recipe: &mut Recipe, position: Position, path: &str, octets: &[u8]) -> Result<(), Unfit> {
    edited(recipe, position, path, Change::SetBody(octets.into()))
}

/// The order of the group of the issuer's curve, as the body of an INTEGER.
fn order(recipe: &mut Recipe, position: Position) -> Result<&'static [u8], Unfit> {
    Ok(match issuer_kind(recipe, position)? {
        KeyAlgorithm::P384 => &[
            0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81,
            0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec,
            0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
        ],
        _ => &[
            0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
            0x25, 0x51,
        ],
    })
}

pub(super) const DEFECTS: &[Defect] = &[
    ecdsa(Defect {
        vulnerabilities: &["CVE-2022-21449"],
        ..defect(
            "signature/ecdsa-zeros",
            "r and s are zero",
            "With r and s of zero the equation of ECDSA holds for every message and key, once the inverse of zero is \
             calculated as zero. The standard's first step is to refuse numbers outside 1 to n-1; Java 15 to 18 left it out.",
            |recipe, position| {
                body(recipe, position, R, &[0])?;
                body(recipe, position, S, &[0])
            },
        )
    }),
    ecdsa(defect(
        "signature/ecdsa-r-zero",
        "r is zero",
        "The range of r is checked before anything is calculated. With s left true the zero shows whether each number is \
         checked or only both together.",
        |recipe, position| body(recipe, position, R, &[0]),
    )),
    ecdsa(defect(
        "signature/ecdsa-s-zero",
        "s is zero",
        "Zero has no inverse. A library that calculates one by raising to a power gets zero, and goes on. \
         Java 15 to 18 did, and took r and s of zero for a signature of everything (CVE-2022-21449).",
        |recipe, position| body(recipe, position, S, &[0]),
    )),
    ecdsa(defect(
        "signature/ecdsa-order",
        "r and s are the order of the group",
        "The order is zero to the arithmetic and not to a comparison with zero. It walks around a fix that only compares with \
         zero.",
        |recipe, position| {
            let order = order(recipe, position)?;
            body(recipe, position, R, order)?;
            body(recipe, position, S, order)
        },
    )),
    ecdsa(defect(
        "signature/ecdsa-r-plus-order",
        "r is a true one plus the order of the group",
        "Modulo the order it is the same number. A verifier that reduces it instead of refusing gives each signature a second \
         encoding.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::EcdsaRPlusOrder),
    )),
    ecdsa(defect(
        "signature/ecdsa-s-plus-order",
        "s is a true one plus the order of the group",
        "As for r: s must be refused when it is not below the order, and arithmetic that reduces first never notices. \
         It gives one signature two encodings.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::EcdsaSPlusOrder),
    )),
    ecdsa(defect(
        "signature/ecdsa-ones",
        "r and s are one",
        "The smallest numbers in range. With them the equation asks for a point that only a special key has, and any library \
         that passes them has skipped the equation.",
        |recipe, position| {
            body(recipe, position, R, &[1])?;
            body(recipe, position, S, &[1])
        },
    )),
    ecdsa(defect(
        "signature/ecdsa-negative",
        "s lacks the zero octet that makes it positive",
        "An INTEGER whose first bit is set is negative. Software that writes numbers as they lie in memory makes such \
         signatures half of the time, and software that reads them so gives each signature two forms.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::EcdsaNegative),
    )),
    ecdsa(Defect {
        class: Class::Policy,
        severity: Severity::Low,
        ..defect(
            "signature/ecdsa-minus-one",
            "r is the INTEGER minus one",
            "Negative in value as in form. A library that takes the absolute value, or the octets as they are, reads a number in \
             range.",
            |recipe, position| body(recipe, position, R, &[0xff]),
        )
    }),
    ecdsa(Defect {
        class: Class::Policy,
        severity: Severity::Low,
        ..defect(
            "signature/ecdsa-padded-numbers",
            "r has a zero octet that it does not need",
            "The number is right and its DER is not. Wycheproof tests it since 2017, because signatures that can be respelt break \
             whoever uses them as names.",
            |recipe, position| flawed(recipe, position, SignatureFlaw::EcdsaPadded),
        )
    }),
    ecdsa(Defect {
        class: Class::Policy,
        severity: Severity::Low,
        ..defect(
            "signature/ecdsa-long-length",
            "the length of the signature's SEQUENCE is in long form",
            "BER in the place of DER. The numbers are right; whoever accepts it has a BER parser behind its signatures. \
         A signature that can be written in two ways cannot be used to tell two messages apart.",
            |recipe, position| edited(recipe, position, "2/>/0", Change::PadLength(1)),
        )
    }),
    ecdsa(Defect {
        class: Class::Policy,
        severity: Severity::Low,
        ..defect(
            "signature/ecdsa-indefinite-length",
            "the signature's SEQUENCE has indefinite length",
            "BER with a marker at the end in the place of a length. Nothing that verifies certificates has any use for it. \
         A reader that looks for the marker in what an attacker wrote has been told where to stop.",
            |recipe, position| edited(recipe, position, "2/>/0", Change::IndefiniteLength),
        )
    }),
    ecdsa(defect(
        "signature/ecdsa-third-number",
        "a third INTEGER follows r and s",
        "The structure holds two numbers. A third is room for anything, and the signature has as many encodings as there are \
         third numbers.",
        |recipe, position| {
            edited(
                recipe,
                position,
                S,
                Change::InsertAfter(vec![2, 1, 7].into()),
            )
        },
    )),
    ecdsa(defect(
        "signature/ecdsa-one-number",
        "s is missing",
        "r alone. A parser that reads the second number into a variable which keeps its old value compares with whatever was \
         verified before.",
        |recipe, position| edited(recipe, position, S, Change::Remove),
    )),
    ecdsa(defect(
        "signature/ecdsa-octet-string",
        "s is an OCTET STRING",
        "The octets are right and the tag is not. A parser that skips tags reads a true signature. \
         BER readers that were written for one input are where tags are skipped.",
        |recipe, position| edited(recipe, position, S, Change::SetTag(4)),
    )),
    ecdsa(defect(
        "signature/ecdsa-flat",
        "r and s side by side, without DER",
        "The form of IEEE P1363, which JSON Web Signatures and PKCS #11 use. X.509 wants DER, and a verifier that takes both \
         forms can be confused about which it has.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::EcdsaFlat),
    )),
    Defect {
        reasons: BAD,
        prepare: |recipe, position| {
            issuer_has(recipe, position, KeyAlgorithm::P521, |kind| {
                kind == KeyAlgorithm::P521
            })
        },
        ..defect(
            "signature/p521-bit-flipped",
            "one bit of a signature by a CA with a key on P-521 is flipped",
            "The coordinates have 66 octets, the first of which is one bit, and the signature is long enough for a length of \
             two octets. The twin shows whether a verifier can do all that; the hostile certificate, whether it then \
             compares.",
            |recipe, position| edited(recipe, position, "2", Change::FlipBit(8 * 90)),
        )
    },
    eddsa(defect(
        "signature/ed25519-plus-order",
        "S of an Ed25519 signature is a true one plus the order of the group",
        "RFC 8032 demands that S be below the order. Early libraries did not check, so that anybody could make a second \
         signature from a first.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::EddsaPlusOrder),
    )),
    eddsa(defect(
        "signature/ed25519-zeros",
        "an Ed25519 signature with R the neutral point and S zero",
        "With a key of small order this verifies for many messages. With an honest key it must never; it is here to be seen \
         refused for the signature's sake.",
        |recipe, position| {
            let mut octets = vec![0, 1];
            octets.resize(65, 0);
            body(recipe, position, "2", &octets)
        },
    )),
];
