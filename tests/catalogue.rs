//! What holds for every defect of the catalogue.

use std::collections::HashMap;

use gatecrash::{
    case::{Role, pair, pairs},
    defect,
    engine::{Engine, reference::Reference, rustls},
    mint::Minter,
    question::Purpose,
    recipe::generate::Setting,
};

const VARIANTS: u32 = 4;

#[test]
fn ids_and_pages_are_distinct_and_ids_name_their_family() {
    let mut seen = std::collections::BTreeSet::new();
    let mut pages = HashMap::new();
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
            if let Some(other) = pages.insert(defect.page, defect.id) {
                panic!("{other} and {} have the same page", defect.id);
            }
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

/// A defect that mints what another mints is the other one.
#[test]
fn no_two_defects_are_the_same_case() {
    let minter = Minter::new();
    let settings = [(1, false), (1, true), (2, true), (0, false)].map(|(intermediates, crls)| {
        Purpose::ALL.map(|purpose| Setting {
            purpose,
            intermediates,
            crls,
            ..Setting::default()
        })
    });
    let settings: Vec<Setting> = settings.into_iter().flatten().collect();
    let mut seen: HashMap<String, &str> = HashMap::new();
    let mut same = Vec::new();
    for defect in defect::all() {
        for &position in defect.positions {
            let mut fitting = settings
                .iter()
                .filter(|setting| defect.purposes.contains(&setting.purpose));
            let Some(case) = fitting.find_map(|setting| {
                pair(&minter, defect, position, setting, 0)
                    .ok()
                    .map(|pair| pair.hostile)
            }) else {
                continue;
            };
            let script = serde_json::to_string(&case.handshake).expect("serialises");
            let shown = format!(
                "{:?}{script}",
                (
                    (&case.chain, &case.anchors, &case.crls, &case.ocsp),
                    (&case.name, case.time, case.purpose, &case.requirements),
                )
            );
            match seen.get(&shown) {
                Some(&other) if other != defect.id.0 => same.push((other, defect.id.0)),
                _ => {
                    seen.insert(shown, defect.id.0);
                }
            }
        }
    }
    assert!(same.is_empty(), "{same:#?}");
}

#[test]
fn the_table_of_statements_tells_the_reasons_that_the_reference_gives() {
    let (minter, reference) = (Minter::new(), Reference::default());
    let shaken = rustls::engine();
    let mut wrong = Vec::new();
    for statement in defect::statements() {
        let Some(reason) = statement.refused_as else {
            continue;
        };
        for id in &statement.defects {
            let Some(defect) = defect::find(id) else {
                wrong.push(format!("{}: {id} is no defect", statement.clause));
                continue;
            };
            let pair = pairs(&minter, defect, 1, 7).remove(0);
            let hostile = pair.unwrap_or_else(|error| panic!("{error}")).hostile;
            let given = match hostile.handshake {
                // The reference shakes no hands.
                Some(_) => shaken.observe(&hostile).expect("judges").reasons,
                None => {
                    let report = reference.report(&hostile).expect("an anchor");
                    report.violations.iter().map(|one| one.reason).collect()
                }
            };
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
