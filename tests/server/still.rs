//! Connections that stand still, however many octets move on them.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body, routing::get};
use gatecrash::{server::Running, verdict::Reason};
use hyper::{Request, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConnection;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::world::{World, connect, refused, start};

async fn with_idle(world: &World, idle: u64) -> Running {
    let mut config = world.server();
    config.limits.idle_milliseconds = idle;
    config.limits.header_milliseconds = 500;
    config.application = Some(Router::new().route(
        "/slow",
        get(async || {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            "done"
        }),
    ));
    start(config).await
}

#[tokio::test]
async fn pings_of_http_2_keep_no_connection_open_and_requests_do() {
    let world = World::new();
    let running = with_idle(&world, 600).await;
    let mut config = world.client(Some("client"));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = connect(running.local_addr(), &Arc::new(config))
        .await
        .expect("let in");
    let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_millis(50))
        .keep_alive_timeout(Duration::from_secs(20))
        .keep_alive_while_idle(true)
        .handshake::<_, Body>(TokioIo::new(stream))
        .await
        .expect("HTTP/2");
    let connection = tokio::spawn(connection);
    let request = Request::get("https://localhost/slow")
        .body(Body::empty())
        .expect("a request");
    let answer = sender.send_request(request).await.expect("an answer");
    assert_eq!(
        answer.status(),
        200,
        "a request takes longer than connections may be idle"
    );
    drop(answer);
    // PINGs go on, and nothing else.
    let ended = timeout(Duration::from_secs(10), connection).await;
    assert!(ended.is_ok(), "the connection is kept open by PINGs");
}

/// A ClientHello that offers nothing which the server knows.
#[tokio::test]
async fn no_cipher_suite_in_common_is_a_reason_of_its_own() {
    let world = World::new();
    let running = start(world.server()).await;
    let mut client = ClientConnection::new(
        Arc::new(world.client(Some("client"))),
        "localhost".try_into().expect("a name"),
    )
    .expect("a client");
    let mut hello = Vec::new();
    client.write_tls(&mut hello).expect("written");
    // Record, handshake header, version, random; then the session id, and the suites after it.
    let session = 5 + 4 + 2 + 32;
    let suites = session + 1 + usize::from(hello[session]);
    let length = usize::from(u16::from_be_bytes([hello[suites], hello[suites + 1]]));
    for suite in hello[suites + 2..suites + 2 + length].chunks_mut(2) {
        // TLS_AES_128_CCM_SHA256
        suite.copy_from_slice(&[0x13, 0x04]);
    }
    let mut stream = TcpStream::connect(running.local_addr())
        .await
        .expect("a connection");
    let ours = stream.local_addr().expect("an address");
    stream.write_all(&hello).await.expect("written");
    let outcome = running.handle().outcome(ours, Duration::from_secs(5)).await;
    let outcome = outcome.expect("an outcome");
    assert_eq!(
        refused(&outcome),
        Some(Reason::NoCommonCipherSuite),
        "{outcome:?}"
    );
    let text = running.handle().metrics().to_prometheus();
    assert!(
        text.contains("reason=\"no-common-cipher-suite\"} 1"),
        "{text}"
    );
}
