//! Benign recipes are minted to DER that OpenSSL's command line accepts, and to the same bytes each time.

use std::{fs, path::Path, process::Command};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use gatecrash::{
    defect::Position,
    mint::{Minted, Minter},
    question::Purpose,
    recipe::{
        Recipe,
        generate::{AuthorityIdentifier, Setting},
    },
};

fn pem(label: &str, ders: &[Vec<u8>]) -> String {
    ders.iter()
        .map(|der| {
            let text = BASE64_STANDARD.encode(der);
            let lines: Vec<&str> = text
                .as_bytes()
                .chunks(64)
                .map(|line| std::str::from_utf8(line).expect("ASCII"))
                .collect();
            format!(
                "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
                lines.join("\n")
            )
        })
        .collect()
}

/// What `openssl verify` says, or `None` where there is no OpenSSL.
fn openssl_verify(folder: &Path, recipe: &Recipe, minted: &Minted) -> Option<Result<(), String>> {
    fs::write(
        folder.join("anchors.pem"),
        pem("CERTIFICATE", &minted.anchors),
    )
    .expect("writable");
    fs::write(
        folder.join("chain.pem"),
        pem("CERTIFICATE", &minted.chain[1..]),
    )
    .expect("writable");
    fs::write(
        folder.join("end-entity.pem"),
        pem("CERTIFICATE", &minted.chain[..1]),
    )
    .expect("writable");
    fs::write(folder.join("crls.pem"), pem("X509 CRL", &minted.crls)).expect("writable");
    let mut command = Command::new("openssl");
    command.current_dir(folder).args([
        "verify",
        "-x509_strict",
        "-attime",
        &recipe.time.unix_seconds().to_string(),
    ]);
    command.args(["-CAfile", "anchors.pem", "-purpose"]);
    command.arg(match recipe.purpose {
        Purpose::Client => "sslclient",
        Purpose::Server => "sslserver",
    });
    if minted.chain.len() > 1 {
        command.args(["-untrusted", "chain.pem"]);
    }
    if !minted.crls.is_empty() {
        command.args(["-crl_check_all", "-CRLfile", "crls.pem"]);
    }
    let output = command.arg("end-entity.pem").output().ok()?;
    Some(if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

#[test]
fn openssl_accepts_benign_chains_of_every_setting() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let minter = Minter::new();
    for number in 0..60 {
        // Strict checks want key identifiers; settings without them are benign all the same.
        let setting = Setting {
            key_identifiers: true,
            authority_identifier: AuthorityIdentifier::Key,
            ..Setting::numbered(1, number)
        };
        let recipe = setting.recipe();
        let minted = minter.mint(&recipe).expect("mints");
        match openssl_verify(folder.path(), &recipe, &minted) {
            None => return,
            Some(verdict) => assert_eq!(verdict, Ok(()), "setting {number}: {setting:?}"),
        }
    }
}

#[test]
fn the_same_recipe_gives_the_same_bytes_from_another_minter() {
    for number in 0..40 {
        let recipe = Setting::numbered(2, number).recipe();
        let [one, two] =
            [Minter::new(), Minter::new()].map(|minter| minter.mint(&recipe).expect("mints"));
        assert_eq!(
            (one.chain, one.anchors, one.crls),
            (two.chain, two.anchors, two.crls)
        );
    }
}

/// What `gatecrash mint` prints for a defect: the commands after `try` and `or`, and whether it says
/// that the twin is turned away too.
struct Commands {
    openssl: Option<String>,
    gatecrash: String,
    turned_away: bool,
}

fn minted(defect: &str, more: &[&str], folder: &Path) -> Commands {
    let done = Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .args(["mint", defect, "--out"])
        .arg(folder)
        .args(more)
        .output()
        .expect("runs");
    let text = String::from_utf8(done.stdout).expect("text");
    assert!(done.status.success(), "{defect}: {text}");
    let after = |head: &str| text.lines().find_map(|line| line.strip_prefix(head));
    let command = |line: &str| line.to_owned();
    Commands {
        openssl: after("try   openssl ").map(|rest| format!("openssl {rest}")),
        gatecrash: after("or    ")
            .or_else(|| after("try   "))
            .map(command)
            .expect("a command"),
        turned_away: text.contains("it turns the twin away too"),
    }
}

/// Runs a line as a shell does, the program itself excepted.
fn as_typed(line: &str) -> std::process::Output {
    let words = shlex::split(line).expect("words");
    let program = match words[0].as_str() {
        "gatecrash" => env!("CARGO_BIN_EXE_gatecrash"),
        other => other,
    };
    Command::new(program)
        .args(&words[1..])
        .output()
        .expect("runs")
}

/// Defects of certificates: all of the families whose commands have something of their own, some of the others.
fn some_defects() -> impl Iterator<Item = &'static str> {
    let own = ["policies", "path", "revocation", "encoding", "identity"];
    gatecrash::defect::all()
        .enumerate()
        .filter(move |(number, defect)| own.contains(&defect.id.family()) || number % 9 == 0)
        .map(|(_, defect)| defect.id.0)
        .filter(|id| !id.starts_with("handshake/") && !id.starts_with("downgrade/"))
}

