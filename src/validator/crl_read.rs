//! The single pass over the DER of a CRL (RFC 5280 section 5), with an index as its by-product.

use std::{collections::HashMap, ops::Range};

use super::{
    crl::{
        Contents, CrlNumber, EntryIssuers, Extensions, LoadProgress, RevocationReason,
        RevokedEntry, UnknownCritical,
    },
    crl_index::{SerialHasher, SerialIndex},
    cursor::{Cursor, Element, ParseError, Problem, generalized_time, tag},
    distribution::{DistributionPoint, IssuingDistributionPoint, PointName},
    name::Name,
    strict::dotted,
};
use crate::question::Time;

/// Entries between two calls of a progress callback.
const PROGRESS_INTERVAL: u32 = 1 << 15;

/// RFC 5280 section 5.1: `CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }`.
pub(super) fn read(
    der: &[u8],
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Contents, ParseError> {
    let mut outer = Cursor::new(der);
    let mut list = outer.enter(tag::SEQUENCE, "CertificateList")?;
    outer.finish("CertificateList")?;
    let to_be_signed = list.expect(tag::SEQUENCE, "tbsCertList")?;
    let algorithm = list.expect(tag::SEQUENCE, "signatureAlgorithm")?.whole();
    let signature = list.octet_aligned_bits("signatureValue")?;
    list.finish("CertificateList")?;

    let mut fields = list.inside(&to_be_signed);
    let has_version = read_version(&mut fields)?;
    let inner_algorithm = fields.expect(tag::SEQUENCE, "tbsCertList.signature")?;
    // RFC 5280 section 5.1.2.2: the same algorithm inside and outside.
    if fields.slice(&inner_algorithm.whole()) != fields.slice(&algorithm) {
        let offset = inner_algorithm.start;
        return Err(ParseError {
            what: "tbsCertList.signature",
            offset,
            problem: Problem::Differs,
        });
    }
    let issuer = fields.expect(tag::SEQUENCE, "issuer")?;
    // RFC 5280 section 5.1.2.3: the issuer's name is not empty.
    if issuer.content.is_empty() {
        return Err(ParseError {
            what: "issuer",
            offset: issuer.start,
            problem: Problem::Empty,
        });
    }
    // Whose list it is must be known, or it would be passed over as somebody else's.
    if Name::read_whole(fields.slice(&issuer.whole())).is_err() {
        return Err(ParseError {
            what: "issuer",
            offset: issuer.start,
            problem: Problem::BadName,
        });
    }
    let this_update = read_update(&mut fields, "thisUpdate")?;
    let has_next = fields.peek(tag::UTC_TIME) || fields.peek(tag::GENERALIZED_TIME);
    let next_update = if has_next {
        Some(read_update(&mut fields, "nextUpdate")?)
    } else {
        None
    };
    let entries = match fields.optional(tag::SEQUENCE, "revokedCertificates")? {
        // RFC 5280 section 5.1.2.6: absent when there are no revoked certificates.
        Some(element) if element.content.is_empty() => {
            return Err(ParseError {
                what: "revokedCertificates",
                offset: element.start,
                problem: Problem::Empty,
            });
        }
        element => element.map(|element| fields.inside(&element)),
    };
    let mut unknown_critical = None;
    let extensions = match fields.optional(tag::constructed(0), "crlExtensions")? {
        // RFC 5280 section 5.1.2.7: extensions only in version 2.
        Some(element) if !has_version => {
            return Err(ParseError {
                what: "crlExtensions",
                offset: element.start,
                problem: Problem::NotAllowedHere,
            });
        }
        Some(element) => read_extensions(fields.inside(&element), &mut unknown_critical)?,
        None => Extensions::default(),
    };
    fields.finish("tbsCertList")?;

    let mut scan = EntryScan {
        der,
        has_version,
        indirect: extensions
            .issuing_distribution_point
            .as_ref()
            .is_some_and(|scope| scope.indirect),
        own_issuer: issuer.whole(),
        issuers: EntryIssuers::default(),
        numbers: HashMap::new(),
        unknown_critical,
    };
    let hashed = match entries {
        Some(entries) => scan.run(entries, progress)?,
        None => Vec::new(),
    };
    let issuers = scan.issuers;
    let index = SerialIndex::build(&hashed, |kept, new| merge(der, &issuers, kept, new));
    progress(LoadProgress {
        done: der.len(),
        total: der.len(),
    });
    Ok(Contents {
        der: Vec::new(),
        to_be_signed: to_be_signed.whole(),
        algorithm,
        signature,
        has_version,
        issuer: issuer.whole(),
        this_update,
        next_update,
        entry_count: hashed.len() as u32,
        extensions,
        unknown_critical: scan.unknown_critical,
        entry_issuers: issuers,
        index,
    })
}

/// Whose list the bytes claim to be, whether or not the rest can be read: the DER of a Name.
///
/// Nothing where more than the one list is there, or where it cannot be told.
pub(super) fn claimed_issuer(der: &[u8]) -> Option<Vec<u8>> {
    let mut outer = Cursor::new(der);
    let mut list = outer.enter(tag::SEQUENCE, "CertificateList").ok()?;
    outer.finish("CertificateList").ok()?;
    let mut fields = list.enter(tag::SEQUENCE, "tbsCertList").ok()?;
    fields.optional(tag::INTEGER, "version").ok()?;
    fields.expect(tag::SEQUENCE, "tbsCertList.signature").ok()?;
    let issuer = fields.expect(tag::SEQUENCE, "issuer").ok()?;
    let name = fields.slice(&issuer.whole());
    let readable = !issuer.content.is_empty() && Name::read_whole(name).is_ok();
    readable.then(|| name.to_vec())
}

/// RFC 5280 sections 5.1.2.4 to 5.1.2.6: UTCTime through 2049, GeneralizedTime after.
fn read_update(fields: &mut Cursor<'_>, what: &'static str) -> Result<Time, ParseError> {
    let offset = fields.offset();
    let generalized = fields.peek(tag::GENERALIZED_TIME);
    let time = fields.time(what)?;
    if generalized && time.to_calendar().year() < 2050 {
        return Err(ParseError {
            what,
            offset,
            problem: Problem::BadTime,
        });
    }
    Ok(time)
}

/// RFC 5280 section 5.1.2.1: absent in version 1, otherwise version 2, whose value is 1.
fn read_version(fields: &mut Cursor<'_>) -> Result<bool, ParseError> {
    if !fields.peek(tag::INTEGER) {
        return Ok(false);
    }
    let offset = fields.offset();
    let version = fields.integer("version")?;
    match fields.slice(&version) {
        [1] => Ok(true),
        _ => Err(ParseError {
            what: "version",
            offset,
            problem: Problem::BadInteger,
        }),
    }
}

/// The content of the serial INTEGER of the entry at an offset already validated.
pub(super) fn serial_at(der: &[u8], offset: u32) -> Option<&[u8]> {
    let mut cursor = Cursor::within(der, offset as usize..der.len());
    let mut fields = cursor.enter(tag::SEQUENCE, "revokedCertificate").ok()?;
    fields
        .expect(tag::INTEGER, "userCertificate")
        .ok()
        .map(|serial| &der[serial.content])
}

/// Two entries under one hash: the same certificate when serial and issuer are
/// equal, and then the graver one stays, whichever comes first.
fn merge(der: &[u8], issuers: &EntryIssuers, kept: u32, new: u32) -> Option<u32> {
    if serial_at(der, kept) != serial_at(der, new) || issuers.at(kept) != issuers.at(new) {
        return None;
    }
    let gravity = |offset: u32| {
        let entry = read_entry(&mut Cursor::within(der, offset as usize..der.len())).ok()?;
        Some(entry.entry.gravity())
    };
    Some(if gravity(new) < gravity(kept) {
        new
    } else {
        kept
    })
}

/// The walk over `revokedCertificates`.
struct EntryScan<'a> {
    der: &'a [u8],
    has_version: bool,
    indirect: bool,
    own_issuer: Range<usize>,
    issuers: EntryIssuers,
    numbers: HashMap<&'a [u8], u32>,
    unknown_critical: Option<UnknownCritical>,
}

