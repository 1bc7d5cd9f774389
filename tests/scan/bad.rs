//! Endpoints that cannot be scanned, and what is said of them.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
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
