//! A PKI for load: as many clients as are wanted, bad ones among them, and CRLs of any size.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevocationReason, RevokedCertParams, SanType, SerialNumber,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::LoadError;
use crate::{der::pem, question::Time, replace::replace_secret};

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// Serial numbers of strangers in the CRL begin here, those of certificates at 1.
const STRANGERS: u64 = 1 << 40;

/// What an end entity is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A good client.
    Client,
    /// A good server, for localhost and 127.0.0.1.
    Server,
    /// A client whose certificate has ended.
    Expired,
    /// A client whose certificate has not begun.
    NotYetValid,
    /// A client whose chain is larger than any honest one.
    Oversized,
}

/// A chain in DER, end entity first, and its key.
#[derive(Debug)]
pub struct Credentials {
    /// The chain.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key in PKCS#8.
    pub key: PrivateKeyDer<'static>,
    serial: u64,
}

impl Clone for Credentials {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
            serial: self.serial,
        }
    }
}

/// A root, an intermediate, and what they have issued and revoked.
pub struct LoadPki {
    root: Issuer,
    intermediate: Issuer,
    now: Time,
    last_serial: u64,
    crl_number: u64,
    strangers: u64,
    revoked: Vec<u64>,
}

impl LoadPki {
    /// A fresh PKI, whose CRL lists so many certificates that nobody shows.
    ///
    /// # Errors
    /// When keys or certificates cannot be made.
    pub fn new(now: Time, strangers: u64) -> Result<Self, LoadError> {
        let root =
            CertifiedIssuer::self_signed(authority("load root", 1, now), KeyPair::generate()?)?;
        let intermediate = CertifiedIssuer::signed_by(
            authority("load intermediate", 2, now),
            KeyPair::generate()?,
            &root,
        )?;
        Ok(Self {
            root,
            intermediate,
            now,
            last_serial: 2,
            crl_number: 0,
            strangers,
            revoked: Vec::new(),
        })
    }

    /// The root, in DER.
    pub fn root(&self) -> CertificateDer<'static> {
        self.root.der().clone()
    }

    /// A new end entity.
    ///
    /// # Errors
    /// When its key or certificate cannot be made.
    pub fn issue(&mut self, kind: Kind) -> Result<Credentials, LoadError> {
        self.last_serial += 1;
        let mut params = named(
            &format!("load {}", self.last_serial),
            self.last_serial,
            self.now,
        );
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.subject_alt_names = vec![SanType::URI(
            format!("spiffe://gatecrash.example/load/{}", self.last_serial).try_into()?,
        )];
        match kind {
            Kind::Client => {}
            Kind::Server => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
                params.subject_alt_names = vec![
                    SanType::DnsName("localhost".try_into()?),
                    SanType::IpAddress([127, 0, 0, 1].into()),
                ];
            }
            Kind::Expired => params.not_after = self.now.plus_seconds(-60).to_calendar(),
            Kind::NotYetValid => params.not_before = self.now.plus_days(1).to_calendar(),
            Kind::Oversized => {
                for number in 0..1_500 {
                    let name = format!("host-{number:06}.load.gatecrash.example");
                    params
                        .subject_alt_names
                        .push(SanType::DnsName(name.try_into()?));
                }
            }
        }
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.intermediate)?;
        Ok(Credentials {
            chain: vec![certificate.der().clone(), self.intermediate.der().clone()],
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            serial: self.last_serial,
        })
    }

    /// Lists a certificate in every CRL from now on.
    pub fn revoke(&mut self, credentials: &Credentials) {
        self.revoked.push(credentials.serial);
    }

    /// Writes what a server needs: ca.pem, crl.pem, server.pem and server.key, each of them
    /// renamed into place, with a fresh server certificate and fresh CRLs.
    ///
    /// # Errors
    /// When something cannot be made or written.
    pub fn write_to(&mut self, folder: &Path) -> Result<(), LoadError> {
        let server = self.issue(Kind::Server)?;
        self.crl_number += 1;
        let certificates = |chain: &[CertificateDer<'_>]| -> String {
            chain
                .iter()
                .map(|der| pem::write(pem::CERTIFICATE, der))
                .collect()
        };
        let crls = self.crl(&self.root, false)? + &self.crl(&self.intermediate, true)?;
        let files = [
            ("ca.pem", certificates(&[self.root()])),
            ("crl.pem", crls),
            (
                "server.key",
                pem::write(pem::PRIVATE_KEY, server.key.secret_der()),
            ),
            ("server.pem", certificates(&server.chain)),
        ];
        for (name, text) in files {
            // As renewal tools do it, so that nobody reads half a file.
            let path = folder.join(name);
            replace_secret(&path, text.as_bytes())
                .map_err(|source| LoadError::Write { path, source })?;
        }
        Ok(())
    }

    fn crl(&self, issuer: &Issuer, with_entries: bool) -> Result<String, LoadError> {
        let revoked = |serial_number: SerialNumber| RevokedCertParams {
            serial_number,
            revocation_time: self.now.plus_seconds(-60).to_calendar(),
            reason_code: Some(RevocationReason::CessationOfOperation),
            invalidity_date: None,
        };
        let entries = self
            .revoked
            .iter()
            .copied()
            .chain(STRANGERS..STRANGERS + self.strangers);
        let params = CertificateRevocationListParams {
            this_update: self.now.plus_seconds(-60).to_calendar(),
            next_update: self.now.plus_days(30).to_calendar(),
            crl_number: SerialNumber::from(self.crl_number),
            issuing_distribution_point: None,
            revoked_certs: if with_entries {
                entries.map(|number| revoked(serial(number))).collect()
            } else {
                Vec::new()
            },
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(issuer)?.pem()?)
    }
}

/// 16 octets, as CAs draw them, and yet the same for the same number.
fn serial(number: u64) -> SerialNumber {
    let mut octets = [0x5a; 16];
    octets[1..9].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    SerialNumber::from_slice(&octets)
}

fn named(name: &str, number: u64, now: Time) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(serial(number));
    params.use_authority_key_identifier_extension = true;
    params.not_before = now.plus_seconds(-3_600).to_calendar();
    params.not_after = now.plus_days(60).to_calendar();
    params
}

fn authority(name: &str, number: u64, now: Time) -> CertificateParams {
    let mut params = named(name, number, now);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}
