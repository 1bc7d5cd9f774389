//! Trust anchors: a name, a key and perhaps constraints, however they were given.
//!
//! A certificate in a trust store is a way of writing an anchor. It may be of
//! any version and need not be self-signed. What else it says (validity, key
//! usage) binds only under a profile that asks for it.

use std::sync::Arc;

use super::{
    certificate::{Certificate, CertificateError},
    extension::{Known, NameConstraints},
    name::Name,
    strict::{DerError, Reader, tag},
};

/// A trust anchor, read once and owned. Clones are cheap.
// RFC 5280 section 6.1.1 (d)
#[derive(Clone, Debug)]
pub struct Anchor {
    inner: Arc<Inner>,
}

#[derive(Debug)]
enum Inner {
    Certificate(Box<Certificate>),
    Parts {
        name: (Box<[u8]>, Name),
        key: Box<[u8]>,
        constraints: Option<(Box<[u8]>, NameConstraints)>,
    },
}

/// Bytes that are no trust anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnchorError {
    /// The certificate cannot be read.
    #[error("the trust anchor is {0}")]
    Certificate(#[from] CertificateError),
    /// The name is not the DER of a Name.
    #[error("the trust anchor's name is malformed: {0}")]
    Name(DerError),
    /// The key is not the DER of a SubjectPublicKeyInfo.
    #[error("the trust anchor's key is malformed: {0}")]
    Key(DerError),
    /// The name constraints are not the DER of NameConstraints.
    #[error("the trust anchor's name constraints are malformed: {0}")]
    NameConstraints(DerError),
}

impl Anchor {
    /// An anchor written as a certificate of any version, self-signed or not.
    pub fn from_certificate(der: &[u8]) -> Result<Self, AnchorError> {
        Ok(Self {
            inner: Arc::new(Inner::Certificate(Box::new(Certificate::parse(der)?))),
        })
    }

    /// An anchor of a Name, a SubjectPublicKeyInfo and NameConstraints, each in DER.
    // RFC 5914 section 2; RFC 5937 section 3
    pub fn from_parts(
        name_der: &[u8],
        key_der: &[u8],
        name_constraints_der: Option<&[u8]>,
    ) -> Result<Self, AnchorError> {
        let name = Name::read_whole(name_der).map_err(AnchorError::Name)?;
        let check_key = || {
            let mut reader = Reader::new(key_der)?;
            reader.expect(tag::SEQUENCE)?;
            reader.finish()
        };
        check_key().map_err(AnchorError::Key)?;
        let constraints = name_constraints_der
            .map(|der| NameConstraints::read_whole(der).map(|read| (Box::from(der), read)))
            .transpose()
            .map_err(AnchorError::NameConstraints)?;
        Ok(Self {
            inner: Arc::new(Inner::Parts {
                name: (name_der.into(), name),
                key: key_der.into(),
                constraints,
            }),
        })
    }

    /// The name, as DER.
    pub fn name_der(&self) -> &[u8] {
        let (name, buffer) = self.name();
        name.der(buffer)
    }

    /// The SubjectPublicKeyInfo, as DER.
    pub fn key_info(&self) -> &[u8] {
        match &*self.inner {
            Inner::Certificate(certificate) => certificate.key_info(),
            Inner::Parts { key, .. } => key,
        }
    }

    /// The certificate, when the anchor was given as one.
    pub fn certificate(&self) -> Option<&Certificate> {
        match &*self.inner {
            Inner::Certificate(certificate) => Some(certificate),
            Inner::Parts { .. } => None,
        }
    }

    pub(crate) fn name(&self) -> (&Name, &[u8]) {
        match &*self.inner {
            Inner::Certificate(certificate) => (certificate.subject(), certificate.der()),
            Inner::Parts {
                name: (buffer, name),
                ..
            } => (name, buffer),
        }
    }

    /// The name constraints, with the buffer that they are places of.
    pub(crate) fn name_constraints(&self) -> Option<(NameConstraints, &[u8])> {
        match &*self.inner {
            Inner::Certificate(certificate) => certificate
                .extensions()
                .name_constraints
                .map(|constraints| (constraints, certificate.der())),
            Inner::Parts { constraints, .. } => constraints
                .as_ref()
                .map(|(buffer, constraints)| (*constraints, &**buffer)),
        }
    }

    /// How many non-self-issued intermediates may follow, when the anchor says so.
    // RFC 5937 section 3.2: the anchor's pathLenConstraint initialises max_path_length
    pub(crate) fn path_length(&self) -> Option<u32> {
        self.certificate()?
            .extensions()
            .basic_constraints?
            .path_length
    }

    /// Whether the anchor carries constraints on names that cannot be read.
    pub(crate) fn has_unreadable_constraints(&self) -> bool {
        self.certificate().is_some_and(|certificate| {
            certificate
                .extensions()
                .is_malformed(Known::NameConstraints)
        })
    }
}
