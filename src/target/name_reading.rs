//! What webpki and AWS-LC find to be a name of its kind: they and the reference draw the line at
//! different places, in octets that no standard reads.
//!
//! Each function follows the source of its engine, so that a difference beyond these is told.

use crate::{
    der::{Node, Tree, tag},
    validator::{Certificate, Known, Span},
};

/// A kind of name whose syntax differs from reader to reader, by its tag in a GeneralName.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Mailbox = 0x81,
    Dns = 0x82,
    Uri = 0x86,
}

/// The alternative names of a certificate, of one kind.
pub(super) fn alternative_names(certificate: &Certificate, kind: Kind) -> Vec<Vec<u8>> {
    at(certificate, certificate.extensions().subject_alt_name, kind)
}

/// Which of the two lists of constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Permitted = 0,
    Excluded = 1,
}

/// The bases of a certificate's name constraints, of one kind and side, where the reference cannot
/// read all of them too.
pub(super) fn bases(certificate: &Certificate, kind: Kind, side: Side) -> Vec<Vec<u8>> {
    let extensions = certificate.extensions().entries.iter();
    let constraints = extensions.filter(|entry| entry.known == Some(Known::NameConstraints));
    let side = [tag::context_constructed(side as u8)];
    let mut found = Vec::new();
    for constraint in constraints {
        let tree = Tree::read(constraint.value.of(certificate.der()));
        let lists = tree.nodes.iter().flat_map(Node::children);
        for list in lists.filter(|list| list.tag == side) {
            collect(list.children(), kind, &mut found);
        }
    }
    found
}

/// Whether a certificate has an internationalized mailbox among its alternative names.
pub(super) fn has_utf8_mailbox(certificate: &Certificate) -> bool {
    // id-on-SmtpUTF8Mailbox, RFC 9598 section 3
    const OTHER_NAME: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x09];
    let place = certificate.extensions().subject_alt_name;
    let names = place.map(|place| Tree::read(place.of(certificate.der())).nodes);
    let is_one = |name: &Node| {
        let first = name.children().first();
        name.tag == [0xa0] && first.is_some_and(|kind| kind.body_bytes() == OTHER_NAME)
    };
    names.is_some_and(|names| {
        let mut inside = names.iter().flat_map(Node::children);
        names.iter().any(is_one) || inside.any(is_one)
    })
}

fn at(certificate: &Certificate, place: Option<Span>, kind: Kind) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    if let Some(place) = place {
        let tree = Tree::read(place.of(certificate.der()));
        collect(&tree.nodes, kind, &mut found);
    }
    found
}

fn collect(nodes: &[Node], kind: Kind, found: &mut Vec<Vec<u8>>) {
    for node in nodes {
        match node.tag == [kind as u8] {
            true => found.push(node.body_bytes()),
            false => collect(node.children(), kind, found),
        }
    }
}

/// Whether webpki takes this for a DNS name: no label begins or ends with a hyphen, the last is no
/// number, and at least two follow a wildcard. `is_valid_dns_id` in its `dns_name.rs`.
pub(super) fn is_dns_to_webpki(name: &[u8]) -> bool {
    let labels: Vec<&[u8]> = name
        .strip_prefix(b".")
        .unwrap_or(name)
        .split(|octet| *octet == b'.')
        .collect();
    let labels = match labels.as_slice() {
        [b"*", rest @ ..] if rest.len() > 1 => rest,
        all => all,
    };
    let is_label = |label: &&[u8]| {
        let of_label = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        (1..=63).contains(&label.len())
            && label.iter().all(of_label)
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
    };
    let last = labels.last();
    name.is_empty()
        || name.len() <= 253
            && labels.iter().all(is_label)
            && !last.is_some_and(|label| label.iter().all(u8::is_ascii_digit))
}

/// What AWS-LC compares of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'n> {
    local: Option<&'n [u8]>,
    host: &'n [u8],
}

impl Found<'_> {
    /// Whether AWS-LC says that the name lies in the subtree under this base.
    pub(super) fn lies_in(&self, base: &[u8]) -> bool {
        let ends_as = |end: &[u8]| {
            let start = self.host.len().checked_sub(end.len());
            start.is_some_and(|start| self.host[start..].eq_ignore_ascii_case(end))
        };
        match mailbox_to_aws_lc(base) {
            Some(base) => self.local == base.local && self.host.eq_ignore_ascii_case(base.host),
            None if base.starts_with(b".") => ends_as(base),
            None => self.host.eq_ignore_ascii_case(base),
        }
    }
}

