//! A verdict does not follow the order of what has no order, nor what is of no concern.

use gatecrash::{
    Case,
    case::Expected,
    der::{HexBytes, Oid},
    engine::{Engine, reference::Reference},
    mint::Minter,
    oracle::metamorphic::Change,
    recipe::{ExtensionValue, Version, generate::Setting},
    strategy::case,
};
use proptest::prelude::*;

use crate::config;

fn verdict(engine: &dyn Engine, case: &Case) -> &'static str {
    let verdict = engine.judge(case).expect("the engine does not break");
    verdict.word()
}

pub(crate) fn keeps_in_any_order(engine: &dyn Engine, case: &Case) -> Result<(), TestCaseError> {
    let before = verdict(engine, case);
    for change in Change::ALL {
        if let Some(changed) = change.apply(case) {
            prop_assert_eq!(
                verdict(engine, &changed),
                before,
                "{}: {:?}",
                case.id,
                change
            );
        }
    }
    Ok(())
}

pub(crate) fn keeps_beside_strangers(
    engine: &dyn Engine,
    case: &Case,
    number: u64,
) -> Result<(), TestCaseError> {
    let stranger = Setting {
        unrelated: 2,
        ..Setting::numbered(99, number)
    };
    let strangers = Minter::new().mint(&stranger.recipe()).expect("mints").chain;
    let mut more = case.clone();
    // The last two are the unrelated ones: nobody of the case issued them, and they issued nobody.
    more.chain.extend(strangers.into_iter().rev().take(2));
    prop_assert_eq!(verdict(engine, &more), verdict(engine, case), "{}", case.id);
    Ok(())
}

/// Nobody has defined it.
const UNKNOWN: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xf5, 0x3d, 1, 98]);

pub(crate) fn keeps_with_an_unknown_extension(
    engine: &dyn Engine,
    case: &Case,
) -> Result<(), TestCaseError> {
    let mut recipe = case.recipe.clone().expect("minted here");
    let label = recipe.end_entity().expect("presented").clone();
    let end_entity = recipe.certificate_mut(&label).expect("exists");
    // Where there are none, or may be none, one more is a defect of its own.
    prop_assume!(!end_entity.extensions.is_empty() && end_entity.version == Version::Usual);
    let value = HexBytes(vec![5, 0]);
    let unknown = ExtensionValue::Raw {
        oid: UNKNOWN,
        value,
    };
    end_entity.extensions.push(unknown.not_critical());
    let expected: Expected = case.expected.clone();
    // What a defect edits may stand elsewhere now.
    if let Ok(more) = Case::from_recipe(&Minter::new(), recipe, case.id.clone(), expected) {
        prop_assert_eq!(verdict(engine, &more), verdict(engine, case), "{}", case.id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn the_verdict_is_the_same_in_any_order(case in case()) {
        keeps_in_any_order(&Reference::default(), &case)?;
    }

    #[test]
    fn certificates_of_no_concern_change_nothing(case in case(), number in 0u64..1000) {
        keeps_beside_strangers(&Reference::default(), &case, number)?;
    }

    #[test]
    fn an_extension_that_nobody_knows_and_need_not_know_changes_nothing(case in case()) {
        keeps_with_an_unknown_extension(&Reference::default(), &case)?;
    }
}
