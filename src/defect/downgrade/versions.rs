//! Protocol versions below the floor, alone and in mixtures without a good one.

use super::{Defect, OLD_SUITES, SOUND_SUITES, Severity, defect, offer, old};
use crate::script::ProtocolVersion as Version;

/// Versions.
pub(super) const VERSIONS: &[Defect] = &[
    defect(
        "downgrade/ssl-3-0",
        "the client speaks SSL 3.0 and nothing newer",
        "Its padding is not covered by the MAC, which gives plaintext away octet by octet: POODLE (CVE-2014-3566) \
         read cookies of browsers that could be talked down to it. In 2014 nearly every server of the web still \
         answered.",
        "RFC 7568 section 3",
        Severity::High,
        |recipe, _| offer(recipe, |hello| old(hello, Version::SSL_3_0, OLD_SUITES)),
    ),
    defect(
        "downgrade/tls-1-0",
        "the client speaks TLS 1.0 and nothing newer",
        "Predictable initialisation vectors (BEAST, CVE-2011-3389), SHA-1 and MD5 in every handshake, and no \
         authenticated encryption at all. RFC 8996 forbids it since 2021; servers keep it for one old client and \
         serve it to everybody.",
        "RFC 8996 section 4",
        Severity::High,
        |recipe, _| offer(recipe, |hello| old(hello, Version::TLS_1_0, OLD_SUITES)),
    ),
    defect(
        "downgrade/tls-1-1",
        "the client speaks TLS 1.1 and nothing newer",
        "Every handshake is signed over SHA-1 and MD5, and there is no authenticated encryption. It mended the \
         initialisation vectors of TLS 1.0 and nothing else, and Lucky Thirteen (CVE-2013-0169) read its padding by \
         the clock. RFC 8996 forbids both.",
        "RFC 8996 section 5",
        Severity::High,
        |recipe, _| offer(recipe, |hello| old(hello, Version::TLS_1_1, OLD_SUITES)),
    ),
    defect(
        "downgrade/old-versions-listed",
        "supported_versions lists TLS 1.1, TLS 1.0 and SSL 3.0",
        "A server that reads the extension for what is new must not take from it what is old. The legacy version of \
         the same hello says TLS 1.2, and does not count.",
        "RFC 8446 section 4.2.1; RFC 8996 section 2",
        Severity::High,
        |recipe, _| {
            offer(recipe, |hello| {
                old(hello, Version::TLS_1_2, OLD_SUITES);
                hello.versions = vec![Version::TLS_1_1, Version::TLS_1_0, Version::SSL_3_0];
            })
        },
    ),
    defect(
        "downgrade/unassigned-versions-listed",
        "supported_versions lists versions of GREASE alone",
        "No peer speaks them; they are listed so that servers learn to skip what they do not know. A server that \
         falls back to the legacy version has ignored the extension that replaces it, and with it whatever the \
         client wanted to rule out.",
        "RFC 8446 section 4.2.1; RFC 8701 section 3",
        Severity::Medium,
        |recipe, _| {
            offer(recipe, |hello| {
                hello.versions = vec![Version(0x0a0a), Version(0x1a1a)]
            })
        },
    ),
    defect(
        "downgrade/draft-version-listed",
        "supported_versions lists draft 28 of TLS 1.3 alone",
        "Drafts differ from the standard in what is signed and hashed, and were meant to die with it. Servers that \
         were built while browsers still tried drafts may answer one to this day, with the bugs that the later \
         drafts mended and without the safeguard against downgrades.",
        "RFC 8446 section 4.2.1",
        Severity::Low,
        |recipe, _| offer(recipe, |hello| hello.versions = vec![Version(0x7f1c)]),
    ),
    defect(
        "downgrade/new-suites-without-versions",
        "suites of TLS 1.3 in a hello without supported_versions",
        "The hello is one of TLS 1.2, in which these suites mean nothing. TLS 1.3 must not be chosen for it: the \
         version is agreed on by its extension alone, and a server that infers it from suites can be led by whoever \
         edits the list.",
        "RFC 8446 sections 4.2.1 and B.4",
        Severity::Medium,
        |recipe, _| offer(recipe, |hello| hello.versions.clear()),
    ),
    defect(
        "downgrade/version-of-the-record",
        "a hello that claims version 2.0 in a record of TLS 1.0",
        "The version of the record is for show. A server that takes the larger of the two speaks what was not \
         offered. The reverse was CVE-2014-3511: OpenSSL 1.0.1 took a hello whose first record was too short for a \
         hello of TLS 1.0.",
        "RFC 8446 appendix D.2",
        Severity::Medium,
        |recipe, _| {
            offer(recipe, |hello| {
                old(hello, Version::TLS_1_0, OLD_SUITES);
                hello.legacy_version = Version(0x0200);
                hello.suites.extend_from_slice(SOUND_SUITES);
            })
        },
    ),
];
