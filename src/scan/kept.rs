//! Whom the operator's CA has revoked already. A scan hands over CRLs in that
//! CA's name, and nobody who was kept out before may be let in by them.

use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::credentials::Credentials;
use crate::{
    der::HexBytes,
    question::Time,
    recipe::{Crl, Revoked},
};

/// Those who are revoked already, and the operator's own CRLs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    entries: Vec<Revoked>,
    crls: Vec<Vec<u8>>,
    /// Those of the operator's CRLs that are other CAs'.
    of_others: Vec<Vec<u8>>,
}

/// CRLs that are not those of the CA.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeptError {
    /// One cannot be read.
    #[error("its {}. CRL cannot be read", index + 1)]
    Unreadable {
        /// Which, from 0.
        index: usize,
    },
    /// None is the CA's.
    #[error("it holds no CRL of the CA that is given")]
    OfOthers,
}

impl Kept {
    /// Nobody, as far as anybody says, but perhaps a certificate of which it is said.
    pub fn new(authority: &[u8], revoked: Option<&Credentials>) -> Self {
        let entry = revoked.and_then(|revoked| {
            let (_, certificate) = X509Certificate::from_der(revoked.chain.first()?).ok()?;
            let (_, authority) = X509Certificate::from_der(authority).ok()?;
            let is_of_it = certificate.issuer().as_raw() == authority.subject().as_raw();
            is_of_it.then(|| Revoked {
                serial: HexBytes(certificate.raw_serial().to_vec()),
                date: Time::from_unix_seconds(certificate.validity().not_before.timestamp()).into(),
                extensions: Vec::new(),
            })
        });
        Self {
            entries: entry.into_iter().collect(),
            crls: Vec::new(),
            of_others: Vec::new(),
        }
    }

    /// The same, and everybody whom these CRLs of the CA list.
    ///
    /// # Errors
    /// When one cannot be read, or none is of this CA.
    pub fn with_crls(mut self, authority: &[u8], crls: Vec<Vec<u8>>) -> Result<Self, KeptError> {
        let subject = X509Certificate::from_der(authority)
            .map(|(_, authority)| authority.subject().as_raw().to_vec())
            .unwrap_or_default();
        let mut is_there = false;
        for (index, der) in crls.iter().enumerate() {
            let (_, crl) = CertificateRevocationList::from_der(der)
                .map_err(|_| KeptError::Unreadable { index })?;
            if crl.issuer().as_raw() != subject {
                self.of_others.push(der.clone());
                continue;
            }
            is_there = true;
            for listed in crl.iter_revoked_certificates() {
                let serial = HexBytes(listed.raw_serial().to_vec());
                if self.entries.iter().all(|entry| entry.serial != serial) {
                    let date = Time::from_unix_seconds(listed.revocation_date.timestamp()).into();
                    self.entries.push(Revoked {
                        serial,
                        date,
                        extensions: Vec::new(),
                    });
                }
            }
        }
        self.crls = crls;
        match is_there {
            true => Ok(self),
            false => Err(KeptError::OfOthers),
        }
    }

    /// The operator's own CRLs, where they were given.
    pub(super) fn crls(&self) -> &[Vec<u8>] {
        &self.crls
    }

    /// Those of them that are other CAs', which the server must keep while those of the CA change.
    pub fn of_others(&self) -> &[Vec<u8>] {
        &self.of_others
    }

    /// Lists them in a CRL of the CA.
    pub(super) fn list_in(&self, crl: &mut Crl) {
        crl.revoked.extend(self.entries.iter().cloned());
    }
}
