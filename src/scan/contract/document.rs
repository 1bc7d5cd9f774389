//! The document itself: what is wrong in it, whether anybody can read it, and whether its servers agree.

use std::sync::Arc;

use super::{
    super::{
        answer::End,
        client::{Request, Visit},
        endpoint::Endpoint,
        outcome::Outcome,
        probe::{Probe, Seen},
        remedy::Remedy,
        result::{Finding, Record},
        scene::Scene,
    },
    NAME, asked, lines,
    route::{Route, base_path, split},
};
use crate::{
    defect::Severity,
    openapi::{Document, Flaw, MutualTls},
};

/// Where documents are served from.
const PLACES: &[&str] = &[
    "/openapi.json",
    "/openapi.yaml",
    "/openapi.yml",
    "/swagger.json",
    "/swagger.yaml",
    "/api-docs",
    "/v3/api-docs",
    "/docs/openapi.json",
];

/// How many routes are asked on every further server.
const ROUTES_PER_SERVER: usize = 8;

pub(super) fn probes(scene: &Scene, document: &Arc<Document>) -> Vec<Probe> {
    if !demands_certificates(document) {
        return Vec::new();
    }
    let mut probes: Vec<Probe> = PLACES.iter().map(|place| of_document(place)).collect();
    for url in further_servers(scene, document) {
        let routes = asked(document, scene)
            .filter(|operation| document.mutual_tls(operation) == MutualTls::Always);
        for operation in routes.take(ROUTES_PER_SERVER) {
            probes.push(of_server(scene, document, &url, operation));
        }
    }
    probes
}

fn demands_certificates(document: &Document) -> bool {
    document
        .operations
        .iter()
        .any(|operation| document.mutual_tls(operation) != MutualTls::Never)
}

fn of_document(place: &'static str) -> Probe {
    Probe::hostile(
        format!("{NAME}/document@{place}"),
        format!("no certificate on {place}"),
        move |scene| {
            let answer = scene.client.visit(&Visit::new(None, Request::get(place)));
            let text = answer
                .response
                .as_ref()
                .map(|response| response.text())
                .unwrap_or_default();
            let is_document = text.contains("openapi") || text.contains("swagger");
            Seen::of(match answer.end {
                End::Status(status @ 200..=299) if is_document => Outcome::Accepted(status),
                End::Status(status @ (401 | 403)) => Outcome::RefusedByStatus(status),
                End::Alert(number) => Outcome::RefusedByAlert(number),
                End::Closed => Outcome::RefusedByClose,
                _ => Outcome::Inconclusive("no document is served there".to_owned()),
            })
        },
    )
}

/// The https servers of the document that are other places than the endpoint.
fn further_servers(scene: &Scene, document: &Document) -> Vec<String> {
    let endpoint = scene.client.endpoint().authority();
    let mut servers: Vec<String> = document
        .servers
        .iter()
        .filter(|url| url.to_ascii_lowercase().starts_with("https://"))
        .filter(|url| split(url).0.is_some_and(|authority| authority != endpoint))
        .cloned()
        .collect();
    servers.dedup();
    servers
}

fn of_server(
    scene: &Scene,
    document: &Arc<Document>,
    url: &str,
    operation: &crate::openapi::Operation,
) -> Probe {
    let route = Route::of(document, operation, scene);
    let own = base_path(document, operation, scene);
    let path = route
        .bare
        .path
        .strip_prefix(own.as_str())
        .unwrap_or(&route.bare.path);
    let mut request = route.full();
    request.path = format!("{}{path}", split(url).1.trim_end_matches('/'));
    let url = url.to_owned();
    Probe::hostile(
        format!("{NAME}/server@{operation} at {url}"),
        format!("no certificate on {operation} at {url}"),
        move |scene| {
            let endpoint = match Endpoint::find(&url) {
                Ok(endpoint) if endpoint.is_loopback() => endpoint,
                // What is not on this machine was not given to be scanned.
                Ok(_) => {
                    return Seen::inconclusive(
                        "not asked: it is not on this machine; scan it by itself",
                    );
                }
                Err(error) => return Seen::inconclusive(error.to_string()),
            };
            let client = scene.client.to(endpoint);
            let good = client.visit(&Visit::new(Some(Arc::clone(&scene.good)), request.clone()));
            if !matches!(good.end, End::Status(200..=399)) {
                return Seen::inconclusive(format!(
                    "the good certificate gets nothing there either: {}",
                    good.end
                ));
            }
            let answer = client.visit(&Visit::new(None, request.clone()));
            Seen::of(match answer.end {
                End::Status(status @ 200..=299) => Outcome::Accepted(status),
                End::Status(status) => Outcome::RefusedByStatus(status),
                End::Alert(number) => Outcome::RefusedByAlert(number),
                End::Closed => Outcome::RefusedByClose,
                End::TimedOut => Outcome::Silent,
                other => Outcome::Inconclusive(other.to_string()),
            })
        },
    )
}

