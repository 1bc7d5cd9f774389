//! The page of a scan, looked at in a real browser: at the widths of a phone and
//! a desktop, in light and in dark.
//!
//! The page has no script, so one is put into a copy of it that measures what is
//! shown, clicks, measures again, and writes down what it saw.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use gatecrash::{
    defect::Severity,
    report::{self, Context, Format},
    scan::{Expected, Finding, Outcome, Record, Route, RouteState, ScanReport},
};
use serde_json::Value;

use super::{
    operator::{client, development_pki, staging, wishes},
    reference::start,
};

/// Measures, clicks and measures again.
const LOOK: &str = include_str!("look.js");

/// Chromium, where it is there. Whoever sets `GATECRASH_BROWSER=required` wants it.
fn chromium() -> Option<PathBuf> {
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders)
        .flat_map(|folder| ["chromium", "chromium-browser"].map(|name| folder.join(name)))
        .find(|path| path.is_file());
    if found.is_none() {
        let missing = "chromium is missing: apt-get install chromium";
        let required = env::var("GATECRASH_BROWSER").is_ok_and(|value| value == "required");
        assert!(!required, "{missing}");
        let _ = writeln!(io::stdout(), "passed over: {missing}");
    }
    found
}

/// A true scan of the reference server, with two findings that it does not have put in.
fn report() -> ScanReport {
    let pki = development_pki();
    let (_runtime, address) = start(&pki);
    let wishes = wishes(
        &pki,
        &["control/*", "certificate/trust/*", "certificate/usage/*"],
    );
    let scene =
        gatecrash::scan::set_scene(client(&address), staging(&pki, "ca"), wishes).expect("a scene");
    let plan = gatecrash::scan::Plan::of(&scene);
    let mut report = gatecrash::scan::scan(&scene, &plan, &|_| {});
    let finding = |severity, title: &str, probe: &str| Finding {
        id: format!("planted/{probe}"),
        severity,
        title: title.to_owned(),
        evidence: format!(
            "evidence of {probe}, {}",
            "a-long-word-without-a-break".repeat(12)
        ),
        why: "It is planted.".to_owned(),
        remediation: "Node: take it out".to_owned(),
        references: vec!["RFC 5280 section 6.3".to_owned()],
        again: Some(format!(
            "curl -ski https://localhost:8443/{}",
            "x".repeat(200)
        )),
        probes: vec![probe.to_owned()],
    };
    report.findings = vec![
        finding(
            Severity::Critical,
            "A revoked certificate is admitted",
            "planted/one",
        ),
        finding(Severity::Medium, "A weak key is admitted", "planted/two"),
        finding(
            Severity::Info,
            "The TLS library is lenient",
            "planted/three",
        ),
    ];
    let outcome = Outcome::Accepted(200);
    report.probes.push(Record {
        id: "planted/one".to_owned(),
        defect: None,
        expected: Expected::Reject,
        reason: outcome.to_string(),
        evidence: "<b>not bold</b>: HTTP 200".to_owned(),
        again: None,
        outcome,
        healthy: Some(true),
    });
    report.routes.push(Route {
        method: "GET".to_owned(),
        path: "/a/very/long/path/that/has/no/end/and/no/place/to/break/on/a/phone".to_owned(),
        declared: Some("mutualTLS".to_owned()),
        tokens: Vec::new(),
        observed: "open to everybody".to_owned(),
        state: RouteState::Open,
    });
    report
}

/// What a browser of this width, in the dark or not, saw of the page.
fn seen(browser: &Path, page: &str, width: u32, dark: bool) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let script = format!("<script>{LOOK}</script></body>");
    fs::write(
        folder.path().join("page.html"),
        page.replace("</body>", &script),
    )
    .expect("writes");
    // A window cannot be as narrow as a phone, a frame can.
    let frame = format!(
        "<!doctype html><title>waiting</title><iframe src=page.html style=\"width:{width}px;height:800px;border:0\"></iframe>\
         <pre id=seen></pre><script>addEventListener('message', e => seen.textContent = e.data)</script>"
    );
    fs::write(folder.path().join("frame.html"), frame).expect("writes");
    let url = format!("file://{}", folder.path().join("frame.html").display());
    let scheme = if dark { 0 } else { 1 };
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .arg("--allow-file-access-from-files")
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ))
        .args([
            "--window-size=1400,1000",
            "--virtual-time-budget=5000",
            "--dump-dom",
        ])
        .arg(url)
        .stdin(Stdio::null())
        .output()
        .expect("the browser starts");
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = dom
        .split_once("<pre id=\"seen\">")
        .and_then(|(_, rest)| rest.split_once("</pre>"))
        .map(|(text, _)| {
            text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&")
        })
        .unwrap_or_else(|| panic!("{dom}\n{told}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}\n{told}"))
}

#[test]
fn the_page_shows_the_verdict_and_evidence_is_one_click_away() {
    let Some(browser) = chromium() else {
        return;
    };
    let page = report::scan::render(&report(), Format::Html, &Context::default()).expect("writes");
    for (width, dark) in [(390, false), (390, true), (1280, false), (1280, true)] {
        let seen = seen(&browser, &page, width, dark);
        let told = format!("{width} wide, dark {dark}: {seen:#}");
        assert_eq!(seen["width"], width, "{told}");
        assert_eq!(seen["verdict"], "1 critical, 1 medium, 1 info", "{told}");
        // Nothing sticks out at the side.
        assert!(seen["overflow"].as_i64().expect("a number") <= 0, "{told}");
        let lightness = seen["lightness"].as_f64().expect("a number");
        assert_eq!(lightness < 0.3, dark, "{told}");
        assert!(
            seen["contrast"].as_f64().expect("a number") >= 4.5,
            "{told}"
        );
        assert_eq!(
            seen["titles"][0], "A revoked certificate is admitted",
            "{told}"
        );
        assert_eq!(seen["titles"].as_array().map(Vec::len), Some(3), "{told}");
        assert_eq!(seen["evidence_before"], false, "{told}");
        assert_eq!(seen["evidence_after"], true, "{told}");
        assert_eq!(seen["filtered"].as_array().map(Vec::len), Some(2), "{told}");
        assert_eq!(seen["filtered"][0], "A weak key is admitted", "{told}");
        assert_eq!(seen["matrix_leads_to"], "probes-trust", "{told}");
        assert_eq!(seen["bold"], 0, "{told}");
        assert!(
            seen["text"]
                .as_str()
                .is_some_and(|text| text.contains("open to everybody")),
            "{told}"
        );
    }
}
