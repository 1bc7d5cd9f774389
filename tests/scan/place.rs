//! Servers of one operator that share their ticket keys, and a server whose policy is tightened.

use std::sync::Arc;

use gatecrash::{
    engine::loopback::{Files, Prepared, Running},
    scan::{Endpoint, Place, Policy, ScanReport},
    server::pki::DevelopmentPki,
};

use super::{
    faults::{files, has, present},
    operator::{credentials, development_pki, scan, serious, wishes},
};

fn of_name(name: &str) -> Option<Prepared> {
    present()
        .into_iter()
        .find(|prepared| prepared.configuration().name() == name)
}

fn start(prepared: &Prepared, pki: &DevelopmentPki) -> Running {
    prepared
        .start(&files(pki))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A scan of the first server that knows of the second. The second has the same certificate, and
/// trusts another CA of the same name.
fn scanned_beside(prepared: &Prepared) -> ScanReport {
    let (pki, other) = (development_pki(), development_pki());
    let (own, others) = (files(&pki), files(&other));
    let others = Files {
        anchors: others.anchors,
        crls: others.crls,
        ..own.clone()
    };
    let start = |files| {
        prepared
            .start(files)
            .unwrap_or_else(|error| panic!("{error}"))
    };
    let (here, there) = (start(&own), start(&others));
    let mut wishes = wishes(&pki, &["control/good", "resumption/another-place*"]);
    wishes.places = vec![Place {
        endpoint: Endpoint::find(&there.address().to_string()).expect("an endpoint"),
        good: Some(Arc::new(credentials(&other, "client"))),
    }];
    scan(&pki, "intermediate", &here.address().to_string(), wishes)
}

#[test]
fn a_session_that_crosses_to_another_server_is_found_both_ways() {
    for name in ["nginx-ticket-key", "koa-tickets"] {
        let Some(prepared) = of_name(name) else {
            continue;
        };
        let report = scanned_beside(&prepared);
        for version in ["", "-in-tls-1-2"] {
            let id = format!("resumption/another-place{version}");
            let both = report.probes.iter().filter(|record| {
                record.id.starts_with(&format!("{id}@")) && record.word().name() == "accepted"
            });
            let told = (both.count(), has(&report, &id));
            assert_eq!(told, (2, true), "{name} {id}: {:?}", report.probes);
        }
    }
}

#[test]
fn servers_with_keys_of_their_own_have_no_such_finding() {
    for name in ["reference", "nginx-session-cache", "go"] {
        let Some(prepared) = of_name(name) else {
            continue;
        };
        let report = scanned_beside(&prepared);
        assert_eq!(serious(&report), Vec::<String>::new(), "{name}");
        let told = report.probes.iter().map(|record| record.word().name());
        // The good certificate is let in, and nothing else.
        assert_eq!(
            told.filter(|word| *word == "rejected").count(),
            8,
            "{name}: {:?}",
            report.probes
        );
    }
}

#[test]
fn a_session_of_before_is_judged_by_the_policy_of_today_where_its_key_was_given_up() {
    let other = development_pki();
    for (name, outlives) in [
        ("nginx-ticket-key", true),
        ("nginx-session-cache", false),
        ("reference", false),
    ] {
        let Some(prepared) = of_name(name) else {
            continue;
        };
        let pki = development_pki();
        let server = start(&prepared, &pki);
        let folder = server.folder().display().to_string();
        std::fs::write(server.folder().join("other.pem"), files(&other).anchors).expect("writes");
        std::fs::write(server.folder().join("own.pem"), files(&pki).anchors).expect("writes");
        let only = ["control/good", "resumption/after-a-stricter-policy*"];
        let mut wishes = wishes(&pki, &only);
        wishes.policy = Some(Policy {
            tighten: format!("cp {folder}/other.pem {folder}/anchors.pem"),
            relax: format!("cp {folder}/own.pem {folder}/anchors.pem"),
            reload: Some(format!("kill -HUP $(cat {folder}/server.pid)")),
        });
        let report = scan(&pki, "intermediate", &server.address().to_string(), wishes);
        for id in [
            "resumption/after-a-stricter-policy",
            "resumption/after-a-stricter-policy-in-tls-1-2",
        ] {
            assert_eq!(
                has(&report, id),
                outlives,
                "{name} {id}: {:?}",
                report.probes
            );
        }
        let good = &report.probes[0];
        assert_eq!(good.word().name(), "accepted", "{name}");
        assert_eq!(report.broken, None, "{name}");
    }
}

#[test]
fn who_came_before_certificates_were_demanded_is_refused_afterwards() {
    let Some(prepared) = of_name("nginx-optional") else {
        return;
    };
    let pki = development_pki();
    let server = start(&prepared, &pki);
    let folder = server.folder().display().to_string();
    let edit = |from: &str, to: &str| {
        format!(
            "sed -i 's/ssl_verify_client {from};/ssl_verify_client {to};/; s/ssl_session_tickets off/ssl_session_tickets on/' {folder}/nginx.conf"
        )
    };
    let only = ["control/good", "resumption/once-*"];
    let mut wishes = wishes(&pki, &only);
    wishes.policy = Some(Policy {
        tighten: edit("optional", "on"),
        relax: edit("on", "optional"),
        reload: Some(format!("kill -HUP $(cat {folder}/server.pid)")),
    });
    let report = scan(&pki, "intermediate", &server.address().to_string(), wishes);
    let told: Vec<_> = report
        .probes
        .iter()
        .map(|record| (record.id.as_str(), record.word().name()))
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told[1..].iter().all(|(_, word)| *word == "rejected"),
        "{:?}",
        report.probes
    );
}

#[test]
fn a_revoked_client_that_comes_in_over_another_server_is_found_without_being_named_for_it() {
    let Some(prepared) = of_name("nginx-ticket-key") else {
        return;
    };
    let pki = development_pki();
    let careless = Files {
        crls: None,
        ..files(&pki)
    };
    let here = start(&prepared, &pki);
    let there = prepared
        .start(&careless)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut wishes = wishes(&pki, &["control/good", "resumption/another-place*"]);
    wishes.revoked = Some(Arc::new(credentials(&pki, "revoked")));
    wishes.places = vec![Place {
        endpoint: Endpoint::find(&there.address().to_string()).expect("an endpoint"),
        good: None,
    }];
    let report = scan(&pki, "intermediate", &here.address().to_string(), wishes);
    for version in ["", "-in-tls-1-2"] {
        let id = format!("resumption/another-place{version}");
        assert!(has(&report, &id), "{id}: {:?}", report.probes);
        // The good certificate is let in by both, so that its session shows nothing.
        let there = report
            .probes
            .iter()
            .find(|record| record.id.starts_with(&format!("{id}@1")));
        assert_eq!(
            there.map(|record| record.word().name()),
            Some("inconclusive"),
            "{id}"
        );
    }
}
