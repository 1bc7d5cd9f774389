//! A certificate in DER, as the fields that write it again.
//!
//! It is the mint read backwards, and no validator: whatever comes out is what
//! the mint would write. An extension or a name of a kind that a recipe has no
//! words for stays the octets that it is.

use crate::{
    der::{Body, HexBytes, Node, Oid, Tree, Writer, oid, tag},
    mint::{
        MintError,
        encode::{Identifiers, write_extension_value, write_general_name, write_name, write_time},
    },
    question::Time,
    recipe::{
        Attribute, AttributeKind, Extension, ExtensionValue, GeneralName, KeyIdentifier,
        KeyUsageBit, Name, StringForm, TimeField, UniqueIdentifier, Version,
    },
};

/// The fields of a certificate (RFC 5280 section 4.1.2), its signature left aside.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) version: Version,
    pub(super) serial: HexBytes,
    pub(super) not_before: TimeField,
    pub(super) not_after: TimeField,
    pub(super) subject: Name,
    /// Whether the issuer is named like the subject.
    pub(super) self_issued: bool,
    /// SubjectPublicKeyInfo, as DER.
    pub(super) public_key: Vec<u8>,
    pub(super) unique_identifiers: Vec<UniqueIdentifier>,
    pub(super) extensions: Vec<Extension>,
}

/// Bytes that are no certificate that the mint could write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It has not the shape of RFC 5280 section 4.1.
    #[error("it is not a certificate: {0}")]
    NotACertificate(&'static str),
    /// The subject is written in a way that a recipe has no words for.
    #[error("its subject is written in a way that cannot be written again octet for octet")]
    Subject,
}

/// Reads a certificate's fields.
pub(super) fn certificate(der: &[u8]) -> Result<Fields, ReadError> {
    use ReadError::NotACertificate as Not;
    let tree = Tree::read(der);
    let [certificate] = tree.nodes.as_slice() else {
        return Err(Not("it is not one element"));
    };
    if !tree.rest.is_empty() {
        return Err(Not("bytes follow it"));
    }
    let [signed_part, _, _] = sequence(certificate).ok_or(Not("the outermost is no SEQUENCE"))?
    else {
        return Err(Not("it has not the three parts of one"));
    };
    let mut rest = sequence(signed_part).ok_or(Not("its signed part is no SEQUENCE"))?;
    let mut version = Version::V1;
    if let Some((first, after)) = rest.split_first()
        && first.tag == [tag::context_constructed(0)]
    {
        let number = first.children().first().and_then(small_number);
        version = match number.ok_or(Not("its version is no number"))? {
            2 => Version::Usual,
            number => Version::Number(number),
        };
        rest = after;
    }
    let [
        serial,
        _,
        issuer,
        validity,
        subject,
        public_key,
        optional @ ..,
    ] = rest
    else {
        return Err(Not("fields are missing"));
    };
    let [not_before, not_after] = sequence(validity).ok_or(Not("its validity is no SEQUENCE"))?
    else {
        return Err(Not("its validity has not two times"));
    };
    if serial.tag != [tag::INTEGER] || sequence(public_key).is_none() {
        return Err(Not("serial number or public key are of another type"));
    }
    let mut fields = Fields {
        version,
        serial: serial.body_bytes().into(),
        not_before: time(not_before),
        not_after: time(not_after),
        subject: name(subject).ok_or(ReadError::Subject)?,
        self_issued: issuer == subject,
        public_key: public_key.to_bytes(),
        unique_identifiers: Vec::new(),
        extensions: Vec::new(),
    };
    for field in optional {
        let unique = || HexBytes(field.body_bytes().get(1..).unwrap_or_default().to_vec());
        match field.tag.as_slice() {
            [0x81] => fields
                .unique_identifiers
                .push(UniqueIdentifier::Issuer(unique())),
            [0x82] => fields
                .unique_identifiers
                .push(UniqueIdentifier::Subject(unique())),
            [0xa3] => {
                let list = field.children().first().and_then(sequence);
                fields.extensions = list
                    .ok_or(Not("its extensions are no SEQUENCE"))?
                    .iter()
                    .map(|node| extension(node).ok_or(Not("an extension is no extension")))
                    .collect::<Result<_, _>>()?;
            }
            _ => return Err(Not("it has a field that certificates do not have")),
        }
    }
    Ok(fields)
}

