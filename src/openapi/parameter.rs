//! Parameters of an operation, each with a value that the document itself gives.

use serde_json::Value;

use super::{
    OpenApiError, Operation,
    syntax::{follow, form, list},
};

/// A parameter of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where a request carries it.
    pub place: ParameterPlace,
    /// Whether a request must carry it. One in the path always must.
    pub required: bool,
    /// A value to try.
    pub sample: Sample,
}

/// Where a request carries a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterPlace {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In a cookie.
    Cookie,
}

/// A value to try, and where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sample {
    /// An example, a default, a constant or the first of an enumeration.
    Given(String),
    /// The document gives none; this is the simplest of its type.
    Guessed(String),
}

impl Sample {
    /// The value, as text.
    pub fn text(&self) -> &str {
        match self {
            Self::Given(text) | Self::Guessed(text) => text,
        }
    }
}

impl Operation {
    /// What a request asks for: the path with a value for every parameter, and the query that is required.
    pub fn target(&self) -> String {
        let mut target = self.path.fill(|name| {
            let declared = self
                .at(ParameterPlace::Path)
                .find(|parameter| parameter.name == name);
            encoded(declared.map_or("1", |parameter| parameter.sample.text()))
        });
        let mut separator = '?';
        for parameter in self
            .at(ParameterPlace::Query)
            .filter(|parameter| parameter.required)
        {
            target.push(separator);
            target.push_str(&encoded(&parameter.name));
            target.push('=');
            target.push_str(&encoded(parameter.sample.text()));
            separator = '&';
        }
        target
    }

    /// The headers that a request must carry beside credentials, as name and value.
    ///
    /// What a header cannot hold is left out.
    pub fn required_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let fits = |text: &str| text.bytes().all(|octet| matches!(octet, b' '..=b'~'));
        let token = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
        };
        self.at(ParameterPlace::Header)
            .filter(|parameter| parameter.required)
            .map(|parameter| (parameter.name.as_str(), parameter.sample.text()))
            .filter(move |(name, value)| token(name) && fits(value))
    }

    /// Whether a value in the path is a guess, so that the request may well miss.
    pub fn is_guessed(&self) -> bool {
        let declared = |name: &str| {
            self.at(ParameterPlace::Path).any(|parameter| {
                parameter.name == name && matches!(parameter.sample, Sample::Given(_))
            })
        };
        self.path.names().any(|name| !declared(name))
    }

    fn at(&self, place: ParameterPlace) -> impl Iterator<Item = &Parameter> {
        self.parameters
            .iter()
            .filter(move |parameter| parameter.place == place)
    }
}

/// The text with everything percent-encoded that is not unreserved (RFC 3986 section 2.3).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

/// The parameters of a path item and of an operation. The operation's win over those of the item.
pub(super) fn parameters(
    root: &Value,
    item: &Value,
    operation: &Value,
    place: &str,
) -> Result<Vec<Parameter>, OpenApiError> {
    let mut found: Vec<Parameter> = Vec::new();
    for holder in [item, operation] {
        for declared in list(holder.get("parameters"), place)? {
            let Some(parameter) = parameter(root, follow(root, declared, place)?, place)? else {
                continue;
            };
            let same = found
                .iter_mut()
                .find(|other| other.name == parameter.name && other.place == parameter.place);
            match same {
                Some(other) => *other = parameter,
                None => found.push(parameter),
            }
        }
    }
    Ok(found)
}

/// `None` for a place that is not carried one by one, such as `querystring` of OpenAPI 3.2.
fn parameter(
    root: &Value,
    declared: &Value,
    place: &str,
) -> Result<Option<Parameter>, OpenApiError> {
    let text = |key: &str| declared.get(key).and_then(Value::as_str);
    let name = text("name").ok_or_else(|| form(place, "a parameter needs a name"))?;
    let carried = match text("in") {
        Some("path") => ParameterPlace::Path,
        Some("query") => ParameterPlace::Query,
        Some("header") => ParameterPlace::Header,
        Some("cookie") => ParameterPlace::Cookie,
        Some("querystring") => return Ok(None),
        _ => {
            return Err(form(
                place,
                "a parameter is in path, query, header or cookie",
            ));
        }
    };
    let required = declared.get("required").and_then(Value::as_bool) == Some(true);
    Ok(Some(Parameter {
        name: name.to_owned(),
        place: carried,
        required: required || carried == ParameterPlace::Path,
        sample: sample(root, declared),
    }))
}

