//! What is answered to a client that is known.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Extension, Router,
    body::{Body, Bytes, to_bytes},
    http::HeaderMap,
    routing::get,
};
use gatecrash::{
    openapi::{Document, MutualTls},
    server::{ClientAuth, PeerIdentity, RoleRule, Roles, Running, Server},
};
use hyper::{body::Frame, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::world::{World, ask, connect, start};

const DOCUMENT: &str = r#"
openapi: 3.1.0
info: { title: Orders, version: "1" }
security: [ { certificate: [] } ]
components: { securitySchemes: { certificate: { type: mutualTLS } } }
paths:
  /orders: { get: { operationId: list } }
  /orders/{id}: { delete: { security: [ { certificate: [admin] } ] } }
  /orders/{id}/pay: { get: { security: [ { certificate: [payer] } ] } }
  /open: { get: { security: [] } }
"#;

fn roles() -> Roles {
    let payer = vec![RoleRule::Uri(
        "spiffe://gatecrash.example/client".to_owned(),
    )];
    Roles(
        [
            ("admin".to_owned(), Vec::new()),
            ("payer".to_owned(), payer),
        ]
        .into(),
    )
}

#[tokio::test]
async fn operations_are_guarded_as_the_document_declares() {
    let world = World::new();
    let mut config = world.server();
    config.document = Some(Arc::new(Document::parse(DOCUMENT).expect("a document")));
    config.roles = roles();
    let error = Server::bind(config.clone())
        .await
        .err()
        .expect("an open operation behind a closed handshake");
    assert!(error.to_string().contains("GET /open"), "{error}");
    config.policy.client_auth = ClientAuth::Optional;
    let running = start(config).await;
    let table = [
        ("client", "GET", "/orders", 200),
        ("client", "GET", "/orders/7/pay", 200),
        ("client", "GET", "/open", 200),
        ("client", "POST", "/orders", 405),
        ("client", "DELETE", "/orders/7", 403),
        ("client", "GET", "/orders/", 404),
        ("client", "GET", "/Orders", 404),
        ("client", "GET", "/orders/7/pay/", 404),
        ("client", "GET", "/orders%2f7/pay", 400),
        ("", "GET", "/orders", 401),
        ("", "GET", "/orders/7/pay", 401),
        ("", "DELETE", "/orders/7", 401),
        ("", "GET", "/open", 200),
        ("", "GET", "/whoami", 401),
    ];
    for (who, method, path, status) in table {
        let client = world.client((!who.is_empty()).then_some(who));
        let mut stream = connect(running.local_addr(), &Arc::new(client))
            .await
            .expect("let in");
        let answer = ask(&mut stream, method, path, "").await.expect("an answer");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{who} {method} {path}: {answer}"
        );
    }
}

#[tokio::test]
async fn an_application_learns_who_calls_and_never_what_the_caller_claims_to_be() {
    async fn echo(Extension(peer): Extension<PeerIdentity>, headers: HeaderMap) -> String {
        format!("{} {:?}", peer.uri.join(","), headers)
    }
    let world = World::new();
    let mut config = world.server();
    config.application = Some(Router::new().route("/echo", get(echo)));
    let running = start(config).await;
    let lies = "X-SSL-Client-Verify: forged\r\nX-Forwarded-Client-Cert: forged\r\nForwarded: forged\r\nX-Remote-User: forged\r\n\
                X-Forwarded-Tls-Client-Cert-Info: forged\r\nssl-client-verify: forged\r\nX_Amzn_Mtls_Clientcert: forged\r\nX-ARR-ClientCert: forged\r\n\
                X-Client-DN: forged\r\nClient-Cert: forged\r\nX-Harmless: truth\r\n";
    let mut stream = connect(
        running.local_addr(),
        &Arc::new(world.client(Some("client"))),
    )
    .await
    .expect("let in");
    let answer = ask(&mut stream, "GET", "/echo", lies)
        .await
        .expect("an answer");
    assert!(
        answer.contains("spiffe://gatecrash.example/client"),
        "{answer}"
    );
    assert!(
        answer.contains("truth") && !answer.contains("forged"),
        "{answer}"
    );
    let mut stream = connect(
        running.local_addr(),
        &Arc::new(world.client(Some("client"))),
    )
    .await
    .expect("let in");
    let answer = ask(&mut stream, "GET", "/whoami", "")
        .await
        .expect("an answer");
    assert!(
        answer.starts_with("HTTP/1.1 404"),
        "the application's routes alone: {answer}"
    );
}

#[tokio::test]
async fn a_request_larger_than_allowed_is_turned_away() {
    let world = World::new();
    let mut config = world.server();
    config.limits.body_octets = 64;
    let running = start(config).await;
    let long_header = format!("X-Long: {}\r\n", "x".repeat(20_000));
    let table = [
        ("Content-Length: 3\r\n\r\nabc".to_owned(), " 200 "),
        (
            format!("Content-Length: 65\r\n\r\n{}", "x".repeat(65)),
            " 413 ",
        ),
        (
            format!(
                "Transfer-Encoding: chunked\r\n\r\n41\r\n{}\r\n0\r\n",
                "x".repeat(65)
            ),
            " 413 ",
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n".to_owned(),
            " 400 ",
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n".to_owned(),
            " 400 ",
        ),
        (long_header, " 431 "),
    ];
    for (more, status) in table {
        let mut stream = connect(
            running.local_addr(),
            &Arc::new(world.client(Some("client"))),
        )
        .await
        .expect("let in");
        let answer = ask(&mut stream, "GET", "/healthz", &more)
            .await
            .expect("an answer");
        assert!(
            answer
                .lines()
                .next()
                .is_some_and(|line| line.contains(status)),
            "{status}: {answer}"
        );
    }
}

