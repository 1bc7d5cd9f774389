//! The chain of a setting: certificates, and what is presented and trusted of them.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::{AuthorityIdentifier, NameShape, Setting, add_fresh_crls};
use crate::{
    der::{HexBytes, Oid, oid},
    question::{PeerName, Purpose, Time},
    recipe::{
        Attribute, AttributeKind, Certificate, Extension, ExtensionValue, GeneralName, Key,
        KeyAlgorithm, KeyIdentifier, KeyUsageBit, Label, Name, Recipe, Signing, StringForm,
        Version,
    },
};

/// Where the serial numbers of every setting's certificates are cut from, hashed once.
static SERIALS: LazyLock<[(&str, [u8; 32]); 9]> = LazyLock::new(|| {
    [
        "anchor",
        "intermediate-1",
        "intermediate-2",
        "intermediate-3",
        "intermediate-4",
        "end-entity",
        "unrelated-0",
        "unrelated-1",
        "unrelated-anchor",
    ]
    .map(|label| (label, serial_digest(label)))
});

fn serial_digest(label: &str) -> [u8; 32] {
    Sha256::digest(format!("serial of {label}")).into()
}

/// The certificate policy of settings that have one.
pub const POLICY: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xf5, 0x3d, 1, 1]);

impl Setting {
    /// The benign chain of this setting.
    ///
    /// Labels are `anchor`, `intermediate-1` (below the anchor) and on, and `end-entity`.
    pub fn recipe(&self) -> Recipe {
        let mut certificates = vec![self.authority("anchor", "anchor", 0)];
        for depth in 1..=self.intermediates.min(4) {
            let issuer = certificates[usize::from(depth) - 1].label.0.clone();
            certificates.push(self.authority(&format!("intermediate-{depth}"), &issuer, depth));
        }
        let issuer = certificates[certificates.len() - 1].label.clone();
        certificates.push(self.end_entity(issuer));

        let mut presented: Vec<Label> = certificates[1..]
            .iter()
            .rev()
            .map(|c| c.label.clone())
            .collect();
        if self.reversed {
            presented[1..].reverse();
        }
        let mut anchors = vec![Label::from("anchor")];
        for number in 0..self.unrelated.min(2) {
            let label = format!("unrelated-{number}");
            certificates.push(self.unrelated(&label, number));
            presented.push(Label(label));
        }
        if self.unrelated_anchor {
            certificates.push(self.unrelated("unrelated-anchor", 2));
            anchors.insert(0, Label::from("unrelated-anchor"));
        }
        let mut recipe = Recipe {
            purpose: self.purpose,
            time: self.time,
            name: (self.purpose == Purpose::Server)
                .then(|| PeerName::Dns("service.gatecrash.example".into())),
            anchors,
            presented,
            certificates: certificates.into_iter().map(Into::into).collect(),
            crls: Vec::new(),
            admitted: Vec::new(),
            ocsp: None,
            handshake: None,
        };
        if self.crls {
            add_fresh_crls(&mut recipe);
        }
        recipe
    }

    fn key(&self, label: &str, depth: usize) -> Key {
        Key::new(
            self.keys
                .get(depth % self.keys.len().max(1))
                .copied()
                .unwrap_or(KeyAlgorithm::P256),
            label,
        )
    }

    fn name(&self, common_name: &str) -> Name {
        let attribute = Attribute::new;
        match self.names {
            NameShape::Common => Name::common(common_name),
            NameShape::Organization => Name(vec![
                attribute(AttributeKind::C, "CH"),
                attribute(AttributeKind::O, "Gatecrash Example"),
                attribute(AttributeKind::CN, common_name),
            ]),
            NameShape::Domain => Name(vec![
                attribute(AttributeKind::DC, "example"),
                attribute(AttributeKind::DC, "gatecrash"),
                attribute(AttributeKind::CN, common_name),
            ]),
            NameShape::Printable => Name(vec![
                Attribute {
                    form: StringForm::Printable,
                    ..attribute(AttributeKind::O, "Gatecrash Example")
                },
                Attribute {
                    form: StringForm::Printable,
                    ..attribute(AttributeKind::CN, common_name)
                },
            ]),
            NameShape::Unicode => Name(vec![
                attribute(AttributeKind::O, "Prüfstelle Überall"),
                attribute(AttributeKind::CN, common_name),
            ]),
        }
    }

    fn serial(&self, label: &str) -> HexBytes {
        let mut known = SERIALS.iter();
        let digest = known
            .find(|(known, _)| *known == label)
            .map_or_else(|| serial_digest(label), |(_, digest)| *digest);
        let mut octets = digest[..usize::from(self.serial_octets.clamp(1, 20))].to_vec();
        // Positive, without a leading zero, and distinct by label even in one octet.
        let distinct = match label.rsplit('-').next() {
            Some("anchor") => 0x41,
            Some("entity") => 0x42,
            Some(number) => {
                0x50 + number.bytes().next().unwrap_or(0) % 16
                    + if label.starts_with('u') { 0x10 } else { 0 }
            }
            None => 0x43,
        };
        octets[0] = distinct;
        HexBytes(octets)
    }

    fn certificate(
        &self,
        label: &str,
        issuer: Label,
        key: Key,
        days: (i64, i64),
        common_name: &str,
    ) -> Certificate {
        Certificate {
            label: label.into(),
            issuer,
            subject: self.name(common_name),
            key,
            serial: self.serial(label),
            not_before: self.time.plus_days(-days.0).into(),
            not_after: self.time.plus_days(days.1).into(),
            version: Version::Usual,
            issuer_name: None,
            public_key: None,
            private_key: None,
            public_key_form: None,
            unique_identifiers: Vec::new(),
            signing: Signing {
                rsa_pss: self.rsa_pss,
                ..Signing::default()
            },
            edits_before_signing: Vec::new(),
            edits: Vec::new(),
            extensions: Vec::new(),
        }
    }

