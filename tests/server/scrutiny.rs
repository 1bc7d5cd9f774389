//! What must not come into force: told at the start, and at a change the state before it stays.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, sync::Arc};

use gatecrash::{
    server::{Clock, Running, Server, ServerError, Settings},
    verdict::Reason,
};
use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};

use crate::{
    authority::{Authority, Crl, serial},
    files::{put, settings, written},
    world::{NOW, World, knock, refused, takes_any_server},
};

type Change = fn(&World, &Path);

/// A folder's files by what each would have to say.
struct Row {
    what: &'static str,
    change: Change,
    /// A part of the one line.
    says: &'static str,
}

fn row(what: &'static str, change: Change, says: &'static str) -> Row {
    Row { what, change, says }
}

fn crls(folder: &Path, crls: &[String]) {
    put(folder, "crl.pem", crls.concat().as_bytes());
}

/// CRLs of the root and the intermediate: the root's as it should be.
fn beside_a_good_one(world: &World, folder: &Path, crl: String) {
    let good = Authority::of(world, "root").crl(&Crl::default());
    crls(folder, &[good, crl]);
}

fn of_intermediate(world: &World, folder: &Path, crl: Crl) {
    let crl = Authority::of(world, "intermediate").crl(&crl);
    beside_a_good_one(world, folder, crl);
}

fn wrong_by_themselves() -> Vec<Row> {
    vec![
        row(
            "a CRL under the CA's name by another key",
            |world, folder| {
                let stranger = Authority::stranger("gatecrash development intermediate");
                beside_a_good_one(world, folder, stranger.crl(&Crl::default()));
            },
            "crl.pem (number 2) has a false signature",
        ),
        row(
            "a CRL that is garbage",
            |_, folder| put(folder, "crl.pem", &[0x30, 0x03, 1, 1, 0]),
            "crl.pem: tbsCertList",
        ),
        row(
            "no CRL file",
            |_, folder| fs::remove_file(folder.join("crl.pem")).expect("removed"),
            "cannot read",
        ),
        row(
            "a pipe that nobody writes into",
            |_, folder| {
                fs::remove_file(folder.join("crl.pem")).expect("removed");
                let made = Command::new("mkfifo").arg(folder.join("crl.pem")).status();
                assert!(made.expect("mkfifo").success());
            },
            "crl.pem is no regular file",
        ),
        row(
            "a folder for a key",
            |_, folder| {
                fs::remove_file(folder.join("server.key")).expect("removed");
                fs::create_dir(folder.join("server.key")).expect("a folder");
            },
            "server.key is no regular file",
        ),
        row(
            "garbage behind good CRLs",
            |_, folder| {
                let good = fs::read_to_string(folder.join("crl.pem")).expect("read");
                let garbage = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
                put(folder, "crl.pem", (good + garbage).as_bytes());
            },
            "crl.pem (number 3): ",
        ),
        row(
            "a server certificate that has ended",
            |world, folder| {
                serve_with(world, folder, |params| {
                    params.not_after = NOW.plus_days(-1).plus_seconds(60).to_calendar();
                });
            },
            "server.pem: the server's certificate ended at",
        ),
        row(
            "a server certificate of tomorrow",
            |world, folder| {
                serve_with(world, folder, |params| {
                    params.not_before = NOW.plus_days(1).to_calendar();
                });
            },
            "is not valid before",
        ),
        row(
            "a client's certificate for the server's",
            |world, folder| {
                serve_with(world, folder, |params| {
                    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
                });
            },
            "lacks serverAuth",
        ),
        row(
            "a server certificate that must not sign",
            |world, folder| {
                serve_with(world, folder, |params| {
                    params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
                });
            },
            "lacks digitalSignature",
        ),
        row(
            "an intermediate of the server's chain that has ended",
            |world, folder| {
                let root = Authority::of(world, "root");
                let (old, _) = root.server(|params| {
                    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                    params.not_after = NOW.plus_days(-1).plus_seconds(60).to_calendar();
                });
                let own = fs::read_to_string(folder.join("server.pem")).expect("read");
                put(folder, "server.pem", (own + &old).as_bytes());
            },
            "certificate 3 of the server's chain ended at",
        ),
        row(
            "another's key",
            |_, folder| {
                fs::copy(folder.join("client.key"), folder.join("server.key")).expect("copied");
            },
            "does not belong",
        ),
        row(
            "an end entity for the client CA",
            |_, folder| {
                fs::copy(folder.join("client.pem"), folder.join("ca.pem")).expect("copied");
            },
            "ca.pem (number 1) is no CA certificate",
        ),
        row(
            "a client CA that must not issue",
            |world, folder| {
                client_ca(world, folder, |params| {
                    params.key_usages = vec![KeyUsagePurpose::CrlSign];
                });
            },
            "lacks keyCertSign",
        ),
        row(
            "a client CA that has ended",
            |world, folder| {
                client_ca(world, folder, |params| {
                    params.not_after = NOW.plus_days(-1).plus_seconds(60).to_calendar();
                });
            },
            "ca.pem ended at",
        ),
    ]
}

