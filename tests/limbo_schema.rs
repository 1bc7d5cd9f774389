//! The catalogue as an x509-limbo file holds to the schema of x509-limbo,
//! which is kept as its project publishes it.

use std::collections::BTreeSet;

use gatecrash::{
    case::{Limbo, pairs},
    defect,
    mint::Minter,
};
use serde_json::Value;

/// The keywords that the schema uses. Another one would be passed over in silence, so it fails.
const KEYWORDS: &[&str] = &[
    "$ref",
    "anyOf",
    "const",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
];

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

struct Schema {
    root: Value,
}

impl Schema {
    fn new() -> Self {
        let text = include_str!("../corpus/limbo/limbo-schema.json");
        Self {
            root: serde_json::from_str(text).expect("the schema is JSON"),
        }
    }

    /// What of `value` is not as `schema` says, with the way to it.
    fn violations(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let rules = schema.as_object().expect("a schema is an object");
        let mut wrong = Vec::new();
        for (keyword, rule) in rules {
            let holds = match keyword.as_str() {
                "$ref" => {
                    let name = rule.as_str().and_then(|text| text.strip_prefix("#/$defs/"));
                    let target = &self.root["$defs"][name.expect("a local reference")];
                    wrong.extend(self.violations(target, value, at));
                    true
                }
                "type" => match rule.as_str().expect("one type") {
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    "null" => value.is_null(),
                    other => panic!("type {other}"),
                },
                "enum" => rule.as_array().expect("a list").contains(value),
                "const" => rule == value,
                "pattern" => {
                    assert_eq!(rule, ID, "a pattern that this test does not know");
                    value.as_str().is_none_or(is_id)
                }
                "format" => value
                    .as_str()
                    .is_none_or(|text| text.contains('T') && text.len() >= 20),
                "anyOf" => rule
                    .as_array()
                    .expect("a list")
                    .iter()
                    .any(|choice| self.violations(choice, value, at).is_empty()),
                "required" => {
                    let names = rule.as_array().expect("a list").iter();
                    let missing =
                        names.filter(|name| value.get(name.as_str().expect("a name")).is_none());
                    wrong.extend(missing.map(|name| format!("{at}: {name} is missing")));
                    true
                }
                "properties" => {
                    for (name, rule) in rule.as_object().expect("an object") {
                        if let Some(member) = value.get(name) {
                            wrong.extend(self.violations(rule, member, &format!("{at}.{name}")));
                        }
                    }
                    true
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        wrong.extend(self.violations(rule, item, &format!("{at}[{index}]")));
                    }
                    true
                }
                known if KEYWORDS.contains(&known) => true,
                other => panic!("the schema says `{other}`, which this test does not know"),
            };
            if !holds {
                wrong.push(format!("{at}: not as `{keyword}` says: {rule}"));
            }
        }
        wrong
    }

    fn of_suite(&self) -> &Value {
        &self.root["$defs"]["Limbo"]
    }
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
    let schema = Schema::new();
    let wrong = schema.violations(schema.of_suite(), &value, "suite");
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

#[test]
fn what_is_no_suite_is_told_apart() {
    let schema = Schema::new();
    let good = serde_json::json!({"version": 1, "testcases": []});
    assert_eq!(
        schema.violations(schema.of_suite(), &good, "suite"),
        [""; 0]
    );
    for bad in [
        serde_json::json!({"version": 2, "testcases": []}),
        serde_json::json!({"version": 1}),
        serde_json::json!({"version": 1, "testcases": [{"id": "a/b"}]}),
        serde_json::json!([]),
    ] {
        let wrong = schema.violations(schema.of_suite(), &bad, "suite");
        assert!(!wrong.is_empty(), "{bad}");
    }
}
