//! A verdict does not follow the order of what has no order, nor of what is of no concern.

use gatecrash::{
    engine::{Engine, reference::Reference},
    mint::Minter,
    oracle::metamorphic::Change,
    recipe::generate::Setting,
    strategy::case,
};
use proptest::prelude::*;

use crate::config;

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn the_verdict_is_the_same_in_any_order(case in case()) {
        let reference = Reference::default();
        let before = reference.judge(&case).expect("the reference does not break");
        for change in Change::ALL {
            let Some(changed) = change.apply(&case) else { continue };
            let after = reference.judge(&changed).expect("the reference does not break");
            prop_assert_eq!(after.word(), before.word(), "{}: {:?}", case.id, change);
        }
    }

    #[test]
    fn certificates_of_no_concern_change_nothing(case in case(), number in 0u64..1000) {
        let reference = Reference::default();
        let before = reference.judge(&case).expect("the reference does not break");
        let stranger = Setting { unrelated: 2, ..Setting::numbered(99, number) }.recipe();
        let strangers = Minter::new().mint(&stranger).expect("mints").chain;
        let mut more = case.clone();
        // The last two are the unrelated ones: nobody of the case issued them, and they issued nobody.
        more.chain.extend(strangers.into_iter().rev().take(2));
        let after = reference.judge(&more).expect("the reference does not break");
        prop_assert_eq!(after.word(), before.word(), "{}", case.id);
    }
}
