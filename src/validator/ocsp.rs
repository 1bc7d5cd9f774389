//! An OCSP response, stapled or supplied: reading it, and what it proves about one certificate.
//!
//! Nothing here asks a responder. A response counts only when the certificate's
//! issuer signed it, or a responder that this issuer appointed (RFC 6960
//! section 4.2.2.2), and only while it is current.

use std::ops::Range;

use super::{
    certificate::Certificate,
    crl::RevocationReason,
    cursor::{Cursor, ParseError, Problem, generalized_time, tag},
    ocsp_id::{CertificateId, ResponderId},
    strict::dotted,
};
use crate::question::Time;

const BASIC_RESPONSE: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
const NONCE: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02];
/// id-pkix-ocsp-nocheck, in a responder's certificate.
pub(crate) const NO_CHECK: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x05];
/// id-kp-OCSPSigning.
pub(crate) const OCSP_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09];

/// The most responder certificates of one response that are looked at.
const RESPONDER_CERTIFICATES: usize = 8;

/// Why bytes are not an OCSP response that tells anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OcspError {
    /// Not the DER of an OCSP response.
    #[error(transparent)]
    Malformed(#[from] ParseError),
    /// The responder answered with an error (RFC 6960 section 4.2.1).
    #[error("the responder answered with the error status {0}")]
    ErrorStatus(u8),
    /// A kind of response other than basic.
    #[error("the response is of the unknown kind {0}")]
    UnknownKind(String),
    /// A critical extension that nobody here knows.
    #[error("it holds the unknown critical extension {0}")]
    UnknownCritical(String),
}

/// What a responder says of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// When.
        since: Time,
        /// Why.
        reason: RevocationReason,
    },
    /// The responder does not know the certificate.
    Unknown,
}

/// One certificate's part of a response.
#[derive(Clone, Debug)]
pub struct SingleResponse {
    pub(crate) certificate: CertificateId,
    /// What the responder says.
    pub status: CertificateStatus,
    /// Since when it knows this to be so.
    pub this_update: Time,
    /// When it will know more.
    pub next_update: Option<Time>,
}

impl SingleResponse {
    /// The serial of the certificate that it is about.
    pub fn serial(&self) -> &[u8] {
        self.certificate.serial()
    }

    /// Whether it is about a certificate of this issuer, by the DER of its Name and of its key.
    pub fn is_of(&self, issuer_name: &[u8], issuer_key_info: &[u8]) -> bool {
        self.certificate
            .is_for(self.serial(), issuer_name, issuer_key_info)
    }

    /// The same, whatever the issuer's key.
    pub fn names_issuer(&self, issuer_name: &[u8]) -> bool {
        self.certificate.names_issuer(issuer_name)
    }

    /// The hashes that name the issuer: of its name, and of its key.
    pub fn issuer_hashes(&self) -> [&[u8]; 2] {
        self.certificate.issuer_hashes()
    }
}

/// A basic OCSP response, read from its DER.
#[derive(Clone, Debug)]
pub struct OcspResponse {
    der: Vec<u8>,
    to_be_signed: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    responder: ResponderId,
    produced_at: Time,
    singles: Vec<SingleResponse>,
    nonce: Option<Range<usize>>,
    certificates: Vec<Range<usize>>,
}

impl OcspResponse {
    /// Reads an OCSPResponse.
    ///
    /// # Errors
    /// When the bytes are not the DER of exactly one successful basic response,
    /// or hold a critical extension that is not known.
    // RFC 6960 section 4.2.1
    pub fn from_der(der: Vec<u8>) -> Result<Self, OcspError> {
        let mut outer = Cursor::new(&der);
        let mut response = outer.enter(tag::SEQUENCE, "OCSPResponse")?;
        outer.finish("OCSPResponse")?;
        match response.enumerated("responseStatus")? {
            0 => {}
            status => return Err(OcspError::ErrorStatus(status)),
        }
        let mut wrapped = response.enter(tag::constructed(0), "responseBytes")?;
        response.finish("OCSPResponse")?;
        let mut bytes = wrapped.enter(tag::SEQUENCE, "responseBytes")?;
        wrapped.finish("responseBytes")?;
        let kind = bytes.expect(tag::OBJECT_IDENTIFIER, "responseType")?;
        if bytes.slice(&kind.content) != BASIC_RESPONSE {
            return Err(OcspError::UnknownKind(dotted(bytes.slice(&kind.content))));
        }
        let mut octets = bytes.enter(tag::OCTET_STRING, "response")?;
        bytes.finish("responseBytes")?;
        let basic = octets.enter(tag::SEQUENCE, "BasicOCSPResponse")?;
        octets.finish("response")?;
        let mut read = read_basic(basic)?;
        read.der = der;
        Ok(read)
    }

