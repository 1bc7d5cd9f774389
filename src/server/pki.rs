//! A development PKI: everything that a server and its first client need, made on the spot.
//!
//! ```text
//! ca.pem ──▶ intermediate.pem ──▶ server.pem (localhost, 127.0.0.1, ::1)
//!                            ├──▶ client.pem
//!                            └──▶ revoked.pem (listed in crl.pem)
//! ```

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevocationReason, RevokedCertParams, SanType, SerialNumber,
};
use zeroize::Zeroizing;

use crate::question::Time;

/// How long CAs are good for, in days.
const CA_DAYS: i64 = 365;
/// How long everything else is good for, CRLs included, in days.
const DAYS: i64 = 90;
/// How far back validity begins, in seconds, for clocks that are behind.
const BACKDATE: i64 = 3600;

/// A development PKI could not be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// The generator refused.
    #[error("the development PKI cannot be made: {0}")]
    Generate(#[from] rcgen::Error),
    /// The system gave no random bytes.
    #[error("the development PKI cannot be made: no random bytes")]
    NoRandomness,
    /// A file or folder could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is there already.
    #[error("{} is there already; give an empty folder", .0.display())]
    Exists(PathBuf),
}

/// The files of a development PKI, in memory.
pub struct DevelopmentPki {
    files: Vec<(&'static str, Zeroizing<String>)>,
}

impl DevelopmentPki {
    /// Makes fresh keys, and certificates that are good from now on.
    ///
    /// # Errors
    /// When the generator or the system's randomness fails.
    pub fn generate(now: Time) -> Result<Self, PkiError> {
        let root = issuer("gatecrash development root", now, None)?;
        let intermediate = issuer("gatecrash development intermediate", now, Some(&root))?;
        let mut server = end_entity("localhost", now, ExtendedKeyUsagePurpose::ServerAuth)?;
        server.subject_alt_names = vec![
            SanType::DnsName("localhost".try_into()?),
            SanType::IpAddress([127, 0, 0, 1].into()),
            SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()),
        ];
        let mut client = end_entity(
            "gatecrash development client",
            now,
            ExtendedKeyUsagePurpose::ClientAuth,
        )?;
        client.subject_alt_names = vec![SanType::URI(
            "spiffe://gatecrash.example/client".try_into()?,
        )];
        let mut revoked = end_entity(
            "gatecrash revoked client",
            now,
            ExtendedKeyUsagePurpose::ClientAuth,
        )?;
        revoked.subject_alt_names = vec![SanType::URI(
            "spiffe://gatecrash.example/revoked".try_into()?,
        )];
        let revoked_serial = revoked.serial_number.clone();

        let mut files = vec![
            ("ca.pem", root.pem().into()),
            ("ca.key", root.key().serialize_pem().into()),
            ("intermediate.pem", intermediate.pem().into()),
            (
                "intermediate.key",
                intermediate.key().serialize_pem().into(),
            ),
        ];
        for (certificate_file, key_file, params) in [
            ("server.pem", "server.key", server),
            ("client.pem", "client.key", client),
            ("revoked.pem", "revoked.key", revoked),
        ] {
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, &intermediate)?;
            files.push((
                certificate_file,
                (certificate.pem() + &intermediate.pem()).into(),
            ));
            files.push((key_file, key.serialize_pem().into()));
        }
        let mut crls = crl(&root, now, None)?;
        crls += &crl(&intermediate, now, revoked_serial)?;
        files.push(("crl.pem", crls.into()));
        Ok(Self { files })
    }

    /// The text of a file, such as `client.pem`.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, text)| text.as_str())
    }

    /// The names of all files.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.files.iter().map(|(name, _)| *name)
    }

    /// Writes every file into a folder, which is made if need be. Keys are their owner's
    /// alone. Nothing is overwritten.
    ///
    /// # Errors
    /// When a file is there already or cannot be written.
    pub fn write_to(&self, folder: &Path) -> Result<(), PkiError> {
        make_folder(folder).map_err(|source| PkiError::Write {
            path: folder.to_owned(),
            source,
        })?;
        if let Some((name, _)) = self
            .files
            .iter()
            .find(|(name, _)| folder.join(name).exists())
        {
            return Err(PkiError::Exists(folder.join(name)));
        }
        for (name, text) in &self.files {
            let path = folder.join(name);
            write_file(&path, text, name.ends_with(".key"))
                .map_err(|source| PkiError::Write { path, source })?;
        }
        Ok(())
    }
}

/// A folder that only its owner may look into, unless it is there already.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn write_file(path: &Path, text: &str, secret: bool) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if secret { 0o600 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = secret;
    options.open(path)?.write_all(text.as_bytes())
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn issuer(name: &str, now: Time, parent: Option<&Issuer>) -> Result<Issuer, PkiError> {
    let mut params = named(name, now, CA_DAYS)?;
    params.is_ca = IsCa::Ca(match parent {
        None => BasicConstraints::Unconstrained,
        Some(_) => BasicConstraints::Constrained(0),
    });
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    Ok(match parent {
        None => CertifiedIssuer::self_signed(params, key)?,
        Some(parent) => CertifiedIssuer::signed_by(params, key, parent)?,
    })
}

fn end_entity(
    name: &str,
    now: Time,
    purpose: ExtendedKeyUsagePurpose,
) -> Result<CertificateParams, PkiError> {
    let mut params = named(name, now, DAYS)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    Ok(params)
}

fn named(name: &str, now: Time, days: i64) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = now.plus_seconds(-BACKDATE).to_calendar();
    params.not_after = now.plus_days(days).to_calendar();
    params.serial_number = Some(draw_serial()?);
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// 16 octets, positive and with no leading zeros (RFC 5280 section 4.1.2.2).
fn draw_serial() -> Result<SerialNumber, PkiError> {
    let mut octets = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut octets).map_err(|_| PkiError::NoRandomness)?;
    octets[0] = octets[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&octets))
}

fn crl(issuer: &Issuer, now: Time, revoked: Option<SerialNumber>) -> Result<String, PkiError> {
    let this_update = now.plus_seconds(-BACKDATE).to_calendar();
    let params = CertificateRevocationListParams {
        this_update,
        next_update: now.plus_days(DAYS).to_calendar(),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: revoked
            .map(|serial_number| RevokedCertParams {
                serial_number,
                revocation_time: this_update,
                reason_code: Some(RevocationReason::KeyCompromise),
                invalidity_date: None,
            })
            .into_iter()
            .collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(params.signed_by(issuer)?.pem()?)
}