impl<'a> EntryScan<'a> {
    /// Validates every entry; gives hash and offset of each.
    fn run(
        &mut self,
        mut entries: Cursor<'a>,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<Vec<(u32, u32)>, ParseError> {
        let hasher = SerialHasher::new();
        let mut hashed = Vec::with_capacity(self.expected_count(&entries));
        let mut issuer = 0;
        let mut until_progress = PROGRESS_INTERVAL;
        while !entries.is_empty() {
            let offset = entries.offset();
            let entry = read_entry(&mut entries)?;
            if let Some(extensions) = &entry.extensions {
                // RFC 5280 section 5.1.2.6: entry extensions only in version 2.
                if !self.has_version {
                    let offset = extensions.start;
                    return Err(ParseError {
                        what: "crlEntryExtensions",
                        offset,
                        problem: Problem::NotAllowedHere,
                    });
                }
                if self.unknown_critical.is_none() {
                    self.unknown_critical = entry.unknown_critical(self.der);
                }
                if let Some(name) = entry.certificate_issuer {
                    // RFC 5280 section 5.3.3: other issuers only in an indirect CRL.
                    if !self.indirect {
                        let offset = extensions.start;
                        return Err(ParseError {
                            what: "certificateIssuer",
                            offset,
                            problem: Problem::NotAllowedHere,
                        });
                    }
                    issuer = self.number_of(name);
                    self.issuers.changes.push((offset as u32, issuer));
                }
            }
            hashed.push((hasher.hash(issuer, &self.der[entry.serial]), offset as u32));
            until_progress -= 1;
            if until_progress == 0 {
                until_progress = PROGRESS_INTERVAL;
                progress(LoadProgress {
                    done: offset,
                    total: self.der.len(),
                });
            }
        }
        Ok(hashed)
    }

