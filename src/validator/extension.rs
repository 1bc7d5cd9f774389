//! The extensions of a certificate: which are known, what they say, and what is wrong with them.
//!
//! One table says of each known extension its clause and its criticality; one
//! function reads each value strictly. An extension that cannot be read is a
//! flaw and is remembered as such, so that no later rule reports it again as
//! absent.

use crate::verdict::{Clause, Reason};

use super::{
    certificate::{Demand, Flaw},
    constraint::describe_subtree,
    extension_value::{
        check_access_descriptions, check_distribution_points, check_mappings, check_oids,
        check_policies, check_qualifiers, read_authority_key_identifier, read_basic_constraints,
        read_key_usage, read_list, read_name_constraints, read_policy_constraints, read_skip_certs,
    },
    general_name,
    key_usage::KeyUsageBits,
    strict::{DerError, DerFault, Reader, Span, dotted, tag},
};

/// What RFC 5280 says of an extension's criticality in certificates of conforming CAs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Criticality {
    Must,
    MustNot,
    Either,
}

macro_rules! known_extensions {
    ($($(#[$doc:meta])* $variant:ident = $oid:expr, $name:literal, $criticality:ident, $clause:literal;)*) => {
        /// An extension that the validator understands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Known { $($(#[$doc])* $variant,)* }

        impl Known {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            const fn oid(self) -> &'static [u8] {
                match self { $(Self::$variant => $oid,)* }
            }

            /// The name that the standard gives it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The section that defines it.
            pub const fn clause(self) -> Clause {
                match self { $(Self::$variant => $clause,)* }
            }

            const fn criticality(self) -> Criticality {
                match self { $(Self::$variant => Criticality::$criticality,)* }
            }
        }
    };
}

// Criticality that depends on the rest of the certificate (basicConstraints,
// nameConstraints, the alternative names) is `Either` here and judged by a rule.
known_extensions! {
    /// subjectDirectoryAttributes.
    SubjectDirectoryAttributes = &[0x55, 0x1d, 0x09], "subjectDirectoryAttributes", MustNot, "RFC 5280 section 4.2.1.8";
    /// subjectKeyIdentifier.
    SubjectKeyIdentifier = &[0x55, 0x1d, 0x0e], "subjectKeyIdentifier", MustNot, "RFC 5280 section 4.2.1.2";
    /// keyUsage.
    KeyUsage = &[0x55, 0x1d, 0x0f], "keyUsage", Either, "RFC 5280 section 4.2.1.3";
    /// subjectAltName.
    SubjectAltName = &[0x55, 0x1d, 0x11], "subjectAltName", Either, "RFC 5280 section 4.2.1.6";
    /// issuerAltName.
    IssuerAltName = &[0x55, 0x1d, 0x12], "issuerAltName", Either, "RFC 5280 section 4.2.1.7";
    /// basicConstraints.
    BasicConstraints = &[0x55, 0x1d, 0x13], "basicConstraints", Either, "RFC 5280 section 4.2.1.9";
    /// nameConstraints.
    NameConstraints = &[0x55, 0x1d, 0x1e], "nameConstraints", Either, "RFC 5280 section 4.2.1.10";
    /// cRLDistributionPoints.
    CrlDistributionPoints = &[0x55, 0x1d, 0x1f], "cRLDistributionPoints", Either, "RFC 5280 section 4.2.1.13";
    /// certificatePolicies.
    CertificatePolicies = &[0x55, 0x1d, 0x20], "certificatePolicies", Either, "RFC 5280 section 4.2.1.4";
    /// policyMappings.
    PolicyMappings = &[0x55, 0x1d, 0x21], "policyMappings", Either, "RFC 5280 section 4.2.1.5";
    /// authorityKeyIdentifier.
    AuthorityKeyIdentifier = &[0x55, 0x1d, 0x23], "authorityKeyIdentifier", MustNot, "RFC 5280 section 4.2.1.1";
    /// policyConstraints.
    PolicyConstraints = &[0x55, 0x1d, 0x24], "policyConstraints", Must, "RFC 5280 section 4.2.1.11";
    /// extKeyUsage.
    ExtendedKeyUsage = &[0x55, 0x1d, 0x25], "extKeyUsage", Either, "RFC 5280 section 4.2.1.12";
    /// freshestCRL.
    FreshestCrl = &[0x55, 0x1d, 0x2e], "freshestCRL", MustNot, "RFC 5280 section 4.2.1.15";
    /// inhibitAnyPolicy.
    InhibitAnyPolicy = &[0x55, 0x1d, 0x36], "inhibitAnyPolicy", Must, "RFC 5280 section 4.2.1.14";
    /// authorityInfoAccess.
    AuthorityInfoAccess = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01], "authorityInfoAccess", MustNot, "RFC 5280 section 4.2.2.1";
    /// subjectInfoAccess.
    SubjectInfoAccess = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x0b], "subjectInfoAccess", MustNot, "RFC 5280 section 4.2.2.2";
}

