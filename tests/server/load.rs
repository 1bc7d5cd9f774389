//! Many clients at once, some of them rude, and rules that change under all of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::world::{NOW, World, knock, refused, start};
use gatecrash::verdict::Reason;

/// Rotation of everything at once: credentials, anchors and CRLs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_loses_no_honest_client_and_lets_no_revoked_one_in() {
    let world = Arc::new(World::new());
    let running = Arc::new(start(world.server()).await);
    let stop = Arc::new(AtomicBool::new(false));
    let served = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for who in ["client", "client", "client", "revoked"] {
        let (world, running) = (Arc::clone(&world), Arc::clone(&running));
        let (stop, served) = (Arc::clone(&stop), Arc::clone(&served));
        clients.push(tokio::spawn(async move {
            let config = Arc::new(world.client(Some(who)));
            while !stop.load(Ordering::Relaxed) {
                let (answer, outcome) = knock(&running, &config).await;
                assert_eq!(
                    answer.is_ok(),
                    who == "client",
                    "{who}: {answer:?} {outcome:?}"
                );
                assert_eq!(
                    refused(&outcome),
                    (who == "revoked").then_some(Reason::Revoked)
                );
                served.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        running
            .handle()
            .replace(world.server())
            .expect("a rotation");
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("no client was surprised");
    }
    assert!(
        served.load(Ordering::Relaxed) > 100,
        "only {} connections",
        served.load(Ordering::Relaxed)
    );
    assert_eq!(running.handle().metrics().generation, 50);
}

#[tokio::test]
async fn silent_connections_beyond_the_limit_are_closed_and_honest_clients_go_on() {
    let world = World::new();
    let mut config = world.server();
    config.limits.connections_per_address = 20;
    config.limits.handshake_milliseconds = 500;
    let running = start(config).await;
    let mut silent = Vec::new();
    for _ in 0..60 {
        let mut stream = TcpStream::connect(running.local_addr())
            .await
            .expect("a connection");
        // The beginning of a ClientHello that never goes on.
        let _ = stream.write_all(&[0x16, 3, 1, 2, 0]).await;
        silent.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert!(
        knock(&running, &Arc::new(world.client(Some("client"))))
            .await
            .0
            .is_ok()
    );
    let metrics = running.handle().metrics();
    let shed = |cause: &str| {
        metrics
            .shed
            .iter()
            .find(|(known, _)| *known == cause)
            .map_or(0, |(_, count)| *count)
    };
    assert_eq!(
        (shed("connections-per-address"), shed("handshake-deadline")),
        (40, 20),
        "{metrics:?}"
    );
}

#[tokio::test]
async fn who_sends_too_much_before_it_is_known_is_cut_off() {
    let world = World::new();
    let mut config = world.server();
    config.limits.handshake_octets = 1024;
    let running = start(config).await;
    let (answer, outcome) = knock(&running, &Arc::new(world.client(Some("client")))).await;
    assert!(answer.is_err());
    assert_eq!(
        refused(&outcome),
        Some(Reason::BudgetExceeded),
        "{outcome:?}"
    );
    // The same chain passes a server that allows for it.
    let running = start(world.server()).await;
    assert!(
        knock(&running, &Arc::new(world.client(Some("client"))))
            .await
            .0
            .is_ok(),
        "at {NOW}"
    );
}