    /// A guess from the first entry's size. An entry is at least 20 bytes: the guess is bounded.
    fn expected_count(&self, entries: &Cursor<'a>) -> usize {
        let first = entries
            .clone()
            .element("revokedCertificate")
            .map_or(usize::MAX, |first| first.whole().len());
        entries.remaining() / first.max(20) + 1
    }

    fn number_of(&mut self, name: Range<usize>) -> u32 {
        let bytes = &self.der[name.clone()];
        if bytes == &self.der[self.own_issuer.clone()] {
            return 0;
        }
        let next = self.issuers.names.len() as u32 + 1;
        *self.numbers.entry(bytes).or_insert_with(|| {
            self.issuers.names.push(name);
            next
        })
    }
}

/// An entry with what the scan needs beside it.
pub(super) struct ScannedEntry {
    serial: Range<usize>,
    pub(super) entry: RevokedEntry,
    extensions: Option<Element>,
    certificate_issuer: Option<Range<usize>>,
    unknown_critical_at: Option<(Range<usize>, usize)>,
}

impl ScannedEntry {
    fn unknown_critical(&self, der: &[u8]) -> Option<UnknownCritical> {
        let (oid, offset) = self.unknown_critical_at.clone()?;
        Some(UnknownCritical {
            oid: dotted(&der[oid]),
            offset,
            in_entry: true,
        })
    }
}

/// RFC 5280 section 5.1.2.6: `SEQUENCE { userCertificate, revocationDate, crlEntryExtensions OPTIONAL }`.
#[inline]
pub(super) fn read_entry(entries: &mut Cursor<'_>) -> Result<ScannedEntry, ParseError> {
    let mut fields = entries.enter(tag::SEQUENCE, "revokedCertificate")?;
    let serial = fields.integer("userCertificate")?;
    let revocation_date = read_update(&mut fields, "revocationDate")?;
    let mut scanned = ScannedEntry {
        serial,
        entry: RevokedEntry {
            revocation_date,
            reason: RevocationReason::Unspecified,
            invalidity_date: None,
        },
        extensions: None,
        certificate_issuer: None,
        unknown_critical_at: None,
    };
    if !fields.is_empty() {
        let element = fields.expect(tag::SEQUENCE, "crlEntryExtensions")?;
        fields.finish("revokedCertificate")?;
        read_entry_extensions(fields.inside(&element), &mut scanned)?;
        scanned.extensions = Some(element);
    }
    Ok(scanned)
}

