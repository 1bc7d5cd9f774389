//! Names, times and extensions as DER.

use std::{net::IpAddr, sync::Arc};

use super::MintError;
use crate::{
    der::{HexBytes, Oid, Writer, oid, tag, write::minimal_unsigned},
    question::Time,
    recipe::{
        Attribute, DistributionPoint, Extension, ExtensionValue, GeneralName, KeyIdentifier, Name,
        StringForm, TimeField,
    },
};

/// What an extension says of others than itself.
pub(super) struct Identifiers<'a> {
    /// The subject's key identifier, which `OfKey` stands for.
    pub(super) subject: &'a [u8],
    /// The issuer's key identifier, likewise.
    pub(super) issuer: &'a [u8],
    /// What names the issuer's certificate, where an extension needs it.
    pub(super) issuer_certificate: Option<&'a CertificateId>,
}

/// What names one certificate: the name of who issued it, as DER, and its serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CertificateId {
    pub(super) issuer: Arc<[u8]>,
    pub(super) serial: HexBytes,
}

pub(super) fn write_name(w: &mut Writer, name: &Name) -> Result<(), MintError> {
    let mut failed = None;
    w.sequence(|w| {
        let mut rest = name.0.as_slice();
        while !rest.is_empty() {
            let more = rest[1..]
                .iter()
                .take_while(|attribute| attribute.joined)
                .count();
            let (set, after) = rest.split_at(1 + more);
            rest = after;
            let mut members = Vec::new();
            for attribute in set {
                match attribute_bytes(attribute) {
                    Ok(bytes) => members.push(bytes),
                    Err(error) => failed = Some(error),
                }
            }
            // X.690 section 11.6: the members of a SET OF stand in ascending order.
            members.sort();
            w.nest(tag::SET, |w| {
                members.iter().for_each(|member| w.raw(member))
            });
        }
    });
    failed.map_or(Ok(()), Err)
}

fn attribute_bytes(attribute: &Attribute) -> Result<Vec<u8>, MintError> {
    let (oid, usual) = (attribute.kind.oid(), attribute.kind.usual_form());
    let form = if attribute.form == StringForm::Usual {
        usual
    } else {
        attribute.form
    };
    let text = &attribute.value;
    let (tag, bytes) = match form {
        StringForm::Usual | StringForm::Utf8 => (tag::UTF8_STRING, text.as_bytes().to_vec()),
        StringForm::Printable => (tag::PRINTABLE_STRING, text.as_bytes().to_vec()),
        StringForm::Ia5 => (tag::IA5_STRING, text.as_bytes().to_vec()),
        StringForm::Teletex => {
            let latin1: Result<Vec<u8>, _> =
                text.chars().map(|c| u8::try_from(u32::from(c))).collect();
            (
                tag::TELETEX_STRING,
                latin1.map_err(|_| MintError::Unencodable(text.clone()))?,
            )
        }
        StringForm::Bmp => (
            tag::BMP_STRING,
            text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ),
        StringForm::Universal => (
            tag::UNIVERSAL_STRING,
            text.chars()
                .flat_map(|c| u32::from(c).to_be_bytes())
                .collect(),
        ),
    };
    let mut w = Writer::new();
    w.sequence(|w| {
        w.oid(&oid);
        w.element(tag, &bytes);
    });
    Ok(w.into_bytes())
}

/// UTCTime through 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5).
pub(super) fn write_time(w: &mut Writer, field: &TimeField) {
    match field {
        TimeField::Literal { tag, text } => w.element(*tag, text.as_bytes()),
        TimeField::Moment(time) => {
            let calendar = time.to_calendar();
            if (1950..2050).contains(&calendar.year()) {
                w.element(tag::UTC_TIME, &generalized_time(*time).as_bytes()[2..]);
            } else {
                w.element(tag::GENERALIZED_TIME, generalized_time(*time).as_bytes());
            }
        }
    }
}

/// `YYYYMMDDHHMMSSZ`
pub fn generalized_time(time: Time) -> String {
    let c = time.to_calendar();
    let mut text = String::with_capacity(16);
    // Nothing is from before our era.
    let year = c.year().unsigned_abs();
    for number in [
        (year / 100) as u8,
        (year % 100) as u8,
        u8::from(c.month()),
        c.day(),
        c.hour(),
        c.minute(),
        c.second(),
    ] {
        text.extend([number / 10, number % 10].map(|digit| char::from(b'0' + digit)));
    }
    text.push('Z');
    text
}

/// `YYMMDDHHMMSSZ`
pub fn utc_time(time: Time) -> String {
    generalized_time(time)[2..].to_owned()
}

