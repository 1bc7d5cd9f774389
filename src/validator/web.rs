//! What the CA/B Baseline Requirements ask of the certificates of the Web PKI.
//!
//! They stand apart from RFC 5280's own rules, because nobody outside that PKI
//! has promised to keep them.

use std::net::IpAddr;

use psl::Psl as _;

use crate::{question::Purpose, verdict::Reason};

use super::{
    attribute,
    extension::{Known, oids},
    general_name::{GeneralName, ip_address, names},
    judge::{Judge, Role},
    key::{PublicKey, parse_key},
    key_usage::KeyUsage,
    name::attributes,
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
    /// Every rule of this file.
    pub(crate) fn check_web(&mut self, purpose: Purpose) {
        match self.role {
            Role::EndEntity => self.check_web_subscriber(purpose),
            Role::Intermediate | Role::CrlSigner => {}
            Role::Anchor => self.check_web_root(),
        }
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
}
