//! Identity rules: which of the certificates that are valid are let in.
//!
//! Path validation says that a name was certified, not that its bearer may
//! enter. To let somebody in, comparison is exact; only DNS names and mail
//! domains, which have no case, are compared without it. To keep somebody out it
//! is broad: whatever a program could take for the denied name is denied. What
//! can be read in two ways is refused.

use serde::{Deserialize, Serialize};

use crate::verdict::Reason;

use super::{
    attribute::{self, AttributeValue},
    certificate::Certificate,
    general_name::{GeneralName, names},
    name::attributes,
    name_text::whole_name,
    report::Violation,
    strict::Reader,
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
    /// The direct issuer's subject must be one of these, as shown in reports but in full. Empty means any.
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
    /// A URI in the subject alternative name, such as `spiffe://example.org/billing`.
    Uri(String),
    /// Every URI that begins with this. It must end in `/`, so that no name is cut in the middle.
    UriPrefix(String),
    /// A DNS name in the subject alternative name. Without case; wildcards stand for themselves.
    Dns(String),
    /// A mailbox in the subject alternative name. The domain is without case.
    Email(String),
    /// The whole subject, as reports show it but never cut short: `CN=device-7, O=Example`.
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

    /// Whether the certificate bears this name, exactly.
    fn admits(&self, certificate: &Certificate) -> bool {
        let mut alternatives = names(certificate.der(), certificate.extensions().subject_alt_name);
        match self {
            Self::Subject(wanted) => {
                !certificate.subject().is_empty()
                    && whole_name(certificate.subject_der()) == *wanted
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

    /// Whether a program could take a name of the certificate for this one.
    fn denies(&self, certificate: &Certificate) -> bool {
        let mut alternatives = names(certificate.der(), certificate.extensions().subject_alt_name);
        match self {
            Self::Subject(wanted) => {
                whole_name(certificate.subject_der()).to_lowercase() == wanted.to_lowercase()
            }
            Self::Uri(denied) | Self::UriPrefix(denied) => {
                let denied = plainest_uri(denied);
                let below = matches!(self, Self::UriPrefix(_));
                alternatives.any(|name| match name {
                    GeneralName::Uri(found) => {
                        let found = plainest_uri(found);
                        let rest = found.strip_prefix(&*denied);
                        rest.is_some_and(|rest| {
                            rest.is_empty() || below && !rest.starts_with(is_of_a_segment)
                        })
                    }
                    _ => false,
                })
            }
            Self::Dns(denied) => alternatives.any(|name| match name {
                GeneralName::Dns(found) => found
                    .trim_end_matches('.')
                    .eq_ignore_ascii_case(denied.trim_end_matches('.')),
                _ => false,
            }),
            Self::Email(denied) => alternatives.any(|name| match name {
                GeneralName::Email(found) => found.eq_ignore_ascii_case(denied),
                _ => false,
            }),
        }
    }
}

/// A URI with all that programs disagree on taken away: case, percent-encoding, backslashes,
/// empty and dot segments, and slashes at the end.
// RFC 3986 section 6.2.2
fn plainest_uri(uri: &str) -> String {
    let decoded = percent_decoded(uri).to_lowercase().replace('\\', "/");
    let (scheme, rest) = decoded.split_once(':').unwrap_or(("", &decoded));
    let mut segments: Vec<&str> = Vec::new();
    for segment in rest.split('/') {
        match segment {
            "" | "." => {}
            // The first one is the authority, which no segment takes away.
            ".." => segments.truncate(segments.len().saturating_sub(1).max(1)),
            _ => segments.push(segment),
        }
    }
    format!("{scheme}:{}", segments.join("/"))
}

/// Decoded until nothing is left to decode: some programs do it once, some twice.
fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        decoded.push(byte);
        // What was decoded may complete another code. Each round makes it shorter.
        while let [.., b'%', high, low] = decoded[..]
            && let (Some(high), Some(low)) =
                (char::from(high).to_digit(16), char::from(low).to_digit(16))
        {
            decoded.truncate(decoded.len() - 3);
            decoded.push((high << 4 | low) as u8);
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Whether a character goes on with the segment before it.
// RFC 3986 section 2.3
fn is_of_a_segment(character: char) -> bool {
    character.is_alphanumeric() || "-._~".contains(character)
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
        if let Some(rule) = self.deny.iter().find(|rule| rule.denies(certificate)) {
            refuse(format!("`{}` is denied", rule.text()));
        }
        if !self.allow.is_empty() && !self.allow.iter().any(|rule| rule.admits(certificate)) {
            refuse(format!(
                "none of the {} identities let in",
                self.allow.len()
            ));
        }
        if !self.issuers.is_empty() {
            let issuer = whole_name(issuer_der);
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
    if common_names(subject) > 1 {
        return Some(format!(
            "{} common names in the subject",
            common_names(subject)
        ));
    }
    if attributes(subject).any(|found| is_dangerous(found.value)) {
        return Some("a NUL or line break in the subject".to_owned());
    }
    names(certificate.der(), certificate.extensions().subject_alt_name)
        .find(|name| match name {
            GeneralName::Dns(text) | GeneralName::Email(text) | GeneralName::Uri(text) => {
                text.contains(breaks)
            }
            GeneralName::Directory(der) => {
                common_names(der) > 1 || attributes(der).any(|found| is_dangerous(found.value))
            }
            GeneralName::Other { value, .. } => Reader::new(value)
                .and_then(|mut reader| {
                    let element = reader.element()?;
                    let contents = reader.bytes(element.contents);
                    Ok(AttributeValue {
                        tag: element.tag,
                        contents,
                    })
                })
                .is_ok_and(is_dangerous),
            _ => false,
        })
        .map(|name| {
            format!(
                "a NUL, line break or second common name in a {}",
                name.kind()
            )
        })
}

fn common_names(name: &[u8]) -> usize {
    attributes(name)
        .filter(|found| found.kind == attribute::COMMON_NAME)
        .count()
}

/// What ends a string in C, or a line in a log or header.
fn breaks(character: char) -> bool {
    matches!(character, '\0' | '\r' | '\n')
}

fn is_dangerous(value: AttributeValue<'_>) -> bool {
    value.is_string() && value.characters().any(breaks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::assemble;

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
    fn subjects_are_compared_in_full() {
        let subject = |end: &str| format!("{}{end}", "x".repeat(200));
        let certificate = |end: &str| {
            let der = assemble::certificate(7, "CA", &subject(end), &[]);
            Certificate::parse(&der).expect("a certificate")
        };
        let rule = IdentityRule::Subject(format!("CN={}", subject("a")));
        assert!(rule.admits(&certificate("a")) && rule.denies(&certificate("a")));
        assert!(!rule.admits(&certificate("b")) && !rule.denies(&certificate("b")));
    }

    #[test]
    fn a_nul_in_any_kind_of_name_is_ambiguous() {
        let user_name: &[u8] = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03";
        let other = |text: &[u8]| {
            let value = assemble::tlv(0xa0, &assemble::tlv(0x0c, text));
            assemble::tlv(0xa0, &[user_name, &value].concat())
        };
        let directory = |text: &str| assemble::tlv(0xa4, &assemble::name(text));
        let table = [
            (other(b"a@b"), false),
            (other(b"a\0@b"), true),
            (directory("ab"), false),
            (directory("a\0b"), true),
        ];
        for (name, ambiguous) in table {
            let extension = assemble::extension(17, false, &assemble::sequence(&[&name]));
            let der = assemble::certificate(7, "CA", "device", &[extension]);
            let certificate = Certificate::parse(&der).expect("a certificate");
            assert_eq!(
                find_ambiguity(&certificate).is_some(),
                ambiguous,
                "{name:02x?}"
            );
        }
    }

    #[test]
    fn no_spelling_of_a_denied_uri_escapes() {
        let denied = plainest_uri("spiffe://example.org/ops/");
        for escape in [
            "spiffe://example.org/ops",
            "spiffe://example.org/ops/",
            "spiffe://example.org//ops/deploy",
            "spiffe://example.org/ops%2Fdeploy",
            "spiffe://example.org/%6f%70s/deploy",
            "spiffe://example.org/%256fps/deploy",
            "SPIFFE://EXAMPLE.org/Ops/deploy",
            "spiffe://example.org/./ops/a",
            "spiffe://example.org/../ops/a",
            "spiffe://example.org/dev/../ops/a",
            "spiffe:\\\\example.org\\ops\\a",
            "spiffe://example.org/ops?x",
            "spiffe://example.org/ops#x",
            "spiffe://example.org/ops:x",
        ] {
            let found = plainest_uri(escape);
            let rest = found.strip_prefix(&denied);
            assert!(
                rest.is_some_and(|rest| !rest.starts_with(is_of_a_segment)),
                "{escape}: {found}"
            );
        }
        for other in [
            "spiffe://example.org/opsx",
            "spiffe://example.org/dev/ops",
            "spiffe://other.org/ops",
        ] {
            let found = plainest_uri(other);
            let rest = found.strip_prefix(&denied);
            assert!(
                rest.is_none_or(|rest| rest.starts_with(is_of_a_segment)),
                "{other}"
            );
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
