//! What RFC 5280 section 4 and the CA/B Baseline Requirements ask of the CA that issued a certificate.
//!
//! A relying party need not care, and section 6 does not. Profiles may.

use std::net::IpAddr;

use psl::Psl as _;

use crate::{question::Purpose, verdict::Reason};

use super::{
    extension::{KeyUsage, Known, oids},
    general_name::{GeneralName, ip_address, names},
    judge::{Judge, Role},
    key::{PublicKey, parse_key},
    name::{attribute, attributes},
    report::Violation,
    usage::{purpose_id, purpose_name},
};

/// The most common names compared with all alternative names. No honest subject has two.
const COMMON_NAMES_COMPARED: usize = 4;

/// Key usages that a subscriber's certificate for an RSA key must not have.
// CA/B Baseline Requirements section 7.1.2.7.11
const NOT_FOR_RSA: &[KeyUsage] = &[
    KeyUsage::ContentCommitment,
    KeyUsage::KeyAgreement,
    KeyUsage::KeyCertSign,
    KeyUsage::CrlSign,
    KeyUsage::EncipherOnly,
    KeyUsage::DecipherOnly,
];

/// The same for a key on an elliptic curve.
const NOT_FOR_EC: &[KeyUsage] = &[
    KeyUsage::ContentCommitment,
    KeyUsage::KeyEncipherment,
    KeyUsage::DataEncipherment,
    KeyUsage::KeyCertSign,
    KeyUsage::CrlSign,
    KeyUsage::EncipherOnly,
    KeyUsage::DecipherOnly,
];

