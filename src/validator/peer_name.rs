//! Is the certificate for the peer that was asked for?
//!
//! Only the subject alternative name counts. The common name never does: it
//! is free text that a CA may not have checked.

use crate::{question::PeerName, verdict::Reason};

use super::{
    certificate::Certificate,
    extension::Known,
    general_name::{GeneralName, ip_address, names},
    name_form::is_host_name,
    report::Violation,
};

/// Judges the end entity's names against the reference identity.
// RFC 9525 section 6
pub(crate) fn check_peer_name(
    certificate: &Certificate,
    wanted: &PeerName,
    index: usize,
) -> Option<Violation> {
    let extensions = certificate.extensions();
    if extensions.is_malformed(Known::SubjectAltName) {
        // Reported as malformed already.
        return None;
    }
    let alternatives = || names(certificate.der(), extensions.subject_alt_name);
    if alternatives().any(|presented| matches(&presented, wanted)) {
        return None;
    }
    let shown: Vec<_> = alternatives()
        .filter(|name| {
            matches!(
                name,
                GeneralName::Dns(_) | GeneralName::Ip(_) | GeneralName::Email(_)
            )
        })
        .take(4)
        .map(|name| match name {
            GeneralName::Dns(text) if text.parse::<std::net::IpAddr>().is_ok() => {
                format!("{} as a DNS name and not as an IP address", name.display())
            }
            _ => name.display(),
        })
        .collect();
    let detail = match (extensions.has(Known::SubjectAltName), shown.is_empty()) {
        (false, _) => format!("no subject alternative name, needs {wanted}"),
        (true, true) => format!("no name of a host or mailbox, needs {wanted}"),
        (true, false) => format!("is for {}, needs {wanted}", shown.join(", ")),
    };
    Some(Violation::new(Reason::NameMismatch, Some(index), detail))
}

fn matches(presented: &GeneralName<'_>, wanted: &PeerName) -> bool {
    match (presented, wanted) {
        (GeneralName::Dns(presented), PeerName::Dns(wanted)) => matches_host(presented, wanted),
        (GeneralName::Ip(octets), PeerName::Ip(wanted)) => ip_address(octets) == Some(*wanted),
        (GeneralName::Email(presented), PeerName::Email(wanted)) => {
            match (presented.rsplit_once('@'), wanted.rsplit_once('@')) {
                // RFC 5280 section 7.5: the local part has case, the host has none.
                (Some((local, host)), Some((wanted_local, wanted_host))) => {
                    local == wanted_local && host.eq_ignore_ascii_case(wanted_host)
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// A wildcard stands for the whole leftmost label and nothing else.
// RFC 9525 section 6.3
fn matches_host(presented: &str, wanted: &str) -> bool {
    let wanted = wanted.strip_suffix('.').unwrap_or(wanted);
    match presented.strip_prefix("*.") {
        Some(rest) => {
            // What is no name of a host is for no host, whatever stands in its leftmost label.
            !rest.contains('*')
                && is_host_name(wanted)
                && wanted.split_once('.').is_some_and(|(label, below)| {
                    !label.is_empty() && below.eq_ignore_ascii_case(rest)
                })
        }
        None => !presented.contains('*') && presented.eq_ignore_ascii_case(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_match_whole_and_wildcards_stand_for_one_label() {
        let table = [
            ("example.com", "EXAMPLE.com", true),
            ("example.com", "example.com.", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("*", "example", false),
            ("a*.example.com", "ab.example.com", false),
            ("foo.*.com", "foo.bar.com", false),
            ("*.*.com", "a.b.com", false),
            ("*.example.com", "*.example.com", false),
            ("*.example.com", "\u{fffd}*.example.com", false),
            ("*.example.com", "a b.example.com", false),
        ];
        for (presented, wanted, expected) in table {
            assert_eq!(
                matches_host(presented, wanted),
                expected,
                "{presented} for {wanted}"
            );
        }
    }

    #[test]
    fn an_address_in_a_dns_name_is_told_from_an_ip_address() {
        use crate::validator::assemble::{certificate, extension, sequence, tlv};
        let names = sequence(&[&tlv(0x82, b"10.0.0.1")]);
        let der = certificate(2, "root", "end entity", &[extension(0x11, false, &names)]);
        let certificate = Certificate::parse(&der).expect("a certificate");
        let wanted = PeerName::Ip("10.0.0.1".parse().expect("an address"));
        let found = check_peer_name(&certificate, &wanted, 0).expect("a violation");
        assert_eq!(
            found.detail,
            "is for 10.0.0.1 as a DNS name and not as an IP address, needs 10.0.0.1"
        );
    }
}
