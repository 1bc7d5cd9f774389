//! One certificate or CRL as a recipe says it: every field of the standard,
//! each of which may be wrong, and edits of the encoding for what has no field.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor},
};

use super::{
    Extension, ExtensionValue, GeneralName, Key, KeyAlgorithm, Name, PublicKeyForm,
    SignatureAlgorithm, SignatureFlaw,
};
use crate::{
    der::{Edit, HexBytes, Oid},
    question::Time,
};

/// What a certificate or CRL is called inside its recipe: letters, digits, hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(pub String);

impl From<&str> for Label {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Certificate {
    /// Its label in the recipe.
    pub label: Label,
    /// The label of the certificate that issues it; its own when self-signed.
    pub issuer: Label,
    /// Subject.
    pub subject: Name,
    /// The subject's key.
    pub key: Key,
    /// serialNumber, as the octets of the INTEGER.
    pub serial: HexBytes,
    /// Start of validity.
    pub not_before: TimeField,
    /// End of validity.
    pub not_after: TimeField,
    /// Version.
    #[serde(default, skip_serializing_if = "Version::is_usual")]
    pub version: Version,
    /// Issuer name, where it is not the issuer's subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_name: Option<Name>,
    /// SubjectPublicKeyInfo as DER, where it is not that of `key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<HexBytes>,
    /// A private key in PKCS #8 that fits the public key as it is written, where that is not the
    /// key of `key` and anybody knows one. Nothing is signed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key: Option<HexBytes>,
    /// How `key` is written, where that is not the usual way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key_form: Option<PublicKeyForm>,
    /// Unique identifiers of issuer and subject (RFC 5280 section 4.1.2.8).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique_identifiers: Vec<UniqueIdentifier>,
    /// How it is signed.
    #[serde(default, skip_serializing_if = "Signing::is_usual")]
    pub signing: Signing,
    /// Edits of the TBSCertificate before it is signed; the root is the TBSCertificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits_before_signing: Vec<Edit>,
    /// Edits of the signed certificate; the root is the Certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// Extensions, in their order; none leaves the field out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
}

/// How a certificate or CRL is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Signing {
    /// The signing key, where it is not the issuer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// The algorithm, where it is not the key's usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<SignatureAlgorithm>,
    /// Whether RSA keys sign with RSASSA-PSS where no algorithm is given. Other keys, and those too
    /// short for it, sign as usual.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rsa_pss: bool,
    /// The AlgorithmIdentifier inside the signed part, as DER, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_identifier: Option<HexBytes>,
    /// The AlgorithmIdentifier beside the signature, as DER, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer_identifier: Option<HexBytes>,
    /// How the signature is made wrong by computation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaw: Option<SignatureFlaw>,
    /// The signature octets, where they are not a true signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<HexBytes>,
}

impl Signing {
    /// The algorithm by which this key signs.
    pub fn algorithm_of(&self, key: &Key) -> SignatureAlgorithm {
        let usual = match key.algorithm {
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 if self.rsa_pss => {
                SignatureAlgorithm::RsaPssSha256
            }
            other => other.usual_signature(),
        };
        self.algorithm.unwrap_or(usual)
    }

    pub(super) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// The version field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Version {
    /// Version 1 of certificates and CRLs: the field is left out.
    V1,
    /// The value 1.
    V2,
    /// The value 2.
    V3,
    /// 3 for a certificate, 2 for a CRL.
    #[default]
    Usual,
    /// Any value, 0 for version 1 written out.
    Number(u64),
}

impl Version {
    fn is_usual(&self) -> bool {
        *self == Self::Usual
    }
}

/// A unique identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UniqueIdentifier {
    /// issuerUniqueID
    Issuer(HexBytes),
    /// subjectUniqueID
    Subject(HexBytes),
}

/// A time field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum TimeField {
    /// UTCTime through 2049, GeneralizedTime from 2050, as RFC 5280 section 4.1.2.5 demands.
    Moment(Time),
    /// Any text under any tag.
    Literal {
        /// The identifier octet.
        tag: u8,
        /// The text.
        text: String,
    },
}

impl TimeField {
    /// The moment, where the field is one.
    pub fn moment(&self) -> Option<Time> {
        match self {
            Self::Moment(time) => Some(*time),
            Self::Literal { .. } => None,
        }
    }
}

/// The fields of a time that is any text under any tag.
const LITERAL: &[&str] = &["tag", "text"];

