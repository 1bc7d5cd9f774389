//! Whether an OCSP response proves something about one certificate (RFC 6960 section 3.2).

use super::{
    algorithm::SignatureAlgorithm,
    certificate::{Certificate, Demand},
    name::same_name,
    ocsp::{CertificateStatus, NO_CHECK, OCSP_SIGNING, OcspResponse, SingleResponse},
    revocation::{CrlSigner, RevocationOptions, SignerSource},
    signature::SignatureScheme,
    strict::Reader,
};
use crate::{question::Time, verdict::Reason};

/// What the rules need to know beside the response.
pub(crate) struct OcspInquiry<'a> {
    pub(crate) certificate: &'a Certificate,
    /// The DER of the issuer's name, and its key.
    pub(crate) issuer_name: &'a [u8],
    pub(crate) issuer: CrlSigner<'a>,
    pub(crate) pool: &'a [&'a Certificate],
    pub(crate) options: &'a RevocationOptions,
    /// The nonce that was sent, when there was a request.
    pub(crate) nonce: Option<&'a [u8]>,
    pub(crate) time: Time,
    pub(crate) source: &'a dyn SignerSource,
}

/// Who may sign a response about certificates of one issuer.
struct Authority<'a> {
    /// The DER of the issuer's name, and its key.
    issuer_name: &'a [u8],
    issuer: CrlSigner<'a>,
    pool: &'a [&'a Certificate],
    time: Time,
    source: &'a dyn SignerSource,
}

/// What an authentic response says: the status, and until when it may be used.
pub(crate) type Proof = (CertificateStatus, Option<Time>);

impl OcspInquiry<'_> {
    /// `Ok(None)` when the response is about other certificates.
    ///
    /// # Errors
    /// In plain words, why a response about this certificate proves nothing.
    pub(crate) fn ask(&self, response: &OcspResponse) -> Result<Option<Proof>, String> {
        let about_us = |single: &&SingleResponse| {
            let certificate = self.certificate;
            single.certificate.is_for(
                certificate.serial(),
                certificate.issuer_der(),
                self.issuer.key_info,
            )
        };
        let singles: Vec<_> = response.singles().iter().filter(about_us).collect();
        if singles.is_empty() {
            return Ok(None);
        }
        // RFC 9654 section 2.1: a nonce that was sent must come back.
        if self.nonce.is_some() && self.nonce_of(response) != self.nonce {
            return Err("the nonce is not the one that was sent".to_owned());
        }
        self.authority().check_signer(response)?;
        let revoked = singles
            .iter()
            .find(|single| matches!(single.status, CertificateStatus::Revoked { .. }));
        if let Some(single) = revoked {
            return Ok(Some((single.status, single.next_update)));
        }
        let mut trouble = String::new();
        for single in singles {
            match self.check_times(single) {
                Ok(until) if single.status == CertificateStatus::Good => {
                    return Ok(Some((single.status, until)));
                }
                Ok(_) => trouble = "the responder does not know the certificate".to_owned(),
                Err(error) => trouble = error,
            }
        }
        Err(trouble)
    }

    fn authority(&self) -> Authority<'_> {
        Authority {
            issuer_name: self.issuer_name,
            issuer: self.issuer,
            pool: self.pool,
            time: self.time,
            source: self.source,
        }
    }

    /// The nonce is an OCTET STRING in the extension's value; older responders left the header out.
    fn nonce_of<'r>(&self, response: &'r OcspResponse) -> Option<&'r [u8]> {
        let value = response.nonce()?;
        match value {
            [0x04, length, rest @ ..] if usize::from(*length) == rest.len() => Some(rest),
            _ => Some(value),
        }
    }

    /// RFC 6960 sections 3.2 (5), (6) and 4.2.2.1.
    fn check_times(&self, single: &SingleResponse) -> Result<Option<Time>, String> {
        if self.time < single.this_update {
            return Err(format!("it is not valid before {}", single.this_update));
        }
        match self
            .options
            .end_of_use(single.this_update, single.next_update)
        {
            Some(end) if self.time <= end => Ok(Some(end)),
            Some(end) => Err(format!("it ran out at {end}")),
            None => {
                Err("it has no nextUpdate, so nobody can tell whether it is current".to_owned())
            }
        }
    }
}

