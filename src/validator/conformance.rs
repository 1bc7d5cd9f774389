//! What RFC 5280 section 4 asks of the CA that issued a certificate.
//!
//! A relying party need not care, and section 6 does not. Profiles may.

use crate::{question::Purpose, verdict::Reason};

use super::{
    extension::Known,
    general_name::{GeneralName, names},
    judge::{Judge, Role},
    name_form::{Mailbox, SMTP_UTF8_MAILBOX, has_host_if_any, is_absolute_uri, is_preferred_name},
};

impl Judge<'_> {
    /// Every rule of this file that the profile asks for.
    pub(crate) fn check_conformance(&mut self, purpose: Purpose) {
        if self.profile.conforming_certificates {
            self.check_basic_constraints_critical();
            self.check_consistent_usages();
            self.check_ca_key_usage();
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
            self.check_web(purpose);
        }
    }

    pub(super) fn is_ca(&self) -> bool {
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

    // RFC 5280 section 4.2.1.3
    fn check_ca_key_usage(&mut self) {
        if self.role == Role::Intermediate && self.is_ca() {
            self.check(
                self.certificate.extensions().has(Known::KeyUsage),
                Reason::MissingExtension,
                Known::KeyUsage.clause(),
                || "a CA without key usage".to_owned(),
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

    // RFC 5280 section 4.2.1.6; RFC 9598 section 3
    fn check_alternative_names(&mut self) {
        let certificate = self.certificate;
        let bad =
            names(certificate.der(), certificate.extensions().subject_alt_name).find(|name| {
                match name {
                    GeneralName::Dns(text) => !is_preferred_name(text),
                    GeneralName::Email(text) => Mailbox::parse(text).is_none(),
                    GeneralName::Uri(text) => !is_absolute_uri(text) || !has_host_if_any(text),
                    GeneralName::Other { kind, value } if *kind == SMTP_UTF8_MAILBOX => {
                        Mailbox::parse_international(value).is_none()
                    }
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
}
