//! Two defects in one chain: whoever sees the first must not pass over the second.
//!
//! A verifier that returns early, or overwrites one finding with the next, may
//! refuse each of two defects alone and accept them together. Which two are
//! tried is a covering set: each defect meets one of every other family.

use super::{
    Case, Expected, PairError, Role,
    twins::{minted, numbered_setting, shown},
};
use crate::{
    defect::{Defect, Position, Unfit},
    der::oid,
    mint::Minter,
    recipe::{Extension, Recipe, generate::Setting},
};

/// Two defects in one benign setting: both, each alone, and none.
#[derive(Clone, Debug)]
pub struct Double {
    /// The two.
    pub defects: [&'static Defect; 2],
    /// The one with both.
    pub both: Case,
    /// The ones with one of them each, in the order of the defects.
    pub alone: [Case; 2],
    /// The one without.
    pub twin: Case,
}

/// Settings that are tried before two defects are said not to go together.
const ATTEMPTS: u64 = 24;

/// The family whose defects write a certificate's serial number somewhere else.
const NAMES_SERIALS: &str = "revocation";

/// Combinations in which each defect meets one defect of every other family;
/// of one family alone, each meets its neighbour, and two alone meet in either order. What stands in the handshake is
/// no part of a chain, and is left out.
pub fn covering(defects: &[&'static Defect]) -> Vec<[&'static Defect; 2]> {
    let mut families: Vec<Vec<&'static Defect>> = Vec::new();
    let of_chains = defects.iter().filter(|defect| is_of_chains(defect));
    for &defect in of_chains {
        match families
            .iter_mut()
            .find(|family| family[0].id.family() == defect.id.family())
        {
            Some(family) => family.push(defect),
            None => families.push(vec![defect]),
        }
    }
    match families.as_slice() {
        [only] => return only.windows(2).map(|pair| [pair[0], pair[1]]).collect(),
        // Whoever asks for two alone sees again what either order showed.
        [one, other] if one.len() == 1 && other.len() == 1 => {
            return vec![[one[0], other[0]], [other[0], one[0]]];
        }
        _ => {}
    }
    let mut found = Vec::new();
    for (index, one) in families.iter().enumerate() {
        for other in &families[index + 1..] {
            let turns = one.len().max(other.len());
            found.extend((0..turns).map(|turn| {
                let pair = [one[turn % one.len()], other[turn % other.len()]];
                // Which of them comes first takes turns as well.
                if turn % 2 == 0 {
                    pair
                } else {
                    [pair[1], pair[0]]
                }
            }));
        }
    }
    found
}

fn is_of_chains(defect: &Defect) -> bool {
    !defect.positions.contains(&Position::Handshake)
}

/// Puts two defects into the first setting in which both can exist and whose twin is benign.
///
/// What one defect needs to be there, such as a stapled response, another may need otherwise:
/// then the chain without either is no benign one, and nothing is to be learnt from it.
///
/// # Errors
/// When there is none, or one leaves nothing of the other.
pub fn double(
    minter: &Minter,
    defects: [&'static Defect; 2],
    rng_seed: u64,
    is_benign: &dyn Fn(&Case) -> bool,
) -> Result<Double, PairError> {
    let mut misfit = PairError::Unfit {
        defect: defects[0].id.0,
        position: defects[0].positions[0],
        unfit: Unfit("the two are of different purposes"),
    };
    let purposes = defects[0].purposes.iter();
    let Some(&purpose) = purposes
        .clone()
        .find(|one| defects[1].purposes.contains(one))
    else {
        return Err(misfit);
    };
    for attempt in 0..ATTEMPTS {
        let setting = match attempt {
            0 => Setting::default(),
            _ => numbered_setting(defects[0], rng_seed, attempt),
        };
        let setting = Setting { purpose, ..setting };
        match put_in(minter, defects, &setting, attempt as usize, is_benign) {
            Err(error @ PairError::Unfit { .. }) => misfit = error,
            outcome => return outcome,
        }
    }
    Err(misfit)
}

fn put_in(
    minter: &Minter,
    defects: [&'static Defect; 2],
    setting: &Setting,
    attempt: usize,
    is_benign: &dyn Fn(&Case) -> bool,
) -> Result<Double, PairError> {
    let [first, second] = defects;
    let places = [
        first.positions[attempt % first.positions.len()],
        second.positions[(attempt / first.positions.len()) % second.positions.len()],
    ];
    let unfit = |which: usize| {
        move |unfit| PairError::Unfit {
            defect: defects[which].id.0,
            position: places[which],
            unfit,
        }
    };
    let mut benign = setting.recipe();
    (first.prepare)(&mut benign, places[0]).map_err(unfit(0))?;
    (second.prepare)(&mut benign, places[1]).map_err(unfit(1))?;
    let spoilt = |order: &[usize]| -> Result<Recipe, PairError> {
        let mut recipe = benign.clone();
        for &which in order {
            (defects[which].spoil)(&mut recipe, places[which]).map_err(unfit(which))?;
        }
        Ok(recipe)
    };
    // A list names the serial number that the certificate has in the end. The other way round the
    // second defect would take the first away, and not hide it.
    let order = match [first, second].map(|defect| defect.id.family() == NAMES_SERIALS) {
        [true, false] => [1, 0],
        _ => [0, 1],
    };
    let name = format!("{}+{}@{}+{}", first.id, second.id, places[0], places[1]);
    let case = |recipe: Recipe, id: String, role: Role, which: &[usize]| {
        let reasons = which.iter().flat_map(|&which| defects[which].reasons);
        let expected = match role {
            Role::Twin => Expected::Accept,
            Role::Hostile => Expected::Reject(reasons.copied().collect()),
        };
        minted(minter, recipe, id, expected, role)
            .map(|case| Case {
                position: places[0],
                ..case
            })
            // What one defect leaves may be nothing that the other's edits find.
            .map_err(|_| unfit(1)(Unfit("the two do not fit into one certificate")))
    };
    let both = spoilt(&order)?;
    let double = Double {
        defects,
        both: case(both.clone(), name.clone(), Role::Hostile, &[0, 1])?,
        alone: [
            case(spoilt(&[0])?, format!("{name}~first"), Role::Hostile, &[0])?,
            case(spoilt(&[1])?, format!("{name}~second"), Role::Hostile, &[1])?,
        ],
        twin: case(benign.clone(), format!("{name}~twin"), Role::Twin, &[])?,
    };
    let lost = [&double.alone[0], &double.alone[1], &double.twin]
        .into_iter()
        .any(|other| shown(other) == shown(&double.both));
    if lost {
        return Err(unfit(1)(Unfit("one defect leaves nothing of the other")));
    }
    if !is_benign(&double.twin) {
        return Err(unfit(1)(Unfit(
            "what the two need together is no benign chain",
        )));
    }
    for (which, place) in places.into_iter().enumerate() {
        let by_itself = by_itself(defects[which], place, setting).map_err(unfit(which))?;
        if loses_its_names(&by_itself, setting, &both) {
            return Err(unfit(which)(Unfit("the other defect undoes its names")));
        }
        if is_undone_without_names(&double.alone[which], &both, |recipe| {
            case(
                recipe,
                format!("{name}~without-names"),
                Role::Hostile,
                &[which],
            )
            .map(|case| is_benign(&case))
        })? {
            return Err(unfit(which)(Unfit("the other defect takes its names away")));
        }
        // What the other needs in the twin may be the repair of this one.
        if is_benign(&double.alone[which]) {
            let id = format!("{name}~by-itself");
            let by_itself = case(by_itself, id, Role::Hostile, &[which])?;
            if !is_benign(&by_itself) {
                return Err(unfit(which)(Unfit("what the other defect needs undoes it")));
            }
        }
    }
    Ok(double)
}

/// The subject alternative names of the end entity.
fn alternative_names(recipe: &Recipe) -> Option<&Extension> {
    let end_entity = recipe.certificate(recipe.presented.first()?)?;
    end_entity.extension(&oid::SUBJECT_ALTERNATIVE_NAME)
}

/// The hostile recipe of a defect that nothing else has prepared.
fn by_itself(defect: &Defect, place: Position, setting: &Setting) -> Result<Recipe, Unfit> {
    let mut recipe = setting.recipe();
    (defect.prepare)(&mut recipe, place)?;
    (defect.spoil)(&mut recipe, place)?;
    Ok(recipe)
}

/// Whether a defect that is about names finds none in the end, or finds some where it needs that
/// there are none: a mailbox in the subject counts only without alternative names (RFC 5280
/// section 4.2.1.10), and a commonName likewise (RFC 9525 section 6.3).
fn loses_its_names(by_itself: &Recipe, setting: &Setting, both: &Recipe) -> bool {
    let own = alternative_names(by_itself);
    own != alternative_names(&setting.recipe())
        && own.is_some() != alternative_names(both).is_some()
}

/// Whether one defect alone is none any more without the alternative names that the other takes away.
fn is_undone_without_names(
    alone: &Case,
    both: &Recipe,
    is_benign: impl FnOnce(Recipe) -> Result<bool, PairError>,
) -> Result<bool, PairError> {
    let Some(recipe) = &alone.recipe else {
        return Ok(false);
    };
    if alternative_names(recipe).is_none() || alternative_names(both).is_some() {
        return Ok(false);
    }
    let mut without = recipe.clone();
    if let Some(label) = without.presented.first().cloned()
        && let Some(end_entity) = without.certificate_mut(&label)
    {
        end_entity.remove_extension(&oid::SUBJECT_ALTERNATIVE_NAME);
    }
    is_benign(without)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::defect;

    #[test]
    fn each_defect_meets_one_of_every_other_family() {
        let all: Vec<_> = defect::all().collect();
        let met: BTreeSet<_> = covering(&all)
            .into_iter()
            .flat_map(|[one, other]| [(one.id, other.id.family()), (other.id, one.id.family())])
            .collect();
        for defect in all.iter().filter(|defect| is_of_chains(defect)) {
            for family in defect::CATALOGUE {
                if !family.defects.iter().any(is_of_chains) {
                    continue;
                }
                let own = family.name == defect.id.family();
                assert_eq!(
                    met.contains(&(defect.id, family.name)),
                    !own,
                    "{}",
                    defect.id
                );
            }
        }
    }

    #[test]
    fn two_alone_meet_in_either_order() {
        let find = |id| defect::find(id).expect(id);
        let two = [find("validity/expired"), find("usage/no-digital-signature")];
        let met: Vec<_> = covering(&two)
            .into_iter()
            .map(|pair| pair.map(|defect| defect.id.0))
            .collect();
        let [first, second] = two.map(|defect| defect.id.0);
        assert_eq!(met, [[first, second], [second, first]]);
    }

    #[test]
    fn a_list_names_the_serial_number_that_the_certificate_has_in_the_end() {
        let find = |id| defect::find(id).expect(id);
        let double = double(
            &Minter::new(),
            [
                find("revocation/end-entity-revoked"),
                find("encoding/negative-serial"),
            ],
            7,
            &|_| true,
        )
        .expect("fits");
        let recipe = double.both.recipe.expect("minted here");
        let end_entity = recipe.certificate(&"end-entity".into()).expect("exists");
        let listed = recipe.crls.iter().flat_map(|crl| &crl.revoked);
        assert!(
            listed
                .into_iter()
                .any(|entry| entry.serial == end_entity.serial)
        );
    }

    #[test]
    fn both_defects_are_in_the_case_and_each_is_in_one_alone() {
        let find = |id| defect::find(id).expect(id);
        let double = double(
            &Minter::new(),
            [find("validity/expired"), find("usage/no-digital-signature")],
            7,
            &|_| true,
        )
        .expect("fits");
        let recipe = |case: &Case| case.recipe.clone().expect("minted here");
        let end_entity = |case: &Case| {
            let recipe = recipe(case);
            recipe
                .certificate(&"end-entity".into())
                .expect("exists")
                .clone()
        };
        let twin = end_entity(&double.twin);
        let [expired, unusable] = double.alone.each_ref().map(end_entity);
        let both = end_entity(&double.both);
        assert_ne!(expired.not_after, twin.not_after);
        assert_eq!(unusable.not_after, twin.not_after);
        assert_eq!(both.not_after, expired.not_after);
        assert_eq!(both.extensions, unusable.extensions);
        assert_ne!(both.extensions, twin.extensions);
    }
}