    /// The bytes that the signature covers.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.der[self.to_be_signed.clone()]
    }

    /// The DER of the signature's AlgorithmIdentifier, header included.
    pub fn algorithm(&self) -> &[u8] {
        &self.der[self.algorithm.clone()]
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.der[self.signature.clone()]
    }

    /// When the response was signed.
    pub fn produced_at(&self) -> Time {
        self.produced_at
    }

    /// Its parts.
    pub fn singles(&self) -> &[SingleResponse] {
        &self.singles
    }

    /// The nonce that it repeats.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.clone().map(|range| &self.der[range])
    }

    pub(crate) fn responder(&self) -> &ResponderId {
        &self.responder
    }

    /// The certificates that came with it, as far as they can be read.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = Certificate> + '_ {
        self.certificates
            .iter()
            .filter_map(|range| Certificate::parse(&self.der[range.clone()]).ok())
    }
}

/// RFC 6960 section 4.2.1: `BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature, certs [0] OPTIONAL }`.
fn read_basic(mut basic: Cursor<'_>) -> Result<OcspResponse, OcspError> {
    let data = basic.expect(tag::SEQUENCE, "tbsResponseData")?;
    let algorithm = basic.expect(tag::SEQUENCE, "signatureAlgorithm")?.whole();
    let signature = basic.octet_aligned_bits("signature")?;
    let mut certificates = Vec::new();
    if let Some(wrapper) = basic.optional(tag::constructed(0), "certs")? {
        let mut wrapped = basic.inside(&wrapper);
        let mut list = wrapped.enter(tag::SEQUENCE, "certs")?;
        wrapped.finish("certs")?;
        while !list.is_empty() {
            let certificate = list.expect(tag::SEQUENCE, "certs")?;
            if certificates.len() < RESPONDER_CERTIFICATES {
                certificates.push(certificate.whole());
            }
        }
    }
    basic.finish("BasicOCSPResponse")?;

    let mut fields = basic.inside(&data);
    if let Some(version) = fields.optional(tag::constructed(0), "version")? {
        // The only version is the default, which DER leaves out.
        return Err(ParseError {
            what: "version",
            offset: version.start,
            problem: Problem::NotAllowedHere,
        }
        .into());
    }
    let responder = ResponderId::read(&mut fields)?;
    let produced_at = read_time(&mut fields, "producedAt")?;
    let mut list = fields.enter(tag::SEQUENCE, "responses")?;
    let mut singles = Vec::new();
    while !list.is_empty() {
        singles.push(read_single(list.enter(tag::SEQUENCE, "SingleResponse")?)?);
    }
    let mut nonce = None;
    if let Some(wrapper) = fields.optional(tag::constructed(1), "responseExtensions")? {
        read_extensions(fields.inside(&wrapper), |oid, value| {
            if oid != NONCE {
                return false;
            }
            nonce = Some(value);
            true
        })?;
    }
    fields.finish("tbsResponseData")?;
    Ok(OcspResponse {
        der: Vec::new(),
        to_be_signed: data.whole(),
        algorithm,
        signature,
        responder,
        produced_at,
        singles,
        nonce,
        certificates,
    })
}

