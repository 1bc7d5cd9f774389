//! Subtrees of names: whether one kind of name lies under a base of its kind.
//!
//! Apart from constraints, which know whose subtrees bind whom.

use super::{
    general_name::GeneralName,
    name::is_within,
    strict::{Reader, tag},
};

/// id-on-SmtpUTF8Mailbox, which mailbox constraints bind too.
// RFC 9598 section 6
const SMTP_UTF8_MAILBOX: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x09];

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

/// Labels of letters, digits, hyphens and underscores. A wildcard is no host name.
fn is_host_name(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
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

/// Whether a name lies in the subtree under a base.
pub(super) fn compare(name: &GeneralName<'_>, base: &GeneralName<'_>, side: Side) -> Match {
    match (name, base) {
        (GeneralName::Dns(name), GeneralName::Dns(base)) => compare_dns(name, base, side),
        (GeneralName::Email(name), GeneralName::Email(base)) => compare_mailbox(name, base),
        (GeneralName::Other { kind, value }, GeneralName::Email(base))
            if *kind == SMTP_UTF8_MAILBOX =>
        {
            match Reader::new(value).and_then(|mut reader| reader.expect(tag::UTF8_STRING)) {
                Ok(element) => std::str::from_utf8(element.contents.of(value))
                    .map_or(Match::Unclear, |mailbox| compare_mailbox(mailbox, base)),
                Err(_) => Match::Unclear,
            }
        }
        (GeneralName::Uri(name), GeneralName::Uri(base)) => compare_uri(name, base),
        (GeneralName::Directory(name), GeneralName::Directory(base)) => {
            is_within(name, base).into()
        }
        (GeneralName::Ip(name), GeneralName::Ip(base)) => compare_ip(name, base),
        (GeneralName::Other { kind, .. }, GeneralName::Other { kind: base, .. })
            if kind == base =>
        {
            Match::Unclear
        }
        (GeneralName::RegisteredId(_), GeneralName::RegisteredId(_))
        | (GeneralName::X400, GeneralName::X400)
        | (GeneralName::EdiParty, GeneralName::EdiParty) => Match::Unclear,
        _ => Match::OtherKind,
    }
}

/// Zero or more labels may be added on the left.
///
/// A wildcard stands for every label: it is permitted when all of them are,
/// and excluded when one of them is (CVE-2025-61727).
fn compare_dns(name: &str, base: &str, side: Side) -> Match {
    let rest = name.strip_prefix("*.");
    if !is_host_name(rest.unwrap_or(name)) {
        return Match::Unclear;
    }
    if side == Side::Excluded
        && let (Some(rest), Some((_, above))) = (rest, base.split_once('.'))
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
fn compare_mailbox(name: &str, base: &str) -> Match {
    let Some((local, host)) = name
        .rsplit_once('@')
        .filter(|(local, host)| !local.is_empty() && !host.is_empty())
    else {
        return Match::Unclear;
    };
    if let Some((base_local, base_host)) = base.rsplit_once('@') {
        return (local == base_local && host.eq_ignore_ascii_case(base_host)).into();
    }
    match base.strip_prefix('.') {
        Some(domain) => (host.len() > domain.len() && is_host_within(host, domain)).into(),
        None => host.eq_ignore_ascii_case(base).into(),
    }
}

/// The host of a URI. One without a host, or with an address, cannot be constrained.
fn compare_uri(name: &str, base: &str) -> Match {
    let Some(host) = uri_host(name)
        .filter(|host| is_host_name(host) && host.parse::<std::net::Ipv4Addr>().is_err())
    else {
        return Match::Unclear;
    };
    match base.strip_prefix('.') {
        Some(domain) => (host.len() > domain.len() && is_host_within(host, domain)).into(),
        None => host.eq_ignore_ascii_case(base).into(),
    }
}

// RFC 3986 section 3.2
fn uri_host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    Some(host.split_once(':').map_or(host, |(host, _)| host))
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
            assert_eq!(
                compare(&name, &base, Side::Permitted),
                wanted,
                "{name:?} under {base:?}"
            );
        }
    }

    #[test]
    fn a_wildcard_that_could_stand_for_an_excluded_name_is_excluded() {
        let wildcard = GeneralName::Dns("*.example.com");
        assert_eq!(
            compare(
                &wildcard,
                &GeneralName::Dns("bar.example.com"),
                Side::Excluded
            ),
            Match::Inside
        );
        assert_eq!(
            compare(
                &wildcard,
                &GeneralName::Dns("a.bar.example.com"),
                Side::Excluded
            ),
            Match::Outside
        );
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
