//! The scripted peer over TCP: honest handshakes with real servers and real clients
//! first, then scripts that nobody may answer, then peers that are no peers.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use gatecrash::{
    case::PrivateKey,
    defect::{self, Position},
    der::pem,
    engine::loopback::Fault,
    handshake::{Credentials, End, Outcome, Play, Tcp, play},
    question::Purpose,
    recipe::generate::Setting,
    script::{Alert, CipherSuite, NamedGroup, ProtocolVersion, Script, Share, Start},
    server::pki::DevelopmentPki,
};

use crate::{VERIFY_NOTHING, files, pki, present::present};

const PATIENCE: Duration = Duration::from_secs(5);

fn credentials(pki: &DevelopmentPki, name: &str) -> Credentials {
    let file = |suffix: &str| pki.file(&format!("{name}.{suffix}")).expect("a file");
    let blocks = |text: &str| pem::read(text.as_bytes()).expect("PEM");
    let chain = blocks(file("pem"))
        .into_iter()
        .map(|block| block.der)
        .collect();
    let key = blocks(file("key")).remove(0).der;
    Credentials::new(chain, &PrivateKey::from_pkcs8(key)).expect("usable")
}

/// Each of the three suites with each of the two groups.
fn honest_clients() -> Vec<Script> {
    let suites = [
        CipherSuite::AES_128_GCM_SHA256,
        CipherSuite::AES_256_GCM_SHA384,
        CipherSuite::CHACHA20_POLY1305_SHA256,
    ];
    let groups = [NamedGroup::X25519, NamedGroup::SECP256R1];
    let pairs = suites
        .iter()
        .flat_map(|suite| groups.map(|group| (*suite, group)));
    let scripts = pairs.map(|(suite, group)| {
        let mut script = Script::client();
        script.hello.server_name = "localhost".to_owned();
        script.hello.suites = vec![suite];
        script.hello.groups = vec![group];
        script.hello.shares = vec![Share::of(group)];
        script
    });
    scripts.collect()
}

fn play_to(address: std::net::SocketAddr, script: &Script, with: &Credentials) -> Outcome {
    let mut tcp = Tcp::connect(address, PATIENCE).expect("it listens");
    play(script, &Play::with(with), &mut tcp)
}

#[test]
fn an_honest_client_is_served_by_each_real_server_that_speaks_tls_1_3() {
    let pki = pki();
    let own = credentials(&pki, "client");
    let asks = |name: &str| name != "koa-not-asked";
    for prepared in present(|configuration| asks(configuration.name())) {
        let name = prepared.configuration().name();
        let server = prepared
            .start(&files(&pki))
            .unwrap_or_else(|error| panic!("{error}"));
        let mut served = 0;
        for script in honest_clients() {
            let outcome = play_to(server.address(), &script, &own);
            // It may be configured without this version, this suite or this group.
            let Some(negotiated) = outcome.negotiated else {
                continue;
            };
            served += 1;
            assert!(outcome.is_let_in(), "{name}: {outcome:?}");
            assert_eq!(negotiated.version, ProtocolVersion::TLS_1_3, "{name}");
            assert_eq!(
                (outcome.finished, outcome.unreadable),
                (Some(true), 0),
                "{name}"
            );
        }
        println!("{name}: served {served} of 6");
        let configuration = prepared.configuration();
        let is_plain = configuration.name() == configuration.kind();
        assert!(served > 0 || !is_plain, "{name} serves no honest client");
    }
}

/// The scripts of clients of the catalogue whose ids begin so.
fn hostile_clients(ids: &str) -> Vec<(&'static defect::Defect, Script)> {
    let plain = Setting::default().recipe();
    let scripts = defect::matching(ids).filter_map(|defect| {
        let mut recipe = plain.clone();
        let fits = defect.purposes.contains(&Purpose::Client)
            && (defect.prepare)(&mut recipe, Position::Handshake).is_ok()
            && (defect.spoil)(&mut recipe, Position::Handshake).is_ok();
        Some((defect, recipe.handshake.filter(|_| fits)?))
    });
    scripts.collect()
}