pub(super) fn findings(scene: &Scene, document: &Document, records: &[Record]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = document.flaws().iter().map(of_flaw).collect();
    let asks = scene.yardstick.good.greeting.asked || scene.yardstick.none.greeting.asked;
    if demands_certificates(document) && !asks {
        findings.push(plain(
            "openapi/no-certificate-request",
            Severity::Critical,
            "mutualTLS is declared, and the handshake never asks for a certificate",
            "the handshake had no CertificateRequest".to_owned(),
            "Without a CertificateRequest no client can show a certificate, so nothing of what is declared can be enforced.",
            &Remedy::Demand.text(scene.kind),
        ));
    }
    let of = |check: &str| -> Vec<&Record> {
        let start = format!("{NAME}/{check}@");
        records
            .iter()
            .filter(|record| record.id.starts_with(&start) && record.is_let_in())
            .collect()
    };
    let open = of("document");
    if !open.is_empty() {
        let mut finding = plain(
            "openapi/document-open",
            Severity::Low,
            "Anybody can read the OpenAPI document",
            lines(&open),
            "It lists every route to whoever has no certificate: a map for an attacker, where routes are meant for known clients.",
            "guard it like the routes that it lists, or publish it on purpose elsewhere",
        );
        finding.probes = open.iter().map(|record| record.id.clone()).collect();
        findings.push(finding);
    }
    let differing = of("server");
    if !differing.is_empty() {
        let mut finding = plain(
            "openapi/servers-differ",
            Severity::Critical,
            "Another server of the document does not demand the certificate",
            lines(&differing),
            "The document promises the same of all its `servers`. The weakest of them is the door.",
            &format!(
                "give every server the same configuration, or take it out of the document; {}",
                Remedy::Demand.text(scene.kind)
            ),
        );
        finding.probes = differing.iter().map(|record| record.id.clone()).collect();
        findings.push(finding);
    }
    if !document.additional.is_empty() {
        let additional = document.additional.iter();
        let names: Vec<String> = additional
            .map(|(method, path)| format!("{method} {path}"))
            .collect();
        findings.push(plain(
            "openapi/not-asked",
            Severity::Info,
            "Operations with methods of their own are not asked",
            names.join(", "),
            "Nobody but the service knows what such a method does.",
            "ask them by hand",
        ));
    }
    if !document.unread.is_empty() {
        let unread: Vec<String> = document.unread.iter().map(ToString::to_string).collect();
        findings.push(plain(
            "openapi/unread",
            Severity::Info,
            "Parts of the document cannot be read",
            unread.join("\n"),
            "Nothing of what stands there was asked. Other tools that read the document may leave out the same, and a guard with it.",
            "mend the places named; a document of several files is best bundled into one before it is given",
        ));
    }
    findings
}

/// What it amounts to that the document cannot be read at all.
pub(super) fn unread_as_a_whole(problem: &str) -> Finding {
    plain(
        "openapi/unread",
        Severity::Info,
        "The OpenAPI document cannot be read",
        format!("{problem}; nothing of what it declares was asked"),
        "Whatever the document promises of its routes may be true of none of them.",
        "mend the document, and scan again: everything else of this report was learned without it",
    )
}

fn of_flaw(flaw: &Flaw) -> Finding {
    let (id, severity, title, why, fix) = match flaw {
        Flaw::MutualTlsBefore31(_) => (
            "openapi/mutual-tls-in-3.0",
            Severity::Medium,
            "The document is of a version that does not know mutualTLS",
            "Tools of OpenAPI 3.0 pass over a scheme that they do not know, and generate clients and guards without it.",
            "write `openapi: 3.1.0`",
        ),
        Flaw::Undeclared(..) => (
            "openapi/undeclared-scheme",
            Severity::Medium,
            "A scheme is demanded that is not declared",
            "Nobody can tell what guards the route; some tools take it for open.",
            "declare it in components.securitySchemes",
        ),
        Flaw::Unused(_) => (
            "openapi/unused-scheme",
            Severity::Info,
            "A scheme is declared and demanded nowhere",
            "Somebody meant to guard something with it.",
            "demand it, or take it out",
        ),
        Flaw::PlainServer(_) => (
            "openapi/plain-server",
            Severity::High,
            "mutualTLS is demanded, and a server of the document is plain HTTP",
            "Without TLS there is no certificate, and what is sent can be read and changed on the way.",
            "take the server out of the document, and close the port",
        ),
        Flaw::OptionalOnWrite(_) => (
            "openapi/optional-on-write",
            Severity::Medium,
            "A certificate is optional where something is changed",
            "`{}` among the alternatives lets anybody in, and the certificate beside it promises a guard that nobody needs to pass.",
            "take `{}` out of the operation's `security`",
        ),
        Flaw::UndocumentedRefusal(_) => (
            "openapi/undocumented-refusal",
            Severity::Info,
            "A refusal that can happen is not documented",
            "Clients that are made from the document do not know what to do with 401 or 403.",
            "document 401 and 403",
        ),
    };
    plain(id, severity, title, flaw.to_string(), why, fix)
}

fn plain(
    id: &str,
    severity: Severity,
    title: &str,
    evidence: String,
    why: &str,
    fix: &str,
) -> Finding {
    Finding {
        id: id.to_owned(),
        severity,
        title: title.to_owned(),
        evidence,
        why: why.to_owned(),
        remediation: fix.to_owned(),
        references: vec!["OpenAPI 3.1 section 4.8.30 (Security Requirement Object)".to_owned()],
        again: None,
        probes: Vec::new(),
    }
}
