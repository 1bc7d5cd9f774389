//! *revocation*: certificates that were taken back, and lists or responses that do not prove the contrary.
//!
//! The twin of every case has a fresh, complete list of every CA, or a good
//! OCSP response. The hostile case is either revoked, or its status can no
//! longer be told; both are refused, since unknown is not good.

mod life;
mod signer;
mod status;

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit, catalogue::joined, certificate_at,
    crl_of, issuer_of,
};
use crate::{
    der::Oid,
    question::Purpose,
    recipe::{Crl, ExtensionValue, Recipe, Revoked, TimeField, generate::add_fresh_crls},
    verdict::Reason,
};

/// The family.
pub(super) const DEFECTS: &[Defect] = &joined::<
    { status::DEFECTS.len() + signer::DEFECTS.len() + life::DEFECTS.len() },
>(&[status::DEFECTS, signer::DEFECTS, life::DEFECTS]);

/// An extension that nobody knows.
const UNKNOWN_EXTENSION: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xf5, 0x3d, 1, 99]);

/// Everything that the defects of a list share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    reasons: &'static [Reason],
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause: "RFC 5280 section 6.3.3",
        severity: Severity::High,
        class: Class::MustReject,
        positions: &[Position::Crl],
        purposes: &Purpose::ALL,
        reasons,
        vulnerabilities: &[],
        prepare: with_fresh_lists,
        spoil,
    }
}

/// Every CA of the path has a complete, fresh list.
fn with_fresh_lists(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    add_fresh_crls(recipe);
    Ok(())
}

/// The list that covers the end entity.
fn list(recipe: &mut Recipe) -> Result<&mut Crl, Unfit> {
    let issuer = issuer_of(recipe, Position::EndEntity)?;
    crl_of(recipe, &issuer)
}

/// An entry for this serial, revoked a day before the validation time because the key was stolen.
fn entry(recipe: &Recipe, serial: &[u8]) -> Revoked {
    Revoked {
        serial: serial.into(),
        date: TimeField::Moment(recipe.time.plus_days(-3)),
        extensions: vec![ExtensionValue::ReasonCode(1).not_critical()],
    }
}

/// Lists the certificate at a position among the revoked ones of its issuer.
fn revoke(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let (serial, issuer) = {
        let certificate = certificate_at(recipe, position)?;
        (certificate.serial.0.clone(), certificate.issuer.clone())
    };
    let entry = entry(recipe, &serial);
    crl_of(recipe, &issuer)?.revoked.push(entry);
    Ok(())
}