/// A body that is refused unread, and one that is found too large on the way.
#[tokio::test]
async fn a_body_over_http_2_that_is_too_large_is_answered_before_its_stream_ends() {
    let world = World::new();
    let mut config = world.server();
    config.limits.body_octets = 100_000;
    let running = start(config).await;
    let mut client = world.client(Some("client"));
    client.alpn_protocols = vec![b"h2".to_vec()];
    for (octets, is_announced, status) in [
        (100_000, true, 200),
        (3_000_000, true, 413),
        (3_000_000, false, 413),
    ] {
        let stream = connect(running.local_addr(), &Arc::new(client.clone()))
            .await
            .expect("let in");
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("HTTP/2");
        let connection = tokio::spawn(connection);
        let body = Body::from(vec![b'x'; octets]);
        let body = match is_announced {
            true => body,
            false => Body::new(Unannounced(body)),
        };
        let request = hyper::Request::get("https://localhost/healthz").body(body);
        let answer = sender.send_request(request.expect("a request")).await;
        let answer = answer.expect("an answer and no broken stream");
        assert_eq!(answer.status(), status, "{octets}, {is_announced}");
        let told = to_bytes(Body::new(answer.into_body()), 10_000).await;
        assert!(!told.expect("a whole answer").is_empty());
        drop(sender);
        connection.abort();
    }
}

/// A body that does not tell its length.
struct Unannounced(Body);

impl hyper::body::Body for Unannounced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_to_come_later_and_others_are_not() {
    let world = World::new();
    let mut config = world.server();
    config.limits.requests_per_client = 3;
    config.policy.client_auth = ClientAuth::Optional;
    let running = start(config).await;
    let mut told = Vec::new();
    // Over connections of its own each: it is the certificate that counts.
    for _ in 0..6 {
        let client = Arc::new(world.client(Some("client")));
        let mut stream = connect(running.local_addr(), &client)
            .await
            .expect("let in");
        let answer = ask(&mut stream, "GET", "/whoami", "")
            .await
            .expect("an answer");
        told.push(answer);
    }
    assert!(told[0].starts_with("HTTP/1.1 200 "), "{}", told[0]);
    let late = told
        .iter()
        .find(|answer| answer.starts_with("HTTP/1.1 429 "))
        .expect("six within a second");
    assert!(late.contains("retry-after: 1"), "{late}");
    let other = Arc::new(world.client(None));
    let mut stream = connect(running.local_addr(), &other).await.expect("let in");
    let answer = ask(&mut stream, "GET", "/whoami", "")
        .await
        .expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

/// The server's own routes are no way around the document, and the document is there to be read.
#[tokio::test]
async fn the_document_that_is_enforced_is_the_one_that_is_shown() {
    let world = World::new();
    let running = start(world.server()).await;
    let client = Arc::new(world.client(Some("client")));
    let get = async |running: &Running, path: &str| {
        let mut stream = connect(running.local_addr(), &client)
            .await
            .expect("let in");
        ask(&mut stream, "GET", path, "").await.expect("an answer")
    };
    let answer = get(&running, "/openapi.json").await;
    let (_, own) = answer.split_once("\r\n\r\n").expect("a body");
    let own = Document::parse(own).expect("a document");
    assert!(own.version.starts_with("3.1"));
    for operation in &own.operations {
        assert_eq!(own.mutual_tls(operation), MutualTls::Always, "{operation}");
        let answer = get(&running, operation.path.as_str()).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{operation}: {answer}");
    }
    let mut given = world.server();
    given.document = Some(Arc::new(
        Document::parse(
            &DOCUMENT
                .replace("/open:", "/whoami:")
                .replace("security: [] ", "security: [ { certificate: [admin] } ] "),
        )
        .expect("a document"),
    ));
    given.roles = roles();
    let running = start(given).await;
    for (path, status) in [("/whoami", 403), ("/healthz", 200), ("/orders", 200)] {
        let answer = get(&running, path).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{path}: {answer}"
        );
    }
    assert!(
        get(&running, "/openapi.json")
            .await
            .contains("\"title\":\"Orders\"")
    );
}

#[tokio::test]
async fn a_document_guards_an_application_too() {
    let world = World::new();
    let mut config = world.server();
    config.document = Some(Arc::new(
        Document::parse(&DOCUMENT.replace("security: [] ", "")).expect("a document"),
    ));
    config.roles = roles();
    let reached = async || "reached";
    config.application = Some(
        Router::new()
            .route("/orders", get(reached))
            .route("/orders/{id}", get(reached).delete(reached))
            .route("/undeclared", get(reached)),
    );
    let running = start(config).await;
    let client = Arc::new(world.client(Some("client")));
    for (method, path, status) in [
        ("GET", "/orders", 200),
        ("GET", "/orders/7", 405),
        ("DELETE", "/orders/7", 403),
        ("GET", "/undeclared", 404),
        ("GET", "/whoami", 404),
    ] {
        let mut stream = connect(running.local_addr(), &client)
            .await
            .expect("let in");
        let answer = ask(&mut stream, method, path, "").await.expect("an answer");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{method} {path}: {answer}"
        );
    }
}
