//! What an OpenAPI document declares, against what the server does.
//!
//! Each operation is asked with a good certificate first: a route that nobody
//! enters would look like one that is guarded. What changes something is asked
//! only when the operator allows it.

mod asking;
mod check;
mod document;
mod fix;
mod route;

use std::sync::Arc;

pub(super) use self::fix::HEADERS;
use self::{
    check::{CHECKS, Check},
    route::Route,
};
use super::{
    outcome::Outcome,
    probe::{Conclusion, Probe, Stage},
    result::{Expected, Finding, Record, Route as Observed, RouteState},
    scene::Scene,
};
use crate::openapi::{Document, Method, MutualTls, Operation, Scheme};

/// The routes of the document.
pub(super) const STAGE: Stage = Stage {
    name: NAME,
    about: "routes of the OpenAPI document: what is declared against what is done",
    alone: false,
    changes_server: false,
    probes,
    conclude,
};

const NAME: &str = "openapi";

/// The most operations that are asked. A document may have more than anybody waits for.
const MAX_OPERATIONS: usize = 1000;

/// Whether an operation may be asked.
fn is_asked(operation: &Operation, scene: &Scene) -> bool {
    match operation.method {
        Method::Get | Method::Head | Method::Options => true,
        // Some servers echo credentials on TRACE, and few know QUERY.
        _ => scene.wishes.unsafe_methods,
    }
}

fn asked<'a>(document: &'a Document, scene: &Scene) -> impl Iterator<Item = &'a Operation> {
    let wanted: Vec<&Operation> = document
        .operations
        .iter()
        .filter(|operation| is_asked(operation, scene))
        .take(MAX_OPERATIONS)
        .collect();
    wanted.into_iter()
}

fn probes(scene: &Scene) -> Vec<Probe> {
    let Some(document) = &scene.wishes.document else {
        return Vec::new();
    };
    let mut probes = Vec::new();
    for operation in asked(document, scene) {
        let route = Arc::new(Route::of(document, operation, scene));
        for check in CHECKS {
            if let Some(expected) = (check.promise)(&route) {
                probes.push(probe(scene, check, &route, expected));
            }
        }
    }
    probes.extend(document::probes(scene, document));
    probes
}

fn probe(scene: &Scene, check: &'static Check, route: &Arc<Route>, expected: Expected) -> Probe {
    let id = format!("{NAME}/{}@{}", check.name, route.label);
    let shows = format!("{} on {}", check.shows, route.label);
    let again = scene.commands().scan_only(std::slice::from_ref(&id));
    let of_act = Arc::clone(route);
    let act = move |scene: &Scene| (check.act)(scene, &of_act);
    let probe = match expected {
        Expected::Accept => Probe::benign(id, shows, act),
        Expected::Reject => Probe::hostile(id, shows, act),
    };
    probe.again(again)
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    if let Some(problem) = &scene.wishes.unread_document {
        return vec![document::unread_as_a_whole(problem)].into();
    }
    let Some(document) = &scene.wishes.document else {
        return Conclusion::default();
    };
    let mut findings = Vec::new();
    for check in CHECKS {
        let start = format!("{NAME}/{}@", check.name);
        let broken: Vec<&Record> = records
            .iter()
            .filter(|record| record.id.starts_with(&start) && is_broken(record))
            .collect();
        if !broken.is_empty() {
            findings.push(finding(scene, check, &broken, document));
        }
    }
    findings.extend(document::findings(scene, document, records));
    merge(&mut findings);
    let routes = document
        .operations
        .iter()
        .map(|operation| observed(operation, document, scene, records))
        .chain(document.additional.iter().map(of_its_own_method))
        .collect();
    Conclusion { findings, routes }
}

fn is_broken(record: &Record) -> bool {
    match record.expected {
        Expected::Accept => record.outcome.is_refused(),
        Expected::Reject => record.is_let_in(),
    }
}

fn finding(scene: &Scene, check: &Check, broken: &[&Record], document: &Document) -> Finding {
    // Where the operation's own `security` differs from what is done, the document's is what is done.
    let is_of_security = ["no-certificate", "neither", "anonymous"].contains(&check.name);
    let overridden = is_of_security
        && broken.iter().any(|record| {
            operation_of(record, document).is_some_and(|operation| operation.overrides)
        });
    let mut evidence = lines(broken);
    if overridden {
        evidence.push_str(
            "\nthe operation's own `security`, which replaces the document's, is not honoured",
        );
    }
    Finding {
        id: check.broken.id.to_owned(),
        severity: check.broken.severity,
        title: check.broken.title.to_owned(),
        evidence,
        why: check.broken.why.to_owned(),
        remediation: check.broken.fix.text(scene.kind),
        references: vec![
            "OpenAPI 3.1 section 4.8.30 (Security Requirement Object)".to_owned(),
            "CWE-306".to_owned(),
        ],
        again: broken.first().and_then(|record| record.again.clone()),
        probes: broken.iter().map(|record| record.id.clone()).collect(),
    }
}

/// The most lines of evidence of one finding.
const MAX_LINES: usize = 12;

