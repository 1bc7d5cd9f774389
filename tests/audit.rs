//! Folders of a server's configuration, each wrong in one way.

#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use gatecrash::{
    der::pem,
    mint::Minter,
    question::Time,
    recipe::{Key, KeyAlgorithm, Recipe, generate::Setting},
    scan::audit::{Audit, AuditError},
    server::pki::DevelopmentPki,
};

const NOW: Time = Time::from_unix_seconds(1_800_000_000);

/// A PKI as `gatecrash pki` writes it: nothing is wrong with it.
fn good(folder: &Path) -> DevelopmentPki {
    let pki = DevelopmentPki::generate(NOW).expect("a PKI");
    pki.write_to(folder).expect("written");
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("a mode");
    pki
}

fn ids(folder: &Path, now: Time) -> Vec<String> {
    let audited = Audit::new(folder, now).run().expect("audits");
    let findings = audited.findings.into_iter();
    findings
        .map(|finding| {
            let again = finding.again.expect("a command shows it again");
            assert!(again.contains(&*folder.to_string_lossy()), "{again}");
            finding.id
        })
        .collect()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// A minted chain as PEM, after a change of its recipe.
fn minted(change: impl FnOnce(&mut Recipe)) -> (String, String, String) {
    let setting = Setting {
        time: NOW,
        ..Setting::default()
    };
    let mut recipe = setting.recipe();
    change(&mut recipe);
    let minted = Minter::new().mint(&recipe).expect("mints");
    let write = |list: &[Vec<u8>]| {
        list.iter()
            .map(|der| pem::write("CERTIFICATE", der))
            .collect::<String>()
    };
    let key = pem::write("PRIVATE KEY", minted.end_entity_key.secret_pkcs8_der());
    (write(&minted.chain[..1]), key, write(&minted.anchors))
}

#[test]
fn each_fault_has_its_finding_and_a_good_folder_has_none() {
    type Spoil = fn(&Path);
    let end_entity = |change: fn(&mut gatecrash::recipe::Certificate)| {
        minted(move |recipe| {
            let label = recipe.presented[0].clone();
            change(recipe.certificate_mut(&label).expect("an end entity"));
        })
    };
    let table: [(&str, Spoil, &[&str]); 11] = [
        ("nothing", |_| {}, &[]),
        (
            "key for all",
            |folder| mode(&folder.join("server.key"), 0o644),
            &["files/key-readable-by-all"],
        ),
        (
            "key for a group",
            |folder| mode(&folder.join("server.key"), 0o640),
            &["files/key-readable-by-group"],
        ),
        (
            "bundle to write",
            |folder| mode(&folder.join("ca.pem"), 0o666),
            &["files/writable-by-others"],
        ),
        (
            "folder to write",
            |folder| mode(folder, 0o777),
            &["files/writable-by-others"],
        ),
        (
            "web root",
            |folder| {
                fs::create_dir(folder.join("public")).expect("made");
                fs::rename(folder.join("client.key"), folder.join("public/client.key"))
                    .expect("moved");
            },
            &["files/key-in-web-root"],
        ),
        (
            "page beside the key",
            |folder| fs::write(folder.join("index.html"), "<p>").expect("written"),
            &["files/key-in-web-root"],
        ),
        (
            "keys changed over",
            |folder| {
                fs::copy(folder.join("client.key"), folder.join("server.key"))
                    .map(|_| ())
                    .expect("copied");
            },
            &["files/key-of-another-certificate"],
        ),
        (
            "key and certificate in a log",
            |folder| {
                let text = |name: &str| fs::read_to_string(folder.join(name)).expect(name);
                fs::write(
                    folder.join("debug.log"),
                    format!("options {} {}", text("client.key"), text("client.pem")),
                )
                .expect("written");
            },
            &["logs/private-key", "logs/certificate"],
        ),
        (
            "an end entity is trusted",
            |folder| {
                fs::rename(folder.join("client.pem"), folder.join("client-ca.pem")).expect("moved")
            },
            &["files/anchor-that-is-no-ca"],
        ),
        (
            "a public root beside the private one",
            |folder| {
                let root = include_str!("data/isrg-root-x1.pem");
                let own = fs::read_to_string(folder.join("ca.pem")).expect("the CA");
                fs::write(folder.join("ca.pem"), own + root).expect("written");
            },
            &["files/public-root-beside-private"],
        ),
    ];
    for (what, spoil, expected) in table {
        let folder = tempfile::tempdir().expect("a folder");
        good(folder.path());
        spoil(folder.path());
        assert_eq!(ids(folder.path(), NOW), expected, "{what}");
    }
    let weak = minted(|recipe| {
        let label = recipe.presented[0].clone();
        recipe.certificate_mut(&label).expect("an end entity").key =
            Key::new(KeyAlgorithm::Rsa1024, "end-entity");
    });
    let ended = end_entity(|certificate| certificate.not_after = NOW.plus_days(-1).into());
    let ending = end_entity(|certificate| certificate.not_after = NOW.plus_days(2).into());
    let early = end_entity(|certificate| certificate.not_before = NOW.plus_days(1).into());
    let long = end_entity(|certificate| certificate.not_after = NOW.plus_days(4000).into());
    for ((chain, key, _), expected) in [
        (weak, "files/weak-key"),
        (ended, "files/certificate-expired"),
        (ending, "files/renewal-near"),
        (early, "files/certificate-not-yet-valid"),
        (long, "files/certificate-long-lived"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("server.pem"), chain).expect("written");
        fs::write(folder.path().join("server.key"), key).expect("written");
        mode(&folder.path().join("server.key"), 0o600);
        assert_eq!(ids(folder.path(), NOW), [expected]);
    }
}

#[test]
fn a_ca_that_nobody_expects_is_a_finding_even_when_it_copies_the_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let pki = good(folder.path());
    let ca = pem::read_labelled(pki.file("ca.pem").expect("the CA"), "CERTIFICATE")
        .expect("a certificate");
    let unexpected = |folder: &Path, expected: &[Vec<u8>]| {
        let audited = Audit::new(folder, NOW)
            .expecting(expected.to_vec())
            .run()
            .expect("audits");
        audited
            .findings
            .iter()
            .any(|finding| finding.id == "files/anchor-unexpected")
    };
    assert!(!unexpected(folder.path(), &ca));
    let intermediate = pem::read_labelled(pki.file("intermediate.pem").expect("it"), "CERTIFICATE")
        .expect("a certificate");
    assert!(
        !unexpected(folder.path(), &intermediate),
        "its issuer is expected too"
    );
    let namesake = DevelopmentPki::generate(NOW).expect("a PKI");
    let other = namesake.file("ca.pem").expect("the other CA");
    fs::write(folder.path().join("more-cas.pem"), other).expect("written");
    assert!(unexpected(folder.path(), &ca));
}