/// RFC 5280 section 5.3.
fn read_entry_extensions(
    mut list: Cursor<'_>,
    scanned: &mut ScannedEntry,
) -> Result<(), ParseError> {
    if list.is_empty() {
        return Err(list.error("crlEntryExtensions", Problem::Empty));
    }
    let mut seen = SeenExtensions::default();
    while !list.is_empty() {
        let mut extension = Extension::read(&mut list)?;
        seen.remember(&extension)?;
        match extension.name() {
            // RFC 5280 section 5.3.1
            Some(21) => {
                let offset = extension.value.offset();
                let code = extension.value.enumerated("reasonCode")?;
                scanned.entry.reason = RevocationReason::from_code(code).ok_or(ParseError {
                    what: "reasonCode",
                    offset,
                    problem: Problem::BadInteger,
                })?;
            }
            // RFC 5280 section 5.3.2
            Some(24) => {
                let element = extension
                    .value
                    .expect(tag::GENERALIZED_TIME, "invalidityDate")?;
                let date = generalized_time(extension.value.slice(&element.content));
                let problem = ParseError {
                    what: "invalidityDate",
                    offset: element.start,
                    problem: Problem::BadTime,
                };
                scanned.entry.invalidity_date = Some(date.ok_or(problem)?);
            }
            // RFC 5280 section 5.3.3
            Some(29) => {
                if !extension.critical {
                    return Err(extension
                        .value
                        .error("certificateIssuer", Problem::NotCritical));
                }
                let mut names = extension.value.enter(tag::SEQUENCE, "certificateIssuer")?;
                while !names.is_empty() {
                    let name = names.element("certificateIssuer")?;
                    if name.tag == PointName::DIRECTORY && scanned.certificate_issuer.is_none() {
                        scanned.certificate_issuer = Some(name.content);
                    }
                }
                if scanned.certificate_issuer.is_none() {
                    return Err(extension.value.error("certificateIssuer", Problem::Empty));
                }
            }
            _ => {
                if extension.critical && scanned.unknown_critical_at.is_none() {
                    scanned.unknown_critical_at = Some((extension.oid.clone(), extension.start));
                }
                continue;
            }
        }
        extension.value.finish("crlEntryExtensions")?;
    }
    Ok(())
}

/// RFC 5280 section 5.2.
fn read_extensions(
    mut outer: Cursor<'_>,
    unknown_critical: &mut Option<UnknownCritical>,
) -> Result<Extensions, ParseError> {
    let mut list = outer.enter(tag::SEQUENCE, "crlExtensions")?;
    outer.finish("crlExtensions")?;
    if list.is_empty() {
        return Err(list.error("crlExtensions", Problem::Empty));
    }
    let mut known = Extensions::default();
    let mut seen = SeenExtensions::default();
    while !list.is_empty() {
        let mut extension = Extension::read(&mut list)?;
        seen.remember(&extension)?;
        match extension.name() {
            // RFC 5280 section 5.2.1
            Some(35) => {
                known.authority_key_identifier =
                    read_authority_key_identifier(&mut extension.value)?
            }
            // RFC 5280 section 5.2.3
            Some(20) => {
                let offset = extension.value.offset();
                let magnitude = extension.value.unsigned("cRLNumber")?;
                if magnitude.len() > 20 {
                    return Err(ParseError {
                        what: "cRLNumber",
                        offset,
                        problem: Problem::BadInteger,
                    });
                }
                known.number = Some(CrlNumber {
                    magnitude,
                    critical: extension.critical,
                });
            }
            // RFC 5280 section 5.2.4
            Some(27) => {
                known.base_number = Some(CrlNumber {
                    magnitude: extension.value.unsigned("deltaCRLIndicator")?,
                    critical: extension.critical,
                })
            }
            // RFC 5280 section 5.2.5
            Some(28) => {
                known.issuing_distribution_point =
                    Some(IssuingDistributionPoint::read(&mut extension.value)?)
            }
            // RFC 5280 section 5.2.6
            Some(46) => {
                known.freshest = Some(DistributionPoint::read_list(&mut extension.value)?);
                // Nobody fetches deltas here, so that it is read and not processed.
                note_critical(&extension, &list, unknown_critical);
            }
            _ => {
                note_critical(&extension, &list, unknown_critical);
                continue;
            }
        }
        extension.value.finish("crlExtensions")?;
    }
    Ok(known)
}

