//! Every vulnerability that was studied leads to a defect, or to the reason why there is none.
//!
//! The list of those that were studied was made outside the catalogue, so that
//! a row that is lost there is missed here.

use std::process::Command;

use gatecrash::defect::{self, by_vulnerability, vulnerabilities};

/// One line each: an identifier, other names of the same after a slash, a nickname in brackets.
const STUDIED: &str = include_str!("data/vulnerability-ids.txt");

fn studied() -> Vec<Vec<&'static str>> {
    let lines = STUDIED.lines().filter(|line| !line.starts_with('#'));
    let names = |line: &'static str| {
        let line = line.split_once(" (").map_or(line, |(names, _)| names);
        line.split(" / ").collect()
    };
    lines.map(names).collect()
}

/// The study itself, where it lies beside the checkout: whose advisory was read and
/// whose shape a certificate can have.
fn study() -> Option<Vec<String>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/data/vulnerabilities.json"
    );
    let text = std::fs::read_to_string(path).ok()?;
    let json: serde_json::Value = serde_json::from_str(&text).expect("the study is JSON");
    let rows = json["rows"].as_array().expect("the study has rows");
    let counts = |row: &&serde_json::Value| {
        row["confidence"] == "A" && (row["detect"] == "cert" || row["detect"] == "both")
    };
    let id = |row: &serde_json::Value| row["id"].as_str().expect("a row has an id").to_owned();
    Some(rows.iter().filter(counts).map(id).collect())
}

#[test]
fn the_list_has_every_row_of_the_study_and_no_other() {
    let Some(study) = study() else { return };
    let mut listed: Vec<&str> = STUDIED
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let mut wanted: Vec<&str> = study.iter().map(String::as_str).collect();
    listed.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(listed, wanted);
}

#[test]
fn each_has_a_defect_or_a_reason_under_every_name() {
    let studied = studied();
    assert!(studied.len() >= 58);
    for name in studied.into_iter().flatten() {
        let row = vulnerabilities().iter().find(|row| row.is_called(name));
        let row = row.unwrap_or_else(|| panic!("{name} is not in the table"));
        let found = by_vulnerability(name);
        assert_eq!(found.is_empty(), row.why_not.is_some(), "{name}");
        for id in &row.defects {
            assert!(found.iter().any(|one| one.id.0 == id), "{name}: {id}");
        }
    }
}

#[test]
fn the_command_finds_each_and_says_why_where_there_is_none() {
    for names in studied() {
        let output = Command::new(env!("CARGO_BIN_EXE_gatecrash"))
            .args([
                "defects",
                "--format",
                "json",
                "--vulnerability",
                &names.join(" / "),
            ])
            .output()
            .expect("starts");
        let row = vulnerabilities().iter().find(|row| row.is_called(names[0]));
        match row.and_then(|row| row.why_not.as_ref()) {
            Some(why) => {
                let stderr = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(2), "{stderr}");
                assert!(stderr.contains(why.as_str()), "{}: {stderr}", names[0]);
            }
            None => {
                let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
                let listed = json["defects"].as_array().expect("a list");
                assert_eq!(
                    listed.len(),
                    by_vulnerability(names[0]).len(),
                    "{}",
                    names[0]
                );
                let id = listed[0]["id"].as_str().expect("an id");
                assert!(defect::find(id).is_some(), "{id}");
            }
        }
    }
}
