//! Clients that stall and drip: a server that serves one after another is found out, and they are
//! shown to those alone who ask for it.

use gatecrash::scan::{self, Plan};

use super::{
    faults::{files, has, present},
    operator::{client, development_pki, scan, staging, wishes},
};

const EXHAUSTION: &[&str] = &["exhaustion/*"];

#[test]
fn a_server_that_serves_one_after_another_is_found_and_is_well_afterwards() {
    let pki = development_pki();
    for prepared in present() {
        let name = prepared.configuration().name();
        if !["openssl", "reference"].contains(&name) {
            continue;
        }
        let server = prepared
            .start(&files(&pki))
            .unwrap_or_else(|error| panic!("{error}"));
        let mut wishes = wishes(&pki, EXHAUSTION);
        wishes.exhaustion = true;
        let report = scan(&pki, "intermediate", &server.address().to_string(), wishes);
        assert_eq!(report.broken, None, "{name}");
        assert_eq!(report.probes.len(), 4, "{name}");
        for record in &report.probes {
            assert!(record.word().name() != "inconclusive", "{name}: {record:?}");
            assert_eq!(record.healthy, Some(true), "{name}: {record:?}");
        }
        if name == "openssl" {
            assert!(
                has(&report, "exhaustion/honest-clients-kept-out"),
                "{:?}",
                report.probes
            );
        }
    }
}

#[test]
fn nobody_is_exhausted_who_did_not_ask_for_it() {
    let pki = development_pki();
    let (_runtime, address) = super::reference::start(&pki);
    let scene = scan::set_scene(
        client(&address),
        staging(&pki, "intermediate"),
        wishes(&pki, &[]),
    );
    let plan = Plan::of(&scene.expect("a scene"));
    assert!(
        plan.probes()
            .all(|probe| !probe.id.starts_with("exhaustion/"))
    );
}
