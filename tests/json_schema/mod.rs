//! As much of JSON Schema as the published schemas in this repository use.
//! A keyword or a pattern that is not known here fails the test, instead of being passed over.

use std::collections::HashSet;

use serde_json::Value;

/// Keywords that demand nothing of a value.
const WORDS: &[&str] = &[
    "$schema",
    "$id",
    "$defs",
    "definitions",
    "default",
    "description",
    "title",
];

/// A schema, whose references lead into itself.
pub(crate) struct Schema {
    root: Value,
    /// Whether a pattern that the schema has holds of a text.
    holds: fn(pattern: &str, text: &str) -> bool,
}

impl Schema {
    pub(crate) fn new(text: &str, holds: fn(&str, &str) -> bool) -> Self {
        Self {
            root: serde_json::from_str(text).expect("the schema is JSON"),
            holds,
        }
    }

    /// What of a value is not as the schema says.
    #[allow(dead_code)] // each test needs one of the two
    pub(crate) fn violations(&self, value: &Value) -> Vec<String> {
        self.under(&self.root, value, "$")
    }

    /// The same under one of the schema's definitions, by its way there such as `/$defs/Limbo`.
    #[allow(dead_code)] // each test needs one of the two
    pub(crate) fn violations_of(&self, definition: &str, value: &Value) -> Vec<String> {
        let schema = self.root.pointer(definition).expect("a definition");
        self.under(schema, value, "$")
    }

    fn under(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        if let Some(allowed) = schema.as_bool() {
            return match allowed {
                true => Vec::new(),
                false => vec![format!("{at}: must not be there")],
            };
        }
        let rules = schema.as_object().expect("a schema is an object");
        let list = |rule: &Value| rule.as_array().expect("a list").clone();
        let holds_under = |choice: &Value| self.under(choice, value, at).is_empty();
        let mut wrong = Vec::new();
        for (keyword, rule) in rules {
            let holds = match keyword.as_str() {
                "$ref" => {
                    let way = rule.as_str().and_then(|text| text.strip_prefix('#'));
                    let target = self.root.pointer(way.expect("a local reference"));
                    wrong.extend(self.under(target.expect("a definition"), value, at));
                    true
                }
                "type" => match rule {
                    Value::Array(types) => types.iter().any(|kind| is_of(value, kind)),
                    kind => is_of(value, kind),
                },
                "enum" => list(rule).contains(value),
                "const" => rule == value,
                "minimum" => value
                    .as_f64()
                    .is_none_or(|number| number >= rule.as_f64().expect("a number")),
                "maximum" => value
                    .as_f64()
                    .is_none_or(|number| number <= rule.as_f64().expect("a number")),
                "minItems" => value
                    .as_array()
                    .is_none_or(|items| items.len() as u64 >= rule.as_u64().expect("a count")),
                "uniqueItems" => value.as_array().is_none_or(|items| {
                    let mut known = HashSet::new();
                    items.iter().all(|item| known.insert(item.to_string()))
                }),
                "pattern" => {
                    let pattern = rule.as_str().expect("text");
                    value
                        .as_str()
                        .is_none_or(|text| (self.holds)(pattern, text))
                }
                "format" => value.as_str().is_none_or(|text| is_formatted(rule, text)),
                "anyOf" => list(rule).iter().any(holds_under),
                "oneOf" => {
                    list(rule)
                        .iter()
                        .filter(|choice| holds_under(choice))
                        .count()
                        == 1
                }
                "required" => {
                    let names = list(rule);
                    let missing = names
                        .iter()
                        .filter(|name| value.get(name.as_str().expect("a name")).is_none());
                    wrong.extend(missing.map(|name| format!("{at}: {name} is missing")));
                    true
                }
                "properties" => {
                    for (name, rule) in rule.as_object().expect("an object") {
                        if let Some(member) = value.get(name) {
                            wrong.extend(self.under(rule, member, &format!("{at}.{name}")));
                        }
                    }
                    true
                }
                "additionalProperties" => {
                    let known = rules.get("properties").and_then(Value::as_object);
                    for (name, member) in value.as_object().into_iter().flatten() {
                        if known.is_none_or(|known| !known.contains_key(name)) {
                            wrong.extend(self.under(rule, member, &format!("{at}.{name}")));
                        }
                    }
                    true
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        wrong.extend(self.under(rule, item, &format!("{at}[{index}]")));
                    }
                    true
                }
                known if WORDS.contains(&known) => true,
                other => panic!("the schema says `{other}`, which this test does not know"),
            };
            if !holds {
                wrong.push(format!("{at}: not as `{keyword}` says: {rule}"));
            }
        }
        wrong
    }
}

fn is_of(value: &Value, kind: &Value) -> bool {
    match kind.as_str().expect("a type") {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    }
}

fn is_formatted(format: &Value, text: &str) -> bool {
    match format.as_str().expect("a format") {
        "date-time" => text.contains('T') && text.len() >= 20,
        "uri" => text.contains(':') && !text.contains(' '),
        "uri-reference" => !text.contains([' ', '\\']),
        other => panic!("format {other}"),
    }
}
