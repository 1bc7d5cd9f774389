//! Real servers on the loopback: each does what its description says, right and wrong.

#![cfg(feature = "cli")]

mod client;
mod downgrade;
mod handshake;
mod present;
mod resume;
mod run;

use std::{net::TcpStream, time::SystemTime};

use client::ask;
use gatecrash::{
    engine::loopback::{Fault, Files, Prepared},
    question::Time,
    server::pki::DevelopmentPki,
};
use present::present;

/// The configurations that look at no certificate, a good one neither.
const VERIFY_NOTHING: [&str; 3] = ["koa-not-asked", "go-any-certificate", "gnutls-unverified"];

fn pki() -> DevelopmentPki {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    let now = Time::from_unix_seconds(i64::try_from(now.as_secs()).expect("seconds"));
    DevelopmentPki::generate(now).expect("a PKI")
}

fn files(pki: &DevelopmentPki) -> Files {
    let file = |name| pki.file(name).expect(name).to_owned();
    Files {
        certificate: file("server.pem"),
        key: file("server.key"),
        anchors: file("ca.pem"),
        crls: Some(file("crl.pem")),
    }
}

fn pair<'p>(pki: &'p DevelopmentPki, name: &str) -> (&'p str, &'p str) {
    let file = |suffix: &str| pki.file(&format!("{name}.{suffix}")).expect("a file");
    (file("pem"), file("key"))
}

#[test]
fn each_configuration_has_exactly_the_faults_that_it_is_described_with() {
    let (own, other) = (pki(), pki());
    for prepared in present(|_| true) {
        let configuration = prepared.configuration();
        let name = configuration.name();
        let server = prepared
            .start(&files(&own))
            .unwrap_or_else(|error| panic!("{error}"));
        let good = ask(server.address(), Some(pair(&own, "client")));
        assert!(good.is_served(), "{name}");
        let verifies = !VERIFY_NOTHING.contains(&name);
        assert_eq!(configuration.authenticates(&good.0), verifies, "{name}");
        let table = [
            (Fault::NoCertificate, None),
            (Fault::AnyCertificate, Some(pair(&other, "client"))),
            (Fault::RevocationUnchecked, Some(pair(&own, "revoked"))),
        ];
        for (fault, shown) in table {
            let answer = ask(server.address(), shown);
            let expected = configuration.faults().contains(&fault);
            assert_eq!(answer.is_served(), expected, "{name}: {fault:?}");
        }
    }
}

#[test]
fn a_server_takes_over_other_files_and_ends_when_it_is_dropped() {
    let (own, other) = (pki(), pki());
    let one_of_a_kind =
        |prepared: &Prepared| prepared.configuration().name() == prepared.configuration().kind();
    for prepared in present(|_| true).into_iter().filter(one_of_a_kind) {
        let name = prepared.configuration().name();
        let mut server = prepared
            .start(&files(&own))
            .unwrap_or_else(|error| panic!("{error}"));
        let address = server.address();
        let served = |pki| ask(address, Some(pair(pki, "client"))).is_served();
        assert!(served(&own) && !served(&other), "{name}");
        server
            .replace(&files(&other))
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(server.address(), address);
        assert!(!served(&own) && served(&other), "{name}: after a reload");
        server.restart().unwrap_or_else(|error| panic!("{error}"));
        assert!(!served(&own) && served(&other), "{name}: after a restart");
        let folder = server.folder().to_owned();
        drop(server);
        assert!(TcpStream::connect(address).is_err(), "{name} still listens");
        assert!(!folder.exists(), "{name} leaves its keys");
    }
}

#[test]
fn a_server_that_does_not_start_says_why() {
    let own = pki();
    let broken = Files {
        key: "no key\n".to_owned(),
        ..files(&own)
    };
    for prepared in present(|known| known.name() == known.kind()) {
        let error = prepared.start(&broken).expect_err("a server without a key");
        let text = error.to_string();
        assert!(text.contains("ended at once"), "{text}");
        assert!(!text.contains("wrote nothing"), "{text}");
        println!("{text}");
    }
}
