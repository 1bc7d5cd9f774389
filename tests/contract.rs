//! A server that is wrong on purpose, route by route, against what its OpenAPI document declares.

mod again;
mod wrong_server;

use std::{sync::Arc, time::Duration};

use gatecrash::{
    defect::Severity,
    mint::{GivenKey, Template},
    openapi::Document,
    question::Time,
    scan::{
        self, Bounds, Client, Credentials, Drift, Endpoint, Files, Outcome, Pace, Pki, Plan,
        Request, RouteState, ScanReport, ServerKind, Wishes,
    },
    server::pki::DevelopmentPki,
};

use wrong_server::{Seen, WrongServer};

fn now() -> Time {
    gatecrash::server::Clock::System.now()
}

fn der(pem: &str) -> Vec<Vec<u8>> {
    gatecrash::der::pem::read_labelled(pem, "CERTIFICATE").expect("certificates")
}

/// What a server answers: a status.
type Routes = fn(&Seen<'_>) -> u16;

/// Scans a server whose routes are these functions, against a document of these paths.
fn scan_of(paths: &str, routes: Routes, wish: impl FnOnce(&mut Wishes)) -> ScanReport {
    let pki = DevelopmentPki::generate(now()).expect("a PKI");
    let server = WrongServer::start(&pki, routes);
    scan_at(&pki, &server, paths, wish)
}

/// Scans this server, and runs the command of every finding above info.
fn scan_at(
    pki: &DevelopmentPki,
    server: &WrongServer,
    paths: &str,
    wish: impl FnOnce(&mut Wishes),
) -> ScanReport {
    let text = format!(
        "openapi: 3.1.0\nsecurity: [ {{ certificate: [] }} ]\ncomponents: {{ securitySchemes: {{ certificate: {{ type: mutualTLS }}, bearer: {{ type: http, scheme: bearer }} }} }}\npaths:\n{paths}"
    );
    let file = |name: &str| pki.file(name).expect(name);
    let key = |name: &str| GivenKey::read(file(name).as_bytes()).expect("a key");
    let given = Credentials {
        chain: der(file("client.pem")),
        key: key("client.key").to_private(),
    };
    let template = Template::new()
        .with_authority(
            &der(file("intermediate.pem")),
            key("intermediate.key"),
            now(),
        )
        .expect("a CA")
        .with_end_entity(&given.chain[0], Some(key("client.key")), now())
        .expect("a client");
    let bounds = Bounds {
        per_second: 10_000,
        visits: 10_000,
        time: Duration::from_secs(120),
    };
    let endpoint = Endpoint::find(&format!("https://localhost:{}/guarded", server.port()))
        .expect("an endpoint");
    let client = Client::new(endpoint, Duration::from_secs(10), Pace::start(bounds, None));
    let mut wishes = Wishes::new(Request::get("/guarded"));
    wishes.document = Some(Arc::new(Document::parse(&text).expect("a document")));
    wishes.only = vec![
        "openapi/*".to_owned(),
        "canary/*".to_owned(),
        "trace/*".to_owned(),
    ];
    wish(&mut wishes);
    let folder = tempfile::tempdir().expect("a folder");
    pki.write_to(folder.path()).expect("writes");
    let document = wishes.document.as_ref();
    let document = document.map(|document| document.json.to_string());
    std::fs::write(folder.path().join("api.yaml"), document.unwrap_or_default()).expect("writes");
    let owned = |name: &str| Some(name.to_owned());
    wishes.files = Files {
        ca_cert: "intermediate.pem".to_owned(),
        ca_key: "intermediate.key".to_owned(),
        template: owned("client.pem"),
        template_key: owned("client.key"),
        options: vec!["--openapi api.yaml".to_owned()],
        ..Files::default()
    };
    let scene = scan::set_scene(client, Pki::new(template, Some(given), now()), wishes);
    let scene = scene.expect("a scene");
    let plan = Plan::of(&scene);
    let report = scan::scan(&scene, &plan, &|_| {});
    let values = [("BEARER", "t"), ("AUTHORIZATION", "Bearer t")];
    for finding in &report.findings {
        let is_of_document = scene.wishes.document.is_some() && finding.id.starts_with("openapi/");
        if finding.severity < Severity::Info && is_of_document {
            let complaint = again::complaint(finding, folder.path(), &values);
            assert_eq!(complaint, None);
        }
    }
    report
}

fn ids(report: &ScanReport) -> Vec<&str> {
    let mut ids: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.id.as_str())
        .collect();
    // These say something of every scan here, and nothing of the server that is wrong.
    ids.retain(|id| {
        ![
            "openapi/undocumented-refusal",
            "openapi/unused-scheme",
            "revocation/not-tested",
        ]
        .contains(id)
    });
    ids.sort_unstable();
    ids
}