/// Who lets a client of TLS 1.2 shake hands again, by name or by kind.
const RENEGOTIATES: [(&str, &[&str]); 3] = [
    // Told to, with and without the tie between the two handshakes. It asks for the certificate once.
    (
        "openssl-old-protocols",
        &[
            "handshake/renegotiation-by-client",
            "handshake/renegotiation-not-bound",
        ],
    ),
    // JSSE does unless `jdk.tls.rejectClientInitiatedRenegotiation` is set.
    ("java-old-protocols", &["handshake/renegotiation-by-client"]),
    // Node counts, and lets three pass in ten minutes; what it knows of the client is of the first handshake.
    (
        "koa",
        &[
            "handshake/renegotiation-by-client",
            "handshake/renegotiation-to-nobody",
        ],
    ),
];

#[test]
fn tls_1_2_is_spoken_with_each_real_server_and_none_is_talked_into_it_twice() {
    let pki = pki();
    let own = credentials(&pki, "client");
    let hostile = [
        hostile_clients("handshake/tls-1-2-*"),
        hostile_clients("handshake/renegotiation-*"),
    ]
    .concat();
    assert!(hostile.len() > 15);
    let (mut spoken, mut wrong) = (Vec::new(), Vec::new());
    for prepared in present(|configuration| !VERIFY_NOTHING.contains(&configuration.name())) {
        let configuration = prepared.configuration();
        let name = configuration.name();
        let server = prepared
            .start(&files(&pki))
            .unwrap_or_else(|error| panic!("{error}"));
        let mut honest = Script::client_of_tls_1_2();
        honest.hello.server_name = "localhost".to_owned();
        let outcome = play_to(server.address(), &honest, &own);
        let Some(negotiated) = outcome.negotiated else {
            continue;
        };
        spoken.push(name.to_owned());
        assert!(outcome.is_let_in(), "{name}: {outcome:?}");
        assert_eq!(negotiated.version, ProtocolVersion::TLS_1_2, "{name}");
        assert_eq!(
            (outcome.finished, outcome.unreadable),
            (Some(true), 0),
            "{name}"
        );
        let mut answered = Vec::new();
        for (defect, script) in &hostile {
            // s_server sleeps a second where it finds itself without a request.
            let mut tcp = Tcp::connect(server.address(), Duration::from_secs(2)).expect(name);
            let outcome = play(script, &Play::with(&own), &mut tcp);
            println!("{name}: {}: {outcome}", defect.id);
            if outcome.is_let_in() && defect.id.0 != "handshake/tls-1-2-no-extended-master-secret" {
                answered.push(defect.id.0);
            }
        }
        let known = RENEGOTIATES
            .iter()
            .filter(|(of, _)| [name, configuration.kind()].contains(of));
        let known: Vec<&str> = known.flat_map(|(_, ids)| *ids).copied().collect();
        println!("{name} answers {answered:?}");
        let optional = configuration.faults().contains(&Fault::NoCertificate);
        if name == "openssl-old-protocols" {
            assert_eq!(answered, known, "{name} was told to renegotiate");
        }
        answered.retain(|id| !known.contains(id));
        if !optional {
            wrong.extend(answered.iter().map(|id| format!("{name}: {id}")));
        }
        let well = play_to(server.address(), &honest, &own);
        assert!(well.is_let_in(), "{name} is not well afterwards: {well:?}");
    }
    println!("TLS 1.2 is spoken by {spoken:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_real_server_answers_a_client_that_breaks_the_handshake() {
    let pki = pki();
    let own = credentials(&pki, "client");
    let verifies = |name: &str| !VERIFY_NOTHING.contains(&name);
    let hostile = hostile_clients("handshake/*");
    for prepared in present(|configuration| verifies(configuration.name())) {
        let configuration = prepared.configuration();
        let name = configuration.name();
        // One configuration of each kind: the handshake is that of the library.
        if name != configuration.kind() {
            continue;
        }
        let server = prepared
            .start(&files(&pki))
            .unwrap_or_else(|error| panic!("{error}"));
        let mut answered = Vec::new();
        for (defect, script) in &hostile {
            let mut tcp = Tcp::connect(server.address(), Duration::from_millis(700)).expect(name);
            let outcome = play(script, &Play::with(&own), &mut tcp);
            if outcome.is_let_in() {
                answered.push(defect.id.to_string());
            }
        }
        println!("{name} answers {answered:?}");
        // Everything by which somebody gets in who has proven nothing.
        let critical = |id: &&String| {
            defect::find(id).is_some_and(|defect| defect.severity == defect::Severity::Critical)
        };
        assert_eq!(answered.iter().find(critical), None, "{name}");
        let honest = play_to(server.address(), &honest_clients()[0], &own);
        assert!(
            honest.is_let_in(),
            "{name} is not well afterwards: {honest:?}"
        );
    }
}

/// Serves one connection with a script.
fn serve(script: Script, with: Credentials) -> (u16, thread::JoinHandle<Outcome>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        let mut tcp = Tcp::over(stream, PATIENCE).expect("options");
        play(&script, &Play::with(&with), &mut tcp)
    });
    (port, serving)
}