impl Authority<'_> {
    /// RFC 6960 section 4.2.2.2: the issuer itself, or a responder that it appointed.
    fn check_signer(&self, response: &OcspResponse) -> Result<(), String> {
        self.source
            .admit(response.algorithm())
            .map_err(|reason| format!("its signature does not count ({reason})"))?;
        let signed_by = |key_info: &[u8]| {
            self.source
                .verify(
                    key_info,
                    response.algorithm(),
                    response.to_be_signed(),
                    response.signature(),
                )
                .map_err(|reason| format!("its signature does not verify ({reason})"))
        };
        if response
            .responder()
            .is(self.issuer_name, self.issuer.key_info)
        {
            return signed_by(self.issuer.key_info);
        }
        let delivered: Vec<_> = response.certificates().collect();
        let mut trouble = "its responder is not known".to_owned();
        for candidate in delivered.iter().chain(self.pool.iter().copied()) {
            if !response
                .responder()
                .is(candidate.subject_der(), candidate.key_info())
            {
                continue;
            }
            match self
                .check_delegate(candidate)
                .and_then(|()| signed_by(candidate.key_info()))
            {
                Ok(()) => return Ok(()),
                Err(error) => trouble = error,
            }
        }
        Err(trouble)
    }

    fn check_delegate(&self, delegate: &Certificate) -> Result<(), String> {
        let issuer = self.issuer_name;
        if delegate.issuer_der() != issuer && !same_name(delegate.issuer_der(), issuer) {
            return Err("its responder's certificate is of another issuer".to_owned());
        }
        if !names_purpose(delegate, OCSP_SIGNING) {
            return Err("its responder's certificate lacks OCSPSigning".to_owned());
        }
        if delegate
            .extensions()
            .key_usage()
            .is_some_and(|usage| !usage.digital_signature())
        {
            return Err("its responder's key may not sign".to_owned());
        }
        if self.time < delegate.not_before() || self.time > delegate.not_after() {
            return Err("its responder's certificate is not valid at this time".to_owned());
        }
        if delegate
            .flaws()
            .iter()
            .any(|flaw| flaw.demand == Demand::Always)
            || has_unknown_critical(delegate)
        {
            return Err("its responder's certificate is malformed".to_owned());
        }
        self.source
            .admit(delegate.signature_algorithm())
            .map_err(|_| "its responder's certificate is signed too weakly".to_owned())?;
        self.source
            .admit_key(delegate.key_info())
            .map_err(|reason| format!("its responder's key does not count ({reason})"))?;
        self.source
            .verify(
                self.issuer.key_info,
                delegate.signature_algorithm(),
                delegate.tbs(),
                delegate.signature(),
            )
            .map_err(|_| {
                "its responder was not appointed by the certificate's issuer".to_owned()
            })?;
        // RFC 6960 section 4.2.2.2.1: without nocheck, the responder's own status counts.
        if has_extension(delegate, NO_CHECK)
            || self.source.is_in_good_standing(delegate, self.issuer)
        {
            Ok(())
        } else {
            Err("its responder's own status is not known to be good".to_owned())
        }
    }
}

impl OcspResponse {
    /// Whether this CA, by the DER of its Name and of its key, signed it, or a responder that it
    /// appointed and whose certificate came with it or is at hand. No profile is asked, and
    /// not for the status of that responder.
    ///
    /// # Errors
    /// In plain words, why not.
    pub fn verify(
        &self,
        issuer_name: &[u8],
        issuer_key_info: &[u8],
        at_hand: &[Certificate],
        time: Time,
        scheme: &dyn SignatureScheme,
    ) -> Result<(), String> {
        let pool: Vec<&Certificate> = at_hand.iter().collect();
        let authority = Authority {
            issuer_name,
            issuer: CrlSigner {
                key_info: issuer_key_info,
                key_usage: None,
            },
            pool: &pool,
            time,
            source: &SignatureAlone(scheme),
        };
        authority.check_signer(self)
    }
}

/// Signatures, whoever made them and however.
struct SignatureAlone<'a>(&'a dyn SignatureScheme);

impl SignerSource for SignatureAlone<'_> {
    fn signers(&self, _: &[u8]) -> Vec<CrlSigner<'_>> {
        Vec::new()
    }

    fn admit(&self, _: &[u8]) -> Result<(), Reason> {
        Ok(())
    }

    fn admit_key(&self, _: &[u8]) -> Result<(), Reason> {
        Ok(())
    }

    fn verify(
        &self,
        key_info: &[u8],
        algorithm: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Reason> {
        let algorithm = SignatureAlgorithm::parse(algorithm)
            .map_err(|_| Reason::UnsupportedSignatureAlgorithm)?;
        self.0
            .verify(&algorithm, key_info, message, signature)
            .map_err(|_| Reason::BadSignature)
    }

    fn is_in_good_standing(&self, _: &Certificate, _: CrlSigner<'_>) -> bool {
        true
    }
}

/// Whether a certificate holds an extension, by the content of its OID.
pub(crate) fn has_extension(certificate: &Certificate, oid: &[u8]) -> bool {
    certificate
        .extensions()
        .entries
        .iter()
        .any(|entry| entry.oid.of(certificate.der()) == oid)
}

/// Whether a critical extension of a certificate is one that nobody here knows.
pub(crate) fn has_unknown_critical(certificate: &Certificate) -> bool {
    certificate
        .extensions()
        .entries
        .iter()
        .any(|entry| entry.critical && entry.known.is_none())
}

/// Whether extendedKeyUsage names this purpose. `anyExtendedKeyUsage` does not do
/// (RFC 6960 section 4.2.2.2 asks for OCSPSigning itself).
fn names_purpose(certificate: &Certificate, purpose: &[u8]) -> bool {
    let Some(place) = certificate.extensions().extended_key_usage else {
        return false;
    };
    let mut list = Reader::inside(certificate.der(), place);
    while !list.is_empty() {
        match list.oid() {
            Ok(oid) if list.bytes(oid) == purpose => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

#[cfg(test)]
#[path = "ocsp_tests.rs"]
mod tests;
