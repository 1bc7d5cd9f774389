//! From bytes to a tree of values, within bounds: JSON or YAML, and references inside the document.

use serde_json::{Map, Value};

use super::OpenApiError;

/// The largest document that is read, in octets. The largest public ones have about 12 MB.
pub const MAX_DOCUMENT: usize = 16 << 20;

/// The most values of a YAML document, aliases expanded.
const MAX_YAML_NODES: usize = 1_000_000;

/// References to references that are followed before giving up.
const REFERENCE_DEPTH: usize = 16;

pub(super) fn parse(bytes: &[u8]) -> Result<Value, OpenApiError> {
    if bytes.len() > MAX_DOCUMENT {
        return Err(OpenApiError::TooLarge(bytes.len()));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| OpenApiError::NoText(error.valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        match serde_json::from_str(text) {
            Ok(value) => return Ok(value),
            // A large document that begins as JSON is JSON: to read it again as YAML would take seconds.
            Err(error) if text.len() > 1 << 20 => return Err(syntax(&error)),
            // YAML's flow style looks the same, so JSON's complaint stands only when YAML has none better.
            Err(_) => {}
        }
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MAX_YAML_NODES,
            max_events: 2 * MAX_YAML_NODES,
            max_depth: 128,
        },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let error = syntax(&error);
        match &error {
            // Its own words for that are those of a debugger.
            OpenApiError::Syntax(words) if words.contains("budget breached") => {
                OpenApiError::Syntax(format!(
                    "more than {MAX_YAML_NODES} values, aliases counted where they are used"
                ))
            }
            _ => error,
        }
    })
}

fn syntax(error: &dyn std::fmt::Display) -> OpenApiError {
    let text = error.to_string();
    OpenApiError::Syntax(text.lines().next().unwrap_or_default().to_owned())
}

/// The value itself, or what its `$ref` into the same document means. `place` says who refers.
pub(super) fn follow<'a>(
    root: &'a Value,
    mut value: &'a Value,
    place: &str,
) -> Result<&'a Value, OpenApiError> {
    let mut first = None;
    for _ in 0..REFERENCE_DEPTH {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return Ok(value);
        };
        first.get_or_insert(reference);
        let problem = match reference.starts_with('#') {
            true => "a reference that leads nowhere inside this document",
            false => "a reference to another document, which is not read: put both into one",
        };
        value = pointed(root, reference)
            .ok_or_else(|| form(&format!("{place}, {reference}"), problem))?;
    }
    Err(form(
        &format!("{place}, {}", first.unwrap_or("$ref")),
        "references that lead in a circle",
    ))
}

/// What a reference means: a JSON pointer after `#`, which may be percent-encoded (RFC 6901 section 6).
fn pointed<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    root.pointer(pointer)
        .or_else(|| root.pointer(&percent_decoded(pointer)?))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        if octet == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            octets.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            octets.push(octet);
        }
    }
    String::from_utf8(octets).ok()
}

pub(super) fn list<'a>(value: Option<&'a Value>, place: &str) -> Result<&'a [Value], OpenApiError> {
    match value {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(form(place, "a list is needed here")),
    }
}

pub(super) fn members<'a>(
    value: Option<&'a Value>,
    place: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)> + use<'a>, OpenApiError> {
    match value {
        None => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(form(place, "a map is needed here")),
    }
    .map(|members: Option<&Map<String, Value>>| members.into_iter().flatten())
}

pub(super) fn form(place: &str, problem: &'static str) -> OpenApiError {
    OpenApiError::Form {
        place: place.to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Document;

    #[test]
    fn a_document_beyond_bounds_is_refused_in_one_line() {
        let large = vec![b' '; 50 << 20];
        let deep = "[".repeat(100_000);
        let deep_json = format!("{{\"openapi\": {}", "[".repeat(100_000));
        let laughs: String = (1..12).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
            let below = format!("*a{}", level - 1);
            text + &format!("a{level}: &a{level} [{}]\n", [below.as_str(); 9].join(", "))
        });
        let table: [(&[u8], &str); 5] = [
            (&large, "50.0 MiB"),
            (deep.as_bytes(), "neither JSON nor YAML"),
            (deep_json.as_bytes(), "neither JSON nor YAML"),
            (laughs.as_bytes(), "neither JSON nor YAML"),
            (b"openapi: \xff", "octet 9"),
        ];
        for (bytes, part) in table {
            let error = Document::from_bytes(bytes).expect_err(part).to_string();
            assert!(error.contains(part), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_document_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Document::from_bytes(&bytes);
        }

        #[test]
        fn any_text_under_the_keys_of_a_document_is_read_or_refused(
            text in "[a-z{}\\[\\]:$#/&*'\" \n-]{0,80}",
            key in prop::sample::select(vec!["paths", "servers", "security", "components", "info"]),
        ) {
            let _ = Document::parse(&format!("openapi: 3.1.0\n{key}: {text}"));
            let _ = Document::parse(&format!("openapi: 3.1.0\npaths:\n  /a: {text}"));
        }
    }
}
