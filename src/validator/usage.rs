//! Rules on what a key may be used for: basic constraints, key usage, extended key usage.

use crate::{question::Purpose, verdict::Reason};

use super::{
    extension::{Known, oids},
    judge::{Judge, Role},
    key::{PublicKey, parse_key},
    strict::dotted,
};

/// The contents of the object identifiers of extended key usages.
pub(super) mod purpose_id {
    pub(super) const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0x00];
    pub(super) const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
    pub(super) const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
    const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];
    const EMAIL_PROTECTION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04];
    const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
    const OCSP_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09];
    // RFC 6962 section 3.1
    const PRECERTIFICATE_SIGNING: &[u8] =
        &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x04];
    /// What a subscriber certificate of the Web PKI must not be for.
    // CA/B Baseline Requirements section 7.1.2.7.10
    pub(in super::super) const NOT_FOR_SUBSCRIBERS: [&[u8]; 5] = [
        CODE_SIGNING,
        EMAIL_PROTECTION,
        TIME_STAMPING,
        OCSP_SIGNING,
        PRECERTIFICATE_SIGNING,
    ];
    pub(super) const NAMES: [(&[u8], &str); 8] = [
        (ANY, "anyExtendedKeyUsage"),
        (SERVER_AUTH, "serverAuth"),
        (CLIENT_AUTH, "clientAuth"),
        (CODE_SIGNING, "codeSigning"),
        (EMAIL_PROTECTION, "emailProtection"),
        (TIME_STAMPING, "timeStamping"),
        (OCSP_SIGNING, "OCSPSigning"),
        (PRECERTIFICATE_SIGNING, "precertificate signing"),
    ];
}

pub(super) fn purpose_name(oid: &[u8]) -> String {
    purpose_id::NAMES
        .iter()
        .find(|(known, _)| *known == oid)
        .map_or_else(|| dotted(oid), |(_, name)| (*name).to_owned())
}

