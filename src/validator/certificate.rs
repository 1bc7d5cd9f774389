//! A certificate as the validator reads it: parsed once, owned, its parts as places in its DER.
//!
//! Parsing fails only where no structure can be seen. Everything else that is
//! wrong is a [`Flaw`] of a certificate that can still be reasoned about, so
//! that one defect is reported as one violation and not as a parse error that
//! hides the rest. Two readers must agree: the strict walker of this module
//! tree and x509-parser. A certificate that they read differently is malformed.

use x509_parser::nom::Parser as _;
use x509_parser::prelude::X509CertificateParser;

use crate::{
    question::Time,
    verdict::{Clause, Reason},
};

use super::{
    extension::{self, Extensions},
    name::Name,
    strict::{DerError, DerFault, Reader, Span, check_bits, tag},
    time::read_time,
};

/// Which rules of a profile ask for a flaw to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Every profile: the certificate cannot mean what it must.
    Always,
    /// Profiles that ask for strict DER.
    StrictDer,
    /// Profiles that hold a CA to what section 4 says conforming CAs must do.
    Conformance,
}

/// Something wrong with a certificate by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) demand: Demand,
    pub(crate) reason: Reason,
    pub(crate) clause: Clause,
    pub(crate) detail: String,
}

/// Bytes in which no certificate can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The strict walker cannot follow the structure.
    #[error("not the DER of a certificate: {0}")]
    Der(#[from] DerError),
    /// The strict walker and x509-parser do not read the same certificate.
    #[error("two readers do not agree on this certificate: {0}")]
    Disagreement(&'static str),
}

impl CertificateError {
    /// The reason of a refusal for this error.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Der(DerError {
                fault: DerFault::Trailing,
                ..
            }) => Reason::TrailingData,
            Self::Der(_) | Self::Disagreement(_) => Reason::MalformedDer,
        }
    }
}

/// A parsed certificate. Cheap to share behind an `Arc`, costly to clone.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: Box<[u8]>,
    tbs: Span,
    version: u32,
    serial: Span,
    inner_algorithm: Span,
    outer_algorithm: Span,
    signature: Span,
    issuer: Name,
    subject: Name,
    self_issued: bool,
    not_before: Time,
    not_after: Time,
    key: Span,
    extensions: Extensions,
    flaws: Vec<Flaw>,
}

impl Certificate {
    /// Reads one certificate.
    ///
    /// Bytes after it are a flaw that [`validate`](super::Validator::validate)
    /// reports, not an error here.
    // RFC 5280 section 4.1
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = Self::walk(der)?;
        certificate.check_second_reader()?;
        Ok(certificate)
    }

    /// The same without the second reader.
    pub(crate) fn parse_once(der: &[u8]) -> Result<Self, CertificateError> {
        Ok(Self::walk(der)?)
    }

    fn walk(der: &[u8]) -> Result<Self, DerError> {
        let mut flaws = Vec::new();
        let mut outer = Reader::new(der)?;
        let mut certificate = outer.open(tag::SEQUENCE)?;
        if let Err(error) = outer.finish() {
            flaws.push(Flaw {
                demand: Demand::Always,
                reason: Reason::TrailingData,
                clause: Reason::TrailingData.clause(),
                detail: format!("{} bytes after the certificate", der.len() - error.offset),
            });
        }
        let tbs = certificate.expect(tag::SEQUENCE)?;
        let outer_algorithm = certificate.expect(tag::SEQUENCE)?.whole;
        let signature = certificate.octet_aligned_bits()?;
        certificate.finish()?;

        let mut fields = certificate.enter(tbs);
        let version = read_version(&mut fields, &mut flaws)?;
        let serial = fields.integer()?;
        let inner_algorithm = fields.expect(tag::SEQUENCE)?.whole;
        let issuer = Name::read(&mut fields, "issuer", &mut flaws)?;
        let mut validity = fields.open(tag::SEQUENCE)?;
        let not_before = read_time(&mut validity, "notBefore", &mut flaws)?;
        let not_after = read_time(&mut validity, "notAfter", &mut flaws)?;
        validity.finish()?;
        let subject = Name::read(&mut fields, "subject", &mut flaws)?;
        let key = fields.expect(tag::SEQUENCE)?.whole;
        let mut unique_identifiers = false;
        for number in [1, 2] {
            if let Some(element) = fields.optional(tag::context(number))? {
                unique_identifiers = true;
                let contents = fields.bytes(element.contents);
                check_bits(contents).map_err(|fault| fields.fault(fault))?;
            }
        }
        let extensions = match fields.optional(tag::context_constructed(3))? {
            Some(element) => extension::read(fields.enter(element), &mut flaws)?,
            None => Extensions::default(),
        };
        fields.finish()?;
        check_version(
            version,
            unique_identifiers,
            extensions.present(),
            &mut flaws,
        );

        Ok(Self {
            tbs: tbs.whole,
            version,
            serial,
            inner_algorithm,
            outer_algorithm,
            signature,
            issuer,
            subject,
            self_issued: issuer.equals(der, &subject, der),
            not_before,
            not_after,
            key,
            extensions,
            flaws,
            der: der.into(),
        })
    }

    /// x509-parser must see the same fields in the same bytes.
    fn check_second_reader(&self) -> Result<(), CertificateError> {
        let mut parser = X509CertificateParser::new().with_deep_parse_extensions(false);
        let Ok((_, other)) = parser.parse(&self.der) else {
            // x509-parser refuses a second copy of an extension, which is a flaw here already.
            return if self.flaws.is_empty() {
                Err(CertificateError::Disagreement("x509-parser cannot read it"))
            } else {
                Ok(())
            };
        };
        let agree = [
            (
                other.tbs_certificate.as_ref() == self.tbs(),
                "tbsCertificate",
            ),
            (other.raw_serial() == self.serial(), "serialNumber"),
            (other.issuer().as_raw() == self.issuer().der(self), "issuer"),
            (
                other.subject().as_raw() == self.subject().der(self),
                "subject",
            ),
            (
                other.public_key().raw == self.key_info(),
                "subjectPublicKeyInfo",
            ),
            (
                other.signature_value.as_ref() == self.signature(),
                "signatureValue",
            ),
        ];
        match agree.iter().find(|(same, _)| !same) {
            Some((_, field)) => Err(CertificateError::Disagreement(field)),
            None => Ok(()),
        }
    }

    /// The whole certificate.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The signed part, header included.
    pub fn tbs(&self) -> &[u8] {
        self.tbs.of(&self.der)
    }

    /// The version as written: 0 is v1, 2 is v3.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The serial number's contents, as a signed big-endian integer.
    pub fn serial(&self) -> &[u8] {
        self.serial.of(&self.der)
    }

    /// The AlgorithmIdentifier inside the signed part, header included.
    pub fn inner_algorithm(&self) -> &[u8] {
        self.inner_algorithm.of(&self.der)
    }

    /// The AlgorithmIdentifier beside the signature, header included.
    pub fn signature_algorithm(&self) -> &[u8] {
        self.outer_algorithm.of(&self.der)
    }

    /// The signature's octets.
    pub fn signature(&self) -> &[u8] {
        self.signature.of(&self.der)
    }

    /// The issuer's name.
    pub fn issuer(&self) -> &Name {
        &self.issuer
    }

    /// The subject's name.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// The issuer's name as DER.
    pub fn issuer_der(&self) -> &[u8] {
        self.issuer.der(self)
    }

    /// The subject's name as DER.
    pub fn subject_der(&self) -> &[u8] {
        self.subject.der(self)
    }

    /// The first moment at which the certificate is valid.
    pub fn not_before(&self) -> Time {
        self.not_before
    }

    /// The last second at which the certificate is valid.
    pub fn not_after(&self) -> Time {
        self.not_after
    }

    /// The SubjectPublicKeyInfo, header included.
    pub fn key_info(&self) -> &[u8] {
        self.key.of(&self.der)
    }

    /// The extensions.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Whether issuer and subject are the same name.
    // RFC 5280 section 3.2
    pub fn is_self_issued(&self) -> bool {
        self.self_issued
    }

    pub(crate) fn flaws(&self) -> &[Flaw] {
        &self.flaws
    }
}