fn verified(seen: &Seen<'_>) -> u16 {
    if seen.verified && !seen.resumed {
        200
    } else {
        401
    }
}

#[test]
fn each_way_of_not_doing_what_is_declared_has_its_finding() {
    const GET: &str = "get: { responses: { '401': { description: no } } }";
    let get = |path: &str| format!("  {path}: {{ {GET} }}\n");
    let of = |path: &str, security: &str| {
        format!("  {path}: {{ get: {{ security: {security}, responses: {{}} }} }}\n")
    };
    let table: [(&str, String, Routes, &[&str]); 18] = [
        ("as declared", get("/guarded"), verified, &[]),
        (
            "open",
            get("/x"),
            |seen| {
                if seen.path == "/guarded" {
                    verified(seen)
                } else {
                    200
                }
            },
            &["openapi/declared-but-open"],
        ),
        (
            "any certificate",
            get("/x"),
            |seen| if seen.shown { 200 } else { 401 },
            &["openapi/any-certificate"],
        ),
        (
            "resumed",
            get("/x"),
            |seen| {
                if seen.verified || seen.resumed {
                    200
                } else {
                    401
                }
            },
            &["openapi/resumption-bypass"],
        ),
        (
            "header",
            get("/x"),
            |seen| {
                if seen.request.contains("X-SSL-Client-Verify: SUCCESS") {
                    200
                } else {
                    verified(seen)
                }
            },
            &["openapi/header-spoofing"],
        ),
        (
            "server name",
            get("/x"),
            |seen| {
                if seen.server_name == Some("gatecrash.example") {
                    200
                } else {
                    verified(seen)
                }
            },
            &["openapi/host-and-sni-disagree"],
        ),
        (
            "spelling",
            get("/x"),
            |seen| {
                if seen.path == "/x" || seen.path == "/guarded" {
                    verified(seen)
                } else {
                    200
                }
            },
            &["openapi/other-spelling-open"],
        ),
        (
            "method",
            get("/x"),
            |seen| {
                if seen.method == "HEAD" {
                    200
                } else {
                    verified(seen)
                }
            },
            &["openapi/undeclared-method-open"],
        ),
        (
            "role",
            of("/x", "[ { certificate: [admin] } ]"),
            verified,
            &["openapi/role-not-enforced"],
        ),
        (
            "AND as OR",
            of("/x", "[ { certificate: [], bearer: [] } ]"),
            verified,
            &["openapi/and-enforced-as-or"],
        ),
        (
            "AND as OR, by the token",
            of("/x", "[ { certificate: [], bearer: [] } ]"),
            |seen| {
                let token = seen.request.contains("Authorization: Bearer t");
                let is_guarded = seen.path == "/guarded";
                match is_guarded || !token {
                    true if is_guarded => verified(seen),
                    true => 401,
                    false => 200,
                }
            },
            &["openapi/declared-but-open"],
        ),
        (
            "neither of two",
            of("/x", "[ { certificate: [] }, { bearer: [] } ]"),
            |seen| {
                if seen.path == "/guarded" {
                    verified(seen)
                } else {
                    200
                }
            },
            &["openapi/declared-but-open"],
        ),
        (
            "a token is declared, and the handshake wants a certificate",
            of("/x", "[ { bearer: [] } ]"),
            |seen| {
                if seen.shown {
                    verified(seen)
                } else {
                    wrong_server::HANG_UP
                }
            },
            &["openapi/undeclared-certificate"],
        ),
        (
            "anybody can read the document",
            get("/x"),
            |seen| {
                if seen.path == "/openapi.json" {
                    wrong_server::DOCUMENT
                } else {
                    verified(seen)
                }
            },
            &["openapi/document-open"],
        ),
        (
            "OR as AND",
            of("/x", "[ { certificate: [] }, { bearer: [] } ]"),
            |seen| {
                let token =
                    seen.path == "/guarded" || seen.request.contains("Authorization: Bearer t");
                if token { verified(seen) } else { 401 }
            },
            &["openapi/or-enforced-as-and"],
        ),
        (
            "closed",
            of("/x", "[]"),
            verified,
            &["openapi/closed-though-open-declared"],
        ),
        (
            "sent to a login though open is declared",
            of("/x", "[]"),
            |seen| {
                if seen.verified {
                    200
                } else if seen.path == "/guarded" {
                    401
                } else {
                    302
                }
            },
            &["openapi/closed-though-open-declared"],
        ),
        (
            "optional and closed",
            of("/x", "[ { certificate: [] }, {} ]"),
            verified,
            &["openapi/closed-though-open-declared"],
        ),
    ];
    for (what, paths, routes, expected) in table {
        let report = scan_of(&paths, routes, |wishes| {
            wishes.tokens = vec![("bearer".to_owned(), "t".to_owned())];
        });
        assert_eq!(report.broken, None, "{what}");
        assert_eq!(ids(&report), expected, "{what}: {:#?}", report.routes);
    }
}