impl Fields {
    /// The octets of the subject key identifier, where there is one.
    pub(super) fn identifier(&self) -> Option<&[u8]> {
        self.extensions
            .iter()
            .find_map(|extension| match &extension.value {
                ExtensionValue::SubjectKeyIdentifier(KeyIdentifier::Fixed(octets)) => {
                    Some(octets.0.as_slice())
                }
                _ => None,
            })
    }
}

fn sequence(node: &Node) -> Option<&[Node]> {
    (node.tag == [tag::SEQUENCE]).then(|| node.children())
}

fn small_number(node: &Node) -> Option<u64> {
    let octets = node.body_bytes();
    let fits = node.tag.len() == 1 && (1..=8).contains(&octets.len()) && octets[0] & 0x80 == 0;
    fits.then(|| {
        octets
            .iter()
            .fold(0, |value, octet| value << 8 | u64::from(*octet))
    })
}

fn read_oid(node: &Node) -> Option<Oid> {
    match (&node.tag[..], &node.body) {
        ([tag::OID], Body::Primitive(octets)) => Oid::from_octets(octets.clone()),
        _ => None,
    }
}

/// A moment where the mint writes it the same, and the text as it stands otherwise.
fn time(node: &Node) -> TimeField {
    let text = String::from_utf8_lossy(&node.body_bytes()).into_owned();
    let literal = TimeField::Literal {
        tag: node.tag[0],
        text: text.clone(),
    };
    moment(&text, &node.tag)
        .map(TimeField::Moment)
        .filter(|field| written(|w| write_time(w, field)) == node.to_bytes())
        .unwrap_or(literal)
}

/// UTCTime or GeneralizedTime to the second, in UTC.
pub(super) fn moment(text: &str, tag: &[u8]) -> Option<Time> {
    let digits = text.strip_suffix('Z')?;
    let whole = match tag {
        [tag::UTC_TIME] if digits.len() == 12 => {
            let century = if digits.get(..2)? < "50" { "20" } else { "19" };
            format!("{century}{digits}")
        }
        [tag::GENERALIZED_TIME] if digits.len() == 14 => digits.to_owned(),
        _ => return None,
    };
    let part = |range| whole.get(range);
    format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0..4)?,
        part(4..6)?,
        part(6..8)?,
        part(8..10)?,
        part(10..12)?,
        part(12..14)?
    )
    .parse()
    .ok()
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    write(&mut w);
    w.into_bytes()
}

/// A distinguished name that the mint writes the same.
fn name(node: &Node) -> Option<Name> {
    let mut attributes = Vec::new();
    for set in sequence(node)? {
        for (index, member) in set.children().iter().enumerate() {
            attributes.push(Attribute {
                joined: index > 0,
                ..attribute(member)?
            });
        }
    }
    let name = Name(attributes);
    let mut w = Writer::new();
    write_name(&mut w, &name).ok()?;
    (w.into_bytes() == node.to_bytes()).then_some(name)
}

