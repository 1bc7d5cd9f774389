//! The same recipe gives the same bytes, whoever mints it and whatever was minted before.

use gatecrash::{Case, mint::Minter, strategy::case};
use proptest::prelude::*;

use crate::config;

fn bytes(case: &Case) -> Vec<&Vec<u8>> {
    let lists = case.anchors.iter().chain(&case.chain).chain(&case.crls);
    lists.chain(&case.ocsp).collect()
}

fn minted(minter: &Minter, case: &Case) -> Case {
    let recipe = case.recipe.clone().expect("minted here");
    Case::from_recipe(minter, recipe, case.id.clone(), case.expected.clone()).expect("mints")
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn a_minter_that_remembers_gives_what_a_new_one_gives(one in case(), other in case()) {
        let minter = Minter::new();
        // The two have labels in common, and what is remembered of one must not get into the other.
        for case in [&one, &other, &one] {
            let (remembered, anew) = (minted(&minter, case), minted(&Minter::new(), case));
            prop_assert_eq!(bytes(&remembered), bytes(&anew));
            prop_assert_eq!(bytes(&remembered), bytes(case));
        }
    }
}
