//! Commands that fail, or that hand over to nobody: that is told, and no verdict is drawn from it.

use gatecrash::{
    mint::{GivenKey, Template},
    scan::{self, Handed, Hook, Plan, ScanReport},
    server::pki::DevelopmentPki,
};

use super::{
    faults::has,
    operator::{client, credentials, development_pki, now, serious, staging, wishes},
    reference::start,
};

/// A client of the names of the one that is revoked already.
fn namesake(pki: &DevelopmentPki) -> Template {
    let key = pki.file("intermediate.key").expect("a key");
    Template::new()
        .salted([7; 32])
        .with_authority(
            &credentials(pki, "intermediate").chain,
            GivenKey::read(key.as_bytes()).expect("a key"),
            now(),
        )
        .expect("a CA")
        .with_end_entity(&credentials(pki, "revoked").chain[0], None, now())
        .expect("a client")
}

/// A scan of a server that checks revocation, whose operator gives this command.
fn scanned(publish: &str) -> ScanReport {
    let pki = development_pki();
    let (_runtime, address) = start(&pki);
    let mut wishes = wishes(&pki, &["revocation/*"]);
    wishes.hook = Some(Hook {
        handed: Handed::Crls,
        publish: publish.to_owned(),
        reload: None,
    });
    let staging = staging(&pki, "intermediate").with_namesake(namesake(&pki));
    let scene = scan::set_scene(client(&address), staging, wishes).expect("a scene");
    let report = scan::scan(&scene, &Plan::of(&scene), &|_| {});
    assert_eq!(scene.hook_problem(), report.broken);
    report
}

#[test]
fn a_command_that_fails_is_told_and_nothing_is_said_to_be_left() {
    let report = scanned("echo no such file >&2; false {crl}");
    let broken = report.broken.as_deref().unwrap_or_default();
    assert!(
        broken.contains("--publish-crl: exit status: 1: no such file"),
        "{broken}"
    );
    assert!(!has(&report, "revocation/crl-left"));
    assert_eq!(serious(&report), Vec::<String>::new());
}

#[test]
fn a_command_without_effect_is_not_held_against_the_server() {
    let report = scanned("true {crl}");
    let broken = report.broken.as_deref().unwrap_or_default();
    assert!(broken.contains("do not reach the server"), "{broken}");
    assert_eq!(serious(&report), Vec::<String>::new());
}
