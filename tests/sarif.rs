//! SARIF of a run, a scan and a lure: valid against the schema of SARIF 2.1.0, which is kept as its
//! committee publishes it, and with what code hosts ask for beyond it.

#![cfg(feature = "cli")]

mod json_schema;
mod serving;

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
    sync::LazyLock,
};

use json_schema::Schema;
use serde_json::Value;
use serving::{ON_PKI, Serving};

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    // Everything with a pattern is left out of these logs.
    Schema::new(include_str!("data/sarif-2.1.0.json"), |pattern, text| {
        panic!("`{text}` is to be as {pattern} says, which this test does not know")
    })
});

fn gatecrash(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatecrash"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command
}

/// What a command writes with `--format sarif`, checked in every way.
fn checked(folder: &Path, args: &[&str]) -> Value {
    let output = gatecrash(folder, args)
        .output()
        .expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let log: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{args:?}: {errors}"));
    let wrong = SCHEMA.violations(&log);
    assert!(wrong.is_empty(), "{args:?}: {}", wrong.join("\n"));
    // What was read into the types of the format says the same when it is written again.
    let typed: serde_sarif::sarif::Sarif = serde_json::from_str(&text).expect("SARIF");
    assert_eq!(
        serde_json::to_value(&typed).expect("writes"),
        log,
        "{args:?}"
    );
    fits_code_hosts(&log);
    log
}

/// What GitHub's code scanning asks of an upload.
fn fits_code_hosts(log: &Value) {
    let run = &log["runs"][0];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let rules = list(&run["tool"]["driver"]["rules"]);
    for rule in &rules {
        assert!(rule["shortDescription"]["text"].is_string(), "{rule}");
    }
    let mut fingerprints = BTreeSet::new();
    for result in list(&run["results"]) {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().expect("text").is_empty());
        let physical = &result["locations"][0]["physicalLocation"];
        let uri = physical["artifactLocation"]["uri"]
            .as_str()
            .expect("a file");
        assert!(!uri.starts_with('/') && !uri.contains(':'), "{uri}");
        assert_eq!(physical["region"]["startLine"], 1);
        let print = result["partialFingerprints"]["gatecrash/v1"].to_string();
        assert!(fingerprints.insert(print), "{result}");
    }
}

fn results(log: &Value) -> usize {
    log["runs"][0]["results"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_log_of_a_run_is_valid() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let args = [
        "run",
        "--engine",
        "webpki",
        "--defect",
        "usage/*",
        "--variants",
        "1",
        "--format",
        "sarif",
    ];
    assert!(results(&checked(here, &args)) > 0);
    let broken = [
        "run",
        "--worker",
        "gone=false",
        "--defect",
        "validity/expired",
        "--variants",
        "1",
        "--format",
        "sarif",
    ];
    let output = gatecrash(here, &broken).output().expect("starts");
    if let Ok(log) = serde_json::from_slice::<Value>(&output.stdout) {
        assert_eq!(SCHEMA.violations(&log), [""; 0]);
        fits_code_hosts(&log);
    }
}

#[test]
fn a_log_of_a_scan_is_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = gatecrash(folder.path(), &["pki", "."])
        .output()
        .expect("starts");
    assert!(made.status.success());
    let mut serving = Serving::start(folder.path(), &ON_PKI);
    let address = serving.address().to_string();
    let args = [
        "scan",
        &address,
        "--ca-cert",
        "ca.pem",
        "--ca-key",
        "ca.key",
        "--revoked-cert",
        "revoked.pem",
        "--revoked-key",
        "revoked.key",
        "--only",
        "control/*",
        "--only",
        "revocation/*",
        "--only",
        "identity/*",
        "--format",
        "sarif",
    ];
    let log = checked(folder.path(), &args);
    assert!(results(&log) > 0, "{log}");
}

#[test]
fn a_log_of_a_lure_is_valid() {
    if Command::new("curl").arg("--version").output().is_err() {
        let all = std::env::var("GATECRASH_SERVERS").is_ok_and(|value| value == "all");
        assert!(!all, "curl is missing");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let lured = |format: &str| -> Vec<String> {
        let words = [
            "lure",
            "--defect",
            "validity/expired",
            "--defect",
            "names/other-host",
            "--format",
            format,
            "--",
            "curl",
            "-sSk",
            "{url}",
        ];
        words.map(str::to_owned).to_vec()
    };
    let args = lured("sarif");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let log = checked(folder.path(), &args);
    assert!(results(&log) >= 2, "{log}");
    for (format, shows) in [
        ("junit", "<failure"),
        ("html", "finding-lure.names.other-host"),
        ("json", "\"outcome\": \"accepted\""),
        ("text", "again   gatecrash lure --defect"),
    ] {
        let args = lured(format);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = gatecrash(folder.path(), &args).output().expect("starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{format}");
        assert!(text.contains(shows), "{format}: {text}");
        match format {
            "junit" => {
                let suites = quick_junit::Report::deserialize_from_str(&text).expect("JUnit");
                let failures: usize = suites.test_suites.iter().map(|suite| suite.failures).sum();
                assert!(failures >= 2, "{text}");
            }
            "html" => assert!(text.trim_end().ends_with("</html>") && !text.contains("<script")),
            _ => {}
        }
    }
}

#[test]
fn what_is_no_log_is_told_apart() {
    let good = serde_json::json!({
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "gatecrash"}}, "results": []}]
    });
    assert_eq!(SCHEMA.violations(&good), [""; 0]);
    for (way, bad) in [
        ("/version", serde_json::json!("2.0.0")),
        ("/runs/0/tool/driver", serde_json::json!({})),
        ("/runs/0/results", serde_json::json!([{"level": "error"}])),
        (
            "/runs/0/results",
            serde_json::json!([{"message": {"text": "x"}, "level": "bad"}]),
        ),
        (
            "/runs/0/tool",
            serde_json::json!({"driver": {"name": "x"}, "further": 1}),
        ),
    ] {
        let mut log = good.clone();
        *log.pointer_mut(way).expect("it is there") = bad;
        assert!(!SCHEMA.violations(&log).is_empty(), "{log}");
    }
}
