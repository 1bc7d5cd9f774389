//! Sessions on real servers: what outlives its configuration has its finding, and nothing else has.

use std::{
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use gatecrash::{
    der::pem,
    engine::loopback::{Fault, Files, Prepared, Running},
    scan::{self, Handed, Hook, Kept, KeptError, Plan, ScanReport, Wishes},
    server::pki::DevelopmentPki,
    validator::ParsedCrl,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{
    faults::{files, has, of_each, present},
    operator::{client, credentials, development_pki, scan, serious, staging, wishes},
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
///
/// `others` is the CRL of the CA that is not the scan's.
fn operated(pki: &DevelopmentPki, server: &Running, others: &str, only: &[&str]) -> Wishes {
    let folder = server.folder().display();
    let in_place = server.prepared().configuration().reloads_in_place();
    let reload = Some(match in_place {
        true => format!("kill -HUP $(cat {folder}/server.pid)"),
        // Somebody else restarts it meanwhile.
        false => format!(
            "touch {folder}/{ASKED}; while [ -e {folder}/{ASKED} ]; do sleep 0.02; done; ! [ -e {folder}/{FAILED} ]"
        ),
    });
    std::fs::write(server.folder().join("others.crl"), others).expect("writes");
    std::fs::write(server.folder().join("root.pem"), &server.files().anchors).expect("writes");
    let hook = |handed, publish: String| Hook {
        handed,
        publish,
        reload: reload.clone(),
        beside: Vec::new(),
    };
    let mut wishes = wishes(pki, only);
    wishes.hook = Some(hook(
        Handed::Crls,
        format!("cat {folder}/others.crl {{crl}} > {folder}/crls.pem"),
    ));
    wishes.trust_hook = Some(hook(
        Handed::Authority,
        format!("cat {folder}/root.pem {{ca}} > {folder}/anchors.pem"),
    ));
    wishes.server_names = vec!["inside.example".to_owned()];
    wishes
}

/// What asks for a restart, and what tells that there was none.
const ASKED: &str = "restart";
const FAILED: &str = "failed";

/// Restarts a server with the files in its folder whenever somebody asks for it, until `done`.
fn restart_on_demand(server: &mut Running, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        let (asked, failed) = (server.folder().join(ASKED), server.folder().join(FAILED));
        if asked.exists() {
            let read = |name| std::fs::read_to_string(server.folder().join(name)).expect(name);
            let files = Files {
                anchors: read("anchors.pem"),
                crls: Some(read("crls.pem")),
                ..server.files().clone()
            };
            let words = server.replace(&files).err().map(|error| error.to_string());
            if let Some(words) = words {
                std::fs::write(failed, words).expect("writes");
            }
            std::fs::remove_file(asked).expect("is there");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The CRLs of the development PKI: of the root, and of the intermediate.
fn crls_of(pki: &DevelopmentPki) -> [&str; 2] {
    let crls = pki.file("crl.pem").expect("CRLs");
    let end = "-----END X509 CRL-----\n";
    let (root, intermediate) = crls.split_at(crls.find(end).expect("a CRL") + end.len());
    [root, intermediate]
}

fn scanned(pki: &DevelopmentPki, prepared: &Prepared, path: &str) -> ScanReport {
    scanned_for(pki, prepared, path, &["control/good", "resumption/*"])
}

fn scanned_for(pki: &DevelopmentPki, prepared: &Prepared, path: &str, only: &[&str]) -> ScanReport {
    let server = prepared
        .start(&files(pki))
        .unwrap_or_else(|error| panic!("{error}"));
    let mut wishes = operated(pki, &server, crls_of(pki)[0], only);
    path.clone_into(&mut wishes.request.path);
    let address = server.address().to_string();
    if prepared.configuration().reloads_in_place() {
        return scan(pki, "intermediate", &address, wishes);
    }
    let done = AtomicBool::new(false);
    let mut server = server;
    thread::scope(|scope| {
        scope.spawn(|| restart_on_demand(&mut server, &done));
        let report = scan(pki, "intermediate", &address, wishes);
        done.store(true, Ordering::Relaxed);
        report
    })
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

/// What servers do that are configured as well as they can be. GnuTLS believes every CRL that its
/// operator loads, to the end of time, unless it is told to verify them as they are loaded; told
/// so, it takes those of trust anchors alone.
const BY_DESIGN: &[(&str, &str)] = &[
    ("gnutls", "revocation/expired-crl"),
    ("gnutls", "revocation/forged-crl"),
];

#[test]
fn a_server_that_must_restart_to_read_its_files_is_tested_like_any_other() {
    let pki = development_pki();
    let restarted = ["haproxy", "java", "openssl", "gnutls"];
    let servers = present()
        .into_iter()
        .filter(|prepared| restarted.contains(&prepared.configuration().name()));
    let found = of_each(servers.collect(), |prepared| {
        let name = prepared.configuration().name();
        let only = ["control/good", "resumption/*", "revocation/*"];
        let report = scanned_for(&pki, prepared, "/", &only);
        let mut wrong = wrong(prepared, &report);
        let is_known = |words: &&String| {
            BY_DESIGN
                .iter()
                .any(|(server, finding)| *server == name && words.contains(finding))
        };
        let serious = serious(&report);
        let unknown = serious.iter().filter(|words| !is_known(words));
        wrong.extend(unknown.map(|words| format!("{name}: {words}")));
        let ids = ["revocation/end-entity", "revocation/given"];
        for id in ids {
            let record = report.probes.iter().find(|record| record.id == id);
            let record = record.expect(id);
            if record.word().name() != "rejected" {
                wrong.push(format!("{name}: {id}: {}", record.evidence));
            }
        }
        wrong
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn with_the_root_and_a_way_to_hand_over_crls_nothing_is_left_open() {
    let pki = development_pki();
    let of_reference = |prepared: &Prepared| prepared.configuration().name() == "reference";
    let prepared = present()
        .into_iter()
        .find(of_reference)
        .expect("it is built along");
    let server = prepared
        .start(&files(&pki))
        .unwrap_or_else(|error| panic!("{error}"));
    let only = [
        "control/*",
        "certificate/signature/*",
        "certificate/keys/*",
        "certificate/trust/*",
    ];
    let wishes = operated(&pki, &server, crls_of(&pki)[1], &only);
    let address = server.address().to_string();
    let scene = scan::set_scene(client(&address), staging(&pki, "ca"), wishes).expect("a scene");
    let mut plan = Plan::of(&scene);
    let planned = plan.len();
    plan.settle(&scene);
    let misfits = plan.not_applicable();
    assert!(misfits.len() * 20 < planned, "{misfits:?}");
    let report = scan::scan(&scene, &plan, &|_| {});
    assert_eq!(report.summary.planned + misfits.len(), planned);
    let open = report
        .probes
        .iter()
        .filter(|record| record.word().name() == "inconclusive");
    let open: Vec<_> = open.map(|record| (&record.id, &record.reason)).collect();
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(serious(&report), Vec::<String>::new());
}

#[test]
fn who_is_revoked_stays_so_and_the_own_crl_is_handed_over_at_the_end() {
    let pki = development_pki();
    let of_reference = |prepared: &Prepared| prepared.configuration().name() == "reference";
    let prepared = present().into_iter().find(of_reference);
    let server = prepared
        .expect("it is built along")
        .start(&files(&pki))
        .unwrap_or_else(|error| panic!("{error}"));
    let [of_root, own] = crls_of(&pki);
    let mut wishes = operated(&pki, &server, of_root, &["revocation/*"]);
    let handed = server.folder().join("handed.pem");
    let hook = wishes.hook.as_mut().expect("a hook");
    hook.publish
        .push_str(&format!(" && cat {{crl}} >> {}", handed.display()));
    let authority = credentials(&pki, "intermediate").chain.remove(0);
    let own = pem::read_labelled(own, pem::CRL).expect("a CRL");
    let kept = Kept::new(&authority, None).with_crls(&authority, own.clone());
    wishes.kept = kept.expect("it is the CA's");
    let report = scan(&pki, "intermediate", &server.address().to_string(), wishes);
    assert_eq!(serious(&report), Vec::<String>::new());
    assert!(!has(&report, "revocation/crl-left"));

    let revoked = credentials(&pki, "revoked").chain.remove(0);
    let (_, revoked) = X509Certificate::from_der(&revoked).expect("a certificate");
    let handed = std::fs::read_to_string(handed).expect("some were handed over");
    let handed = pem::read_labelled(&handed, pem::CRL).expect("CRLs");
    assert!(handed.len() > 4, "{}", handed.len());
    assert_eq!(handed.last(), own.last());
    for der in handed {
        let crl = ParsedCrl::from_der(der).expect("a CRL");
        assert!(
            crl.find(revoked.raw_serial()).is_some(),
            "{:?}",
            crl.this_update()
        );
    }
    let others = Kept::new(&authority, None).with_crls(
        &authority,
        pem::read_labelled(of_root, pem::CRL).expect("a CRL"),
    );
    assert_eq!(others, Err(KeptError::OfOthers));
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