#[test]
fn what_is_no_folder_is_told_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "x").expect("written");
    assert!(matches!(
        Audit::new(&file, NOW).run(),
        Err(AuditError::NoFolder(_))
    ));
    assert!(matches!(
        Audit::new(folder.path().join("none"), NOW).run(),
        Err(AuditError::Read { .. })
    ));
}

#[test]
fn no_key_is_shown_in_any_evidence() {
    let folder = tempfile::tempdir().expect("a folder");
    let pki = good(folder.path());
    mode(&folder.path().join("server.key"), 0o666);
    let key = pki
        .file("server.key")
        .expect("a key")
        .lines()
        .nth(1)
        .expect("a line")
        .to_owned();
    let audited = Audit::new(folder.path(), NOW).run().expect("audits");
    assert!(!format!("{audited:?}").contains(&key));
    assert!(!audited.findings.is_empty());
}

/// Writes a key store with openssl. False where there is none.
fn key_store(folder: &Path, name: &str, options: &[&str]) -> bool {
    let made = std::process::Command::new("openssl")
        .args([
            "pkcs12",
            "-export",
            "-in",
            "client.pem",
            "-inkey",
            "client.key",
        ])
        .args(["-out", name])
        .args(options)
        .current_dir(folder)
        .output();
    made.is_ok_and(|output| output.status.success())
}

