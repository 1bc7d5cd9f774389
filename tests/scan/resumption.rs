//! Sessions on real servers: what outlives its configuration has its finding, and nothing else has.

use std::io::{self, Write};

use gatecrash::{
    engine::loopback::{Fault, Prepared, Running},
    scan::{Handed, Hook, ScanReport, Wishes},
    server::pki::DevelopmentPki,
};

use super::{
    faults::{files, has, of_each, present},
    operator::{development_pki, scan, wishes},
};

/// The findings that a fault shows itself by, any of them.
const SHOWN_BY: &[(Fault, &[&str])] = &[
    (
        Fault::ResumptionAuthenticates,
        &["resumption/without-certificate"],
    ),
    (
        Fault::TicketOutlivesRevocation,
        &[
            "resumption/after-revocation",
            "resumption/after-revocation-in-tls-1-2",
        ],
    ),
    (
        Fault::TicketOutlivesAuthority,
        &[
            "resumption/after-another-ca",
            "resumption/after-another-ca-in-tls-1-2",
        ],
    ),
    (Fault::EarlyData, &["resumption/early-data"]),
];

/// The commands of somebody who runs this server: its files are replaced, and it is told.
fn operated(pki: &DevelopmentPki, server: &Running, only: &[&str]) -> Wishes {
    let folder = server.folder().display();
    let reload = Some(format!("kill -HUP $(cat {folder}/server.pid)"));
    // The CRL of the root is not the scan's to make.
    let crls = pki.file("crl.pem").expect("CRLs");
    let end = "-----END X509 CRL-----\n";
    let of_root = &crls[..crls.find(end).expect("a CRL") + end.len()];
    std::fs::write(server.folder().join("root.crl"), of_root).expect("writes");
    std::fs::write(server.folder().join("root.pem"), &server.files().anchors).expect("writes");
    let hook = |handed, publish: String| Hook {
        handed,
        publish,
        reload: reload.clone(),
    };
    let mut wishes = wishes(pki, only);
    wishes.hook = Some(hook(
        Handed::Crls,
        format!("cat {folder}/root.crl {{crl}} > {folder}/crls.pem"),
    ));
    wishes.trust_hook = Some(hook(
        Handed::Authority,
        format!("cat {folder}/root.pem {{ca}} > {folder}/anchors.pem"),
    ));
    wishes.server_names = vec!["inside.example".to_owned()];
    wishes
}

fn scanned(pki: &DevelopmentPki, prepared: &Prepared, path: &str) -> ScanReport {
    scanned_for(pki, prepared, path, &["control/good", "resumption/*"])
}

fn scanned_for(pki: &DevelopmentPki, prepared: &Prepared, path: &str, only: &[&str]) -> ScanReport {
    let server = prepared
        .start(&files(pki))
        .unwrap_or_else(|error| panic!("{error}"));
    let mut wishes = operated(pki, &server, only);
    path.clone_into(&mut wishes.request.path);
    scan(pki, "intermediate", &server.address().to_string(), wishes)
}

/// What a scan of this configuration says that its description does not, and the other way round.
fn wrong(prepared: &Prepared, report: &ScanReport) -> Vec<String> {
    let configuration = prepared.configuration();
    let name = configuration.name();
    let mut text = String::new();
    for record in report
        .probes
        .iter()
        .filter(|record| record.id.starts_with("resumption/"))
    {
        let word = record.word().name();
        text.push_str(&format!(
            "{name}: {word} {}: {}\n",
            record.id, record.evidence
        ));
    }
    let _ = io::stdout().write_all(text.as_bytes());
    let mut wrong: Vec<String> = report
        .broken
        .iter()
        .map(|why| format!("{name}: {why}"))
        .collect();
    for (fault, findings) in SHOWN_BY {
        let is_there = configuration.faults().contains(fault);
        if is_there != findings.iter().any(|id| has(report, id)) {
            wrong.push(format!(
                "{name}: {fault:?} is{} there",
                if is_there { "" } else { " not" }
            ));
        }
    }
    wrong
}

#[test]
fn what_outlives_its_configuration_is_found_and_nothing_else() {
    let pki = development_pki();
    let in_place = |prepared: &Prepared| prepared.configuration().reloads_in_place();
    let servers = present().into_iter().filter(in_place).collect();
    let found = of_each(servers, |prepared| {
        wrong(prepared, &scanned(&pki, prepared, "/whoami"))
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_session_that_stands_for_a_certificate_is_critical_on_a_guarded_and_on_an_open_page() {
    let pki = development_pki();
    let per_route = |prepared: &Prepared| prepared.configuration().name().ends_with("-per-route");
    for prepared in present().iter().filter(|prepared| per_route(prepared)) {
        for path in ["/whoami", "/"] {
            let only = ["resumption/without-certificate*"];
            let report = scanned_for(&pki, prepared, path, &only);
            let id = "resumption/without-certificate";
            let finding = report.findings.iter().find(|finding| finding.id == id);
            let finding =
                finding.unwrap_or_else(|| panic!("{:?} {path}", prepared.configuration()));
            assert_eq!(finding.severity, gatecrash::defect::Severity::Critical);
            assert!(
                finding.evidence.contains("(resumed)"),
                "{}",
                finding.evidence
            );
            let again = finding.again.as_deref().expect("a command");
            assert!(again.contains("-sess_in ./session.pem"), "{again}");
        }
    }
}

#[test]
fn a_session_of_the_open_host_is_good_for_the_guarded_one_where_they_share_their_keys() {
    let pki = development_pki();
    let prepared = present();
    let by_name = |prepared: &&Prepared| prepared.configuration().name() == "koa-sni";
    for prepared in prepared.iter().filter(by_name) {
        let only = [
            "resumption/without-certificate*",
            "resumption/another-name*",
        ];
        let report = scanned_for(&pki, prepared, "/", &only);
        assert!(has(&report, "resumption/another-name-in-tls-1-2"));
        // In TLS 1.3 the bare session says more already.
        assert!(!has(&report, "resumption/another-name"));
    }
}

#[test]
fn a_ticket_that_was_given_is_refused_to_who_does_not_know_its_key() {
    let pki = development_pki();
    let resume = ["reference", "koa", "go", "nginx-session-cache"];
    let servers = present()
        .into_iter()
        .filter(|prepared| resume.contains(&prepared.configuration().name()));
    let found = of_each(servers.collect(), |prepared| {
        let name = prepared.configuration().name();
        let report = scanned_for(&pki, prepared, "/whoami", &["resumption/*-binder"]);
        let ids = ["resumption/wrong-binder", "resumption/no-binder"];
        let record = |id: &str| report.probes.iter().find(|record| record.id == id);
        ids.iter()
            .filter_map(|id| record(id))
            // A refusal proves something only where the true binder resumes.
            .filter(|record| record.word().name() != "rejected" || record.reason.contains("ticket"))
            .map(|record| format!("{name} {}: {}", record.id, record.reason))
            .collect()
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}
