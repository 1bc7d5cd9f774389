//! What the server told of itself: versions, suites, the CAs that it names, what it answers.

use super::{
    outcome::{Outcome, Yardstick},
    result::{Record, Server},
    scene::Scene,
    trust,
};
use crate::{handshake::downgrade::suite_name, script::ProtocolVersion};

/// The name of a version in reports.
pub(super) fn named(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::SSL_3_0 => "SSLv3",
        ProtocolVersion::TLS_1_0 => "TLSv1.0",
        ProtocolVersion::TLS_1_1 => "TLSv1.1",
        ProtocolVersion::TLS_1_2 => "TLSv1.2",
        ProtocolVersion::TLS_1_3 => "TLSv1.3",
        _ => "another version",
    }
}

/// What the control told of the server.
pub(super) fn server(scene: &Scene) -> Server {
    let Yardstick { good, none } = &scene.yardstick;
    let mut server = Server {
        kind: scene.kind,
        accepted_cas: trust::names(&good.greeting.accepted_cas),
        asks_for_certificate: good.greeting.asked || none.greeting.asked,
        good: good.end.to_string(),
        none: none.end.to_string(),
        ..Server::default()
    };
    if scene.speaks_old_alone() {
        for version in ProtocolVersion::NAMED {
            let speaks = scene.spoken.contains(version);
            server.protocols.insert(named(*version).to_owned(), speaks);
        }
    }
    for answer in [good, none] {
        if let Some(version) = answer.greeting.version {
            server.protocols.insert(version.to_owned(), true);
        }
        if let Some(cipher) = &answer.greeting.cipher
            && !server.ciphers.contains(cipher)
        {
            server.ciphers.push(cipher.clone());
        }
    }
    server
}

/// What the server took of what it was offered, version by version.
pub(super) fn hear_suites(server: &mut Server, scene: &Scene) {
    for (version, taken) in scene.suites().iter() {
        let name = named(*version).to_owned();
        server.protocols.insert(name.clone(), !taken.is_empty());
        if taken.is_empty() {
            continue;
        }
        let names: Vec<String> = taken.iter().copied().map(suite_name).collect();
        for cipher in &names {
            if !server.ciphers.contains(cipher) {
                server.ciphers.push(cipher.clone());
            }
        }
        server.cipher_suites.insert(name, names);
    }
}

/// What a record tells of the server.
pub(super) fn hear(server: &mut Server, record: &Record) {
    let version = record.id.strip_prefix("protocol/");
    if let (Some(version), Some(speaks)) = (version, spoken(&record.outcome)) {
        server.protocols.entry(version.to_owned()).or_insert(speaks);
    }
}

/// Whether a version is spoken, by what came of the good certificate over it alone. None where that tells nothing.
fn spoken(outcome: &Outcome) -> Option<bool> {
    match outcome {
        Outcome::Silent | Outcome::Inconclusive(_) => None,
        Outcome::RefusedByStatus(_) => Some(true),
        outcome => Some(outcome.is_accepted()),
    }
}
