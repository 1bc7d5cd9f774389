//! Certificates and CRLs: the signed part, the signature, the edits.

use super::{
    MintError, Minter,
    encode::{CertificateId, Identifiers, write_extensions, write_time},
    key_form,
    sign::write_identifier,
    unknown,
};
use crate::{
    der::{Edit, HexBytes, Writer, tag},
    recipe::{
        Certificate, Crl, Extension, ExtensionValue, Key, Label, Recipe, SignatureAlgorithm,
        Signing, UniqueIdentifier, Version,
    },
};

impl Minter {
    /// One certificate of a recipe, as DER.
    ///
    /// # Errors
    /// When the label is unknown, or the certificate cannot be written as the recipe says.
    pub fn certificate(&self, recipe: &Recipe, label: &Label) -> Result<Vec<u8>, MintError> {
        let certificate = recipe.certificate(label).ok_or_else(|| unknown(label))?;
        if let Some((given, der)) = &self.given
            && given == certificate
        {
            return Ok(der.clone());
        }
        let issuer = recipe
            .certificate(&certificate.issuer)
            .ok_or_else(|| unknown(&certificate.issuer))?;
        let (key, algorithm) = signer(&certificate.signing, issuer);
        let tbs = self.to_be_signed(recipe, certificate, issuer, algorithm)?;
        self.seal(
            label,
            tbs,
            &certificate.signing,
            (key, algorithm),
            [&certificate.edits_before_signing, &certificate.edits],
        )
    }

    /// RFC 5280 section 4.1.2
    fn to_be_signed(
        &self,
        recipe: &Recipe,
        certificate: &Certificate,
        issuer: &Certificate,
        algorithm: SignatureAlgorithm,
    ) -> Result<Vec<u8>, MintError> {
        let issuer_certificate = self.named_issuer(recipe, &certificate.extensions, issuer)?;
        let subject_key = self.key(&certificate.key)?;
        let issuer_key = self.key(&issuer.key)?;
        let issuer_name = self.name(certificate.issuer_name.as_ref().unwrap_or(&issuer.subject))?;
        let subject = self.name(&certificate.subject)?;
        let identifiers = Identifiers {
            subject: &subject_key.identifier,
            issuer: &issuer_key.identifier,
            issuer_certificate: issuer_certificate.as_ref(),
        };
        let public_key = match (&certificate.public_key, certificate.public_key_form) {
            (Some(spki), _) => spki.0.clone(),
            (None, Some(form)) => key_form::written(&certificate.key, &subject_key, form)?,
            (None, None) => subject_key.spki.clone(),
        };
        let mut result = Ok(());
        let mut w = Writer::new();
        w.sequence(|w| {
            if let Some(version) = version_number(certificate.version, 2) {
                w.nest(tag::context_constructed(0), |w| w.unsigned(version));
            }
            w.element(tag::INTEGER, &certificate.serial.0);
            write_inner_identifier(w, &certificate.signing, algorithm);
            w.raw(&issuer_name);
            w.sequence(|w| {
                write_time(w, &certificate.not_before);
                write_time(w, &certificate.not_after);
            });
            w.raw(&subject);
            w.raw(&public_key);
            for identifier in &certificate.unique_identifiers {
                let (number, bytes) = match identifier {
                    UniqueIdentifier::Issuer(bytes) => (1, bytes),
                    UniqueIdentifier::Subject(bytes) => (2, bytes),
                };
                w.element(tag::context(number), &[&[0], bytes.0.as_slice()].concat());
            }
            if !certificate.extensions.is_empty() {
                w.nest(tag::context_constructed(3), |w| {
                    result = write_extensions(w, &certificate.extensions, &identifiers);
                });
            }
        });
        result.map(|()| w.into_bytes())
    }

    /// What names the certificate of the issuer, where one of these extensions does.
    // RFC 5280 section 4.2.1.1
    pub(super) fn named_issuer(
        &self,
        recipe: &Recipe,
        extensions: &[Extension],
        issuer: &Certificate,
    ) -> Result<Option<CertificateId>, MintError> {
        let names =
            |one: &Extension| matches!(one.value, ExtensionValue::AuthorityCertificate { .. });
        if !extensions.iter().any(names) {
            return Ok(None);
        }
        let name = match &issuer.issuer_name {
            Some(name) => name,
            None => {
                let above = recipe.certificate(&issuer.issuer);
                &above.ok_or_else(|| unknown(&issuer.issuer))?.subject
            }
        };
        Ok(Some(CertificateId {
            issuer: self.name(name)?,
            serial: issuer.serial.clone(),
        }))
    }

