//! Benign settings: chains that every correct verifier accepts, in all the
//! variety that should not matter.
//!
//! A [`Setting`] is the choice, [`Setting::recipe`] the chain. Defects are put
//! into such chains, so whatever varies here varies around every defect.

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Attribute, AttributeKind, Certificate, Crl, Extension, ExtensionValue, GeneralName, Key,
    KeyAlgorithm, KeyIdentifier, KeyUsageBit, Label, Name, Recipe, Signing, StringForm, TimeField,
    Version,
};
use crate::{
    der::{HexBytes, Oid, oid},
    question::{PeerName, Purpose, Time},
};

/// The choices that make a benign chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Setting {
    /// What the end entity is for.
    pub purpose: Purpose,
    /// The validation time.
    pub time: Time,
    /// How many intermediates stand between anchor and end entity, 0 to 4.
    pub intermediates: u8,
    /// Key kinds of the anchor, the intermediates and the end entity, in this order; repeated as needed.
    pub keys: Vec<KeyAlgorithm>,
    /// The shape of distinguished names.
    pub names: NameShape,
    /// Whether key identifiers are present.
    pub key_identifiers: bool,
    /// Whether issuers limit the length of the path, and by how much more than is needed.
    pub path_length_slack: Option<u8>,
    /// Whether key usage is present on the end entity.
    pub end_entity_key_usage: bool,
    /// Whether extended key usage of the end entity is critical.
    pub critical_extended_key_usage: bool,
    /// Whether intermediates carry an extended key usage that allows the purpose.
    pub issuer_extended_key_usage: bool,
    /// Whether all certificates carry a certificate policy.
    pub policies: bool,
    /// Whether every CA has a fresh CRL.
    pub crls: bool,
    /// How many places the extensions of each certificate are rotated.
    pub extension_rotation: u8,
    /// How many certificates without relation are presented as well, 0 to 2.
    pub unrelated: u8,
    /// Whether an anchor without relation is trusted as well, before the true one.
    pub unrelated_anchor: bool,
    /// Whether the certificates after the end entity are presented from the anchor down.
    pub reversed: bool,
    /// How many octets the serial numbers have, 1 to 20.
    pub serial_octets: u8,
    /// Whether RSA keys sign certificates with RSASSA-PSS.
    #[serde(default)]
    pub rsa_pss: bool,
    /// Whether key usage is not critical, as RFC 5280 section 4.2.1.3 lets it be.
    #[serde(default)]
    pub key_usage_not_critical: bool,
    /// Whether the subject alternative name is critical although there is a subject.
    #[serde(default)]
    pub critical_alternative_name: bool,
    /// When the end entity's validity began and when it ends.
    #[serde(default)]
    pub lifetime: Lifetime,
    /// Whether CAs have no end that is known: 99991231235959Z (RFC 5280 section 4.1.2.5).
    #[serde(default)]
    pub endless_authorities: bool,
}

/// The validity of an end entity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lifetime {
    /// 90 days, of which 30 are over.
    #[default]
    Quarter,
    /// Six days, of which two are over.
    Days,
    /// A year, just begun.
    FreshYear,
    /// A year that is nearly over.
    OldYear,
}

impl Lifetime {
    /// Every one. New ones come last, so that stored inputs keep their meaning.
    const ALL: [Self; 4] = [Self::Quarter, Self::Days, Self::FreshYear, Self::OldYear];

    /// How many days ago it began, and in how many it ends.
    const fn days(self) -> (i64, i64) {
        match self {
            Self::Quarter => (30, 60),
            Self::Days => (2, 4),
            Self::FreshYear => (1, 364),
            Self::OldYear => (360, 5),
        }
    }
}

/// The shape of distinguished names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameShape {
    /// One commonName.
    Common,
    /// Country, organization, commonName.
    Organization,
    /// Domain components and a commonName.
    Domain,
    /// PrintableString where UTF8String is usual.
    Printable,
    /// Letters beyond ASCII.
    Unicode,
}

impl NameShape {
    /// Every shape. New ones come last, so that stored inputs keep their meaning.
    const ALL: [Self; 5] = [
        Self::Organization,
        Self::Common,
        Self::Domain,
        Self::Printable,
        Self::Unicode,
    ];
}

