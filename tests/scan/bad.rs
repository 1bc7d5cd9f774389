//! Endpoints that cannot be scanned, and what is said of them.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use super::{
    operator::{client, development_pki, staging, wishes},
    reference::start,
};
use gatecrash::{
    scan::{self, Plan},
    server::pki::DevelopmentPki,
};

fn gatecrash(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

fn written(pki: &DevelopmentPki) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    pki.write_to(folder.path()).expect("writes");
    folder
}

/// A listener whose every connection is answered so.
fn answering(answer: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

#[test]
fn what_cannot_be_scanned_is_told_in_one_line_with_what_to_do() {
    let pki = development_pki();
    let folder = written(&pki);
    let other = written(&development_pki());
    fs::copy(other.path().join("ca.pem"), folder.path().join("other.pem")).expect("copies");
    fs::copy(other.path().join("ca.key"), folder.path().join("other.key")).expect("copies");
    fs::write(
        folder.path().join("bad.toml"),
        "endpoint = 'localhost:1'\nca-cret = 'ca.pem'\n",
    )
    .expect("writes");
    let (_runtime, address) = start(&pki);
    let plain = answering(|mut stream| {
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").to_string()
    };
    let own = ["--ca-cert", "ca.pem", "--ca-key", "ca.key"];
    let with = |endpoint: &str, more: &[&str]| {
        let words = [&["scan", endpoint], more].concat();
        words.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let table: Vec<(Vec<String>, i32, &str)> = vec![
        (with(&closed, &own), 3, "cannot be reached"),
        (with(&plain, &own), 3, "does not speak TLS"),
        (with("192.0.2.1:443", &own), 2, "is not on this machine"),
        (with("localhost", &own), 2, "a port is needed"),
        (
            with(
                &address,
                &["--ca-cert", "other.pem", "--ca-key", "other.key"],
            ),
            2,
            "a good certificate of the CA is refused",
        ),
        (
            with(
                &address,
                &["--ca-cert", "ca.pem", "--ca-key", "intermediate.key"],
            ),
            2,
            "intermediate.key does not belong to ca.pem (P-256 point differs)",
        ),
        (
            with(
                &address,
                &["--ca-cert", "client.pem", "--ca-key", "client.key"],
            ),
            2,
            "basic constraints",
        ),
        (
            with(&address, &[&own[..], &["--only", "nothing/*"]].concat()),
            2,
            "no probe matches",
        ),
        (
            with(&address, &[&own[..], &["--server", "iis"]].concat()),
            2,
            "no kind of server",
        ),
        (
            vec![
                "scan".to_owned(),
                "--config".to_owned(),
                "bad.toml".to_owned(),
            ],
            2,
            "did you mean `ca-cert`",
        ),
    ];
    for (args, code, words) in table {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = gatecrash(folder.path(), &args);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
        let errors = stderr.lines().filter(|line| line.starts_with("error: "));
        let errors: Vec<&str> = errors.collect();
        assert_eq!(errors.len(), 1, "{args:?}: {stderr}");
        assert!(errors[0].contains(words), "{args:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
    let hint = gatecrash(
        folder.path(),
        &[
            "scan",
            &address,
            "--ca-cert",
            "ca.pem",
            "--ca-key",
            "intermediate.key",
        ],
    );
    let hint = String::from_utf8_lossy(&hint.stderr).into_owned();
    assert!(
        hint.contains("was it `ca.key` that you meant? It fits ca.pem."),
        "{hint}"
    );
}

/// A ServerHello that chooses TLS 1.0 with TLS_RSA_WITH_AES_128_CBC_SHA.
fn hello_of_tls_1_0() -> Vec<u8> {
    let mut hello = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01".to_vec();
    hello.extend([7; 32]);
    hello.extend(b"\x00\x00\x2f\x00");
    hello
}

#[test]
fn a_server_of_old_versions_alone_is_told_as_that_and_has_its_finding() {
    let pki = development_pki();
    let (alert, nothing) = (&b"\x15\x03\x01\x00\x02\x02\x46"[..], &b""[..]);
    for to_newer in [alert, nothing] {
        let address = answering(move |mut stream| {
            let _ = stream.set_read_timeout(Some(std::time::Duration::from_secs(10)));
            let mut hello = [0; 4096];
            let _ = stream.read(&mut hello);
            // The version of a ClientHello stands behind the heads of its record and its message.
            let answer = match hello[9..11] {
                [3, 1] => hello_of_tls_1_0(),
                _ => to_newer.to_vec(),
            };
            let _ = stream.write_all(&answer);
            let _ = stream.shutdown(Shutdown::Write);
            // Whoever closes before all is read takes the answer back.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let wishes = wishes(&pki, &["control/*", "protocol/*", "downgrade/*"]);
        let scene = scan::set_scene(client(&address), staging(&pki, "intermediate"), wishes)
            .expect("a scene");
        assert!(scene.what_to_do().contains("turn TLS 1.3 or 1.2 on"));
        let report = scan::scan(&scene, &Plan::of(&scene), &|_| {});
        let broken = report.broken.as_deref().expect("it is not whole");
        assert!(
            broken.contains("speaks TLSv1.0 and nothing newer"),
            "{broken}"
        );
        let found = |probe: &String| probe == "downgrade/tls-1-0";
        assert!(
            report
                .findings
                .iter()
                .any(|finding| finding.probes.iter().any(found)),
            "{:?}",
            report.findings
        );
        let protocols = &report.server.protocols;
        assert_eq!(protocols.get("TLSv1.0"), Some(&true), "{protocols:?}");
        assert_eq!(protocols.get("TLSv1.3"), Some(&false), "{protocols:?}");
    }
}

#[test]
fn a_file_holds_the_same_options_and_the_command_line_counts_before_it() {
    let pki = development_pki();
    let folder = written(&pki);
    let (_runtime, address) = start(&pki);
    let text = format!(
        "endpoint = 'https://{address}/whoami'\nca-cert = 'ca.pem'\nca-key = 'ca.key'\n\
         only = ['control/*', 'possession/*']\njobs = 2\ndry-run = true\n"
    );
    let nested = folder.path().join("nested");
    fs::create_dir(&nested).expect("a folder");
    fs::write(folder.path().join("scan.toml"), text).expect("writes");
    // Paths are relative to the file, not to where the command runs.
    let listed = gatecrash(&nested, &["scan", "--config", "../scan.toml"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(
        listed.contains("possession/stolen-certificate@TLSv1.3"),
        "{listed}"
    );
    assert!(!listed.contains("certificate/trust"), "{listed}");
    let args = ["scan", "--config", "../scan.toml", "--only", "control/*"];
    let fewer = gatecrash(&nested, &args);
    let fewer = String::from_utf8_lossy(&fewer.stdout).into_owned();
    assert!(
        fewer.contains("control/good") && !fewer.contains("possession/"),
        "{fewer}"
    );
}

#[test]
fn a_server_that_stops_half_way_ends_the_scan_with_what_was_learned() {
    let pki = development_pki();
    let (runtime, address) = start(&pki);
    let mut wishes = wishes(&pki, &["control/*", "certificate/validity/*"]);
    wishes.patience = std::time::Duration::from_millis(300);
    let scene =
        scan::set_scene(client(&address), staging(&pki, "intermediate"), wishes).expect("a scene");
    let plan = Plan::of(&scene);
    let runtime = std::sync::Mutex::new(Some(runtime));
    let report = scan::scan(&scene, &plan, &|progress| {
        if progress.done == 10 {
            let runtime = runtime.lock().expect("not poisoned").take();
            if let Some(runtime) = runtime {
                runtime.shutdown_background();
            }
        }
    });
    let broken = report.broken.as_deref().expect("it is not whole");
    assert!(broken.contains("did not come back after"), "{broken}");
    assert_eq!(report.probes.len(), plan.len());
    assert!(!report.summary.healthy_throughout);
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.id == "health/broken")
    );
    assert!(report.summary.answered >= 9, "{:?}", report.summary);
}
