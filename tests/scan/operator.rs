//! Somebody with a staging PKI who scans an endpoint of his own.

use std::{sync::Arc, time::Duration, time::SystemTime};

use gatecrash::{
    case::PrivateKey,
    der::pem,
    mint::{GivenKey, Template},
    question::Time,
    scan::{
        self, Bounds, Client, Credentials, Endpoint, Pace, Pki, Plan, Request, ScanReport, Wishes,
    },
    server::pki::DevelopmentPki,
};

/// The present, in whole seconds.
pub(crate) fn now() -> Time {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    Time::from_unix_seconds(i64::try_from(since.as_secs()).expect("seconds"))
}

pub(crate) fn development_pki() -> DevelopmentPki {
    DevelopmentPki::generate(now()).expect("a PKI")
}

fn file<'p>(pki: &'p DevelopmentPki, name: &str) -> &'p str {
    pki.file(name).expect(name)
}

/// The credentials of a name, such as `client`.
pub(crate) fn credentials(pki: &DevelopmentPki, name: &str) -> Credentials {
    let key = pem::read_labelled(file(pki, &format!("{name}.key")), pem::PRIVATE_KEY);
    Credentials {
        chain: pem::read_labelled(file(pki, &format!("{name}.pem")), pem::CERTIFICATE)
            .expect("certificates"),
        key: PrivateKey::from_pkcs8(key.expect("a key").remove(0)),
    }
}

/// The CA of this name, with the client's certificate that is given.
pub(crate) fn staging(pki: &DevelopmentPki, authority: &str) -> Pki {
    let time = now();
    let chain = pem::read_labelled(file(pki, &format!("{authority}.pem")), pem::CERTIFICATE);
    let key =
        |name: &str| GivenKey::read(file(pki, &format!("{name}.key")).as_bytes()).expect("a key");
    let client = credentials(pki, "client");
    let chain = chain.expect("certificates");
    let template = |client_key| {
        Template::new()
            .salted([7; 32])
            .with_authority(&chain, key(authority), time)
            .expect("a CA")
            .with_end_entity(&client.chain[0], client_key, time)
            .expect("a client")
    };
    let (keyed, keyless) = (template(Some(key("client"))), template(None));
    Pki::new(keyed, Some(client), time).with_keyless(keyless)
}

pub(crate) fn client(address: &str) -> Client {
    let bounds = Bounds {
        per_second: 5000,
        visits: 20_000,
        time: Duration::from_secs(1200),
    };
    Client::new(
        Endpoint::find(address).expect("an endpoint"),
        // A busy machine may be slow.
        Duration::from_secs(30),
        Pace::start(bounds, None),
    )
}

/// Wishes of somebody whose server's own CRL lists `revoked.pem`.
pub(crate) fn wishes(pki: &DevelopmentPki, only: &[&str]) -> Wishes {
    let mut wishes = Wishes::new(Request::get("/"));
    wishes.only = only.iter().map(|glob| (*glob).to_owned()).collect();
    wishes.revoked = Some(Arc::new(credentials(pki, "revoked")));
    wishes
}

/// Scans an endpoint with the CA of this name.
pub(crate) fn scan(
    pki: &DevelopmentPki,
    authority: &str,
    address: &str,
    wishes: Wishes,
) -> ScanReport {
    let scene = scan::set_scene(client(address), staging(pki, authority), wishes)
        .unwrap_or_else(|error| panic!("{error}"));
    scan::scan(&scene, &Plan::of(&scene), &|_| {})
}

/// Findings above info, as severity and id.
pub(crate) fn serious(report: &ScanReport) -> Vec<String> {
    report
        .findings
        .iter()
        .filter(|finding| finding.severity != gatecrash::defect::Severity::Info)
        .map(|finding| format!("{} {}: {}", finding.severity, finding.id, finding.evidence))
        .collect()
}
