//! The CAs of a development PKI, for certificates and CRLs that it would not make itself.

use gatecrash::server::PeerIdentity;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevocationReason, RevokedCertParams, SerialNumber,
};

use crate::world::{NOW, World, certificates};

/// A CA whose key is at hand.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
}

/// One CRL. Times are days from now.
pub(crate) struct Crl {
    pub(crate) number: u64,
    pub(crate) issued: i64,
    pub(crate) next: i64,
    pub(crate) revoked: Vec<String>,
}

impl Default for Crl {
    fn default() -> Self {
        Self {
            number: 2,
            issued: 0,
            next: 30,
            revoked: Vec::new(),
        }
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params.not_before = NOW.plus_days(-1).to_calendar();
    params.not_after = NOW.plus_days(60).to_calendar();
    params
}

impl Authority {
    /// `root` or `intermediate` of this PKI.
    pub(crate) fn of(world: &World, which: &str) -> Self {
        let file = if which == "root" {
            "ca.key"
        } else {
            "intermediate.key"
        };
        let key = KeyPair::from_pem(world.text(file)).expect("a key");
        Self::new(&format!("gatecrash development {which}"), key)
    }

    /// A CA of this name with a key of its own.
    pub(crate) fn stranger(name: &str) -> Self {
        Self::new(name, KeyPair::generate().expect("a key"))
    }

    fn new(name: &str, key: KeyPair) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self {
            issuer: Issuer::new(params, key),
        }
    }

    /// A CRL in PEM.
    pub(crate) fn crl(&self, crl: &Crl) -> String {
        let issued = NOW.plus_days(crl.issued).to_calendar();
        let revoked = |serial: &String| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&octets(serial)),
            revocation_time: issued,
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: issued,
            next_update: NOW.plus_days(crl.next).to_calendar(),
            crl_number: SerialNumber::from(crl.number),
            issuing_distribution_point: None,
            revoked_certs: crl.revoked.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params
            .signed_by(&self.issuer)
            .and_then(|crl| crl.pem())
            .expect("a CRL")
    }

    /// A server certificate, changed, and its key, in PEM.
    pub(crate) fn server(&self, change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
        let mut params = named("localhost");
        params.is_ca = IsCa::ExplicitNoCa;
        params.serial_number = Some(SerialNumber::from(77_u64));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = vec![rcgen::SanType::DnsName(
            "localhost".try_into().expect("a name"),
        )];
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        (certificate.pem(), key.serialize_pem())
    }
}

/// The serial number of a file's first certificate, in hexadecimal.
pub(crate) fn serial(world: &World, name: &str) -> String {
    let certificate = certificates(world.text(name)).remove(0);
    PeerIdentity::from_der(&certificate)
        .expect("a certificate")
        .serial
}

fn octets(hexadecimal: &str) -> Vec<u8> {
    let digits: String = hexadecimal
        .chars()
        .filter(char::is_ascii_hexdigit)
        .collect();
    (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).expect("digits"))
        .collect()
}
