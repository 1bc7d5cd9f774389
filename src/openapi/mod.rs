//! The security requirements of an OpenAPI document: which operation demands what.
//!
//! Only what decides who may enter is read: schemes, `security`, operations, servers.
//! The server enforces a [`Document`], the scan compares one with what it observes,
//! so neither is known here.

mod parameter;
mod path;
mod read;
mod security;
mod syntax;

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use parameter::{Parameter, ParameterPlace, Sample};
pub use path::PathTemplate;
pub use read::OpenApiError;
pub use security::{MutualTls, Requirement, Scheme, Security};
pub use syntax::MAX_DOCUMENT;

/// The part of an OpenAPI document that says who may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// The version of OpenAPI: `3.1.0`.
    pub version: String,
    /// `info.title`.
    pub title: String,
    /// The URLs of `servers`, with the defaults of their variables.
    pub servers: Vec<String>,
    /// The security schemes declared in `components`, by name.
    pub schemes: BTreeMap<String, Scheme>,
    /// Every operation, in the order of the paths' text.
    pub operations: Vec<Operation>,
    /// Operations under `additionalOperations` (OpenAPI 3.2), as method and path. Their methods are nobody's
    /// business but the service's, so they are named and not asked.
    pub additional: Vec<(String, String)>,
    /// What is left out, since it cannot be read: each names its place. Empty unless
    /// [`Document::as_far_as_it_goes`] read it.
    pub unread: Vec<OpenApiError>,
    /// The whole document, for whoever shows it.
    pub json: serde_json::Value,
}

/// One method on one path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: PathTemplate,
    /// `operationId`.
    pub id: Option<String>,
    /// What is demanded: the operation's own `security`, or the root's.
    pub security: Security,
    /// Whether it has a `security` of its own.
    pub overrides: bool,
    /// The parameters, those of the path item included.
    pub parameters: Vec<Parameter>,
    /// The URLs of its own `servers` or of those of the path item. Empty means the document's.
    pub servers: Vec<String>,
    /// The status codes that the operation documents, `default` and ranges as written.
    pub responses: Vec<String>,
}

/// The methods that a path item can declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)] // each is the method it is named for
pub enum Method {
    Get,
    Put,
    Post,
    Delete,
    Options,
    Head,
    Patch,
    Trace,
    Query,
}

impl Method {
    /// Every method, in the order of the specification. `QUERY` came with OpenAPI 3.2.
    pub const ALL: [Self; 9] = [
        Self::Get,
        Self::Put,
        Self::Post,
        Self::Delete,
        Self::Options,
        Self::Head,
        Self::Patch,
        Self::Trace,
        Self::Query,
    ];

    /// The method as HTTP writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Head => "HEAD",
            Self::Patch => "PATCH",
            Self::Trace => "TRACE",
            Self::Query => "QUERY",
        }
    }

    /// Whether it changes nothing (RFC 9110 section 9.2.1; QUERY is defined to be safe as well).
    pub const fn is_safe(self) -> bool {
        matches!(
            self,
            Self::Get | Self::Head | Self::Options | Self::Trace | Self::Query
        )
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    /// Methods are case-sensitive (RFC 9110 section 9.1).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|method| method.name() == text)
            .ok_or(UnknownMethod)
    }
}

/// A method that no path item can declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a method that OpenAPI knows")]
pub struct UnknownMethod;

/// A document that says something other than it means, or nothing at all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// `mutualTLS` came with OpenAPI 3.1: tools ignore it in an older document.
    #[error("`mutualTLS` in a document of version {0}, which has no such scheme")]
    MutualTlsBefore31(String),
    /// A requirement names a scheme that is not declared.
    #[error("{0} demands `{1}`, which is not declared")]
    Undeclared(String, String),
    /// A scheme is declared and never demanded.
    #[error("`{0}` is declared and never demanded")]
    Unused(String),
    /// `mutualTLS` is demanded and a server is plain HTTP.
    #[error("`mutualTLS` is demanded and the server {0} is plain HTTP")]
    PlainServer(String),
    /// A certificate is optional where something is changed.
    #[error("{0} changes something, and a certificate is optional there")]
    OptionalOnWrite(String),
    /// A refusal that can happen is not documented.
    #[error("{0} can be refused with 401 or 403, and documents neither")]
    UndocumentedRefusal(String),
}