fn attribute(node: &Node) -> Option<Attribute> {
    let [kind, value] = sequence(node)? else {
        return None;
    };
    let kind = AttributeKind::of(read_oid(kind)?);
    let octets = value.body_bytes();
    let utf8 = || String::from_utf8(octets.clone()).ok();
    let (form, value) = match value.tag.as_slice() {
        [tag::UTF8_STRING] => (StringForm::Utf8, utf8()?),
        [tag::PRINTABLE_STRING] => (StringForm::Printable, utf8()?),
        [tag::IA5_STRING] => (StringForm::Ia5, utf8()?),
        [tag::TELETEX_STRING] => (
            StringForm::Teletex,
            octets.iter().copied().map(char::from).collect(),
        ),
        [tag::BMP_STRING] => {
            let units: Vec<u16> = octets
                .chunks_exact(2)
                .map(|unit| u16::from_be_bytes([unit[0], unit[1]]))
                .collect();
            (StringForm::Bmp, String::from_utf16(&units).ok()?)
        }
        [tag::UNIVERSAL_STRING] => (
            StringForm::Universal,
            octets
                .chunks_exact(4)
                .map(|unit| {
                    char::from_u32(u32::from_be_bytes([unit[0], unit[1], unit[2], unit[3]]))
                })
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    };
    let form = if form == kind.usual_form() {
        StringForm::Usual
    } else {
        form
    };
    Some(Attribute {
        kind,
        value,
        form,
        joined: false,
    })
}

fn extension(node: &Node) -> Option<Extension> {
    let (oid, critical, value) = match sequence(node)? {
        [oid, value] => (oid, false, value),
        [oid, critical, value] if critical.tag == [tag::BOOLEAN] => {
            (oid, critical.body_bytes() != [0], value)
        }
        _ => return None,
    };
    if value.tag != [tag::OCTET_STRING] {
        return None;
    }
    let (oid, octets) = (read_oid(oid)?, value.body_bytes());
    let value = extension_value(&oid, &octets)
        .filter(|value| {
            let mut w = Writer::new();
            let unknown = Identifiers {
                subject: &[],
                issuer: &[],
                issuer_certificate: None,
            };
            write_extension_value(&mut w, value, &unknown).is_ok() && w.into_bytes() == octets
        })
        .unwrap_or(ExtensionValue::Raw {
            oid,
            value: octets.into(),
        });
    Some(Extension { critical, value })
}

/// The value in a recipe's words. What it says is compared with the octets afterwards.
fn extension_value(oid: &Oid, octets: &[u8]) -> Option<ExtensionValue> {
    let tree = Tree::read(octets);
    let node = tree.nodes.first()?;
    let children = node.children();
    let oids = || children.iter().map(read_oid).collect::<Option<Vec<_>>>();
    let firsts = || {
        children
            .iter()
            .map(|child| read_oid(child.children().first()?))
            .collect::<Option<Vec<_>>>()
    };
    let numbered = |number: u8| {
        children
            .iter()
            .find(|child| child.tag == [tag::context(number)])
    };
    let value = match oid {
        oid if *oid == oid::BASIC_CONSTRAINTS => ExtensionValue::BasicConstraints {
            ca: children
                .first()
                .is_some_and(|first| first.tag == [tag::BOOLEAN]),
            path_length: children
                .last()
                .filter(|last| last.tag == [tag::INTEGER])
                .and_then(small_number),
        },
        oid if *oid == oid::KEY_USAGE => {
            let bits = node.body_bytes();
            let set = |bit: &KeyUsageBit| {
                let number = *bit as usize;
                bits.get(1 + number / 8)
                    .is_some_and(|octet| octet & (0x80 >> (number % 8)) != 0)
            };
            ExtensionValue::KeyUsage(KeyUsageBit::ALL.into_iter().filter(set).collect())
        }
        oid if *oid == oid::EXTENDED_KEY_USAGE => ExtensionValue::ExtendedKeyUsage(oids()?),
        oid if *oid == oid::SUBJECT_ALTERNATIVE_NAME => {
            ExtensionValue::SubjectAlternativeName(children.iter().map(general_name).collect())
        }
        oid if *oid == oid::NAME_CONSTRAINTS => {
            let subtrees = |number: u8| -> Option<Vec<GeneralName>> {
                children
                    .iter()
                    .filter(|child| child.tag == [tag::context_constructed(number)])
                    .flat_map(Node::children)
                    .map(|subtree| Some(general_name(subtree.children().first()?)))
                    .collect()
            };
            ExtensionValue::NameConstraints {
                permitted: subtrees(0)?,
                excluded: subtrees(1)?,
            }
        }
        oid if *oid == oid::AUTHORITY_KEY_IDENTIFIER => {
            let octets = numbered(0)?.body_bytes();
            ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::Fixed(octets.into()))
        }
        oid if *oid == oid::SUBJECT_KEY_IDENTIFIER => {
            ExtensionValue::SubjectKeyIdentifier(KeyIdentifier::Fixed(node.body_bytes().into()))
        }
        oid if *oid == oid::CERTIFICATE_POLICIES => ExtensionValue::CertificatePolicies(firsts()?),
        oid if *oid == oid::POLICY_CONSTRAINTS => {
            let number = |at| {
                numbered(at).and_then(|node| {
                    small_number(&Node::primitive(tag::INTEGER, node.body_bytes()))
                })
            };
            ExtensionValue::PolicyConstraints {
                require_explicit: number(0),
                inhibit_mapping: number(1),
            }
        }
        oid if *oid == oid::INHIBIT_ANY_POLICY => {
            ExtensionValue::InhibitAnyPolicy(small_number(node)?)
        }
        oid if *oid == oid::CRL_DISTRIBUTION_POINTS => {
            let uri = |point: &Node| {
                let name = point.children().first()?.children().first()?;
                String::from_utf8(name.children().first()?.body_bytes()).ok()
            };
            ExtensionValue::CrlDistributionPoints(children.iter().map(uri).collect::<Option<_>>()?)
        }
        oid if *oid == oid::AUTHORITY_INFORMATION_ACCESS => {
            let of = |wanted: &Oid| -> Vec<String> {
                children
                    .iter()
                    .filter(|child| {
                        child.children().first().and_then(read_oid).as_ref() == Some(wanted)
                    })
                    .filter_map(|child| {
                        String::from_utf8(child.children().get(1)?.body_bytes()).ok()
                    })
                    .collect()
            };
            ExtensionValue::AuthorityInformationAccess {
                ocsp: of(&oid::OCSP_ACCESS),
                ca_issuers: of(&oid::CA_ISSUERS_ACCESS),
            }
        }
        _ => return None,
    };
    Some(value)
}