#[test]
fn a_server_that_never_asks_cannot_do_what_is_declared() {
    let pki = DevelopmentPki::generate(now()).expect("a PKI");
    let server = WrongServer::start_asking(&pki, |_| 200, false);
    let paths = "  /guarded: { get: { responses: {} } }\n";
    let report = scan_at(&pki, &server, paths, |_| {});
    let ids = ids(&report);
    assert!(ids.contains(&"openapi/no-certificate-request"), "{ids:?}");
    assert!(ids.contains(&"openapi/declared-but-open"), "{ids:?}");
}

#[test]
fn a_further_server_of_the_document_is_asked_too() {
    let pki = DevelopmentPki::generate(now()).expect("a PKI");
    let other = WrongServer::start(&pki, |_| 200);
    let text = format!(
        "openapi: 3.1.0\nservers: [ {{ url: 'https://localhost:{}' }} ]\nsecurity: [ {{ c: [] }} ]\n\
         components: {{ securitySchemes: {{ c: {{ type: mutualTLS }} }} }}\npaths:\n  /guarded: {{ get: {{ responses: {{}} }} }}\n",
        other.port()
    );
    let server = WrongServer::start(&pki, verified);
    let report = scan_at(&pki, &server, "  /y: {}\n", |wishes| {
        let document = Document::parse(&text).expect("a document");
        wishes.document = Some(Arc::new(document));
        // Its command would ask for the document in the folder.
        wishes.only = vec!["openapi/server@*".to_owned()];
    });
    assert_eq!(ids(&report), ["openapi/servers-differ"]);
}

