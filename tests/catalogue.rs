//! What holds for every defect of the catalogue.

use gatecrash::{
    case::{Role, pairs},
    defect,
    engine::reference::Reference,
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

#[test]
fn the_table_of_statements_tells_the_reasons_that_the_reference_gives() {
    let (minter, reference) = (Minter::new(), Reference::default());
    let mut wrong = Vec::new();
    for statement in defect::statements() {
        let Some(reason) = statement.refused_as else {
            continue;
        };
        for id in &statement.defects {
            let defect = defect::find(id).unwrap_or_else(|| panic!("{id} is no defect"));
            let pair = pairs(&minter, defect, 1, 7).remove(0);
            let hostile = pair.unwrap_or_else(|error| panic!("{error}")).hostile;
            if hostile.handshake.is_some() {
                continue;
            }
            let report = reference.report(&hostile).expect("an anchor");
            let given: Vec<_> = report.violations.iter().map(|one| one.reason).collect();
            if !given.contains(&reason) {
                wrong.push(format!(
                    "{}: {id} is said to be refused as {reason}, and is as {given:?}",
                    statement.clause
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
