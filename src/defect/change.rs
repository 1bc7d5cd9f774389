//! Changes that many defects make, so that a family's table says only what is its own.

use super::{Position, Unfit, certificate_at};
use crate::{
    der::{Change, Edit, HexBytes, Oid, oid},
    recipe::{
        Certificate, Extension, ExtensionValue, Key, KeyUsageBit, Label, Name, Recipe,
        generate::fresh_crl,
    },
};

/// Edits the signed part of a certificate. Its signature stays true.
pub(super) fn edit_signed_part(
    recipe: &mut Recipe,
    position: Position,
    path: &str,
    change: Change,
) -> Result<(), Unfit> {
    certificate_at(recipe, position)?
        .edits_before_signing
        .push(Edit::at(path, change));
    Ok(())
}

/// Edits a certificate around its signed part and its signature.
pub(super) fn edit_signed(
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

/// Edits one extension. The path starts at the extension; `-1/>` is what its OCTET STRING holds.
pub(super) fn edit_extension(
    recipe: &mut Recipe,
    position: Position,
    oid: &Oid,
    path: &str,
    change: Change,
) -> Result<(), Unfit> {
    let certificate = certificate_at(recipe, position)?;
    if certificate.extension(oid).is_none() {
        return Err(Unfit("the certificate has no such extension"));
    }
    certificate
        .edits_before_signing
        .push(Edit::at(&format!("[3]/0/{{{oid}}}/{path}"), change));
    Ok(())
}

/// Puts other octets into the value of an extension that is there.
pub(super) fn replace_value(
    recipe: &mut Recipe,
    position: Position,
    oid: &Oid,
    value: impl Into<HexBytes>,
) -> Result<(), Unfit> {
    extension_at(recipe, position, oid)?.value = ExtensionValue::Raw {
        oid: oid.clone(),
        value: value.into(),
    };
    Ok(())
}

/// Turns the criticality of an extension that is there.
pub(super) fn set_critical(
    recipe: &mut Recipe,
    position: Position,
    oid: &Oid,
    critical: bool,
) -> Result<(), Unfit> {
    extension_at(recipe, position, oid)?.critical = critical;
    Ok(())
}

/// Takes an extension away.
pub(super) fn remove_extension(
    recipe: &mut Recipe,
    position: Position,
    oid: &Oid,
) -> Result<(), Unfit> {
    if certificate_at(recipe, position)?.remove_extension(oid) {
        Ok(())
    } else {
        Err(Unfit("the certificate has no such extension"))
    }
}

/// The extension with this identifier, to change.
pub(super) fn extension_at<'r>(
    recipe: &'r mut Recipe,
    position: Position,
    oid: &Oid,
) -> Result<&'r mut Extension, Unfit> {
    certificate_at(recipe, position)?
        .extension_mut(oid)
        .ok_or(Unfit("the certificate has no such extension"))
}

/// Puts an extension in, over the one with its identifier if there is one.
pub(super) fn set_extension(
    recipe: &mut Recipe,
    position: Position,
    extension: Extension,
) -> Result<(), Unfit> {
    certificate_at(recipe, position)?.set_extension(extension);
    Ok(())
}

/// Gives the certificate this key usage, critical.
pub(super) fn set_key_usage(
    recipe: &mut Recipe,
    position: Position,
    bits: &[KeyUsageBit],
) -> Result<(), Unfit> {
    let usage = ExtensionValue::KeyUsage(bits.to_vec()).critical();
    set_extension(recipe, position, usage)
}

/// Gives the certificate these purposes, as critical as they were.
pub(super) fn set_purposes(
    recipe: &mut Recipe,
    position: Position,
    purposes: &[Oid],
) -> Result<(), Unfit> {
    let certificate = certificate_at(recipe, position)?;
    let critical = certificate
        .extension(&oid::EXTENDED_KEY_USAGE)
        .is_some_and(|extension| extension.critical);
    certificate.set_extension(Extension {
        critical,
        value: ExtensionValue::ExtendedKeyUsage(purposes.to_vec()),
    });
    Ok(())
}

/// No status is asked for: in a setting whose CRLs would be a second thing that is wrong.
pub(super) fn without_crls(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    recipe.crls.clear();
    Ok(())
}

/// A CA certificate like the one with the label `like`, with a name and a key of
/// its own, not trusted and not presented.
///
/// It issues itself where `like` does, and has a fresh CRL where `like` has one.
pub(super) fn add_authority(
    recipe: &mut Recipe,
    like: &Label,
    label: &str,
    subject: Name,
) -> Result<Label, Unfit> {
    let model = recipe
        .certificate(like)
        .ok_or(Unfit("the certificate is not in the recipe"))?;
    let label = Label::from(label);
    let mut authority = Certificate {
        label: label.clone(),
        subject,
        key: Key::new(model.key.algorithm, label.0.clone()),
        ..model.clone()
    };
    if model.is_self_signed() {
        authority.issuer = label.clone();
    }
    if let Some(first) = authority.serial.0.first_mut() {
        // Still positive, and other than the model's, which has the same issuer.
        *first ^= 0x20;
    }
    let has_crl = recipe.crls.iter().any(|crl| crl.issuer == *like);
    recipe.certificates.push(authority.into());
    if has_crl {
        let crl = fresh_crl(recipe, &label);
        recipe.crls.push(crl.into());
    }
    Ok(label)
}

/// The certificates between end entity and anchor, from the end entity up.
pub(super) fn intermediates(recipe: &Recipe) -> Vec<Label> {
    let mut path = recipe.issuers_of_end_entity();
    path.pop();
    path.drain(..1.min(path.len()));
    path
}

/// An extension that nobody knows: 1.3.6.1.4.1.64189.1.99, under the arc of the test policies.
pub(super) const UNKNOWN: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xf5, 0x3d, 1, 99]);

/// An extension that nobody knows, whose value is NULL.
pub(super) fn unknown_extension() -> ExtensionValue {
    ExtensionValue::Raw {
        oid: UNKNOWN,
        value: HexBytes(vec![5, 0]),
    }
}