/// The local part and the host that AWS-LC finds in a mailbox: one `@`, and in either part nothing
/// but the characters of an atom or of a host, in any order. `nc_email` in its `v3_ncons.c`.
pub(super) fn mailbox_to_aws_lc(name: &[u8]) -> Option<Found<'_>> {
    let of_local =
        |octet: &u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(octet);
    let at = name.iter().position(|octet| *octet == b'@')?;
    let (local, host) = (&name[..at], &name[at + 1..]);
    let sound = !local.is_empty() && local.iter().all(of_local) && is_host_to_aws_lc(host);
    sound.then_some(Found {
        local: Some(local),
        host,
    })
}

/// Whether AWS-LC takes this for the base of a constraint of mailboxes.
pub(super) fn is_base_to_aws_lc(base: &[u8]) -> bool {
    match base.contains(&b'@') {
        true => mailbox_to_aws_lc(base).is_some(),
        false => is_host_to_aws_lc(base),
    }
}

/// The host that AWS-LC finds in a URI: what stands between `://` and the first colon, or else the
/// first slash. The rest is not looked at. `nc_uri` in its `v3_ncons.c`.
pub(super) fn uri_to_aws_lc(name: &[u8]) -> Option<Found<'_>> {
    let after_scheme = name.iter().position(|octet| *octet == b':')?;
    let rest = name[after_scheme + 1..].strip_prefix(b"//")?;
    let authority = rest.split(|octet| b"/?#".contains(octet)).next()?;
    let end = rest.iter().position(|octet| *octet == b':');
    let end = end.or_else(|| rest.iter().position(|octet| *octet == b'/'));
    let host = &rest[..end.unwrap_or(rest.len())];
    let sound = !authority.contains(&b'@') && is_host_to_aws_lc(host);
    sound.then(|| Found {
        local: None,
        host: host.strip_suffix(b".").unwrap_or(host),
    })
}

/// Letters, digits, hyphens and dots in any order.
fn is_host_to_aws_lc(host: &[u8]) -> bool {
    let of_host = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.');
    !host.is_empty() && host.iter().all(of_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_their_engines_do() {
        type Reads = fn(&[u8]) -> bool;
        let dns: Reads = is_dns_to_webpki;
        let mailbox: Reads = |name| mailbox_to_aws_lc(name).is_some();
        let uri: Reads = |name| uri_to_aws_lc(name).is_some();
        for (reads, name, expected) in [
            (dns, "", true),
            (dns, ".example.com", true),
            (dns, "a_b.example.com", true),
            (dns, "*.example.com", true),
            (dns, "*.com", false),
            (dns, "-a.example.com", false),
            (dns, "a-.example.com", false),
            (dns, "a..example.com", false),
            (dns, "192.0.2.1", false),
            (mailbox, "a.@example.com", true),
            (mailbox, "a@192.0.2.1", true),
            (mailbox, "a@b@example.com", false),
            (mailbox, "\"a\"@example.com", false),
            (mailbox, "a@exa_mple.com", false),
            (mailbox, "@example.com", false),
            (uri, "spiffe://example.com/%/7", true),
            (uri, "https://example.com:port", true),
            (uri, "https://u@example.com/", false),
            (uri, "https://[::1]/", false),
            (uri, "urn:example:a", false),
            (uri, "https://example.com/a:b", false),
        ] {
            assert_eq!(reads(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn what_aws_lc_finds_is_compared_as_it_does() {
        let mailbox = mailbox_to_aws_lc(b"a.@b.example.com").expect("a mailbox");
        let uri = uri_to_aws_lc(b"https://192.0.2.1./").expect("a URI");
        for (found, base, inside) in [
            (mailbox, "b.EXAMPLE.com", true),
            (mailbox, ".example.com", true),
            (mailbox, "example.com", false),
            (mailbox, "a.@b.example.com", true),
            (mailbox, "A.@b.example.com", false),
            (uri, "192.0.2.1", true),
            (uri, "example.com", false),
        ] {
            assert_eq!(found.lies_in(base.as_bytes()), inside, "{found:?} {base}");
        }
    }
}
