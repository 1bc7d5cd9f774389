//! Scripts, played in memory to two rustls servers and to a rustls client, with
//! toy key exchange and toy signatures.
//!
//! Whatever a script does, nobody is let in who has proven nothing.

use std::sync::LazyLock;

use super::{Alarm, Reach, Session, Target};
use crate::{
    handshake::{Outcome, Rival, ToyWorld, broken},
    mutate::OCTETS,
    script::{End, MAX_CHANGES, Script, Side, Start},
};

pub(super) const HANDSHAKE: Target = Target {
    name: "handshake",
    summary: "honest handshakes with up to eight changes, toy key exchange and signatures, against rustls's server, the reference server's verifier in it, and rustls's client",
    run,
    seeds,
    moves: OCTETS,
    max_length: 1 + 4 * MAX_CHANGES as u32,
    by_rarity: true,
    dictionary: None,
    reach: Reach::stages(&[
        "server negotiated",
        "server let in",
        "server refused",
        "client negotiated",
        "client let in",
        "client refused",
    ]),
};

static WORLD: LazyLock<ToyWorld> = LazyLock::new(ToyWorld::new);

fn run(input: &[u8], session: &mut Session) {
    let script = Script::from_bytes(input);
    for rival in Rival::of(script.side) {
        let outcome = WORLD.play(&script, *rival);
        note(script.side, &outcome, session);
        if let Some(broken) = broken(&script, &outcome, WORLD.identity(*rival)) {
            let text = script.to_toml().unwrap_or_default();
            let detail = format!("{rival:?}: {outcome}\n{text}");
            let alarm = Alarm {
                script: Some(Box::new(script.clone())),
                ..Alarm::new(format!("{broken:?}"), detail)
            };
            session.fail(input, &alarm);
        }
    }
}

fn note(side: Side, outcome: &Outcome, session: &mut Session) {
    // The side under test is the other one.
    let (negotiated, let_in, refused) = match side {
        Side::Client => ("server negotiated", "server let in", "server refused"),
        Side::Server => ("client negotiated", "client let in", "client refused"),
    };
    if outcome.negotiated.is_some() {
        session.health.reach(negotiated);
    }
    if !outcome.application_data.is_empty() {
        session.health.reach(let_in);
    }
    if matches!(outcome.end, End::Alert(_)) {
        session.health.reach(refused);
    }
}

/// The honest scripts, and each kind of change at each of their steps.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for start in Start::ALL {
        seeds.push(Script::seed(start, &[]));
        let steps = start.script().steps.len() as u8;
        for kind in 0..Script::KINDS_OF_CHANGE {
            for step in 0..steps {
                seeds.push(Script::seed(
                    start,
                    &[[kind, step, kind.wrapping_mul(7), step]],
                ));
            }
        }
    }
    seeds
}
