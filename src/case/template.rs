//! Defects below a CA of somebody's own, and in a certificate of somebody's own.
//!
//! What is given stays as it is: a defect that would change the CA does not fit,
//! since whoever trusts that CA would not trust the changed one.

use super::{
    Pair, PairError,
    own_names::OwnNames,
    twins::{fitting, pair_in},
};
use crate::{
    defect::{Defect, Position, Unfit},
    mint::Template,
    question::{Purpose, Time},
    recipe::{Recipe, generate::Setting},
};

/// Puts `defect` at `position` into the chain that `setting` makes of a template.
///
/// # Errors
/// When it cannot exist there, cannot be minted, or changes nothing.
pub fn pair_of(
    template: &Template,
    defect: &'static Defect,
    position: Position,
    setting: &Setting,
    variant: u32,
) -> Result<Pair, PairError> {
    placed(template, defect, position, setting, variant, &|_| {})
}

/// The same, the first variant, with what `adjust` makes of the twin before the defect goes into it.
///
/// # Errors
/// As [`pair_of`].
pub fn pair_with(
    template: &Template,
    defect: &'static Defect,
    position: Position,
    setting: &Setting,
    adjust: &dyn Fn(&mut Recipe),
) -> Result<Pair, PairError> {
    placed(template, defect, position, setting, 0, adjust)
}

fn placed(
    template: &Template,
    defect: &'static Defect,
    position: Position,
    setting: &Setting,
    variant: u32,
    adjust: &dyn Fn(&mut Recipe),
) -> Result<Pair, PairError> {
    let unfit = |why| PairError::Unfit {
        defect: defect.id.0,
        position,
        unfit: Unfit(why),
    };
    if !purposes(template, defect).contains(&setting.purpose) {
        return Err(unfit("it is no defect of what the certificate is for"));
    }
    let recipe = template.recipe(setting);
    let names = template.end_entity().map(OwnNames::of).unwrap_or_default();
    let mut pair = pair_in(
        template.minter(),
        defect,
        position,
        recipe,
        variant,
        adjust,
        &|twin, hostile| names.put_into(twin, hostile, template.authority()),
    )?;
    // The checks on what was given come last: only minting shows what a defect changes.
    if let Some(anchor) = template.anchor() {
        let cases = [&pair.twin, &pair.hostile];
        if cases
            .iter()
            .any(|case| case.anchors.iter().all(|given| given != anchor))
        {
            return Err(unfit("it would change the CA that was given"));
        }
        if !template.signs_crls() && !pair.twin.crls.is_empty() {
            return Err(unfit("the CA that was given may not sign CRLs"));
        }
    }
    for case in [&mut pair.twin, &mut pair.hostile] {
        case.chain.extend_from_slice(template.above());
    }
    Ok(pair)
}

/// So many variants of a defect at a time, over its positions and the purposes that
/// the template allows, each in a setting of its own.
///
/// When none fits, the last misfit is the one item.
pub fn pairs_of(
    template: &Template,
    defect: &'static Defect,
    time: Time,
    variants: u32,
    rng_seed: u64,
) -> Vec<Result<Pair, PairError>> {
    let purposes = purposes(template, defect);
    if purposes.is_empty() {
        return vec![Err(PairError::Unfit {
            defect: defect.id.0,
            position: defect.positions[0],
            unfit: Unfit("it is no defect of what the certificate is for"),
        })];
    }
    fitting(
        defect,
        &purposes,
        (variants, rng_seed),
        |position, setting, variant| {
            let plainest = Setting {
                purpose: setting.purpose,
                ..Setting::default()
            };
            // As the template's own CA issued it; many services allow no more depth than theirs.
            let intermediates = if *setting == plainest {
                0
            } else {
                setting.intermediates
            };
            let setting = Setting {
                time,
                intermediates,
                ..setting.clone()
            };
            pair_of(template, defect, position, &setting, variant)
        },
    )
}

/// The purposes for which it is a defect of such a template.
fn purposes(template: &Template, defect: &Defect) -> Vec<Purpose> {
    let allowed = template.purposes();
    let of_defect = defect.purposes.iter().copied();
    of_defect
        .filter(|purpose| allowed.contains(purpose))
        .collect()
}
