//! The catalogue as an x509-limbo file holds to the schema of x509-limbo,
//! which is kept as its project publishes it.

mod json_schema;

use std::collections::BTreeSet;

use gatecrash::{
    case::{Case, Exported, Limbo, pairs},
    corpus::known::{BUILT_IN, Known},
    defect,
    engine::{Engine, reference::Reference},
    mint::Minter,
    oracle::Kind,
    verdict::Verdict,
};
use json_schema::Schema;
use serde_json::Value;

/// `SEGMENT(::SEGMENT)*`, the one pattern of the schema.
const ID: &str = "^([A-Za-z][A-Za-z0-9-.]+::)*([A-Za-z][A-Za-z0-9-.]+)$";

fn is_id(text: &str) -> bool {
    text.split("::").all(|segment| {
        segment.len() > 1
            && segment.starts_with(|c: char| c.is_ascii_alphabetic())
            && segment
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
    })
}

fn schema() -> Schema {
    let text = include_str!("../corpus/limbo/limbo-schema.json");
    Schema::new(text, |pattern, text| {
        assert_eq!(pattern, ID, "a pattern that this test does not know");
        is_id(text)
    })
}

/// What of a value is no suite.
fn violations(suite: &Value) -> Vec<String> {
    schema().violations_of("/$defs/Limbo", suite)
}

#[test]
fn the_whole_catalogue_is_a_valid_suite() {
    let minter = Minter::new();
    let minted: Vec<_> = defect::all()
        .flat_map(|defect| pairs(&minter, defect, 1, 7))
        .map(|pair| pair.unwrap_or_else(|error| panic!("{error}")))
        .collect();
    let suite = Limbo::of(minted.iter().flat_map(|pair| [&pair.hostile, &pair.twin]));
    let value: Value = serde_json::from_str(&suite.write()).expect("JSON");
    let wrong = violations(&value);
    assert!(
        wrong.is_empty(),
        "{} violations: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(10)]
    );

    let testcases = value["testcases"].as_array().expect("a list");
    assert_eq!(testcases.len(), 2 * defect::all().count());
    let ids: BTreeSet<_> = testcases.iter().map(|case| case["id"].as_str()).collect();
    assert_eq!(ids.len(), testcases.len(), "ids are distinct");
    for (pair, case) in minted.iter().zip(testcases.iter().step_by(2)) {
        let description = case["description"].as_str().expect("text");
        let reasons = pair.hostile.expected.reasons();
        assert!(
            reasons
                .iter()
                .any(|reason| description.contains(reason.name())),
            "{}: {description}",
            pair.hostile.id
        );
    }
}

/// What the format can say of a case is enough to judge it as the catalogue does.
#[test]
fn the_reference_judges_the_export_as_it_judges_the_catalogue() {
    let minter = Minter::new();
    let known = Known::from_toml(BUILT_IN, |_| true).expect("the list reads");
    let is_known = |id: &str, kind: Kind| {
        let mut entries = known.entries().iter();
        entries.any(|one| one.engine == "reference" && one.defect == id && one.kind == kind)
    };
    let reference = Reference::default();
    let (mut told, mut wrong) = (0, Vec::new());
    for defect in defect::all() {
        for pair in pairs(&minter, defect, 1, 7) {
            let pair = pair.unwrap_or_else(|error| panic!("{error}"));
            if pair.beyond_limbo().is_some() {
                continue;
            }
            told += 1;
            for (case, kind) in [
                (&pair.hostile, Kind::FalseAccept),
                (&pair.twin, Kind::FalseReject),
            ] {
                let testcase = case.to_limbo();
                let exported = Exported::from_id(&testcase.id).map(|found| found.defect.id);
                assert_eq!(exported, Some(defect.id));
                let read = Case::from_limbo(&testcase, case.time).expect("reads back");
                let verdict = reference.judge(&read).expect("answers");
                let accepts = verdict == Verdict::Accept;
                if accepts == (kind == Kind::FalseAccept) && !is_known(defect.id.0, kind) {
                    wrong.push(format!("{}: {verdict}", case.id));
                }
            }
        }
    }
    assert!(told > 700, "{told}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_no_suite_is_told_apart() {
    let good = serde_json::json!({"version": 1, "testcases": []});
    assert_eq!(violations(&good), [""; 0]);
    for bad in [
        serde_json::json!({"version": 2, "testcases": []}),
        serde_json::json!({"version": 1}),
        serde_json::json!({"version": 1, "testcases": [{"id": "a/b"}]}),
        serde_json::json!([]),
    ] {
        let wrong = violations(&bad);
        assert!(!wrong.is_empty(), "{bad}");
    }
}
