//! *keys*: public keys that are too small, no keys at all, or of kinds that nobody asked for.

mod rsa;

use super::{Class, Defect, DefectId, Position, Severity, Step, Unfit, as_it_is, certificate_at};
use crate::{
    question::Purpose,
    recipe::{Key, KeyAlgorithm, Recipe},
    verdict::Reason,
};

/// The tables of the family.
pub(super) const PARTS: &[&[Defect]] = &[rsa::DEFECTS];

const CERTIFICATES: &[Position] = &[Position::EndEntity, Position::Intermediate];

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
        clause: "NIST SP 800-131A section 2; CA/B Baseline Requirements section 6.1.5",
        severity: Severity::High,
        class: Class::Policy,
        positions: CERTIFICATES,
        purposes: &Purpose::ALL,
        reasons: &[Reason::WeakKey, Reason::InvalidKey, Reason::UnsupportedKey],
        vulnerabilities: &[],
        prepare: as_it_is,
        spoil,
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
