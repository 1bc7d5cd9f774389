//! Distribution points: the places and scopes that tie a certificate to its CRLs.
//!
//! A certificate's `cRLDistributionPoints` and a CRL's
//! `issuingDistributionPoint` speak of the same names and reasons, so both are
//! read here (RFC 5280 sections 4.2.1.13 and 5.2.5).

use super::cursor::{Cursor, Element, ParseError, Problem, tag};

/// Reasons for revocation as a set: bit n stands for bit n of `ReasonFlags`.
///
/// RFC 5280 section 4.2.1.13. Bit 0 is unused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reasons(u16);

impl Reasons {
    /// No reason.
    pub const NONE: Self = Self(0);
    /// The eight reasons of RFC 5280: a status is complete when all are covered.
    pub const ALL: Self = Self(0b1_1111_1110);

    /// The reasons in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The reasons in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether every reason of RFC 5280 is in the set.
    pub const fn is_all(self) -> bool {
        self.0 & Self::ALL.0 == Self::ALL.0
    }

    /// RFC 5280 section 4.2.1.13: `ReasonFlags ::= BIT STRING`, of nine named bits.
    fn read(
        cursor: &Cursor<'_>,
        element: &Element,
        what: &'static str,
    ) -> Result<Self, ParseError> {
        let fail = ParseError {
            what,
            offset: element.start,
            problem: Problem::BadBitString,
        };
        let [unused, octets @ ..] = cursor.slice(&element.content) else {
            return Err(fail);
        };
        let padding = 0xff_u8
            .checked_shr(8 - u32::from(*unused).min(8))
            .unwrap_or(0);
        match octets.last() {
            Some(last) if *unused < 8 && last & padding == 0 => {}
            None if *unused == 0 => {}
            _ => return Err(fail),
        }
        let bits = octets
            .iter()
            .flat_map(|octet| (0..8).map(move |bit| octet & (0x80 >> bit) != 0));
        let set = bits
            .take(16)
            .enumerate()
            .fold(0, |set, (bit, on)| set | (u16::from(on) << bit));
        Ok(Self(set & Self::ALL.0))
    }
}

/// A GeneralName by its tag and content; a directoryName's content is the DER of its Name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PointName {
    pub(crate) tag: u8,
    pub(crate) content: Box<[u8]>,
}

impl PointName {
    /// The tag of a directoryName, RFC 5280 section 4.2.1.6.
    pub(crate) const DIRECTORY: u8 = tag::constructed(4);

    /// A directoryName for this DER of a Name.
    pub(crate) fn directory(name: &[u8]) -> Self {
        Self {
            tag: Self::DIRECTORY,
            content: name.into(),
        }
    }

    /// The DER of the Name, when it is a directoryName.
    pub(crate) fn as_directory(&self) -> Option<&[u8]> {
        (self.tag == Self::DIRECTORY).then_some(&*self.content)
    }

    /// A URI, with control characters escaped.
    pub(crate) fn as_uri(&self) -> Option<String> {
        let is_uri = self.tag == tag::primitive(6);
        is_uri.then(|| {
            self.content
                .escape_ascii()
                .take(256)
                .map(char::from)
                .collect()
        })
    }

    /// RFC 5280 section 4.2.1.6: GeneralNames are never empty.
    pub(crate) fn read_list(
        mut names: Cursor<'_>,
        what: &'static str,
    ) -> Result<Vec<Self>, ParseError> {
        if names.is_empty() {
            return Err(names.error(what, Problem::Empty));
        }
        let mut list = Vec::new();
        while !names.is_empty() {
            let name = names.element(what)?;
            list.push(Self {
                tag: name.tag,
                content: names.slice(&name.content).into(),
            });
        }
        Ok(list)
    }
}

/// The name of a distribution point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DistributionPointName {
    /// One or more full names.
    Full(Vec<PointName>),
    /// One RDN (the content of its SET) to append to the CRL issuer's name.
    RelativeToIssuer(Box<[u8]>),
}

