//! Handshakes that are judged: the script of a case is played to whoever is
//! under test, and what comes of it is a verdict.
//!
//! In TLS 1.3 a client is done before the server has judged it, so only an answer
//! to a request counts as being let in; and only a request that a client makes
//! counts as a server taken for good.

use ::rustls::Error;
use sha2::{Digest, Sha256};

use super::{Observation, Seen, demand::unsupported, rustls_reason};
use crate::{
    case::{Case, Expected},
    handshake::{Credentials, Memory, Negotiated, Outcome, Play, Transport, play},
    mint::Minter,
    question::Purpose,
    recipe::Recipe,
    script::{Alert, CipherSuite, End, Hello, ProtocolVersion, Script},
    verdict::{Reason, Verdict},
};

/// Plays the script of a case. The `Err` says what cannot be shown.
pub(super) fn played(
    case: &Case,
    script: &Script,
    transport: &mut dyn Transport,
) -> Result<Outcome, &'static str> {
    if script.has_endless_delay() {
        return Err("a delay of more than a minute");
    }
    let credentials = match (case.chain.is_empty(), &case.end_entity_key) {
        (true, _) => None,
        (false, None) => return Err("a certificate without its private key"),
        (false, Some(key)) => Some(
            Credentials::new(case.chain.clone(), key).map_err(|_| "a key that cannot sign here")?,
        ),
    };
    let credentials = match credentials {
        Some(own) if script.has_another_client() => Some(own.beside(other_client(case)?)),
        own => own,
    };
    let with = credentials.as_ref().map_or_else(Play::default, Play::with);
    Ok(play(script, &with, transport))
}

/// Another client of the same CA.
fn other_client(case: &Case) -> Result<Credentials, &'static str> {
    let recipe = case.recipe.as_ref().and_then(Recipe::of_another_client);
    let recipe = recipe.ok_or("another client of a CA that is not at hand")?;
    let minted = Minter::new().mint(&recipe);
    let minted = minted.map_err(|_| "another client that cannot be minted")?;
    Credentials::new(minted.chain, &minted.end_entity_key)
        .map_err(|_| "a key that cannot sign here")
}

/// Whether the peer that the script plays was let in, or taken for good.
pub(super) fn let_in(case: &Case, outcome: &Outcome) -> bool {
    match case.purpose {
        Purpose::Client => outcome.is_let_in() || takes_weak_offer(case, outcome),
        Purpose::Server => !outcome.application_data.is_empty(),
    }
}

/// Whether a server chose from a hello in which nothing is good enough. Such a hello is played up
/// to the server's choice and no further.
fn takes_weak_offer(case: &Case, outcome: &Outcome) -> bool {
    let offers_nothing_sound = |script: &Script| script.hello.offers_nothing_sound();
    outcome.end == End::Done
        && outcome.negotiated.is_some()
        && case.handshake.as_ref().is_some_and(offers_nothing_sound)
}

/// What an engine does not speak at all, for a script that needs it. Its refusal says nothing of
/// what the script is about.
pub(super) fn not_spoken(case: &Case, script: &Script, outcome: &Outcome) -> Option<Observation> {
    if let Some(version) = unspoken_version(case, script, outcome) {
        return Some(unsupported(version));
    }
    if script.needs_a_cookie() && !outcome.cookie {
        return Some(unsupported("cookies"));
    }
    let takes = |algorithm| outcome.compressions.contains(&algorithm);
    let is_untaken = script.compresses_certificates() && !takes(ZLIB) && !outcome.is_let_in();
    is_untaken.then(|| unsupported("compressed certificates"))
}

/// The version that a script is of and that a server does not speak, as far as its answer tells.
fn unspoken_version(case: &Case, script: &Script, outcome: &Outcome) -> Option<ProtocolVersion> {
    let hello = &script.hello;
    let is_of_tls_1_2 = script.goes_on_with_tls_1_2();
    let Some(chosen) = outcome.negotiated else {
        return match outcome.end {
            End::Alert(Alert::PROTOCOL_VERSION) if is_of_tls_1_2 => Some(ProtocolVersion::TLS_1_2),
            // Some close, or find no suite in common.
            End::Alert(Alert::HANDSHAKE_FAILURE) | End::Closed
                if is_of_tls_1_2 && *hello == Hello::of_tls_1_2() =>
            {
                Some(ProtocolVersion::TLS_1_2)
            }
            // Of others than honest ones the version may be what is wrong.
            End::Alert(Alert::PROTOCOL_VERSION)
                if case.expected == Expected::Accept
                    && outcome.retries == 0
                    && hello.versions == [ProtocolVersion::TLS_1_3] =>
            {
                Some(ProtocolVersion::TLS_1_3)
            }
            _ => None,
        };
    };
    // Falling back is right before a server that speaks nothing newer, and one that does says so
    // in its random (RFC 7507 section 3, RFC 8446 section 4.1.3).
    let falls_back = hello.suites.contains(&CipherSuite::FALLBACK_SCSV);
    let is_newest = chosen.random_end != Negotiated::SENTINEL;
    (falls_back && is_newest).then_some(ProtocolVersion::TLS_1_3)
}

/// RFC 8879 section 7.3
const ZLIB: u16 = 1;

/// What was seen. `tells_identity` where the answer names the end entity by its SHA-256.
pub(super) fn seen(case: &Case, outcome: &Outcome, tells_identity: bool) -> Seen {
    let own_identity = || {
        let shown = hex(&Sha256::digest(case.chain.first()?));
        let body = String::from_utf8_lossy(outcome.body()).to_ascii_lowercase();
        Some(body.replace(':', "").contains(&shown))
    };
    Seen {
        end: outcome.end,
        version: outcome.negotiated.map(|negotiated| negotiated.version),
        own_identity: if tells_identity && outcome.is_let_in() {
            own_identity()
        } else {
            None
        },
        after_alert: outcome.after_alert,
        // What nobody could read may have been an alert.
        cut_off: outcome.cut_off || outcome.unreadable > 0,
        answered: !outcome.application_data.is_empty(),
        sent: outcome.sent,
        received: outcome.octets,
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// What came of a play against rustls in memory.
pub(super) fn in_memory(case: &Case, outcome: &Outcome, memory: &Memory) -> Observation {
    let mut seen = seen(case, outcome, case.purpose == Purpose::Client);
    if seen.end == End::TimedOut {
        // In memory nobody hangs: it waits for more, which a script need not send.
        seen.end = End::Done;
    }
    if let Some(unspoken) = case
        .handshake
        .as_ref()
        .and_then(|script| not_spoken(case, script, outcome))
    {
        return unspoken;
    }
    let observation = if let_in(case, outcome) {
        Verdict::Accept.into()
    } else {
        match memory.error() {
            Some(error) => {
                Observation::rejected_for(&reasons(error), rustls_reason::refused(error).detail)
            }
            None => Observation::rejected(Reason::HandshakeViolation, outcome.to_string()),
        }
    };
    Observation {
        handshake: Some(seen),
        ..observation
    }
}

/// The reasons behind an error of rustls. The chain is good where the handshake is
/// what is judged, so a signature that does not verify is that of the handshake.
fn reasons(error: &Error) -> Vec<Reason> {
    let mut reasons = rustls_reason::reasons(error).to_vec();
    if matches!(error, Error::DecryptError | Error::PeerIncompatible(_)) {
        // A record or a Finished; a version, or an extension that is missing.
        reasons.push(Reason::HandshakeViolation);
    }
    if reasons.contains(&Reason::BadSignature) {
        reasons.insert(0, Reason::NoProofOfPossession);
    }
    reasons
}
