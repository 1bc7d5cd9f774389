//! Probes whose offer is fine, where the server's way to choose is what counts.

use std::io;

use super::{Answer, Demand, KeyExchange, Probe, Target, Verdict};
use crate::{
    defect::Severity,
    der::HexBytes,
    handshake::outcome::Negotiated,
    script::{CipherSuite, Extension, ExtensionKind, Hello, ProtocolVersion, SignatureScheme},
    verdict::Clause,
};

/// What a server must keep when it chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Safeguard {
    /// The best version that it speaks, wherever in the list it stands (RFC 8446 section 4.2.1).
    BestVersion,
    /// A random that tells of a better version which was not offered (RFC 8446 section 4.1.3).
    Sentinel,
    /// No compression (RFC 9325 section 3.3).
    NoCompression,
    /// The extension that makes renegotiation safe (RFC 5746 section 3.6).
    SecureRenegotiation,
    /// A master secret that is bound to the whole handshake (RFC 7627).
    ExtendedMasterSecret,
    /// A whole MAC (RFC 9325 section 3.5).
    WholeMac,
    /// A prime of so many bits or more (RFC 9325 section 4.1).
    PrimeOf(usize),
    /// No old version for a client that says that it tried a newer one first, where the server
    /// speaks it (RFC 7507 section 3).
    NoNeedlessFallback,
    /// A signature that is not over SHA-1 or MD5 where a better one is offered (RFC 9155 section 4).
    StrongSignature,
    /// A suite that encrypts and authenticates although weaker ones stand before it (RFC 9325 section 4.2).
    StrongSuite,
}

/// The probes.
pub(super) fn probes() -> impl Iterator<Item = Probe> {
    let probe = |id, summary, page, clause: Clause, severity, safeguard, hello| Probe {
        id,
        summary,
        page,
        clause,
        severity,
        hello,
        demand: Demand::Keep(safeguard),
    };
    [
        probe(
            "downgrade/versions-reordered",
            "supported_versions lists every version, the oldest first",
            "The server chooses the best that it speaks; the order is the client's wish and no more.",
            "RFC 8446 section 4.2.1",
            Severity::High,
            Safeguard::BestVersion,
            every_version(),
        ),
        probe(
            "downgrade/sentinel",
            "a hello of TLS 1.2 to a server that speaks TLS 1.3",
            "Its random must end with the sentinel, or nobody notices who took TLS 1.3 out of the hello.",
            "RFC 8446 section 4.1.3",
            Severity::Medium,
            Safeguard::Sentinel,
            plain(ProtocolVersion::TLS_1_2),
        ),
        probe(
            "downgrade/compression",
            "a hello of TLS 1.2 that would rather compress",
            "Compression tells secrets by their length (CRIME).",
            "RFC 9325 section 3.3",
            Severity::High,
            Safeguard::NoCompression,
            Hello {
                compression: HexBytes(vec![1, 0x40, 0]),
                ..plain(ProtocolVersion::TLS_1_2)
            },
        ),
        probe(
            "downgrade/secure-renegotiation",
            "a hello of TLS 1.2 that supports safe renegotiation",
            "Without it somebody in between puts a request of their own before the client's.",
            "RFC 5746 section 3.6",
            Severity::High,
            Safeguard::SecureRenegotiation,
            plain(ProtocolVersion::TLS_1_2),
        ),
        probe(
            "downgrade/extended-master-secret",
            "a hello of TLS 1.2 that supports the extended master secret",
            "Without it two connections can be made to share one secret, and a client certificate shown on one counts on \
             the other (triple handshake).",
            "RFC 7627 section 5.2",
            Severity::Low,
            Safeguard::ExtendedMasterSecret,
            plain(ProtocolVersion::TLS_1_2),
        ),
        probe(
            "downgrade/truncated-hmac",
            "a hello of TLS 1.2 that would rather have a MAC of ten octets",
            "A shorter MAC is guessed sooner, and an attack on one is known.",
            "RFC 9325 section 3.5",
            Severity::Medium,
            Safeguard::WholeMac,
            with_extension(
                Hello::old(ProtocolVersion::TLS_1_2, CBC_SUITES),
                ExtensionKind::TRUNCATED_HMAC,
                Vec::new(),
            ),
        ),
        probe(
            "downgrade/small-prime",
            "a hello of TLS 1.2 that exchanges keys over a finite field alone",
            "A prime of 1024 bits is within reach of those who listen to many, and one is broken for all of its users \
             (Logjam).",
            "RFC 9325 section 4.1",
            Severity::Medium,
            Safeguard::PrimeOf(2048),
            Hello::old(ProtocolVersion::TLS_1_2, FINITE_FIELD_SUITES),
        ),
        probe(
            "downgrade/broken-prime",
            "the same hello: a prime of less than 1024 bits is broken in minutes, and 512 bits were for export",
            "A day of computing once, and then a minute for each connection (Logjam, CVE-2015-4000).",
            "RFC 9325 section 4.1",
            Severity::High,
            Safeguard::PrimeOf(1024),
            Hello::old(ProtocolVersion::TLS_1_2, FINITE_FIELD_SUITES),
        ),
        probe(
            "downgrade/signature-preference",
            "a hello of TLS 1.2 that lists SHA-1 first and SHA-256 after it",
            "A server that follows the client signs over SHA-1 although it need not.",
            "RFC 9155 section 4",
            Severity::Low,
            Safeguard::StrongSignature,
            sha_1_first(),
        ),
        probe(
            "downgrade/suite-preference",
            "a hello of TLS 1.2 that lists weak suites first and sound ones after them",
            "A server that follows the client is only as good as its worst client.",
            "RFC 9325 section 4.2.1",
            Severity::Low,
            Safeguard::StrongSuite,
            Hello::old(ProtocolVersion::TLS_1_2, WEAK_FIRST),
        ),
    ]
    .into_iter()
}

