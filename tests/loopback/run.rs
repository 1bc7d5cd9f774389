//! The catalogue's handshakes in a run against real servers: no honest client is said to be turned
//! away, nobody comes in who has proven nothing, and a suite that is called refused is refused for
//! more than its version.

use std::process::Command;

use serde_json::Value;

use crate::present::present;

/// Servers that are right, and whether they speak TLS 1.2. One of each library, and further versions of two.
const RIGHT: [(&str, bool); 11] = [
    ("koa", false),
    ("go", false),
    ("java", false),
    ("openssl", false),
    ("openssl-tls-1-2", true),
    ("gnutls", false),
    ("nginx", false),
    ("nginx-tls-1-2", true),
    ("nginx-session-cache", true),
    ("apache", false),
    ("haproxy", false),
];

/// Defects of TLS 1.2 in the family `downgrade`, at the least: suites one by one.
const SUITES: usize = 45;

fn run(engine: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .args([
            "run",
            "--engine",
            engine,
            "--variants",
            "1",
            "--timeout",
            "4",
        ])
        .args(["--defect", "handshake/*", "--defect", "downgrade/*"])
        .args(["--format", "json"])
        .output()
        .expect("it runs");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code().is_some_and(|code| code < 2),
        "{engine}: {words}"
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

#[test]
fn a_run_tells_the_truth_of_right_servers() {
    let wanted = |name: &str| RIGHT.iter().any(|(right, _)| *right == name);
    for prepared in present(|configuration| wanted(configuration.name())) {
        let name = prepared.configuration().name();
        let speaks_tls_1_2 = RIGHT.contains(&(name, true));
        let report = run(name);
        let findings = report["findings"].as_array().expect("findings");
        for finding in findings {
            println!(
                "{name}: {} {}",
                text(finding, "kind"),
                text(finding, "case")
            );
            let is_grave = ["critical", "high"].contains(&text(finding, "severity"));
            let is_wrong = match text(finding, "kind") {
                "false-reject" | "crash" => true,
                "false-accept" => is_grave,
                // Some leave a client waiting; how long is for them to say.
                _ => false,
            };
            assert!(!is_wrong, "{name}: {finding}");
        }
        let cases = report["cases"].as_array().expect("cases");
        let verdict = |id: &str| {
            let case = cases.iter().find(|case| text(case, "id") == id);
            case.map_or("", |case| text(&case["observations"][0], "verdict"))
        };
        let held = cases.iter().filter(|case| {
            let (id, defect) = (text(case, "id"), text(case, "defect"));
            defect.starts_with("downgrade/")
                && text(case, "role") == "hostile"
                && verdict(id) == "reject"
                && verdict(&format!("{id}~twin")) == "accept"
        });
        let held = held.count();
        println!("{name}: {held} of the family downgrade are refused beside a twin that is not");
        assert!(held > 5, "{name}: {held}");
        assert_eq!(held > SUITES, speaks_tls_1_2, "{name}: {held}");
        let twin = verdict("downgrade/null-md5@handshake#0~twin");
        let expected = match speaks_tls_1_2 {
            true => "accept",
            false => "inconclusive",
        };
        assert_eq!(twin, expected, "{name}");
    }
}
