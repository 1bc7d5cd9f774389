//! Keys on elliptic curves: points that are none, curves that nobody agreed on.

use super::{edited, foreign, generator, has_key, invalid, named_curve, octets, weak, written};
use crate::{
    defect::{
        Class, Defect, Position, Severity, Unfit, certificate_at, change::without_crls, label_at,
    },
    der::{Change, Oid, oid},
    recipe::{KeyAlgorithm, PublicKeyForm, Recipe, SignatureFlaw},
    verdict::{Clause, Reason},
};

/// What defines a sound key of this kind.
const CLAUSE: Clause = "SEC 1 section 3.2.2.1; RFC 5480 section 2.2";

/// The generator of P-256 (SEC 2 section 2.4.2): a point whose private key is one.
const X: &str = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
const Y: &str = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
/// The field of P-256.
const FIELD: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
/// ECParameters of P-256 (RFC 3279 section 2.3.5): field, curve, generator, order, cofactor.
const EXPLICIT: &str = "3081e0020101302c06072a8648ce3d0101022100ffffffff00000001000000000000000000000000ffffffffffffffffffffffff\
    30440420ffffffff00000001000000000000000000000000fffffffffffffffffffffffc04205ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b\
    0441046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5\
    022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551020101";
/// The generators of P-192 and secp256k1 (SEC 2 sections 2.2.2 and 2.4.1), without compression.
const ON_P192: &str = "04188da80eb03090f67cbf20eb43a18800f4ff0afd82ff101207192b95ffc8da78631011ed6b24cdd573f977a11e794811";
const ON_SECP256K1: &str = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
    483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
/// The generators of P-224 (SEC 2 section 2.3.2) and brainpoolP256r1 (RFC 5639 section 3.4).
const ON_P224: &str = "04b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21\
    bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34";
const ON_BRAINPOOL: &str = "048bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262\
    547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997";
/// Parameters over the composite 697 with a compressed generator, on which a square root never ends.
const ENDLESS: &str =
    "3027020101300d06072a8648ce3d0101020202b93008040202b8040200170403020008020105020102";

const fn on_p256(defect: Defect) -> Defect {
    Defect {
        prepare: |recipe, position| has_key(recipe, position, KeyAlgorithm::P256),
        ..defect
    }
}

/// An end entity's key on P-256 with these octets for a point.
fn point(recipe: &mut Recipe, position: Position, digits: &[&str]) -> Result<(), Unfit> {
    written(
        recipe,
        position,
        (&oid::EC_PUBLIC_KEY, &named_curve(&oid::P256)),
        &octets(&digits.concat()),
    )
}

/// An end entity's key on P-256 whose point is the generator, in these octets.
fn of_one(recipe: &mut Recipe, position: Position, digits: &[&str]) -> Result<(), Unfit> {
    let point = octets(&digits.concat());
    generator(recipe, position, &named_curve(&oid::P256), &point, 32)
}

/// The identifiers of keys for Diffie-Hellman on curves alone (RFC 5480), of secp224k1
/// (SEC 2 appendix A.2), and of a curve that nobody has defined.
const EC_DH: Oid = Oid::known(&[0x2b, 0x81, 4, 1, 12]);
const SECP224K1: Oid = Oid::known(&[0x2b, 0x81, 4, 0, 0x20]);
const NO_CURVE: Oid = Oid::known(&[0x2b, 0x81, 4, 0, 0x7f]);