#[test]
fn the_printed_commands_judge_the_case_and_let_its_twin_through() {
    if Command::new("openssl").arg("version").output().is_err() {
        return;
    }
    // A folder that a shell would take for two words.
    let folder = tempfile::Builder::new()
        .prefix("two words")
        .tempdir()
        .expect("a folder");
    let ids: Vec<&str> = some_defects().collect();
    let wrong = |id: &&str| -> Vec<String> {
        let out = folder.path().join(id.replace('/', "-"));
        let commands = minted(id, &[], &out);
        let mut wrong = Vec::new();
        if let Some(line) = &commands.openssl {
            let twin = as_typed(&line.replace("/hostile/", "/twin/"));
            // `openssl ocsp` tells by words what `openssl verify` tells by its exit code.
            let through = twin.status.success()
                && (!line.starts_with("openssl ocsp")
                    || String::from_utf8_lossy(&twin.stdout).contains(": good"));
            if through == commands.turned_away {
                wrong.push(format!("{line}: {}", String::from_utf8_lossy(&twin.stderr)));
            }
        }
        if commands.gatecrash.starts_with("gatecrash validate") {
            let hostile = as_typed(&commands.gatecrash);
            let said = String::from_utf8_lossy(&hostile.stderr).into_owned();
            // A CRL is a file of one's own: one in which no list can be seen is an error of input.
            let is_none = id.starts_with("revocation/crl-") && said.contains(" is not DER: ");
            let expected = match is_none {
                true => 2..=2,
                false => 0..=1,
            };
            if !hostile
                .status
                .code()
                .is_some_and(|code| expected.contains(&code))
            {
                wrong.push(format!("{}: {said}", commands.gatecrash));
            }
        }
        let _ = fs::remove_dir_all(out);
        wrong
    };
    let half = ids.len() / 2;
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let other = scope.spawn(|| ids[half..].iter().flat_map(wrong).collect::<Vec<_>>());
        let mut all: Vec<String> = ids[..half].iter().flat_map(wrong).collect();
        all.extend(other.join().expect("no panic"));
        all
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_printed_command_takes_an_issuing_ca_for_the_end_of_the_path() {
    if Command::new("openssl").arg("version").output().is_err() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let pki = folder.path().join("pki");
    let made = Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .arg("pki")
        .arg(&pki)
        .output()
        .expect("runs");
    assert!(made.status.success());
    let file = |name: &str| pki.join(name).display().to_string();
    let more = [
        "--ca-cert",
        &file("intermediate.pem"),
        "--ca-key",
        &file("intermediate.key"),
        "--template",
        &file("client.pem"),
    ];
    let commands = minted("validity/expired", &more, &folder.path().join("out"));
    let line = commands.openssl.expect("a command of OpenSSL");
    assert!(!as_typed(&line).status.success(), "{line}");
    let twin = as_typed(&line.replace("/hostile/", "/twin/"));
    assert!(twin.status.success(), "{line}");
}

#[test]
fn a_variant_of_any_number_is_minted_at_once_and_a_time_without_certificates_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    minted("validity/expired", &["--variant", "4000000000"], &out);
    for time in ["1800-01-01T00:00:00Z", "1950-01-01T00:00:00Z"] {
        let done = Command::new(env!("CARGO_BIN_EXE_gatecrash"))
            .args(["mint", "validity/expired", "--time", time, "--out"])
            .arg(&out)
            .output()
            .expect("runs");
        let words = String::from_utf8(done.stderr).expect("text");
        assert_eq!(done.status.code(), Some(2), "{time}: {words}");
        assert!(words.contains("no chain is good at"), "{time}: {words}");
    }
}

