//! Wild recipes: a benign chain and a few twists of it, whose right answer nobody knows.
//!
//! They are for engines against one another and for what must hold of any
//! input, where the catalogue's knowledge of right and wrong is not needed.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::{ExtensionValue, Recipe, Revoked, TimeField, generate::Setting};
use crate::der::{Change, Edit, HexBytes, Path, edit::Step};

/// The most twists of one recipe.
const MAX_TWISTS: u8 = 5;

impl<'a> Arbitrary<'a> for Recipe {
    /// Always holds together; whether it can be minted is for the mint to say.
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut recipe = Setting::arbitrary(u)?.recipe();
        for _ in 0..u.int_in_range(0..=MAX_TWISTS)? {
            twist(&mut recipe, u)?;
        }
        Ok(recipe)
    }
}

fn twist(recipe: &mut Recipe, u: &mut Unstructured<'_>) -> Result<()> {
    let labels: Vec<_> = recipe
        .certificates
        .iter()
        .map(|certificate| certificate.label.clone())
        .collect();
    let other = u.choose(&labels)?.clone();
    let index = u.choose_index(labels.len())?;
    let kind = u.int_in_range(0u8..=12)?;
    let time = recipe.time;
    let moment = |u: &mut Unstructured<'_>| -> Result<TimeField> {
        Ok(time.plus_seconds(i64::from(u.arbitrary::<i32>()?)).into())
    };
    let other_subject = recipe
        .certificate(&other)
        .map(|other| other.subject.clone());
    let certificate = &mut recipe.certificates[index];
    let extensions = &mut certificate.extensions;
    match kind {
        0..=3 if !extensions.is_empty() => {
            let place = u.choose_index(extensions.len())?;
            match kind {
                0 => {
                    extensions.remove(place);
                }
                1 => extensions[place].critical = !extensions[place].critical,
                2 => extensions.push(extensions[place].clone()),
                _ => extensions.rotate_left(place),
            }
        }
        4 => certificate.not_after = moment(u)?,
        5 => certificate.not_before = moment(u)?,
        6 => certificate.issuer = other,
        7 => {
            let path_length = u.arbitrary::<Option<u8>>()?.map(u64::from);
            let ca = u.arbitrary()?;
            let value = ExtensionValue::BasicConstraints { ca, path_length };
            certificate.set_extension(value.critical());
        }
        8 => {
            let octets: [u8; 21] = u.arbitrary()?;
            let length = u.int_in_range(1..=octets.len())?;
            certificate.serial = HexBytes(octets[..length].to_vec());
        }
        9 => {
            let change = match u.int_in_range(0u8..=4)? {
                0 => Change::PadLength(u.int_in_range(1..=3)?),
                1 => Change::FlipBit(u32::from(u.arbitrary::<u16>()?)),
                2 => Change::SetTag(u.arbitrary()?),
                3 => Change::IndefiniteLength,
                _ => Change::Duplicate,
            };
            // The first six elements of a TBSCertificate are there in every version.
            let at = Path(vec![Step::Child(u.int_in_range(0..=5)?)]);
            certificate.edits_before_signing.push(Edit { at, change });
        }
        10 => certificate.subject = other_subject.unwrap_or_default(),
        11 => match u.int_in_range(0u8..=2)? {
            0 => recipe.presented.push(other),
            1 if recipe.presented.len() > 1 => {
                recipe.presented.pop();
            }
            _ => recipe.anchors.push(other),
        },
        _ => {
            let serial = certificate.serial.clone();
            if let Some(crl) = recipe.crls.first_mut() {
                crl.revoked.push(Revoked {
                    serial,
                    date: time.plus_days(-1).into(),
                    extensions: Vec::new(),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_a_recipe_that_holds_together(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let recipe = <Recipe as arbitrary::Arbitrary>::arbitrary(&mut Unstructured::new(&bytes)).expect("any bytes do");
            recipe.check().expect("holds together");
        }
    }
}