fn wrong_after_what_was_in_force() -> Vec<Row> {
    vec![
        row(
            "a CRL past its next update",
            |world, folder| {
                let crl = Crl {
                    issued: -9,
                    next: -1,
                    ..Crl::default()
                };
                of_intermediate(world, folder, crl);
            },
            "should have been replaced by",
        ),
        row(
            "a CRL of tomorrow",
            |world, folder| {
                let crl = Crl {
                    issued: 1,
                    ..Crl::default()
                };
                of_intermediate(world, folder, crl);
            },
            "which is in the future",
        ),
        row(
            "a stranger's CRL in the place of a CA's",
            |world, folder| {
                let stranger = Authority::stranger("some other CA");
                beside_a_good_one(world, folder, stranger.crl(&Crl::default()));
            },
            "no longer holds a CRL that is in force",
        ),
        row(
            "a lower CRL number",
            |world, folder| {
                let crl = Crl {
                    number: 4,
                    ..Crl::default()
                };
                of_intermediate(world, folder, crl);
            },
            "crl.pem (number 2) is a CRL older than the one in force",
        ),
        row(
            "an earlier date",
            |world, folder| {
                let crl = Crl {
                    number: 6,
                    issued: -2,
                    ..Crl::default()
                };
                of_intermediate(world, folder, crl);
            },
            "older than the one in force",
        ),
        row(
            "one CRL of two",
            |world, folder| {
                let root = Authority::of(world, "root").crl(&Crl::default());
                crls(folder, &[root]);
            },
            "no longer holds a CRL that is in force",
        ),
    ]
}

fn serve_with(world: &World, folder: &Path, change: impl FnOnce(&mut rcgen::CertificateParams)) {
    let (certificate, key) = Authority::of(world, "intermediate").server(change);
    let chain = certificate + world.text("intermediate.pem");
    put(folder, "server.pem", chain.as_bytes());
    put(folder, "server.key", key.as_bytes());
    fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o600))
        .expect("permissions");
}

fn client_ca(world: &World, folder: &Path, change: impl FnOnce(&mut rcgen::CertificateParams)) {
    let (certificate, _) = Authority::of(world, "root").server(|params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        change(params);
    });
    put(folder, "ca.pem", certificate.as_bytes());
}

async fn serve(settings: Settings) -> Result<Running, ServerError> {
    Server::bind(Arc::new(settings).load(Clock::Fixed(NOW))?).await
}

/// A folder whose intermediate's CRL is number 5, of now, and revokes `client2`, who is `revoked`.
fn in_force(world: &World) -> tempfile::TempDir {
    let folder = written(world);
    let crl = Crl {
        number: 5,
        revoked: vec![serial(world, "revoked.pem")],
        ..Crl::default()
    };
    of_intermediate(world, folder.path(), crl);
    folder
}

#[tokio::test]
async fn what_is_wrong_by_itself_keeps_the_server_from_starting() {
    let world = World::new();
    for row in wrong_by_themselves() {
        let folder = in_force(&world);
        (row.change)(&world, folder.path());
        let error = serve(settings(folder.path())).await.err();
        let error = error.unwrap_or_else(|| panic!("{} came into force", row.what));
        let text = error.to_string();
        assert!(text.contains(row.says), "{}: {text}", row.what);
        assert_eq!(text.lines().count(), 1, "{}: {text}", row.what);
        assert!(!error.is_outside(), "{}", row.what);
    }
}

