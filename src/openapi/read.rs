//! From the text of a document to its security requirements.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Document, Method, Operation, PathTemplate, Requirement, Scheme, Security};

/// A text that is no OpenAPI document of version 3.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenApiError {
    /// Neither JSON nor YAML.
    #[error("neither JSON nor YAML: {0}")]
    Syntax(String),
    /// `openapi` is absent or not of version 3.
    #[error("no OpenAPI 3 document: `openapi` is {0}")]
    Version(String),
    /// A part is not of the form that OpenAPI gives it.
    #[error("{place}: {problem}")]
    Form {
        /// Where, in words.
        place: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// References to references that are followed before giving up.
const REFERENCE_DEPTH: usize = 16;

pub(super) fn document(text: &str) -> Result<Document, OpenApiError> {
    let root = parse(text)?;
    let version = match root.get("openapi") {
        Some(Value::String(version)) if version.starts_with("3.") => version.clone(),
        Some(other) => return Err(OpenApiError::Version(other.to_string())),
        None => return Err(OpenApiError::Version("absent".to_owned())),
    };
    let title = root
        .pointer("/info/title")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let servers = list(root.get("servers"), "servers")?
        .iter()
        .filter_map(|server| server.get("url")?.as_str().map(str::to_owned))
        .collect();
    let mut schemes = BTreeMap::new();
    for (name, declared) in members(
        root.pointer("/components/securitySchemes"),
        "components.securitySchemes",
    )? {
        schemes.insert(name.clone(), scheme(follow(&root, declared)?, name)?);
    }
    let inherited = match root.get("security") {
        Some(security) => self::security(security, "security")?,
        None => Security::default(),
    };
    let mut operations = Vec::new();
    for (path, item) in members(root.get("paths"), "paths")? {
        if path.starts_with("x-") {
            continue;
        }
        let template =
            PathTemplate::new(path).ok_or_else(|| form(path, "a path must begin with a slash"))?;
        let item = follow(&root, item)?;
        for method in Method::ALL {
            if let Some(declared) = item.get(method.name().to_ascii_lowercase()) {
                operations.push(operation(method, template.clone(), declared, &inherited)?);
            }
        }
    }
    operations.sort_by(|a, b| (&a.path, a.method).cmp(&(&b.path, b.method)));
    Ok(Document {
        version,
        title,
        servers,
        schemes,
        operations,
        json: root,
    })
}

fn parse(text: &str) -> Result<Value, OpenApiError> {
    let syntax = |error: &dyn std::fmt::Display| {
        OpenApiError::Syntax(
            error
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    if text.trim_start().starts_with('{') {
        // YAML's flow style looks the same, so JSON's complaint stands only when YAML has none better.
        if let Ok(value) = serde_json::from_str(text) {
            return Ok(value);
        }
    }
    serde_saphyr::from_str(text).map_err(|error| syntax(&error))
}

fn operation(
    method: Method,
    path: PathTemplate,
    declared: &Value,
    inherited: &Security,
) -> Result<Operation, OpenApiError> {
    let place = format!("{method} {path}");
    let security = match declared.get("security") {
        Some(own) => security(own, &place)?,
        None => inherited.clone(),
    };
    let responses = members(declared.get("responses"), &place)?
        .map(|(code, _)| code.clone())
        .collect();
    let id = declared
        .get("operationId")
        .and_then(Value::as_str)
        .map(str::to_owned);
    Ok(Operation {
        method,
        path,
        id,
        security,
        responses,
    })
}

fn scheme(declared: &Value, name: &str) -> Result<Scheme, OpenApiError> {
    let text = |key: &str| {
        declared
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    match text("type").as_str() {
        "mutualTLS" => Ok(Scheme::MutualTls),
        "http" => Ok(Scheme::Http(text("scheme").to_ascii_lowercase())),
        "apiKey" => Ok(Scheme::ApiKey {
            place: text("in"),
            name: text("name"),
        }),
        "oauth2" => Ok(Scheme::OAuth2),
        "openIdConnect" => Ok(Scheme::OpenIdConnect),
        _ => Err(form(
            name,
            "a scheme's type is mutualTLS, http, apiKey, oauth2 or openIdConnect",
        )),
    }
}

fn security(value: &Value, place: &str) -> Result<Security, OpenApiError> {
    let mut alternatives = Vec::new();
    for requirement in list(Some(value), place)? {
        let mut schemes = BTreeMap::new();
        for (name, roles) in members(Some(requirement), place)? {
            let mut named = Vec::new();
            for role in list(Some(roles), place)? {
                named.push(
                    role.as_str()
                        .ok_or_else(|| form(place, "a role must be text"))?
                        .to_owned(),
                );
            }
            schemes.insert(name.clone(), named);
        }
        alternatives.push(Requirement { schemes });
    }
    Ok(Security { alternatives })
}

/// The value itself, or what its `$ref` into the same document means.
fn follow<'a>(root: &'a Value, mut value: &'a Value) -> Result<&'a Value, OpenApiError> {
    for _ in 0..REFERENCE_DEPTH {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return Ok(value);
        };
        value = reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer))
            .ok_or_else(|| {
                form(
                    reference,
                    "a reference that leads nowhere inside this document",
                )
            })?;
    }
    Err(form("$ref", "references that lead in a circle"))
}

fn list<'a>(value: Option<&'a Value>, place: &str) -> Result<&'a [Value], OpenApiError> {
    match value {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(form(place, "a list is needed here")),
    }
}

fn members<'a>(
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

fn form(place: &str, problem: &'static str) -> OpenApiError {
    OpenApiError::Form {
        place: place.to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_document_is_named_in_one_line() {
        let table = [
            ("", "absent"),
            ("[", "neither JSON nor YAML"),
            ("{\"swagger\": \"2.0\"}", "absent"),
            ("{\"openapi\": \"2.0\"}", "2.0"),
            ("{\"openapi\": \"3.1.0\", \"paths\": []}", "paths: a map"),
            (
                "{\"openapi\": \"3.1.0\", \"paths\": {\"x\": {}}}",
                "begin with a slash",
            ),
            (
                "{\"openapi\": \"3.1.0\", \"security\": {}}",
                "security: a list",
            ),
            (
                "{\"openapi\": \"3.1.0\", \"paths\": {\"/x\": {\"$ref\": \"#/paths/~1x\"}}}",
                "circle",
            ),
            (
                "{\"openapi\": \"3.1.0\", \"paths\": {\"/x\": {\"$ref\": \"other.yaml\"}}}",
                "leads nowhere",
            ),
        ];
        for (text, part) in table {
            let error = document(text).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}
