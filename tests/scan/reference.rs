//! The reference server: it lets in what is good and nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};

use gatecrash::{
    scan::{self, Plan, ScanReport, Word},
    server::{
        Clock, Server, ServerConfig, ServerCredentials, ServerKey, Trust, pki::DevelopmentPki,
    },
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::runtime::Runtime;

use super::operator::{client, development_pki, now, serious, staging, wishes};

/// A server of this PKI, as long as the runtime is there.
pub(crate) fn start(pki: &DevelopmentPki) -> (Runtime, String) {
    let file = |name: &str| pki.file(name).expect(name);
    let ders = |name: &str, label: &str| {
        gatecrash::der::pem::read_labelled(file(name), label).expect(name)
    };
    let chain = ders("server.pem", "CERTIFICATE");
    let credentials = ServerCredentials {
        chain: chain.into_iter().map(CertificateDer::from).collect(),
        key: ServerKey::new(
            PrivateKeyDer::from_pem_slice(file("server.key").as_bytes()).expect("a key"),
        ),
    };
    let trust = Trust {
        anchors: ders("ca.pem", "CERTIFICATE"),
        crls: ders("crl.pem", "X509 CRL"),
        ocsp: Vec::new(),
        intermediates: Vec::new(),
        time: Clock::Fixed(now()),
    };
    let runtime = Runtime::new().expect("a runtime");
    let running = runtime
        .block_on(Server::bind(ServerConfig::new(credentials, trust)))
        .expect("a server");
    let address = running.local_addr().to_string();
    std::mem::forget(running);
    (runtime, address)
}

fn scanned() -> (ScanReport, usize) {
    let pki = development_pki();
    let (_runtime, address) = start(&pki);
    let mut wishes = wishes(&pki, &[]);
    wishes.request.path = "/whoami".to_owned();
    let scene = scan::set_scene(client(&address), staging(&pki, "ca"), wishes).expect("a scene");
    let done = AtomicUsize::new(0);
    let report = scan::scan(&scene, &Plan::of(&scene), &|_| {
        done.fetch_add(1, Ordering::Relaxed);
    });
    (report, done.into_inner())
}

#[test]
fn the_reference_server_lets_in_the_good_alone() {
    let (report, done) = scanned();
    assert_eq!(report.broken, None);
    assert_eq!(serious(&report), Vec::<String>::new());
    assert!(report.probes.len() >= 300, "{} probes", report.probes.len());
    assert_eq!(done, report.probes.len());
    assert!(report.summary.healthy_throughout);
    let control = |id: &str| {
        let record = report.probes.iter().find(|record| record.id == id);
        record.expect(id).word()
    };
    assert_eq!(control("control/good"), Word::Accepted);
    assert_eq!(control("control/no-certificate"), Word::Rejected);
    assert_eq!(control("revocation/given"), Word::Rejected);
    assert_eq!(
        control("possession/stolen-certificate@TLSv1.3"),
        Word::Rejected
    );
    let mut ciphers = report.server.ciphers.clone();
    ciphers.sort();
    assert_eq!(
        ciphers,
        [
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256"
        ]
    );
    assert!(report.server.cipher_suites.keys().eq(["TLSv1.3"]));
    assert_eq!(report.server.protocols.get("TLSv1.2"), Some(&false));
    // Chains with a new intermediate have no CRL for it, so this server refuses the good ones too.
    let unknown = report
        .findings
        .iter()
        .find(|finding| finding.id == "control/status-unknown")
        .expect("told");
    assert!(
        unknown.evidence.contains("revocation status")
            && unknown.remediation.contains("--publish-crl"),
        "{unknown:?}"
    );
    assert!(report.summary.answered >= 400, "{:?}", report.summary);
    for finding in &report.findings {
        assert!(
            finding.again.is_some() || finding.probes.is_empty(),
            "{finding:?}"
        );
    }
}
