//! Ctrl-C: whatever hangs, the work ends at once, with what was learned so far, one
//! exit code, and nothing left behind.
#![cfg(all(feature = "cli", target_os = "linux"))]

mod serving;

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serving::{ON_PKI, Serving};

/// Longer than all of this may take, so that whoever waits for it is found out.
const FOREVER: u64 = 3600;

/// How long a step may take on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts gatecrash; `hang` in the arguments is a command that tells its process id in a file and hangs.
fn start(folder: &Path, args: &[&str]) -> Child {
    started(folder, args, |_| {})
}

/// The same, with what `more` sets.
fn started(folder: &Path, args: &[&str], more: impl Fn(&mut Command)) -> Child {
    let hang = format!(
        "sh -c 'echo $$ >{}/hung; exec sleep {FOREVER}'",
        folder.display()
    );
    let temporary = folder.join("temporary");
    fs::create_dir_all(&temporary).expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatecrash"));
    more(&mut command);
    command
        .args(args.iter().map(|arg| arg.replace("HANG", &hang)))
        .current_dir(folder)
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// The process id of what hangs, once it does.
fn hung(folder: &Path) -> String {
    let until = Instant::now() + PATIENCE;
    loop {
        match fs::read_to_string(folder.join("hung")) {
            Ok(id) if id.ends_with('\n') => return id.trim().to_owned(),
            _ => assert!(Instant::now() < until, "nothing hangs"),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process runs, zombies excepted.
fn runs(id: &str) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("it runs");
}

/// Waits for the end, and demands the exit code, one line, and nothing left behind.
fn ended(folder: &Path, child: Child, line: &str) -> Output {
    let output = child.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let told: Vec<&str> = stderr
        .lines()
        .filter(|told| told.contains("interrupted"))
        .collect();
    assert!(
        matches!(told.as_slice(), [told] if told.contains(line)),
        "{line}: {stderr}"
    );
    let left: Vec<_> = fs::read_dir(folder.join("temporary"))
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert!(left.is_empty(), "{left:?}");
    output
}

#[test]
fn whatever_hangs_the_first_ctrl_c_ends_it() {
    let forever = FOREVER.to_string();
    let suite = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/corpus/limbo/pkits-public.json"
    );
    let corpus = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/corpus/reproducers/validity-expired-0"
    );
    let table: &[(&[&str], &str)] = &[
        (
            &[
                "run",
                "--defect",
                "validity/expired",
                "--worker",
                "mine=HANG",
                "--engine",
                "mine",
                "--timeout",
                &forever,
            ],
            "interrupted: 0 of 8 cases judged",
        ),
        (
            &[
                "limbo",
                suite,
                "--worker",
                "mine=HANG",
                "--engine",
                "mine",
                "--timeout",
                &forever,
            ],
            "interrupted: 0 of 98 cases judged",
        ),
        (
            &[
                "replay",
                corpus,
                "--worker",
                "mine=HANG",
                "--engine",
                "mine",
                "--timeout",
                &forever,
            ],
            "interrupted: 0 of 2 cases judged",
        ),
        (
            &[
                "run",
                "--defect",
                "validity/expired",
                "--limbo-harness",
                "mine=HANG",
                "--engine",
                "mine",
                "--timeout",
                &forever,
            ],
            "interrupted before the harness answered",
        ),
        (
            &[
                "engines",
                "check",
                "--worker",
                "mine=HANG",
                "--timeout",
                &forever,
            ],
            "interrupted before the worker answered",
        ),
        (
            &["lure", "--timeout", "600", "--", "sh", "-c", "HANG #{url}"],
            "interrupted before the client was done with the benign server",
        ),
    ];
    for (args, line) in table {
        let folder = tempfile::tempdir().expect("a folder");
        let child = start(folder.path(), args);
        let id = hung(folder.path());
        let start = Instant::now();
        signal(&child, Signal::INT);
        ended(folder.path(), child, line);
        assert!(start.elapsed() < PATIENCE, "{args:?}");
        let until = Instant::now() + PATIENCE;
        while runs(&id) {
            assert!(Instant::now() < until, "{args:?}: what hangs goes on");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn what_was_judged_until_then_is_reported_as_the_contract_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let forever = FOREVER.to_string();
    let args = [
        "run",
        "--defect",
        "validity/expired",
        "--engine",
        "reference",
        "--worker",
        "mine=HANG",
        "--jobs",
        "1",
        "--timeout",
        &forever,
        "--format",
        "json",
    ];
    let child = start(folder.path(), &args);
    hung(folder.path());
    // The reference has answered once the worker has been asked; it may only just have been started.
    thread::sleep(Duration::from_millis(500));
    signal(&child, Signal::TERM);
    let output = ended(folder.path(), child, "of 8 cases judged");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["interrupted"], true);
    let cases = report["cases"].as_array().expect("cases");
    assert!(cases.len() < 8);
    for case in cases {
        let engines: Vec<_> = case["observations"]
            .as_array()
            .expect("observations")
            .iter()
            .map(|observation| &observation["engine"])
            .collect();
        assert_eq!(engines, ["reference"], "{case}");
    }
    assert_eq!(report["findings"], serde_json::json!([]));
}

/// A program in the folder of that name, which tells its version and hangs at everything else.
fn hanging_program(folder: &Path, name: &str) {
    let path = folder.join(name);
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = version ] && {{ echo 1.2.3; exit; }}\necho $$ >{}/hung\nexec sleep {FOREVER}\n",
        folder.display()
    );
    fs::write(&path, text).expect("writes");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&path, mode).expect("a program");
}

