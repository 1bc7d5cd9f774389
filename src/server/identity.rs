//! Who the peer is: the names of a certificate that was judged good.
//!
//! Nothing here decides. It reads names for the handlers, for role rules and
//! for `/whoami`, out of certificates that the verifier has let through.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use serde::Serialize;
use sha2::{Digest, Sha256};
use x509_parser::{
    asn1_rs::{Any, Class},
    certificate::{Validity, X509Certificate},
    extensions::GeneralName,
    prelude::FromDer,
};

use crate::question::Time;

/// The verified identity of a peer, as `/whoami` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PeerIdentity {
    /// The subject, most specific attribute last, as RFC 4514 without reversal. May be empty.
    pub subject: String,
    /// DNS names of the subject alternative name.
    pub dns: Vec<String>,
    /// URIs, such as SPIFFE identifiers.
    pub uri: Vec<String>,
    /// Mailboxes.
    pub email: Vec<String>,
    /// IP addresses.
    pub ip: Vec<String>,
    /// The serial number in hexadecimal.
    pub serial: String,
    /// SHA-256 of the certificate's DER, in hexadecimal.
    pub fingerprint_sha256: String,
    /// When the certificate ends.
    pub not_after: Time,
}

impl PeerIdentity {
    /// Reads the names of an end-entity certificate; `None` when the DER is not a certificate.
    pub fn from_der(certificate: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        let mut identity = Self {
            subject: parsed.subject().to_string(),
            dns: Vec::new(),
            uri: Vec::new(),
            email: Vec::new(),
            ip: Vec::new(),
            serial: parsed.raw_serial_as_string(),
            fingerprint_sha256: fingerprint(certificate),
            not_after: Time::from_unix_seconds(parsed.validity().not_after.timestamp()),
        };
        if let Ok(Some(names)) = parsed.subject_alternative_name() {
            for name in &names.value.general_names {
                match name {
                    GeneralName::DNSName(name) => identity.dns.push((*name).to_owned()),
                    GeneralName::URI(name) => identity.uri.push((*name).to_owned()),
                    GeneralName::RFC822Name(name) => identity.email.push((*name).to_owned()),
                    GeneralName::IPAddress(octets) => identity.ip.extend(ip_text(octets)),
                    _ => {}
                }
            }
        }
        Some(identity)
    }
}

fn ip_text(octets: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(octets)
        .ok()
        .map(|sixteen| std::net::Ipv6Addr::from(sixteen).to_string())
}

/// SHA-256 in lower-case hexadecimal: all that a log says of a certificate.
pub fn fingerprint(der: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    Sha256::digest(der)
        .iter()
        .flat_map(|octet| [octet >> 4, octet & 15])
        .map(|digit| DIGITS[usize::from(digit)])
        .collect()
}

/// The moments between which a certificate holds. What cannot be read ended long ago.
pub(crate) fn life(certificate: &[u8]) -> (Time, Time) {
    match validity(certificate) {
        Some(validity) => (
            Time::from_unix_seconds(validity.not_before.timestamp()),
            Time::from_unix_seconds(validity.not_after.timestamp()),
        ),
        None => (
            Time::from_unix_seconds(i64::MIN),
            Time::from_unix_seconds(i64::MIN),
        ),
    }
}

/// The validity and nothing else: every handshake asks for that of every certificate, which
/// the verifier has read whole already.
// RFC 5280 section 4.1
fn validity(certificate: &[u8]) -> Option<Validity> {
    let (_, certificate) = Any::from_der(certificate).ok()?;
    let (_, tbs) = Any::from_der(certificate.data).ok()?;
    let (after_first, first) = Any::from_der(tbs.data).ok()?;
    // The version may be left out. Then come serialNumber, signature and issuer.
    let mut rest = match first.class() {
        Class::ContextSpecific => after_first,
        _ => tbs.data,
    };
    for _ in 0..3 {
        (rest, _) = Any::from_der(rest).ok()?;
    }
    Some(Validity::from_der(rest).ok()?.1)
}

/// The first moment at which a certificate of the chain ends. What cannot be read ended long ago.
pub(crate) fn earliest_end<'a>(chain: impl IntoIterator<Item = &'a CertificateDer<'a>>) -> Time {
    chain
        .into_iter()
        .map(|certificate| life(certificate).1)
        .min()
        .unwrap_or(Time::from_unix_seconds(i64::MIN))
}

/// When these certificates in DER end, such as anchors, of which some are above a chain that was shown.
pub(crate) fn ends<'a>(certificates: impl Iterator<Item = &'a Vec<u8>>) -> Arc<[Time]> {
    certificates
        .map(|der| life(&CertificateDer::from(der.as_slice())).1)
        .collect()
}

/// Until when a verdict of now on this chain stands by itself: no certificate of it has ended,
/// and none of those that may be above it ends.
pub(crate) fn stands_until<'a>(
    chain: impl IntoIterator<Item = &'a CertificateDer<'a>>,
    above: &[Time],
    now: Time,
) -> Time {
    // What has ended already is above no chain that is good now.
    let next = above.iter().copied().filter(|end| *end > now).min();
    let end = earliest_end(chain);
    next.map_or(end, |next| end.min(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_stands_until_the_chain_or_something_above_it_ends() {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::default();
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let certificate = params.self_signed(&key).expect("a certificate");
        let end = life(certificate.der()).1;
        let now = end.plus_days(-100);
        let table = [
            (vec![], end),
            (vec![end.plus_days(1)], end),
            (
                vec![end.plus_days(-50), end.plus_days(-70)],
                end.plus_days(-70),
            ),
            // It ended before: it is not what this chain rests on.
            (
                vec![now, now.plus_days(-1), end.plus_days(-1)],
                end.plus_days(-1),
            ),
        ];
        for (above, expected) in table {
            assert_eq!(
                stands_until([certificate.der()], &above, now),
                expected,
                "{above:?}"
            );
        }
    }

    #[test]
    fn the_validity_alone_is_that_of_the_whole_certificate() {
        let params = rcgen::CertificateParams::default();
        let key = rcgen::KeyPair::generate().expect("a key");
        let der = params
            .self_signed(&key)
            .expect("a certificate")
            .der()
            .to_vec();
        let (_, whole) = X509Certificate::from_der(&der).expect("a certificate");
        assert_eq!(validity(&der).as_ref(), Some(whole.validity()));
        for length in 0..der.len() {
            assert_eq!(validity(&der[..length]), None, "{length} octets");
        }
    }
}
