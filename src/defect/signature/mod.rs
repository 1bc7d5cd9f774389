//! *signature*: signatures that prove nothing, and ones that only a lax verifier takes for a proof.
//!
//! The defect stands at the certificate whose signature it is; the key that
//! matters is its issuer's.

mod algorithm;
mod curve;
mod general;
mod rsa;

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit, as_it_is,
    catalogue::{joined, total},
    certificate_at, issuer_of,
};
use crate::{
    der::{Change, Edit, Oid, Writer},
    question::Purpose,
    recipe::{Key, KeyAlgorithm, Recipe, SignatureAlgorithm, SignatureFlaw, Signing},
    verdict::Reason,
};

/// The family.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

/// The tables of the family.
const PARTS: &[&[Defect]] = &[
    general::DEFECTS,
    algorithm::DEFECTS,
    rsa::DEFECTS,
    curve::DEFECTS,
];

const CERTIFICATES: &[Position] = &[Position::EndEntity, Position::Intermediate];

/// A signature that does not verify. Some verifiers call a malformed one a malformed certificate.
const BAD: &[Reason] = &[Reason::BadSignature, Reason::MalformedDer];
const MISMATCH: &[Reason] = &[
    Reason::AlgorithmMismatch,
    Reason::UnsupportedSignatureAlgorithm,
    Reason::BadSignature,
    Reason::MalformedDer,
];
const WEAK: &[Reason] = &[
    Reason::WeakSignatureAlgorithm,
    Reason::UnsupportedSignatureAlgorithm,
    Reason::BadSignature,
];

/// Everything that the defects of this family share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause: "RFC 5280 section 6.1.3 (a)(1)",
        severity: Severity::Critical,
        class: Class::MustReject,
        positions: CERTIFICATES,
        purposes: &Purpose::ALL,
        reasons: BAD,
        vulnerabilities: &[],
        prepare: as_it_is,
        spoil,
    }
}

/// How the certificate at the position is signed, to change.
fn signing(recipe: &mut Recipe, position: Position) -> Result<&mut Signing, Unfit> {
    certificate_at(recipe, position).map(|certificate| &mut certificate.signing)
}

fn flawed(recipe: &mut Recipe, position: Position, flaw: SignatureFlaw) -> Result<(), Unfit> {
    signing(recipe, position)?.flaw = Some(flaw);
    Ok(())
}

fn signed_with(
    recipe: &mut Recipe,
    position: Position,
    algorithm: SignatureAlgorithm,
) -> Result<(), Unfit> {
    signing(recipe, position)?.algorithm = Some(algorithm);
    Ok(())
}

/// Changes the certificate after it is signed. The root of the path is the Certificate.
fn edited(
    recipe: &mut Recipe,
    position: Position,
    path: &str,
    change: Change,
) -> Result<(), Unfit> {
    certificate_at(recipe, position)?
        .edits
        .push(Edit::at(path, change));
    Ok(())
}

/// Gives the issuer an RSA key of at least 2048 bits, which signs as PKCS #1 v1.5 does.
fn issuer_has_rsa(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    signing(recipe, position)?.rsa_pss = false;
    issuer_has(recipe, position, KeyAlgorithm::Rsa2048, |kind| {
        matches!(kind, KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072)
    })
}

/// Gives the issuer a key on P-256 or P-384.
fn issuer_has_curve(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    issuer_has(recipe, position, KeyAlgorithm::P256, |kind| {
        matches!(kind, KeyAlgorithm::P256 | KeyAlgorithm::P384)
    })
}

/// Gives the issuer an Ed25519 key.
fn issuer_has_edwards(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    issuer_has(recipe, position, KeyAlgorithm::Ed25519, |kind| {
        kind == KeyAlgorithm::Ed25519
    })
}

fn issuer_has(
    recipe: &mut Recipe,
    position: Position,
    wanted: KeyAlgorithm,
    fits: fn(KeyAlgorithm) -> bool,
) -> Result<(), Unfit> {
    let label = issuer_of(recipe, position)?;
    let issuer = recipe
        .certificate_mut(&label)
        .ok_or(Unfit("the issuer is not in the recipe"))?;
    if !fits(issuer.key.algorithm) {
        issuer.key = Key::new(wanted, issuer.key.label.clone());
    }
    Ok(())
}

/// The kind of the issuer's key.
fn issuer_kind(recipe: &mut Recipe, position: Position) -> Result<KeyAlgorithm, Unfit> {
    let label = issuer_of(recipe, position)?;
    recipe
        .certificate(&label)
        .map(|issuer| issuer.key.algorithm)
        .ok_or(Unfit("the issuer is not in the recipe"))
}

/// An AlgorithmIdentifier: the identifier, and the parameters as DER.
fn identifier(oid: &Oid, parameters: &[u8]) -> Vec<u8> {
    let mut w = Writer::new();
    w.sequence(|w| {
        w.oid(oid);
        w.raw(parameters);
    });
    w.into_bytes()
}

/// Writes one AlgorithmIdentifier in both places, whatever signs.
fn named(recipe: &mut Recipe, position: Position, identifier: Vec<u8>) -> Result<(), Unfit> {
    let signing = signing(recipe, position)?;
    signing.inner_identifier = Some(identifier.clone().into());
    signing.outer_identifier = Some(identifier.into());
    Ok(())
}
