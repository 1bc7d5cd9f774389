//! *keys*: public keys that are too small, no keys at all, or of kinds that nobody asked for.
//!
//! A key that is raw octets stands in the end entity, whose key signs nothing
//! in the chain. Issuers have keys that truly sign.

mod curve;
mod edwards;
mod other;
mod rsa;

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit, as_it_is,
    catalogue::{joined, total},
    certificate_at,
};
use crate::{
    der::{Change, Edit, Oid, Writer, oid, tag},
    question::Purpose,
    recipe::{Key, KeyAlgorithm, Recipe},
    verdict::{Clause, Reason},
};

/// The family.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

const PARTS: &[&[Defect]] = &[
    rsa::WEAK,
    rsa::GUESSABLE,
    rsa::INVALID,
    curve::DEFECTS,
    edwards::DEFECTS,
    other::DEFECTS,
];

const CERTIFICATES: &[Position] = &[Position::EndEntity, Position::Intermediate];
const AT_END_ENTITY: &[Position] = &[Position::EndEntity];
/// What engines say of a key that is none.
const NO_KEY: &[Reason] = &[
    Reason::InvalidKey,
    Reason::UnsupportedKey,
    Reason::WeakKey,
    Reason::MalformedDer,
    Reason::BadSignature,
];
/// What engines say of a kind of key that they do not take.
const NOT_TAKEN: &[Reason] = &[
    Reason::UnsupportedKey,
    Reason::WeakKey,
    Reason::InvalidKey,
    Reason::MalformedDer,
];

/// Everything that the weak keys of this family share.
const fn weak(id: &'static str, summary: &'static str, page: &'static str, spoil: Step) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause: "NIST SP 800-131A section 3; CA/B Baseline Requirements section 6.1.5",
        severity: Severity::High,
        class: Class::Policy,
        positions: CERTIFICATES,
        purposes: &Purpose::ALL,
        reasons: &[
            Reason::WeakKey,
            Reason::InvalidKey,
            Reason::UnsupportedKey,
            Reason::BadSignature,
        ],
        vulnerabilities: &[],
        prepare: as_it_is,
        spoil,
    }
}

/// An end entity's key that is no key of its kind, by the clause that defines the kind.
const fn invalid(
    clause: Clause,
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        clause,
        severity: Severity::Medium,
        class: Class::MustReject,
        positions: AT_END_ENTITY,
        reasons: NO_KEY,
        ..weak(id, summary, page, spoil)
    }
}

/// An end entity's key of a kind that services do not take.
const fn foreign(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        clause: "RFC 5280 section 4.1.2.7; profile: kinds of keys",
        severity: Severity::Low,
        positions: AT_END_ENTITY,
        reasons: NOT_TAKEN,
        ..weak(id, summary, page, spoil)
    }
}

/// Gives the certificate at the position a key of this kind.
fn has_key(recipe: &mut Recipe, position: Position, kind: KeyAlgorithm) -> Result<(), Unfit> {
    let certificate = certificate_at(recipe, position)?;
    if certificate.key.algorithm != kind {
        certificate.key = Key::new(kind, certificate.key.label.clone());
    }
    Ok(())
}

/// Gives the certificate at the position this key.
fn has_named_key(
    recipe: &mut Recipe,
    position: Position,
    kind: KeyAlgorithm,
    label: &str,
) -> Result<(), Unfit> {
    certificate_at(recipe, position)?.key = Key::new(kind, label);
    Ok(())
}

/// Edits the subjectPublicKeyInfo before the certificate is signed. The path starts at it.
fn edited(
    recipe: &mut Recipe,
    position: Position,
    path: &str,
    change: Change,
) -> Result<(), Unfit> {
    certificate_at(recipe, position)?
        .edits_before_signing
        .push(Edit::at(&format!("6/{path}"), change));
    Ok(())
}

/// Writes another subjectPublicKeyInfo: identifier, parameters as DER, octets of the key.
fn written(
    recipe: &mut Recipe,
    position: Position,
    (oid, parameters): (&Oid, &[u8]),
    key: &[u8],
) -> Result<(), Unfit> {
    let mut w = Writer::new();
    w.sequence(|w| {
        w.sequence(|w| {
            w.oid(oid);
            w.raw(parameters);
        });
        w.bit_string(key);
    });
    certificate_at(recipe, position)?.public_key = Some(w.into_bytes().into());
    Ok(())
}

/// The same with a private key that fits: what its octets are in PKCS #8.
fn written_with(
    recipe: &mut Recipe,
    position: Position,
    (oid, parameters): (&Oid, &[u8]),
    key: &[u8],
    private: impl FnOnce(&mut Writer),
) -> Result<(), Unfit> {
    written(recipe, position, (oid, parameters), key)?;
    let private = pkcs8((oid, parameters), private);
    certificate_at(recipe, position)?.private_key = Some(private.into());
    Ok(())
}

/// A key on a curve whose point is the generator: its private key is one, in so many octets.
fn generator(
    recipe: &mut Recipe,
    position: Position,
    parameters: &[u8],
    point: &[u8],
    length: usize,
) -> Result<(), Unfit> {
    let algorithm = (&oid::EC_PUBLIC_KEY, parameters);
    written_with(recipe, position, algorithm, point, |w| one_of(w, length))
}

/// The private key in PKCS #8 of the generator of P-256.
pub(in crate::defect) fn one_on_p256() -> Vec<u8> {
    let algorithm = (&oid::EC_PUBLIC_KEY, &*named_curve(&oid::P256));
    pkcs8(algorithm, |w| one_of(w, 32))
}

/// ECPrivateKey (RFC 5915) of the number one.
fn one_of(w: &mut Writer, length: usize) {
    let mut number = vec![0; length];
    number[length - 1] = 1;
    w.sequence(|w| {
        w.unsigned(1);
        w.element(tag::OCTET_STRING, &number);
    });
}

/// PrivateKeyInfo (RFC 5208) of a kind of key.
fn pkcs8((oid, parameters): (&Oid, &[u8]), private: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    w.sequence(|w| {
        w.unsigned(0);
        w.sequence(|w| {
            w.oid(oid);
            w.raw(parameters);
        });
        w.nest(tag::OCTET_STRING, private);
    });
    w.into_bytes()
}

/// An OBJECT IDENTIFIER as DER.
fn named_curve(curve: &Oid) -> Vec<u8> {
    let mut w = Writer::new();
    w.oid(curve);
    w.into_bytes()
}

/// Octets from digits that are written in the program.
fn octets(digits: &str) -> Vec<u8> {
    let digit = |index: usize| u8::from_str_radix(&digits[index..index + 2], 16);
    (0..digits.len())
        .step_by(2)
        .map(|index| digit(index).expect("the program writes hexadecimal"))
        .collect()
}