impl Known {
    fn from_oid(oid: &[u8]) -> Option<Self> {
        // The last octet tells nearly all of them apart.
        let last = oid.last();
        let mut all = Self::ALL.iter().copied();
        all.find(|known| known.oid().last() == last && known.oid() == oid)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// basicConstraints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject is a CA.
    pub ca: bool,
    /// How many non-self-issued intermediates may follow.
    pub path_length: Option<u32>,
}

/// nameConstraints, as the places of the two lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameConstraints {
    pub(crate) permitted: Option<Span>,
    pub(crate) excluded: Option<Span>,
}

impl NameConstraints {
    /// Reads the value of a nameConstraints extension that fills a buffer.
    pub(crate) fn read_whole(der: &[u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(der)?;
        let constraints = read_name_constraints(&mut reader)?;
        reader.finish()?;
        Ok(constraints)
    }
}

/// policyConstraints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyConstraints {
    /// After how many certificates a policy is required.
    pub require_explicit_policy: Option<u32>,
    /// After how many certificates mappings no longer count.
    pub inhibit_policy_mapping: Option<u32>,
}

/// authorityKeyIdentifier, as the places of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthorityKeyIdentifier {
    pub(crate) key: Option<Span>,
    pub(crate) issuer: Option<Span>,
    pub(crate) serial: Option<Span>,
}

/// One extension as it stands in the certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) oid: Span,
    pub(crate) critical: bool,
    pub(crate) known: Option<Known>,
    pub(crate) value: Span,
}

/// All extensions of a certificate, the known ones read.
///
/// Places are relative to the certificate's DER.
#[derive(Clone, Debug, Default)]
pub struct Extensions {
    present: bool,
    pub(crate) entries: Vec<Entry>,
    seen: u32,
    malformed: u32,
    critical: u32,
    pub(crate) authority_key_identifier: Option<AuthorityKeyIdentifier>,
    pub(crate) subject_key_identifier: Option<Span>,
    pub(crate) key_usage: Option<KeyUsageBits>,
    pub(crate) extended_key_usage: Option<Span>,
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) name_constraints: Option<NameConstraints>,
    pub(crate) subject_alt_name: Option<Span>,
    pub(crate) certificate_policies: Option<Span>,
    pub(crate) policy_mappings: Option<Span>,
    pub(crate) policy_constraints: Option<PolicyConstraints>,
    pub(crate) inhibit_any_policy: Option<u32>,
    pub(crate) crl_distribution_points: Option<Span>,
    pub(crate) freshest_crl: Option<Span>,
    pub(crate) authority_info_access: Option<Span>,
}

impl Extensions {
    /// Whether the certificate has an extensions field.
    pub(crate) fn present(&self) -> bool {
        self.present
    }

    /// Whether this extension is present, readable or not.
    pub fn has(&self, known: Known) -> bool {
        self.seen & known.bit() != 0
    }

    /// Whether this extension is present and cannot be read.
    pub(crate) fn is_malformed(&self, known: Known) -> bool {
        self.malformed & known.bit() != 0
    }

    /// Whether this extension is present and critical.
    pub(crate) fn is_critical(&self, known: Known) -> bool {
        self.critical & known.bit() != 0
    }

    /// keyUsage.
    pub fn key_usage(&self) -> Option<KeyUsageBits> {
        self.key_usage
    }

    /// basicConstraints.
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.basic_constraints
    }
}

