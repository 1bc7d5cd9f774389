//! What a ticket, or an open connection, is worth after something has changed.

use std::sync::Arc;

use gatecrash::{
    server::{Handle, RevocationRule},
    verdict::Reason,
};

use crate::world::{NOW, World, admitted, ask, connect, knock, refused, start, trust_of};

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
        let running = start(world.server()).await;
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