// Written out, because one that tries each form in turn says of none what is wrong with it.
impl<'de> Deserialize<'de> for TimeField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

struct TimeVisitor;

impl<'de> Visitor<'de> for TimeVisitor {
    type Value = TimeField;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time as in \"2026-06-01T12:00:00Z\", or a table of `tag` and `text`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TimeField, E> {
        text.parse().map(TimeField::Moment).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TimeField, A::Error> {
        let (mut tag, mut text) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "tag" => tag = Some(map.next_value()?),
                "text" => text = Some(map.next_value()?),
                // What TOML calls a date comes as a table with a key of the reader's own.
                own if own.starts_with('$') => {
                    return Err(A::Error::custom(
                        "a time stands in quotation marks here, as in \"2026-06-01T12:00:00Z\"",
                    ));
                }
                other => return Err(A::Error::unknown_field(other, LITERAL)),
            }
        }
        Ok(TimeField::Literal {
            tag: tag.ok_or_else(|| A::Error::missing_field("tag"))?,
            text: text.ok_or_else(|| A::Error::missing_field("text"))?,
        })
    }
}

impl From<Time> for TimeField {
    fn from(time: Time) -> Self {
        Self::Moment(time)
    }
}

/// One certificate revocation list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Crl {
    /// Its label in the recipe.
    pub label: Label,
    /// The label of the certificate that issues it.
    pub issuer: Label,
    /// thisUpdate
    pub this_update: TimeField,
    /// nextUpdate
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_update: Option<TimeField>,
    /// Version.
    #[serde(default, skip_serializing_if = "Version::is_usual")]
    pub version: Version,
    /// Issuer name, where it is not the issuer's subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_name: Option<Name>,
    /// How it is signed.
    #[serde(default, skip_serializing_if = "Signing::is_usual")]
    pub signing: Signing,
    /// Edits of the TBSCertList before it is signed; the root is the TBSCertList.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits_before_signing: Vec<Edit>,
    /// Edits of the signed list; the root is the CertificateList.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// The entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<Revoked>,
    /// crlExtensions, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
}

/// One entry of a CRL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Revoked {
    /// The serial number, as the octets of the INTEGER.
    pub serial: HexBytes,
    /// revocationDate
    pub date: TimeField,
    /// crlEntryExtensions, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
}

impl Certificate {
    /// The extension with this identifier.
    pub fn extension(&self, oid: &Oid) -> Option<&Extension> {
        self.extensions
            .iter()
            .find(|extension| extension.value.oid() == *oid)
    }

    /// The extension with this identifier, to change.
    pub fn extension_mut(&mut self, oid: &Oid) -> Option<&mut Extension> {
        self.extensions
            .iter_mut()
            .find(|extension| extension.value.oid() == *oid)
    }

    /// Puts the extension in the place of the one with its identifier, or last.
    pub fn set_extension(&mut self, extension: Extension) {
        match self.extension_mut(&extension.value.oid()) {
            Some(place) => *place = extension,
            None => self.extensions.push(extension),
        }
    }

    /// Takes the extension away. False when there was none.
    pub fn remove_extension(&mut self, oid: &Oid) -> bool {
        let before = self.extensions.len();
        self.extensions
            .retain(|extension| extension.value.oid() != *oid);
        self.extensions.len() < before
    }

    /// Whether basicConstraints call the subject a CA.
    pub fn is_ca(&self) -> bool {
        self.extensions.iter().any(|extension| {
            matches!(
                extension.value,
                ExtensionValue::BasicConstraints { ca: true, .. }
            )
        })
    }

    /// Whether it names itself as its issuer.
    pub fn is_self_signed(&self) -> bool {
        self.issuer == self.label
    }

    /// The subject alternative names, to change; an empty extension is added when there is none.
    pub fn alternative_names_mut(&mut self) -> &mut Vec<GeneralName> {
        let present = |extension: &Extension| {
            matches!(extension.value, ExtensionValue::SubjectAlternativeName(_))
        };
        let index = self.extensions.iter().position(present).unwrap_or_else(|| {
            self.extensions
                .push(ExtensionValue::SubjectAlternativeName(Vec::new()).not_critical());
            self.extensions.len() - 1
        });
        match &mut self.extensions[index].value {
            ExtensionValue::SubjectAlternativeName(names) => names,
            _ => unreachable!("the position was found by this variant"),
        }
    }
}
