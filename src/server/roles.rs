//! Which identities hold which roles of the OpenAPI document.
//!
//! OpenAPI 3.1 lets a requirement name roles beside `mutualTLS`. What makes a
//! certificate hold a role is configuration: exact names, never patterns.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::identity::PeerIdentity;

/// Rules by role. One rule that matches is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roles(pub BTreeMap<String, Vec<RoleRule>>);

/// One name that holds a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RoleRule {
    /// A URI in the subject alternative name. Exact.
    Uri(String),
    /// A DNS name in the subject alternative name. Without case.
    Dns(String),
    /// A mailbox in the subject alternative name. Exact.
    Email(String),
    /// The whole subject, as `/whoami` shows it. Exact.
    Subject(String),
    /// SHA-256 of the certificate, in hexadecimal.
    Fingerprint(String),
}

impl RoleRule {
    fn matches(&self, identity: &PeerIdentity) -> bool {
        match self {
            Self::Uri(wanted) => identity.uri.contains(wanted),
            Self::Dns(wanted) => identity
                .dns
                .iter()
                .any(|name| name.eq_ignore_ascii_case(wanted)),
            Self::Email(wanted) => identity.email.contains(wanted),
            Self::Subject(wanted) => !wanted.is_empty() && identity.subject == *wanted,
            Self::Fingerprint(wanted) => identity.fingerprint_sha256.eq_ignore_ascii_case(wanted),
        }
    }
}

impl Roles {
    /// Whether an identity holds a role. A role without rules is held by nobody.
    pub fn holds(&self, identity: &PeerIdentity, role: &str) -> bool {
        self.0
            .get(role)
            .is_some_and(|rules| rules.iter().any(|rule| rule.matches(identity)))
    }

    /// The roles that an identity holds.
    pub fn of<'a>(&'a self, identity: &'a PeerIdentity) -> impl Iterator<Item = &'a str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|role| self.holds(identity, role))
    }
}
