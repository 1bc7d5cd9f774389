//! Extensions of certificates, CRLs and CRL entries, as a recipe says them.

use serde::{Deserialize, Serialize};

use super::{GeneralName, TimeField};
use crate::der::{HexBytes, Oid, oid};

/// One extension.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Extension {
    /// Whether it is marked critical.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub critical: bool,
    /// Its identifier and value.
    pub value: ExtensionValue,
}

/// Identifier and value of an extension.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[non_exhaustive]
pub enum ExtensionValue {
    /// RFC 5280 section 4.2.1.9
    BasicConstraints {
        /// Whether the subject is a CA.
        ca: bool,
        /// How many non-self-issued intermediates may follow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path_length: Option<u64>,
    },
    /// RFC 5280 section 4.2.1.3
    KeyUsage(Vec<KeyUsageBit>),
    /// RFC 5280 section 4.2.1.12
    ExtendedKeyUsage(Vec<Oid>),
    /// RFC 5280 section 4.2.1.6
    SubjectAlternativeName(Vec<GeneralName>),
    /// RFC 5280 section 4.2.1.10
    NameConstraints {
        /// permittedSubtrees; absent when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        permitted: Vec<GeneralName>,
        /// excludedSubtrees; absent when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        excluded: Vec<GeneralName>,
    },
    /// RFC 5280 section 4.2.1.1, by key identifier.
    AuthorityKeyIdentifier(KeyIdentifier),
    /// RFC 5280 section 4.2.1.1, by the issuer's own certificate as the recipe has it: the name of
    /// who issued that (authorityCertIssuer), and its number (authorityCertSerialNumber).
    AuthorityCertificate {
        /// keyIdentifier; absent when the certificate alone is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_identifier: Option<KeyIdentifier>,
    },
    /// RFC 5280 section 4.2.1.2
    SubjectKeyIdentifier(KeyIdentifier),
    /// RFC 5280 section 4.2.1.4, without qualifiers.
    CertificatePolicies(Vec<Oid>),
    /// RFC 5280 section 4.2.1.5: issuer's policy, subject's policy.
    PolicyMappings(Vec<(Oid, Oid)>),
    /// RFC 5280 section 4.2.1.11
    PolicyConstraints {
        /// requireExplicitPolicy
        #[serde(default, skip_serializing_if = "Option::is_none")]
        require_explicit: Option<u64>,
        /// inhibitPolicyMapping
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inhibit_mapping: Option<u64>,
    },
    /// RFC 5280 section 4.2.1.14
    InhibitAnyPolicy(u64),
    /// RFC 5280 section 4.2.1.13: one distribution point for each URI.
    CrlDistributionPoints(Vec<String>),
    /// RFC 5280 section 4.2.1.13, with all that a distribution point can say.
    DistributionPoints(Vec<DistributionPoint>),
    /// RFC 5280 section 4.2.2.1: OCSP responders and issuers' certificates.
    AuthorityInformationAccess {
        /// URIs of OCSP responders.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ocsp: Vec<String>,
        /// URIs of the issuer's certificate.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ca_issuers: Vec<String>,
    },
    /// RFC 5280 section 5.2.3
    CrlNumber(u64),
    /// RFC 5280 section 5.2.4: the number of the base.
    DeltaCrlIndicator(u64),
    /// RFC 5280 section 5.2.5
    IssuingDistributionPoint {
        /// The URI of the distribution point.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
        /// onlyContainsUserCerts
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        only_user: bool,
        /// onlyContainsCACerts
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        only_ca: bool,
        /// onlyContainsAttributeCerts
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        only_attribute: bool,
        /// onlySomeReasons, as bit numbers of ReasonFlags.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        only_some_reasons: Vec<u8>,
        /// indirectCRL
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        indirect: bool,
    },
    /// RFC 5280 section 5.3.1, in a CRL entry.
    ReasonCode(u8),
    /// RFC 5280 section 5.3.2, in a CRL entry.
    InvalidityDate(TimeField),
    /// RFC 5280 section 5.3.3, in a CRL entry.
    CertificateIssuer(Vec<GeneralName>),
    /// Any other, or a known one with a value that is wrong: the octets inside the OCTET STRING.
    Raw {
        /// The identifier.
        oid: Oid,
        /// The value, DER or not.
        value: HexBytes,
    },
}