impl AsRef<[u8]> for Certificate {
    fn as_ref(&self) -> &[u8] {
        &self.der
    }
}

// RFC 5280 section 4.1.2.1
fn read_version(fields: &mut Reader<'_>, flaws: &mut Vec<Flaw>) -> Result<u32, DerError> {
    let Some(element) = fields.optional(tag::context_constructed(0))? else {
        return Ok(0);
    };
    let mut inside = fields.enter(element);
    let contents = inside.integer()?;
    inside.finish()?;
    let version = super::strict::small_integer(inside.bytes(contents)).unwrap_or(u32::MAX);
    if version == 0 {
        flaws.push(Flaw {
            demand: Demand::StrictDer,
            reason: Reason::MalformedDer,
            clause: "X.690 section 11.5",
            detail: "the default version v1 is written out".to_owned(),
        });
    }
    Ok(version)
}

// RFC 5280 sections 4.1.2.1, 4.1.2.8 and 4.1.2.9
fn check_version(version: u32, unique_identifiers: bool, extensions: bool, flaws: &mut Vec<Flaw>) {
    let mut flaw = |reason: Reason, clause, detail: String| {
        flaws.push(Flaw {
            demand: Demand::Always,
            reason,
            clause,
            detail,
        });
    };
    if version > 2 {
        flaw(
            Reason::BadVersion,
            "RFC 5280 section 4.1.2.1",
            "the version is none of v1, v2, v3".to_owned(),
        );
    } else if extensions && version < 2 {
        flaw(
            Reason::ExtensionsInOldVersion,
            "RFC 5280 section 4.1.2.9",
            format!("extensions in a v{} certificate", version.saturating_add(1)),
        );
    }
    if unique_identifiers {
        // What no CA may issue a relying party may still read, except in a version without the field.
        flaws.push(Flaw {
            demand: match version {
                0 => Demand::Always,
                _ => Demand::Conformance,
            },
            reason: Reason::BadVersion,
            clause: "RFC 5280 section 4.1.2.8",
            detail: format!(
                "a unique identifier in a v{} certificate",
                version.saturating_add(1)
            ),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_beyond_all_numbers_is_told_with_whatever_stands_beside_it() {
        for (unique_identifiers, extensions) in [(false, true), (true, false), (true, true)] {
            let mut flaws = Vec::new();
            check_version(u32::MAX, unique_identifiers, extensions, &mut flaws);
            assert_eq!(flaws.len(), 1 + usize::from(unique_identifiers));
            assert!(flaws.iter().all(|flaw| flaw.reason == Reason::BadVersion));
        }
    }
}
