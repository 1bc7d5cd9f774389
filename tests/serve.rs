//! The program as an operator runs it: what it prints, what it logs, and the signals it obeys.
#![cfg(all(feature = "cli", unix))]

mod serving;

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Command,
    sync::Arc,
    thread,
    time::Duration,
};

use gatecrash::load::LoadPki;
use gatecrash::server::{Clock, pki::DevelopmentPki};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serving::{ON_PKI, Serving};

fn ask(address: SocketAddr, ca: &Path, certificate: &Path, key: &Path) -> std::io::Result<String> {
    let certificates = |path: &Path| -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_file_iter(path)
            .expect("a file")
            .map(|certificate| certificate.expect("a certificate"))
            .collect()
    };
    let mut roots = RootCertStore::empty();
    roots.add(certificates(ca).remove(0)).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .expect("versions")
    .with_root_certificates(roots)
    .with_client_auth_cert(
        certificates(certificate),
        PrivateKeyDer::from_pem_file(key).expect("a key"),
    )
    .expect("a client");
    let connection =
        ClientConnection::new(Arc::new(config), "localhost".try_into().expect("a name"))
            .expect("a connection");
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
    stream.write_all(b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn without_arguments_the_printed_line_works_and_nothing_stays_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut serving = Serving::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    let address = serving.address();
    let line = serving.line();
    let words: Vec<&str> = line.split(' ').collect();
    let [
        "curl",
        "--cacert",
        ca,
        "--cert",
        certificate,
        "--key",
        key,
        url,
    ] = words[..]
    else {
        panic!("{line}");
    };
    assert_eq!(url, format!("https://localhost:{}/whoami", address.port()));
    let answer = ask(address, ca.as_ref(), certificate.as_ref(), key.as_ref()).expect("an answer");
    assert!(
        answer.contains("spiffe://gatecrash.example/client"),
        "{answer}"
    );
    serving.signal("-TERM");
    assert!(serving.child.wait().expect("an end").success());
    assert!(!Path::new(ca).exists(), "the throw-away PKI is gone");
}

/// With 200 descriptors and some hundred silent connections, there is still one for an honest client.
#[test]
fn few_descriptors_are_not_used_up_by_the_silent() {
    let folder = tempfile::tempdir().expect("a folder");
    let pki = folder.path().join("pki");
    DevelopmentPki::generate(Clock::System.now())
        .expect("a PKI")
        .write_to(&pki)
        .expect("written");
    let script = format!(
        "ulimit -n 200; exec {} serve --listen 127.0.0.1:0 --cert server.pem --key server.key \
         --client-ca ca.pem --crl crl.pem",
        env!("CARGO_BIN_EXE_gatecrash")
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(&pki);
    let mut serving = Serving::run(command, &pki);
    let address = serving.address();
    let silent: Vec<TcpStream> = (0..150)
        .filter_map(|_| TcpStream::connect(address).ok())
        .collect();
    assert_eq!(silent.len(), 150);
    let file = |name: &str| pki.join(name);
    let answer = ask(
        address,
        &file("ca.pem"),
        &file("client.pem"),
        &file("client.key"),
    );
    assert!(answer.expect("an answer").contains("200 OK"));
    assert!(serving.log().contains("ulimit -n"), "{}", serving.log());
    assert!(
        !serving.log().contains("cannot accept"),
        "{}",
        serving.log()
    );
}

#[test]
fn a_certificate_that_ends_soon_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    // They live for 90 days.
    for (days, warns) in [(-85, true), (-10, false)] {
        let folder = folder.path().join(format!("{days}"));
        DevelopmentPki::generate(Clock::System.now().plus_days(days))
            .expect("a PKI")
            .write_to(&folder)
            .expect("written");
        let mut serving = Serving::start(&folder, &ON_PKI);
        serving.address();
        if warns {
            serving.wait_for("ends soon", 1);
        }
        serving.signal("-TERM");
        serving.child.wait().expect("an end");
        assert_eq!(
            serving.log().contains("ends soon"),
            warns,
            "{}",
            serving.log()
        );
    }
}

