//! *handshake*: a good chain, and a peer that breaks the protocol around it.
//!
//! The twin is the honest handshake with the same chain. Who lets the hostile one
//! in has authenticated somebody who proved nothing, or has lost count of the
//! messages, which is how that begins.

mod compression;
mod exchanged;
mod form;
mod order;
mod possession;
mod record;
mod resume;
mod retry;
mod server;
mod tls12;
mod welcome;

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit,
    catalogue::{joined, total},
};
use crate::{
    question::Purpose,
    recipe::Recipe,
    script::{Script, Side},
    verdict::{Clause, Reason},
};

/// The family: what is shown and proved, in which order, in which form, in which records.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

const PARTS: &[&[Defect]] = &[
    possession::SHOWN,
    possession::PROVED,
    exchanged::EXCHANGED,
    compression::COMPRESSIONS,
    order::ORDER,
    resume::RESUMED,
    welcome::HELLOS,
    retry::SECONDS,
    form::FORMS,
    record::RECORDS,
    server::CHOICES,
    tls12::OLD,
];

/// Somebody is let in who has not proved that the key is held.
const UNPROVEN: &[Reason] = &[
    Reason::NoProofOfPossession,
    Reason::BadSignature,
    Reason::HandshakeViolation,
];

/// The protocol is broken, whatever comes of it.
const VIOLATION: &[Reason] = &[Reason::HandshakeViolation];

/// Everything that the defects of this family share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    reasons: &'static [Reason],
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause,
        severity: Severity::Medium,
        class: Class::MustReject,
        positions: &[Position::Handshake],
        purposes: &Purpose::ALL,
        reasons,
        vulnerabilities: &[],
        prepare: honest,
        spoil,
    }
}

/// Of clients alone.
const fn of_clients(defect: Defect) -> Defect {
    Defect {
        purposes: &[Purpose::Client],
        ..defect
    }
}

/// Of servers alone.
const fn of_servers(defect: Defect) -> Defect {
    Defect {
        purposes: &[Purpose::Server],
        ..defect
    }
}

/// Who lets it in lets in anybody.
const fn critical(defect: Defect) -> Defect {
    Defect {
        severity: Severity::Critical,
        ..defect
    }
}

/// Reasonable peers differ on it.
const fn policy(defect: Defect) -> Defect {
    Defect {
        class: Class::Policy,
        severity: Severity::Low,
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