/// The parameter's own example first, then what its schema says.
fn sample(root: &Value, declared: &Value) -> Sample {
    // A media type stands where the schema would, and says the same about examples.
    let content = declared
        .get("content")
        .and_then(Value::as_object)
        .and_then(|types| types.values().next());
    let schema = [Some(declared), content]
        .into_iter()
        .flatten()
        .find_map(|holder| follow(root, holder.get("schema")?, "").ok());
    let given = example(root, declared)
        .or_else(|| example(root, content?))
        .or_else(|| of_schema(schema?));
    match given {
        Some(text) => Sample::Given(text),
        None => Sample::Guessed(simplest(schema).to_owned()),
    }
}

fn example(root: &Value, holder: &Value) -> Option<String> {
    let named = || {
        let first = holder.get("examples")?.as_object()?.values().next()?;
        let first = follow(root, first, "").ok()?;
        let parts = ["serializedValue", "dataValue", "value"];
        parts
            .iter()
            .find_map(|part| first.get(part))
            .and_then(plain)
    };
    holder.get("example").and_then(plain).or_else(named)
}

fn of_schema(schema: &Value) -> Option<String> {
    let first = |key: &str| schema.get(key)?.as_array()?.first().and_then(plain);
    let one = |key: &str| schema.get(key).and_then(plain);
    one("example")
        .or_else(|| first("examples"))
        .or_else(|| one("default"))
        .or_else(|| one("const"))
        .or_else(|| first("enum"))
}

/// The text of a value that has a plain one, and a list's first.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Array(items) => items.first().and_then(plain),
        _ => None,
    }
}

fn simplest(schema: Option<&Value>) -> &'static str {
    let text = |key: &str| {
        schema
            .and_then(|schema| schema.get(key))
            .and_then(Value::as_str)
    };
    match (text("format"), text("type")) {
        (Some("uuid"), _) => "00000000-0000-4000-8000-000000000001",
        (Some("date"), _) => "2026-01-01",
        (Some("date-time"), _) => "2026-01-01T00:00:00Z",
        (Some("email"), _) => "someone@example.org",
        (Some("ipv4"), _) => "192.0.2.1",
        (_, Some("boolean")) => "true",
        _ => "1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_taken_from_where_the_document_gives_one() {
        let table = [
            (r##"{"example": 7}"##, Sample::Given("7".into())),
            (
                r##"{"examples": {"a": {"value": "x"}}}"##,
                Sample::Given("x".into()),
            ),
            (
                r##"{"examples": {"a": {"$ref": "#/e"}}}"##,
                Sample::Given("shared".into()),
            ),
            (
                r##"{"schema": {"examples": ["y", "z"]}}"##,
                Sample::Given("y".into()),
            ),
            (
                r##"{"schema": {"default": 3, "enum": [1, 2]}}"##,
                Sample::Given("3".into()),
            ),
            (
                r##"{"schema": {"enum": ["eu", "us"]}}"##,
                Sample::Given("eu".into()),
            ),
            (
                r##"{"schema": {"const": true}}"##,
                Sample::Given("true".into()),
            ),
            (
                r##"{"schema": {"$ref": "#/s"}}"##,
                Sample::Given("of schema".into()),
            ),
            (
                r##"{"content": {"text/plain": {"example": "c"}}}"##,
                Sample::Given("c".into()),
            ),
            (
                r##"{"schema": {"type": "string", "format": "uuid"}}"##,
                Sample::Guessed("00000000-0000-4000-8000-000000000001".into()),
            ),
            (
                r##"{"schema": {"$ref": "#/circle"}}"##,
                Sample::Guessed("1".into()),
            ),
            (
                r##"{"schema": {"type": "integer"}}"##,
                Sample::Guessed("1".into()),
            ),
        ];
        let root = r##"{"e": {"value": "shared"}, "s": {"default": "of schema"}, "circle": {"$ref": "#/circle"}}"##;
        let root: Value = serde_json::from_str(root).expect("JSON");
        for (declared, expected) in table {
            let declared = serde_json::from_str(declared).expect("JSON");
            assert_eq!(sample(&root, &declared), expected, "{declared}");
        }
    }
}
