//! What holds for every defect of the catalogue.

use gatecrash::{
    case::{Role, pairs},
    defect,
    mint::Minter,
};

const VARIANTS: u32 = 4;

#[test]
fn ids_are_distinct_and_name_their_family() {
    let mut seen = std::collections::BTreeSet::new();
    for family in defect::CATALOGUE {
        for defect in family.defects {
            assert_eq!(defect.id.family(), family.name);
            assert!(
                defect
                    .id
                    .0
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-/".contains(&b)),
                "{}",
                defect.id
            );
            assert!(seen.insert(defect.id), "{} stands twice", defect.id);
            assert!(
                !defect.positions.is_empty()
                    && !defect.purposes.is_empty()
                    && !defect.reasons.is_empty(),
                "{}",
                defect.id
            );
            assert!(
                !defect.summary.is_empty() && defect.page.len() > 80,
                "{} needs a page",
                defect.id
            );
        }
    }
}

#[test]
fn every_defect_can_be_minted_and_differs_from_its_twin() {
    let minter = Minter::new();
    for defect in defect::all() {
        for pair in pairs(&minter, defect, VARIANTS, 7) {
            let pair = pair.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(
                (pair.hostile.role, pair.twin.role),
                (Role::Hostile, Role::Twin)
            );
            assert_ne!(pair.hostile.id, pair.twin.id);
        }
    }
}
