//! *downgrade*: a client that offers what nobody should take any more.
//!
//! The twin is an honest TLS 1.3 handshake with the same chain. Of the hostile
//! one only the ClientHello counts: nothing in it is good enough, so whoever
//! answers with a choice has gone below the floor.

mod fallback;
mod parameters;
mod suites;
mod versions;

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit,
    catalogue::{joined, total},
};
use crate::{
    der::HexBytes,
    question::Purpose,
    recipe::Recipe,
    script::{
        CipherSuite, Extension, ExtensionKind, Hello, NamedGroup, ProtocolVersion, Script, Side,
        SignatureScheme,
    },
    verdict::{Clause, Reason},
};

/// The family: versions, suites, groups and signatures below the floor, and falling back to them.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

const PARTS: &[&[Defect]] = &[
    versions::VERSIONS,
    suites::SUITES,
    parameters::PARAMETERS,
    fallback::FALLBACKS,
];

/// Below the floor, or nothing in common.
const TOO_OLD: &[Reason] = &[
    Reason::ProtocolTooOld,
    Reason::NoCommonCipherSuite,
    Reason::HandshakeViolation,
];

/// Everything that the defects of this family share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    severity: Severity,
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause,
        severity,
        class: Class::MustReject,
        positions: &[Position::Handshake],
        purposes: &[Purpose::Client],
        reasons: TOO_OLD,
        vulnerabilities: &[],
        prepare: honest,
        spoil,
    }
}

/// What reasonable servers differ on.
const fn policy(defect: Defect) -> Defect {
    Defect {
        class: Class::Policy,
        ..defect
    }
}

/// Makes the peer shake hands as an honest one does.
fn honest(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    recipe.handshake = Some(Script::honest(match recipe.purpose {
        Purpose::Client => Side::Client,
        Purpose::Server => Side::Server,
    }));
    Ok(())
}

/// Changes the script.
fn change(recipe: &mut Recipe, change: impl FnOnce(&mut Script)) -> Result<(), Unfit> {
    change(
        recipe
            .handshake
            .as_mut()
            .ok_or(Unfit("there is no handshake"))?,
    );
    Ok(())
}

/// Puts another hello in the place of the honest one.
fn offer(recipe: &mut Recipe, hello: impl FnOnce(&mut Hello)) -> Result<(), Unfit> {
    change(recipe, |script| hello(&mut script.hello))
}

/// Suites of TLS 1.2 that are as good as such suites get (RFC 9325 section 4.2).
const SOUND_SUITES: &[u16] = &[0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9];

/// Suites that TLS 1.0 knew and that a server of that time takes.
const OLD_SUITES: &[u16] = &[
    0xc009, 0xc00a, 0xc013, 0xc014, 0x002f, 0x0035, 0x0033, 0x0039, 0x000a, 0xc012, 0x0005, 0x0004,
];

/// A hello of this version as clients of its time wrote it, with these suites and nothing newer.
fn old(hello: &mut Hello, version: ProtocolVersion, suites: &[u16]) {
    hello.legacy_version = version;
    hello.record_version = version.min(ProtocolVersion::TLS_1_0);
    hello.versions.clear();
    hello.shares.clear();
    hello.session_id_octets = 0;
    hello.suites = suites.iter().copied().map(CipherSuite).collect();
    hello.groups = vec![
        NamedGroup::X25519,
        NamedGroup::SECP256R1,
        NamedGroup::SECP384R1,
    ];
    let extensions = [
        (ExtensionKind(EC_POINT_FORMATS), vec![1, 0]),
        (ExtensionKind(EXTENDED_MASTER_SECRET), Vec::new()),
        (ExtensionKind::RENEGOTIATION_INFO, vec![0]),
    ];
    hello.extensions = extensions
        .into_iter()
        .map(|(kind, body)| Extension {
            kind,
            body: HexBytes(body),
        })
        .collect();
    hello.schemes.extend([
        SignatureScheme::RSA_PKCS1_SHA256,
        SignatureScheme::RSA_PKCS1_SHA384,
        SignatureScheme::RSA_PKCS1_SHA512,
    ]);
    if version < ProtocolVersion::TLS_1_2 {
        hello.schemes.clear();
    }
    if version == ProtocolVersion::SSL_3_0 {
        // It has no extensions; the suite stands for the empty renegotiation_info (RFC 5746 section 3.3).
        hello.extensions.clear();
        hello.groups.clear();
        hello.suites.push(CipherSuite(RENEGOTIATION_SUITE));
    }
}

/// RFC 8422 section 5.1.2.
const EC_POINT_FORMATS: u16 = 11;
/// RFC 7627 section 5.1.
const EXTENDED_MASTER_SECRET: u16 = 23;
/// RFC 5746 section 3.3.
const RENEGOTIATION_SUITE: u16 = 0x00ff;