impl Default for Setting {
    /// The plainest chain: P-256, one intermediate, a client.
    fn default() -> Self {
        Self {
            purpose: Purpose::Client,
            time: Self::BASE_TIME,
            intermediates: 1,
            keys: vec![KeyAlgorithm::P256],
            names: NameShape::Organization,
            key_identifiers: true,
            path_length_slack: None,
            end_entity_key_usage: true,
            critical_extended_key_usage: false,
            issuer_extended_key_usage: false,
            policies: false,
            crls: false,
            extension_rotation: 0,
            unrelated: 0,
            unrelated_anchor: false,
            reversed: false,
            serial_octets: 9,
            rsa_pss: false,
            key_usage_not_critical: false,
            critical_alternative_name: false,
            lifetime: Lifetime::Quarter,
            endless_authorities: false,
        }
    }
}

/// Octets that choose a [`Setting`]. Each field reads octets of its own, so a
/// field that is added later takes new octets and changes no stored input.
pub const SETTING_OCTETS: usize = 32;

impl<'a> Arbitrary<'a> for Setting {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut octets = [0; SETTING_OCTETS];
        u.fill_buffer(&mut octets)?;
        Ok(Self::from_octets(&octets))
    }
}

/// What the octet of a key chooses from. Any other kind has octets of its own,
/// so that stored inputs keep their meaning.
const KINDS: [KeyAlgorithm; 5] = [
    KeyAlgorithm::P256,
    KeyAlgorithm::P384,
    KeyAlgorithm::Ed25519,
    KeyAlgorithm::Rsa2048,
    KeyAlgorithm::Rsa3072,
];

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
    /// The validation time of the plainest setting: 2026-06-01 12:00 UTC.
    pub const BASE_TIME: Time = Time::from_unix_seconds(1_780_315_200);

    /// The setting that these bytes choose. Missing bytes choose as zeros do.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut octets = [0; SETTING_OCTETS];
        let length = bytes.len().min(SETTING_OCTETS);
        octets[..length].copy_from_slice(&bytes[..length]);
        Self::from_octets(&octets)
    }

    fn from_octets(octets: &[u8; SETTING_OCTETS]) -> Self {
        // P-256 twice as often: it is what most services use, and it is quick.
        let key = |octet: u8| {
            let choice = usize::from(octet) % (KINDS.len() + 1);
            KINDS.get(choice).copied().unwrap_or(KeyAlgorithm::P256)
        };
        let one_in = |octet: u8, n: u8| octet % n == 1;
        let mut keys: Vec<KeyAlgorithm> = octets[2..5].iter().map(|&octet| key(octet)).collect();
        // Few chains, because it is slow to verify, and one certificate of each.
        if one_in(octets[24], 8) {
            keys[usize::from(octets[25] % 3)] = KeyAlgorithm::P521;
        }
        let seconds = u32::from_be_bytes([octets[5], octets[6], octets[7], octets[8]]);
        Self {
            purpose: Purpose::ALL[usize::from(octets[0] % 2)],
            intermediates: [1, 2, 0, 3, 1, 4, 2, 1][usize::from(octets[1] % 8)],
            keys,
            time: if one_in(octets[9], 8) {
                Self::BASE_TIME.plus_days(365 * 26)
            } else {
                Self::BASE_TIME.plus_seconds(i64::from(seconds % 63_072_000))
            },
            names: NameShape::ALL[usize::from(octets[10]) % NameShape::ALL.len()],
            key_identifiers: !one_in(octets[11], 5),
            path_length_slack: one_in(octets[12], 2).then_some(octets[13] % 3),
            end_entity_key_usage: !one_in(octets[14], 8),
            critical_extended_key_usage: one_in(octets[15], 4),
            issuer_extended_key_usage: one_in(octets[16], 4),
            policies: one_in(octets[17], 4),
            crls: one_in(octets[18], 4),
            extension_rotation: octets[19] % 6,
            unrelated: octets[20] % 3,
            unrelated_anchor: one_in(octets[21], 4),
            reversed: one_in(octets[22], 4),
            // 0 chooses the usual nine.
            serial_octets: (octets[23].wrapping_add(8)) % 20 + 1,
            rsa_pss: one_in(octets[26], 2),
            key_usage_not_critical: one_in(octets[27], 4),
            critical_alternative_name: one_in(octets[28], 4),
            lifetime: Lifetime::ALL[usize::from(octets[29]) % Lifetime::ALL.len()],
            endless_authorities: one_in(octets[30], 4),
        }
    }

    /// The setting with this number among those of an rng seed.
    pub fn numbered(rng_seed: u64, number: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(rng_seed);
        rng.set_stream(number);
        let mut octets = [0; SETTING_OCTETS];
        rng.fill_bytes(&mut octets);
        Self::from_octets(&octets)
    }

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
            if depth > 0 {
                extensions.push(
                    ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::OfKey).not_critical(),
                );
            }
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
        if self.key_identifiers {
            extensions
                .push(ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::OfKey).not_critical());
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

