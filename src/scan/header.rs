//! Headers in which a proxy would vouch for a certificate, sent by somebody who has none.
//!
//! A service behind a proxy learns from such headers who is there. Where clients can send
//! them too, whoever knows their names is anybody. Routes of an OpenAPI document are asked
//! by [`contract`](super::contract); here it is the page of the scan and its further paths.

use std::sync::Arc;

use super::{
    client::{Request, Visit},
    contract::HEADERS,
    outcome::Yardstick,
    probe::{Conclusion, Probe, Seen, Stage},
    result::{Finding, Record},
    scene::Scene,
};
use crate::defect::Severity;

/// Every page that is asked for.
pub(super) const STAGE: Stage = Stage {
    name: "header",
    about: "headers in which a proxy would vouch for a certificate, without one",
    alone: false,
    changes_server: false,
    probes,
    conclude,
};

/// What a proxy says of a client's certificate, in the headers that are usual.
pub(super) const SPOOFED: &[(&str, &str)] = &[
    ("X-SSL-Client-Verify", "SUCCESS"),
    ("X-SSL-Client-S-DN", "CN=admin"),
    ("X-SSL-Client-DN", "CN=admin"),
    ("X-Client-Verify", "SUCCESS"),
    ("X-Client-Cert-Verified", "SUCCESS"),
    ("SSL-Client-Verify", "SUCCESS"),
    (
        "X-Forwarded-Client-Cert",
        "By=spiffe://gateway;Hash=00;Subject=\"CN=admin\";URI=spiffe://admin",
    ),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("Client-Cert", ":AA==:"),
    ("X-ARR-ClientCert", "AA=="),
    ("X-Remote-User", "admin"),
];

/// A request with these headers beside its own.
pub(super) fn spoofing(mut request: Request, headers: &[(&str, &str)]) -> Request {
    let owned = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    request.headers.extend(owned);
    request
}

fn probes(scene: &Scene) -> Vec<Probe> {
    let wishes = &scene.wishes;
    let paths = [&wishes.request.path].into_iter().chain(&wishes.paths);
    let probe = |path: &String| {
        let request = Request {
            path: path.clone(),
            ..wishes.request.clone()
        };
        Probe::hostile(
            format!("header/spoofed{path}"),
            format!("headers in which a proxy would vouch for a certificate on {path}, and none"),
            move |scene| show(scene, &request),
        )
    };
    let mut probes: Vec<Probe> = paths.map(probe).collect();
    probes.dedup_by(|one, other| one.id == other.id);
    probes
}

fn show(scene: &Scene, request: &Request) -> Seen {
    let ask = |shown, request: &Request| scene.client.visit(&Visit::new(shown, request.clone()));
    let yardstick = Yardstick {
        good: ask(Some(Arc::clone(&scene.good)), request),
        none: ask(None, request),
    };
    if yardstick.is_open() {
        return Seen::inconclusive("the page is open to anybody");
    }
    if !yardstick.measure(&yardstick.good).is_accepted() {
        let good = &yardstick.good.end;
        return Seen::inconclusive(format!("the good certificate gets nothing there: {good}"));
    }
    let with = |headers: &[(&str, &str)]| {
        let request = spoofing(request.clone(), headers);
        (yardstick.measure(&ask(None, &request)), request)
    };
    let (outcome, all) = with(SPOOFED);
    if !outcome.is_accepted() {
        return Seen::of(outcome);
    }
    let alone = SPOOFED.iter().find_map(|header| {
        let (outcome, request) = with(std::slice::from_ref(header));
        outcome.is_accepted().then_some((header, request))
    });
    let names: Vec<&str> = SPOOFED.iter().map(|(name, _)| *name).collect();
    let mut seen = Seen::of(outcome);
    let request = match alone {
        Some(((name, value), request)) => {
            let enough = format!("; `{name}: {value}` alone is enough");
            seen.evidence.push_str(&enough);
            request
        }
        None => {
            let sent = format!("; sent were {} together", names.join(", "));
            seen.evidence.push_str(&sent);
            all
        }
    };
    seen.again(scene.commands().curl_request(&request, None, &names))
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let open: Vec<&Record> = records.iter().filter(|record| record.is_let_in()).collect();
    let Some(first) = open.first() else {
        return Conclusion::default();
    };
    let evidence: Vec<&str> = open.iter().map(|record| record.evidence.as_str()).collect();
    vec![Finding {
        id: "header/spoofed".to_owned(),
        severity: Severity::Critical,
        title: "A header that anybody can send opens the page".to_owned(),
        evidence: evidence.join("\n"),
        why: "The server believes a proxy's word about the client's certificate from whoever connects.".to_owned(),
        remediation: HEADERS.text(scene.kind),
        references: vec!["CWE-290".to_owned(), "RFC 9440 section 3.1".to_owned()],
        again: first.again.clone(),
        probes: open.iter().map(|record| record.id.clone()).collect(),
    }]
    .into()
}