/// A program, the argument by which it tells its version, and its command for a port.
type Client<'a> = (&'a str, &'a str, &'a dyn Fn(u16) -> Command);

/// Go's own client of HTTPS, which trusts one file and asks once.
const GO_CLIENT: &str = r#"package main

import ("crypto/tls"; "crypto/x509"; "fmt"; "net/http"; "os")

func main() {
	pem, _ := os.ReadFile(os.Args[1])
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	config := &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS13}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	answer, err := client.Get("https://127.0.0.1:" + os.Args[2] + "/")
	if err != nil { fmt.Fprintln(os.Stderr, err); os.Exit(1) }
	fmt.Println(answer.StatusCode)
}
"#;

fn build_go_client(to: &std::path::Path) {
    let source = to.with_extension("go");
    std::fs::write(&source, GO_CLIENT).expect("writes");
    let built = Command::new("go")
        .args(["build", "-o"])
        .args([to, &source])
        .output()
        .expect("go");
    let words = String::from_utf8_lossy(&built.stderr).into_owned();
    assert!(built.status.success(), "{words}");
}

#[test]
fn an_honest_server_is_taken_for_good_by_real_clients() {
    let pki = pki();
    let folder = tempfile::tempdir().expect("a folder");
    let anchor = folder.path().join("ca.pem");
    std::fs::write(&anchor, pki.file("ca.pem").expect("an anchor")).expect("writes");
    let anchor = anchor.to_string_lossy().into_owned();
    let node = format!(
        "const https = require('https'), fs = require('fs'); https.get({{ host: '127.0.0.1', servername: 'localhost', \
         port: process.env.PORT, ca: fs.readFileSync('{anchor}') }}, r => {{ console.log(r.statusCode); r.resume() }})"
    );
    let openssl = |port: u16| {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-no_ign_eof", "-verify_return_error"]);
        command.args(["-verify_hostname", "localhost", "-CAfile", &anchor]);
        command.args(["-connect", &format!("127.0.0.1:{port}")]);
        command
    };
    let node = |port: u16| {
        let mut command = Command::new("node");
        command.args(["-e", &node]).env("PORT", port.to_string());
        command
    };
    let built = folder.path().join("go-client");
    let go = |port: u16| {
        let mut command = Command::new(&built);
        command.args([&anchor, &port.to_string()]);
        command
    };
    let clients: [Client<'_>; 3] = [
        ("openssl", "version", &openssl),
        ("node", "--version", &node),
        ("go", "version", &go),
    ];
    for (name, version, client) in clients {
        let is_there = Command::new(name).arg(version).output().is_ok();
        if is_there && name == "go" {
            build_go_client(&built);
        }
        if !is_there {
            assert_ne!(
                std::env::var("GATECRASH_SERVERS").as_deref(),
                Ok("all"),
                "{name} is missing"
            );
            println!("passed over: {name} is not on this machine");
            continue;
        }
        for of_client in honest_clients() {
            let mut script = Script::server();
            script.hello.suites = of_client.hello.suites;
            script.hello.shares = vec![Share::of(NamedGroup::X25519)];
            let (port, serving) = serve(script, credentials(&pki, "server"));
            let mut running = client(port)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect(name);
            let mut input = running.stdin.take().expect("a pipe");
            let _ = input.write_all(b"GET / HTTP/1.0\r\n\r\n");
            let outcome = serving.join().expect("no panic");
            drop(input);
            let output = running.wait_with_output().expect("it ends");
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                outcome.application_data.starts_with(b"GET / "),
                "{name}: {outcome:?} {words}"
            );
            assert_eq!(outcome.finished, Some(true), "{name}");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(said.contains("200"), "{name}: {said} {words}");
        }
    }
}