#[test]
fn what_is_wrong_in_the_document_itself_is_told() {
    let of = |head: &str, security: &str, method: &str| {
        let document = format!(
            "{head}\nsecurity: {security}\ncomponents: {{ securitySchemes: {{ c: {{ type: mutualTLS }} }} }}\n\
             paths:\n  /guarded: {{ {method}: {{ responses: {{ '401': {{ description: no }} }} }} }}\n"
        );
        let report = scan_of("  /y: {}\n", verified, |wishes| {
            let document = Document::parse(&document).expect("a document");
            wishes.document = Some(Arc::new(document));
            wishes.only = vec!["control/good".to_owned()];
        });
        let found: Vec<String> = ids(&report).into_iter().map(str::to_owned).collect();
        found
    };
    let new = "openapi: 3.1.0";
    let table = [
        (of(new, "[ { c: [] } ]", "get"), None),
        (
            of("openapi: 3.0.3", "[ { c: [] } ]", "get"),
            Some("openapi/mutual-tls-in-3.0"),
        ),
        (
            of(new, "[ { c: [], other: [] } ]", "get"),
            Some("openapi/undeclared-scheme"),
        ),
        (
            of(new, "[ { c: [] }, {} ]", "post"),
            Some("openapi/optional-on-write"),
        ),
        (
            of(
                "openapi: 3.1.0\nservers: [ { url: 'http://localhost/' } ]",
                "[ { c: [] } ]",
                "get",
            ),
            Some("openapi/plain-server"),
        ),
    ];
    for (found, expected) in table {
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_header_that_opens_the_page_is_found_without_a_document_and_named() {
    let routes: Routes = |seen| {
        let is_vouched_for = seen.request.contains("X-Client-Verify: SUCCESS");
        if is_vouched_for && seen.path == "/further" {
            200
        } else {
            verified(seen)
        }
    };
    let report = scan_of("  /y: {}\n", routes, |wishes| {
        wishes.document = None;
        wishes.only = vec!["header/*".to_owned()];
        wishes.paths = vec!["/further".to_owned()];
    });
    assert_eq!(ids(&report), ["header/spoofed"]);
    let finding = report.findings.first().expect("a finding");
    assert_eq!(finding.probes, ["header/spoofed/further"]);
    assert!(
        finding
            .evidence
            .contains("`X-Client-Verify: SUCCESS` alone is enough"),
        "{}",
        finding.evidence
    );
    let again = finding.again.as_deref().unwrap_or_default();
    assert!(
        again.contains("-H 'X-Client-Verify: SUCCESS'") && again.ends_with("/further"),
        "{again}"
    );
}

#[test]
fn a_document_that_cannot_be_read_is_told_and_the_rest_is_learned() {
    let report = scan_of("  /y: {}\n", verified, |wishes| {
        wishes.document = None;
        wishes.unread_document = Some("api.yaml: neither JSON nor YAML: line 1".to_owned());
        wishes.only = vec!["control/*".to_owned()];
    });
    assert_eq!(ids(&report), ["openapi/unread"]);
    assert!(report.summary.answered > 1, "{:?}", report.summary);
}

#[test]
fn a_certificate_that_is_enough_without_its_token_is_found_when_no_token_is_given() {
    let paths = "  /x: { get: { security: [ { certificate: [], bearer: [] } ], responses: {} } }\n";
    let report = scan_of(paths, verified, |_| {});
    assert_eq!(ids(&report), ["openapi/and-enforced-as-or"]);
    let route = report.routes.first().expect("a route");
    assert_eq!(route.declared.as_deref(), Some("mutualTLS"));
    assert_eq!(route.demand(), "mutualTLS + bearer");
}

#[test]
fn another_name_of_the_port_that_is_open_is_found_with_its_own_host() {
    let routes: Routes = |seen| {
        let mut lines = seen.request.lines();
        let host = lines.find_map(|line| line.strip_prefix("Host: "));
        let host = host.and_then(|host| host.split(':').next());
        match (seen.server_name, host) {
            (Some("public.example"), Some("public.example")) => 200,
            (name, host) if name == host => verified(seen),
            _ => 421,
        }
    };
    let report = scan_of(
        "  /guarded: { get: { responses: {} } }\n",
        routes,
        |wishes| {
            wishes.only = vec!["control/*".to_owned()];
            wishes.server_names = vec!["public.example".to_owned(), "private.example".to_owned()];
        },
    );
    assert_eq!(ids(&report), ["control/no-certificate"]);
    let finding = report.findings.first().expect("a finding");
    assert_eq!(finding.probes, ["control/no-certificate@public.example"]);
    let private = report
        .probes
        .iter()
        .find(|probe| probe.id.ends_with("@private.example"))
        .expect("the other name");
    assert_eq!(private.outcome, Outcome::RefusedByStatus(401));
}

#[test]
fn what_cannot_be_read_of_a_document_is_named_and_the_rest_is_asked() {
    let text = "openapi: 3.1.0\nsecurity: [ { c: [] } ]\ncomponents: { securitySchemes: { c: { type: mutualTLS } } }\n\
                paths:\n  /circle: { $ref: '#/paths/~1circle' }\n  /x: { get: { responses: {} } }\n";
    let routes: Routes = |seen| match seen.path {
        "/x" => 200,
        _ => verified(seen),
    };
    let report = scan_of("  /y: {}\n", routes, |wishes| {
        let document = Document::as_far_as_it_goes(text.as_bytes()).expect("most of it");
        wishes.document = Some(Arc::new(document));
        wishes.kind = Some(ServerKind::Nginx);
    });
    assert_eq!(
        ids(&report),
        ["openapi/declared-but-open", "openapi/unread"]
    );
    let of = |id: &str| {
        let mut findings = report.findings.iter();
        findings.find(|finding| finding.id == id).expect("found")
    };
    let unread = &of("openapi/unread").evidence;
    assert!(
        unread.starts_with("/circle, #/paths/~1circle: "),
        "{unread}"
    );
    let open = of("openapi/declared-but-open");
    assert!(
        open.remediation.starts_with("nginx: "),
        "{}",
        open.remediation
    );
    assert!(open.evidence.contains("same page"), "{}", open.evidence);
}

#[test]
fn a_route_is_told_with_what_it_declares_and_what_it_does() {
    let paths = "  /guarded: { get: { responses: {} }, post: { responses: {} } }\n  /open: { get: { security: [], responses: {} } }\n  \
                 /gone/{id}: { get: { responses: {} } }\n";
    let routes: Routes = |seen| match seen.path {
        "/open" => 200,
        "/guarded" => verified(seen),
        _ => 404,
    };
    let report = scan_of(paths, routes, |_| {});
    let told: Vec<_> = report
        .routes
        .iter()
        .map(|route| {
            (
                route.method.as_str(),
                route.path.as_str(),
                route.declared.as_deref(),
                route.state,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("GET", "/gone/{id}", Some("mutualTLS"), RouteState::Unclear),
            ("GET", "/guarded", Some("mutualTLS"), RouteState::Guarded),
            ("POST", "/guarded", Some("mutualTLS"), RouteState::NotAsked),
            ("GET", "/open", Some("none"), RouteState::Open),
        ]
    );
    let later = scan_of(paths, |_| 200, |_| {});
    let earlier = serde_json::to_string(&report).expect("JSON");
    let mut later = later;
    later.endpoint.clone_from(&report.endpoint);
    let drift = Drift::between(&earlier, &later).expect("compares");
    assert!(
        drift.opened.contains(&"GET /guarded".to_owned()),
        "{drift:?}"
    );
    assert!(
        drift
            .new
            .iter()
            .any(|changed| changed.id == "openapi/declared-but-open"),
        "{drift:?}"
    );
}

#[test]
fn methods_that_change_something_are_asked_when_they_may_be() {
    let paths = "  /guarded: { post: { responses: {} } }\n";
    let routes: Routes = |seen| {
        if seen.method == "POST" {
            201
        } else {
            verified(seen)
        }
    };
    let asked = |report: &ScanReport| report.probes.iter().any(|probe| probe.id.contains("POST"));
    let safe = scan_of(paths, routes, |_| {});
    assert!(
        !asked(&safe) && ids(&safe).is_empty(),
        "{:?}",
        safe.findings
    );
    let unsafe_too = scan_of(paths, routes, |wishes| wishes.unsafe_methods = true);
    assert_eq!(ids(&unsafe_too), ["openapi/declared-but-open"]);
}

#[test]
fn a_fetch_out_of_a_certificate_is_heard_by_the_canary() {
    let paths = "  /guarded: { get: { responses: {} } }\n";
    let quiet = scan_of(paths, verified, |_| {});
    assert!(!ids(&quiet).iter().any(|id| id.starts_with("canary")));
    let fetching: Routes = |seen| {
        for url in seen.urls() {
            wrong_server::fetch(&url);
        }
        verified(seen)
    };
    let report = scan_of(paths, fetching, |_| {});
    let heard: Vec<&str> = ids(&report)
        .into_iter()
        .filter(|id| id.starts_with("canary"))
        .collect();
    assert_eq!(heard, ["canary/of-nobody", "canary/of-the-ca"]);
}

#[test]
fn what_a_certificate_says_is_found_in_the_log() {
    use std::io::Write;
    static LOG: std::sync::OnceLock<std::path::PathBuf> = std::sync::OnceLock::new();
    let folder = tempfile::tempdir().expect("a folder");
    let log = LOG.get_or_init(|| folder.path().join("server.log"));
    std::fs::write(log, "started\n").expect("written");
    let logging: Routes = |seen| {
        let file = std::fs::OpenOptions::new()
            .append(true)
            .open(LOG.get().expect("a log"));
        writeln!(file.expect("opens"), "client {}", seen.subject()).expect("written");
        verified(seen)
    };
    let mark = |wishes: &mut Wishes| {
        wishes.logs = vec![scan::audit::LogMark::set(LOG.get().expect("a log")).expect("marks")];
    };
    let paths = "  /guarded: { get: { responses: {} } }\n";
    let report = scan_of(paths, logging, mark);
    assert_eq!(ids(&report), ["logs/subject"]);
    let report = scan_of(paths, verified, mark);
    // What was there before is not the scan's, and that nothing was added is told.
    assert_eq!(ids(&report), ["logs/silent"]);
}

#[test]
fn a_handshake_that_refuses_is_a_guard() {
    let report = scan_of(
        "  /guarded: { get: { responses: {} } }\n",
        |_| wrong_server::HANG_UP,
        |_| {},
    );
    // The good certificate is refused as well, and so nothing else is shown.
    assert!(report.broken.is_some());
    assert!(
        report
            .probes
            .iter()
            .all(|probe| matches!(probe.outcome, Outcome::Inconclusive(_)))
    );
}
