//! Falling back where that was not needed, and servers that lie about it.

use super::{Defect, SOUND_SUITES, Severity, change, defect, of_tls_1_2, offer};
use crate::{
    der::HexBytes,
    question::Purpose,
    script::{CipherSuite, HandshakeKind, Message, ProtocolVersion},
};

/// Fallbacks.
pub(super) const FALLBACKS: &[Defect] = &[
    of_tls_1_2(defect(
        "downgrade/fallback-not-needed",
        "a TLS 1.2 hello says that it is a fallback",
        "A client says so when its first attempt failed. A server that speaks TLS 1.3 knows that somebody stood \
         between, and must refuse. The signal was made after POODLE (CVE-2014-3566), whose first step was to make \
         browsers try again with an older version.",
        "RFC 7507 section 3",
        Severity::Medium,
        |recipe, _| {
            offer(recipe, |hello| {
                hello.suites.push(CipherSuite::FALLBACK_SCSV);
            })
        },
    )),
    server(
        "downgrade/sentinel-of-tls-1-2",
        "a server chooses TLS 1.2, and its random says that it could have chosen TLS 1.3",
        "Somebody stood between and took TLS 1.3 out of the hello. The client that offered it must abort, or the floor is where the attacker wants it.",
        |recipe, _| chosen(recipe, ProtocolVersion::TLS_1_2, *b"DOWNGRD\x01"),
    ),
    server(
        "downgrade/sentinel-of-tls-1-1",
        "a server chooses TLS 1.2, and its random says that it was to be TLS 1.1 or older",
        "The other value of the sentinel, which says TLS 1.1 or older. It means the same to a client that offered \
         TLS 1.3: somebody has taken that offer out. A client that compares with the one value alone goes on with \
         the version that an attacker picked, as with POODLE and FREAK.",
        |recipe, _| chosen(recipe, ProtocolVersion::TLS_1_2, *b"DOWNGRD\x00"),
    ),
    server(
        "downgrade/tls-1-1-chosen",
        "a server chooses TLS 1.1, which was not offered",
        "A client that has it somewhere, and asks only whether it knows the version, speaks it: with SHA-1 under the \
         handshake, whatever it offered.",
        |recipe, _| chosen(recipe, ProtocolVersion::TLS_1_1, *b"DOWNGRD\x00"),
    ),
    server(
        "downgrade/ssl-3-0-chosen",
        "a server chooses SSL 3.0, which was not offered",
        "POODLE lives there, and no client of today offers it. One that still has the code, and asks whether it knows the \
         version and not whether it offered it, is taken back to 1996.",
        |recipe, _| chosen(recipe, ProtocolVersion::SSL_3_0, [0x67; 8]),
    ),
];

const fn server(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: super::Step,
) -> Defect {
    Defect {
        purposes: &[Purpose::Server],
        ..defect(
            id,
            summary,
            page,
            "RFC 8446 section 4.1.3",
            Severity::High,
            spoil,
        )
    }
}

/// The server chooses an old version with a suite of its own, and this ends its random.
fn chosen(
    recipe: &mut super::Recipe,
    version: ProtocolVersion,
    random_end: [u8; 8],
) -> Result<(), super::Unfit> {
    change(recipe, |script| {
        script.hello.legacy_version = version;
        script.hello.versions.clear();
        script.hello.shares.clear();
        let hello = Message::ServerHello {
            suite: Some(SOUND_SUITES[0]),
            other_session_id: false,
            random_ends_with: Some(HexBytes(random_end.to_vec())),
        };
        script.replace(HandshakeKind::SERVER_HELLO, hello);
    })
}