impl Judge<'_> {
    /// The rules on an issuer: may it sign certificates at all?
    pub(crate) fn check_issuer_usage(&mut self) {
        if self.check_issuer_version() {
            self.check_basic_constraints();
        }
        self.check_key_cert_sign();
    }

    /// Whether basic constraints can be asked for. A v1 anchor is trusted by decree.
    // RFC 5280 section 6.1.4 (k)
    fn check_issuer_version(&mut self) -> bool {
        let version = self.certificate.version();
        if version >= 2 {
            self.checks += 1;
            return true;
        }
        let extensions = self.certificate.extensions().present();
        // Extensions in an old version are reported already.
        if self.role == Role::Intermediate && !extensions {
            self.check(
                false,
                Reason::BadVersion,
                "RFC 5280 section 6.1.4 (k)",
                || {
                    format!(
                        "a v{} certificate cannot show that its subject is a CA",
                        version.saturating_add(1)
                    )
                },
            );
        }
        false
    }

    // RFC 5280 sections 4.2.1.9 and 6.1.4 (k)
    fn check_basic_constraints(&mut self) {
        let extensions = self.certificate.extensions();
        if extensions.is_malformed(Known::BasicConstraints) {
            return;
        }
        let found = extensions.basic_constraints;
        self.check(
            found.is_some_and(|found| found.ca),
            Reason::NotACa,
            Reason::NotACa.clause(),
            || match found {
                Some(_) => "basicConstraints says that the subject is no CA".to_owned(),
                None => "no basicConstraints, so the subject is no CA".to_owned(),
            },
        );
    }

    // RFC 5280 sections 4.2.1.3 and 6.1.4 (n)
    fn check_key_cert_sign(&mut self) {
        let Some(bits) = self.certificate.extensions().key_usage else {
            return;
        };
        // One defect, one report: without cA the bit must be absent.
        let ca = self
            .certificate
            .extensions()
            .basic_constraints
            .is_none_or(|found| found.ca);
        self.check(
            bits.key_cert_sign() || !ca,
            Reason::KeyUsage,
            "RFC 5280 sections 4.2.1.3 and 6.1.4 (n)",
            || format!("has {}, needs keyCertSign", bits.display()),
        );
    }

    /// The rules on an end entity's usages.
    pub(crate) fn check_end_entity_usage(&mut self, purpose: Purpose) {
        if !self.check_end_entity_version() {
            // It has no place for what the rest asks for: one defect, one report.
            return;
        }
        self.check_end_entity_is_no_ca();
        self.check_key_usage(purpose);
        self.check_extended_key_usage(purpose);
        self.check_required_purposes();
    }

    /// Whether it has extensions, or the profile does without.
    // RFC 8446 sections 4.4.2.2 and 4.4.2.3; profile: end-entity.require-version-3
    fn check_end_entity_version(&mut self) -> bool {
        let version = self.certificate.version();
        // Extensions in an old version are reported already.
        let fits = version >= 2
            || self.certificate.extensions().present()
            || !self.profile.end_entity.require_version_3;
        self.check(
            fits,
            Reason::BadVersion,
            "RFC 8446 sections 4.4.2.2 and 4.4.2.3",
            || {
                format!(
                    "a v{} certificate: TLS asks for v3",
                    version.saturating_add(1)
                )
            },
        );
        fits
    }

    // CA/B Baseline Requirements section 7.1.2.7.8; profile: end-entity.allow-ca
    fn check_end_entity_is_no_ca(&mut self) {
        if self.profile.end_entity.allow_ca {
            return;
        }
        let ca = self
            .certificate
            .extensions()
            .basic_constraints
            .is_some_and(|found| found.ca);
        self.check(
            !ca,
            Reason::CaAsEndEntity,
            Reason::CaAsEndEntity.clause(),
            || "a CA certificate stands as end entity".to_owned(),
        );
    }

    // RFC 5280 sections 4.2.1.3 and 4.2.1.12; RFC 8446 section 4.4.2.2; RFC 8410 section 5
    fn check_key_usage(&mut self, purpose: Purpose) {
        let extensions = self.certificate.extensions();
        let rules = &self.profile.end_entity;
        let Some(bits) = extensions.key_usage else {
            let absent = !extensions.has(Known::KeyUsage);
            if rules.require_key_usage {
                self.check(
                    !absent,
                    Reason::MissingExtension,
                    Known::KeyUsage.clause(),
                    || "no keyUsage".to_owned(),
                );
            }
            return;
        };
        let key = parse_key(self.certificate.key_info());
        let (fits, needs) = if rules.require_digital_signature {
            (bits.digital_signature(), "digitalSignature")
        } else {
            match (key, purpose) {
                (
                    Ok(PublicKey::Rsa {
                        only_pss: false, ..
                    }),
                    Purpose::Server,
                ) => (
                    bits.digital_signature() || bits.key_encipherment(),
                    "digitalSignature or keyEncipherment",
                ),
                (Ok(PublicKey::Ec { .. }), _) if !self.profile.web_certificates => (
                    bits.digital_signature() || bits.key_agreement(),
                    "digitalSignature or keyAgreement",
                ),
                _ => (bits.digital_signature(), "digitalSignature"),
            }
        };
        let lacking = rules.key_usage.iter().find(|usage| !bits.includes(**usage));
        let (fits, needs) = match lacking {
            Some(usage) if fits => (false, usage.name()),
            _ => (fits, needs),
        };
        // A CA as end entity is one defect, reported as such where it is one.
        let ca = extensions.basic_constraints.is_some_and(|found| found.ca);
        let excused = ca && bits.key_cert_sign() && rules.key_usage.is_empty();
        self.check(
            fits || excused,
            Reason::KeyUsage,
            "RFC 5280 section 4.2.1.3",
            || format!("has {}, needs {needs}", bits.display()),
        );
    }

    // RFC 5280 section 4.2.1.12
    fn check_extended_key_usage(&mut self, purpose: Purpose) {
        let extensions = self.certificate.extensions();
        if extensions.is_malformed(Known::ExtendedKeyUsage) {
            return;
        }
        let rules = &self.profile.end_entity;
        let Some(place) = extensions.extended_key_usage else {
            if rules.require_extended_key_usage || !rules.extended_key_usage.is_empty() {
                self.check(
                    false,
                    Reason::ExtendedKeyUsage,
                    "profile: extended key usage is required",
                    || format!("no extended key usage, needs {}", needed(purpose)),
                );
            }
            return;
        };
        let der = self.certificate.der();
        let any = oids(der, Some(place)).any(|oid| oid == purpose_id::ANY);
        let named = oids(der, Some(place)).any(|oid| oid == purpose_oid(purpose));
        let allowed = if rules.allow_any_extended_key_usage {
            named || any
        } else {
            named && !any
        };
        self.check(
            allowed,
            Reason::ExtendedKeyUsage,
            Reason::ExtendedKeyUsage.clause(),
            || {
                let found: Vec<_> = oids(der, Some(place)).take(8).map(purpose_name).collect();
                format!("has {}, needs {}", found.join(", "), needed(purpose))
            },
        );
    }

    // profile: end-entity.extended-key-usage
    fn check_required_purposes(&mut self) {
        let rules = &self.profile.end_entity;
        let extensions = self.certificate.extensions();
        // Without the extension, and for the wrong purpose, it is refused already.
        let refused = self
            .violations
            .iter()
            .any(|found| found.reason == Reason::ExtendedKeyUsage);
        if rules.extended_key_usage.is_empty() || refused {
            return;
        }
        let der = self.certificate.der();
        let lacking = rules.extended_key_usage.iter().find(|wanted| {
            oids(der, extensions.extended_key_usage).all(|oid| dotted(oid) != **wanted)
        });
        self.check(
            lacking.is_none(),
            Reason::ExtendedKeyUsage,
            "profile: extended key usages that are required",
            || format!("lacks {}", lacking.map_or("", String::as_str)),
        );
    }

    /// Extended key usage in a CA certificate bounds what it may certify.
    // RFC 5280 section 4.2.1.12 with CA/B Baseline Requirements section 7.1.2.10.6; Microsoft's and
    // Mozilla's readings, which every implementation follows
    pub(crate) fn check_issuer_extended_key_usage(&mut self, purpose: Purpose) {
        let Some(place) = self.certificate.extensions().extended_key_usage else {
            return;
        };
        let der = self.certificate.der();
        let covers =
            oids(der, Some(place)).any(|oid| oid == purpose_id::ANY || oid == purpose_oid(purpose));
        self.check(
            covers,
            Reason::ExtendedKeyUsage,
            Reason::ExtendedKeyUsage.clause(),
            || {
                let found: Vec<_> = oids(der, Some(place)).take(8).map(purpose_name).collect();
                format!(
                    "the issuer has {}, needs {}",
                    found.join(", "),
                    needed(purpose)
                )
            },
        );
    }
}

fn purpose_oid(purpose: Purpose) -> &'static [u8] {
    match purpose {
        Purpose::Client => purpose_id::CLIENT_AUTH,
        Purpose::Server => purpose_id::SERVER_AUTH,
    }
}

fn needed(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Client => "clientAuth",
        Purpose::Server => "serverAuth",
    }
}