#[test]
fn a_key_store_is_looked_at_from_outside() {
    let folder = tempfile::tempdir().expect("a folder");
    good(folder.path());
    if !key_store(folder.path(), "probe.p12", &["-passout", "pass:x9#Kq-long"]) {
        assert!(
            std::env::var_os("GATECRASH_SERVERS").is_none(),
            "openssl is needed"
        );
        return;
    }
    let old = [
        "-certpbe",
        "PBE-SHA1-RC2-40",
        "-keypbe",
        "PBE-SHA1-3DES",
        "-macalg",
        "sha1",
        "-legacy",
    ];
    let table: [(&[&str], &str, u32, &[&str]); 6] = [
        (
            &[],
            "x9#Kq-long",
            0o600,
            &["files/key-store-not-looked-into"],
        ),
        (
            &[],
            "x9#Kq-long",
            0o644,
            &[
                "files/key-store-readable-by-all",
                "files/key-store-not-looked-into",
            ],
        ),
        (
            &[],
            "changeit",
            0o600,
            &[
                "files/key-store-password-guessed",
                "files/key-store-not-looked-into",
            ],
        ),
        (
            &[],
            "",
            0o644,
            &[
                "files/key-readable-by-all",
                "files/key-store-password-guessed",
                "files/key-store-not-looked-into",
            ],
        ),
        (
            &old,
            "x9#Kq-long",
            0o600,
            &[
                "files/key-store-weak-encryption",
                "files/key-store-not-looked-into",
            ],
        ),
        (
            &["-keypbe", "NONE", "-certpbe", "NONE", "-nomac"],
            "",
            0o600,
            &[],
        ),
    ];
    for (options, password, bits, expected) in table {
        let folder = tempfile::tempdir().expect("a folder");
        good(folder.path());
        let password = format!("pass:{password}");
        let options = [options, &["-passout", &password]].concat();
        assert!(
            key_store(folder.path(), "other.p12", &options),
            "{options:?}"
        );
        mode(&folder.path().join("other.p12"), bits);
        assert_eq!(ids(folder.path(), NOW), expected, "{options:?}");
    }
}

#[test]
fn a_key_store_of_an_old_jdk_shows_its_certificates_and_how_many_keys_it_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let pki = good(folder.path());
    let certificate = pem::read_labelled(pki.file("ca.pem").expect("the CA"), "CERTIFICATE")
        .expect("a certificate")
        .remove(0);
    let text = |text: &str| [&[0, text.len() as u8], text.as_bytes()].concat();
    let long = |octets: &[u8]| [&(octets.len() as u32).to_be_bytes(), octets].concat();
    let trusted = [
        &[0, 0, 0, 2],
        &text("ca")[..],
        &[0; 8],
        &text("X.509"),
        &long(&certificate),
    ]
    .concat();
    let key = [
        &[0, 0, 0, 1],
        &text("own")[..],
        &[0; 8],
        &long(&[7; 40]),
        &[0; 4],
    ]
    .concat();
    let store = |entries: &[&[u8]]| {
        let head = [
            0xfe,
            0xed,
            0xfe,
            0xed,
            0,
            0,
            0,
            2,
            0,
            0,
            0,
            entries.len() as u8,
        ];
        [&head, &entries.concat()[..]].concat()
    };
    let file = folder.path().join("trust.jks");
    fs::write(&file, store(&[&trusted])).expect("written");
    mode(&file, 0o644);
    assert_eq!(
        ids(folder.path(), NOW),
        [""; 0],
        "certificates are no secret"
    );
    fs::write(&file, store(&[&trusted, &key])).expect("written");
    mode(&file, 0o600);
    assert_eq!(ids(folder.path(), NOW), ["files/key-store-weak-encryption"]);
    // Cut off anywhere it is read as far as it goes.
    let whole = store(&[&trusted, &key]);
    for length in 0..whole.len() {
        let _ = gatecrash::scan::audit::Contents::of(&whole[..length]);
    }
}

#[test]
fn a_key_is_found_in_the_dress_of_another_format() {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let folder = tempfile::tempdir().expect("a folder");
    let pki = good(folder.path());
    let key = pki.file("server.key").expect("a key");
    let table = [
        (
            "app.json",
            format!("{{\"key\": \"{}\"}}", key.replace('\n', "\\n")),
        ),
        (
            "secret.yaml",
            format!("data:\n  tls.key: {}\n", BASE64_STANDARD.encode(key)),
        ),
        ("app.env", format!("KEY=\"{}\"\n", key.replace('\n', "\\n"))),
    ];
    for (name, text) in table {
        let file = folder.path().join(name);
        fs::write(&file, text).expect("written");
        mode(&file, 0o644);
        assert_eq!(
            ids(folder.path(), NOW),
            ["files/key-readable-by-all"],
            "{name}"
        );
        fs::remove_file(&file).expect("removed");
    }
}