/// RFC 5280 section 5.2: a critical extension that is not processed spoils the list.
fn note_critical(
    extension: &Extension<'_>,
    list: &Cursor<'_>,
    unknown_critical: &mut Option<UnknownCritical>,
) {
    if extension.critical && unknown_critical.is_none() {
        *unknown_critical = Some(UnknownCritical {
            oid: dotted(list.slice(&extension.oid)),
            offset: extension.start,
            in_entry: false,
        });
    }
}

/// RFC 5280 section 4.2.1.1: the key identifier; the name of who issued the signer's certificate
/// and its serial number stand together or not at all.
fn read_authority_key_identifier(
    value: &mut Cursor<'_>,
) -> Result<Option<Range<usize>>, ParseError> {
    let what = "authorityKeyIdentifier";
    let mut fields = value.enter(tag::SEQUENCE, what)?;
    let key = fields.optional(tag::primitive(0), what)?;
    let issuer = fields.optional(tag::constructed(1), what)?;
    let alone = fields.error(what, Problem::NotAllowedHere);
    let serial = fields.optional(tag::primitive(2), what)?;
    fields.finish(what)?;
    match issuer.is_some() == serial.is_some() {
        true => Ok(key.map(|element| element.content)),
        false => Err(alone),
    }
}

/// One extension: `SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }`.
struct Extension<'a> {
    start: usize,
    oid: Range<usize>,
    oid_bytes: &'a [u8],
    critical: bool,
    value: Cursor<'a>,
}

impl<'a> Extension<'a> {
    fn read(list: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let start = list.offset();
        let mut fields = list.enter(tag::SEQUENCE, "Extension")?;
        let oid = fields.expect(tag::OBJECT_IDENTIFIER, "extnID")?.content;
        if oid.is_empty() {
            return Err(ParseError {
                what: "extnID",
                offset: oid.start,
                problem: Problem::Empty,
            });
        }
        let critical = fields.default_false(tag::BOOLEAN, "critical")?;
        let value = fields.expect(tag::OCTET_STRING, "extnValue")?;
        fields.finish("Extension")?;
        Ok(Self {
            start,
            oid_bytes: fields.slice(&oid),
            oid,
            critical,
            value: fields.inside(&value),
        })
    }

    /// The last arc, when the OID is under `id-ce`, 2.5.29.
    fn name(&self) -> Option<u8> {
        match self.oid_bytes {
            [0x55, 0x1d, arc @ 0..=0x7f] => Some(*arc),
            _ => None,
        }
    }
}

/// RFC 5280 section 4.2: no extension stands twice. Bits for `id-ce`, a list for the rest.
#[derive(Default)]
struct SeenExtensions<'a> {
    known: u128,
    others: Vec<&'a [u8]>,
}

impl<'a> SeenExtensions<'a> {
    /// Most entries have one or two extensions; past this many of unknown kind, twins go unseen.
    const REMEMBERED: usize = 64;

    fn remember(&mut self, extension: &Extension<'a>) -> Result<(), ParseError> {
        let twice = match extension.name() {
            Some(arc) => {
                let bit = 1_u128 << arc;
                let twice = self.known & bit != 0;
                self.known |= bit;
                twice
            }
            None => {
                let twice = self.others.contains(&extension.oid_bytes);
                if self.others.len() < Self::REMEMBERED {
                    self.others.push(extension.oid_bytes);
                }
                twice
            }
        };
        if twice {
            return Err(ParseError {
                what: "Extension",
                offset: extension.start,
                problem: Problem::Duplicate,
            });
        }
        Ok(())
    }
}
