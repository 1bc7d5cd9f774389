//! The OpenAPI document, enforced: what is declared is what is done.

use std::collections::BTreeMap;

use crate::openapi::{Document, Method, MutualTls, Operation, Requirement, Scheme};

use super::{config::ServerConfig, identity::PeerIdentity, roles::Roles, trust::ClientAuth};

/// Whether a request may reach its operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It may.
    Open(Operation),
    /// A certificate is needed and none was shown.
    NeedsCertificate,
    /// The identity lacks the roles.
    NeedsRole,
    /// The path is known, the method is not declared there.
    OtherMethods(Vec<Method>),
    /// Nothing is declared at this path.
    Unknown,
}

pub(crate) fn gate(
    document: &Document,
    roles: &Roles,
    identity: Option<&PeerIdentity>,
    method: &str,
    path: &str,
) -> Gate {
    // A path that something behind this server might read as another operation's is nobody's.
    if document.is_ambiguous(path) {
        return Gate::Unknown;
    }
    let declared = method
        .parse()
        .ok()
        .and_then(|method: Method| document.operation(method, path));
    let Some(operation) = declared else {
        let others: Vec<Method> = document
            .at(path)
            .map(|operation| operation.method)
            .collect();
        return if others.is_empty() {
            Gate::Unknown
        } else {
            Gate::OtherMethods(others)
        };
    };
    let security = &operation.security;
    let met = |requirement: &Requirement| is_met(requirement, &document.schemes, roles, identity);
    if security.alternatives.is_empty() || security.alternatives.iter().any(met) {
        Gate::Open(operation.clone())
    } else if identity.is_none() {
        Gate::NeedsCertificate
    } else {
        Gate::NeedsRole
    }
}

/// Every scheme of a requirement is needed. One that this server cannot judge is never met.
fn is_met(
    requirement: &Requirement,
    schemes: &BTreeMap<String, Scheme>,
    roles: &Roles,
    identity: Option<&PeerIdentity>,
) -> bool {
    requirement
        .schemes
        .iter()
        .all(|(name, needed)| match (schemes.get(name), identity) {
            (Some(Scheme::MutualTls), Some(identity)) => {
                needed.iter().all(|role| roles.holds(identity, role))
            }
            _ => false,
        })
}

/// Whether the server can do what the document says. The error says what to change.
pub(crate) fn check_document(document: &Document, config: &ServerConfig) -> Result<(), String> {
    for operation in &document.operations {
        let security = &operation.security;
        let judged = |requirement: &Requirement| {
            requirement
                .schemes
                .keys()
                .all(|name| document.schemes.get(name) == Some(&Scheme::MutualTls))
        };
        if let Some(name) = security
            .schemes()
            .find(|name| !document.schemes.contains_key(*name))
        {
            return Err(format!(
                "the OpenAPI document: {operation} demands `{name}`, which is not declared"
            ));
        }
        if !security.alternatives.is_empty() && !security.alternatives.iter().any(judged) {
            return Err(format!(
                "the OpenAPI document: {operation} can be entered only with a scheme that this server does not judge; it judges mutualTLS"
            ));
        }
        let anonymous =
            security.allows_anonymous() || document.mutual_tls(operation) == MutualTls::Never;
        if anonymous && config.policy.client_auth == ClientAuth::Required {
            return Err(format!(
                "the OpenAPI document: {operation} is declared open, and the handshake demands a certificate; say client-auth = \"optional\" or give the operation a security requirement"
            ));
        }
        let named = security
            .alternatives
            .iter()
            .flat_map(|requirement| requirement.schemes.values().flatten());
        if let Some(role) = named
            .into_iter()
            .find(|role| !config.roles.0.contains_key(*role))
        {
            return Err(format!(
                "the OpenAPI document: {operation} demands the role `{role}`, which has no rules under [roles]"
            ));
        }
    }
    if document.version.starts_with("3.0")
        && document
            .schemes
            .values()
            .any(|scheme| *scheme == Scheme::MutualTls)
    {
        return Err(format!(
            "the OpenAPI document: `mutualTLS` needs version 3.1, and this is {}",
            document.version
        ));
    }
    Ok(())
}