impl Safeguard {
    /// Whether a server that has made a choice keeps it, and what shows that.
    pub(super) fn judge(self, answer: &Answer, target: &Target) -> io::Result<(Verdict, String)> {
        let Some(hello) = &answer.hello else {
            return Ok((Verdict::Unclear, "no choice".to_owned()));
        };
        let chosen = hello.version();
        let has = |kind| hello.extension(kind).is_some();
        let holds = |held, good: &str, bad: &str| match held {
            true => (Verdict::Held, good.to_owned()),
            false => (Verdict::Broken, bad.to_owned()),
        };
        Ok(match self {
            Self::BestVersion => match super::versions(target)?.first() {
                Some(best) => holds(
                    chosen >= *best,
                    "the best that it speaks",
                    &format!("it speaks {best}"),
                ),
                None => (Verdict::Unclear, "it speaks no version alone".to_owned()),
            },
            Self::Sentinel => {
                let new = target.greet(&Hello::default())?;
                match new.version() {
                    Some(ProtocolVersion::TLS_1_3) => holds(
                        hello.random.ends_with(&Negotiated::SENTINEL),
                        "its random tells of TLS 1.3",
                        "it speaks TLS 1.3, and its random does not tell",
                    ),
                    _ => (Verdict::Held, "it speaks nothing newer".to_owned()),
                }
            }
            Self::NoNeedlessFallback => match target.greet(&Hello::default())?.version() {
                Some(newer) if newer > chosen => holds(
                    false,
                    "",
                    &format!("it speaks {newer}, and should have refused"),
                ),
                _ => (Verdict::Held, "it speaks nothing newer".to_owned()),
            },
            Self::NoCompression => holds(
                hello.compression == 0,
                "no compression",
                &format!("compression method {}", hello.compression),
            ),
            Self::SecureRenegotiation => holds(
                has(ExtensionKind::RENEGOTIATION_INFO),
                "renegotiation_info came back",
                "no renegotiation_info",
            ),
            Self::ExtendedMasterSecret => holds(
                has(ExtensionKind::EXTENDED_MASTER_SECRET),
                "extended_master_secret came back",
                "no extended_master_secret",
            ),
            Self::WholeMac => holds(
                !has(ExtensionKind::TRUNCATED_HMAC),
                "no truncated_hmac",
                "truncated_hmac came back",
            ),
            Self::PrimeOf(enough) => match answer.key_exchange {
                Some(KeyExchange::FiniteField {
                    is_trivial: true, ..
                }) => holds(false, "", "a share by which everybody knows the secret"),
                Some(KeyExchange::FiniteField { bits, .. }) => holds(
                    bits >= enough,
                    "long enough",
                    &format!("less than {enough} bits"),
                ),
                _ => (Verdict::Unclear, "no prime was told".to_owned()),
            },
            Self::StrongSignature => {
                match answer.key_exchange.as_ref().and_then(KeyExchange::scheme) {
                    Some(scheme) => holds(
                        !scheme.is_over_broken_hash(),
                        "a better one was chosen",
                        "a better one was offered",
                    ),
                    None => (Verdict::Unclear, "no signature was told".to_owned()),
                }
            }
            Self::StrongSuite => holds(
                Hello::SOUND_SUITES.contains(&hello.suite),
                "a sound one was chosen",
                "a sound one was offered",
            ),
        })
    }
}

