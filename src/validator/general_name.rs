//! GeneralName: one of the nine kinds of name that extensions hold.
//!
//! Reading is apart from judging. Which names a purpose needs is for
//! `peer_name` and `identity`; which a CA may issue is for `constraint`.

use std::net::IpAddr;

use super::{
    name_form::{SMTP_UTF8_MAILBOX, international_text},
    strict::{DerError, DerFault, Reader, Span, tag},
    visible::visible,
};

/// One name, borrowed from the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GeneralName<'a> {
    /// otherName: its type (contents of the object identifier) and its value's DER.
    Other {
        /// The contents of the object identifier.
        kind: &'a [u8],
        /// The value, header included.
        value: &'a [u8],
    },
    /// rfc822Name.
    Email(&'a str),
    /// dNSName.
    Dns(&'a str),
    /// x400Address, which nobody reads.
    X400,
    /// directoryName, as the DER of the Name.
    Directory(&'a [u8]),
    /// ediPartyName, which nobody reads.
    EdiParty,
    /// uniformResourceIdentifier.
    Uri(&'a str),
    /// iPAddress: 4 or 16 octets, twice as many in a name constraint.
    Ip(&'a [u8]),
    /// registeredID, as the contents of the object identifier.
    RegisteredId(&'a [u8]),
}

impl<'a> GeneralName<'a> {
    /// Reads the next name.
    // RFC 5280 section 4.2.1.6
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, DerError> {
        let name = Self::read_again(reader)?;
        if let Self::Directory(contents) = name {
            let start = reader.offset() - contents.len();
            super::name::check_name(contents).map_err(|error| DerError {
                offset: error.offset + start,
                ..error
            })?;
        }
        Ok(name)
    }

    /// Reads a name that was checked before: a directoryName is not gone through again.
    pub(crate) fn read_again(reader: &mut Reader<'a>) -> Result<Self, DerError> {
        let before = *reader;
        let element = reader.element()?;
        let contents = reader.bytes(element.contents);
        let text = || {
            std::str::from_utf8(contents)
                .ok()
                .filter(|text| text.is_ascii())
                .ok_or(before.fault(DerFault::Character))
        };
        Ok(match element.tag {
            0xa0 => {
                let mut inside = reader.enter(element);
                let kind = inside.oid()?;
                let wrapper = inside.expect(tag::context_constructed(0))?;
                inside.finish()?;
                let mut wrapped = inside.enter(wrapper);
                let value = wrapped.element()?;
                wrapped.finish()?;
                Self::Other {
                    kind: reader.bytes(kind),
                    value: reader.bytes(value.whole),
                }
            }
            0x81 => Self::Email(text()?),
            0x82 => Self::Dns(text()?),
            0xa3 => {
                let mut inside = reader.enter(element);
                while !inside.is_empty() {
                    inside.element()?;
                }
                Self::X400
            }
            0xa4 => Self::Directory(contents),
            0xa5 => {
                let mut inside = reader.enter(element);
                let assigner = inside.optional(tag::context_constructed(0))?;
                let party = inside.expect(tag::context_constructed(1))?;
                inside.finish()?;
                for text in assigner.into_iter().chain([party]) {
                    let mut text = inside.enter(text);
                    text.element()?;
                    text.finish()?;
                }
                Self::EdiParty
            }
            0x86 => Self::Uri(text()?),
            0x87 => Self::Ip(contents),
            0x88 => {
                super::strict::check_oid(contents).map_err(|fault| before.fault(fault))?;
                Self::RegisteredId(contents)
            }
            found => {
                return Err(before.fault(DerFault::UnexpectedTag {
                    expected: 0x82,
                    found,
                }));
            }
        })
    }

    /// The word for the kind of name, as openssl and people say it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Other { kind, .. } if *kind == SMTP_UTF8_MAILBOX => "UTF-8 mailbox",
            Self::Other { .. } => "other name",
            Self::Email(_) => "mailbox",
            Self::Dns(_) => "DNS name",
            Self::X400 => "X.400 address",
            Self::Directory(_) => "directory name",
            Self::EdiParty => "EDI party",
            Self::Uri(_) => "URI",
            Self::Ip(_) => "IP address",
            Self::RegisteredId(_) => "registered ID",
        }
    }

    /// The name as people write it, what is not seen escaped.
    pub fn display(&self) -> String {
        match self {
            Self::Other { kind, value } if *kind == SMTP_UTF8_MAILBOX => international_text(value)
                .map_or_else(|| "a value that is no UTF8String".to_owned(), visible),
            Self::Other { kind, .. } => super::strict::dotted(kind),
            Self::Email(text) | Self::Dns(text) | Self::Uri(text) => visible(text),
            Self::Directory(der) => super::name_text::display_name(der),
            Self::Ip(octets) => ip_address(octets).map_or_else(
                || format!("{} octets that are no IP address", octets.len()),
                |address| address.to_string(),
            ),
            Self::RegisteredId(oid) => super::strict::dotted(oid),
            Self::X400 | Self::EdiParty => self.kind().to_owned(),
        }
    }
}

/// An address of 4 or 16 octets.
pub(crate) fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Some(IpAddr::from(four));
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}

/// Checks a `SEQUENCE SIZE (1..MAX) OF GeneralName` as a subject or issuer alternative name.
pub(crate) fn check_names(mut names: Reader<'_>) -> Result<(), DerError> {
    if names.is_empty() {
        return Err(names.fault(DerFault::Empty));
    }
    while !names.is_empty() {
        let before = names;
        if let GeneralName::Ip(octets) = GeneralName::read(&mut names)?
            && ip_address(octets).is_none()
        {
            return Err(before.fault(DerFault::Value));
        }
    }
    Ok(())
}

/// The names at a place that was checked when it was read.
pub(crate) fn names(buffer: &[u8], place: Option<Span>) -> impl Iterator<Item = GeneralName<'_>> {
    let mut reader = place.map(|place| Reader::inside(buffer, place));
    std::iter::from_fn(move || {
        let reader = reader.as_mut().filter(|reader| !reader.is_empty())?;
        GeneralName::read_again(reader).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_nobody_reads_are_still_held_to_their_syntax() {
        for (der, good) in [
            // An EDI party with and without an assigner.
            (&b"\xa5\x05\xa1\x03\x0c\x01x"[..], true),
            (b"\xa5\x0a\xa0\x03\x0c\x01y\xa1\x03\x0c\x01x", true),
            (b"\xa5\x00", false),
            (b"\xa5\x02\x86\x75", false),
            (b"\xa5\x05\xa0\x03\x0c\x01y", false),
            (b"\xa5\x07\xa1\x05\x0c\x01x\x05\x00", false),
            // An X.400 address.
            (b"\xa3\x02\x30\x00", true),
            (b"\xa3\x02\x30\x75", false),
        ] {
            let read =
                Reader::new(der).and_then(|mut reader| GeneralName::read(&mut reader).map(|_| ()));
            assert_eq!(read.is_ok(), good, "{der:02x?}: {read:?}");
        }
    }
}
