//! Benign recipes are minted to DER that OpenSSL's command line accepts, and to the same bytes each time.

use std::{fs, path::Path, process::Command};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use gatecrash::{
    mint::{Minted, Minter},
    question::Purpose,
    recipe::{Recipe, generate::Setting},
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
