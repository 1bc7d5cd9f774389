//! Distinguished names and general names, as a recipe says them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::der::{HexBytes, Oid, oid};

/// A distinguished name: attributes from the root down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(pub Vec<Attribute>);

/// One attribute of a distinguished name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Attribute {
    /// What it says.
    pub kind: AttributeKind,
    /// The text.
    pub value: String,
    /// The string type it is written in.
    #[serde(default, skip_serializing_if = "StringForm::is_usual")]
    pub form: StringForm,
    /// Whether it stands in the same set as the attribute before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joined: bool,
}

/// The type of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AttributeKind {
    /// commonName
    CN,
    /// countryName
    C,
    /// organizationName
    O,
    /// organizationalUnitName
    OU,
    /// stateOrProvinceName
    ST,
    /// localityName
    L,
    /// domainComponent
    DC,
    /// serialNumber
    SerialNumber,
    /// emailAddress (PKCS #9)
    Email,
    /// Any other.
    Oid(Oid),
}

/// The ASN.1 string type of an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StringForm {
    /// PrintableString for countryName and serialNumber, IA5String for
    /// domainComponent and emailAddress, UTF8String for the rest.
    #[default]
    Usual,
    /// UTF8String
    Utf8,
    /// PrintableString
    Printable,
    /// IA5String
    Ia5,
    /// TeletexString, in ISO 8859-1 as everybody reads it.
    Teletex,
    /// BMPString
    Bmp,
    /// UniversalString
    Universal,
}

impl AttributeKind {
    /// The kinds that have a name of their own.
    const NAMED: [Self; 9] = [
        Self::CN,
        Self::C,
        Self::O,
        Self::OU,
        Self::ST,
        Self::L,
        Self::DC,
        Self::SerialNumber,
        Self::Email,
    ];

    /// The kind with this identifier.
    pub fn of(oid: Oid) -> Self {
        Self::NAMED
            .into_iter()
            .find(|kind| kind.oid() == oid)
            .unwrap_or(Self::Oid(oid))
    }

    /// The identifier of the attribute's type.
    pub fn oid(&self) -> Oid {
        match self {
            Self::CN => oid::COMMON_NAME,
            Self::C => oid::COUNTRY,
            Self::O => oid::ORGANIZATION,
            Self::OU => oid::ORGANIZATIONAL_UNIT,
            Self::ST => oid::STATE,
            Self::L => oid::LOCALITY,
            Self::DC => oid::DOMAIN_COMPONENT,
            Self::SerialNumber => oid::SERIAL_NUMBER,
            Self::Email => oid::EMAIL_ADDRESS,
            Self::Oid(oid) => oid.clone(),
        }
    }

    /// The string type that [`StringForm::Usual`] stands for.
    pub fn usual_form(&self) -> StringForm {
        match self {
            Self::C | Self::SerialNumber => StringForm::Printable,
            Self::DC | Self::Email => StringForm::Ia5,
            _ => StringForm::Utf8,
        }
    }
}

impl StringForm {
    fn is_usual(&self) -> bool {
        *self == Self::Usual
    }
}

impl Name {
    /// A name of one commonName below an organization.
    pub fn of(organization: &str, common_name: &str) -> Self {
        Self(vec![
            Attribute::new(AttributeKind::O, organization),
            Attribute::new(AttributeKind::CN, common_name),
        ])
    }

    /// A name of one commonName alone.
    pub fn common(common_name: &str) -> Self {
        Self(vec![Attribute::new(AttributeKind::CN, common_name)])
    }

    /// The last commonName.
    pub fn common_name(&self) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|attribute| attribute.kind == AttributeKind::CN)
            .map(|cn| cn.value.as_str())
    }
}

impl Attribute {
    /// An attribute in its usual string type.
    pub fn new(kind: AttributeKind, value: impl Into<String>) -> Self {
        Self {
            kind,
            value: value.into(),
            form: StringForm::Usual,
            joined: false,
        }
    }
}

/// A general name of RFC 5280 section 4.2.1.6, or a subtree base of section 4.2.1.10.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GeneralName {
    /// dNSName
    Dns(String),
    /// rfc822Name
    Email(String),
    /// uniformResourceIdentifier
    Uri(String),
    /// iPAddress
    Ip(IpAddr),
    /// iPAddress as octets: address and mask in a constraint, or any length.
    IpBytes(HexBytes),
    /// directoryName
    Directory(Name),
    /// registeredID
    RegisteredId(Oid),
    /// otherName with a UTF8String value
    Other {
        /// type-id
        kind: Oid,
        /// value
        value: String,
    },
    /// Any element at all, header included.
    Raw(HexBytes),
}

impl GeneralName {
    /// An IPv4 network as a constraint has it: four octets of address, four of mask.
    pub fn ipv4_network(address: [u8; 4], prefix_length: u32) -> Self {
        let mask = u32::MAX
            .checked_shl(32 - prefix_length)
            .unwrap_or(0)
            .to_be_bytes();
        Self::IpBytes([address, mask].concat().into())
    }

    /// An IPv6 network as a constraint has it: sixteen octets of address, sixteen of mask.
    pub fn ipv6_network(address: [u8; 16], prefix_length: u32) -> Self {
        let mask = u128::MAX
            .checked_shl(128 - prefix_length)
            .unwrap_or(0)
            .to_be_bytes();
        Self::IpBytes([address, mask].concat().into())
    }
}
