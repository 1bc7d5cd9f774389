//! Identity rules: which of the certificates that are valid are let in.
//!
//! Path validation says that a name was certified, not that its bearer may
//! enter. Comparison is exact; only DNS names and mail domains, which have no
//! case, are compared without it. What can be read in two ways is refused.

use serde::{Deserialize, Serialize};

use crate::verdict::Reason;

use super::{
    certificate::Certificate,
    general_name::{GeneralName, names},
    name::{attribute, attributes, display_name},
    report::Violation,
};

/// Who is let in and who is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct IdentityRules {
    /// One of these must match. Empty means that any identity may enter.
    pub allow: Vec<IdentityRule>,
    /// None of these may match.
    pub deny: Vec<IdentityRule>,
    /// The direct issuer's subject must be one of these, as shown in reports. Empty means any.
    pub issuers: Vec<String>,
    /// Refuse subjects and names that programs read in two ways: two common
    /// names, NUL, carriage return or line feed inside a value.
    pub refuse_ambiguous_subjects: bool,
}

/// One name to compare with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum IdentityRule {
    /// A URI in the subject alternative name, such as `spiffe://example.org/billing`. Exact.
    Uri(String),
    /// Every URI that begins with this. It must end in `/`, so that no name is cut in the middle.
    UriPrefix(String),
    /// A DNS name in the subject alternative name. Without case; wildcards stand for themselves.
    Dns(String),
    /// A mailbox in the subject alternative name. The domain is without case.
    Email(String),
    /// The whole subject, as reports show it: `CN=device-7, O=Example`. Exact.
    Subject(String),
}

impl IdentityRule {
    fn text(&self) -> &str {
        match self {
            Self::Uri(text)
            | Self::UriPrefix(text)
            | Self::Dns(text)
            | Self::Email(text)
            | Self::Subject(text) => text,
        }
    }

    fn matches(&self, certificate: &Certificate) -> bool {
        let mut alternatives = names(certificate.der(), certificate.extensions().subject_alt_name);
        match self {
            Self::Subject(wanted) => {
                !certificate.subject().is_empty()
                    && display_name(certificate.subject_der()) == *wanted
            }
            Self::Uri(wanted) => alternatives.any(|name| name == GeneralName::Uri(wanted)),
            Self::UriPrefix(wanted) => alternatives.any(|name| match name {
                GeneralName::Uri(uri) => uri.strip_prefix(&**wanted).is_some_and(is_plain_path),
                _ => false,
            }),
            Self::Dns(wanted) => alternatives.any(|name| match name {
                GeneralName::Dns(found) => found.eq_ignore_ascii_case(wanted),
                _ => false,
            }),
            Self::Email(wanted) => alternatives.any(|name| match name {
                GeneralName::Email(found) => same_mailbox(found, wanted),
                _ => false,
            }),
        }
    }
}

/// Whether what follows a prefix stays below it: no empty or dot segments, nothing encoded.
fn is_plain_path(rest: &str) -> bool {
    !rest.is_empty()
        && rest
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte))
        && rest
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | ".."))
}

// RFC 5280 section 7.5
fn same_mailbox(found: &str, wanted: &str) -> bool {
    match (found.rsplit_once('@'), wanted.rsplit_once('@')) {
        (Some((found, found_host)), Some((wanted, wanted_host))) => {
            found == wanted && found_host.eq_ignore_ascii_case(wanted_host)
        }
        _ => false,
    }
}

impl IdentityRules {
    /// Whether every rule can match something. The error is the rule that cannot.
    pub(crate) fn check(&self) -> Result<(), String> {
        for rule in self.allow.iter().chain(&self.deny) {
            let sensible = match rule {
                IdentityRule::UriPrefix(text) => text.ends_with('/') && text.contains("://"),
                _ => !rule.text().is_empty(),
            };
            if !sensible {
                return Err(rule.text().to_owned());
            }
        }
        Ok(())
    }

    /// Judges the end entity and its issuer's name.
    // profile: identity rules
    pub(crate) fn check_identity(
        &self,
        certificate: &Certificate,
        issuer_der: &[u8],
        index: usize,
        violations: &mut Vec<Violation>,
    ) {
        let mut refuse = |detail: String| {
            violations.push(Violation::new(
                Reason::IdentityNotAllowed,
                Some(index),
                detail,
            ));
        };
        if self.refuse_ambiguous_subjects
            && let Some(ambiguity) = find_ambiguity(certificate)
        {
            refuse(ambiguity);
        }
        if let Some(rule) = self.deny.iter().find(|rule| rule.matches(certificate)) {
            refuse(format!("`{}` is denied", rule.text()));
        }
        if !self.allow.is_empty() && !self.allow.iter().any(|rule| rule.matches(certificate)) {
            refuse(format!(
                "none of the {} identities let in",
                self.allow.len()
            ));
        }
        if !self.issuers.is_empty() {
            let issuer = display_name(issuer_der);
            if !self.issuers.contains(&issuer) {
                refuse(format!(
                    "issued by `{issuer}`, which is not one of the issuers let in"
                ));
            }
        }
    }
}

/// What programs read in two ways.
// RFC 6125 section 6.4.4 takes the most specific common name; programs take the first or the last.
fn find_ambiguity(certificate: &Certificate) -> Option<String> {
    let subject = certificate.subject_der();
    let common_names = attributes(subject)
        .filter(|found| found.kind == attribute::COMMON_NAME)
        .count();
    if common_names > 1 {
        return Some(format!("{common_names} common names in the subject"));
    }
    let dangerous = |character: char| matches!(character, '\0' | '\r' | '\n');
    if attributes(subject).any(|found| found.value.characters().any(dangerous)) {
        return Some("a NUL or line break in the subject".to_owned());
    }
    names(certificate.der(), certificate.extensions().subject_alt_name)
        .find(|name| match name {
            GeneralName::Dns(text) | GeneralName::Email(text) | GeneralName::Uri(text) => {
                text.contains(dangerous)
            }
            _ => false,
        })
        .map(|name| format!("a NUL or line break in a {}", name.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_uri_prefix_stays_below_it() {
        for rest in ["billing", "billing/v2", "a-b_c.d~e"] {
            assert!(is_plain_path(rest), "{rest}");
        }
        for rest in [
            "", "../admin", "a/../b", "a//b", "a%2e%2e", "a?b", "a#b", "a/",
        ] {
            assert!(!is_plain_path(rest), "{rest}");
        }
    }

    #[test]
    fn mailboxes_differ_in_case_before_the_at_sign_only() {
        assert!(same_mailbox("a@EXAMPLE.org", "a@example.org"));
        assert!(!same_mailbox("A@example.org", "a@example.org"));
        assert!(!same_mailbox("example.org", "example.org"));
    }

    #[test]
    fn prefixes_that_would_cut_a_name_are_refused() {
        let rules = IdentityRules {
            allow: vec![IdentityRule::UriPrefix("spiffe://example.org/bill".into())],
            ..IdentityRules::default()
        };
        assert_eq!(rules.check(), Err("spiffe://example.org/bill".to_owned()));
    }
}
