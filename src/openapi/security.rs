//! Security schemes and requirements: alternatives, each a set of things all needed.

use std::collections::BTreeMap;

/// A declared security scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// A client certificate. It has no fields of its own.
    MutualTls,
    /// HTTP authentication, such as `bearer`.
    Http(String),
    /// A key in a header, the query or a cookie.
    ApiKey {
        /// `header`, `query` or `cookie`.
        place: String,
        /// The name of the header, parameter or cookie.
        name: String,
    },
    /// OAuth 2.
    OAuth2,
    /// OpenID Connect discovery.
    OpenIdConnect,
}

/// Schemes that are all needed, each with the roles or scopes needed. Empty lets anybody in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// Roles or scopes by the name of the scheme.
    pub schemes: BTreeMap<String, Vec<String>>,
}

/// Alternatives, one of which must be met. No alternative at all lets anybody in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// The alternatives, in the order of the document.
    pub alternatives: Vec<Requirement>,
}

/// What an operation demands of a client certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MutualTls {
    /// Nobody enters without one.
    Always,
    /// Something else, such as a token, can stand for it.
    Alternative,
    /// One may be shown, and nobody needs to.
    Optional,
    /// It is not asked for.
    Never,
}

impl Security {
    /// Whether a request without any credentials is let in.
    pub fn allows_anonymous(&self) -> bool {
        self.alternatives.is_empty()
            || self
                .alternatives
                .iter()
                .any(|requirement| requirement.schemes.is_empty())
    }

    /// The names of all schemes, repeated as they are.
    pub fn schemes(&self) -> impl Iterator<Item = &str> {
        self.alternatives
            .iter()
            .flat_map(|requirement| requirement.schemes.keys().map(String::as_str))
    }

    pub(crate) fn mutual_tls(&self, declared: &BTreeMap<String, Scheme>) -> MutualTls {
        let needs = |requirement: &Requirement| {
            requirement
                .schemes
                .keys()
                .any(|name| declared.get(name) == Some(&Scheme::MutualTls))
        };
        let some = self.alternatives.iter().any(needs);
        match (some, self.allows_anonymous()) {
            (false, _) => MutualTls::Never,
            (true, true) => MutualTls::Optional,
            (true, false) if self.alternatives.iter().all(needs) => MutualTls::Always,
            (true, false) => MutualTls::Alternative,
        }
    }
}
