//! The forms of host names, mailboxes and URIs: what is one, and where its parts end.
//!
//! Apart from the kinds of name, because rules on certificates, constraints and
//! peers must cut a name at the same place. What two readers cut differently
//! is neither permitted nor excluded by a constraint: it is refused.

use super::strict::{Reader, tag};

/// id-on-SmtpUTF8Mailbox.
// RFC 9598 section 3
pub(super) const SMTP_UTF8_MAILBOX: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x09];

/// Labels of letters, digits, hyphens and underscores. A wildcard is no host name.
pub(super) fn is_host_name(text: &str) -> bool {
    has_labels(text, |label| {
        label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

/// Letters, digits and hyphens, a wildcard alone as the leftmost label.
// RFC 1034 section 3.5; RFC 1123 section 2.1
pub(super) fn is_preferred_name(text: &str) -> bool {
    let labels = text.strip_prefix("*.").unwrap_or(text);
    text == "*"
        || has_labels(labels, |label| {
            label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

// RFC 1035 section 2.3.4: 63 octets for a label and 255 for a name, on the wire
fn has_labels(text: &str, is_label: impl Fn(&str) -> bool) -> bool {
    text.len() <= 253
        && text
            .split('.')
            .all(|label| (1..=63).contains(&label.len()) && is_label(label))
}

/// A mailbox of which every reader sees the same local part and the same host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mailbox<'a> {
    /// As written, with the quotes of a quoted string.
    pub(super) local: &'a str,
    /// A host name, or an address in brackets.
    pub(super) host: &'a str,
}

impl<'a> Mailbox<'a> {
    /// Reads an rfc822Name.
    // RFC 5321 sections 4.1.2 and 4.5.3.1
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        text.is_ascii()
            .then(|| Self::split(text))
            .flatten()
            .filter(|mailbox| mailbox.local.len() <= 64)
    }

    /// Reads the DER of an SmtpUTF8Mailbox: a host name in ASCII, and a local part that is not,
    /// as one in ASCII alone must be an rfc822Name.
    // RFC 9598 section 3
    pub(super) fn parse_international(der: &'a [u8]) -> Option<Self> {
        Self::split(international_text(der)?)
            .filter(|mailbox| !mailbox.local.is_ascii() && is_preferred_name(mailbox.host))
    }

    fn split(text: &'a str) -> Option<Self> {
        // A longer one is no address, and must not be gone through.
        if text.len() > 1024 {
            return None;
        }
        let (local, host) = text.rsplit_once('@')?;
        let literal = host
            .strip_prefix('[')
            .and_then(|inside| inside.strip_suffix(']'))
            .is_some_and(is_address_literal);
        let sound = (is_dot_atom(local) || is_quoted(local)) && (literal || is_host_name(host));
        sound.then_some(Self { local, host })
    }

    /// Whether the local part is a quoted string, which can be another spelling of an atom.
    pub(super) fn is_quoted(&self) -> bool {
        self.local.starts_with('"')
    }
}

/// The text of an SmtpUTF8Mailbox, when its value is a UTF8String.
pub(super) fn international_text(der: &[u8]) -> Option<&str> {
    let mut reader = Reader::new(der).ok()?;
    let element = reader.expect(tag::UTF8_STRING).ok()?;
    std::str::from_utf8(element.contents.of(der)).ok()
}

// RFC 5322 section 3.2.3; RFC 6532 section 3.2
fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| {
        !atom.is_empty()
            && atom.chars().all(|character| {
                character.is_ascii_alphanumeric()
                    || "!#$%&'*+-/=?^_`{|}~".contains(character)
                    || is_wide(character)
            })
    })
}

// RFC 5321 section 4.1.2: qtextSMTP and quoted-pairSMTP
fn is_quoted(local: &str) -> bool {
    let Some(inside) = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return false;
    };
    let mut escaped = false;
    let sound = inside.chars().all(|character| {
        let fits = matches!(character, ' '..='~') || is_wide(character) && !escaped;
        let special = matches!(character, '"' | '\\');
        let closes = special && !escaped && character == '"';
        escaped = special && !escaped && character == '\\';
        fits && !closes
    });
    sound && !escaped && local.len() > 2
}

/// Beyond ASCII, and neither a control nor white, which readers strip or map.
fn is_wide(character: char) -> bool {
    !character.is_ascii() && !character.is_control() && !character.is_whitespace()
}

// RFC 5321 section 4.1.3
fn is_address_literal(inside: &str) -> bool {
    match inside.strip_prefix("IPv6:") {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => inside.parse::<std::net::Ipv4Addr>().is_ok(),
    }
}

/// A URI with a scheme, in the characters and the order of its standard.
// RFC 3986 sections 2, 3 and 3.1
pub(super) fn is_absolute_uri(text: &str) -> bool {
    split_uri(text).is_some_and(|(_, rest)| !rest.is_empty())
}

/// Whether the host of a URI is a name or an address, where it has an authority at all.
// RFC 5280 section 4.2.1.6
pub(super) fn has_host_if_any(text: &str) -> bool {
    let Some(authority) = split_uri(text).and_then(|(_, rest)| authority(rest)) else {
        return true;
    };
    let (_, host, _) = split_authority(authority);
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    is_host_name(host)
        || address.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
}

/// The host of a URI, when it has one that every reader finds at the same place.
// RFC 3986 section 3.2
pub(super) fn uri_host(uri: &str) -> Option<&str> {
    let (_, rest) = split_uri(uri)?;
    let (user, host, port) = split_authority(authority(rest)?);
    let sound = !user.contains(['@', '[', ']'])
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && is_host_name(host);
    sound.then_some(host)
}

/// The scheme and what follows its colon.
fn split_uri(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let mut left = rest.as_bytes();
    while let [first, after @ ..] = left {
        left = match (first, after) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                after
            }
            (b'%', _) => return None,
            _ if first.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(first) => {
                after
            }
            _ => return None,
        };
    }
    // Brackets hold the address of a host and stand nowhere else; there is one fragment.
    let host = authority(rest).map_or("", |authority| split_authority(authority).1);
    let brackets = |text: &str| text.matches(['[', ']']).count();
    let sound = is_scheme
        && brackets(rest) == brackets(host)
        && (brackets(host) == 0 || host.starts_with('[') && brackets(host) == 2)
        && rest.matches('#').count() <= 1;
    sound.then_some((scheme, rest))
}