    fn key_usage(&self, bits: Vec<KeyUsageBit>) -> Extension {
        Extension {
            critical: !self.key_usage_not_critical,
            value: ExtensionValue::KeyUsage(bits),
        }
    }

    fn authority(&self, label: &str, issuer: &str, depth: u8) -> Certificate {
        let common_name = if depth == 0 {
            "Test Root".to_owned()
        } else {
            format!("Test Issuing CA {depth}")
        };
        let key = self.key(label, usize::from(depth));
        let mut certificate =
            self.certificate(label, issuer.into(), key, (700, 1800), &common_name);
        if self.endless_authorities {
            certificate.not_after = Time::END.into();
        }
        let below = self.intermediates.min(4).saturating_sub(depth);
        let path_length = self.path_length_slack.map(|slack| u64::from(below + slack));
        let mut extensions = vec![
            ExtensionValue::BasicConstraints {
                ca: true,
                path_length,
            }
            .critical(),
            self.key_usage(vec![KeyUsageBit::KeyCertSign, KeyUsageBit::CrlSign]),
        ];
        if self.key_identifiers {
            extensions
                .push(ExtensionValue::SubjectKeyIdentifier(KeyIdentifier::OfKey).not_critical());
        }
        if depth > 0 {
            extensions.extend(self.authority_identifier());
        }
        if self.issuer_extended_key_usage && depth > 0 {
            extensions.push(
                ExtensionValue::ExtendedKeyUsage(vec![oid::CLIENT_AUTH, oid::SERVER_AUTH])
                    .not_critical(),
            );
        }
        if self.policies {
            extensions.push(ExtensionValue::CertificatePolicies(vec![POLICY]).not_critical());
        }
        self.rotate(&mut extensions);
        certificate.extensions = extensions;
        certificate
    }

    fn end_entity(&self, issuer: Label) -> Certificate {
        let key = self.key("end-entity", 2);
        let mut certificate =
            self.certificate("end-entity", issuer, key, self.lifetime.days(), "device-7");
        let mut extensions = Vec::new();
        if self.end_entity_key_usage {
            extensions.push(self.key_usage(vec![KeyUsageBit::DigitalSignature]));
        }
        let usage = match self.purpose {
            Purpose::Client => oid::CLIENT_AUTH,
            Purpose::Server => oid::SERVER_AUTH,
        };
        extensions.push(Extension {
            critical: self.critical_extended_key_usage,
            value: ExtensionValue::ExtendedKeyUsage(vec![usage]),
        });
        extensions.push(Extension {
            critical: self.critical_alternative_name,
            value: ExtensionValue::SubjectAlternativeName(self.alternative_names()),
        });
        extensions.extend(self.authority_identifier());
        if self.key_identifiers {
            extensions
                .push(ExtensionValue::SubjectKeyIdentifier(KeyIdentifier::OfKey).not_critical());
        }
        if self.policies {
            extensions.push(ExtensionValue::CertificatePolicies(vec![POLICY]).not_critical());
        }
        self.rotate(&mut extensions);
        certificate.extensions = extensions;
        certificate
    }

    /// What says who signed the certificate.
    fn authority_identifier(&self) -> Option<Extension> {
        let key = self.key_identifiers.then_some(KeyIdentifier::OfKey);
        let value = match self.authority_identifier {
            AuthorityIdentifier::Key => ExtensionValue::AuthorityKeyIdentifier(key?),
            AuthorityIdentifier::KeyAndCertificate => ExtensionValue::AuthorityCertificate {
                key_identifier: key,
            },
            AuthorityIdentifier::Certificate => ExtensionValue::AuthorityCertificate {
                key_identifier: None,
            },
        };
        Some(value.not_critical())
    }

    fn alternative_names(&self) -> Vec<GeneralName> {
        match self.purpose {
            Purpose::Client => vec![
                GeneralName::Uri("spiffe://gatecrash.example/device/7".into()),
                GeneralName::Dns("device-7.gatecrash.example".into()),
            ],
            Purpose::Server => vec![GeneralName::Dns("service.gatecrash.example".into())],
        }
    }

    fn unrelated(&self, label: &str, number: u8) -> Certificate {
        let key = Key::new(KeyAlgorithm::P256, label);
        let mut certificate = self.certificate(
            label,
            label.into(),
            key,
            (100, 100),
            &format!("Unrelated CA {number}"),
        );
        certificate.extensions = vec![
            ExtensionValue::BasicConstraints {
                ca: true,
                path_length: None,
            }
            .critical(),
            ExtensionValue::KeyUsage(vec![KeyUsageBit::KeyCertSign]).critical(),
        ];
        certificate
    }

    fn rotate(&self, extensions: &mut [Extension]) {
        let places = usize::from(self.extension_rotation) % extensions.len().max(1);
        extensions.rotate_left(places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generated_recipe_holds_together_and_its_serials_are_distinct() {
        for number in 0..500 {
            let recipe = Setting::numbered(1, number).recipe();
            recipe.check().expect("holds together");
            for certificate in &recipe.certificates {
                let issued = recipe
                    .certificates
                    .iter()
                    .filter(|other| other.issuer == certificate.issuer);
                assert_eq!(
                    issued
                        .filter(|other| other.serial == certificate.serial)
                        .count(),
                    1
                );
            }
        }
    }
}
