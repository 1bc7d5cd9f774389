//! A certificate revocation list, read once and strictly, ready for lookups.
//!
//! The parser is a single pass over the DER (RFC 5280 section 5). Nothing of
//! it is copied: a [`ParsedCrl`] keeps the bytes, the offsets of the fields
//! and an index of the serials. Whether a CRL may be believed is the business
//! of `revocation`; here stands only what it says.

use std::{cmp::Ordering, fmt, ops::Range, sync::Arc};

use super::{
    algorithm::SignatureAlgorithm,
    crl_index::{SerialHasher, SerialIndex},
    crl_read::{read, read_entry, serial_at},
    cursor::{Cursor, ParseError, Problem},
    distribution::{DistributionPoint, IssuingDistributionPoint},
    name::same_name,
    signature::SignatureScheme,
};
use crate::{question::Time, verdict::Reason};

/// How far a long load has come, in bytes of the CRL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadProgress {
    /// Bytes read so far.
    pub done: usize,
    /// Bytes of the CRL.
    pub total: usize,
}

/// Why a certificate was revoked, RFC 5280 section 5.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RevocationReason {
    /// No reason was given, which is the same as none being known.
    Unspecified,
    /// The subject's key is in other hands.
    KeyCompromise,
    /// The CA's key is in other hands.
    CaCompromise,
    /// The subject's name or affiliation changed.
    AffiliationChanged,
    /// Another certificate took its place.
    Superseded,
    /// The certificate is no longer needed.
    CessationOfOperation,
    /// Suspended: the only reason that a delta CRL may lift.
    CertificateHold,
    /// In a delta CRL: no longer listed.
    RemoveFromCrl,
    /// A privilege was withdrawn.
    PrivilegeWithdrawn,
    /// The attribute authority's key is in other hands.
    AaCompromise,
}

impl RevocationReason {
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCrl,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            _ => return None,
        })
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key compromise",
            Self::CaCompromise => "CA compromise",
            Self::AffiliationChanged => "affiliation changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation of operation",
            Self::CertificateHold => "on hold",
            Self::RemoveFromCrl => "removed from the CRL",
            Self::PrivilegeWithdrawn => "privilege withdrawn",
            Self::AaCompromise => "AA compromise",
        })
    }
}

/// One entry of a CRL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedEntry {
    /// When the CA revoked the certificate.
    pub revocation_date: Time,
    /// Why it did.
    pub reason: RevocationReason,
    /// When the key is thought to have become unsafe.
    pub invalidity_date: Option<Time>,
}

impl RevokedEntry {
    /// What outweighs what where one certificate is listed more than once, the gravest first: for
    /// good before on hold before removed, and the earlier one.
    pub(super) fn gravity(&self) -> (u8, Time, RevocationReason) {
        let rank = match self.reason {
            RevocationReason::RemoveFromCrl => 2,
            RevocationReason::CertificateHold => 1,
            _ => 0,
        };
        (rank, self.revocation_date, self.reason)
    }
}

/// A critical extension that this reader does not know: its OID's content and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCritical {
    /// The OID in dotted form.
    pub oid: String,
    /// Offset of the extension in the CRL.
    pub offset: usize,
    /// Whether it stands in an entry, rather than in the CRL itself.
    pub in_entry: bool,
}

/// Where a number stands, and whether its extension is marked critical.
#[derive(Clone, Debug)]
pub(super) struct CrlNumber {
    pub(super) magnitude: Range<usize>,
    pub(super) critical: bool,
}

