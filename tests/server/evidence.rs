//! CRLs and OCSP responses from files and from URLs of the server's own configuration.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use gatecrash::{
    case::pairs,
    defect,
    load::{Answer, Caller, Kind, LoadPki},
    mint::Minter,
    question::Purpose,
    server::{Clock, Policy, RevocationRule, Scrutiny, Server, ServerError, Settings, Trust},
    validator::Profile,
    verdict::Reason,
};
use rustls::ClientConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{
    exhaustion::caller,
    world::{World, knock, refused, start, takes_any_server},
};

const PATIENCE: Duration = Duration::from_secs(10);

/// A server of plain HTTP that answers each request with these octets, whatever they are now.
fn web(answer: Arc<Mutex<Vec<u8>>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let octets = answer.lock().expect("the answer").clone();
            let _ = stream.write_all(&octets);
        }
    });
    address
}

fn answer(status: &str, body: &[u8]) -> Vec<u8> {
    let mut octets = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    octets.extend_from_slice(body);
    octets
}

fn settings(folder: &Path, url: String) -> Settings {
    let file = |name: &str| folder.join(name);
    let mut settings = Settings::new(file("server.pem"), file("server.key"), vec![file("ca.pem")]);
    settings.crl_url = vec![url];
    settings.fetch.timeout_milliseconds = 2_000;
    settings.fetch.octets = 100_000;
    settings.fetch.refresh_seconds = 1;
    settings.listen.set_port(0);
    settings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crl_from_a_url_is_fetched_again_and_stands_while_the_url_is_silent() {
    let mut pki = LoadPki::new(Clock::System.now(), 0).expect("a PKI");
    let folder = tempfile::tempdir().expect("a folder");
    pki.write_to(folder.path()).expect("written");
    let crl = |folder: &Path| answer("200 OK", &fs::read(folder.join("crl.pem")).expect("a CRL"));
    let page = Arc::new(Mutex::new(crl(folder.path())));
    let url = format!("http://{}/issuing.crl", web(Arc::clone(&page)));
    let settings = Arc::new(settings(folder.path(), url));
    let running = start(settings.load(Clock::System).expect("a configuration")).await;
    let credentials = pki.issue(Kind::Client).expect("a certificate");
    let victim =
        Caller::new(running.local_addr(), pki.root(), Some(&credentials)).expect("a client");
    let honest = caller(&running, &mut pki, Kind::Client);
    assert!(matches!(victim.visit(PATIENCE).await, Answer::Let { .. }));

    // Silence, then a list that revokes.
    *page.lock().expect("the page") = answer("503 Service Unavailable", b"");
    let metrics = || running.handle().metrics();
    wait_for(|| metrics().failed_fetches > 0).await;
    assert_eq!(metrics().generation, 0, "nothing new, so tickets go on");
    assert!(
        matches!(honest.visit(PATIENCE).await, Answer::Let { .. }),
        "what was fetched stands"
    );
    pki.revoke(&credentials);
    pki.write_to(folder.path()).expect("written");
    *page.lock().expect("the page") = crl(folder.path());
    wait_for(|| metrics().generation > 0).await;
    assert_eq!(victim.visit(PATIENCE).await, Answer::Refused);
    assert!(matches!(honest.visit(PATIENCE).await, Answer::Let { .. }));

    // A page that is no list leaves the old state.
    *page.lock().expect("the page") = answer("200 OK", b"<html>sign in</html>");
    wait_for(|| metrics().failed_reloads > 0).await;
    assert_eq!(victim.visit(PATIENCE).await, Answer::Refused);
    assert!(matches!(honest.visit(PATIENCE).await, Answer::Let { .. }));
}

async fn wait_for(done: impl Fn() -> bool) {
    for _ in 0..400 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within twenty seconds");
}

#[test]
fn what_cannot_be_fetched_within_the_limits_keeps_the_server_from_starting() {
    let mut pki = LoadPki::new(Clock::System.now(), 0).expect("a PKI");
    let folder = tempfile::tempdir().expect("a folder");
    pki.write_to(folder.path()).expect("written");
    let large = vec![b'x'; 200_000];
    let elsewhere =
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    let pages: [(Vec<u8>, &str, bool); 6] = [
        (elsewhere.to_vec(), "302", true),
        (answer("404 Not Found", b""), "404", true),
        (answer("200 OK", &large), "more than 100000 octets", true),
        (b"no HTTP at all".to_vec(), "no HTTP answer", true),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort".to_vec(),
            "broke off",
            true,
        ),
        (answer("200 OK", b"<html>"), "holds no CRL", false),
    ];
    for (page, part, outside) in pages {
        let url = format!("http://{}/a.crl", web(Arc::new(Mutex::new(page))));
        let error = Arc::new(settings(folder.path(), url))
            .load(Clock::System)
            .expect_err(part);
        assert!(error.to_string().contains(part), "{part}: {error}");
        assert_eq!(error.is_outside(), outside, "{error}");
    }
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let urls = [
        (
            format!("http://{}/", silent.local_addr().expect("an address")),
            "2000 ms",
        ),
        ("file:///etc/hostname".to_owned(), "not a URL"),
        ("ldap://127.0.0.1/cn=x".to_owned(), "fetch.schemes"),
        ("https://localhost/a.crl".to_owned(), "fetch.ca"),
        ("http://user:secret@localhost/".to_owned(), "not a URL"),
    ];
    for (url, part) in urls {
        let error = Arc::new(settings(folder.path(), url))
            .load(Clock::System)
            .expect_err(part);
        assert!(matches!(error, ServerError::Fetch { .. }), "{error}");
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn https_urls_are_fetched_from_servers_that_the_configured_ca_vouches_for() {
    let mut pki = LoadPki::new(Clock::System.now(), 0).expect("a PKI");
    let folder = tempfile::tempdir().expect("a folder");
    pki.write_to(folder.path()).expect("written");
    let web = pki.issue(Kind::Server).expect("a certificate");
    let page = answer(
        "200 OK",
        &fs::read(folder.path().join("crl.pem")).expect("a CRL"),
    );
    let config = Arc::new(
        rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(web.chain.clone(), web.key.clone_key())
        .expect("a certificate"),
    );
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let connection =
                rustls::ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = rustls::StreamOwned::new(connection, stream);
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&page);
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    let url = format!("https://localhost:{}/a.crl", address.port());
    let mut good = settings(folder.path(), url.clone());
    good.fetch.ca = Some(folder.path().join("ca.pem"));
    assert_eq!(
        Arc::new(good.clone())
            .load(Clock::System)
            .expect("fetched")
            .trust
            .crls
            .len(),
        2
    );
    let (mut stranger, other) = (
        LoadPki::new(Clock::System.now(), 0).expect("a PKI"),
        tempfile::tempdir().expect("a folder"),
    );
    stranger.write_to(other.path()).expect("written");
    let mut bad = settings(folder.path(), url);
    bad.fetch.ca = Some(other.path().join("ca.pem"));
    assert!(Arc::new(bad).load(Clock::System).is_err(), "another CA");
    good.fetch.schemes = vec![gatecrash::server::UrlScheme::Http];
    good.crl_url.push("https://localhost/b.crl".to_owned());
    assert!(
        Arc::new(good).load(Clock::System).is_err(),
        "https is not allowed"
    );
}

/// Responses are evidence for end entities here; their CAs have CRLs.
#[tokio::test]
async fn an_ocsp_response_decides_as_a_crl_does() {
    let world = World::new();
    for (id, reason) in [
        ("revocation/ocsp-revoked", Reason::Revoked),
        ("revocation/ocsp-expired", Reason::RevocationUnknown),
    ] {
        let found = defect::find(id).expect(id);
        let pair = pairs(&Minter::new(), found, 12, 7)
            .into_iter()
            .map(|pair| pair.expect("a pair"))
            .find(|pair| pair.hostile.purpose == Purpose::Client && pair.hostile.ocsp.is_some())
            .expect("a client's");
        for (case, wanted) in [(&pair.twin, None), (&pair.hostile, Some(reason))] {
            let mut config = world.server();
            // The server's own certificate is not of the case's time.
            config.scrutiny = Scrutiny::Waived;
            config.trust = Trust {
                anchors: case.anchors.clone(),
                crls: case.crls.clone(),
                ocsp: case.ocsp.iter().cloned().collect(),
                time: Clock::Fixed(case.time),
                ..Trust::default()
            };
            let mut profile = config.policy.profile.clone();
            profile.identity = Profile::rfc5280().identity;
            config.policy = Policy::new(profile);
            config.policy.revocation = RevocationRule::Required;
            let running = start(config).await;
            let key = case
                .end_entity_key
                .as_ref()
                .expect("a key")
                .secret_pkcs8_der()
                .to_vec();
            let chain = case.chain.iter().map(|der| der.clone().into()).collect();
            let client = ClientConfig::builder_with_provider(Arc::new(
                rustls::crypto::aws_lc_rs::default_provider(),
            ))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("a version")
            .dangerous()
            .with_custom_certificate_verifier(takes_any_server())
            .with_client_auth_cert(chain, PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key)))
            .expect("a client");
            let (_, outcome) = knock(&running, &Arc::new(client)).await;
            let told = refused(&outcome);
            assert_eq!(told.is_some(), wanted.is_some(), "{id}: {outcome:?}");
            if id.ends_with("revoked") {
                assert_eq!(told, wanted, "{id}: {outcome:?}");
            }
        }
    }
    let mut config = world.server();
    config.trust.ocsp = vec![vec![0x30, 0]];
    let error = Server::bind(config).await.err().expect("garbage");
    assert!(error.to_string().contains("OCSP response 0"), "{error}");
}