/// What stands between the two slashes and the path, where there is a host.
fn authority(rest: &str) -> Option<&str> {
    rest.strip_prefix("//")?.split(['/', '?', '#']).next()
}

/// User, host and port of an authority. An address keeps its brackets.
fn split_authority(authority: &str) -> (&str, &str, &str) {
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let end = host.rfind(']').map_or(0, |bracket| bracket + 1);
    let colon = host[end..].find(':').map_or(host.len(), |at| end + at);
    let port = host[colon..].strip_prefix(':').unwrap_or("");
    (user, &host[..colon], port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_their_standards_say() {
        for good in ["example.com", "*.example.com", "a-b.c1", "xn--n3h.com"] {
            assert!(is_preferred_name(good), "{good}");
        }
        for bad in [
            "",
            ".example.com",
            "example.com.",
            "foo_bar.com",
            "a.*.com",
            "x*.com",
            "-a.com",
            "a b.com",
        ] {
            assert!(!is_preferred_name(bad), "{bad}");
        }
        for (text, absolute) in [
            ("spiffe://a/b", true),
            ("urn:x:y", true),
            ("http://[2001:db8::1]:8080/a?b=c#d", true),
            ("http://a/%41", true),
            ("//a/b", false),
            ("a b:c", false),
            ("a:\0", false),
            ("http://evil.example\\@good.example", false),
            ("http://a/<b>", false),
            ("http://a/%4", false),
            ("http://a/#b#c", false),
            ("http://a/[b]", false),
        ] {
            assert_eq!(is_absolute_uri(text), absolute, "{text:?}");
        }
        for (text, has_host) in [
            ("spiffe://a/b", true),
            ("urn:x:y", true),
            ("http://[2001:db8::1]:8080/", true),
            ("http://192.0.2.1/", true),
            ("http://user@host.example:1/", true),
            ("http:///a", false),
            ("http://:8080/a", false),
            ("http://user@/a", false),
            ("http://[a]/", false),
            ("http://a..b/", false),
        ] {
            assert_eq!(has_host_if_any(text), has_host, "{text:?}");
        }
    }

    #[test]
    fn a_mailbox_is_cut_in_one_way_or_not_at_all() {
        let table = [
            ("a@example.com", Some(("a", "example.com"))),
            ("a.b+c@example.com", Some(("a.b+c", "example.com"))),
            ("\"a b\"@example.com", Some(("\"a b\"", "example.com"))),
            (
                "\"a@evil.com\"@example.com",
                Some(("\"a@evil.com\"", "example.com")),
            ),
            ("a@[192.0.2.1]", Some(("a", "[192.0.2.1]"))),
            ("a@[IPv6:2001:db8::1]", Some(("a", "[IPv6:2001:db8::1]"))),
            ("a", None),
            ("@example.com", None),
            ("a@", None),
            ("a b@example.com", None),
            ("a@ex ample.com", None),
            ("a..b@c.d", None),
            ("a@b@c.d", None),
            ("b@evil.com,a@good.com", None),
            ("a@evil.com.", None),
            ("a@evil.com ", None),
            ("<a@evil.com>", None),
            ("a@evil.com(x)", None),
            ("a@evil.com:25", None),
            ("a@evil.com\0", None),
            ("a@*.evil.com", None),
            ("a@[evil.com]", None),
            ("\"a\"b\"@c.d", None),
            ("\"a\\\"@c.d", None),
            ("ö@c.d", None),
        ];
        for (text, wanted) in table {
            let found = Mailbox::parse(text).map(|mailbox| (mailbox.local, mailbox.host));
            assert_eq!(found, wanted, "{text:?}");
        }
    }

    #[test]
    fn an_international_mailbox_has_a_host_in_ascii_and_a_local_part_beyond_it() {
        let value = |string_tag: u8, text: &str| {
            let mut der = vec![string_tag, text.len() as u8];
            der.extend_from_slice(text.as_bytes());
            der
        };
        for (text, good) in [
            ("ö@evil.com", true),
            ("ö@xn--mller-kva.de", true),
            ("ö@müller.de", false),
            ("ö@evil.com.", false),
            ("ö@evil。com", false),
            ("ö@evil．com", false),
            ("ö", false),
            ("o@evil.com", false),
            ("ö\0@evil.com", false),
            ("ö\u{85}@evil.com", false),
        ] {
            let der = value(tag::UTF8_STRING, text);
            assert_eq!(Mailbox::parse_international(&der).is_some(), good, "{text}");
        }
        let other_string = value(tag::IA5_STRING, "ö@evil.com");
        assert_eq!(Mailbox::parse_international(&other_string), None);
        assert_eq!(Mailbox::parse_international(&[0x02, 0x01, 0x05]), None);
    }

    #[test]
    fn a_uri_has_a_host_that_every_reader_finds_or_none() {
        let table = [
            ("https://u:p@example.com:8443/x@y", Some("example.com")),
            ("https://example.com", Some("example.com")),
            ("https://example.com?a", Some("example.com")),
            ("https://example.com:/", Some("example.com")),
            ("http://evil.com\\@example.org/a", None),
            ("http://evil.com@a@example.org/", None),
            ("http://evil.com:a@b:c/", None),
            ("http:x://example.org/", None),
            ("http:/example.org/", None),
            ("http://example.org\t/", None),
            ("http://example%2eorg/", None),
            ("http://example.org./", None),
            ("http://[2001:db8::1]/", None),
            ("urn:example:a", None),
        ];
        for (uri, host) in table {
            assert_eq!(uri_host(uri), host, "{uri:?}");
        }
    }
}