impl Document {
    /// Reads a document in JSON or YAML.
    ///
    /// # Errors
    /// When it is neither, or no OpenAPI 3 document.
    pub fn parse(text: &str) -> Result<Self, OpenApiError> {
        read::document(text.as_bytes())
    }

    /// Reads a document in JSON or YAML from bytes of any kind and any size.
    ///
    /// Time and memory are bounded: by [`MAX_DOCUMENT`], by the depth of nesting, and by the
    /// number of values that aliases may grow to.
    ///
    /// # Errors
    /// When it is too large, not UTF-8, neither JSON nor YAML, or no OpenAPI 3 document.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OpenApiError> {
        read::document(bytes)
    }

    /// Reads what can be read of a document, for whoever only looks: schemes, paths and operations
    /// that cannot be read are in [`Document::unread`]. A server must not enforce what is left.
    ///
    /// # Errors
    /// When nothing can be read: it is too large, not UTF-8, neither JSON nor YAML, or no OpenAPI 3
    /// document, or what holds for all operations is not of its form.
    pub fn as_far_as_it_goes(bytes: &[u8]) -> Result<Self, OpenApiError> {
        read::readable(bytes)
    }

    /// The operation that a request means: literal segments win over parameters.
    pub fn operation(&self, method: Method, path: &str) -> Option<&Operation> {
        self.at(path).find(|operation| operation.method == method)
    }

    /// The operations of the path item that a request's path means.
    pub fn at<'a>(&'a self, path: &str) -> impl Iterator<Item = &'a Operation> + use<'a> {
        let template = self
            .operations
            .iter()
            .map(|operation| &operation.path)
            .filter(|template| template.matches(path))
            .max_by_key(|template| template.specificity());
        self.operations
            .iter()
            .filter(move |operation| Some(&operation.path) == template)
    }

    /// Whether a path means one path item, and somebody less exact would take it for another
    /// that says more of it: `/Admin` for `/admin`, where both that and `/{name}` are declared.
    pub fn is_ambiguous(&self, path: &str) -> bool {
        let closest = |means: &dyn Fn(&PathTemplate) -> bool| {
            self.operations
                .iter()
                .map(|operation| &operation.path)
                .filter(|template| means(template))
                .max_by_key(|template| template.specificity())
        };
        let exact = closest(&|template| template.matches(path));
        exact.is_some()
            && exact != closest(&|template| template.resembles(path) || template.matches(path))
    }

    /// What an operation demands of a certificate.
    pub fn mutual_tls(&self, operation: &Operation) -> MutualTls {
        operation.security.mutual_tls(&self.schemes)
    }

    /// Every flaw of the document, sorted, each once.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let demands_certificates = self
            .operations
            .iter()
            .any(|operation| self.mutual_tls(operation) != MutualTls::Never);
        let declares_certificates = self
            .schemes
            .values()
            .any(|scheme| *scheme == Scheme::MutualTls);
        if declares_certificates && self.version.starts_with("3.0") {
            flaws.push(Flaw::MutualTlsBefore31(self.version.clone()));
        }
        for operation in &self.operations {
            let label = operation.to_string();
            for name in operation.security.schemes() {
                if !self.schemes.contains_key(name) {
                    flaws.push(Flaw::Undeclared(label.clone(), name.to_owned()));
                }
            }
            let demand = self.mutual_tls(operation);
            if demand == MutualTls::Optional && !operation.method.is_safe() {
                flaws.push(Flaw::OptionalOnWrite(label.clone()));
            }
            let documented = operation.responses.iter().any(|code| {
                matches!(code.as_str(), "401" | "403" | "default")
                    || code.eq_ignore_ascii_case("4XX")
            });
            if !operation.security.allows_anonymous() && !documented {
                flaws.push(Flaw::UndocumentedRefusal(label));
            }
        }
        for name in self.schemes.keys() {
            if !self
                .operations
                .iter()
                .any(|operation| operation.security.schemes().any(|used| used == name))
            {
                flaws.push(Flaw::Unused(name.clone()));
            }
        }
        if demands_certificates {
            let plain = |url: &&String| {
                url.get(..7)
                    .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
            };
            flaws.extend(
                self.servers
                    .iter()
                    .filter(plain)
                    .cloned()
                    .map(Flaw::PlainServer),
            );
        }
        flaws.sort();
        flaws.dedup();
        flaws
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

#[cfg(test)]
mod tests;