    /// One CRL of a recipe, as DER.
    ///
    /// # Errors
    /// When its issuer is unknown, or it cannot be written as the recipe says.
    pub fn crl(&self, recipe: &Recipe, crl: &Crl) -> Result<Vec<u8>, MintError> {
        let issuer = recipe
            .certificate(&crl.issuer)
            .ok_or_else(|| unknown(&crl.issuer))?;
        let (key, algorithm) = signer(&crl.signing, issuer);
        let issuer_key = self.key(&issuer.key)?;
        let issuer_name = self.name(crl.issuer_name.as_ref().unwrap_or(&issuer.subject))?;
        let issuer_certificate = self.named_issuer(recipe, &crl.extensions, issuer)?;
        let identifiers = Identifiers {
            subject: &issuer_key.identifier,
            issuer: &issuer_key.identifier,
            issuer_certificate: issuer_certificate.as_ref(),
        };
        let mut result = Ok(());
        let mut w = Writer::new();
        // RFC 5280 section 5.1.2
        w.sequence(|w| {
            if let Some(version) = version_number(crl.version, 1) {
                w.unsigned(version);
            }
            write_inner_identifier(w, &crl.signing, algorithm);
            w.raw(&issuer_name);
            write_time(w, &crl.this_update);
            if let Some(next_update) = &crl.next_update {
                write_time(w, next_update);
            }
            if !crl.revoked.is_empty() {
                w.sequence(|w| {
                    for entry in &crl.revoked {
                        w.sequence(|w| {
                            w.element(tag::INTEGER, &entry.serial.0);
                            write_time(w, &entry.date);
                            if !entry.extensions.is_empty() {
                                let written = write_extensions(w, &entry.extensions, &identifiers);
                                result = std::mem::replace(&mut result, Ok(())).and(written);
                            }
                        });
                    }
                });
            }
            if !crl.extensions.is_empty() {
                w.nest(tag::context_constructed(0), |w| {
                    let written = write_extensions(w, &crl.extensions, &identifiers);
                    result = std::mem::replace(&mut result, Ok(())).and(written);
                });
            }
        });
        result?;
        self.seal(
            &crl.label,
            w.into_bytes(),
            &crl.signing,
            (key, algorithm),
            [&crl.edits_before_signing, &crl.edits],
        )
    }

    /// `SEQUENCE { signed part, AlgorithmIdentifier, BIT STRING }`, edited before and after it is signed.
    fn seal(
        &self,
        label: &Label,
        to_be_signed: Vec<u8>,
        signing: &Signing,
        (key, algorithm): (&Key, SignatureAlgorithm),
        [before, after]: [&[Edit]; 2],
    ) -> Result<Vec<u8>, MintError> {
        let failed = |error| MintError::Edit {
            label: label.clone(),
            error,
        };
        let to_be_signed = Edit::apply_all(before, to_be_signed).map_err(failed)?;
        let mut w = Writer::new();
        let signature = match &signing.signature {
            Some(octets) => octets.0.as_slice().into(),
            None => self.sign(key, (algorithm, signing.flaw), &to_be_signed)?,
        };
        w.sequence(|w| {
            w.raw(&to_be_signed);
            write_given_identifier(w, signing.outer_identifier.as_ref(), algorithm);
            w.bit_string(&signature);
        });
        Edit::apply_all(after, w.into_bytes()).map_err(failed)
    }
}

/// Key and algorithm that sign, where the recipe does not say otherwise: those of the issuer.
pub(super) fn signer<'r>(
    signing: &'r Signing,
    issuer: &'r Certificate,
) -> (&'r Key, SignatureAlgorithm) {
    let key = signing.key.as_ref().unwrap_or(&issuer.key);
    (key, signing.algorithm_of(key))
}

fn write_inner_identifier(w: &mut Writer, signing: &Signing, algorithm: SignatureAlgorithm) {
    write_given_identifier(w, signing.inner_identifier.as_ref(), algorithm);
}

/// The AlgorithmIdentifier that the recipe gives, or that of the algorithm.
pub(super) fn write_given_identifier(
    w: &mut Writer,
    given: Option<&HexBytes>,
    algorithm: SignatureAlgorithm,
) {
    match given {
        Some(identifier) => w.raw(&identifier.0),
        None => write_identifier(w, algorithm),
    }
}

fn version_number(version: Version, usual: u64) -> Option<u64> {
    match version {
        Version::V1 => None,
        Version::V2 => Some(1),
        Version::V3 => Some(2),
        Version::Usual => Some(usual),
        Version::Number(number) => Some(number),
    }
}