/// An authorityKeyIdentifier of this shape that names whoever is the issuer now.
pub(super) fn authority_identifier(value: &ExtensionValue) -> ExtensionValue {
    let ExtensionValue::Raw { value, .. } = value else {
        return ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::OfKey);
    };
    let tree = Tree::read(&value.0);
    let fields = tree.nodes.first().map_or(&[][..], Node::children);
    let holds = |number: u8| {
        fields
            .iter()
            .any(|field| field.tag == [tag::context(number)])
    };
    match (holds(0), holds(2)) {
        (by_key, true) => ExtensionValue::AuthorityCertificate {
            key_identifier: by_key.then_some(KeyIdentifier::OfKey),
        },
        (_, false) => ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::OfKey),
    }
}

/// A general name in a recipe's words where they write the same octets.
fn general_name(node: &Node) -> GeneralName {
    let octets = node.body_bytes();
    let text = || String::from_utf8(octets.clone()).ok();
    let typed = match node.tag.as_slice() {
        [0x81] => text().map(GeneralName::Email),
        [0x82] => text().map(GeneralName::Dns),
        [0x86] => text().map(GeneralName::Uri),
        [0x87] => Some(
            match (
                <[u8; 4]>::try_from(&octets[..]),
                <[u8; 16]>::try_from(&octets[..]),
            ) {
                (Ok(four), _) => GeneralName::Ip(four.into()),
                (_, Ok(sixteen)) => GeneralName::Ip(sixteen.into()),
                _ => GeneralName::IpBytes(octets.clone().into()),
            },
        ),
        [0x88] => Oid::from_octets(octets.clone()).map(GeneralName::RegisteredId),
        [0xa4] => node
            .children()
            .first()
            .and_then(name)
            .map(GeneralName::Directory),
        _ => None,
    };
    let same = |typed: &GeneralName| -> Result<bool, MintError> {
        let mut w = Writer::new();
        write_general_name(&mut w, typed)?;
        Ok(w.into_bytes() == node.to_bytes())
    };
    typed
        .filter(|typed| same(typed).unwrap_or(false))
        .unwrap_or_else(|| GeneralName::Raw(node.to_bytes().into()))
}
