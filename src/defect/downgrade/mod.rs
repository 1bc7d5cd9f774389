//! *downgrade*: a client that offers what nobody should take any more.
//!
//! Of the hostile handshake only the ClientHello counts: nothing in it is good
//! enough, so whoever answers with a choice has gone below the floor. The twin is an
//! honest handshake with the same chain, of TLS 1.3 where the version is the defect,
//! and of the same version where something else in the hello is: a server that does
//! not speak it refuses both, and nothing is said of its suites.

mod fallback;
mod parameters;
mod suites;
mod versions;

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit,
    catalogue::{joined, total},
};
use crate::{
    question::Purpose,
    recipe::Recipe,
    script::{CipherSuite, Hello, ProtocolVersion, Script, Side},
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

/// A defect inside TLS 1.2, beside an honest handshake of TLS 1.2.
const fn of_tls_1_2(defect: Defect) -> Defect {
    Defect {
        prepare: |recipe, _| {
            recipe.handshake = Some(Script::client_of_tls_1_2());
            Ok(())
        },
        ..defect
    }
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

/// Suites of TLS 1.2 that are as good as such suites get.
const SOUND_SUITES: &[CipherSuite] = Hello::SOUND_SUITES;

/// Suites that TLS 1.0 knew and that a server of that time takes.
const OLD_SUITES: &[CipherSuite] = &[
    CipherSuite(0xc009),
    CipherSuite(0xc00a),
    CipherSuite(0xc013),
    CipherSuite(0xc014),
    CipherSuite(0x002f),
    CipherSuite(0x0035),
    CipherSuite(0x0033),
    CipherSuite(0x0039),
    CipherSuite(0x000a),
    CipherSuite(0xc012),
    CipherSuite(0x0005),
    CipherSuite(0x0004),
];

/// A hello of this version as clients of its time wrote it, with these suites and nothing newer.
fn old(hello: &mut Hello, version: ProtocolVersion, suites: &[CipherSuite]) {
    *hello = Hello::old(version, suites);
}
