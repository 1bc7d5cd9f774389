//! Many clients at once, some of them rude, and rules that change under all of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::world::{NOW, World, ask, connect, knock, refused, start};
use gatecrash::{server::Running, verdict::Reason};

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
    config.limits.handshake_milliseconds = 900;
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
    // They hold all that their address may have, and it is that of the honest client too.
    tokio::time::sleep(PATIENCE / 10).await;
    assert!(
        knock(&running, &Arc::new(world.client(Some("client"))))
            .await
            .0
            .is_ok()
    );
    assert!(shed(&running, "crowded") >= 1, "one of them made way");
    tokio::time::sleep(PATIENCE * 2).await;
    let causes = ["connections-per-address", "crowded", "handshake-deadline"];
    assert_eq!(
        causes
            .map(|cause| shed(&running, cause))
            .iter()
            .sum::<u64>(),
        60,
        "{:?}",
        running.handle().metrics()
    );
}

const PATIENCE: Duration = Duration::from_millis(500);

fn shed(running: &Running, cause: &str) -> u64 {
    let metrics = running.handle().metrics();
    let mut causes = metrics.shed.iter();
    causes
        .find(|(known, _)| *known == cause)
        .map_or(0, |(_, count)| *count)
}

#[tokio::test]
async fn a_client_that_holds_all_its_connections_gets_no_more_until_one_ends() {
    let world = World::new();
    let mut config = world.server();
    config.limits.connections_per_client = 2;
    let running = start(config).await;
    let client = Arc::new(world.client(Some("client")));
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(running.local_addr(), &client)
            .await
            .expect("a connection");
        ask(&mut stream, "GET", "/whoami", "")
            .await
            .expect("an answer");
        held.push(stream);
    }
    assert!(knock(&running, &client).await.0.is_err());
    assert_eq!(shed(&running, "connections-per-client"), 1);
    drop(held);
    while running.handle().metrics().connections_open > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(knock(&running, &client).await.0.is_ok());
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