#[test]
fn a_ca_that_strict_verifiers_refuse_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority.key_usages = vec![
        rcgen::KeyUsagePurpose::KeyCertSign,
        rcgen::KeyUsagePurpose::CrlSign,
    ];
    authority.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let file = |name: &str| folder.path().join(name).display().to_string();
    let certificate = authority.self_signed(&key).expect("signed").pem();
    fs::write(file("ca.pem"), certificate).expect("written");
    fs::write(file("ca.key"), key.serialize_pem()).expect("written");
    let done = Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .args(["mint", "validity/expired", "--purpose", "client", "--out"])
        .args([
            &file("out"),
            "--ca-cert",
            &file("ca.pem"),
            "--ca-key",
            &file("ca.key"),
        ])
        .output()
        .expect("runs");
    let text = String::from_utf8(done.stdout).expect("text");
    assert!(text.contains("strict-mtls refuses it too"), "{text}");
}

/// A tool that holds a certificate and a key compares the two before it connects.
#[test]
fn the_key_fits_its_certificate_or_the_files_say_that_none_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let of_keys = |id: &&str| id.starts_with("keys/") || *id == "signature/key-replaced";
    let ids = gatecrash::defect::all()
        .filter(|defect| defect.positions.contains(&Position::EndEntity))
        .map(|defect| defect.id.0)
        .filter(of_keys);
    let (mut fitting, mut unknown) = (0, 0);
    for id in ids {
        let out = folder.path().join(id.replace('/', "-"));
        let done = Command::new(env!("CARGO_BIN_EXE_gatecrash"))
            .args(["mint", id, "--position", "end-entity", "--out"])
            .arg(&out)
            .output()
            .expect("runs");
        let text = String::from_utf8(done.stdout).expect("text");
        let file = |name: &str| out.join("hostile").join(name).display().to_string();
        let read = |name: &str| fs::read_to_string(file(name)).expect(name);
        let told = text.contains("No private key is known");
        for name in ["key.pem", "case.toml"] {
            assert_eq!(
                read(name).starts_with("# No private key"),
                told,
                "{id}: {name}"
            );
        }
        assert!(
            read("key.pem").contains("-----BEGIN PRIVATE KEY-----"),
            "{id}"
        );
        let openssl = |args: &[&str]| {
            let done = Command::new("openssl").args(args).output();
            done.ok().map(|done| done.status.success())
        };
        let (chain, key) = (file("chain.pem"), file("key.pem"));
        let Some(is_read) = openssl(&["x509", "-in", &chain, "-noout", "-pubkey"]) else {
            return;
        };
        if !is_read {
            continue;
        }
        let pack = [
            "pkcs12", "-export", "-in", &chain, "-inkey", &key, "-passout", "pass:x", "-out",
        ];
        let packed = out.join("both.p12").display().to_string();
        let fits = openssl(&[&pack[..], &[&packed]].concat()).expect("there");
        match told {
            // Numbers with zeros before them are the same numbers to whoever reads them at all.
            true => assert!(!fits || id.ends_with("-padded"), "{id}"),
            false => assert!(fits, "{id}"),
        }
        *(if told { &mut unknown } else { &mut fitting }) += 1;
    }
    assert!(fitting > 15 && unknown > 15, "{fitting} {unknown}");
}

#[test]
fn a_new_key_of_another_kind_than_the_templates_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    for (made_by, told) in [("keys/ed448", true), ("validity/expired", false)] {
        let (made, out) = (folder.path().join("made"), folder.path().join("out"));
        minted(made_by, &["--position", "end-entity"], &made);
        let template = made.join("twin").join("chain.pem");
        let template = match told {
            true => made.join("hostile").join("chain.pem"),
            false => template,
        };
        let done = Command::new(env!("CARGO_BIN_EXE_gatecrash"))
            .args(["mint", "validity/expired", "--out"])
            .arg(&out)
            .arg("--template")
            .arg(template)
            .output()
            .expect("runs");
        let words = String::from_utf8(done.stderr).expect("text");
        assert!(done.status.success(), "{made_by}: {words}");
        assert_eq!(words.contains("another kind of key"), told, "{words}");
    }
}
