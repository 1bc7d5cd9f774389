//! From the text of a document to its security requirements.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Document, Method, Operation, PathTemplate, Requirement, Scheme, Security,
    parameter::parameters,
    syntax::{MAX_DOCUMENT, follow, form, list, members, parse},
};

/// A text that is no OpenAPI document of version 3.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenApiError {
    /// More octets than are read.
    #[error("the document has {:.1} MiB, and at most {} MiB are read: take out examples, or split it", *.0 as f64 / 1_048_576.0, MAX_DOCUMENT >> 20)]
    TooLarge(usize),
    /// No UTF-8 after so many octets.
    #[error("not text: no UTF-8 at octet {0}")]
    NoText(usize),
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

/// The most operations of a document. Every one of them is probed more than once.
const MAX_OPERATIONS: usize = 100_000;

/// Reads a document of which every part must be sound.
pub(super) fn document(bytes: &[u8]) -> Result<Document, OpenApiError> {
    let mut document = readable(bytes)?;
    match document.unread.is_empty() {
        true => Ok(document),
        false => Err(document.unread.swap_remove(0)),
    }
}

/// Reads a document as far as it goes: schemes, paths and operations that cannot be read are left out and named.
pub(super) fn readable(bytes: &[u8]) -> Result<Document, OpenApiError> {
    let root = parse(bytes)?;
    let mut unread = Vec::new();
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
    let servers = servers(&root)?;
    let mut schemes = BTreeMap::new();
    for (name, declared) in members(
        root.pointer("/components/securitySchemes"),
        "components.securitySchemes",
    )? {
        let place = format!("components.securitySchemes.{name}");
        match follow(&root, declared, &place).and_then(|declared| scheme(declared, name)) {
            Ok(scheme) => {
                schemes.insert(name.clone(), scheme);
            }
            Err(error) => unread.push(error),
        }
    }
    let inherited = match root.get("security") {
        Some(security) => self::security(security, "security")?,
        None => Security::default(),
    };
    let mut operations = Vec::new();
    let mut additional = Vec::new();
    for (path, item) in members(root.get("paths"), "paths")? {
        if path.starts_with("x-") {
            continue;
        }
        let template = PathTemplate::new(path)
            .ok_or_else(|| form(path, "a path must begin with a slash"))
            .and_then(|template| Ok((template, follow(&root, item, path)?)));
        let (template, item) = match template {
            Ok(found) => found,
            Err(error) => {
                unread.push(error);
                continue;
            }
        };
        for method in Method::ALL {
            if let Some(declared) = item.get(method.name().to_ascii_lowercase()) {
                match operation(&root, method, &template, item, declared, &inherited) {
                    Ok(operation) => operations.push(operation),
                    Err(error) => unread.push(error),
                }
            }
        }
        match members(item.get("additionalOperations"), path) {
            Ok(declared) => {
                additional.extend(declared.map(|(method, _)| (method.clone(), path.clone())));
            }
            Err(error) => unread.push(error),
        }
        if operations.len() > MAX_OPERATIONS {
            return Err(form("paths", "more than 100,000 operations"));
        }
    }
    operations.sort_by(|a, b| (&a.path, a.method).cmp(&(&b.path, b.method)));
    Ok(Document {
        version,
        title,
        servers,
        schemes,
        operations,
        additional,
        unread,
        json: root,
    })
}

/// The URLs of `servers`, with the defaults of their variables.
fn servers(holder: &Value) -> Result<Vec<String>, OpenApiError> {
    let mut urls = Vec::new();
    for server in list(holder.get("servers"), "servers")? {
        let Some(url) = server.get("url").and_then(Value::as_str) else {
            continue;
        };
        let mut url = url.to_owned();
        for (name, variable) in members(server.get("variables"), "servers.variables")? {
            if let Some(default) = variable.get("default").and_then(Value::as_str) {
                url = url.replace(&format!("{{{name}}}"), default);
            }
        }
        urls.push(url);
    }
    Ok(urls)
}

fn operation(
    root: &Value,
    method: Method,
    path: &PathTemplate,
    item: &Value,
    declared: &Value,
    inherited: &Security,
) -> Result<Operation, OpenApiError> {
    let place = format!("{method} {path}");
    let security = match declared.get("security") {
        Some(own) => security(own, &place)?,
        None => inherited.clone(),
    };
    let servers = match servers(declared)? {
        own if own.is_empty() => servers(item)?,
        own => own,
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
        path: path.clone(),
        id,
        overrides: declared.get("security").is_some(),
        security,
        parameters: parameters(root, item, declared, &place)?,
        servers,
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
            schemes.insert(scheme_name(name), named);
        }
        alternatives.push(Requirement { schemes });
    }
    Ok(Security { alternatives })
}

/// OpenAPI 3.2 lets a requirement name a scheme by a reference too.
fn scheme_name(name: &str) -> String {
    name.strip_prefix("#/components/securitySchemes/")
        .unwrap_or(name)
        .to_owned()
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
                "another document",
            ),
        ];
        for (text, part) in table {
            let error = document(text.as_bytes()).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}
