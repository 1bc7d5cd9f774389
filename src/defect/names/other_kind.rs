//! The right text in a name of the wrong kind.

use super::{
    Row, SERVICE,
    Text::{Directory, Dns, Email, Other, Uri},
    defects, named,
};
use crate::defect::Defect;

pub(super) const DEFECTS: &[Defect] = defects![
    Row {
        vulnerabilities: &["CVE-2022-21656", "CVE-2020-36477"],
        ..named(
            "names/host-as-mailbox",
            &[Email(SERVICE)],
            "the host stands in an rfc822Name",
            "Kinds of names have their own rules of issuance and their own constraints. Envoy and Mbed TLS compared the text of any \
             alternative name with the host.",
        )
    },
    Row {
        vulnerabilities: &["CVE-2022-21656", "CVE-2020-36477"],
        ..named(
            "names/host-as-uri",
            &[Uri(SERVICE)],
            "the host stands in a uniformResourceIdentifier",
            "A URI that is a bare host, compared as text with the host that was asked. Constraints on dNSNames do not hold for it.",
        )
    },
    named(
        "names/host-in-uri",
        &[Uri("https://service.gatecrash.example/")],
        "the host stands in a URI of its own site",
        "The URI names the host, and it is not a dNSName. RFC 9525 compares the kind that was asked for. \
         SIP and SPIFFE put hosts into URIs, and a client of HTTPS has to leave them alone.",
    ),
    named(
        "names/host-as-directory-name",
        &[Directory(SERVICE)],
        "the host is the commonName of a directoryName",
        "A distinguished name among the alternative names, with the host for a commonName: the commonName by the back door.",
    ),
    named(
        "names/host-as-other-name",
        &[Other(SERVICE)],
        "the host stands in an otherName",
        "An otherName has a type of its own that the verifier does not know. Its text must not be looked at. \
         Search for the host in the printed certificate, as scripts do, and it is there.",
    ),
    Row {
        common_names: &[SERVICE],
        vulnerabilities: &["CVE-2026-42012"],
        ..named(
            "names/common-name-beside-uri",
            &[Uri("spiffe://gatecrash.example/device/7")],
            "the host stands in the commonName, beside a URI",
            "Alternative names of another kind do not bring the commonName back. GnuTLS fell back to it when there was no dNSName.",
        )
    },
    Row {
        common_names: &[SERVICE],
        ..named(
            "names/common-name-beside-empty-host",
            &[Dns("")],
            "the host stands in the commonName, beside an empty dNSName",
            "The one alternative name is malformed. To treat it as absent and fall back to the commonName is two mistakes. \
         Each is common, and only together do they open the way to a name that nobody checked.",
        )
    },
];
