//! `gatecrash validate` with OCSP responses, on files that `gatecrash mint` wrote.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

fn gatecrash(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .args(arguments)
        .output()
        .expect("it runs")
}

/// When everything is judged.
const TIME: &str = "2026-11-26T00:00:00Z";

/// Writes a defect beside its twin.
fn mint(defect: &str, folder: &Path) {
    let out = folder.to_str().expect("a path");
    let done = gatecrash(&["mint", defect, "--time", TIME, "--out", out]);
    assert!(done.status.success(), "{done:?}");
}

/// The exit code and the reasons of the reference.
fn judged(case: &Path, more: &[&str]) -> (Option<i32>, Vec<String>) {
    let file = |name: &str| case.join(name).to_str().expect("a path").to_owned();
    let (anchor, chain) = (file("anchor.pem"), file("chain.pem"));
    let (crl, ocsp) = (file("crl.pem"), file("ocsp.der"));
    let mut arguments = vec![
        "validate",
        "--format",
        "json",
        "--anchor",
        &anchor,
        "--chain",
        &chain,
        "--time",
        TIME,
        "--profile",
        "rfc5280",
        "--ocsp",
        &ocsp,
    ];
    if Path::new(&crl).exists() {
        arguments.extend(["--crl", &crl]);
    }
    arguments.extend(more);
    let done = gatecrash(&arguments);
    let read: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{done:?}"));
    let violations = read["engines"][0]["violations"].as_array().expect("a list");
    let reasons = violations
        .iter()
        .map(|violation| violation["reason"].as_str().expect("a name").to_owned())
        .collect();
    (done.status.code(), reasons)
}

#[test]
fn an_ocsp_response_is_judged_beside_the_crls() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = [
        ("revocation/ocsp-revoked", "revoked"),
        ("revocation/ocsp-expired", "ocsp-invalid"),
    ];
    for (defect, reason) in table {
        let folder = folder.path().join(reason);
        mint(defect, &folder);
        assert_eq!(
            judged(&folder.join("hostile"), &[]),
            (Some(1), vec![reason.to_owned()]),
            "{defect}"
        );
        assert_eq!(
            judged(&folder.join("twin"), &[]),
            (Some(0), Vec::new()),
            "the twin of {defect}"
        );
    }
}

#[test]
fn a_nonce_and_a_greatest_age_are_demanded_of_a_response() {
    let folder = tempfile::tempdir().expect("a folder");
    mint("revocation/ocsp-revoked", folder.path());
    let twin = folder.path().join("twin");
    let refused = (Some(1), vec!["ocsp-invalid".to_owned()]);
    let nonce = ["--status-of", "end-entity", "--ocsp-nonce", "00ff"];
    assert_eq!(judged(&twin, &nonce), refused);
    let age = ["--status-of", "end-entity", "--max-age", "1"];
    assert_eq!(judged(&twin, &age), refused);
    assert_eq!(judged(&twin, &age[..2]), (Some(0), Vec::new()));
}

#[test]
fn what_is_no_response_or_no_nonce_is_one_clear_line() {
    let folder = tempfile::tempdir().expect("a folder");
    mint("revocation/ocsp-revoked", folder.path());
    let twin = folder.path().join("twin");
    let file = |name: &str| twin.join(name).to_str().expect("a path").to_owned();
    fs::write(twin.join("junk.der"), "-----BEGIN OCSP-----\n").expect("written");
    let (anchor, chain) = (file("anchor.pem"), file("chain.pem"));
    let (ocsp, junk, none) = (file("ocsp.der"), file("junk.der"), file("none.der"));
    let table: [(&[&str], &str); 4] = [
        (&["--ocsp", &junk], "is read as DER"),
        (&["--ocsp", &none], "none.der"),
        (&["--ocsp", &ocsp, "--ocsp-nonce", "0g"], "hexadecimal"),
        (&["--ocsp-nonce", "00"], "--ocsp"),
    ];
    for (more, said) in table {
        let arguments = [&["validate", "--anchor", &anchor, "--chain", &chain], more].concat();
        let done = gatecrash(&arguments);
        let words = String::from_utf8(done.stderr).expect("text");
        assert_eq!(done.status.code(), Some(2), "{more:?}: {words}");
        assert!(words.contains(said), "{more:?}: {words}");
    }
}