/// Which of two CRL numbers is the later one, for they only rise (RFC 5280 section 5.2.3).
/// Both are as [`ParsedCrl::number`] gives them.
pub fn compare_crl_numbers(left: &[u8], right: &[u8]) -> Ordering {
    // Without leading zeros the longer one is the greater.
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// A CRL: its bytes, its fields, and an index of its serials. Clones are cheap.
#[derive(Clone)]
pub struct ParsedCrl(Arc<Contents>);

pub(super) struct Contents {
    pub(super) der: Vec<u8>,
    pub(super) to_be_signed: Range<usize>,
    pub(super) algorithm: Range<usize>,
    pub(super) signature: Range<usize>,
    pub(super) has_version: bool,
    pub(super) issuer: Range<usize>,
    pub(super) this_update: Time,
    pub(super) next_update: Option<Time>,
    pub(super) entry_count: u32,
    pub(super) extensions: Extensions,
    pub(super) unknown_critical: Option<UnknownCritical>,
    pub(super) entry_issuers: EntryIssuers,
    pub(super) index: SerialIndex,
}

#[derive(Default)]
pub(super) struct Extensions {
    pub(super) authority_key_identifier: Option<Range<usize>>,
    pub(super) number: Option<CrlNumber>,
    pub(super) base_number: Option<CrlNumber>,
    pub(super) issuing_distribution_point: Option<IssuingDistributionPoint>,
    pub(super) freshest: Option<Vec<DistributionPoint>>,
}

/// Which certificate issuer an entry of an indirect CRL is for: number 0 is the CRL's own.
///
/// RFC 5280 section 5.3.3: an entry without the extension follows the one before it.
#[derive(Default)]
pub(super) struct EntryIssuers {
    /// The content range of each distinct Name; number n stands at n - 1.
    pub(super) names: Vec<Range<usize>>,
    /// From this offset on, this number, by rising offset.
    pub(super) changes: Vec<(u32, u32)>,
}

impl EntryIssuers {
    pub(super) fn at(&self, offset: u32) -> u32 {
        let after = self.changes.partition_point(|(start, _)| *start <= offset);
        after.checked_sub(1).map_or(0, |last| self.changes[last].1)
    }
}

impl ParsedCrl {
    /// Reads a CRL and indexes its serials.
    ///
    /// # Errors
    /// The field, the byte offset and the problem, when the bytes are not the
    /// DER of exactly one CRL of version 1 or 2.
    pub fn from_der(der: Vec<u8>) -> Result<Self, ParseError> {
        Self::from_der_with_progress(der, &mut |_| {})
    }

    /// The same, telling every few thousand entries how far it has come.
    ///
    /// # Errors
    /// As [`ParsedCrl::from_der`].
    pub fn from_der_with_progress(
        der: Vec<u8>,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<Self, ParseError> {
        if u32::try_from(der.len()).is_err() {
            return Err(ParseError {
                what: "CertificateList",
                offset: 0,
                problem: Problem::TooLarge,
            });
        }
        read(&der, progress).map(|mut contents| {
            contents.der = der;
            Self(Arc::new(contents))
        })
    }

    /// All bytes of the CRL.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The bytes that the signature covers.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.0.der[self.0.to_be_signed.clone()]
    }

    /// The DER of the signature's AlgorithmIdentifier, header included.
    pub fn algorithm(&self) -> &[u8] {
        &self.0.der[self.0.algorithm.clone()]
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.0.der[self.0.signature.clone()]
    }

    /// The DER of the issuer's Name, header included.
    pub fn issuer(&self) -> &[u8] {
        &self.0.der[self.0.issuer.clone()]
    }

    /// Whether this Name (DER) is its issuer's.
    pub fn is_issued_by(&self, name: &[u8]) -> bool {
        same_name(name, self.issuer())
    }

    /// Whether this key, a SubjectPublicKeyInfo in DER, signed it.
    ///
    /// # Errors
    /// That it did not, or that nobody can tell for want of the algorithm.
    // RFC 5280 section 6.3.3 (g)
    pub fn verify(&self, key_info: &[u8], scheme: &dyn SignatureScheme) -> Result<(), Reason> {
        let algorithm = SignatureAlgorithm::parse(self.algorithm())
            .map_err(|_| Reason::UnsupportedSignatureAlgorithm)?;
        scheme
            .verify(&algorithm, key_info, self.to_be_signed(), self.signature())
            .map_err(|_| Reason::BadSignature)
    }

    /// When the CRL was issued.
    pub fn this_update(&self) -> Time {
        self.0.this_update
    }

    /// When the next one comes at the latest.
    pub fn next_update(&self) -> Option<Time> {
        self.0.next_update
    }

    /// Whether it is of version 2, which may carry extensions.
    pub fn is_version_2(&self) -> bool {
        self.0.has_version
    }

    /// How many entries it holds.
    pub fn entry_count(&self) -> u32 {
        self.0.entry_count
    }

    /// The key identifier of its signer, when it names one.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.0
            .extensions
            .authority_key_identifier
            .clone()
            .map(|range| &self.0.der[range])
    }

    /// The CRL number, big-endian without leading zeros.
    pub fn number(&self) -> Option<&[u8]> {
        self.0
            .extensions
            .number
            .as_ref()
            .map(|number| &self.0.der[number.magnitude.clone()])
    }

    /// Whether the CRL number is marked critical, which RFC 5280 section 5.2.3 forbids.
    pub fn number_is_critical(&self) -> bool {
        self.0
            .extensions
            .number
            .as_ref()
            .is_some_and(|number| number.critical)
    }

    /// In a delta CRL, the number of the complete CRL that it starts from.
    pub fn base_number(&self) -> Option<&[u8]> {
        self.0
            .extensions
            .base_number
            .as_ref()
            .map(|base| &self.0.der[base.magnitude.clone()])
    }

    /// Whether it says that it is a delta CRL as RFC 5280 section 5.2.4 asks: critical.
    pub fn base_is_critical(&self) -> bool {
        let base = self.0.extensions.base_number.as_ref();
        base.is_some_and(|base| base.critical)
    }

    /// The CRL's scope, when it has one.
    pub fn issuing_distribution_point(&self) -> Option<&IssuingDistributionPoint> {
        self.0.extensions.issuing_distribution_point.as_ref()
    }

    /// Where its delta CRLs are to be had.
    pub fn freshest(&self) -> Option<&[DistributionPoint]> {
        self.0.extensions.freshest.as_deref()
    }

    /// Whether entries may name certificates of other issuers.
    pub fn is_indirect(&self) -> bool {
        self.issuing_distribution_point()
            .is_some_and(|scope| scope.indirect)
    }

    /// A critical extension that the reader does not know: the CRL tells nothing then.
    pub fn unknown_critical(&self) -> Option<&UnknownCritical> {
        self.0.unknown_critical.as_ref()
    }

    /// Bytes on the heap beside the DER itself.
    pub fn index_memory(&self) -> usize {
        let issuers = &self.0.entry_issuers;
        self.0.index.memory()
            + issuers.names.capacity() * size_of::<Range<usize>>()
            + issuers.changes.capacity() * size_of::<(u32, u32)>()
    }

    /// The entry for a serial number of the CRL issuer's own certificates.
    ///
    /// `serial` is the content of the INTEGER. Nothing is allocated.
    pub fn find(&self, serial: &[u8]) -> Option<RevokedEntry> {
        self.find_numbered(0, serial)
    }

    /// The entry for a serial number under a certificate issuer that `is_issuer`
    /// recognises by the DER of its Name. In an indirect CRL several names may do.
    pub fn find_for(
        &self,
        serial: &[u8],
        is_issuer: impl Fn(&[u8]) -> bool,
    ) -> Option<RevokedEntry> {
        let own = is_issuer(self.issuer()).then_some(0);
        let named = self.0.entry_issuers.names.iter().zip(1..);
        let others = named
            .filter(|(name, _)| is_issuer(&self.0.der[(*name).clone()]))
            .map(|(_, number)| number);
        own.into_iter()
            .chain(others)
            .filter_map(|number| self.find_numbered(number, serial))
            .min_by_key(RevokedEntry::gravity)
    }

    fn find_numbered(&self, issuer: u32, serial: &[u8]) -> Option<RevokedEntry> {
        let contents = &*self.0;
        let serial = minimal(serial);
        let hash = SerialHasher::new().hash(issuer, serial);
        let offset = contents.index.find(hash, |offset| {
            serial_at(&contents.der, offset) == Some(serial)
                && contents.entry_issuers.at(offset) == issuer
        })?;
        let mut cursor = Cursor::within(&contents.der, offset as usize..contents.der.len());
        read_entry(&mut cursor).ok().map(|entry| entry.entry)
    }
}

impl fmt::Debug for ParsedCrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedCrl")
            .field("entries", &self.0.entry_count)
            .field("this_update", &self.0.this_update)
            .field("next_update", &self.0.next_update)
            .finish_non_exhaustive()
    }
}

/// A serial as minimal two's complement, so that a lax certificate cannot hide from a strict CRL.
fn minimal(mut serial: &[u8]) -> &[u8] {
    while let [first, second, ..] = serial
        && ((*first == 0 && second & 0x80 == 0) || (*first == 0xff && second & 0x80 != 0))
    {
        serial = &serial[1..];
    }
    serial
}

#[cfg(test)]
#[path = "crl_tests.rs"]
mod tests;
