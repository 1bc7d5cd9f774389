//! What a probe's certificate leaves in the server's logs: tokens are planted in
//! it that stand nowhere else, and looked for afterwards.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use super::{
    audit::{Planted, Telltale, search},
    command::word,
    credentials::Credentials,
    probe::{Conclusion, Probe, Seen, Stage},
    result::{Finding, Record},
    scene::Scene,
};
use crate::{
    defect::Severity,
    der::oid,
    recipe::{ExtensionValue, GeneralName, Name},
};

/// Certificates with tokens, where there are logs to look into.
pub(super) const STAGE: Stage = Stage {
    name: "trace",
    about: "a certificate with tokens that are looked for in the server's logs",
    alone: true,
    changes_server: false,
    probes,
    conclude,
};

const PROBE: &str = "trace/certificate-with-tokens";

/// How long a server may take to write its log.
const PATIENCE: Duration = Duration::from_millis(500);

fn probes(scene: &Scene) -> Vec<Probe> {
    if scene.wishes.logs.is_empty() {
        return Vec::new();
    }
    let Some(credentials) = marked(scene).map(Arc::new) else {
        return Vec::new();
    };
    // Whether it is let in is a question of another stage.
    vec![Probe::benign(
        PROBE,
        "a certificate of your CA with tokens in its names",
        move |scene| {
            let answer = scene.show(Some(Arc::clone(&credentials)));
            let mut seen = Seen::measured(scene, &answer);
            if seen.outcome.is_refused() {
                seen = Seen::inconclusive(seen.outcome.to_string());
            }
            seen
        },
    )]
}

/// A token that only this scan has.
fn token(scene: &Scene, what: &str) -> String {
    let digest = Sha256::new()
        .chain_update(scene.pki.authority())
        .chain_update(scene.pki.now().to_string())
        .chain_update(std::process::id().to_be_bytes())
        .chain_update(what)
        .finalize();
    let hex: String = digest[..8]
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    format!("gatecrash-{hex}")
}

fn marked(scene: &Scene) -> Option<Credentials> {
    let mut recipe = scene.pki.benign(0);
    let label = recipe.end_entity().ok()?.clone();
    let certificate = recipe.certificate_mut(&label)?;
    certificate.subject = Name::common(&token(scene, "subject"));
    certificate.remove_extension(&oid::SUBJECT_ALTERNATIVE_NAME);
    let name = GeneralName::Dns(format!("{}.example", token(scene, "name")));
    certificate.set_extension(ExtensionValue::SubjectAlternativeName(vec![name]).not_critical());
    scene.pki.mint(&recipe).ok()
}

/// What to look for.
fn planted(scene: &Scene) -> Option<Vec<Planted>> {
    let der = marked(scene)?.chain.into_iter().next()?;
    // From the serial number on, within the first line of a PEM body.
    let base64 = BASE64_STANDARD.encode(&der);
    let of = |text: String, telltale| Planted { text, telltale };
    let octets = der.get(15..45)?;
    let hex = |between: &str| {
        let octets = octets.iter().map(|octet| format!("{octet:02x}"));
        octets.collect::<Vec<_>>().join(between)
    };
    let whole = |text: String| of(text, Telltale::Certificate);
    Some(vec![
        whole(base64.get(20..60)?.to_owned()),
        whole(hex("")),
        whole(hex("").to_ascii_uppercase()),
        whole(hex(":")),
        whole(hex(":").to_ascii_uppercase()),
        of(token(scene, "subject"), Telltale::Subject),
        of(token(scene, "name"), Telltale::AlternativeName),
    ])
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let shown = records.iter().any(|record| record.id == PROBE);
    let Some(planted) = shown.then(|| planted(scene)).flatten() else {
        return Conclusion::default();
    };
    scene.client.pace().stop().sleep(PATIENCE);
    let found = match search(&scene.wishes.logs, &planted) {
        Ok(found) => found,
        Err(error) => return vec![unread(scene, &error.to_string())].into(),
    };
    let mut findings = Vec::new();
    let silent: Vec<String> = scene
        .wishes
        .logs
        .iter()
        .filter(|log| !log.has_grown())
        .map(|log| log.path().display().to_string())
        .collect();
    if !silent.is_empty() {
        findings.push(silence(&silent));
    }
    for telltale in [
        Telltale::Certificate,
        Telltale::Subject,
        Telltale::AlternativeName,
    ] {
        let logs: Vec<String> = found
            .iter()
            .filter(|(_, other)| *other == telltale)
            .map(|(path, _)| path.display().to_string())
            .collect();
        if !logs.is_empty() {
            findings.push(finding(telltale, &logs.join(", ")));
        }
    }
    findings.into()
}

fn finding(telltale: Telltale, logs: &str) -> Finding {
    let (id, severity, title, what) = match telltale {
        Telltale::Certificate => (
            "logs/certificate",
            Severity::Medium,
            "The server logs the client's whole certificate",
            "the certificate itself",
        ),
        Telltale::Subject => (
            "logs/subject",
            Severity::Low,
            "The server logs the subject of the client's certificate",
            "the token in the subject",
        ),
        Telltale::AlternativeName => (
            "logs/alternative-name",
            Severity::Low,
            "The server logs the names of the client's certificate",
            "the token in the subject alternative name",
        ),
    };
    Finding {
        id: id.to_owned(),
        severity,
        title: title.to_owned(),
        evidence: format!("{logs}: {what} of {PROBE} stands in it"),
        why: "Logs go further than the service: whoever reads them learns who its clients are and what their certificates look like. What a stranger puts into a name stands in the log, too."
            .to_owned(),
        remediation: "log the fingerprint or the serial number of a certificate, and escape what comes from a client".to_owned(),
        references: vec!["CWE-532".to_owned(), "CWE-117".to_owned()],
        again: None,
        probes: vec![PROBE.to_owned()],
    }
}

fn silence(logs: &[String]) -> Finding {
    Finding {
        id: "logs/silent".to_owned(),
        severity: Severity::Info,
        title: "A log did not grow while the server was asked".to_owned(),
        evidence: format!(
            "{}: nothing was written to it since the scan began",
            logs.join(", ")
        ),
        why: "The server may log elsewhere, or late, and then nothing was learned of what it logs."
            .to_owned(),
        remediation:
            "give --server-log the file that the server writes its requests and its errors to"
                .to_owned(),
        references: Vec::new(),
        again: None,
        probes: vec![PROBE.to_owned()],
    }
}

fn unread(scene: &Scene, problem: &str) -> Finding {
    let logs = scene
        .wishes
        .logs
        .iter()
        .map(|log| word(&log.path().display().to_string()));
    let logs: Vec<String> = logs.collect();
    Finding {
        id: "logs/unread".to_owned(),
        severity: Severity::Info,
        title: "A log could not be read".to_owned(),
        evidence: problem.to_owned(),
        why: "Nobody knows what stands in it.".to_owned(),
        remediation: "give --server-log a file that this account may read".to_owned(),
        references: Vec::new(),
        again: Some(format!("ls -l {}", logs.join(" "))),
        probes: vec![PROBE.to_owned()],
    }
}