#[test]
fn a_server_that_is_being_built_ends_with_those_who_wait_for_it() {
    let recipe = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/corpus/reproducers/validity-expired-0/case.toml"
    );
    let table: &[(&[&str], &str)] = &[
        (
            &["engines"],
            "interrupted before every engine had been asked",
        ),
        (
            &["minimise", recipe, "--engine", "go"],
            "interrupted before the engine had started",
        ),
        (
            &["run", "--engine", "go"],
            "interrupted before the engine had started",
        ),
    ];
    for (args, line) in table {
        let folder = tempfile::tempdir().expect("a folder");
        hanging_program(folder.path(), "go");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", folder.path().display());
        let child = started(folder.path(), args, |command| {
            command.env("PATH", &path);
        });
        let id = hung(folder.path());
        signal(&child, Signal::INT);
        ended(folder.path(), child, line);
        assert!(!runs(&id), "{args:?}: what hangs goes on");
    }
}

#[test]
fn what_a_killed_process_left_is_removed_by_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    hanging_program(folder.path(), "go");
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.path().display());
    let start = || {
        let _ = fs::remove_file(folder.path().join("hung"));
        let child = started(folder.path(), &["run", "--engine", "go"], |command| {
            command.env("PATH", &path);
        });
        (hung(folder.path()), child)
    };
    let (id, mut killed) = start();
    signal(&killed, Signal::KILL);
    killed.wait().expect("it ends");
    let left = || {
        fs::read_dir(folder.path().join("temporary"))
            .expect("a folder")
            .count()
    };
    assert_eq!(left(), 1);
    let (_, next) = start();
    assert_eq!(left(), 1, "its own");
    signal(&next, Signal::INT);
    ended(
        folder.path(),
        next,
        "interrupted before the engine had started",
    );
    // Nobody but the system could have ended what the killed one had started.
    let id = id.parse().ok().and_then(Pid::from_raw).expect("an id");
    let _ = kill_process(id, Signal::KILL);
}

/// A development PKI in a folder.
fn pki(folder: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .args(["pki", "."])
        .current_dir(folder)
        .output()
        .expect("the program starts");
    assert!(output.status.success());
}

const CA: [&str; 4] = ["--ca-cert", "ca.pem", "--ca-key", "ca.key"];

#[test]
fn a_scan_of_a_server_that_says_nothing_ends_too() {
    let folder = tempfile::tempdir().expect("a folder");
    pki(folder.path());
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address").to_string();
    let args = [&["scan", &address, "--timeout", "600"][..], &CA].concat();
    let child = start(folder.path(), &args);
    let (_connection, _) = silent.accept().expect("it comes");
    signal(&child, Signal::INT);
    ended(folder.path(), child, "interrupted: 0 of ");
}

/// The reference server on the development PKI of a folder, and its address.
fn serve(folder: &Path) -> (Serving, String) {
    let mut serving = Serving::start(folder, &ON_PKI);
    let address = serving.address().to_string();
    (serving, address)
}

#[test]
fn a_scan_tells_what_was_answered_until_then() {
    let folder = tempfile::tempdir().expect("a folder");
    pki(folder.path());
    let (_server, address) = serve(folder.path());
    // So slow that it cannot be done before it is interrupted.
    let args = [
        &["scan", &address, "--rate", "2", "--format", "json"][..],
        &CA,
    ]
    .concat();
    let child = start(folder.path(), &args);
    thread::sleep(Duration::from_secs(4));
    signal(&child, Signal::INT);
    let output = ended(folder.path(), child, " probes answered");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    // What the operator did not ask for is told in any case.
    assert!(
        findings.iter().all(|finding| finding["severity"] == "info"),
        "{findings:?}"
    );
    let probes = report["probes"].as_array().expect("probes");
    assert!(probes.iter().all(|probe| probe["healthy"] != false));
}

#[test]
fn a_second_ctrl_c_waits_for_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    pki(folder.path());
    let (_server, address) = serve(folder.path());
    // A command of the operator's own is not cut short by the first: the server would be left with a hostile CRL.
    let hook = ["--only", "revocation/*", "--publish-crl", "HANG {crl}"];
    let args = [&["scan", &address][..], &CA, &hook].concat();
    let mut child = start(folder.path(), &args);
    let id = hung(folder.path());
    signal(&child, Signal::INT);
    thread::sleep(Duration::from_millis(300));
    assert!(
        matches!(child.try_wait(), Ok(None)),
        "it ended at the first"
    );
    signal(&child, Signal::INT);
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    let until = Instant::now() + PATIENCE;
    while runs(&id) {
        assert!(Instant::now() < until, "what hangs goes on");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_worker_that_hangs_is_one_finding_with_the_command_that_shows_it_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = [
        "run",
        "--defect",
        "validity/expired",
        "--variants",
        "1",
        "--worker",
        "mine=HANG",
        "--engine",
        "mine",
        "--timeout",
        "6",
    ];
    let output = start(folder.path(), &args)
        .wait_with_output()
        .expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("\n1 finding: 1 new, 0 known\n"), "{text}");
    assert!(text.contains("no answer within 6s"), "{text}");
    assert!(text.contains("1 of 1 variant at "), "{text}");
    let again = text
        .lines()
        .find(|line| line.contains("again "))
        .expect("a command");
    assert!(again.contains(" --timeout 6 "), "{again}");
}
