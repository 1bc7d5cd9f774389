//! Every option that names a file, with every kind of file that it cannot use: one
//! clear line that names the file, exit 2, little memory, and nothing written.
#![cfg(all(feature = "cli", target_os = "linux"))]

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

/// Kilobytes of address space: far less than the longest of the bad files has.
const MEMORY: u64 = 3_000_000;

/// Files that nothing can be made of; the folder `folder` holds nothing.
const BAD: [&str; 14] = [
    "missing",
    "folder",
    "ca.pem/below-a-file",
    "empty",
    "noise",
    "text",
    "garbage.pem",
    "cut.pem",
    "object.json",
    "list.json",
    "other.toml",
    "nul",
    "huge",
    "/dev/zero",
];

/// Commands, in which FILE is what cannot be used.
const COMMANDS: &[&str] = &[
    "validate --anchor FILE --chain client.pem",
    "validate --anchor ca.pem --anchor FILE --chain client.pem",
    "validate --anchor ca.pem --chain FILE",
    "validate --anchor ca.pem --chain client.pem --crl FILE",
    "validate --anchor ca.pem --chain client.pem --profile ./FILE",
    "limbo FILE",
    "limbo SUITE --profile ./FILE",
    "replay FILE",
    "minimise FILE --engine webpki",
    "corpus list FILE",
    "corpus check FILE",
    "corpus add ./FILE",
    "corpus keep der FILE --inputs out",
    "diff-engines FILE FILE",
    "bench compare FILE FILE",
    "bench record --criterion FILE --releases out",
    "bench compare --releases FILE",
    "bench plain-server FILE --listen 127.0.0.1:0",
    "mint validity/expired --out out --ca-cert FILE --ca-key ca.key",
    "mint validity/expired --out out --ca-cert ca.pem --ca-key FILE",
    "mint validity/expired --out out --template FILE",
    "mint validity/expired --out out --template client.pem --template-key FILE",
    "serve --config FILE",
    "serve --listen 127.0.0.1:0 --cert FILE --key server.key --client-ca ca.pem",
    "serve --listen 127.0.0.1:0 --cert server.pem --key FILE --client-ca ca.pem",
    "serve --listen 127.0.0.1:0 --cert server.pem --key server.key --client-ca FILE",
    "serve --listen 127.0.0.1:0 --cert server.pem --key server.key --client-ca ca.pem --crl FILE",
    "serve --listen 127.0.0.1:0 --cert server.pem --key server.key --client-ca ca.pem --openapi FILE",
    "lure --ca-cert FILE --ca-key ca.key -- curl {url}",
    "lure --ca-cert ca.pem --ca-key FILE -- curl {url}",
    "scan localhost:1 --ca-cert FILE --ca-key ca.key",
    "scan localhost:1 --ca-cert ca.pem --ca-key FILE",
    "scan localhost:1 --ca-cert ca.pem --ca-key ca.key --template FILE --template-key client.key",
    "scan localhost:1 --ca-cert ca.pem --ca-key ca.key --template client.pem --template-key FILE",
    "scan localhost:1 --ca-cert ca.pem --ca-key ca.key --revoked-cert FILE --revoked-key revoked.key",
    "scan localhost:1 --ca-cert ca.pem --ca-key ca.key --revoked-cert revoked.pem --revoked-key FILE",
    "scan localhost:1 --ca-cert ca.pem --ca-key ca.key --baseline FILE",
    "scan --config FILE",
];

fn gatecrash(folder: &Path, args: &[&str]) -> Output {
    Command::new("sh")
        .args(["-c", "ulimit -v \"$0\"; exec \"$@\""])
        .arg(MEMORY.to_string())
        .arg(env!("CARGO_BIN_EXE_gatecrash"))
        .args(args)
        .current_dir(folder)
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// A development PKI, and every bad file.
fn files() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path();
    assert!(gatecrash(folder, &["pki", "."]).status.success());
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).expect("writes");
        // What is wrong is what is in it, and not who may read it.
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).expect("a mode");
    };
    fs::create_dir(folder.join("folder")).expect("a folder");
    fs::set_permissions(folder.join("folder"), fs::Permissions::from_mode(0o700)).expect("a mode");
    write("empty", b"");
    write("noise", &[0xff, 0x00, 0x17, 0x80]);
    write("text", b"hello\nworld\n");
    write(
        "garbage.pem",
        b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
    );
    let whole = fs::read(folder.join("client.pem")).expect("reads");
    write("cut.pem", &whole[..300]);
    write("object.json", b"{}");
    write("list.json", b"[1, 2]");
    write("other.toml", b"colour = \"red\"\n");
    write("nul", b"\0\0\0");
    write("huge", b"");
    let huge = File::options()
        .write(true)
        .open(folder.join("huge"))
        .expect("opens");
    // Sparse: it takes no room on the disk, and all memory when it is read.
    huge.set_len(5 << 30).expect("grows");
    root
}

