//! The choice of a benign chain, and the octets that choose it.
//!
//! Apart from the chain that follows from it, because its order of octets is
//! kept for ever and the chain is not.

use arbitrary::{Arbitrary, Unstructured};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde::{Deserialize, Serialize};

use crate::{
    question::{Purpose, Time},
    recipe::KeyAlgorithm,
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
    /// How certificates and CRLs say who signed them.
    #[serde(default)]
    pub authority_identifier: AuthorityIdentifier,
}

/// How an authorityKeyIdentifier names the issuer (RFC 5280 section 4.2.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorityIdentifier {
    /// By its key, where there are key identifiers; else there is none.
    #[default]
    Key,
    /// By its key, where there are key identifiers, and by its certificate.
    KeyAndCertificate,
    /// By its certificate alone: the name of who issued that, and its serial number.
    Certificate,
}

impl AuthorityIdentifier {
    /// Every one. New ones come last, so that stored inputs keep their meaning.
    const ALL: [Self; 3] = [Self::Key, Self::KeyAndCertificate, Self::Certificate];
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
    pub(super) const fn days(self) -> (i64, i64) {
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
            authority_identifier: AuthorityIdentifier::Key,
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
            authority_identifier: AuthorityIdentifier::ALL
                .get(usize::from(octets[31] % 8))
                .copied()
                .unwrap_or_default(),
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
        for form in AuthorityIdentifier::ALL {
            let has = |setting: &Setting| setting.authority_identifier == form;
            assert!(settings.iter().any(has), "{form:?}");
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
}