pub(super) fn write_extensions(
    w: &mut Writer,
    extensions: &[Extension],
    identifiers: &Identifiers<'_>,
) -> Result<(), MintError> {
    let mut failed = None;
    w.sequence(|w| {
        for extension in extensions {
            w.sequence(|w| {
                w.oid(&extension.value.oid());
                w.true_or_absent(extension.critical);
                w.nest(tag::OCTET_STRING, |w| {
                    if let Err(error) = write_extension_value(w, &extension.value, identifiers) {
                        failed = Some(error);
                    }
                });
            });
        }
    });
    failed.map_or(Ok(()), Err)
}

pub(super) fn write_extension_value(
    w: &mut Writer,
    value: &ExtensionValue,
    identifiers: &Identifiers<'_>,
) -> Result<(), MintError> {
    match value {
        ExtensionValue::Raw { value, .. } => w.raw(&value.0),
        ExtensionValue::BasicConstraints { ca, path_length } => w.sequence(|w| {
            w.true_or_absent(*ca);
            if let Some(length) = path_length {
                w.unsigned(*length);
            }
        }),
        ExtensionValue::KeyUsage(bits) => w.named_bits(bits.iter().map(|bit| *bit as u8)),
        ExtensionValue::ExtendedKeyUsage(oids) => write_oids(w, oids),
        ExtensionValue::SubjectAlternativeName(names)
        | ExtensionValue::CertificateIssuer(names) => {
            return write_general_names(w, tag::SEQUENCE, names);
        }
        ExtensionValue::NameConstraints {
            permitted,
            excluded,
        } => {
            let mut result = Ok(());
            w.sequence(|w| {
                for (number, names) in [(0, permitted), (1, excluded)] {
                    if names.is_empty() {
                        continue;
                    }
                    w.nest(tag::context_constructed(number), |w| {
                        for name in names {
                            w.sequence(|w| {
                                result = std::mem::replace(&mut result, Ok(()))
                                    .and(write_general_name(w, name))
                            });
                        }
                    });
                }
            });
            return result;
        }
        ExtensionValue::AuthorityKeyIdentifier(identifier) => w.sequence(|w| {
            w.element(
                tag::context(0),
                identifier_bytes(identifier, identifiers.issuer),
            );
        }),
        ExtensionValue::AuthorityCertificate { key_identifier } => w.sequence(|w| {
            if let Some(identifier) = key_identifier {
                let octets = identifier_bytes(identifier, identifiers.issuer);
                w.element(tag::context(0), octets);
            }
            if let Some(named) = identifiers.issuer_certificate {
                w.nest(tag::context_constructed(1), |w| {
                    w.nest(tag::context_constructed(4), |w| w.raw(&named.issuer));
                });
                w.element(tag::context(2), &named.serial.0);
            }
        }),
        ExtensionValue::SubjectKeyIdentifier(identifier) => {
            w.element(
                tag::OCTET_STRING,
                identifier_bytes(identifier, identifiers.subject),
            );
        }
        ExtensionValue::CertificatePolicies(policies) => w.sequence(|w| {
            for policy in policies {
                w.sequence(|w| w.oid(policy));
            }
        }),
        ExtensionValue::PolicyMappings(mappings) => w.sequence(|w| {
            for (issuer, subject) in mappings {
                w.sequence(|w| {
                    w.oid(issuer);
                    w.oid(subject);
                });
            }
        }),
        ExtensionValue::PolicyConstraints {
            require_explicit,
            inhibit_mapping,
        } => w.sequence(|w| {
            for (number, value) in [(0, require_explicit), (1, inhibit_mapping)] {
                if let Some(value) = value {
                    w.element(
                        tag::context(number),
                        &minimal_unsigned(&value.to_be_bytes()),
                    );
                }
            }
        }),
        ExtensionValue::InhibitAnyPolicy(number)
        | ExtensionValue::CrlNumber(number)
        | ExtensionValue::DeltaCrlIndicator(number) => w.unsigned(*number),
        ExtensionValue::CrlDistributionPoints(uris) => w.sequence(|w| {
            for uri in uris {
                w.sequence(|w| write_distribution_point_name(w, uri));
            }
        }),
        ExtensionValue::DistributionPoints(points) => {
            let mut result = Ok(());
            w.sequence(|w| {
                for point in points {
                    let written = write_distribution_point(w, point);
                    result = std::mem::replace(&mut result, Ok(())).and(written);
                }
            });
            return result;
        }
        ExtensionValue::AuthorityInformationAccess { ocsp, ca_issuers } => w.sequence(|w| {
            let methods = [
                (oid::OCSP_ACCESS, ocsp),
                (oid::CA_ISSUERS_ACCESS, ca_issuers),
            ];
            for (method, uri) in methods
                .iter()
                .flat_map(|(method, uris)| uris.iter().map(move |uri| (method, uri)))
            {
                w.sequence(|w| {
                    w.oid(method);
                    w.element(tag::context(6), uri.as_bytes());
                });
            }
        }),
        ExtensionValue::IssuingDistributionPoint {
            uri,
            only_user,
            only_ca,
            only_attribute,
            only_some_reasons,
            indirect,
        } => w.sequence(|w| {
            if let Some(uri) = uri {
                write_distribution_point_name(w, uri);
            }
            for (number, set) in [(1, only_user), (2, only_ca)] {
                if *set {
                    w.element(tag::context(number), &[0xff]);
                }
            }
            if !only_some_reasons.is_empty() {
                write_reasons(w, tag::context(3), only_some_reasons);
            }
            for (number, set) in [(4, indirect), (5, only_attribute)] {
                if *set {
                    w.element(tag::context(number), &[0xff]);
                }
            }
        }),
        ExtensionValue::ReasonCode(code) => w.element(tag::ENUMERATED, &[*code]),
        ExtensionValue::InvalidityDate(TimeField::Moment(time)) => {
            w.element(tag::GENERALIZED_TIME, generalized_time(*time).as_bytes());
        }
        ExtensionValue::InvalidityDate(field) => write_time(w, field),
    }
    Ok(())
}