fn lines(records: &[&Record]) -> String {
    let mut lines: Vec<&str> = records
        .iter()
        .map(|record| record.evidence.as_str())
        .collect();
    let more = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    let mut text = lines.join("\n");
    if more > 0 {
        text.push_str(&format!("\nand {more} more"));
    }
    text
}

/// Findings of one id are one finding.
fn merge(findings: &mut Vec<Finding>) {
    let mut merged: Vec<Finding> = Vec::new();
    for finding in findings.drain(..) {
        match merged.iter_mut().find(|other| other.id == finding.id) {
            None => merged.push(finding),
            Some(other) => {
                other.evidence.push('\n');
                other.evidence.push_str(&finding.evidence);
                other.probes.extend(finding.probes);
                other.severity = other.severity.min(finding.severity);
            }
        }
    }
    *findings = merged;
}

fn operation_of<'a>(record: &Record, document: &'a Document) -> Option<&'a Operation> {
    let (_, label) = record.id.split_once('@')?;
    document
        .operations
        .iter()
        .find(|operation| operation.to_string() == label)
}

/// What came of a probe, in the few words that a table has room for.
fn short(record: &Record) -> String {
    match &record.outcome {
        Outcome::Accepted(status)
        | Outcome::AcceptedUnverified(status)
        | Outcome::RefusedByStatus(status) => {
            format!("HTTP {status}")
        }
        other => other.to_string(),
    }
}

/// A route whose method nobody but the service knows.
fn of_its_own_method((method, path): &(String, String)) -> Observed {
    Observed {
        method: method.clone(),
        path: path.clone(),
        declared: None,
        tokens: Vec::new(),
        observed: "not asked: nobody but the service knows what such a method does".to_owned(),
        state: RouteState::NotAsked,
    }
}

/// Whether a route is not there, or does not work, for anybody: that is no guard and no open door.
fn is_out_of_order(good: &Outcome, without: &Outcome) -> bool {
    let works = matches!(
        good,
        Outcome::Accepted(200..=399) | Outcome::AcceptedUnverified(200..=399)
    );
    let (Outcome::Accepted(status)
    | Outcome::AcceptedUnverified(status)
    | Outcome::RefusedByStatus(status)) = without
    else {
        return false;
    };
    !works && matches!(status, 404 | 405 | 500..)
}

/// Whether somebody was refused, be it by an application that answers every handshake.
fn is_turned_away(outcome: &Outcome) -> bool {
    outcome.is_refused() || matches!(outcome, Outcome::Accepted(401 | 403 | 407))
}

/// What is declared of a route, and what was seen there.
fn observed(
    operation: &Operation,
    document: &Document,
    scene: &Scene,
    records: &[Record],
) -> Observed {
    let label = operation.to_string();
    let of = |name: &str| {
        let id = format!("{NAME}/{name}@{label}");
        records.iter().find(|record| record.id == id)
    };
    let without = ["no-certificate", "neither", "anonymous", "handshake"]
        .into_iter()
        .find_map(of);
    let (state, text) = match (of("good"), without) {
        _ if !is_asked(operation, scene) => {
            let text = format!(
                "not asked: {} may change something (--unsafe-methods asks)",
                operation.method
            );
            (RouteState::NotAsked, text)
        }
        (Some(good), Some(without)) => {
            let state = match (good.outcome.is_accepted(), &without.outcome) {
                (_, outcome) if is_out_of_order(&good.outcome, outcome) => RouteState::Unclear,
                (true, outcome) if is_turned_away(outcome) => RouteState::Guarded,
                (false, outcome) if is_turned_away(outcome) => RouteState::Closed,
                (_, outcome) if outcome.is_accepted() => RouteState::Open,
                _ => RouteState::Unclear,
            };
            let head = format!("{}: {}", state.name(), short(without));
            let text = match &good.outcome {
                // Its words say of whom they speak.
                Outcome::Inconclusive(why) if *why == short(without) => head,
                Outcome::Inconclusive(why) => format!("{head} without a certificate; {why}"),
                _ if short(without) == short(good) && state != RouteState::Open => head,
                _ => format!(
                    "{head} without a certificate, {} with the good one",
                    short(good)
                ),
            };
            (state, text)
        }
        (Some(good), None) => (
            RouteState::Unclear,
            format!("{} with the good certificate", short(good)),
        ),
        (None, _) => (RouteState::NotAsked, "not asked".to_owned()),
    };
    Observed {
        method: operation.method.name().to_owned(),
        path: operation.path.as_str().to_owned(),
        declared: Some(
            match document.mutual_tls(operation) {
                MutualTls::Always => "mutualTLS",
                MutualTls::Alternative | MutualTls::Optional => "optional",
                MutualTls::Never => "none",
            }
            .to_owned(),
        ),
        tokens: of_tokens(operation, document),
        observed: text,
        state,
    }
}

/// The schemes of an operation that are no certificates, each once.
fn of_tokens(operation: &Operation, document: &Document) -> Vec<String> {
    let is_certificate = |name: &str| document.schemes.get(name) == Some(&Scheme::MutualTls);
    let names = operation.security.schemes();
    let mut names: Vec<String> = names
        .filter(|name| !is_certificate(name))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}
