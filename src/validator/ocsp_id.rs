//! The two identifiers of OCSP: which certificate a response is about, and who signed it.
//!
//! Both are hashes or names that have to be compared with a certificate at
//! hand, so reading and comparing stand together (RFC 6960 sections 4.1.1 and 4.2.1).

use aws_lc_rs::digest;

use super::{
    cursor::{Cursor, ParseError, Problem, tag},
    name::same_name,
};

/// The hash algorithms of a CertID, by the content of their OID.
const HASHES: &[(&[u8], &digest::Algorithm)] = &[
    (
        &[0x2b, 0x0e, 0x03, 0x02, 0x1a],
        &digest::SHA1_FOR_LEGACY_USE_ONLY,
    ),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
        &digest::SHA256,
    ),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
        &digest::SHA384,
    ),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
        &digest::SHA512,
    ),
];

/// Which certificate a response is about: hashes of its issuer, and its serial.
#[derive(Clone, Debug)]
pub(crate) struct CertificateId {
    /// `None` when the algorithm is not known: the identifier fits nothing then.
    hash: Option<&'static digest::Algorithm>,
    name_hash: Box<[u8]>,
    key_hash: Box<[u8]>,
    serial: Box<[u8]>,
}

impl CertificateId {
    /// RFC 6960 section 4.1.1: `CertID`.
    pub(crate) fn read(fields: &mut Cursor<'_>) -> Result<Self, ParseError> {
        let mut inside = fields.enter(tag::SEQUENCE, "CertID")?;
        let mut algorithm = inside.enter(tag::SEQUENCE, "hashAlgorithm")?;
        let oid = algorithm
            .expect(tag::OBJECT_IDENTIFIER, "hashAlgorithm")?
            .content;
        let hash = HASHES
            .iter()
            .find(|(known, _)| *known == algorithm.slice(&oid))
            .map(|(_, hash)| *hash);
        let name_hash = inside.expect(tag::OCTET_STRING, "issuerNameHash")?.content;
        let key_hash = inside.expect(tag::OCTET_STRING, "issuerKeyHash")?.content;
        let serial = inside.integer("serialNumber")?;
        inside.finish("CertID")?;
        let take = |range| Box::from(inside.slice(&range));
        Ok(Self {
            hash,
            name_hash: take(name_hash),
            key_hash: take(key_hash),
            serial: take(serial),
        })
    }

    /// Whether it is about the certificate of this serial under this issuer.
    ///
    /// The hashes are public, so an ordinary comparison does.
    pub(crate) fn is_for(&self, serial: &[u8], issuer_name: &[u8], issuer_key_info: &[u8]) -> bool {
        let (Some(hash), Some(key)) = (self.hash, key_bits(issuer_key_info)) else {
            return false;
        };
        *self.serial == *serial
            && self.names_issuer(issuer_name)
            && *self.key_hash == *digest::digest(hash, key).as_ref()
    }

    /// Whether it names this issuer, whatever its key.
    pub(crate) fn names_issuer(&self, issuer_name: &[u8]) -> bool {
        self.hash
            .is_some_and(|hash| *self.name_hash == *digest::digest(hash, issuer_name).as_ref())
    }

    pub(crate) fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// Of the issuer's name, and of its key.
    pub(crate) fn issuer_hashes(&self) -> [&[u8]; 2] {
        [&self.name_hash, &self.key_hash]
    }
}

/// Who signed a response.
#[derive(Clone, Debug)]
pub(crate) enum ResponderId {
    /// The DER of the responder's Name.
    Name(Box<[u8]>),
    /// The SHA-1 hash of the responder's key.
    KeyHash(Box<[u8]>),
}

impl ResponderId {
    /// RFC 6960 section 4.2.1: `ResponderID ::= CHOICE { byName [1] Name, byKey [2] KeyHash }`.
    pub(crate) fn read(fields: &mut Cursor<'_>) -> Result<Self, ParseError> {
        const WHAT: &str = "responderID";
        let element = fields.element(WHAT)?;
        let mut inside = fields.inside(&element);
        let id = match element.tag {
            by_name if by_name == tag::constructed(1) => {
                let name = inside.expect(tag::SEQUENCE, WHAT)?;
                Self::Name(inside.slice(&name.whole()).into())
            }
            by_key if by_key == tag::constructed(2) => {
                let hash = inside.expect(tag::OCTET_STRING, WHAT)?;
                Self::KeyHash(inside.slice(&hash.content).into())
            }
            found => {
                let problem = Problem::UnexpectedTag {
                    expected: tag::constructed(1),
                    found,
                };
                return Err(ParseError {
                    what: WHAT,
                    offset: element.start,
                    problem,
                });
            }
        };
        inside.finish(WHAT)?;
        Ok(id)
    }

    /// Whether it is the identifier of this subject or key.
    pub(crate) fn is(&self, name: &[u8], key_info: &[u8]) -> bool {
        match self {
            Self::Name(responder) => **responder == *name || same_name(responder, name),
            Self::KeyHash(hash) => key_bits(key_info).is_some_and(|key| {
                **hash == *digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, key).as_ref()
            }),
        }
    }
}

/// The content of the BIT STRING of a SubjectPublicKeyInfo.
fn key_bits(key_info: &[u8]) -> Option<&[u8]> {
    let mut outer = Cursor::new(key_info);
    let mut fields = outer.enter(tag::SEQUENCE, "subjectPublicKeyInfo").ok()?;
    fields.expect(tag::SEQUENCE, "algorithm").ok()?;
    let bits = fields.octet_aligned_bits("subjectPublicKey").ok()?;
    Some(&key_info[bits])
}