/// Gives every CA of the true path a complete, fresh, empty CRL, unless it has one.
pub fn add_fresh_crls(recipe: &mut Recipe) {
    let issuers: Vec<Label> = recipe.issuers_of_end_entity().into_iter().skip(1).collect();
    for issuer in issuers {
        if recipe.crls.iter().any(|crl| crl.issuer == issuer) {
            continue;
        }
        let crl = fresh_crl(recipe, &issuer);
        recipe.crls.push(crl.into());
    }
}

/// A complete, fresh, empty CRL of this issuer, which goes by the label `crl-ISSUER`.
pub fn fresh_crl(recipe: &Recipe, issuer: &Label) -> Crl {
    let identified = recipe
        .certificate(issuer)
        .is_some_and(|issuer| issuer.extension(&oid::SUBJECT_KEY_IDENTIFIER).is_some());
    let mut extensions = Vec::new();
    if identified {
        extensions
            .push(ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::OfKey).not_critical());
    }
    extensions.push(ExtensionValue::CrlNumber(7).not_critical());
    Crl {
        label: Label(format!("crl-{issuer}")),
        issuer: issuer.clone(),
        this_update: TimeField::Moment(recipe.time.plus_days(-2)),
        next_update: Some(TimeField::Moment(recipe.time.plus_days(5))),
        version: Version::Usual,
        issuer_name: None,
        signing: Signing {
            rsa_pss: recipe
                .certificate(issuer)
                .is_some_and(|issuer| issuer.signing.rsa_pss),
            ..Signing::default()
        },
        edits_before_signing: Vec::new(),
        edits: Vec::new(),
        revoked: Vec::new(),
        extensions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_is_the_same_setting_and_others_differ() {
        let settings: Vec<Setting> = (0..64).map(|number| Setting::numbered(7, number)).collect();
        assert_eq!(settings[9], Setting::numbered(7, 9));
        assert_ne!(
            settings,
            (0..64)
                .map(|number| Setting::numbered(8, number))
                .collect::<Vec<_>>()
        );
        for intermediates in 0..=4 {
            assert!(
                settings
                    .iter()
                    .any(|setting| setting.intermediates == intermediates),
                "{intermediates}"
            );
        }
        for kind in KeyAlgorithm::SOUND {
            let has = |setting: &Setting| setting.keys.contains(kind);
            assert!(settings.iter().any(has), "{kind:?}");
        }
        for choice in [
            |setting: &Setting| setting.crls,
            |setting: &Setting| setting.rsa_pss,
            |setting: &Setting| setting.key_usage_not_critical,
            |setting: &Setting| setting.critical_alternative_name,
            |setting: &Setting| setting.endless_authorities,
        ] {
            assert!(settings.iter().any(choice) && !settings.iter().all(choice));
        }
        for lifetime in Lifetime::ALL {
            let has = |setting: &Setting| setting.lifetime == lifetime;
            assert!(settings.iter().any(has), "{lifetime:?}");
        }
    }

    #[test]
    fn no_octets_choose_the_plainest_setting() {
        assert_eq!(
            Setting::from_bytes(&[]).recipe(),
            Setting::default().recipe()
        );
    }

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
