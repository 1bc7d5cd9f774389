//! Real servers in right and wrong configurations: every fault that is built in
//! has its finding, and a right configuration has none above info.

use std::{
    io::{self, Write},
    sync::Mutex,
    thread,
};

use gatecrash::{
    engine::loopback::{Fault, Files, Prepared, configurations},
    scan::ScanReport,
    server::pki::DevelopmentPki,
};

use super::operator::{development_pki, scan, serious, wishes};

/// The findings that a fault shows itself by. The first that is there is enough.
const SHOWN_BY: &[(Fault, &[&str])] = &[
    (
        Fault::NoCertificate,
        &["control/no-certificate", "control/not-asked"],
    ),
    (
        Fault::AnyCertificate,
        &[
            "trust/self-signed",
            "control/no-certificate",
            "control/not-asked",
        ],
    ),
    (
        Fault::RevocationUnchecked,
        &[
            "revocation/end-entity",
            "control/no-certificate",
            "control/not-asked",
        ],
    ),
    (
        Fault::WeakKeys,
        &["keys/weak", "control/no-certificate", "control/not-asked"],
    ),
    (
        Fault::AnyIdentity,
        &[
            "identity/other-subject",
            "control/no-certificate",
            "control/not-asked",
        ],
    ),
    (Fault::OldProtocols, &["downgrade/broken", "downgrade/weak"]),
    (Fault::WeakSuites, &["downgrade/broken", "downgrade/weak"]),
];

/// Probes that show the faults of a wrong configuration.
pub(crate) const TELLING: &[&str] = &[
    "control/*",
    "identity/*",
    "revocation/*",
    "downgrade/*",
    "certificate/trust/self-signed*",
    "certificate/keys/rsa-1024*",
];

/// Probes of a right configuration: a right one refuses what settings can refuse.
const THOROUGH: &[&str] = &[
    "control/*",
    "protocol/*",
    "downgrade/*",
    "resumption/*",
    "possession/*",
    "handshake/*",
    "identity/*",
    "revocation/*",
    "certificate/trust/*",
    "certificate/keys/*",
    "certificate/signature/*",
    "certificate/usage/*",
    "certificate/path/*",
    "certificate/validity/*",
    "certificate/name-constraints/*",
    "certificate/extensions/*",
    "certificate/encoding/version-*",
];

/// Which servers are on this machine. Whoever sets `GATECRASH_SERVERS=all` wants all of them.
pub(crate) fn present() -> Vec<Prepared> {
    let all = std::env::var("GATECRASH_SERVERS").is_ok_and(|value| value == "all");
    configurations()
        .filter_map(|configuration| match configuration.prepare() {
            Ok(prepared) => Some(prepared),
            Err(missing) if all => panic!("{configuration:?}: {missing}"),
            Err(missing) => {
                let _ = writeln!(io::stdout(), "passed over: {configuration:?}: {missing}");
                None
            }
        })
        .collect()
}

pub(crate) fn has(report: &ScanReport, id: &str) -> bool {
    report.findings.iter().any(|finding| finding.id == id)
}

/// What `work` says of each, several side by side: most of the time is waiting.
pub(crate) fn of_each(
    servers: Vec<Prepared>,
    work: impl Fn(&Prepared) -> Vec<String> + Sync,
) -> Vec<String> {
    let left = Mutex::new(servers);
    let said = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let next = left.lock().expect("not poisoned").pop();
                    let Some(prepared) = next else { break };
                    let words = work(&prepared);
                    said.lock().expect("not poisoned").extend(words);
                }
            });
        }
    });
    said.into_inner().expect("not poisoned")
}

/// The files of a server of this PKI.
pub(crate) fn files(pki: &DevelopmentPki) -> Files {
    let file = |name: &str| pki.file(name).expect(name).to_owned();
    Files {
        certificate: file("server.pem"),
        key: file("server.key"),
        anchors: file("ca.pem"),
        crls: Some(file("crl.pem")),
    }
}

#[test]
fn every_fault_has_its_finding_and_a_right_configuration_none() {
    let pki = development_pki();
    let files = files(&pki);
    let wrong = of_each(present(), |prepared| {
        let mut wrong = Vec::new();
        let configuration = prepared.configuration();
        let name = configuration.name();
        let server = prepared
            .start(&files)
            .unwrap_or_else(|error| panic!("{error}"));
        let address = server.address().to_string();
        let is_right = configuration.faults().is_empty();
        let only = if is_right { THOROUGH } else { TELLING };
        let report = scan(&pki, "intermediate", &address, wishes(&pki, only));
        if let Some(broken) = &report.broken {
            wrong.push(format!("{name}: {broken}"));
            return wrong;
        }
        for (fault, findings) in SHOWN_BY {
            let is_there = configuration.faults().contains(fault);
            if is_there && !findings.iter().any(|id| has(&report, id)) {
                wrong.push(format!("{name}: {fault:?} is not found"));
            }
        }
        if is_right && !serious(&report).is_empty() {
            wrong.push(format!("{name}: {}", serious(&report).join("; ")));
        }
        wrong
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
