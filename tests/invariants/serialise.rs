//! What is written and read again is the same: recipes, elements, testcases.

use gatecrash::{
    Case,
    der::Tree,
    mint::Minter,
    question::Time,
    recipe::Recipe,
    strategy::{case, wild_case},
};
use proptest::prelude::*;

use crate::config;

fn bytes(case: &Case) -> Vec<&Vec<u8>> {
    let lists = case.anchors.iter().chain(&case.chain).chain(&case.crls);
    lists.chain(&case.ocsp).collect()
}

fn minted_again(case: &Case, recipe: Recipe) -> Case {
    // A minter of its own, which remembers nothing of the first time.
    Case::from_recipe(
        &Minter::new(),
        recipe,
        case.id.clone(),
        case.expected.clone(),
    )
    .expect("mints")
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn text_and_back_mints_the_same_bytes(case in prop_oneof![case().prop_map(Box::new), wild_case().prop_map(Box::new)]) {
        let recipe = case.recipe.clone().expect("minted here");
        let text = recipe.to_toml().expect("has a form in TOML");
        let again = Recipe::from_toml(&text).expect("reads back");
        prop_assert_eq!(&again, &recipe);
        let again = minted_again(&case, again);
        prop_assert_eq!(bytes(&again), bytes(&case));
    }

    #[test]
    fn every_element_comes_back_as_it_was_read(case in prop_oneof![case().prop_map(Box::new), wild_case().prop_map(Box::new)]) {
        for der in bytes(&case) {
            prop_assert_eq!(&Tree::read(der).write(), der);
        }
    }

    #[test]
    fn a_testcase_of_x509_limbo_reads_back(case in case()) {
        let testcase = case.to_limbo();
        let again = Case::from_limbo(&testcase, Time::from_unix_seconds(0)).expect("reads back");
        prop_assert_eq!(&again.anchors, &case.anchors);
        prop_assert_eq!(&again.crls, &case.crls);
        prop_assert_eq!(&again.chain, &case.chain);
        prop_assert_eq!((again.time, again.purpose), (case.time, case.purpose));
    }
}