/// Reads the field `extensions`.
// RFC 5280 sections 4.1 and 4.2
pub(crate) fn read(mut field: Reader<'_>, flaws: &mut Vec<Flaw>) -> Result<Extensions, DerError> {
    let mut list = field.open(tag::SEQUENCE)?;
    field.finish()?;
    let mut extensions = Extensions {
        present: true,
        ..Extensions::default()
    };
    if list.is_empty() {
        flaws.push(Flaw {
            demand: Demand::StrictDer,
            reason: Reason::MalformedExtension,
            clause: "RFC 5280 section 4.1",
            detail: "an empty list of extensions".to_owned(),
        });
    }
    extensions.entries.reserve(12);
    while !list.is_empty() {
        let entry = read_entry(list.open(tag::SEQUENCE)?, flaws)?;
        extensions.entries.push(entry);
        let Some(known) = entry.known else { continue };
        if extensions.has(known) {
            continue;
        }
        extensions.seen |= known.bit();
        extensions.critical |= if entry.critical { known.bit() } else { 0 };
        if let Err(error) = extensions.read_value(known, list.reader_of(entry.value), flaws) {
            extensions.malformed |= known.bit();
            let mut flaw = malformed(known, error);
            if known == Known::NameConstraints
                && error.fault == DerFault::Value
                && let Some(start) = error.offset.checked_sub(entry.value.start())
                && let Some(value) = list
                    .bytes(entry.value)
                    .get(start..)
                    .and_then(describe_subtree)
            {
                flaw.detail.push_str(&format!(": {value}"));
            }
            flaws.push(flaw);
        }
        if known == Known::CertificatePolicies && !extensions.is_malformed(known) {
            let value = list.reader_of(entry.value);
            check_qualifiers(value, entry.critical, flaws)?;
        }
        check_criticality(known, entry.critical, flaws);
    }
    check_duplicates(&extensions.entries, &list, flaws);
    Ok(extensions)
}

fn malformed(known: Known, error: DerError) -> Flaw {
    let reason = match known {
        Known::NameConstraints => Reason::UnsupportedNameConstraint,
        _ => Reason::MalformedExtension,
    };
    Flaw {
        demand: Demand::Always,
        reason,
        clause: known.clause(),
        detail: format!("{}: {error}", known.name()),
    }
}

fn read_entry(mut entry: Reader<'_>, flaws: &mut Vec<Flaw>) -> Result<Entry, DerError> {
    let oid = entry.oid()?;
    let critical = if entry.peek() == Some(tag::BOOLEAN) {
        let before = entry;
        let critical = match entry.boolean() {
            Ok(critical) => critical,
            Err(error) => {
                // BER's other spellings of TRUE; a reader can go on.
                entry = before;
                entry.element()?;
                flaws.push(encoding("X.690 section 11.1", error));
                true
            }
        };
        if !critical {
            flaws.push(encoding(
                "X.690 section 11.5",
                before.fault(DerFault::DefaultWritten),
            ));
        }
        critical
    } else {
        false
    };
    let value = entry.expect(tag::OCTET_STRING)?.contents;
    entry.finish()?;
    Ok(Entry {
        oid,
        critical,
        known: Known::from_oid(entry.bytes(oid)),
        value,
    })
}

pub(super) fn encoding(clause: Clause, error: DerError) -> Flaw {
    Flaw {
        demand: Demand::StrictDer,
        reason: Reason::MalformedDer,
        clause,
        detail: error.to_string(),
    }
}

// RFC 5280 section 4.2.1: each extension's own words on criticality
fn check_criticality(known: Known, critical: bool, flaws: &mut Vec<Flaw>) {
    let word = match (known.criticality(), critical) {
        (Criticality::Must, false) => "must be critical and is not",
        (Criticality::MustNot, true) => "must not be critical and is",
        _ => return,
    };
    flaws.push(Flaw {
        demand: Demand::Conformance,
        reason: Reason::WrongCriticality,
        clause: known.clause(),
        detail: format!("{} {word}", known.name()),
    });
}

