//! Every command that a finding prints shows what the finding says: on one wrong server of each kind.

use std::fs;

use gatecrash::scan::Files;

use super::{
    again::complaint,
    faults::{TELLING, files, of_each, present},
    operator::{development_pki, scan, wishes},
};

/// One configuration of each kind, with as many faults as any.
const WRONG: &[&str] = &[
    "koa-per-route",
    "nginx-optional-no-ca",
    "apache-crl-unchecked",
    "haproxy-errors-ignored",
    "go-any-certificate",
    "java-no-crl",
    "openssl-errors-ignored",
    "gnutls-unverified",
];

/// What an operator would have written down of his own.
fn own_files() -> Files {
    let owned = |name: &str| Some(name.to_owned());
    Files {
        ca_cert: "intermediate.pem".to_owned(),
        ca_key: "intermediate.key".to_owned(),
        template: owned("client.pem"),
        template_key: owned("client.key"),
        revoked_cert: owned("revoked.pem"),
        revoked_key: owned("revoked.key"),
        ..Files::default()
    }
}

#[test]
fn every_command_shows_what_its_finding_says() {
    let pki = development_pki();
    let server_files = files(&pki);
    let mut servers = present();
    servers.retain(|prepared| WRONG.contains(&prepared.configuration().name()));
    let wrong = of_each(servers, |prepared| {
        let name = prepared.configuration().name();
        let folder = tempfile::tempdir().expect("a folder");
        pki.write_to(folder.path()).expect("writes");
        let server = prepared
            .start(&server_files)
            .unwrap_or_else(|error| panic!("{error}"));
        let mut wishes = wishes(&pki, &[TELLING, &["resumption/without*"]].concat());
        wishes.files = own_files();
        // Headers of the operator stand in the commands, and their values do not.
        wishes.request.headers = vec![("X-Trace".to_owned(), "secret-value".to_owned())];
        let address = format!("localhost:{}", server.address().port());
        let report = scan(&pki, "intermediate", &address, wishes);
        let mut wrong = Vec::new();
        if let Some(broken) = &report.broken {
            wrong.push(format!("{name}: {broken}"));
        }
        for finding in &report.findings {
            let again = finding.again.clone().unwrap_or_default();
            if again.contains("secret-value") {
                wrong.push(format!("{name}: {again}"));
            }
            // What writes files of one name must not run side by side.
            let own = folder.path().join(finding.id.replace('/', "-"));
            fs::create_dir_all(&own).expect("a folder");
            for file in fs::read_dir(folder.path()).expect("a folder").flatten() {
                if file.path().is_file() {
                    fs::copy(file.path(), own.join(file.file_name())).expect("copies");
                }
            }
            let complaint = complaint(finding, &own, &[("X_TRACE", "secret-value")]);
            wrong.extend(complaint.map(|complaint| format!("{name}: {complaint}")));
        }
        if report.findings.is_empty() {
            wrong.push(format!("{name}: nothing found"));
        }
        wrong
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