/// What a peer that is none does with a connection.
type Peer = fn(&mut TcpStream);

#[test]
fn whatever_the_other_side_does_the_play_ends_in_time_and_says_how() {
    let table: [(&str, Peer, &[End]); 9] = [
        ("closes at once", |_| {}, &[End::Closed]),
        (
            "says nothing",
            |stream| {
                drop(
                    stream
                        .read(&mut [0; 4096])
                        .and_then(|_| stream.read(&mut [0; 1])),
                )
            },
            &[End::TimedOut],
        ),
        (
            "sends garbage",
            |stream| drop(stream.write_all(&[0x47; 4096])),
            &[End::Malformed],
        ),
        (
            "sends HTTP",
            |stream| drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
            &[End::Malformed, End::Closed],
        ),
        (
            "sends an octet at a time",
            |stream| {
                for octet in std::iter::repeat_n(22, 100) {
                    if stream.write_all(&[octet]).is_err() {
                        return;
                    }
                    thread::sleep(Duration::from_millis(100));
                }
            },
            &[End::TimedOut, End::Malformed],
        ),
        (
            "claims sixteen megabytes",
            |stream| {
                drop(stream.write_all(&[22, 3, 3, 0, 4, 2, 0xff, 0xff, 0xff]));
                drop(stream.read(&mut [0; 4096]));
            },
            &[End::TooMuch],
        ),
        (
            "sends without end",
            |stream| while stream.write_all(&[20, 3, 3, 0, 1, 1].repeat(1000)).is_ok() {},
            &[End::TooMuch],
        ),
        (
            "sends half an alert",
            |stream| drop(stream.write_all(&[21, 3, 3, 0, 1, 2])),
            &[End::Malformed],
        ),
        (
            "sends an alert",
            |stream| drop(stream.write_all(&[21, 3, 3, 0, 2, 2, 40])),
            &[End::Alert(Alert::HANDSHAKE_FAILURE)],
        ),
    ];
    let patience = Duration::from_millis(400);
    for (name, peer, ends) in table {
        for script in Start::ALL.map(Start::script) {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = listener.local_addr().expect("an address");
            let other = thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("a client");
                peer(&mut stream);
            });
            let mut tcp = Tcp::connect(address, patience).expect("it listens");
            let start = Instant::now();
            let outcome = play(&script, &Play::default(), &mut tcp);
            // Four waits, and as much again for a busy machine.
            assert!(
                start.elapsed() < 8 * patience,
                "{name}: {:?}",
                start.elapsed()
            );
            assert!(
                ends.contains(&outcome.end),
                "{name}, {:?}: {outcome:?}",
                script.side
            );
            assert!(outcome.application_data.is_empty(), "{name}");
            drop(tcp);
            other.join().expect("no panic");
        }
    }
}

#[test]
fn a_server_that_closes_anywhere_in_its_flight_is_told_apart_from_one_that_does_not() {
    let pki = pki();
    // A whole flight, taken down once.
    let (port, serving) = serve(Script::server(), credentials(&pki, "server"));
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_millis(300)))
        .expect("an option");
    let hello = gatecrash::handshake::Recorder::of(&Script::client());
    stream.write_all(&hello).expect("writes");
    let mut flight = Vec::new();
    let _ = stream.read_to_end(&mut flight);
    drop(stream);
    serving.join().expect("no panic");
    assert!(flight.len() > 500, "{}", flight.len());
    for end in (0..flight.len()).step_by(37) {
        let part = flight[..end].to_vec();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let other = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&part);
        });
        let mut tcp = Tcp::connect(address, Duration::from_secs(2)).expect("it listens");
        let outcome = play(&Script::client(), &Play::default(), &mut tcp);
        assert_eq!(outcome.end, End::Closed, "{end}: {outcome:?}");
        other.join().expect("no panic");
    }
}
