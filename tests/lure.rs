//! Real clients visit the rogue server: strict ones are never caught, careless ones always.

#![allow(clippy::print_stderr)] // a client that is missing is named

use std::{
    num::NonZeroUsize,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, SystemTime},
};

use gatecrash::{
    question::Time,
    scan::lure::{Catch, Caught, ClientCommand, Lie, Lure, Reach, Sight},
};

const TIMEOUT: Duration = Duration::from_secs(20);

fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Time::from_unix_seconds(since.expect("after 1970").as_secs() as i64)
}

/// Whether a client is there. One that is not is named, and CI installs all of them.
fn is_there(program: &str, argument: &str) -> bool {
    let found = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success());
    assert!(
        found || !std::env::var("GATECRASH_SERVERS").is_ok_and(|value| value == "all"),
        "{program} is missing"
    );
    if !found {
        eprintln!("not asked: {program} is missing");
    }
    found
}

fn lure(globs: &[&str]) -> Lure {
    let two = NonZeroUsize::new(2).expect("two");
    let lure = Lure::new(now()).jobs(two).timeout(TIMEOUT);
    globs.iter().fold(lure, |lure, glob| lure.defects(glob))
}

fn visit(lure: Lure, command: &ClientCommand) -> Caught {
    let folder = tempfile::tempdir().expect("a folder");
    let number = AtomicUsize::new(0);
    let caught = lure.reach(command.reach()).run(|visit| {
        let number = number.fetch_add(1, Ordering::Relaxed).to_string();
        command
            .run(visit, &folder.path().join(number))
            .expect("it runs");
    });
    caught.expect("the control is trusted")
}

fn command(words: &[&str]) -> ClientCommand {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    ClientCommand::new(words, TIMEOUT).expect("a command")
}

/// What every client must refuse, and can be shown under the name localhost.
const PLAIN: &[&str] = &[
    "validity/expired",
    "validity/not-yet-valid",
    "names/other-host",
    "names/host-is-prefix",
    "trust/unknown-issuer",
    "trust/self-signed",
    "trust/same-name",
    "usage/ca-false-issuer",
    "signature/bit-flipped",
    "handshake/stolen-certificate",
    "handshake/sign*",
    "handshake/ssl-3-0",
    "handshake/downgrade",
    "handshake/null-cipher",
    "handshake/rc4",
];

#[test]
fn strict_clients_refuse_what_careless_ones_trust() {
    const PYTHON: &str = "import ssl, sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=10)";
    const PYTHON_LAX: &str = "import ssl, sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=10, context=ssl._create_unverified_context())";
    const NODE: &str = "fetch(process.argv[1]).then(() => {}, () => process.exit(1))";
    let clients: [(&str, &str, &[&str], &[&str]); 4] = [
        (
            "curl",
            "--version",
            &["curl", "-sS", "--cacert", "{ca}", "{url}"],
            &["curl", "-sSk", "{url}"],
        ),
        (
            "openssl",
            "version",
            &[
                "openssl",
                "s_client",
                "-connect",
                "127.0.0.1:{port}",
                "-servername",
                "localhost",
                "-verify_hostname",
                "localhost",
                "-verify_return_error",
                "-x509_strict",
                "-CAfile",
                "{ca}",
            ],
            &[
                "openssl",
                "s_client",
                "-connect",
                "127.0.0.1:{port}",
                "-CAfile",
                "{ca}",
            ],
        ),
        (
            "python3",
            "--version",
            &["python3", "-c", PYTHON, "{url}"],
            &["python3", "-c", PYTHON_LAX, "{url}"],
        ),
        (
            "node",
            "--version",
            &["node", "-e", NODE, "{url}"],
            &[
                "env",
                "NODE_TLS_REJECT_UNAUTHORIZED=0",
                "NODE_NO_WARNINGS=1",
                "node",
                "-e",
                NODE,
                "{url}",
            ],
        ),
    ];
    for (program, version, strict, lax) in clients {
        if !is_there(program, version) {
            continue;
        }
        let caught = visit(lure(PLAIN), &command(strict));
        assert!(
            caught.catches().len() > 10,
            "{program}: {:?}",
            caught.passed_over()
        );
        for catch in caught.catches() {
            assert_eq!(catch.twin, Sight::Asked, "{program} {}", catch.id);
            let hostile = catch.hostile.as_ref().expect("shown");
            assert!(hostile.is_refusal(), "{program} {}: {hostile}", catch.id);
        }
        let caught = visit(
            lure(&["validity/expired", "names/other-host"]),
            &command(lax),
        );
        assert_eq!(
            caught.trusted().count(),
            caught.catches().len(),
            "{program}"
        );
        let proof = visit(
            lure(&["handshake/stolen-certificate", "handshake/sign*"]),
            &command(lax),
        );
        assert_eq!(
            proof.trusted().count(),
            0,
            "{program} is careless and no fool"
        );
    }
}

