//! Which cipher suites the server takes: all of a version are offered at once, and then those
//! again that it has not chosen yet, until it chooses none.
//!
//! No certificate is shown, so this is learned of a server that nobody can enter, too.

use super::{
    downgrade::{refusal, target},
    facts::named,
    outcome::Outcome,
    probe::{Conclusion, Probe, Seen, Stage},
    scene::Scene,
};
use crate::{
    handshake::downgrade::{offering, suite_name, suites_of},
    script::{End, ProtocolVersion},
};

/// One probe a version. What is wrong with what is taken is told by the stage of downgrades.
pub(super) const STAGE: Stage = Stage {
    name: "suites",
    about: "the cipher suites that the server takes in each version",
    alone: false,
    changes_server: false,
    probes,
    conclude: |_, _| Conclusion::default(),
};

fn probes(_: &Scene) -> Vec<Probe> {
    let versions = ProtocolVersion::NAMED.iter().rev();
    versions.map(|version| probe(*version)).collect()
}

fn probe(version: ProtocolVersion) -> Probe {
    let name = named(version);
    let id = format!("suites/{name}");
    let shows = format!("every cipher suite of {name}, and no certificate");
    let act = move |scene: &Scene| show(scene, version);
    match version >= ProtocolVersion::TLS_1_2 {
        true => Probe::benign(id, shows, act),
        false => Probe::hostile(id, shows, act),
    }
}

fn show(scene: &Scene, version: ProtocolVersion) -> Seen {
    let Some(target) = target(&scene.client) else {
        return Seen::inconclusive("the endpoint has no address");
    };
    let mut left = suites_of(version);
    let mut taken = Vec::new();
    let mut last = Outcome::Held("it chose none of them".to_owned());
    while !left.is_empty() {
        if !scene.client.pace().wait() {
            return Seen::inconclusive("the bounds of the scan were reached before the last suite");
        }
        let answer = match target.greet(&offering(version, &left)) {
            Ok(answer) => answer,
            Err(error) => return Seen::inconclusive(format!("nobody answers: {error}")),
        };
        let chosen = answer.hello.as_ref().map(|hello| hello.suite);
        match chosen.filter(|suite| answer.version() == Some(version) && left.contains(suite)) {
            Some(suite) => {
                left.retain(|other| *other != suite);
                taken.push(suite);
            }
            None => {
                last = match (&answer.end, answer.version()) {
                    (End::TimedOut, _) => Outcome::Silent,
                    (_, Some(other)) if other != version => {
                        Outcome::Held(format!("it chose {}", named(other)))
                    }
                    _ if answer.is_refusal() => refusal(&answer),
                    _ => Outcome::Inconclusive(answer.to_string()),
                };
                break;
            }
        }
    }
    let names: Vec<String> = taken.iter().copied().map(suite_name).collect();
    match taken.is_empty() {
        true if !last.is_refused() => return Seen::of(last),
        _ => scene.suites().insert(version, taken),
    };
    match names.is_empty() {
        true => Seen::of(last),
        false => Seen::of(Outcome::WentAlong(names.join(", "))),
    }
}