// RFC 5280 section 4.2
fn check_duplicates(entries: &[Entry], list: &Reader<'_>, flaws: &mut Vec<Flaw>) {
    let mut report = |oid: &[u8]| {
        flaws.push(Flaw {
            demand: Demand::Always,
            reason: Reason::DuplicateExtension,
            clause: Reason::DuplicateExtension.clause(),
            detail: match Known::from_oid(oid) {
                Some(known) => format!("{} stands twice", known.name()),
                None => format!("extension {} stands twice", dotted(oid)),
            },
        });
    };
    // Pairs are fewest work for the handful that certificates have; sorting keeps hostile lists linear enough.
    if entries.len() <= 24 {
        for (index, entry) in entries.iter().enumerate() {
            let oid = list.bytes(entry.oid);
            // Two that are known are one when they are known as one.
            let mut earlier = entries[..index].iter();
            if earlier.any(|earlier| {
                earlier.known == entry.known
                    && (entry.known.is_some() || list.bytes(earlier.oid) == oid)
            }) {
                report(oid);
            }
        }
        return;
    }
    let mut oids: Vec<_> = entries.iter().map(|entry| list.bytes(entry.oid)).collect();
    oids.sort_unstable();
    let duplicates = oids
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| pair[0]);
    duplicates.take(4).for_each(&mut report);
}

impl Extensions {
    fn read_value(
        &mut self,
        known: Known,
        mut value: Reader<'_>,
        flaws: &mut Vec<Flaw>,
    ) -> Result<(), DerError> {
        match known {
            Known::AuthorityKeyIdentifier => {
                self.authority_key_identifier = Some(read_authority_key_identifier(&mut value)?);
            }
            Known::SubjectKeyIdentifier => {
                self.subject_key_identifier = Some(value.expect(tag::OCTET_STRING)?.contents);
            }
            Known::KeyUsage => self.key_usage = Some(read_key_usage(&mut value, flaws)?),
            Known::SubjectAltName => {
                self.subject_alt_name = Some(read_list(&mut value, general_name::check_names)?);
            }
            Known::IssuerAltName => {
                read_list(&mut value, general_name::check_names)?;
            }
            Known::BasicConstraints => {
                self.basic_constraints = Some(read_basic_constraints(&mut value, flaws)?)
            }
            Known::NameConstraints => {
                self.name_constraints = Some(read_name_constraints(&mut value)?)
            }
            Known::CertificatePolicies => {
                self.certificate_policies = Some(read_list(&mut value, check_policies)?);
            }
            Known::PolicyMappings => {
                self.policy_mappings = Some(read_list(&mut value, check_mappings)?)
            }
            Known::PolicyConstraints => {
                self.policy_constraints = Some(read_policy_constraints(&mut value, flaws)?)
            }
            Known::InhibitAnyPolicy => {
                self.inhibit_any_policy = Some(read_skip_certs(&mut value, tag::INTEGER)?)
            }
            Known::ExtendedKeyUsage => {
                self.extended_key_usage = Some(read_list(&mut value, check_oids)?)
            }
            Known::CrlDistributionPoints => {
                self.crl_distribution_points =
                    Some(read_list(&mut value, check_distribution_points)?);
            }
            Known::FreshestCrl => {
                self.freshest_crl = Some(read_list(&mut value, check_distribution_points)?)
            }
            Known::AuthorityInfoAccess => {
                self.authority_info_access =
                    Some(read_list(&mut value, check_access_descriptions)?);
            }
            Known::SubjectInfoAccess => {
                read_list(&mut value, check_access_descriptions)?;
            }
            Known::SubjectDirectoryAttributes => {
                read_list(&mut value, |list| {
                    if list.is_empty() {
                        Err(list.fault(DerFault::Empty))
                    } else {
                        Ok(())
                    }
                })?;
            }
        }
        value.finish()
    }
}

/// The object identifiers in a list that was checked when it was read, as their contents.
pub(crate) fn oids(buffer: &[u8], place: Option<Span>) -> impl Iterator<Item = &[u8]> {
    let mut reader = place.map(|place| Reader::inside(buffer, place));
    std::iter::from_fn(move || {
        let reader = reader.as_mut().filter(|reader| !reader.is_empty())?;
        let oid = reader.oid().ok()?;
        Some(reader.bytes(oid))
    })
}
