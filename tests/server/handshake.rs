//! Who gets in, who does not, and for what reason.

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use gatecrash::{
    load::{Answer, Caller, Kind, LoadPki},
    server::{Clock, Limits, RevocationRule, Scrutiny, Trust},
    verdict::Reason,
};
use rustls::{ClientConfig, RootCertStore};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    exhaustion::of_load,
    world::{NOW, World, admitted, ask, certificates, connect, knock, refused, start, trust_of},
};

#[tokio::test]
async fn a_good_client_learns_who_it_is() {
    let world = World::new();
    let running = start(world.server()).await;
    let (answer, outcome) = knock(&running, &Arc::new(world.client(Some("client")))).await;
    let answer = answer.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(
        answer.contains("spiffe://gatecrash.example/client"),
        "{answer}"
    );
    assert_eq!(admitted(&outcome), Some(false));
}

#[tokio::test]
async fn whoever_should_not_enter_is_refused_for_the_reason() {
    let (world, stranger) = (World::new(), World::new());
    let days = |days: i64| world.trust(NOW.plus_days(days));
    let mut without_crls = world.server();
    without_crls.policy.revocation = RevocationRule::IfPresent;
    without_crls.trust.crls.clear();
    let intermediate_crl_missing = Trust {
        crls: world.trust(NOW).crls[..1].to_vec(),
        ..world.trust(NOW)
    };
    let strangers_client = {
        // The stranger's certificate, and our anchor for the server's.
        let mut roots = RootCertStore::empty();
        roots
            .add(certificates(world.text("ca.pem")).remove(0))
            .expect("an anchor");
        ClientConfig::builder_with_details(
            Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
            Arc::new(Clock::Fixed(NOW)),
        )
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("a version")
        .with_root_certificates(roots)
        .with_client_auth_cert(
            certificates(stranger.text("client.pem")),
            stranger.key("client.key"),
        )
        .expect("a client certificate")
    };
    let good = || world.client(Some("client"));
    let table = [
        (
            "no certificate",
            world.trust(NOW),
            world.client(None),
            Reason::NoCertificate,
        ),
        (
            "another CA of the same name",
            world.trust(NOW),
            strangers_client,
            Reason::BadSignature,
        ),
        (
            "revoked",
            world.trust(NOW),
            world.client(Some("revoked")),
            Reason::Revoked,
        ),
        ("expired", days(91), good(), Reason::Expired),
        ("not yet valid", days(-2), good(), Reason::NotYetValid),
        (
            "a CRL is missing",
            intermediate_crl_missing,
            good(),
            Reason::RevocationUnknown,
        ),
        (
            "TLS 1.2",
            world.trust(NOW),
            world.client_of_version(Some("client"), &rustls::version::TLS12),
            Reason::ProtocolTooOld,
        ),
    ];
    let mut config = world.server();
    // What is asked is how clients are judged under evidence that would not come into force.
    config.scrutiny = Scrutiny::Waived;
    let running = start(config).await;
    for (what, trust, client, reason) in table {
        trust_of(&running.handle(), trust);
        let (answer, outcome) = knock(&running, &Arc::new(client)).await;
        assert!(answer.is_err(), "{what}: {answer:?}");
        assert_eq!(refused(&outcome), Some(reason), "{what}: {outcome:?}");
        assert!(running.handle().metrics().refused_for(reason) > 0, "{what}");
    }
    let running = start(without_crls).await;
    let (answer, _) = knock(&running, &Arc::new(world.client(Some("revoked")))).await;
    assert!(answer.is_ok(), "without CRLs nobody is revoked: {answer:?}");
}

#[tokio::test]
async fn a_change_that_cannot_be_used_changes_nothing() {
    let world = World::new();
    let running = start(world.server()).await;
    let garbage = Trust {
        anchors: vec![b"garbage".to_vec()],
        ..world.trust(NOW)
    };
    let no_crls = Trust {
        crls: Vec::new(),
        ..world.trust(NOW)
    };
    for trust in [garbage, no_crls, Trust::default()] {
        assert!(running.handle().replace_trust(trust).is_err());
    }
    assert!(
        knock(&running, &Arc::new(world.client(Some("client"))))
            .await
            .0
            .is_ok()
    );
    let metrics = running.handle().metrics();
    assert_eq!((metrics.generation, metrics.failed_reloads), (0, 3));
}