#[tokio::test]
async fn what_is_wrong_at_a_change_leaves_the_state_in_force() {
    let world = World::new();
    let (good, revoked) = (
        Arc::new(world.client(Some("client"))),
        Arc::new(world.client(Some("revoked"))),
    );
    let rows = wrong_by_themselves()
        .into_iter()
        .chain(wrong_after_what_was_in_force());
    for row in rows {
        let folder = in_force(&world);
        let running = serve(settings(folder.path())).await.expect("a server");
        (row.change)(&world, folder.path());
        let handle = running.handle();
        let error = handle.reload().err();
        let error = error.unwrap_or_else(|| panic!("{} came into force", row.what));
        let text = error.to_string();
        assert!(text.contains(row.says), "{}: {text}", row.what);
        assert_eq!(text.lines().count(), 1, "{}: {text}", row.what);
        let metrics = handle.metrics();
        assert_eq!(
            (metrics.generation, metrics.failed_reloads),
            (0, 1),
            "{}",
            row.what
        );
        assert!(knock(&running, &good).await.0.is_ok(), "{}", row.what);
        let (_, outcome) = knock(&running, &revoked).await;
        assert_eq!(refused(&outcome), Some(Reason::Revoked), "{}", row.what);
    }
}

#[tokio::test]
async fn newer_crls_follow_and_a_source_that_is_not_named_any_more_may_go() {
    let world = World::new();
    let folder = in_force(&world);
    let path = folder.path().join("gatecrash.toml");
    let name = |crls: &str, more: &str| {
        let text = format!(
            "listen = \"127.0.0.1:0\"\ncertificate = \"server.pem\"\nkey = \"server.key\"\n\
             client-ca = [\"ca.pem\"]\ncrl = [{crls}]\n{more}"
        );
        fs::write(&path, text).expect("written");
    };
    let split = |number: u64| {
        for which in ["root", "intermediate"] {
            let crl = Authority::of(&world, which).crl(&Crl {
                number,
                ..Crl::default()
            });
            put(folder.path(), &format!("{which}.crl"), crl.as_bytes());
        }
    };
    name("\"crl.pem\"", "");
    let running = serve(Settings::read(&path).expect("settings"))
        .await
        .expect("a server");
    let reload = || running.handle().reload().map_err(|error| error.to_string());
    split(6);
    name("\"root.crl\", \"intermediate.crl\"", "");
    assert_eq!(reload(), Ok(1), "the same lines from other files");
    split(6);
    assert_eq!(reload(), Ok(2), "the same number again");
    split(5);
    assert!(reload().is_err_and(|error| error.contains("older")));
    split(7);
    name("\"root.crl\"", "");
    assert_eq!(reload(), Ok(3), "the intermediate is to have no CRL");
    let good = Arc::new(world.client(Some("client")));
    let (_, outcome) = knock(&running, &good).await;
    assert_eq!(
        refused(&outcome),
        Some(Reason::RevocationUnknown),
        "and so its clients are of unknown status"
    );
    name("", "");
    assert!(reload().is_err_and(|error| error.contains("revocation is required")));
    name("", "revocation = \"off\"");
    assert_eq!(reload(), Ok(4));
    assert!(knock(&running, &good).await.0.is_ok());
}

/// A CA with a new key begins anew: its CRLs are no successors of the old key's.
#[tokio::test]
async fn a_new_key_of_a_ca_begins_with_any_number() {
    let (before, after) = (World::new(), World::new());
    let folder = in_force(&before);
    let running = serve(settings(folder.path())).await.expect("a server");
    for name in after.pki.names() {
        put(folder.path(), name, after.text(name).as_bytes());
    }
    running.handle().reload().expect("number 1 of a new key");
    let client = Arc::new(after.client(Some("client")));
    assert!(knock(&running, &client).await.0.is_ok());
}

