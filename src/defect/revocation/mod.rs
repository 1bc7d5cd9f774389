//! *revocation*: certificates that were taken back, and lists or responses that do not prove the contrary.
//!
//! The twin of every case has a fresh, complete list of every CA, or a good
//! OCSP response. The hostile case is either revoked, or its status can no
//! longer be told; both are refused, since unknown is not good.

mod crl_encoding;
mod delta;
mod form;
mod indirect;
mod life;
mod ocsp;
mod ocsp_encoding;
mod ocsp_signer;
mod scope;
mod serial;
mod signer;
mod status;
mod unreadable;

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit, catalogue::joined, certificate_at,
    issuer_of,
};
use crate::{
    der::{HexBytes, Oid},
    question::Purpose,
    recipe::{
        Crl, Extension, ExtensionValue, Key, Label, Recipe, Revoked, TimeField,
        generate::add_fresh_crls,
    },
    verdict::Reason,
};

const PARTS: &[&[Defect]] = &[
    status::DEFECTS,
    serial::DEFECTS,
    life::DEFECTS,
    signer::DEFECTS,
    scope::DEFECTS,
    indirect::DEFECTS,
    delta::DEFECTS,
    form::DEFECTS,
    unreadable::DEFECTS,
    crl_encoding::LENGTHS,
    crl_encoding::ELEMENTS,
    ocsp::DEFECTS,
    ocsp_encoding::LENGTHS,
    ocsp_encoding::ELEMENTS,
    ocsp_signer::DEFECTS,
];

/// The family.
pub(super) const DEFECTS: &[Defect] = &joined::<{ super::catalogue::total(PARTS) }>(PARTS);

/// An extension that nobody knows.
const UNKNOWN_EXTENSION: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xf5, 0x3d, 1, 99]);

/// Where the list of the end entity's issuer is published, in cases that say so.
const FIRST_POINT: &str = "http://crl.gatecrash.example/first.crl";
/// Where another part of that list is published.
const SECOND_POINT: &str = "http://crl.gatecrash.example/second.crl";

/// Everything that the defects of lists share.
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

/// The list that covers the end entity: that which was first for its issuer, wherever it stands now.
fn list(recipe: &mut Recipe) -> Result<&mut Crl, Unfit> {
    let issuer = issuer_of(recipe, Position::EndEntity)?;
    list_of(recipe, &issuer)
}

/// The list that this issuer had first, wherever it stands now.
fn list_of<'r>(recipe: &'r mut Recipe, issuer: &Label) -> Result<&'r mut Crl, Unfit> {
    let first = Label(format!("crl-{issuer}"));
    recipe
        .crls
        .iter_mut()
        .find(|list| list.label == first)
        .map(|list| &mut **list)
        .ok_or(Unfit("the issuer has no list"))
}

/// The key of the CA that issued the end entity.
fn issuer_key(recipe: &mut Recipe) -> Result<Key, Unfit> {
    let issuer = issuer_of(recipe, Position::EndEntity)?;
    recipe
        .certificate(&issuer)
        .map(|issuer| issuer.key.clone())
        .ok_or(Unfit("the end entity has no issuer"))
}

/// The serial number of the certificate at a position.
fn serial_of(recipe: &mut Recipe, position: Position) -> Result<Vec<u8>, Unfit> {
    certificate_at(recipe, position).map(|certificate| certificate.serial.0.clone())
}

/// An entry for this serial, revoked before the list was issued because the key was stolen.
fn entry(recipe: &Recipe, serial: impl Into<HexBytes>) -> Revoked {
    Revoked {
        serial: serial.into(),
        date: TimeField::Moment(recipe.time.plus_days(-3)),
        extensions: vec![ExtensionValue::ReasonCode(1).not_critical()],
    }
}

/// Lists the certificate at a position among the revoked ones of its issuer.
fn revoke(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    revoke_as(recipe, position, |_| ())
}

/// The same, for defects whose position is the list.
fn revoke_end_entity(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    revoke(recipe, Position::EndEntity)
}

/// Lists the certificate at a position with an entry that is changed beforehand.
fn revoke_as(
    recipe: &mut Recipe,
    position: Position,
    change: impl FnOnce(&mut Revoked),
) -> Result<(), Unfit> {
    let serial = serial_of(recipe, position)?;
    let issuer = issuer_of(recipe, position)?;
    let mut entry = entry(recipe, serial);
    change(&mut entry);
    list_of(recipe, &issuer)?.revoked.push(entry);
    Ok(())
}

/// Puts an extension into a list, in the place of the one with its identifier.
fn set(list: &mut Crl, extension: Extension) {
    let oid = extension.value.oid();
    list.extensions.retain(|present| present.value.oid() != oid);
    list.extensions.push(extension);
}

/// A second list of the end entity's issuer, after the first, with another number.
fn add_list<'r>(recipe: &'r mut Recipe, label: &str, number: u64) -> Result<&'r mut Crl, Unfit> {
    let mut second = list(recipe)?.clone();
    second.label = Label::from(label);
    set(
        &mut second,
        ExtensionValue::CrlNumber(number).not_critical(),
    );
    recipe.crls.push(second.into());
    let added = recipe.crls.last_mut().map(|list| &mut **list);
    added.ok_or(Unfit("a list was just added"))
}

/// The scope of a list that is published in one place and says nothing else.
fn published_at(uri: &str) -> ExtensionValue {
    ExtensionValue::IssuingDistributionPoint {
        uri: Some(uri.to_owned()),
        only_user: false,
        only_ca: false,
        only_attribute: false,
        only_some_reasons: Vec::new(),
        indirect: false,
    }
}