/// What is wrong with the way in which a refusal was told.
fn fault(output: &Output, named: &str) -> Option<&'static str> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = stderr.trim_end().lines().collect();
    let told = match lines.as_slice() {
        [error] => error.starts_with("error: "),
        [error, hint] => error.starts_with("error: ") && hint.starts_with("hint: "),
        _ => false,
    };
    match () {
        () if output.status.code() != Some(2) => Some("another exit code than 2"),
        () if !output.stdout.is_empty() => Some("it printed something"),
        () if !told => Some("not one clear line"),
        () if stderr.len() > 1500 => Some("a line without end"),
        () if !stderr.contains(named) => Some("the file is not named"),
        () => None,
    }
}

#[test]
fn each_file_that_cannot_be_used_is_told_by_every_command() {
    let root = files();
    let suite = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/corpus/limbo/limbo-public-core.json"
    );
    let faults: Vec<String> = std::thread::scope(|scope| {
        let parts: Vec<_> = COMMANDS.chunks(COMMANDS.len().div_ceil(2)).collect();
        let workers: Vec<_> = parts
            .into_iter()
            .map(|part| {
                scope.spawn(|| {
                    part.iter()
                        .flat_map(|command| tried(root.path(), command, suite))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("no panic"))
            .collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(!root.path().join("out").exists(), "something was written");
}

fn tried(folder: &Path, command: &str, suite: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for bad in BAD {
        let words: Vec<String> = command
            .split_whitespace()
            .map(|word| match (word, bad.starts_with('/')) {
                ("./FILE", true) => bad.to_owned(),
                ("SUITE", _) => suite.to_owned(),
                _ => word.replace("FILE", bad),
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = gatecrash(folder, &words);
        if let Some(fault) = fault(&output, bad) {
            faults.push(format!(
                "{fault}: gatecrash {}\n  {:?} {}",
                words.join(" "),
                output.status.code(),
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
    faults
}

#[test]
fn a_scan_goes_on_without_a_document_that_is_none() {
    let root = files();
    for bad in BAD {
        let command = "scan localhost:1 --ca-cert ca.pem --ca-key ca.key --openapi";
        let words: Vec<&str> = command.split(' ').chain([bad]).collect();
        let output = gatecrash(root.path(), &words);
        let said = String::from_utf8_lossy(&output.stderr);
        let expected = match bad {
            // There is nothing to read: another name was meant.
            "missing" | "folder" | "ca.pem/below-a-file" | "empty" => 2,
            // It goes on, to find that nobody listens.
            _ => 3,
        };
        assert_eq!(output.status.code(), Some(expected), "{bad}: {said}");
        let first = said.lines().next().unwrap_or_default();
        assert!(first.contains(bad), "{bad}: {said}");
        let goes_on = first.ends_with("the scan goes on without it");
        assert_eq!(goes_on, expected == 3, "{bad}: {said}");
    }
}

#[test]
fn what_is_wrong_is_told_in_the_words_of_the_file() {
    let root = files();
    let folder = root.path();
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).expect("writes");
    };
    // A SEQUENCE of ten million octets that are no CRL and no certificate.
    let mut junk = vec![0x30, 0x83, 0xa0, 0x00, 0x00];
    junk.resize(5 + 0xa0_0000, 0x04);
    write("junk.der", &junk);
    let junk_pem = gatecrash::der::pem::write("CERTIFICATE", &junk);
    write("junk.pem", junk_pem.as_bytes());
    let mut deep = Vec::new();
    for _ in 0..60_000_u32 {
        let length = deep.len();
        let mut head = match length {
            0..=0x7f => vec![0x30, length as u8],
            0x80..=0xffff => vec![0x30, 0x82, (length >> 8) as u8, length as u8],
            _ => vec![
                0x30,
                0x83,
                (length >> 16) as u8,
                (length >> 8) as u8,
                length as u8,
            ],
        };
        std::mem::swap(&mut head, &mut deep);
        deep.extend(head);
    }
    write("deep.der", &deep);
    write(
        "both.pem",
        &[
            fs::read(folder.join("ca.pem")).expect("reads"),
            junk_pem.into_bytes(),
        ]
        .concat(),
    );
    write("keys.txt", &vec![b'A'; 100_000]);
    let table: &[(&str, &str)] = &[
        (
            "validate --anchor ca.pem --chain client.pem --crl junk.der",
            "junk.der: CRL 1 is not DER: tbsCertList at byte 5: another element",
        ),
        (
            "validate --anchor ca.pem --chain client.pem --crl deep.der",
            "deep.der: CRL 1 is not DER: issuer at byte",
        ),
        (
            "validate --anchor junk.der --chain client.pem",
            "junk.der: longer than 1 MiB, the most that a certificate may have",
        ),
        (
            "validate --anchor ca.pem --chain junk.pem",
            "junk.pem: longer than 1 MiB, the most that a certificate may have",
        ),
        (
            "validate --anchor both.pem --chain client.pem",
            "both.pem: longer than 1 MiB, the most that a certificate may have",
        ),
        (
            "validate --anchor deep.der --chain client.pem",
            "deep.der: anchor 1 is not DER: the trust anchor is not the DER of a certificate: the bytes end inside an element at offset 2834",
        ),
        (
            "validate --anchor ca.pem --anchor deep.der --chain client.pem",
            "deep.der: anchor 1 is not DER",
        ),
        (
            "validate --anchor ca.pem --chain client.pem --profile empty",
            "empty: the file is empty",
        ),
        ("limbo empty", "empty: the file is empty"),
        ("replay empty", "empty: the file is empty"),
        ("replay missing", "missing: No such file or directory"),
        ("replay huge", "huge: longer than 16 MiB"),
        ("corpus add empty", "empty: the file is empty"),
        (
            "corpus add missing.toml",
            "missing.toml: No such file or directory",
        ),
        (
            "corpus add ./missing",
            "./missing: No such file or directory",
        ),
        (
            "corpus keep der folder",
            "folder: there is no file in this folder",
        ),
        (
            "corpus seeds der --out out --inputs missing",
            "missing: No such file or directory",
        ),
        (
            "mint validity/expired --out empty",
            "empty: it is a file, and a folder is needed",
        ),
        (
            "mint validity/expired --out empty/below",
            "empty: it is a file, and a folder is needed",
        ),
        ("pki empty", "empty: it is a file, and a folder is needed"),
        (
            "corpus seeds der --out empty",
            "empty: it is a file, and a folder is needed",
        ),
        (
            "corpus add validity/expired --why it --corpus empty",
            "empty: it is a file, and a folder is needed",
        ),
        (
            "serve --config empty",
            "empty holds no text: the file is empty",
        ),
        ("serve --config huge", "huge: longer than 1 MiB"),
        ("serve --config other.toml", "unknown field `colour`"),
        (
            "serve --listen 127.0.0.1:0 --cert junk.der --key server.key --client-ca ca.pem",
            "junk.der: longer than 1 MiB, the most that is read here",
        ),
        (
            "serve --listen 127.0.0.1:0 --cert junk.pem --key server.key --client-ca ca.pem",
            "junk.pem: longer than 1 MiB, the most that is read here",
        ),
        (
            "serve --listen 127.0.0.1:0 --cert server.pem --key server.key --client-ca both.pem",
            "both.pem: longer than 1 MiB, the most that is read here",
        ),
        (
            "serve --listen 127.0.0.1:0 --cert server.pem --key ./client.key --client-ca ca.pem",
            "./client.key does not belong to server.pem",
        ),
        (
            "mint validity/expired --out out --ca-cert ./ca.pem --ca-key ./client.key",
            "./client.key does not belong to ./ca.pem",
        ),
        (
            "lure --ca-cert ./ca.pem --ca-key ./client.key -- curl {url}",
            "./client.key does not belong to ./ca.pem",
        ),
        (
            "scan localhost:1 --ca-cert ca.pem --ca-key ca.key --server-log folder",
            "folder: is a directory",
        ),
        (
            "bench plain-server folder --listen 127.0.0.1:0",
            "folder/ca.pem: No such file or directory",
        ),
    ];
    for (command, words) in table {
        let args: Vec<&str> = command.split_whitespace().collect();
        let output = gatecrash(folder, &args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let lines = stderr
            .lines()
            .filter(|line| line.starts_with("error: "))
            .count();
        assert_eq!(
            (output.status.code(), lines),
            (Some(2), 1),
            "{command}: {stderr}"
        );
        assert!(stderr.contains(words), "{command}: {stderr}");
    }
    assert!(!folder.join("out").exists(), "something was written");
}

#[test]
fn what_the_peer_presents_is_judged_whatever_it_is() {
    let root = files();
    let folder = root.path();
    // No certificate, and as long as some.
    let mut junk = vec![0x30, 0x82, 0x10, 0x00];
    junk.resize(4 + 0x1000, 0x04);
    fs::write(folder.join("junk.der"), &junk).expect("writes");
    let args = ["validate", "--anchor", "ca.pem", "--chain", "junk.der"];
    let output = gatecrash(folder, &args);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty() && output.stdout.starts_with(b"refused: "));
    let args = ["validate", "--anchor", "junk.der", "--chain", "client.pem"];
    assert_eq!(gatecrash(folder, &args).status.code(), Some(2));
    // In a bundle, a certificate that cannot be read takes the others along no more than in a service.
    let bundle = [
        fs::read_to_string(folder.join("ca.pem")).expect("reads"),
        gatecrash::der::pem::write("CERTIFICATE", &junk),
    ];
    fs::write(folder.join("bundle.pem"), bundle.concat()).expect("writes");
    let args = [
        "validate",
        "--anchor",
        "bundle.pem",
        "--chain",
        "client.pem",
    ];
    let output = gatecrash(folder, &args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(
        stderr.starts_with("passed over: bundle.pem: anchor 2 is not DER: "),
        "{stderr}"
    );
}