/// What a plain client of this version offers: sound suites and safeguards, or what its time had.
pub(super) fn plain(version: ProtocolVersion) -> Hello {
    match version {
        ProtocolVersion::TLS_1_3 => Hello::default(),
        ProtocolVersion::TLS_1_2 => {
            Hello::old(version, &[Hello::SOUND_SUITES, CBC_SUITES].concat())
        }
        _ => Hello::old(version, CBC_SUITES),
    }
}

fn every_version() -> Hello {
    let mut hello = plain(ProtocolVersion::TLS_1_2);
    let new = Hello::default();
    hello.versions = ProtocolVersion::NAMED.to_vec();
    hello.suites.extend(new.suites);
    hello.shares = new.shares;
    hello.session_id_octets = new.session_id_octets;
    hello.schemes = [new.schemes, hello.schemes].concat();
    hello
}

fn with_extension(mut hello: Hello, kind: ExtensionKind, body: Vec<u8>) -> Hello {
    hello.extensions.push(Extension {
        kind,
        body: HexBytes(body),
    });
    hello
}

fn sha_1_first() -> Hello {
    let mut hello = Hello::of_tls_1_2();
    hello.schemes = [
        vec![SignatureScheme::RSA_PKCS1_SHA1, SignatureScheme::ECDSA_SHA1],
        hello.schemes,
    ]
    .concat();
    hello
}

/// What clients of TLS 1.0 to 1.2 had before.
const CBC_SUITES: &[CipherSuite] = &suites([
    0xc009, 0xc00a, 0xc013, 0xc014, 0x002f, 0x0035, 0x0033, 0x0039, 0x000a,
]);

/// Over a finite field.
const FINITE_FIELD_SUITES: &[CipherSuite] = &suites([
    0x009e, 0x009f, 0xccaa, 0x0067, 0x006b, 0x0033, 0x0039, 0x0016,
]);

/// Weak ones before sound ones.
const WEAK_FIRST: &[CipherSuite] = &suites([
    0x0005, 0xc011, 0x000a, 0xc012, 0xc008, 0x002f, 0x0035, 0xc009, 0xc013, 0xc02b, 0xc02c, 0xc02f,
    0xc030, 0xcca8, 0xcca9,
]);

const fn suites<const N: usize>(numbers: [u16; N]) -> [CipherSuite; N] {
    let mut suites = [CipherSuite(0); N];
    let mut index = 0;
    while index < N {
        suites[index] = CipherSuite(numbers[index]);
        index += 1;
    }
    suites
}
