//! Requests whose path, Host or body might mean something else than the rule that let them in.

use std::{sync::Arc, time::Duration};

use gatecrash::{
    openapi::Document,
    server::{RoleRule, Roles, Running},
};

use crate::world::{World, ask, connect, say, start};

/// `/admin` is for nobody, and everything else for everybody who is known.
const DOCUMENT: &str = r#"
openapi: 3.1.0
info: { title: Names, version: "1" }
security: [ { certificate: [] } ]
components: { securitySchemes: { certificate: { type: mutualTLS } } }
paths:
  /admin: { get: { security: [ { certificate: [admin] } ] } }
  /{name}: { get: {} }
  /x/{name}: { get: {} }
  /x/admin/users: { get: { security: [ { certificate: [admin] } ] } }
  /{a}/{b}/{c}: { get: {} }
"#;

async fn guarded(world: &World, request_milliseconds: u64) -> Running {
    let mut config = world.server();
    config.document = Some(Arc::new(Document::parse(DOCUMENT).expect("a document")));
    let nobody = RoleRule::Uri("spiffe://gatecrash.example/nobody".to_owned());
    config.roles = Roles([("admin".to_owned(), vec![nobody])].into());
    config.limits.request_milliseconds = request_milliseconds;
    start(config).await
}

#[tokio::test]
async fn another_spelling_of_a_path_is_never_under_another_operations_rule() {
    let world = World::new();
    let running = guarded(&world, 30_000).await;
    let client = Arc::new(world.client(Some("client")));
    let table = [
        ("/admin", 403),
        ("/other", 200),
        ("/caf%C3%A9", 200),
        ("/a%20b", 200),
        ("/other;v=1", 200),
        ("/ad%6din", 400),
        ("/%61dmin", 400),
        ("//admin", 400),
        ("/x/../admin", 400),
        ("/./admin", 400),
        ("/x/..;/admin", 400),
        ("/x/%2e%2e/admin", 400),
        ("/x%2fadmin", 400),
        ("/%2561dmin", 400),
        ("/admin%00", 400),
        ("/admin/", 404),
        ("/Admin", 404),
        ("/ADMIN", 404),
        ("/admin;", 404),
        ("/admin;x=1", 404),
        ("/x/admin/users", 403),
        ("/x/Admin/users", 404),
        ("/x/admin/other", 200),
    ];
    for (path, status) in table {
        let mut stream = connect(running.local_addr(), &client)
            .await
            .expect("let in");
        let answer = ask(&mut stream, "GET", path, "").await.expect("an answer");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_request_of_http_1_1_names_one_host() {
    let world = World::new();
    let running = start(world.server()).await;
    let client = Arc::new(world.client(Some("client")));
    let table = [
        ("Host: localhost\r\n", 200),
        ("", 400),
        ("Host: localhost\r\nHost: localhost\r\n", 400),
        ("Host: localhost\r\nHost: other\r\n", 400),
        ("Host: a b\r\n", 400),
        ("Host:\r\n", 400),
        ("Host: user@localhost\r\n", 400),
    ];
    for (hosts, status) in table {
        let mut stream = connect(running.local_addr(), &client)
            .await
            .expect("let in");
        let answer = say(&mut stream, &format!("GET /whoami HTTP/1.1\r\n{hosts}\r\n")).await;
        let answer = answer.expect("an answer");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{hosts}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_target_with_a_user_or_of_another_scheme_is_malformed() {
    let world = World::new();
    let running = start(world.server()).await;
    let client = Arc::new(world.client(Some("client")));
    let table = [
        ("/whoami", 200),
        ("https://localhost/whoami", 200),
        ("ftp://localhost/whoami", 400),
        ("https://user@localhost/whoami", 400),
    ];
    for (target, status) in table {
        let mut stream = connect(running.local_addr(), &client)
            .await
            .expect("let in");
        let answer = ask(&mut stream, "GET", target, "")
            .await
            .expect("an answer");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{target}: {answer}"
        );
    }
}

/// A body is announced and never sent: whoever does not wait for it has not read it.
#[tokio::test]
async fn no_body_is_read_for_a_request_that_is_not_let_through() {
    let world = World::new();
    let running = guarded(&world, 700).await;
    let client = Arc::new(world.client(Some("client")));
    let announced = "Content-Length: 100\r\n";
    for (path, more, status) in [
        ("/admin", announced, 403),
        ("/no/such/path/here", announced, 404),
        ("/ad%6din", announced, 400),
        ("/other", "Content-Length: 99999999\r\n", 413),
        ("/other", announced, 408),
    ] {
        let mut stream = connect(running.local_addr(), &client)
            .await
            .expect("let in");
        let answer =
            tokio::time::timeout(Duration::from_secs(5), ask(&mut stream, "GET", path, more)).await;
        let answer = answer.expect("in time").expect("an answer");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {answer}"
        );
    }
}
