//! Attackers who want everything, and honest clients beside them. What is asserted is who was
//! served and what is held, never a time.

use std::{sync::Arc, time::Duration};

use gatecrash::{
    load::{ATTACKS, Answer, Attack, Attackers, Caller, Kind, LoadPki},
    server::{Clock, Limits, Running, Server, ServerConfig, Settings},
};
use tempfile::TempDir;

use crate::world::start;

const ATTACKERS: usize = 40;
const VISITS: usize = 10;

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.connections = 32;
    limits.handshakes = 16;
    limits.handshakes_per_address = 3;
    // Longer than an honest handshake takes with a server that is busy answering attackers.
    limits.patience_milliseconds = 2_000;
    limits.handshake_milliseconds = 8_000;
    limits.idle_milliseconds = 3_000;
    limits.header_milliseconds = 1_500;
    limits.request_milliseconds = 1_500;
    // Those who hold a good certificate are known, and bounded by their address.
    limits.connections_per_address = 6;
    limits
}

/// A server on files of a PKI made for load, and the folder of the files.
pub(crate) fn of_load(pki: &mut LoadPki) -> (TempDir, ServerConfig) {
    let folder = tempfile::tempdir().expect("a folder");
    pki.write_to(folder.path()).expect("written");
    let file = |name: &str| folder.path().join(name);
    let mut settings = Settings::new(file("server.pem"), file("server.key"), vec![file("ca.pem")]);
    settings.crl = vec![file("crl.pem")];
    settings.listen.set_port(0);
    let config = Arc::new(settings)
        .load(Clock::System)
        .expect("a configuration");
    (folder, config)
}

pub(crate) fn caller(running: &Running, pki: &mut LoadPki, kind: Kind) -> Caller {
    let credentials = pki.issue(kind).expect("a certificate");
    Caller::new(running.local_addr(), pki.root(), Some(&credentials)).expect("a client")
}

async fn honest_clients_go_on(attack: &'static Attack) {
    let mut pki = LoadPki::new(Clock::System.now(), 0).expect("a PKI");
    let (_folder, mut config) = of_load(&mut pki);
    config.limits = limits();
    let running = start(config).await;
    let honest = caller(&running, &mut pki, Kind::Client);
    let attackers = Attackers::set_on(&[attack], ATTACKERS, &honest, &mut pki).expect("attackers");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut let_in = 0;
    let mut most_open = 0;
    for _ in 0..VISITS {
        let answer = honest.visit(Duration::from_secs(20)).await;
        let_in += usize::from(matches!(answer, Answer::Let { .. }));
        most_open = most_open.max(running.handle().metrics().connections_open);
    }
    drop(attackers);
    assert!(
        let_in * 10 >= VISITS * 8,
        "{}: {let_in} of {VISITS} honest visits, {:?}",
        attack.name,
        running.handle().metrics()
    );
    assert!(most_open <= 32, "{}: {most_open} connections", attack.name);
    for _ in 0..400 {
        if running.handle().metrics().connections_open == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{}: connections stay open after the attack", attack.name);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_attack_keeps_honest_clients_out_or_holds_on_to_anything() {
    // One after the other: together they would only measure the machine.
    for attack in ATTACKS {
        honest_clients_go_on(attack).await;
    }
}

#[tokio::test]
async fn a_certificate_larger_than_allowed_is_refused_before_it_is_read() {
    use gatecrash::verdict::Reason;
    let mut pki = LoadPki::new(Clock::System.now(), 0).expect("a PKI");
    let (_folder, config) = of_load(&mut pki);
    let running = Server::bind(config).await.expect("a server");
    let large = caller(&running, &mut pki, Kind::Oversized);
    assert_eq!(large.visit(Duration::from_secs(10)).await, Answer::Refused);
    assert_eq!(
        running
            .handle()
            .metrics()
            .refused_for(Reason::BudgetExceeded),
        1
    );
    let usual = caller(&running, &mut pki, Kind::Client);
    assert_eq!(
        usual.visit(Duration::from_secs(10)).await,
        Answer::Let { resumed: false }
    );
}
