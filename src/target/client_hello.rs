//! Any octets as a client's first flight: the server negotiates nothing old, and
//! reads the same server name as we do.

use std::sync::LazyLock;

use super::{Alarm, Dictionary, Reach, Session, Target};
use crate::{
    defect,
    handshake::{
        Recorder, Rival, ToyWorld, Transport,
        message::{ClientHello, ServerHello},
        record::Incoming,
        wire::Reader,
    },
    mutate::OCTETS,
    question::Purpose,
    recipe::generate::Setting,
    script::{ExtensionKind, HandshakeKind, ProtocolVersion, RecordKind, Script},
};

pub(super) const CLIENT_HELLO: Target = Target {
    name: "client_hello",
    summary: "octets as a client's first flight to a rustls server: no old version is agreed on, and both read the same server name",
    run,
    seeds,
    moves: OCTETS,
    max_length: 1024,
    by_rarity: true,
    dictionary: Some(Dictionary::Tls),
    reach: Reach::stages(&["a hello", "answered", "refused", "waits", "a server name"]),
};

static WORLD: LazyLock<ToyWorld> = LazyLock::new(ToyWorld::new);

fn run(input: &[u8], session: &mut Session) {
    let ours = read(input);
    if ours.is_some() {
        session.health.reach("a hello");
    }
    compare_names(input, ours.as_ref(), session);
    let mut server = WORLD.memory(Rival::PlainServer);
    // A server that refuses takes no more octets.
    let _ = server.send(input);
    let mut answer = Vec::new();
    let _ = server.receive(&mut answer);
    let mut incoming = Incoming::default();
    incoming.push(&answer);
    let chosen = std::iter::from_fn(|| incoming.record()).find_map(|record| {
        let is_hello = record.kind == RecordKind::HANDSHAKE
            && record.body.first() == Some(&HandshakeKind::SERVER_HELLO.0);
        let mut message = Reader::new(record.body.get(1..).filter(|_| is_hello)?);
        ServerHello::read(message.vector(3).ok()?).ok()
    });
    match (&chosen, server.error()) {
        (Some(_), _) => session.health.reach("answered"),
        (None, Some(_)) => session.health.reach("refused"),
        (None, None) => session.health.reach("waits"),
    }
    let Some(chosen) = chosen else { return };
    if chosen.version() < ProtocolVersion::TLS_1_2 {
        let detail = format!("{} for {input:02x?}", chosen.version());
        session.fail(input, &Alarm::new("an old version was agreed on", detail));
    }
    if answer.len() > 64 * 1024 + 16 * input.len() {
        let detail = format!("{} octets for {}", answer.len(), input.len());
        session.fail(
            input,
            &Alarm::new("a stranger got far more than it sent", detail),
        );
    }
}

/// The first handshake message in the records, if it is a ClientHello.
fn read(input: &[u8]) -> Option<ClientHello> {
    let mut incoming = Incoming::default();
    incoming.push(input);
    let mut messages = Vec::new();
    while let Some(record) = incoming.record() {
        if record.kind != RecordKind::HANDSHAKE {
            return None;
        }
        messages.extend_from_slice(&record.body);
        let mut message = Reader::new(&messages);
        let kind = message.u8().map(HandshakeKind);
        if let (Ok(HandshakeKind::CLIENT_HELLO), Ok(body)) = (kind, message.vector(3)) {
            return ClientHello::read(body).ok();
        }
    }
    None
}

/// The first host name of `server_name` (RFC 6066 section 3).
fn host_name(hello: &ClientHello) -> Option<&[u8]> {
    let mut body = Reader::new(hello.extension(ExtensionKind::SERVER_NAME)?);
    let mut list = Reader::new(body.vector(2).ok()?);
    loop {
        match (list.u8().ok()?, list.vector(2).ok()?) {
            (0, name) => return Some(name),
            _ => continue,
        }
    }
}

/// The acceptor reads hellos for servers that choose by name.
fn compare_names(input: &[u8], ours: Option<&ClientHello>, session: &mut Session) {
    let mut acceptor = rustls::server::Acceptor::default();
    if acceptor.read_tls(&mut &input[..]).is_err() {
        return;
    }
    let Ok(Some(accepted)) = acceptor.accept() else {
        return;
    };
    let theirs = accepted.client_hello().server_name().map(str::to_owned);
    let Some(theirs) = theirs else { return };
    session.health.reach("a server name");
    let ours = ours.and_then(host_name);
    // rustls takes an absolute name without its last dot.
    let same = ours.is_some_and(|ours| {
        let relative = ours.strip_suffix(b".").unwrap_or(ours);
        relative.eq_ignore_ascii_case(theirs.as_bytes())
    });
    if !same {
        let detail = format!("rustls reads {theirs:?}, we read {ours:02x?}");
        session.fail(input, &Alarm::new("two readers of one server name", detail));
    }
}

/// The first flights of the catalogue's clients, and some for server names and old versions.
fn seeds() -> Vec<Vec<u8>> {
    let mut scripts = vec![Script::client()];
    let mut named = Script::client();
    named.hello.server_name = "service.gatecrash.example".to_owned();
    scripts.push(named);
    let mut toy = Script::client();
    toy.hello.groups = vec![crate::script::NamedGroup::TOY];
    toy.hello.shares = vec![crate::script::Share::of(crate::script::NamedGroup::TOY)];
    scripts.push(toy.clone());
    toy.hello.server_name = "Service.Gatecrash.Example".to_owned();
    scripts.push(toy);
    for version in ProtocolVersion::NAMED {
        let mut old = Script::client();
        old.hello.versions.clear();
        old.hello.legacy_version = *version;
        scripts.push(old);
    }
    let setting = Setting {
        purpose: Purpose::Client,
        ..Setting::default()
    };
    for defect in defect::matching("handshake/*") {
        let mut recipe = setting.recipe();
        let position = crate::defect::Position::Handshake;
        let fits = defect.purposes.contains(&Purpose::Client)
            && (defect.prepare)(&mut recipe, position).is_ok()
            && (defect.spoil)(&mut recipe, position).is_ok();
        scripts.extend(recipe.handshake.filter(|_| fits));
    }
    let flights = scripts.iter().map(Recorder::of);
    let mut seeds: Vec<Vec<u8>> = flights.filter(|octets| octets.len() <= 1024).collect();
    seeds.sort();
    seeds.dedup();
    seeds
}