/// The server's own chain may stay the old CA's when its clients get another one.
#[tokio::test]
async fn the_client_ca_and_its_crls_change_without_the_servers_certificate() {
    let (before, after) = (World::new(), World::new());
    let folder = in_force(&before);
    let running = serve(settings(folder.path())).await.expect("a server");
    for name in ["ca.pem", "crl.pem"] {
        put(folder.path(), name, after.text(name).as_bytes());
    }
    running.handle().reload().expect("another CA's clients");
    let old = knock(&running, &Arc::new(before.client(Some("client")))).await;
    // Both CAs have the same name.
    assert_eq!(refused(&old.1), Some(Reason::BadSignature));
    let mut client = after.client(Some("client"));
    client
        .dangerous()
        .set_certificate_verifier(takes_any_server());
    assert!(knock(&running, &Arc::new(client)).await.0.is_ok());
}

#[tokio::test]
async fn without_evidence_everybody_is_refused_unless_revocation_is_off() {
    let world = World::new();
    let folder = written(&world);
    let client = Arc::new(world.client(Some("client")));
    use gatecrash::server::RevocationRule::{IfPresent, Off, Required};
    for (rule, with_crl, reason) in [
        (Required, true, None),
        (Required, false, Some(Reason::RevocationUnknown)),
        (IfPresent, false, None),
        (Off, false, None),
    ] {
        let mut settings = settings(folder.path());
        settings.revocation = rule;
        if !with_crl {
            settings.crl.clear();
        }
        let running = serve(settings).await.expect("a server");
        let (answer, outcome) = knock(&running, &client).await;
        assert_eq!(refused(&outcome), reason, "{rule:?}, CRL: {with_crl}");
        assert_eq!(answer.is_ok(), reason.is_none());
        // RFC 8446 section 6.2: the CA is not unknown, and nothing is said to be revoked.
        if let Err(error) = answer {
            assert!(error.to_string().contains("CertificateUnknown"), "{error}");
        }
    }
}

/// What a server can come to while it runs is no reason not to start.
#[tokio::test]
async fn a_crl_that_has_run_out_stays_and_lets_everything_else_change() {
    let world = World::new();
    let folder = written(&world);
    let old = Crl {
        issued: -9,
        next: -1,
        ..Crl::default()
    };
    of_intermediate(&world, folder.path(), old);
    let running = serve(settings(folder.path())).await.expect("a server");
    let client = Arc::new(world.client(Some("client")));
    let (_, outcome) = knock(&running, &client).await;
    assert_eq!(refused(&outcome), Some(Reason::CrlExpired));
    serve_with(&world, folder.path(), |_| {});
    let handle = running.handle();
    handle.reload().expect("another certificate of the server");
    assert_eq!(handle.metrics().generation, 1);
    let fresh = Crl {
        number: 2,
        ..Crl::default()
    };
    of_intermediate(&world, folder.path(), fresh);
    handle.reload().expect("a fresh CRL");
    assert!(knock(&running, &client).await.0.is_ok());
}

/// Clients of a CA that the server's chain does not show.
#[tokio::test]
async fn the_crl_of_an_unnamed_intermediate_is_verified_when_a_client_shows_it() {
    let world = World::new();
    let folder = in_force(&world);
    let (certificate, key) = Authority::of(&world, "root").server(|_| {});
    put(folder.path(), "server.pem", certificate.as_bytes());
    put(folder.path(), "server.key", key.as_bytes());
    let (good, revoked) = (
        Arc::new(world.client(Some("client"))),
        Arc::new(world.client(Some("revoked"))),
    );
    let mut settings = settings(folder.path());
    for named in [false, true] {
        if named {
            settings.client_intermediate = vec![folder.path().join("intermediate.pem")];
        }
        let running = serve(settings.clone()).await.expect("a server");
        assert!(knock(&running, &good).await.0.is_ok(), "{named}");
        let (_, outcome) = knock(&running, &revoked).await;
        assert_eq!(refused(&outcome), Some(Reason::Revoked), "{named}");
    }
    let forged = Authority::stranger("gatecrash development intermediate").crl(&Crl::default());
    beside_a_good_one(&world, folder.path(), forged);
    settings.client_intermediate.clear();
    let running = serve(settings.clone()).await.expect("a server");
    let (_, outcome) = knock(&running, &good).await;
    assert_eq!(refused(&outcome), Some(Reason::CrlBadSignature));
    settings.client_intermediate = vec![folder.path().join("intermediate.pem")];
    let error = serve(settings).await.err().expect("a false signature");
    assert!(error.to_string().contains("false signature"), "{error}");
}