/// One distribution point of RFC 5280 section 4.2.1.13.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DistributionPoint {
    /// fullName; the field is absent when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<GeneralName>,
    /// reasons, as bit numbers of ReasonFlags; absent when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<u8>,
    /// cRLIssuer; absent when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crl_issuer: Vec<GeneralName>,
}

/// One bit of keyUsage, in the order of RFC 5280 section 4.2.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum KeyUsageBit {
    /// Bit 0
    DigitalSignature,
    /// Bit 1
    ContentCommitment,
    /// Bit 2
    KeyEncipherment,
    /// Bit 3
    DataEncipherment,
    /// Bit 4
    KeyAgreement,
    /// Bit 5
    KeyCertSign,
    /// Bit 6
    CrlSign,
    /// Bit 7
    EncipherOnly,
    /// Bit 8
    DecipherOnly,
}

impl KeyUsageBit {
    /// Every bit, in the order of the standard.
    pub const ALL: [Self; 9] = [
        Self::DigitalSignature,
        Self::ContentCommitment,
        Self::KeyEncipherment,
        Self::DataEncipherment,
        Self::KeyAgreement,
        Self::KeyCertSign,
        Self::CrlSign,
        Self::EncipherOnly,
        Self::DecipherOnly,
    ];
}

/// How a key identifier comes about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyIdentifier {
    /// The leftmost 160 bits of SHA-256 over the key (RFC 7093 section 2, method 1).
    OfKey,
    /// These octets.
    Fixed(HexBytes),
}

impl ExtensionValue {
    /// The extension's object identifier.
    pub fn oid(&self) -> Oid {
        match self {
            Self::BasicConstraints { .. } => oid::BASIC_CONSTRAINTS,
            Self::KeyUsage(_) => oid::KEY_USAGE,
            Self::ExtendedKeyUsage(_) => oid::EXTENDED_KEY_USAGE,
            Self::SubjectAlternativeName(_) => oid::SUBJECT_ALTERNATIVE_NAME,
            Self::NameConstraints { .. } => oid::NAME_CONSTRAINTS,
            Self::AuthorityKeyIdentifier(_) | Self::AuthorityCertificate { .. } => {
                oid::AUTHORITY_KEY_IDENTIFIER
            }
            Self::SubjectKeyIdentifier(_) => oid::SUBJECT_KEY_IDENTIFIER,
            Self::CertificatePolicies(_) => oid::CERTIFICATE_POLICIES,
            Self::PolicyMappings(_) => oid::POLICY_MAPPINGS,
            Self::PolicyConstraints { .. } => oid::POLICY_CONSTRAINTS,
            Self::InhibitAnyPolicy(_) => oid::INHIBIT_ANY_POLICY,
            Self::CrlDistributionPoints(_) | Self::DistributionPoints(_) => {
                oid::CRL_DISTRIBUTION_POINTS
            }
            Self::AuthorityInformationAccess { .. } => oid::AUTHORITY_INFORMATION_ACCESS,
            Self::CrlNumber(_) => oid::CRL_NUMBER,
            Self::DeltaCrlIndicator(_) => oid::DELTA_CRL_INDICATOR,
            Self::IssuingDistributionPoint { .. } => oid::ISSUING_DISTRIBUTION_POINT,
            Self::ReasonCode(_) => oid::REASON_CODE,
            Self::InvalidityDate(_) => oid::INVALIDITY_DATE,
            Self::CertificateIssuer(_) => oid::CERTIFICATE_ISSUER,
            Self::Raw { oid, .. } => oid.clone(),
        }
    }

    /// The extension, critical.
    pub fn critical(self) -> Extension {
        Extension {
            critical: true,
            value: self,
        }
    }

    /// The extension, not critical.
    pub fn not_critical(self) -> Extension {
        Extension {
            critical: false,
            value: self,
        }
    }
}