pub(super) const DEFECTS: &[Defect] = &[
    on_p256(invalid(
        CLAUSE,
        "keys/point-off-curve",
        "a point that is not on its curve",
        "The last bit of y is flipped. Arithmetic goes on with such a point, on another curve whose group may be weak; that is \
         how private keys of TLS servers were drawn out in 2015. A key must be validated before it is used.",
        |recipe, position| edited(recipe, position, "1", Change::FlipBit(8 * 66 - 1)),
    )),
    on_p256(invalid(
        CLAUSE,
        "keys/point-at-infinity",
        "the point at infinity for a key",
        "The neutral element is the one octet zero. For it the private key is zero, and everything that is multiplied by it is \
         lost.",
        |recipe, position| point(recipe, position, &["00"]),
    )),
    on_p256(invalid(
        CLAUSE,
        "keys/point-of-zeros",
        "a point with both coordinates zero",
        "A buffer that was never written. It is not on P-256, though some libraries use it inside for infinity. \
         An addition formula that meets it takes it for the neutral element and verifies something else than was signed.",
        |recipe, position| point(recipe, position, &["04", &"00".repeat(64)]),
    )),
    on_p256(invalid(
        CLAUSE,
        "keys/point-coordinate-too-large",
        "a point whose x is the field's prime",
        "Coordinates lie below the prime. One that does not is reduced by careless arithmetic, so that a point has two \
         encodings.",
        |recipe, position| point(recipe, position, &["04", FIELD, Y]),
    )),
    on_p256(invalid(
        CLAUSE,
        "keys/point-truncated",
        "a point whose last octet is missing",
        "64 octets in the place of 65. Code that splits the rest in two halves reads two wrong coordinates. \
         The length of a point follows from its curve, and is the first thing to look at.",
        |recipe, position| edited(recipe, position, "1", Change::Truncate(65)),
    )),
    on_p256(invalid(
        CLAUSE,
        "keys/point-trailing-octet",
        "an octet after the point",
        "One octet more than the form says. Read with a length that is taken from elsewhere, it is another point. \
         Verifiers that compare keys by octets and those that compare points then disagree on whether two are the same.",
        |recipe, position| edited(recipe, position, "1", Change::Append(vec![0].into())),
    )),
    on_p256(invalid(
        CLAUSE,
        "keys/point-empty",
        "no octets for a key",
        "The BIT STRING is empty. The first octet, which tells the form, is read from beyond it. \
         It is the shortest key there is, and finds every reader that indexes before it measures.",
        |recipe, position| point(recipe, position, &[]),
    )),
    on_p256(Defect {
        clause: "RFC 5480 section 2.2",
        class: Class::Lint,
        severity: Severity::Info,
        reasons: super::NOT_TAKEN,
        ..invalid(
            CLAUSE,
            "keys/point-compressed",
            "a compressed point",
            "RFC 5480 lets verifiers take compressed points and does not ask them to. TLS 1.3 has done away with the form. \
         Libraries differ, so that a chain is good on one side of a proxy and not on the other.",
            |recipe, position| of_one(recipe, position, &["03", X]),
        )
    }),
    on_p256(Defect {
        clause: "RFC 5480 section 2.2",
        severity: Severity::Low,
        ..invalid(
            CLAUSE,
            "keys/point-hybrid",
            "a point in hybrid form",
            "X9.62 knew a form with both coordinates and the sign of y. RFC 5480 forbids it; a parser that only counts octets \
             takes it for the usual form.",
            |recipe, position| of_one(recipe, position, &["07", X, Y]),
        )
    }),
    on_p256(Defect {
        clause: "RFC 5480 section 2.1.1",
        reasons: &[
            Reason::InvalidKey,
            Reason::UnsupportedKey,
            Reason::MalformedDer,
            Reason::WeakKey,
        ],
        ..invalid(
            CLAUSE,
            "keys/explicit-parameters",
            "a key whose curve is written out instead of named",
            "RFC 5480 forbids curves that are written out. This is P-256 to the last digit; but who computes with parameters \
             that a certificate brings can be brought others.",
            |recipe, position| {
                let point = octets(&["04", X, Y].concat());
                generator(recipe, position, &octets(EXPLICIT), &point, 32)
            },
        )
    }),
    on_p256(Defect {
        clause: "RFC 5480 section 2.1.1",
        severity: Severity::High,
        vulnerabilities: &["CVE-2022-0778"],
        ..invalid(
            CLAUSE,
            "keys/explicit-parameters-endless",
            "a curve over a composite number with a compressed generator",
            "To take a square root modulo a number that is no prime, OpenSSL's algorithm ran for ever, and it ran as soon as the \
             certificate was parsed, before any signature was verified. One client certificate stopped a server's core.",
            |recipe, position| {
                written(
                    recipe,
                    position,
                    (&oid::EC_PUBLIC_KEY, &octets(ENDLESS)),
                    &octets("020008"),
                )
            },
        )
    }),
    on_p256(Defect {
        clause: "RFC 5480 section 2.1.1",
        ..invalid(
            CLAUSE,
            "keys/curve-implicit",
            "a key whose curve is NULL, which stands for the issuer's",
            "An old choice of X9.62, forbidden by RFC 5480: the curve is whatever the issuer uses. A verifier that has no issuer \
             at hand when it parses takes some default.",
            |recipe, position| edited(recipe, position, "0/1", Change::Replace(vec![5, 0].into())),
        )
    }),
    on_p256(Defect {
        clause: "RFC 5480 section 2.1.1",
        ..invalid(
            CLAUSE,
            "keys/curve-absent",
            "a key without the name of a curve",
            "The parameters are missing, and 65 octets fit several curves. Guessing by length is how P-256 is taken for another \
             curve of its size.",
            |recipe, position| edited(recipe, position, "0/1", Change::Remove),
        )
    }),
    on_p256(invalid(
        "RFC 5480 section 2.1.1",
        "keys/curve-unknown",
        "a key on a curve that nobody has defined",
        "The identifier is free. A table with a default entry turns it into some curve, and a missing entry into a \
         crash. The certificate is read before anybody is authenticated, so that the crash is for everybody to \
         have.",
        |recipe, position| {
            let curve = named_curve(&NO_CURVE);
            edited(recipe, position, "0/1", Change::Replace(curve.into()))
        },
    )),
    Defect {
        vulnerabilities: &["CVE-2017-2784"],
        ..invalid(
            CLAUSE,
            "keys/secp224k1-malformed",
            "a point on secp224k1 that is cut short",
            "A Koblitz curve that hardly anybody uses, and half a point. mbed TLS cleaned up after the failure with a pointer that \
             had never been set.",
            |recipe, position| {
                written(
                    recipe,
                    position,
                    (&oid::EC_PUBLIC_KEY, &named_curve(&SECP224K1)),
                    &octets(&["04", &X[..40]].concat()),
                )
            },
        )
    },
    on_p256(invalid(
        CLAUSE,
        "keys/curve-of-another-size",
        "a point of P-256 that is said to be on P-384",
        "The name is of a larger curve than the octets. Code that allocates for one and copies by the other writes beyond its \
         buffer.",
        |recipe, position| {
            let curve = named_curve(&oid::P384);
            edited(recipe, position, "0/1", Change::Replace(curve.into()))
        },
    )),
    Defect {
        positions: super::AT_END_ENTITY,
        ..weak(
            "keys/p192",
            "a key on P-192",
            "96 bits of strength, below what NIST allows since 2014. It is a sound curve and too small. \
         It is a matter of settings whether a library still verifies with it.",
            |recipe, position| {
                let curve = named_curve(&oid::P192);
                generator(recipe, position, &curve, &octets(ON_P192), 24)
            },
        )
    },
    foreign(
        "keys/p224",
        "a key on P-224",
        "112 bits of strength, which NIST still allows and TLS 1.3 does not name. A service that admits it has a verifier \
         wider than its handshake.",
        |recipe, position| {
            let curve = named_curve(&oid::P224);
            generator(recipe, position, &curve, &octets(ON_P224), 28)
        },
    ),
    foreign(
        "keys/brainpool",
        "a key on brainpoolP256r1",
        "A sound curve that European profiles like and most libraries do not have. Whoever cannot verify with it must refuse, \
         not pass over the signature.",
        |recipe, position| {
            let curve = named_curve(&oid::BRAINPOOL_P256);
            generator(recipe, position, &curve, &octets(ON_BRAINPOOL), 32)
        },
    ),
    foreign(
        "keys/secp256k1",
        "a key on secp256k1",
        "The curve of digital coins is strong enough and in no profile of TLS: no signature scheme of TLS 1.3 names it, so a \
         service that admits it has a verifier wider than its handshake.",
        |recipe, position| {
            let curve = named_curve(&oid::SECP256K1);
            generator(recipe, position, &curve, &octets(ON_SECP256K1), 32)
        },
    ),
    foreign(
        "keys/diffie-hellman-on-a-curve",
        "a key for Diffie-Hellman on P-256, which cannot sign",
        "id-ecDH says that the key agrees and does not sign. A verifier that reads the curve and skips the identifier lets it \
         sign handshakes.",
        |recipe, position| {
            let curve = named_curve(&oid::P256);
            written(
                recipe,
                position,
                (&EC_DH, &curve),
                &octets(&["04", X, Y].concat()),
            )
        },
    ),
    Defect {
        clause: "RFC 5480 section 2.1.1",
        severity: Severity::High,
        class: Class::MustReject,
        positions: &[Position::Intermediate],
        reasons: &[
            Reason::InvalidKey,
            Reason::UnsupportedKey,
            Reason::MalformedDer,
            Reason::BadSignature,
        ],
        vulnerabilities: &["CVE-2021-3450"],
        // A CRL of the same key would not verify either.
        prepare: |recipe, position| {
            without_crls(recipe, position)?;
            has_key(recipe, position, KeyAlgorithm::P256)
        },
        ..weak(
            "keys/explicit-parameters-issuer",
            "an issuer whose curve is written out instead of named",
            "The curve is P-256 and the signatures are true, so that only the spelling is wrong. OpenSSL's strict mode looked for it, \
             and the outcome of that look replaced the outcome of the check that the issuer is a CA.",
            |recipe, position| {
                certificate_at(recipe, position)?.public_key_form =
                    Some(PublicKeyForm::WrittenOutCurve);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5480 section 2.1.1; RFC 5280 section 6.1.3 (a)(1)",
        severity: Severity::Critical,
        class: Class::MustReject,
        positions: &[Position::Chain],
        reasons: &[
            Reason::BadSignature,
            Reason::UnknownIssuer,
            Reason::InvalidKey,
            Reason::UnsupportedKey,
        ],
        vulnerabilities: &["CVE-2020-0601"],
        prepare: |recipe, _| {
            recipe.crls.clear();
            has_key(recipe, Position::Anchor, KeyAlgorithm::P256)
        },
        ..weak(
            "keys/chosen-generator",
            "a false copy of the anchor, with the anchor's key and a generator of the attacker's choice",
            "Whoever may choose the generator of a curve knows a private key for any public key: let the generator be the key itself, \
             and the private key is one. Windows compared the presented root with its own by the key alone and then computed \
             with the presented curve, so that anybody could sign in the name of any root.",
            |recipe, _| {
                let anchor = label_at(recipe, Position::Anchor)?;
                let mut copy = recipe
                    .certificate(&anchor)
                    .ok_or(Unfit("the anchor is not in the recipe"))?
                    .clone();
                copy.label = "false-anchor".into();
                copy.issuer = copy.label.clone();
                copy.public_key_form = Some(PublicKeyForm::ChosenGenerator);
                copy.signing.flaw = Some(SignatureFlaw::EcdsaChosenGenerator);
                let end_entity = certificate_at(recipe, Position::EndEntity)?;
                end_entity.issuer = copy.label.clone();
                end_entity.signing.flaw = Some(SignatureFlaw::EcdsaChosenGenerator);
                recipe.presented.push(copy.label.clone());
                recipe.certificates.push(copy.into());
                Ok(())
            },
        )
    },
];
