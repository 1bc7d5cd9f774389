//! A server from files: what is refused, and what a change does.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use gatecrash::server::{Clock, Running, Server, ServerError, Settings};
use tempfile::TempDir;

use crate::world::{NOW, World, knock, start};

pub(crate) fn settings(folder: &Path) -> Settings {
    let file = |name: &str| folder.join(name);
    let mut settings = Settings::new(file("server.pem"), file("server.key"), vec![file("ca.pem")]);
    settings.crl = vec![file("crl.pem")];
    settings.listen.set_port(0);
    settings
}

pub(crate) fn written(world: &World) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    world.pki.write_to(folder.path()).expect("written");
    folder
}

#[test]
fn every_file_is_checked_before_the_server_starts() {
    let world = World::new();
    type Change = fn(&Path, &mut Settings);
    let table: [(&str, Change, &str); 13] = [
        (
            "no key",
            |folder, _| fs::remove_file(folder.join("server.key")).expect("removed"),
            "cannot read",
        ),
        (
            "an empty certificate",
            |folder, _| put(folder, "server.pem", b""),
            "the file is empty",
        ),
        (
            "a key for a certificate",
            |folder, s| s.certificate = folder.join("client.key"),
            "it holds a private key",
        ),
        (
            "garbage for a CA",
            |folder, _| put(folder, "ca.pem", &[7; 4096]),
            "no certificate in PEM",
        ),
        (
            "garbage inside PEM",
            |folder, _| {
                put(
                    folder,
                    "ca.pem",
                    b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                )
            },
            "no X.509 certificate",
        ),
        (
            "PEM that is cut",
            |folder, _| {
                let text = fs::read(folder.join("ca.pem")).expect("read");
                put(folder, "ca.pem", &text[..text.len() / 2]);
            },
            "well-formed PEM",
        ),
        (
            "a key that others can read",
            |folder, _| set_mode(folder, 0o640),
            "chmod 600",
        ),
        (
            "another's key",
            |folder, s| s.key = folder.join("client.key"),
            "does not belong",
        ),
        (
            "a CRL that is none",
            |folder, s| s.crl = vec![folder.join("ca.pem")],
            "no CRL",
        ),
        (
            "a CRL that is garbage",
            |folder, _| put(folder, "crl.pem", &[0x30, 0x03, 1, 1, 0]),
            "crl.pem: tbsCertList at byte 2",
        ),
        (
            "an unknown profile",
            |_, s| s.profile = "lax".to_owned(),
            "the profiles are",
        ),
        (
            "tickets that live too long",
            |_, s| s.resumption_seconds = 604_801,
            "at most 604800 (RFC 8446 section 4.6.1)",
        ),
        (
            "a limit too small",
            |_, s| s.limits.header_octets = 10,
            "header-octets = 10",
        ),
    ];
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (what, change, part) in table {
        let folder = written(&world);
        let mut settings = settings(folder.path());
        change(folder.path(), &mut settings);
        let started: Result<Running, ServerError> = runtime
            .block_on(async { Server::bind(Arc::new(settings).load(Clock::Fixed(NOW))?).await });
        let error = started
            .err()
            .unwrap_or_else(|| panic!("{what} was let pass"));
        let text = error.to_string();
        assert!(text.contains(part), "{what}: {text}");
        assert_eq!(text.lines().count(), 1, "{what}: {text}");
        assert!(!error.is_outside(), "{what}");
    }
}

pub(crate) fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).expect(name);
}

fn set_mode(folder: &Path, mode: u32) {
    fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(mode))
        .expect("permissions");
}

#[test]
fn configuration_files_are_read_strictly() {
    let table = [
        ("listen = 7", "line 1"),
        (
            "certificate = \"a\"\nkey = \"b\"\nclient-ca = [\"c\"]\nlisten-on = \"x\"",
            "unknown field `listen-on`",
        ),
        (
            "certificate = \"a\"\nkey = \"b\"\nclient-ca = [\"c\"]\n[limits]\nconections = 1",
            "unknown field `conections`",
        ),
        ("certificate = ", "line 1"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (text, part) in table {
        let path = folder.path().join("gatecrash.toml");
        fs::write(&path, text).expect("written");
        let error = Settings::read(&path).expect_err(text).to_string();
        assert!(error.contains(part), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let world = World::new();
    let running = start(world.server()).await;
    let mut config = world.server();
    config.listen = running.local_addr();
    let error = Server::bind(config).await.err().expect("taken");
    assert!(
        error.is_outside()
            && error
                .to_string()
                .contains(&running.local_addr().to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn changed_files_are_taken_over_whole_or_not_at_all() {
    let (before, after) = (World::new(), World::new());
    let folder = written(&before);
    let config = Arc::new(settings(folder.path()))
        .load(Clock::Fixed(NOW))
        .expect("a configuration");
    let running = start(config).await;
    let _watch = running.handle().watch().expect("a watch");
    let old = Arc::new(before.client(Some("client")));
    assert!(knock(&running, &old).await.0.is_ok());

    put(
        folder.path(),
        "crl.pem",
        b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    );
    until(|| running.handle().metrics().failed_reloads > 0).await;
    assert_eq!(running.handle().metrics().generation, 0);
    assert!(knock(&running, &old).await.0.is_ok(), "the old state stays");

    for name in after.pki.names() {
        // Renewal tools rename, so that nobody reads half a file.
        let new = folder.path().join("new");
        fs::write(&new, after.text(name)).expect(name);
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).expect(name);
        fs::rename(&new, folder.path().join(name)).expect(name);
    }
    until(|| running.handle().metrics().generation > 0).await;
    assert!(
        knock(&running, &Arc::new(after.client(Some("client"))))
            .await
            .0
            .is_ok(),
        "the new client enters"
    );
    assert!(
        knock(&running, &old).await.0.is_err(),
        "the old one does not"
    );
}

async fn until(done: impl Fn() -> bool) {
    for _ in 0..200 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen within ten seconds");
}