#[test]
fn a_server_that_proves_nothing_in_its_handshake_is_refused_by_a_client_that_lets_form_pass() {
    if !is_there("curl", "--version") {
        return;
    }
    let client = command(&[
        "curl",
        "-sS",
        "--max-time",
        "15",
        "--cacert",
        "{ca}",
        "{url}",
    ]);
    let unproven = [
        "handshake/no-certificate",
        "handshake/certificate-without-proof",
        "handshake/corrupt-finished",
        "handshake/empty-signature",
    ];
    let caught = visit(lure(&unproven), &client);
    let seen: Vec<_> = caught
        .catches()
        .iter()
        .map(|catch| (catch.lie.id(), &catch.twin, catch.hostile.as_ref()))
        .collect();
    assert_eq!(seen.len(), unproven.len(), "{seen:?}");
    for (id, twin, hostile) in seen {
        assert_eq!(*twin, Sight::Asked, "{id}");
        assert!(hostile.is_some_and(Sight::is_refusal), "{id}: {hostile:?}");
    }
}

#[test]
fn a_client_that_takes_old_protocols_and_weak_suites_is_caught_by_each() {
    if !is_there("openssl", "version") {
        return;
    }
    let old = command(&[
        "openssl",
        "s_client",
        "-connect",
        "127.0.0.1:{port}",
        "-verify_return_error",
        "-CAfile",
        "{ca}",
        "-min_protocol",
        "TLSv1",
        "-cipher",
        "ALL:eNULL:@SECLEVEL=0",
    ]);
    let caught = visit(lure(&["handshake/*"]), &old);
    let is_lie = |catch: &&Catch| matches!(catch.lie, Lie::Handshake(_));
    let mut trusted: Vec<&str> = caught
        .trusted()
        .filter(is_lie)
        .map(|catch| catch.lie.id())
        .collect();
    trusted.sort_unstable();
    assert_eq!(
        trusted,
        [
            "handshake/null-cipher",
            "handshake/rsa-key-exchange",
            "handshake/tls-1-0",
            "handshake/tls-1-1",
        ]
    );
    let downgrade = caught
        .catches()
        .iter()
        .find(|catch| catch.lie.id() == "handshake/downgrade");
    let sight = downgrade
        .and_then(|catch| catch.hostile.clone())
        .expect("shown");
    assert!(
        matches!(sight, Sight::Refused(alert) if alert.number() == 47),
        "{sight}"
    );
}

#[test]
fn a_client_that_is_told_where_any_name_is_can_be_shown_every_name() {
    if !is_there("curl", "--version") {
        return;
    }
    let mapped = command(&[
        "curl",
        "-sS",
        "--cacert",
        "{ca}",
        "--connect-to",
        "{host}:{port}:127.0.0.1:{port}",
        "{url}",
    ]);
    let proxied = command(&["curl", "-sS", "--cacert", "{ca}", "{url}"]).through_proxy();
    for command in [mapped, proxied] {
        assert_eq!(command.reach(), Reach::AnyName);
        let caught = visit(
            lure(&[
                "names/wildcard*",
                "names/address*",
                "name-constraints/permitted-dns",
            ]),
            &command,
        );
        assert!(caught.catches().len() > 3, "{:?}", caught.passed_over());
        assert!(
            caught
                .catches()
                .iter()
                .all(|catch| catch.twin == Sight::Asked),
            "{caught:?}"
        );
    }
}
