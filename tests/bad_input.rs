//! Wrong input to every command: one clear line on standard error, exit 2 or 3,
//! never a panic.
#![cfg(feature = "cli")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use gatecrash::{
    der::pem,
    mint::Minter,
    recipe::{Key, KeyAlgorithm, generate::Setting},
};

fn gatecrash(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// Demands one `error:` line, perhaps a `hint:` line, nothing else, and exit 2 or 3.
fn refused(folder: &Path, args: &[&str]) -> String {
    let output = gatecrash(folder, args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let told = format!("gatecrash {}\n{stderr}", args.join(" "));
    assert!(
        matches!(output.status.code(), Some(2 | 3)),
        "exit {:?}: {told}",
        output.status.code()
    );
    assert!(
        output.stdout.is_empty(),
        "it printed: {told}{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let lines: Vec<&str> = stderr.lines().collect();
    assert!(matches!(lines.len(), 1 | 2), "{told}");
    assert!(
        lines[0].starts_with("error: ") && lines[0].len() > 12,
        "{told}"
    );
    assert!(
        lines.get(1).is_none_or(|line| line.starts_with("hint: ")),
        "{told}"
    );
    assert!(
        !stderr.contains("panicked") && !stderr.contains("fault of gatecrash"),
        "{told}"
    );
    stderr
}

/// A folder of good and bad files.
fn files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let setting = Setting {
        crls: true,
        ..Setting::default()
    };
    let recipe = setting.recipe();
    let minted = Minter::new().mint(&recipe).expect("mints");
    let write =
        |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("writes");
    write(
        "anchor.pem",
        pem::write(pem::CERTIFICATE, &minted.anchors[0]).as_bytes(),
    );
    write(
        "chain.pem",
        pem::write(pem::CERTIFICATE, &minted.chain[0]).as_bytes(),
    );
    write("chain.der", &minted.chain[0]);
    write("crl.pem", pem::write(pem::CRL, &minted.crls[0]).as_bytes());
    write("crl.der", &minted.crls[0]);
    write("empty", b"");
    write("noise", &[0xff, 0x00, 0x17, 0x80]);
    write(
        "garbage.pem",
        b"-----BEGIN CERTIFICATE-----\n!!!! not base64 !!!!\n-----END CERTIFICATE-----\n",
    );
    write(
        "garbage.crl",
        b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    );
    write("never-ends.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n");
    write(
        "key.pem",
        pem::write(pem::PRIVATE_KEY, b"secret").as_bytes(),
    );
    let mut large = vec![0x30, 0x83, 0xa0, 0x00, 0x00];
    large.resize(5 + 0xa0_0000, 0x04);
    write("large.der", &large);
    write("large.pem", pem::write(pem::CERTIFICATE, &large).as_bytes());
    write("object.json", b"{}");
    write("list.json", b"[1, 2, 3]");
    write("other-version.json", br#"{"version": 2, "testcases": []}"#);
    write("cut.json", br#"{"version": 1, "testcases": [{"id": "a""#);
    write("deep.json", "[".repeat(100_000).as_bytes());
    write("recipe.toml", recipe.to_toml().expect("writes").as_bytes());
    write("wrong.toml", b"purpose = \"client\"\n");
    let keys = Minter::new();
    for label in ["anchor", "end-entity"] {
        let key = Key::new(KeyAlgorithm::P256, label);
        let pkcs8 = keys.key(&key).expect("exists").to_pkcs8(key.algorithm);
        let text = pem::write(pem::PRIVATE_KEY, &pkcs8);
        write(&format!("{label}.key"), text.as_bytes());
    }
    folder
}

#[test]
fn each_wrong_input_is_told_in_one_line() {
    let folder = files();
    let bad_certificates = [
        "missing.pem",
        "empty",
        "noise",
        "garbage.pem",
        "never-ends.pem",
        "crl.pem",
        "key.pem",
        "large.der",
        "large.pem",
        ".",
    ];
    for bad in bad_certificates {
        refused(
            folder.path(),
            &["validate", "--anchor", bad, "--chain", "chain.pem"],
        );
        refused(
            folder.path(),
            &["validate", "--anchor", "anchor.pem", "--chain", bad],
        );
    }
    for bad in [
        "missing.crl",
        "empty",
        "noise",
        "garbage.crl",
        "chain.pem",
        ".",
    ] {
        refused(
            folder.path(),
            &[
                "validate",
                "--anchor",
                "anchor.pem",
                "--chain",
                "chain.pem",
                "--crl",
                bad,
            ],
        );
    }
    for bad in [
        "missing.json",
        "empty",
        "noise",
        "object.json",
        "list.json",
        "other-version.json",
        "cut.json",
        "deep.json",
        "chain.der",
        ".",
    ] {
        refused(folder.path(), &["limbo", bad]);
        refused(folder.path(), &["diff-engines", bad, bad]);
        refused(folder.path(), &["bench", "compare", bad, bad]);
    }
    for bad in [
        "missing.toml",
        "empty",
        "noise",
        "wrong.toml",
        "chain.pem",
        ".",
    ] {
        refused(folder.path(), &["minimise", bad, "--engine", "webpki"]);
        refused(folder.path(), &["replay", bad]);
        refused(folder.path(), &["corpus", "check", bad]);
        refused(folder.path(), &["corpus", "list", bad]);
    }
    let rest: &[&[&str]] = &[
        &["replay"],
        &["corpus", "add", "validity/expired"],
        &["bench", "record"],
        &["bench", "compare"],
        &["bench", "load", "--attack", "love"],
        &["bench", "load", "--against", "iis"],
        &["bench", "load", "--rate", "0"],
        &["bench", "soak", "--minutes", "0"],
        &["bench", "soak", "--minutes", "NaN"],
        &[
            "bench",
            "plain-server",
            "missing",
            "--listen",
            "127.0.0.1:0",
        ],
        &["mint", "validity/expired"],
        &["mint", "validity/expired", "--out", "chain.pem"],
        &[
            "mint",
            "validity/expired",
            "--out",
            "x",
            "--position",
            "handshake",
        ],
        &[
            "limbo-export",
            "--out",
            "no/such/folder/x.json",
            "--defect",
            "validity/expired",
        ],
        &["run", "--variants", "0"],
        &["run", "--variants", "many"],
        &["run", "--jobs", "0"],
        &["run", "--format", "yaml"],
        &[
            "run",
            "--output",
            "no/such/folder/x",
            "--defect",
            "validity/expired",
        ],
        &["run", "--worker", "nameless"],
        &["run", "--worker", "mine=/no/such/program"],
        &["run", "--worker", "webpki=true"],
        &["engines", "check"],
        &["defects", "--family", "nonesuch"],
        &["defects", "--vulnerability", "CVE-0000-0000"],
        &["validate"],
        &[
            "validate",
            "--anchor",
            "anchor.pem",
            "--chain",
            "chain.pem",
            "--time",
            "yesterday",
        ],
        &[
            "validate",
            "--anchor",
            "anchor.pem",
            "--chain",
            "chain.pem",
            "--name",
            "a b",
        ],
        &[
            "validate",
            "--anchor",
            "anchor.pem",
            "--chain",
            "chain.pem",
            "--profile",
            "lenient",
        ],
        &["completions", "csh"],
        &["nonesuch"],
        &["--nonesuch"],
    ];
    for args in rest {
        refused(folder.path(), args);
    }
}

#[test]
fn a_ca_or_a_template_that_cannot_serve_is_told_in_one_line() {
    let folder = files();
    let table: &[(&[&str], &str)] = &[
        (
            &["--ca-cert", "anchor.pem", "--ca-key", "end-entity.key"],
            "end-entity.key does not belong to anchor.pem",
        ),
        (
            &["--ca-cert", "chain.pem", "--ca-key", "end-entity.key"],
            "basic constraints",
        ),
        (
            &["--ca-cert", "noise", "--ca-key", "anchor.key"],
            "no PEM block",
        ),
        (
            &["--ca-cert", "anchor.pem", "--ca-key", "chain.pem"],
            "no private key in it, only `CERTIFICATE`",
        ),
        (
            &["--ca-cert", "anchor.pem", "--ca-key", "key.pem"],
            "not a private key in PKCS #8, SEC 1 or PKCS #1",
        ),
        (&["--ca-cert", "anchor.pem"], "--ca-key"),
        (&["--ca-key", "anchor.key"], "--ca-cert"),
        (&["--template-key", "anchor.key"], "--template"),
        (&["--template", "anchor.pem"], "the certificate of a CA"),
        (&["--template", "crl.der"], "not a certificate"),
        (&["--template", "recipe.toml"], "no PEM block"),
        (
            &["--template", "chain.pem", "--template-key", "anchor.key"],
            "the private key is not the key of this certificate",
        ),
        (
            &["--template", "chain.pem", "--time", "2031-01-01T00:00:00Z"],
            "the template: it expired at 2026-",
        ),
        (
            &["--template", "chain.pem", "--time", "2001-01-01T00:00:00Z"],
            "it is not valid before 2026-",
        ),
        (
            &["--template", "chain.pem", "--purpose", "server"],
            "it is no defect of what the certificate is for",
        ),
    ];
    for (given, message) in table {
        let mut args = vec!["mint", "validity/expired", "--out", "x"];
        if !given.contains(&"--time") {
            args.extend(["--time", "2026-06-01T12:00:00Z"]);
        }
        args.extend(*given);
        let stderr = refused(folder.path(), &args);
        assert!(stderr.contains(message), "{}: {stderr}", args.join(" "));
        assert!(!folder.path().join("x").exists(), "{}", args.join(" "));
    }
}

#[test]
fn a_name_that_nothing_has_gets_the_nearest() {
    let folder = files();
    let table: &[(&[&str], &str)] = &[
        (
            &["run", "--defect", "validity/expird"],
            "`validity/expired`",
        ),
        (
            &["mint", "validity/expird", "--out", "x"],
            "`validity/expired`",
        ),
        (
            &["corpus", "add", "validity/expird", "--why", "x"],
            "`validity/expired`",
        ),
        (
            &[
                "limbo-export",
                "--out",
                "x.json",
                "--defect",
                "validity/expird",
            ],
            "`validity/expired`",
        ),
        (&["defects", "--family", "validty"], "`validity`"),
        (&["run", "--engine", "webpik"], "`webpki`"),
        (
            &["minimise", "recipe.toml", "--engine", "webpik"],
            "`webpki`",
        ),
        (
            &[
                "validate",
                "--anchor",
                "anchor.pem",
                "--chain",
                "chain.pem",
                "--engine",
                "webpik",
            ],
            "`webpki`",
        ),
    ];
    for (args, nearest) in table {
        let stderr = refused(folder.path(), args);
        assert!(stderr.contains(nearest), "{}: {stderr}", args.join(" "));
    }
}

#[test]
fn a_name_that_is_far_from_all_gets_none_and_the_way_to_all_of_them() {
    let folder = files();
    let table: &[(&[&str], &str)] = &[
        (&["run", "--engine", "zzz"], "`gatecrash engines` lists"),
        (&["run", "--defect", "zzzzzz"], "`gatecrash defects` lists"),
        (&["mint", "", "--out", "x"], "`gatecrash defects` lists"),
        (
            &["corpus", "add", "zzz", "--why", "x"],
            "`gatecrash defects` lists",
        ),
        (
            &["defects", "--family", "qqqq"],
            "`gatecrash defects` lists",
        ),
        (
            &["defects", "--vulnerability", "none"],
            "docs/vulnerabilities.md lists",
        ),
        (
            &["corpus", "seeds", "zzz", "--out", "x"],
            "there are chain, ",
        ),
        (&["corpus"], "one of add, list, check, seeds, keep"),
        (&["bench"], "one of "),
    ];
    for (args, hint) in table {
        let stderr = refused(folder.path(), args);
        assert!(stderr.contains(hint), "{}: {stderr}", args.join(" "));
        assert!(
            !stderr.contains("did you mean"),
            "{}: {stderr}",
            args.join(" ")
        );
    }
    // The name alone, without its family, is near.
    let stderr = refused(folder.path(), &["mint", "expired", "--out", "x"]);
    assert!(stderr.contains("`validity/expired`"), "{stderr}");
}

#[test]
fn numbers_and_names_that_no_option_takes_are_told_before_anything_is_done() {
    let folder = files();
    let numbers = ["0", "-1", "1.5", "", "abc", "18446744073709551616"];
    let options: &[&[&str]] = &[
        &["run", "--variants"],
        &["run", "--timeout"],
        &["run", "--jobs"],
        &["limbo-export", "--out", "x", "--variants"],
        &["scan", "localhost:1", "--rate"],
        &["scan", "localhost:1", "--max-visits"],
        &["scan", "localhost:1", "--max-seconds"],
        &["scan", "localhost:1", "--timeout"],
        &["scan", "localhost:1", "--jobs"],
        &["lure", "--timeout"],
        &["lure", "--max-seconds"],
        &["lure", "--jobs"],
        &["bench", "load", "--connections"],
        &["bench", "load", "--seconds"],
        &["bench", "load", "--rounds"],
        &["bench", "load", "--clients"],
        &["bench", "load", "--attackers"],
        &["bench", "soak", "--rate"],
        &["bench", "soak", "--rotate"],
    ];
    for option in options {
        for number in numbers.iter().chain(&["18446744073709551615"]) {
            // A long is no bound of threads: no more are started than there is work.
            if *number == "18446744073709551615" && option.ends_with(&["--jobs"]) {
                continue;
            }
            let (name, before) = option.split_last().expect("an option");
            let given = format!("{name}={number}");
            refused(folder.path(), &[before, &[&given]].concat());
        }
    }
    let scan = ["scan", "localhost:1", "--ca-cert", "x", "--ca-key", "y"];
    for option in [
        "--path=",
        "--path=orders",
        "--path=/a b",
        "--sni=",
        "--sni=..",
        "--sni=a b",
        "--header=nothing",
        "--server=iis",
        "--fail-on=bad",
    ] {
        let stderr = refused(folder.path(), &[&scan[..], &[option]].concat());
        assert!(stderr.contains("invalid value"), "{option}: {stderr}");
    }
}

#[test]
fn a_worker_or_harness_that_talks_nonsense_is_told() {
    let folder = files();
    let chain = ["validate", "--anchor", "anchor.pem", "--chain", "chain.pem"];
    let table: &[(&[&str], &str)] = &[
        (&["--worker", "mine=true"], "engine `mine` gave no answer"),
        (&["--worker", "mine=yes"], "engine `mine` gave no answer"),
        (&["--limbo-harness", "mine=true"], "ended without a result"),
        (&["--limbo-harness", "mine=yes"], "no JSON object: y"),
        (&["--limbo-harness", "mine=cat"], "missing field `results`"),
    ];
    for (args, words) in table {
        let output = gatecrash(folder.path(), &[&chain[..], args].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {stderr}");
        assert!(
            stderr.starts_with("error: ") && stderr.contains(words),
            "{args:?}: {stderr}"
        );
    }
}

#[test]
fn der_that_is_cut_anywhere_is_told_in_one_line() {
    let folder = files();
    for (whole, option) in [
        ("chain.der", "--chain"),
        ("chain.der", "--anchor"),
        ("crl.der", "--crl"),
    ] {
        let der = fs::read(folder.path().join(whole)).expect("reads");
        // The ends byte by byte, the middle in steps: each is a process of its own.
        let lengths = (0..8)
            .chain((8..der.len()).step_by(97))
            .chain(der.len() - 3..der.len());
        for length in lengths {
            fs::write(folder.path().join("cut.der"), &der[..length]).expect("writes");
            let mut args = vec!["validate"];
            for (given, good) in [
                ("--anchor", "anchor.pem"),
                ("--chain", "chain.pem"),
                ("--crl", "crl.pem"),
            ] {
                args.extend([given, if given == option { "cut.der" } else { good }]);
            }
            refused(folder.path(), &args);
        }
    }
}

#[test]
fn a_port_that_is_taken_is_told_in_one_line() {
    let folder = files();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let stderr = refused(folder.path(), &["serve", "--listen", &address]);
    assert!(stderr.contains(&address), "{stderr}");
    refused(folder.path(), &["serve", "--listen", "nowhere"]);
    refused(folder.path(), &["serve", "--config", "missing.toml"]);
    refused(folder.path(), &["serve", "--config", "wrong.toml"]);
    refused(folder.path(), &["pki", "chain.pem"]);
}

#[test]
fn what_is_wrong_inside_a_whole_certificate_is_judged_and_not_an_error() {
    let folder = files();
    let mut der = fs::read(folder.path().join("chain.der")).expect("reads");
    let middle = der.len() / 2;
    der[middle] ^= 0xff;
    fs::write(folder.path().join("spoilt.der"), &der).expect("writes");
    let output = gatecrash(
        folder.path(),
        &[
            "validate",
            "--anchor",
            "anchor.pem",
            "--chain",
            "spoilt.der",
        ],
    );
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("refused: "));
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_is_told_and_a_reader_that_went_away_is_not() {
    let folder = files();
    for args in [
        &["defects", "--output", "/dev/full"][..],
        &[
            "run",
            "--defect",
            "validity/expired",
            "--engine",
            "webpki",
            "--output",
            "/dev/full",
        ],
        &[
            "limbo-export",
            "--defect",
            "validity/expired",
            "--out",
            "/dev/full",
        ],
    ] {
        assert!(refused(folder.path(), args).contains("/dev/full"));
    }
    let one = ["--defect", "validity/expired", "--engine", "webpki"];
    let chain = ["--anchor", "anchor.pem", "--chain", "chain.pem"];
    let time = ["--time", "2026-06-01T12:00:00Z", "--profile", "rfc5280"];
    let told: &[&[&str]] = &[
        &["--help"],
        &["man"],
        &["completions", "bash"],
        &["defects"],
        &["defects", "--format", "json"],
        &["exhaust", "--list"],
        &["serve", "--print-config"],
        &[&["run"][..], &one].concat(),
        &[&["run", "--format", "html"][..], &one].concat(),
        &[&["validate"][..], &chain, &time].concat(),
        &[
            "lure",
            "--defect",
            "validity/expired",
            "--dry-run",
            "--",
            "curl",
            "{url}",
        ],
    ];
    for args in told {
        let printed = |stdout: Stdio| {
            let mut child = Command::new(env!("CARGO_BIN_EXE_gatecrash"))
                .args(*args)
                .current_dir(folder.path())
                .stdout(stdout)
                .stderr(Stdio::piped())
                .spawn()
                .expect("the program starts");
            // Where standard output is a pipe, whoever reads it goes away at once.
            drop(child.stdout.take());
            let output = child.wait_with_output().expect("it ends");
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            (output.status.code(), stderr)
        };
        // The chain of these files lacks its intermediate, which is a verdict and no error.
        let (code, stderr) = printed(Stdio::piped());
        assert!(matches!(code, Some(0 | 1)), "{args:?}: {stderr}");
        assert!(stderr.is_empty(), "{args:?}: {stderr}");
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let (code, stderr) = printed(full.expect("opens").into());
        assert_eq!(code, Some(2), "{args:?}");
        assert!(
            stderr.starts_with("error: standard output: "),
            "{args:?}: {stderr}"
        );
    }
}

#[test]
fn help_and_version_are_no_errors_and_every_command_has_an_example() {
    let folder = files();
    let help = gatecrash(folder.path(), &["--help"]);
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    assert_eq!(help.status.code(), Some(0));
    let commands: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        // Deeper lines go on with a description.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() >= 12, "{text}");
    for command in commands {
        let help = gatecrash(folder.path(), &[command, "--help"]);
        let text = String::from_utf8_lossy(&help.stdout).into_owned();
        assert_eq!(help.status.code(), Some(0), "{command}");
        assert!(
            text.contains("Example") && text.contains("  gatecrash ") || text.contains("  cargo "),
            "{command}: {text}"
        );
    }
    assert!(
        String::from_utf8_lossy(&gatecrash(folder.path(), &["--version"]).stdout)
            .starts_with("gatecrash ")
    );
}