impl DistributionPointName {
    /// RFC 5280 section 4.2.1.13: a CHOICE, so its `[0]` is explicit.
    fn read(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Option<Self>, ParseError> {
        let Some(outer) = cursor.optional(tag::constructed(0), what)? else {
            return Ok(None);
        };
        let mut inner = cursor.inside(&outer);
        let name = match inner.optional(tag::constructed(0), what)? {
            Some(full) => Self::Full(PointName::read_list(inner.inside(&full), what)?),
            None => {
                let relative = inner.expect(tag::constructed(1), what)?;
                Self::RelativeToIssuer(inner.slice(&relative.content).into())
            }
        };
        inner.finish(what)?;
        Ok(Some(name))
    }

    /// The full names, with an RDN appended to each of the issuers' names.
    pub(crate) fn resolve<'n>(&self, issuers: impl Iterator<Item = &'n [u8]>) -> Vec<PointName> {
        match self {
            Self::Full(names) => names.clone(),
            Self::RelativeToIssuer(rdn) => issuers
                .filter_map(|issuer| append_rdn(issuer, rdn))
                .map(|name| PointName::directory(&name))
                .collect(),
        }
    }
}

/// The DER of a Name with one more RDN at its end.
fn append_rdn(name: &[u8], rdn: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor::new(name);
    let sequence = cursor.expect(tag::SEQUENCE, "Name").ok()?;
    let mut set = vec![0x31];
    push_length(&mut set, rdn.len());
    set.extend_from_slice(rdn);
    let mut whole = vec![tag::SEQUENCE];
    push_length(&mut whole, sequence.content.len() + set.len());
    whole.extend_from_slice(&name[sequence.content]);
    whole.extend_from_slice(&set);
    Some(whole)
}

/// A DER length (X.690 section 10.1).
fn push_length(out: &mut Vec<u8>, length: usize) {
    if length < 0x80 {
        out.push(length as u8);
        return;
    }
    let digits = length.to_be_bytes();
    let significant = &digits[(length.leading_zeros() / 8) as usize..];
    out.push(0x80 | significant.len() as u8);
    out.extend_from_slice(significant);
}

/// One distribution point of a certificate, RFC 5280 section 4.2.1.13.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionPoint {
    /// Where the CRL is to be had.
    pub name: Option<DistributionPointName>,
    /// The reasons that the CRL there covers; absent, all of them.
    pub reasons: Option<Reasons>,
    /// Who signs the CRL, when that is not the certificate's issuer.
    pub crl_issuer: Option<Vec<PointName>>,
}

impl DistributionPoint {
    /// Reads a whole `CRLDistributionPoints`, as it stands in a CRL's freshestCRL.
    pub(crate) fn read_list(cursor: &mut Cursor<'_>) -> Result<Vec<Self>, ParseError> {
        Self::read_points(cursor.enter(tag::SEQUENCE, "cRLDistributionPoints")?)
    }

    /// Reads the points inside a `CRLDistributionPoints`, of which there is at least one.
    pub(crate) fn read_points(mut points: Cursor<'_>) -> Result<Vec<Self>, ParseError> {
        if points.is_empty() {
            return Err(points.error("cRLDistributionPoints", Problem::Empty));
        }
        let mut list = Vec::new();
        while !points.is_empty() {
            list.push(Self::read(
                points.enter(tag::SEQUENCE, "DistributionPoint")?,
            )?);
        }
        Ok(list)
    }

    fn read(mut fields: Cursor<'_>) -> Result<Self, ParseError> {
        let name = DistributionPointName::read(&mut fields, "distributionPoint")?;
        let reasons = fields
            .optional(tag::primitive(1), "reasons")?
            .map(|element| Reasons::read(&fields, &element, "reasons"))
            .transpose()?;
        let crl_issuer = fields
            .optional(tag::constructed(2), "cRLIssuer")?
            .map(|element| PointName::read_list(fields.inside(&element), "cRLIssuer"))
            .transpose()?;
        fields.finish("DistributionPoint")?;
        Ok(Self {
            name,
            reasons,
            crl_issuer,
        })
    }
}

/// The scope of a CRL, RFC 5280 section 5.2.5.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssuingDistributionPoint {
    /// The partition's name.
    pub name: Option<DistributionPointName>,
    /// End-entity certificates only.
    pub only_user_certificates: bool,
    /// CA certificates only.
    pub only_ca_certificates: bool,
    /// The reasons covered; absent, all of them.
    pub only_some_reasons: Option<Reasons>,
    /// Entries may name certificates of other issuers.
    pub indirect: bool,
    /// Attribute certificates only.
    pub only_attribute_certificates: bool,
}

