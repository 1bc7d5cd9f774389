//! What a ticket, or an open connection, is worth after something has changed.

use std::sync::Arc;

use gatecrash::{
    server::{ClientAuth, Clock, Decision, Handle, MinimumVersion, RevocationRule, Scrutiny},
    verdict::Reason,
};
use rustls::{
    NamedGroup,
    client::{
        ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
        Tls13ClientSessionValue,
    },
};
use rustls_pki_types::ServerName;

use crate::world::{NOW, World, admitted, ask, connect, knock, knock_as, refused, start, trust_of};

#[tokio::test]
async fn a_ticket_stands_for_the_certificate_only_while_nothing_has_changed() {
    let world = World::new();
    type Change = fn(&World, &Handle);
    let table: [(&str, Option<Change>, bool); 5] = [
        ("nothing", None, true),
        (
            "the same trust again",
            Some(|world, handle| trust_of(handle, world.trust(NOW))),
            false,
        ),
        (
            "one second later",
            Some(|world, handle| trust_of(handle, world.trust(NOW.plus_seconds(1)))),
            false,
        ),
        (
            "other CRLs",
            Some(|world, handle| {
                let mut trust = world.trust(NOW);
                trust.crls.reverse();
                trust_of(handle, trust);
            }),
            false,
        ),
        (
            "the same configuration read again",
            Some(|world, handle| {
                handle.replace(world.server()).expect("a configuration");
            }),
            false,
        ),
    ];
    for (what, change, resumes) in table {
        let running = start(world.server()).await;
        let client = Arc::new(world.client(Some("client")));
        let (answer, outcome) = knock(&running, &client).await;
        assert_eq!(
            (answer.is_ok(), admitted(&outcome)),
            (true, Some(false)),
            "{what}"
        );
        if let Some(change) = change {
            change(&world, &running.handle());
        }
        let (answer, outcome) = knock(&running, &client).await;
        assert_eq!(
            (answer.is_ok(), admitted(&outcome)),
            (true, Some(resumes)),
            "{what}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_ticket_does_not_outlive_revocation_the_ca_or_the_certificate() {
    let (world, other) = (World::new(), World::new());
    let table = [
        ("the CA is replaced", other.trust(NOW), Reason::BadSignature),
        (
            "the certificate ends",
            world.trust(NOW.plus_days(90).plus_seconds(1)),
            Reason::Expired,
        ),
    ];
    for (what, trust, reason) in table {
        let mut config = world.server();
        // The server's own certificate ends as well, and that is not what is asked.
        config.scrutiny = Scrutiny::Waived;
        let running = start(config).await;
        let client = Arc::new(world.client(Some("client")));
        assert!(knock(&running, &client).await.0.is_ok(), "{what}");
        trust_of(&running.handle(), trust);
        let (answer, outcome) = knock(&running, &client).await;
        assert!(answer.is_err(), "{what}");
        assert_eq!(refused(&outcome), Some(reason), "{what}");
    }
    let mut lenient = world.server();
    lenient.policy.revocation = RevocationRule::IfPresent;
    lenient.trust.crls.clear();
    let running = start(lenient).await;
    let client = Arc::new(world.client(Some("revoked")));
    assert!(knock(&running, &client).await.0.is_ok());
    assert_eq!(
        admitted(&knock(&running, &client).await.1),
        Some(true),
        "the ticket is good before"
    );
    trust_of(&running.handle(), world.trust(NOW));
    let (answer, outcome) = knock(&running, &client).await;
    assert!(answer.is_err());
    assert_eq!(refused(&outcome), Some(Reason::Revoked));
}

#[tokio::test]
async fn an_open_connection_is_judged_again_when_the_rules_change() {
    let world = World::new();
    let mut lenient = world.server();
    lenient.policy.revocation = RevocationRule::IfPresent;
    lenient.trust.crls.clear();
    let running = start(lenient).await;
    let mut stream = connect(
        running.local_addr(),
        &Arc::new(world.client(Some("revoked"))),
    )
    .await
    .expect("let in");
    let before = ask(&mut stream, "GET", "/whoami", "")
        .await
        .expect("an answer");
    assert!(before.starts_with("HTTP/1.1 200"), "{before}");
    trust_of(&running.handle(), world.trust(NOW));
    let after = ask(&mut stream, "GET", "/whoami", "")
        .await
        .expect("an answer");
    assert!(after.starts_with("HTTP/1.1 401"), "{after}");
}

/// Two names, one memory of tickets: whatever was given for one is shown to the other.
#[derive(Debug)]
struct OneMemory(ClientSessionMemoryCache);

impl OneMemory {
    fn name() -> ServerName<'static> {
        ServerName::try_from("anywhere.example").expect("a name")
    }
}

impl ClientSessionStore for OneMemory {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.0.set_kx_hint(name, group);
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.0.kx_hint(name)
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.0.set_tls12_session(Self::name(), value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(&Self::name())
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.0.remove_tls12_session(&Self::name());
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.0.insert_tls13_ticket(Self::name(), value);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.take_tls13_ticket(&Self::name())
    }
}

#[tokio::test]
async fn a_ticket_given_under_one_name_is_worth_nothing_under_another() {
    let world = World::new();
    let running = start(world.server()).await;
    let mut client = world.client(Some("client"));
    client.resumption = Resumption::store(Arc::new(OneMemory(ClientSessionMemoryCache::new(8))));
    let client = Arc::new(client);
    for (name, resumes) in [
        ("localhost", false),
        ("localhost", true),
        ("127.0.0.1", false),
        ("127.0.0.1", true),
        ("localhost", false),
    ] {
        let (answer, outcome) = knock_as(&running, &client, name).await;
        assert!(answer.is_ok(), "{name}: {answer:?}");
        assert_eq!(admitted(&outcome), Some(resumes), "{name}");
    }
}

#[tokio::test]
async fn a_ticket_without_a_certificate_never_stands_for_one() {
    let world = World::new();
    let mut config = world.server();
    config.policy.client_auth = ClientAuth::Optional;
    let running = start(config.clone()).await;
    let client = Arc::new(world.client(None));
    for _ in 0..2 {
        let (answer, outcome) = knock(&running, &client).await;
        assert!(
            answer.expect("an answer").starts_with("HTTP/1.1 401"),
            "anonymous it stays"
        );
        assert!(matches!(
            &outcome.decision,
            Decision::Admitted {
                fingerprint: None,
                ..
            }
        ));
    }
    config.policy.client_auth = ClientAuth::Required;
    running.handle().replace(config).expect("a configuration");
    let (answer, outcome) = knock(&running, &client).await;
    assert!(answer.is_err());
    assert_eq!(refused(&outcome), Some(Reason::NoCertificate));
}

/// The clock goes on by itself here: nothing is replaced, so only the certificate's end can refuse.
#[tokio::test]
async fn a_ticket_ends_with_the_certificate_under_one_configuration() {
    let now = Clock::System.now();
    // Its certificates live for 90 days, so those of a PKI made 90 days ago end in a moment.
    let ending = World::at(now.plus_days(-90).plus_seconds(4));
    let mut config = ending.server();
    config.trust.time = Clock::System;
    config.trust.crls.clear();
    config.policy.revocation = RevocationRule::IfPresent;
    let running = start(config).await;
    let client = Arc::new(ending.client(Some("client")));
    assert!(knock(&running, &client).await.0.is_ok());
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let (answer, outcome) = knock(&running, &client).await;
    assert!(answer.is_err(), "{outcome:?}");
    assert_eq!(refused(&outcome), Some(Reason::Expired));
    assert_eq!(running.handle().metrics().generation, 0);
}

/// TLS 1.2 is spoken only where it is chosen, and is no way around anything.
#[tokio::test]
async fn tls_1_2_by_choice_judges_and_resumes_as_tls_1_3_does() {
    let world = World::new();
    let mut lenient = world.server();
    lenient.minimum_version = MinimumVersion::Tls12;
    lenient.policy.revocation = RevocationRule::IfPresent;
    lenient.trust.crls.clear();
    let running = start(lenient).await;
    let of_1_2 =
        |who: Option<&str>| Arc::new(world.client_of_version(who, &rustls::version::TLS12));
    let (client, revoked) = (of_1_2(Some("client")), of_1_2(Some("revoked")));
    for resumes in [false, true] {
        for config in [&client, &revoked] {
            let (answer, outcome) = knock(&running, config).await;
            assert!(answer.is_ok(), "{answer:?}");
            assert_eq!(admitted(&outcome), Some(resumes));
        }
    }
    let (answer, outcome) = knock(&running, &of_1_2(None)).await;
    assert!(answer.is_err());
    assert_eq!(refused(&outcome), Some(Reason::NoCertificate));
    trust_of(&running.handle(), world.trust(NOW));
    let (answer, outcome) = knock(&running, &revoked).await;
    assert!(answer.is_err());
    assert_eq!(refused(&outcome), Some(Reason::Revoked));
    assert_eq!(admitted(&knock(&running, &client).await.1), Some(false));
    assert_eq!(admitted(&knock(&running, &client).await.1), Some(true));
    let modern = Arc::new(world.client(Some("client")));
    assert!(knock(&running, &modern).await.0.is_ok());
}