impl Judge<'_> {
    /// Every rule of this file that the profile asks for.
    pub(crate) fn check_conformance(&mut self, purpose: Purpose) {
        if self.profile.conforming_certificates {
            self.check_basic_constraints_critical();
            self.check_consistent_usages();
            self.check_ca_extensions();
            self.check_alternative_names();
        }
        if self.profile.critical_name_constraints {
            self.check_name_constraints_critical();
        }
        if self.profile.key_identifiers {
            self.check_key_identifiers();
        }
        if self.role == Role::EndEntity && self.profile.end_entity.require_subject_alt_name {
            self.check_subject_alt_name_present();
        }
        if self.profile.web_certificates {
            match self.role {
                Role::EndEntity => self.check_web_subscriber(purpose),
                Role::Intermediate => {}
                Role::Anchor => self.check_web_root(),
            }
        }
    }

    fn is_ca(&self) -> bool {
        self.certificate
            .extensions()
            .basic_constraints
            .is_some_and(|found| found.ca)
    }

    // RFC 5280 section 4.2.1.9
    fn check_basic_constraints_critical(&mut self) {
        let critical = self
            .certificate
            .extensions()
            .is_critical(Known::BasicConstraints);
        if self.role != Role::EndEntity && self.is_ca() {
            self.check(
                critical,
                Reason::WrongCriticality,
                Known::BasicConstraints.clause(),
                || "basicConstraints of a CA is not critical".to_owned(),
            );
        }
    }

    // RFC 5280 section 4.2.1.10
    fn check_name_constraints_critical(&mut self) {
        let extensions = self.certificate.extensions();
        if extensions.has(Known::NameConstraints) {
            let critical = extensions.is_critical(Known::NameConstraints);
            self.check(
                critical,
                Reason::WrongCriticality,
                Known::NameConstraints.clause(),
                || "nameConstraints is not critical".to_owned(),
            );
        }
    }

    // RFC 5280 sections 4.2.1.3 and 4.2.1.9
    fn check_consistent_usages(&mut self) {
        let extensions = self.certificate.extensions();
        if self.role != Role::EndEntity {
            return;
        }
        let path_length = extensions
            .basic_constraints
            .and_then(|found| found.path_length);
        self.check(
            path_length.is_none() || self.is_ca(),
            Reason::MalformedExtension,
            Known::BasicConstraints.clause(),
            || "a path length although the subject is no CA".to_owned(),
        );
        let Some(bits) = extensions.key_usage else {
            return;
        };
        // One defect, one report.
        if self
            .violations
            .iter()
            .all(|found| found.reason != Reason::KeyUsage)
        {
            self.check(
                !bits.key_cert_sign() || self.is_ca(),
                Reason::KeyUsage,
                "RFC 5280 section 4.2.1.9",
                || "keyCertSign although the subject is no CA".to_owned(),
            );
        }
    }

    // RFC 5280 section 4.2.1.10
    fn check_ca_extensions(&mut self) {
        if self.role == Role::EndEntity && self.certificate.extensions().has(Known::NameConstraints)
        {
            self.check(
                self.is_ca(),
                Reason::MalformedExtension,
                Known::NameConstraints.clause(),
                || "nameConstraints in a certificate that is no CA's".to_owned(),
            );
        }
    }

    // RFC 5280 section 4.2.1.6
    fn check_alternative_names(&mut self) {
        let certificate = self.certificate;
        let bad =
            names(certificate.der(), certificate.extensions().subject_alt_name).find(|name| {
                match name {
                    GeneralName::Dns(text) => !is_preferred_name(text),
                    GeneralName::Email(text) => {
                        let mut parts = text.split('@');
                        let (local, host) = (parts.next(), parts.next());
                        parts.next().is_some()
                            || local.is_none_or(str::is_empty)
                            || host.is_none_or(str::is_empty)
                    }
                    GeneralName::Uri(text) => !is_absolute_uri(text),
                    _ => false,
                }
            });
        self.check(
            bad.is_none(),
            Reason::MalformedName,
            "RFC 5280 section 4.2.1.6",
            || {
                bad.map_or_else(String::new, |name| {
                    format!("the {} `{}` is malformed", name.kind(), name.display())
                })
            },
        );
    }

    // RFC 5280 sections 4.2.1.1 and 4.2.1.2; CA/B Baseline Requirements section 7.1.2.11.1
    fn check_key_identifiers(&mut self) {
        let certificate = self.certificate;
        let extensions = certificate.extensions();
        let self_issued = certificate.is_self_issued();
        if !extensions.is_malformed(Known::AuthorityKeyIdentifier) {
            let key = extensions
                .authority_key_identifier
                .and_then(|found| found.key);
            let excused = self_issued
                && self.role == Role::Anchor
                && !extensions.has(Known::AuthorityKeyIdentifier);
            self.check(
                key.is_some() || excused,
                Reason::MissingExtension,
                Known::AuthorityKeyIdentifier.clause(),
                || "no authorityKeyIdentifier with a key identifier".to_owned(),
            );
        }
        if self.role != Role::EndEntity && certificate.version() >= 2 {
            self.check(
                extensions.has(Known::SubjectKeyIdentifier),
                Reason::MissingExtension,
                Known::SubjectKeyIdentifier.clause(),
                || "a CA without subjectKeyIdentifier".to_owned(),
            );
        }
    }

    // CA/B Baseline Requirements section 7.1.2.7.12
    fn check_subject_alt_name_present(&mut self) {
        let present = self.certificate.extensions().has(Known::SubjectAltName);
        self.check(
            present,
            Reason::MissingExtension,
            Known::SubjectAltName.clause(),
            || "no subject alternative name".to_owned(),
        );
    }

    // CA/B Baseline Requirements sections 7.1.1, 7.1.2.7, 7.1.4.3 and 3.2.2.6
    fn check_web_subscriber(&mut self, purpose: Purpose) {
        let certificate = self.certificate;
        let extensions = certificate.extensions();
        self.check(
            certificate.version() >= 2 || extensions.present(),
            Reason::BadVersion,
            "CA/B Baseline Requirements section 7.1.1",
            || {
                format!(
                    "a v{} certificate, where v3 is needed",
                    certificate.version() + 1
                )
            },
        );
        if purpose == Purpose::Client {
            return;
        }
        self.check(
            !extensions.is_critical(Known::ExtendedKeyUsage),
            Reason::WrongCriticality,
            "CA/B Baseline Requirements section 7.1.2.7.6",
            || "extKeyUsage is critical".to_owned(),
        );
        self.check_web_usages();
        self.check(
            !extensions.is_critical(Known::SubjectAltName) || certificate.subject().is_empty(),
            Reason::WrongCriticality,
            "CA/B Baseline Requirements section 7.1.2.7.12",
            || "subjectAltName is critical although the subject is not empty".to_owned(),
        );
        let wide = names(certificate.der(), extensions.subject_alt_name).find(|name| match name {
            GeneralName::Dns(text) => text
                .strip_prefix('*')
                .is_some_and(|rest| is_registry(rest.trim_start_matches('.'))),
            _ => false,
        });
        self.check(
            wide.is_none(),
            Reason::MalformedName,
            "CA/B Baseline Requirements section 3.2.2.6",
            || {
                wide.map_or_else(String::new, |name| {
                    format!("`{}` spans a whole registry", name.display())
                })
            },
        );
        self.check_common_name();
    }

    // CA/B Baseline Requirements sections 7.1.2.7.10 and 7.1.2.7.11
    fn check_web_usages(&mut self) {
        let certificate = self.certificate;
        let extensions = certificate.extensions();
        let stray = oids(certificate.der(), extensions.extended_key_usage)
            .find(|oid| purpose_id::NOT_FOR_SUBSCRIBERS.contains(oid));
        // One defect, one report.
        let told = |reason| move |found: &Violation| found.reason == reason;
        if !self.violations.iter().any(told(Reason::ExtendedKeyUsage)) {
            self.check(
                stray.is_none(),
                Reason::ExtendedKeyUsage,
                "CA/B Baseline Requirements section 7.1.2.7.10",
                || {
                    let name = stray.map_or_else(String::new, purpose_name);
                    format!("has {name}, which a server's certificate must not have")
                },
            );
        }
        let Some(bits) = extensions.key_usage else {
            return;
        };
        let foreign = match parse_key(certificate.key_info()) {
            Ok(PublicKey::Rsa { .. }) => NOT_FOR_RSA,
            Ok(PublicKey::Ec { .. }) => NOT_FOR_EC,
            _ => &[],
        };
        if !self.violations.iter().any(told(Reason::KeyUsage)) && !self.is_ca() {
            let found = foreign.iter().find(|usage| bits.includes(**usage));
            self.check(
                found.is_none(),
                Reason::KeyUsage,
                "CA/B Baseline Requirements section 7.1.2.7.11",
                || {
                    let name = found.map_or("", |usage| usage.name());
                    format!("has {name}, which a server's certificate of this key must not have")
                },
            );
        }
    }

    // CA/B Baseline Requirements section 7.1.4.3
    fn check_common_name(&mut self) {
        let certificate = self.certificate;
        let alternatives = || names(certificate.der(), certificate.extensions().subject_alt_name);
        let stray = attributes(certificate.subject_der())
            .filter(|found| found.kind == attribute::COMMON_NAME)
            .take(COMMON_NAMES_COMPARED)
            .map(|found| found.value.characters().take(256).collect::<String>())
            .find(|common_name| is_stray(common_name, alternatives()));
        self.check(
            stray.is_none(),
            Reason::MalformedName,
            "CA/B Baseline Requirements section 7.1.4.3",
            || {
                format!(
                    "the common name `{}` is none of the alternative names",
                    stray.unwrap_or_default().escape_debug()
                )
            },
        );
    }

    // CA/B Baseline Requirements section 7.1.2.1
    fn check_web_root(&mut self) {
        let certificate = self.certificate;
        let extensions = certificate.extensions();
        self.check(
            oids(certificate.der(), extensions.extended_key_usage)
                .next()
                .is_none(),
            Reason::ExtendedKeyUsage,
            "CA/B Baseline Requirements section 7.1.2.1.2",
            || "a root with extended key usage".to_owned(),
        );
        let Some(identifier) = extensions.authority_key_identifier else {
            return;
        };
        if !certificate.is_self_issued() {
            return;
        }
        self.check(
            identifier.issuer.is_none() && identifier.serial.is_none(),
            Reason::MalformedExtension,
            "CA/B Baseline Requirements section 7.1.2.1.3",
            || "authorityKeyIdentifier of a root names issuer and serial number".to_owned(),
        );
        let same = match (identifier.key, extensions.subject_key_identifier) {
            (Some(authority), Some(subject)) => {
                authority.of(certificate.der()) == subject.of(certificate.der())
            }
            _ => true,
        };
        self.check(
            same,
            Reason::MalformedExtension,
            "CA/B Baseline Requirements section 7.1.2.1.3",
            || "authorityKeyIdentifier of a root is not its subjectKeyIdentifier".to_owned(),
        );
    }
}

