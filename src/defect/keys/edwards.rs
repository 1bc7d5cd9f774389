//! Ed25519 keys that are no points, points of small order, and points spelt in two ways.

use super::{invalid, octets, written};
use crate::{
    defect::{Class, Defect, Position, Severity, Unfit},
    der::{Oid, oid},
    recipe::Recipe,
    verdict::Clause,
};

/// What defines a key of this kind.
const CLAUSE: Clause = "RFC 8032 section 5.1.3; RFC 8410 section 4";
/// A key is a multiple of the base point, and none of these is one.
const SMALL_ORDER: Clause = "RFC 8032 section 5.1.5";

fn point(recipe: &mut Recipe, position: Position, digits: &str) -> Result<(), Unfit> {
    written(recipe, position, (&oid::ED25519, &[]), &octets(digits))
}

const X25519: Oid = Oid::known(&[0x2b, 0x65, 0x6e]);
/// The base point (RFC 8032 section 5.1).
const BASE: &str = "5866666666666666666666666666666666666666666666666666666666666666";

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        severity: Severity::High,
        ..invalid(
            SMALL_ORDER,
            "keys/ed25519-neutral",
            "the neutral point for an Ed25519 key",
            "With this key one signature verifies for every message under the plain equation of RFC 8032: anybody can sign as its \
             holder. Whoever checks that a key times the order is the neutral point asks for more than that, and \
             OpenSSL-based servers were seen to admit it.",
            |recipe, position| point(recipe, position, &["01", &"00".repeat(31)].concat()),
        )
    },
    invalid(
        SMALL_ORDER,
        "keys/ed25519-order-two",
        "the point of order two for an Ed25519 key",
        "Twice this point is the neutral one, so half of all messages verify under one signature. \
         An attacker tries two messages, or two nonces of a handshake, and has his proof.",
        |recipe, position| point(recipe, position, &["ec", &"ff".repeat(30), "7f"].concat()),
    ),
    invalid(
        SMALL_ORDER,
        "keys/ed25519-order-four",
        "a point of order four for an Ed25519 key",
        "All octets zero: the key of a buffer that was never written, and a point of order four. One message in four verifies.",
        |recipe, position| point(recipe, position, &"00".repeat(32)),
    ),
    invalid(
        SMALL_ORDER,
        "keys/ed25519-order-eight",
        "a point of order eight for an Ed25519 key",
        "The cofactor of the curve is eight and this point has no part in the group of prime order. Lists of small points that \
         hold only the obvious ones miss it.",
        |recipe, position| {
            point(
                recipe,
                position,
                "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            )
        },
    ),
    Defect {
        severity: Severity::Low,
        ..invalid(
            CLAUSE,
            "keys/ed25519-not-canonical",
            "an Ed25519 key whose y is not reduced",
            "The octets are those of y = 3 plus the prime. RFC 8032 says that decoding fails; libraries that reduce instead give \
             the point a second spelling.",
            |recipe, position| point(recipe, position, &["f0", &"ff".repeat(30), "7f"].concat()),
        )
    },
    invalid(
        CLAUSE,
        "keys/ed25519-no-point",
        "an Ed25519 key that decodes to no point",
        "For y = 2 there is no x. Decoding must fail; a library that goes on with the square root it did not find calculates on \
         no curve.",
        |recipe, position| point(recipe, position, &["02", &"00".repeat(31)].concat()),
    ),
    invalid(
        CLAUSE,
        "keys/ed25519-short",
        "an Ed25519 key of 31 octets",
        "One octet is missing. Code that copies 32 takes the last from whatever lies behind, and two machines may read two keys.",
        |recipe, position| point(recipe, position, &BASE[..62]),
    ),
    invalid(
        CLAUSE,
        "keys/ed25519-long",
        "an Ed25519 key of 33 octets",
        "One octet too many. Cut off, it leaves a good key, and the certificate has 256 spellings. \
         Blocklists and pins of the key's octets miss every one of them.",
        |recipe, position| point(recipe, position, &[BASE, "00"].concat()),
    ),
    Defect {
        class: Class::Lint,
        severity: Severity::Info,
        ..invalid(
            "RFC 8410 section 3",
            "keys/ed25519-parameters-null",
            "an Ed25519 key with NULL for parameters",
            "RFC 8410 demands that the parameters be absent, because software for RSA writes NULL everywhere. \
         Most libraries compare the algorithm's octets as a whole and refuse it; those that parse it take it.",
            |recipe, position| written(recipe, position, (&oid::ED25519, &[5, 0]), &octets(BASE)),
        )
    },
    invalid(
        "RFC 8410 section 5; RFC 8446 section 4.4.2.2",
        "keys/x25519",
        "an X25519 key, which cannot sign",
        "The key is for agreement. It has as many octets as an Ed25519 key, and a verifier that goes by length takes it for one.",
        |recipe, position| {
            let nine = octets(&["09", &"00".repeat(31)].concat());
            written(recipe, position, (&X25519, &[]), &nine)
        },
    ),
];