/// RFC 6960 section 4.2.1: `SingleResponse`.
fn read_single(mut fields: Cursor<'_>) -> Result<SingleResponse, OcspError> {
    let certificate = CertificateId::read(&mut fields)?;
    let status = read_status(&mut fields)?;
    let this_update = read_time(&mut fields, "thisUpdate")?;
    let next_update = match fields.optional(tag::constructed(0), "nextUpdate")? {
        Some(wrapper) => {
            let mut wrapped = fields.inside(&wrapper);
            let time = read_time(&mut wrapped, "nextUpdate")?;
            wrapped.finish("nextUpdate")?;
            Some(time)
        }
        None => None,
    };
    if let Some(wrapper) = fields.optional(tag::constructed(1), "singleExtensions")? {
        read_extensions(fields.inside(&wrapper), |_, _| false)?;
    }
    fields.finish("SingleResponse")?;
    Ok(SingleResponse {
        certificate,
        status,
        this_update,
        next_update,
    })
}

/// RFC 6960 section 4.2.1: `CertStatus`.
fn read_status(fields: &mut Cursor<'_>) -> Result<CertificateStatus, OcspError> {
    const WHAT: &str = "certStatus";
    let element = fields.element(WHAT)?;
    let mut inside = fields.inside(&element);
    let status = match element.tag {
        good if good == tag::primitive(0) => CertificateStatus::Good,
        unknown if unknown == tag::primitive(2) => CertificateStatus::Unknown,
        revoked if revoked == tag::constructed(1) => {
            let since = read_time(&mut inside, "revocationTime")?;
            let mut reason = RevocationReason::Unspecified;
            if let Some(wrapper) = inside.optional(tag::constructed(0), "revocationReason")? {
                let mut wrapped = inside.inside(&wrapper);
                let code = wrapped.enumerated("revocationReason")?;
                wrapped.finish("revocationReason")?;
                let problem = ParseError {
                    what: "revocationReason",
                    offset: wrapper.start,
                    problem: Problem::BadInteger,
                };
                reason = RevocationReason::from_code(code).ok_or(problem)?;
            }
            CertificateStatus::Revoked { since, reason }
        }
        found => {
            let problem = Problem::UnexpectedTag {
                expected: tag::primitive(0),
                found,
            };
            return Err(ParseError {
                what: WHAT,
                offset: element.start,
                problem,
            }
            .into());
        }
    };
    inside.finish(WHAT)?;
    Ok(status)
}

/// Reads Extensions, handing each to `known`; an unknown critical one is an error.
fn read_extensions(
    mut outer: Cursor<'_>,
    mut known: impl FnMut(&[u8], Range<usize>) -> bool,
) -> Result<(), OcspError> {
    let mut list = outer.enter(tag::SEQUENCE, "Extensions")?;
    outer.finish("Extensions")?;
    let mut seen: Vec<&[u8]> = Vec::new();
    while !list.is_empty() {
        let start = list.offset();
        let mut fields = list.enter(tag::SEQUENCE, "Extension")?;
        let oid = fields.expect(tag::OBJECT_IDENTIFIER, "extnID")?.content;
        let critical = fields.default_false(tag::BOOLEAN, "critical")?;
        let value = fields.expect(tag::OCTET_STRING, "extnValue")?.content;
        fields.finish("Extension")?;
        let oid = fields.slice(&oid);
        if seen.contains(&oid) || seen.len() == MAXIMUM_EXTENSIONS {
            return Err(ParseError {
                what: "Extension",
                offset: start,
                problem: Problem::Duplicate,
            }
            .into());
        }
        seen.push(oid);
        if !known(oid, value) && critical {
            return Err(OcspError::UnknownCritical(dotted(oid)));
        }
    }
    Ok(())
}

/// The most extensions in one list. RFC 6960 defines eight.
const MAXIMUM_EXTENSIONS: usize = 64;

/// RFC 6960 section 4.2.2.1: times are GeneralizedTime.
fn read_time(fields: &mut Cursor<'_>, what: &'static str) -> Result<Time, ParseError> {
    let element = fields.expect(tag::GENERALIZED_TIME, what)?;
    generalized_time(fields.slice(&element.content)).ok_or(ParseError {
        what,
        offset: element.start,
        problem: Problem::BadTime,
    })
}