#[test]
fn on_sighup_a_bad_file_leaves_the_old_state_one_line_and_a_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut pki = LoadPki::new(Clock::System.now(), 0).expect("a PKI");
    pki.write_to(folder.path()).expect("written");
    let more = ["--status-listen", "127.0.0.1:0", "--log-format", "json"];
    let mut serving = Serving::start(folder.path(), &[&ON_PKI[..], &more].concat());
    serving.address();
    serving.wait_for("health and metrics", 1);
    let entry = |words: &str| -> serde_json::Value {
        let log = serving.log();
        let line = log
            .lines()
            .find(|line| line.contains(words))
            .expect("a line")
            .to_owned();
        serde_json::from_str(&line).expect("one JSON object a line")
    };
    let told = entry("health and metrics");
    let status: SocketAddr = told["fields"]["status"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("an address");
    let metrics = || {
        let mut stream = TcpStream::connect(status).expect("the status listener");
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .expect("written");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("read");
        text
    };
    serving.signal("-HUP");
    serving.wait_for("configuration reloaded", 1);
    assert!(
        metrics().contains("gatecrash_generation 1"),
        "{}",
        metrics()
    );

    let fresh = folder.path().join("fresh");
    fs::write(
        &fresh,
        "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    )
    .expect("written");
    fs::rename(&fresh, folder.path().join("crl.pem")).expect("renamed");
    serving.wait_for("stays in force", 1);
    assert!(metrics().contains("gatecrash_generation 1"));
    assert!(
        metrics().contains("gatecrash_reloads_total{outcome=\"refused\"} 1"),
        "{}",
        metrics()
    );
    assert_eq!(entry("stays in force")["level"], "ERROR");
    let before = serving.log().lines().count();
    serving.signal("-HUP");
    serving.wait_for("stays in force", 2);
    assert_eq!(
        serving.log().lines().count(),
        before + 1,
        "{}",
        serving.log()
    );

    // What a signal has had read already is no news to who watches the files.
    fs::write(folder.path().join("crl.pem"), "no CRL").expect("written");
    serving.signal("-HUP");
    serving.wait_for("stays in force", 3);
    thread::sleep(Duration::from_secs(3));
    serving.wait_for("stays in force", 3);
    let refused = serving.log().matches("stays in force").count();
    assert_eq!(refused, 3, "{}", serving.log());

    // A key that others can read is no key, also not later.
    pki.write_to(folder.path()).expect("written");
    serving.wait_for("configuration reloaded", 2);
    let key = folder.path().join("server.key");
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("mode");
    serving.wait_for("chmod 600", 1);
    // Whatever was logged, it was no key and no certificate.
    let secret = fs::read_to_string(&key).expect("a key");
    let log = serving.log();
    assert!(
        !log.contains("BEGIN")
            && secret
                .lines()
                .skip(1)
                .all(|line| !log.contains(line) || line.len() < 20)
    );
}

/// What a person reads when files do not fit, and when a change needs more than a reload.
#[test]
fn what_does_not_fit_is_one_line_and_what_needs_a_restart_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    for path in [&ours, &theirs] {
        DevelopmentPki::generate(Clock::System.now())
            .expect("a PKI")
            .write_to(path)
            .expect("written");
    }
    let start = |crl: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatecrash"));
        let crl = crl.display().to_string();
        let given = [&["serve"], &ON_PKI[..9], &[crl.as_str()]].concat();
        command.current_dir(&ours).args(given);
        command.output().expect("it ends by itself")
    };
    let refused = start(&theirs.join("crl.pem"));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        said.starts_with("error: ") && said.contains("false signature"),
        "{said}"
    );

    let without_crl = &ON_PKI[..8];
    let mut serving = Serving::start(&ours, without_crl);
    serving.address();
    serving.wait_for("every client is refused; give --crl", 1);
    drop(serving);

    let config = ours.join("gatecrash.toml");
    let write = |more: &str| {
        let text = format!(
            "certificate = \"server.pem\"\nkey = \"server.key\"\nclient-ca = [\"ca.pem\"]\ncrl = [\"crl.pem\"]\n{more}"
        );
        fs::write(ours.join("fresh"), text).expect("written");
        fs::rename(ours.join("fresh"), &config).expect("renamed");
    };
    write("listen = \"127.0.0.1:1\"\n");
    let mut serving = Serving::start(
        &ours,
        &["--config", "gatecrash.toml", "--listen", "127.0.0.1:0"],
    );
    serving.address();
    write("listen = \"127.0.0.1:1\"\nresumption-seconds = 60\n");
    serving.wait_for("configuration reloaded", 1);
    assert!(
        !serving.log().contains("takes a restart"),
        "{}",
        serving.log()
    );
    write("listen = \"127.0.0.1:1\"\nstatus-listen = \"127.0.0.1:2\"\n[limits]\nhandshakes = 7\n");
    serving.wait_for("configuration reloaded", 2);
    serving.wait_for("status-listen has changed, which takes a restart", 1);
    serving.wait_for("limits.handshakes has changed, which takes a restart", 1);
    assert!(
        !serving.log().contains("world-readable"),
        "{}",
        serving.log()
    );
    fs::set_permissions(&ours, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("mode");
    serving.signal("-HUP");
    serving.wait_for("the private key's folder is world-readable", 1);
}

/// What is measured depends on the machine; that all of it is told does not.
#[test]
fn an_attack_beside_honest_clients_is_measured_and_told() {
    let run = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_gatecrash"))
            .args([
                "bench",
                "exhaust",
                "--rounds",
                "1",
                "--seconds",
                "1",
                "--attackers",
                "20",
            ])
            .args(args)
            .output()
            .expect("it ends by itself")
    };
    let measured = run(&["--attack", "garbage", "--rate", "5", "--format", "json"]);
    assert!(
        matches!(measured.status.code(), Some(0 | 1)),
        "{measured:?}"
    );
    let told: serde_json::Value = serde_json::from_slice(&measured.stdout).expect("JSON");
    let attack = &told["attacks"][0];
    assert_eq!(attack["attack"], "garbage");
    assert!(attack["attempts"].as_u64() > Some(0), "{told}");
    assert!(attack["share_percent"].is_number(), "{told}");
    for phase in ["calm", "attacked"] {
        assert!(attack[phase]["memory_kib"].as_u64() > Some(0), "{told}");
        assert!(attack[phase]["cpu_percent"].is_number(), "{told}");
    }
    let unknown = run(&["--attack", "no-such"]);
    let said = String::from_utf8_lossy(&unknown.stderr);
    assert_eq!(unknown.status.code(), Some(2), "{said}");
    assert!(said.contains("half-open, "), "{said}");
}