/// Whether a common name is a host of the certificate in another spelling.
///
/// The requirement is wider: every common name must be a copy of an alternative
/// name. BetterTLS and many private CAs do not keep it, and a verifier that
/// never reads common names loses nothing. What misleads is a name that looks
/// like one of the certificate's and is spelled otherwise: in another case, as
/// an internationalised name, as an address not in its canonical text.
fn is_stray<'a>(
    common_name: &str,
    mut alternatives: impl Iterator<Item = GeneralName<'a>>,
) -> bool {
    let numeric = common_name
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || b"xX.:".contains(&byte))
        && common_name.starts_with(|first: char| first.is_ascii_hexdigit() || first == ':')
        && (common_name.contains(':')
            || common_name.starts_with(|first: char| first.is_ascii_digit()));
    let canonical = common_name
        .parse::<IpAddr>()
        .is_ok_and(|address| address.to_string() == common_name);
    let international = common_name.contains('.')
        && common_name
            .split('.')
            .any(|label| !label.is_ascii() || label.starts_with("xn--"));
    let mut stray = false;
    let copied = alternatives.any(|name| match name {
        GeneralName::Dns(text) => {
            stray |= international || text.eq_ignore_ascii_case(common_name);
            text == common_name
        }
        GeneralName::Ip(octets) => {
            stray |= numeric && !canonical;
            ip_address(octets).is_some_and(|address| address.to_string() == common_name)
        }
        _ => false,
    });
    stray && !copied
}

