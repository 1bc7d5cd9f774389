//! Subtrees of names: whether one kind of name lies under a base of its kind.
//!
//! Apart from constraints, which know whose subtrees bind whom.

use super::{
    general_name::GeneralName,
    name::PreparedName,
    name_form::{Mailbox, SMTP_UTF8_MAILBOX, is_host_name, uri_host},
};

/// Whether a base is of the form that its kind of name wants.
pub(super) fn is_sound_base(base: &GeneralName<'_>) -> bool {
    match base {
        GeneralName::Dns(base) => base.is_empty() || is_host_name(base),
        GeneralName::Email(base) => match base.rsplit_once('@') {
            Some((local, host)) => !local.is_empty() && !local.contains('@') && is_host_name(host),
            None => is_host_name(base.strip_prefix('.').unwrap_or(base)),
        },
        GeneralName::Uri(base) => is_host_name(base.strip_prefix('.').unwrap_or(base)),
        GeneralName::Ip(octets) => match octets.len() {
            8 | 32 => is_prefix_mask(&octets[octets.len() / 2..]),
            _ => false,
        },
        _ => true,
    }
}

// RFC 4632 section 3.1
fn is_prefix_mask(mask: &[u8]) -> bool {
    let mut ended = false;
    mask.iter().all(|&octet| {
        let whole =
            octet.leading_ones() + octet.trailing_zeros() == 8 || octet == 0xff || octet == 0;
        let fits = whole && (!ended || octet == 0);
        ended |= octet != 0xff;
        fits
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Permitted,
    Excluded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// The constraint says nothing of this kind of name.
    OtherKind,
    Inside,
    Outside,
    /// The name is malformed or of a kind that cannot be compared: fail closed.
    Unclear,
}

impl From<bool> for Match {
    fn from(inside: bool) -> Self {
        if inside { Self::Inside } else { Self::Outside }
    }
}

/// A name to be compared with many bases, gone through once.
///
/// What is `None` is not of the form of its kind: readers cut it at different places.
#[derive(Clone, Debug)]
pub(super) enum Subject<'a> {
    /// A host name, perhaps below a star.
    Dns(Option<&'a str>),
    /// An rfc822Name or an SmtpUTF8Mailbox, which mailbox constraints bind too.
    // RFC 9598 section 6
    Mailbox {
        mailbox: Option<Mailbox<'a>>,
        international: bool,
    },
    /// The host of a URI. One without a host, or with an address, cannot be constrained.
    UriHost(Option<&'a str>),
    Directory(PreparedName),
    Ip(&'a [u8]),
    Other(&'a [u8]),
    RegisteredId,
    X400,
    EdiParty,
}

impl<'a> From<&GeneralName<'a>> for Subject<'a> {
    fn from(name: &GeneralName<'a>) -> Self {
        match *name {
            GeneralName::Dns(name) => {
                Self::Dns(is_host_name(name.strip_prefix("*.").unwrap_or(name)).then_some(name))
            }
            GeneralName::Email(name) => Self::Mailbox {
                mailbox: Mailbox::parse(name).filter(|found| is_host_name(found.host)),
                international: false,
            },
            GeneralName::Other { kind, value } if kind == SMTP_UTF8_MAILBOX => Self::Mailbox {
                mailbox: Mailbox::parse_international(value),
                international: true,
            },
            GeneralName::Uri(name) => Self::UriHost(
                uri_host(name).filter(|host| host.parse::<std::net::Ipv4Addr>().is_err()),
            ),
            GeneralName::Directory(der) => Self::Directory(PreparedName::of(der)),
            GeneralName::Ip(octets) => Self::Ip(octets),
            GeneralName::Other { kind, .. } => Self::Other(kind),
            GeneralName::RegisteredId(_) => Self::RegisteredId,
            GeneralName::X400 => Self::X400,
            GeneralName::EdiParty => Self::EdiParty,
        }
    }
}

impl Subject<'_> {
    /// The octets that preparing it made.
    pub(super) fn prepared_octets(&self) -> usize {
        match self {
            Self::Directory(prepared) => prepared.len(),
            _ => 0,
        }
    }
}

/// A base, with what comparing needs of it.
#[derive(Clone, Debug)]
pub(super) struct Base<'a> {
    pub(super) name: GeneralName<'a>,
    prepared: Option<PreparedName>,
}

impl<'a> Base<'a> {
    pub(super) fn new(name: GeneralName<'a>) -> Self {
        let prepared = match name {
            GeneralName::Directory(der) => Some(PreparedName::of(der)),
            _ => None,
        };
        Self { name, prepared }
    }

    /// The octets that preparing it made.
    pub(super) fn prepared_octets(&self) -> usize {
        self.prepared.as_ref().map_or(0, PreparedName::len)
    }
}

/// Whether a name lies in the subtree under a base.
pub(super) fn compare(name: &Subject<'_>, base: &Base<'_>, side: Side) -> Match {
    match (name, &base.name) {
        (Subject::Dns(name), GeneralName::Dns(base)) => {
            name.map_or(Match::Unclear, |name| compare_dns(name, base, side))
        }
        (Subject::Mailbox { mailbox, .. }, GeneralName::Email(base)) => mailbox
            .as_ref()
            .map_or(Match::Unclear, |mailbox| compare_mailbox(mailbox, base)),
        (Subject::UriHost(host), GeneralName::Uri(base)) => {
            host.map_or(Match::Unclear, |host| compare_domain(host, base))
        }
        (Subject::Directory(name), GeneralName::Directory(_)) => base
            .prepared
            .as_ref()
            .map_or(Match::Unclear, |base| name.is_within(base).into()),
        (Subject::Ip(name), GeneralName::Ip(base)) => compare_ip(name, base),
        (Subject::Other(kind), GeneralName::Other { kind: base, .. }) if kind == base => {
            Match::Unclear
        }
        (
            Subject::Mailbox {
                international: true,
                ..
            },
            GeneralName::Other { kind, .. },
        ) if *kind == SMTP_UTF8_MAILBOX => Match::Unclear,
        (Subject::RegisteredId, GeneralName::RegisteredId(_))
        | (Subject::X400, GeneralName::X400)
        | (Subject::EdiParty, GeneralName::EdiParty) => Match::Unclear,
        _ => Match::OtherKind,
    }
}

/// Zero or more labels may be added on the left.
///
/// A wildcard stands for every label: it is permitted when all of them are,
/// and excluded when one of them is (CVE-2025-61727).
fn compare_dns(name: &str, base: &str, side: Side) -> Match {
    if side == Side::Excluded
        && let (Some(rest), Some((_, above))) = (name.strip_prefix("*."), base.split_once('.'))
        && rest.eq_ignore_ascii_case(above)
    {
        return Match::Inside;
    }
    is_host_within(name, base).into()
}

/// Whether a host is a domain or lies below it.
fn is_host_within(host: &str, domain: &str) -> bool {
    if domain.is_empty() {
        return true;
    }
    let Some(split) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    // Both are ASCII, but a hostile one might not be cut at a character.
    host.get(split..)
        .is_some_and(|end| end.eq_ignore_ascii_case(domain))
        && (split == 0 || host.as_bytes()[split - 1] == b'.')
}

/// A mailbox, a host, or a domain with a leading period.
fn compare_mailbox(name: &Mailbox<'_>, base: &str) -> Match {
    let Some((base_local, base_host)) = base.rsplit_once('@') else {
        return compare_domain(name.host, base);
    };
    if !name.host.eq_ignore_ascii_case(base_host) {
        return Match::Outside;
    }
    match name.local == base_local {
        true => Match::Inside,
        // Quoted and not, one local part has several spellings.
        false if name.is_quoted() || base_local.starts_with('"') => Match::Unclear,
        false => Match::Outside,
    }
}

/// A host, or a domain with a leading period for all that is below.
fn compare_domain(host: &str, base: &str) -> Match {
    match base.strip_prefix('.') {
        Some(domain) => (host.len() > domain.len() && is_host_within(host, domain)).into(),
        None => host.eq_ignore_ascii_case(base).into(),
    }
}

fn compare_ip(name: &[u8], base: &[u8]) -> Match {
    if base.len() != 2 * name.len() {
        return if name.len() == 4 || name.len() == 16 {
            Match::Outside
        } else {
            Match::Unclear
        };
    }
    let (address, mask) = base.split_at(name.len());
    let inside = name
        .iter()
        .zip(address)
        .zip(mask)
        .all(|((name, address), mask)| (name ^ address) & mask == 0);
    inside.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_each_kind_defines() {
        use GeneralName::{Dns, Email, Ip, Uri};
        use Match::{Inside, OtherKind, Outside, Unclear};
        let table = [
            (Dns("example.com"), Dns("example.com"), Inside),
            (Dns("a.B.example.com"), Dns("EXAMPLE.com"), Inside),
            (Dns("notexample.com"), Dns("example.com"), Outside),
            (Dns("example.com"), Dns("a.example.com"), Outside),
            (Dns("x.org"), Dns(""), Inside),
            (Dns("*.example.com"), Dns("example.com"), Inside),
            (Dns("*.example.com"), Dns("a.example.com"), Outside),
            (Dns(".example.com"), Dns("example.com"), Unclear),
            (Dns("x.org"), Email("x.org"), OtherKind),
            (Email("a@example.com"), Email("a@EXAMPLE.com"), Inside),
            (Email("A@example.com"), Email("a@example.com"), Outside),
            (Email("a@example.com"), Email("example.com"), Inside),
            (Email("a@b.example.com"), Email("example.com"), Outside),
            (Email("a@b.example.com"), Email(".example.com"), Inside),
            (Email("a@example.com"), Email(".example.com"), Outside),
            (Email("example.com"), Email("example.com"), Unclear),
            (
                Uri("https://u@example.com:8443/x"),
                Uri("example.com"),
                Inside,
            ),
            (Uri("https://a.example.com/"), Uri("example.com"), Outside),
            (Uri("https://a.example.com/"), Uri(".example.com"), Inside),
            (Uri("https://192.0.2.1/"), Uri("example.com"), Unclear),
            (Uri("urn:example:a"), Uri("example.com"), Unclear),
            (
                Ip(&[192, 0, 2, 9]),
                Ip(&[192, 0, 2, 0, 255, 255, 255, 0]),
                Inside,
            ),
            (
                Ip(&[192, 0, 3, 9]),
                Ip(&[192, 0, 2, 0, 255, 255, 255, 0]),
                Outside,
            ),
            (Ip(&[0; 16]), Ip(&[192, 0, 2, 0, 255, 255, 255, 0]), Outside),
        ];
        for (name, base, wanted) in table {
            let found = compare(&Subject::from(&name), &Base::new(base), Side::Permitted);
            assert_eq!(found, wanted, "{name:?} under {base:?}");
        }
    }

    #[test]
    fn names_of_an_odd_form_cannot_be_compared_whatever_the_constraint() {
        use GeneralName::{Dns, Email, Other, Uri};
        let international = |text: &str| {
            let mut der = vec![0x0c, text.len() as u8];
            der.extend_from_slice(text.as_bytes());
            der
        };
        let values: Vec<Vec<u8>> = [
            "ö@evil.com.",
            "ö@evil。com",
            "ö@müller.de",
            "ö",
            "o@evil.com",
        ]
        .into_iter()
        .map(international)
        .chain([vec![0x02, 0x01, 0x05]])
        .collect();
        let mailboxes = [
            "a@evil.com.",
            "a@evil.com ",
            "<a@evil.com>",
            "a@evil.com(x)",
            "a@evil.com:25",
            "a@evil.com\0",
            "b@evil.com,a@good.com",
            "a@evil.com@example.org",
            "a b@ex ample.org",
            "a@[192.0.2.1]",
            "a",
        ];
        let uris = [
            "http://evil.com\\@example.org/a",
            "http://evil.com@x@example.org/",
            "http://evil.com./",
            "http:evil.com",
        ];
        let names = mailboxes
            .map(|name| (Email(name), Email("example.org"), Email("evil.com")))
            .into_iter()
            .chain(uris.map(|name| (Uri(name), Uri("example.org"), Uri("evil.com"))))
            .chain([(Dns("evil.com."), Dns("example.org"), Dns("evil.com"))])
            .chain(values.iter().map(|value| {
                let name = Other {
                    kind: SMTP_UTF8_MAILBOX,
                    value,
                };
                (name, Email("example.org"), Email("evil.com"))
            }));
        for (name, permitted, excluded) in names {
            let subject = Subject::from(&name);
            for (base, side) in [(permitted, Side::Permitted), (excluded, Side::Excluded)] {
                let found = compare(&subject, &Base::new(base), side);
                assert_eq!(found, Match::Unclear, "{name:?} under {base:?}");
            }
        }
    }

    #[test]
    fn an_international_mailbox_is_bound_by_the_constraints_of_mailboxes() {
        let value = [&[0x0c, 0x0b][..], "ö@evil.com".as_bytes()].concat();
        let name = GeneralName::Other {
            kind: SMTP_UTF8_MAILBOX,
            value: &value,
        };
        for (base, wanted) in [
            ("EVIL.com", Match::Inside),
            (".com", Match::Inside),
            ("example.org", Match::Outside),
        ] {
            let base = Base::new(GeneralName::Email(base));
            assert_eq!(
                compare(&Subject::from(&name), &base, Side::Excluded),
                wanted,
                "{base:?}"
            );
        }
    }

    #[test]
    fn a_quoted_local_part_does_not_escape_the_constraint_on_its_mailbox() {
        let name = Subject::from(&GeneralName::Email("\"a\"@example.com"));
        let base = |text| Base::new(GeneralName::Email(text));
        assert_eq!(
            compare(&name, &base("a@example.com"), Side::Excluded),
            Match::Unclear
        );
        assert_eq!(
            compare(&name, &base("a@example.org"), Side::Excluded),
            Match::Outside
        );
    }

    #[test]
    fn a_wildcard_that_could_stand_for_an_excluded_name_is_excluded() {
        let wildcard = Subject::from(&GeneralName::Dns("*.example.com"));
        for (base, wanted) in [
            ("bar.example.com", Match::Inside),
            ("a.bar.example.com", Match::Outside),
        ] {
            let base = Base::new(GeneralName::Dns(base));
            assert_eq!(compare(&wildcard, &base, Side::Excluded), wanted);
        }
    }

    #[test]
    fn bases_that_mean_nothing_are_malformed() {
        let bad = [
            GeneralName::Dns(".example.com"),
            GeneralName::Dns("*.example.com"),
            GeneralName::Email("a@b@example.com"),
            GeneralName::Uri("https://example.com"),
            GeneralName::Ip(&[192, 0, 2, 0]),
            GeneralName::Ip(&[192, 0, 2, 0, 255, 0, 255, 0]),
        ];
        for base in bad {
            assert!(!is_sound_base(&base), "{base:?}");
        }
        for mask in [
            [255, 255, 255, 0],
            [255, 255, 254, 0],
            [0, 0, 0, 0],
            [255, 255, 255, 255],
        ] {
            assert!(is_prefix_mask(&mask), "{mask:?}");
        }
    }
}
