//! The plain listener for health and metrics.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::world::{World, start};

async fn told(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut text = String::new();
    let read = timeout(Duration::from_secs(20), stream.read_to_string(&mut text)).await;
    read.expect("the server ends the connection").expect("read");
    text
}

#[tokio::test]
async fn monitors_are_answered_once_and_nobody_holds_on_to_anything() {
    let world = World::new();
    let mut config = world.server();
    config.status_listen = Some(([127, 0, 0, 1], 0).into());
    let running = start(config).await;
    let address = running.status_addr().expect("an address");
    // More of them than there are places, who say nothing or not all.
    let mut silent = Vec::new();
    for number in 0..50 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        if number % 2 == 0 {
            let _ = stream.write_all(b"GET /metrics HTTP/1.1\r\nHo").await;
        }
        silent.push(stream);
    }
    // No `Connection: close`: the server closes by itself.
    let metrics = told(address, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(metrics.contains("gatecrash_generation 0"), "{metrics}");
    let health = told(address, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(health.ends_with("ok\n"), "{health}");
    let long = format!(
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    assert!(told(address, &long).await.contains(" 431 "));
    // A page in a browser may lead a name of its own here.
    let rebound = told(
        address,
        "GET /metrics HTTP/1.1\r\nHost: rebound.example\r\n\r\n",
    )
    .await;
    assert!(
        rebound.contains(" 421 ") && !rebound.contains("gatecrash_"),
        "{rebound}"
    );
    for mut stream in silent {
        let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut Vec::new())).await;
        assert!(read.is_ok(), "a silent connection stays open");
    }
}

#[test]
fn beyond_the_loopback_it_must_be_asked_for() {
    let mut config = World::new().server();
    for (address, asked, good) in [
        ("127.0.0.1:9", false, true),
        ("[::1]:9", false, true),
        ("0.0.0.0:9", false, false),
        ("192.0.2.1:9", false, false),
        ("[::]:9", false, false),
        ("192.0.2.1:9", true, true),
    ] {
        config.status_listen = Some(address.parse().expect("an address"));
        config.status_beyond_loopback = asked;
        let checked = config.check();
        assert_eq!(checked.is_ok(), good, "{address}, asked: {asked}");
        if let Err(error) = checked {
            assert!(
                error.to_string().contains("status-beyond-loopback"),
                "{error}"
            );
        }
    }
}