impl IssuingDistributionPoint {
    /// RFC 5280 section 5.2.5: at most one of the three `onlyContains` may be true.
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, ParseError> {
        const WHAT: &str = "issuingDistributionPoint";
        let element = cursor.expect(tag::SEQUENCE, WHAT)?;
        // Section 5.2.5 as well: not an empty sequence.
        if element.content.is_empty() {
            return Err(ParseError {
                what: WHAT,
                offset: element.start,
                problem: Problem::Empty,
            });
        }
        let mut fields = cursor.inside(&element);
        let name = DistributionPointName::read(&mut fields, WHAT)?;
        let only_user_certificates =
            fields.default_false(tag::primitive(1), "onlyContainsUserCerts")?;
        let only_ca_certificates =
            fields.default_false(tag::primitive(2), "onlyContainsCACerts")?;
        let only_some_reasons = fields
            .optional(tag::primitive(3), "onlySomeReasons")?
            .map(|element| Reasons::read(&fields, &element, "onlySomeReasons"))
            .transpose()?;
        let indirect = fields.default_false(tag::primitive(4), "indirectCRL")?;
        let only_attribute_certificates =
            fields.default_false(tag::primitive(5), "onlyContainsAttributeCerts")?;
        fields.finish(WHAT)?;
        let exclusive = [
            only_user_certificates,
            only_ca_certificates,
            only_attribute_certificates,
        ];
        if exclusive.iter().filter(|only| **only).count() > 1 {
            return Err(ParseError {
                what: WHAT,
                offset: element.start,
                problem: Problem::NotAllowedHere,
            });
        }
        Ok(Self {
            name,
            only_user_certificates,
            only_ca_certificates,
            only_some_reasons,
            indirect,
            only_attribute_certificates,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_bit_by_bit_with_strict_padding() {
        let table: &[(&[u8], Option<u16>)] = &[
            (&[0x03, 0x02, 0x06, 0x40], Some(0b10)),
            (&[0x03, 0x03, 0x07, 0x7f, 0x80], Some(Reasons::ALL.0)),
            (&[0x03, 0x01, 0x00], Some(0)),
            (&[0x03, 0x02, 0x07, 0x40], None),
            (&[0x03, 0x02, 0x08, 0x00], None),
            (&[0x03, 0x01, 0x01], None),
            (&[0x03, 0x00], None),
        ];
        for (bytes, expected) in table {
            let mut cursor = Cursor::new(bytes);
            let element = cursor.expect(tag::BIT_STRING, "flags").expect("an element");
            let read = Reasons::read(&cursor, &element, "flags")
                .ok()
                .map(|reasons| reasons.0);
            assert_eq!(read, *expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn a_point_with_a_relative_name_resolves_against_every_issuer() {
        let issuer = [
            0x30, 0x0b, 0x31, 0x09, 0x30, 0x07, 0x06, 0x03, 0x55, 0x04, 0x03, 0x13, 0x00,
        ];
        let rdn = [0x30, 0x07, 0x06, 0x03, 0x55, 0x04, 0x0b, 0x13, 0x00];
        let name = DistributionPointName::RelativeToIssuer(rdn.into());
        let resolved = name.resolve([&issuer[..]].into_iter());
        let whole = resolved[0].as_directory().expect("a directory name");
        assert_eq!(whole[..2], [0x30, 0x16]);
        assert_eq!(whole[2..13], issuer[2..]);
        assert_eq!(whole[15..], rdn);
    }

    #[test]
    fn a_scope_may_not_exclude_itself() {
        let both = [0x30, 0x06, 0x81, 0x01, 0xff, 0x82, 0x01, 0xff];
        assert!(IssuingDistributionPoint::read(&mut Cursor::new(&both)).is_err());
        let written_default = [0x30, 0x03, 0x81, 0x01, 0x00];
        assert!(IssuingDistributionPoint::read(&mut Cursor::new(&written_default)).is_err());
        let user = [0x30, 0x03, 0x81, 0x01, 0xff];
        assert!(
            IssuingDistributionPoint::read(&mut Cursor::new(&user))
                .expect("a scope")
                .only_user_certificates
        );
    }
}