/// Whether a domain is one under which a registry hands out names to anybody.
///
/// The clause wants the ICANN section of the Public Suffix List alone: whoever
/// owns a suffix of the private section can prove control of all that is below.
// CA/B Baseline Requirements section 3.2.2.6
fn is_registry(domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    !domain.contains('.')
        || psl::List.suffix(domain.as_bytes()).is_some_and(|suffix| {
            suffix.as_bytes() == domain.as_bytes() && suffix.typ() == Some(psl::Type::Icann)
        })
}

/// Letters, digits and hyphens, a wildcard alone as the leftmost label.
// RFC 1034 section 3.5; RFC 1123 section 2.1
fn is_preferred_name(text: &str) -> bool {
    let labels = text.strip_prefix("*.").unwrap_or(text);
    text == "*"
        || text.len() <= 253
            && labels.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            })
}

// RFC 3986 section 3.1
fn is_absolute_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && !rest.is_empty()
            && rest.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_name_in_another_spelling_than_the_alternative_name_is_stray() {
        use GeneralName::{Dns, Ip};
        let table: [(&str, &[GeneralName<'_>], bool); 12] = [
            ("example.com", &[Dns("example.com")], false),
            ("example.com", &[Dns("www.example.com")], false),
            ("Example.COM", &[Dns("example.com")], true),
            ("b.example", &[Dns("a.example")], false),
            ("xn--nxasmq6b.com", &[Dns("xn--n3h.com")], true),
            (
                "2001:DB8::1",
                &[Ip(&[
                    0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
                ])],
                true,
            ),
            ("198.51.100.1", &[Ip(&[192, 0, 2, 1])], false),
            ("test-測試.com", &[Dns("xn--test--wg5h0h.com")], true),
            ("device 7", &[Dns("a.example")], false),
            ("192.0.2.1", &[Ip(&[192, 0, 2, 1])], false),
            ("192.0.2.01", &[Ip(&[192, 0, 2, 1])], true),
            ("0xc0000201", &[Ip(&[192, 0, 2, 1])], true),
        ];
        for (common_name, alternatives, stray) in table {
            assert_eq!(
                is_stray(common_name, alternatives.iter().copied()),
                stray,
                "{common_name}"
            );
        }
    }

    #[test]
    fn a_wildcard_may_not_span_what_a_registry_hands_out() {
        for registry in ["", "com", "co.uk", "CO.UK", "local", "foo.ck"] {
            assert!(is_registry(registry), "{registry}");
        }
        for owned in ["example.com", "example.co.uk", "s3.amazonaws.com", "www.ck"] {
            assert!(!is_registry(owned), "{owned}");
        }
    }

    #[test]
    fn host_names_are_letters_digits_and_hyphens() {
        for good in ["example.com", "*.example.com", "a-b.c1", "xn--n3h.com"] {
            assert!(is_preferred_name(good), "{good}");
        }
        for bad in [
            "",
            ".example.com",
            "example.com.",
            "foo_bar.com",
            "a.*.com",
            "x*.com",
            "-a.com",
            "a b.com",
        ] {
            assert!(!is_preferred_name(bad), "{bad}");
        }
        for (text, absolute) in [
            ("spiffe://a/b", true),
            ("urn:x:y", true),
            ("//a/b", false),
            ("a b:c", false),
            ("a:\0", false),
        ] {
            assert_eq!(is_absolute_uri(text), absolute, "{text:?}");
        }
    }
}