#[tokio::test]
async fn who_stands_still_is_let_go() {
    let world = World::new();
    let mut config = world.server();
    let mut limits = Limits::default();
    limits.handshake_milliseconds = 200;
    config.limits = limits;
    let running = start(config).await;
    let mut silent = TcpStream::connect(running.local_addr())
        .await
        .expect("a connection");
    silent.write_all(&[0x16, 3, 1]).await.expect("written");
    let read = tokio::time::timeout(Duration::from_secs(5), silent.read(&mut [0; 16]))
        .await
        .expect("closed in time");
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    assert!(
        knock(&running, &Arc::new(world.client(Some("client"))))
            .await
            .0
            .is_ok()
    );
}

#[tokio::test]
async fn shutdown_waits_for_requests_in_progress_and_closes_idle_connections() {
    let world = World::new();
    let mut config = world.server();
    config.application = Some(Router::new().route(
        "/slow",
        get(async || {
            tokio::time::sleep(Duration::from_millis(700)).await;
            "done"
        }),
    ));
    let running = start(config).await;
    let (address, handle) = (running.local_addr(), running.handle());
    let client = Arc::new(world.client(Some("client")));
    let mut idle = connect(address, &client).await.expect("let in");
    let mut busy = connect(address, &client).await.expect("let in");
    ask(&mut idle, "GET", "/nothing", "")
        .await
        .expect("an answer");
    let answer = tokio::spawn(async move { ask(&mut busy, "GET", "/slow", "").await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    handle.shutdown();
    tokio::time::timeout(Duration::from_secs(8), running.wait())
        .await
        .expect("ended before the drain time was over");
    let answer = answer.await.expect("no panic").expect("an answer");
    assert!(answer.ends_with("done"), "{answer}");
    assert!(ask(&mut idle, "GET", "/nothing", "").await.is_err());
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutdown_lets_the_server_end() {
    let world = World::new();
    let running = start(world.server()).await;
    let address = running.local_addr();
    running.handle().shutdown();
    tokio::time::timeout(Duration::from_secs(5), running.wait())
        .await
        .expect("ended");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_chain_that_was_let_in_is_refused_without_its_key() {
    let mut pki = LoadPki::new(Clock::System.now(), 0).expect("a PKI");
    let (_folder, config) = of_load(&mut pki);
    let running = start(config).await;
    let own = pki.issue(Kind::Client).expect("a certificate");
    let mut stolen = own.clone();
    stolen.key = pki.issue(Kind::Client).expect("another").key;
    let table = [
        (&own, Answer::Let { resumed: false }),
        (&own, Answer::Let { resumed: false }),
        (&stolen, Answer::Refused),
        (&own, Answer::Let { resumed: false }),
    ];
    for (credentials, expected) in table {
        let caller = Caller::new(running.local_addr(), pki.root(), Some(credentials));
        let caller = caller.expect("a client");
        assert_eq!(caller.visit(Duration::from_secs(10)).await, expected);
    }
    let metrics = running.handle().metrics();
    assert_eq!(metrics.refused_for(Reason::NoProofOfPossession), 1);
}

#[tokio::test]
async fn a_chain_that_was_let_in_is_judged_again_under_other_rules() {
    let world = World::new();
    let mut lenient = world.server();
    lenient.policy.revocation = RevocationRule::IfPresent;
    lenient.trust.crls.clear();
    lenient.resumption = None;
    let running = start(lenient).await;
    let client = Arc::new(world.client(Some("revoked")));
    for _ in 0..2 {
        let (answer, outcome) = knock(&running, &client).await;
        assert!(answer.is_ok(), "{outcome:?}");
        assert_eq!(admitted(&outcome), Some(false), "no ticket stands for it");
    }
    trust_of(&running.handle(), world.trust(NOW));
    let (answer, outcome) = knock(&running, &client).await;
    assert!(answer.is_err(), "{outcome:?}");
    assert_eq!(refused(&outcome), Some(Reason::Revoked));
}