fn write_oids(w: &mut Writer, oids: &[Oid]) {
    w.sequence(|w| oids.iter().for_each(|oid| w.oid(oid)));
}

/// `[0] { [0] { [6] uri } }`: DistributionPointName with a full name.
fn write_distribution_point_name(w: &mut Writer, uri: &str) {
    w.nest(tag::context_constructed(0), |w| {
        w.nest(tag::context_constructed(0), |w| {
            w.element(tag::context(6), uri.as_bytes())
        });
    });
}

/// RFC 5280 section 4.2.1.13
fn write_distribution_point(w: &mut Writer, point: &DistributionPoint) -> Result<(), MintError> {
    let mut result = Ok(());
    w.sequence(|w| {
        if !point.names.is_empty() {
            w.nest(tag::context_constructed(0), |w| {
                result = write_general_names(w, tag::context_constructed(0), &point.names);
            });
        }
        if !point.reasons.is_empty() {
            write_reasons(w, tag::context(1), &point.reasons);
        }
        if !point.crl_issuer.is_empty() {
            let written = write_general_names(w, tag::context_constructed(2), &point.crl_issuer);
            result = std::mem::replace(&mut result, Ok(())).and(written);
        }
    });
    result
}

/// ReasonFlags under an IMPLICIT tag: the same body as under its own.
fn write_reasons(w: &mut Writer, tag: u8, reasons: &[u8]) {
    let mut bits = Writer::new();
    bits.named_bits(reasons.iter().copied());
    w.element(tag, &bits.into_bytes()[2..]);
}

fn identifier_bytes<'a>(identifier: &'a KeyIdentifier, of_key: &'a [u8]) -> &'a [u8] {
    match identifier {
        KeyIdentifier::OfKey => of_key,
        KeyIdentifier::Fixed(bytes) => &bytes.0,
    }
}

fn write_general_names(w: &mut Writer, tag: u8, names: &[GeneralName]) -> Result<(), MintError> {
    let mut result = Ok(());
    w.nest(tag, |w| {
        for name in names {
            result = std::mem::replace(&mut result, Ok(())).and(write_general_name(w, name));
        }
    });
    result
}

/// RFC 5280 section 4.2.1.6
pub(super) fn write_general_name(w: &mut Writer, name: &GeneralName) -> Result<(), MintError> {
    match name {
        GeneralName::Other { kind, value } => w.nest(tag::context_constructed(0), |w| {
            w.oid(kind);
            w.nest(tag::context_constructed(0), |w| {
                w.element(tag::UTF8_STRING, value.as_bytes())
            });
        }),
        GeneralName::Email(text) => w.element(tag::context(1), text.as_bytes()),
        GeneralName::Dns(text) => w.element(tag::context(2), text.as_bytes()),
        GeneralName::Directory(name) => {
            let mut result = Ok(());
            w.nest(tag::context_constructed(4), |w| {
                result = write_name(w, name)
            });
            return result;
        }
        GeneralName::Uri(text) => w.element(tag::context(6), text.as_bytes()),
        GeneralName::Ip(IpAddr::V4(address)) => w.element(tag::context(7), &address.octets()),
        GeneralName::Ip(IpAddr::V6(address)) => w.element(tag::context(7), &address.octets()),
        GeneralName::IpBytes(bytes) => w.element(tag::context(7), &bytes.0),
        GeneralName::RegisteredId(oid) => w.element(tag::context(8), oid.as_bytes()),
        GeneralName::Raw(bytes) => w.raw(&bytes.0),
    }
    Ok(())
}
