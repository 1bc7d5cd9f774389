//! Files that change under a running server: nobody is lost, nobody gets in late.

use std::{fs, os::unix::fs::symlink, path::Path, sync::Arc, time::Duration};

use gatecrash::{
    load::{Answer, Caller, Kind, LoadPki, Pace, drive},
    server::{Clock, Running, Settings},
};

use crate::{
    exhaustion::{caller, of_load},
    world::start,
};

const PATIENCE: Duration = Duration::from_secs(10);

async fn until(what: &str, done: impl Fn() -> bool) {
    for _ in 0..400 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: not within twenty seconds");
}

fn generation(running: &Running) -> u64 {
    running.handle().metrics().generation
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotations_under_200_handshakes_a_second_lose_nobody_and_let_nobody_in_late() {
    let mut pki = LoadPki::new(Clock::System.now(), 100).expect("a PKI");
    let (folder, config) = of_load(&mut pki);
    let running = start(config).await;
    let _watch = running.handle().watch().expect("a watch");
    let honest: Arc<[Caller]> = (0..16)
        .map(|number| {
            let caller = caller(&running, &mut pki, Kind::Client);
            if number % 2 == 0 {
                caller
            } else {
                caller.with_tickets()
            }
        })
        .collect();
    // Half of what a busy machine can do, where that is less: whoever is overloaded loses some
    // without any rotation.
    let calm = drive(&honest, Pace::Closed(4), Duration::from_secs(1)).await;
    let rate = (calm.let_in as f64 / 2.0).clamp(10.0, 200.0);
    let load =
        tokio::spawn(async move { drive(&honest, Pace::Open(rate), Duration::from_secs(4)).await });
    for rotation in 0..3 {
        let credentials = pki.issue(Kind::Client).expect("a certificate");
        let victim = Caller::new(running.local_addr(), pki.root(), Some(&credentials))
            .expect("a client")
            .with_tickets();
        for resumed in [false, true] {
            assert!(
                matches!(victim.visit(PATIENCE).await, Answer::Let { .. }),
                "welcome until revoked, resumed: {resumed}"
            );
        }
        let before = generation(&running);
        pki.revoke(&credentials);
        pki.write_to(folder.path()).expect("written");
        until("the rotation", || generation(&running) > before).await;
        for _ in 0..2 {
            assert_eq!(
                victim.visit(PATIENCE).await,
                Answer::Refused,
                "rotation {rotation}"
            );
        }
    }
    let measured = load.await.expect("no panic");
    assert_eq!((measured.refused, measured.lost), (0, 0), "{measured:?}");
    assert!(measured.let_in >= 39, "{measured:?}");
    assert!(measured.resumed > 0, "tickets are of use");
}

/// A second PKI in place of the first, by each way in which tools put files in place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_taken_over_however_they_are_put_in_place() {
    type Place = fn(&Path, &Path);
    type Swap = fn(&Path, &Path);
    let ways: [(&str, Place, Swap); 4] = [
        (
            "renamed over, as ACME and step clients do",
            |live, first| copy(first, live),
            |live, second| {
                for name in NAMES {
                    let fresh = live.join("fresh");
                    fs::copy(second.join(name), &fresh).expect("copied");
                    fs::rename(&fresh, live.join(name)).expect("renamed");
                }
            },
        ),
        (
            "each a link, as certbot does",
            |live, first| link(first, live),
            |live, second| {
                for name in NAMES {
                    let fresh = live.join("fresh");
                    symlink(second.join(name), &fresh).expect("linked");
                    fs::rename(&fresh, live.join(name)).expect("renamed");
                }
            },
        ),
        (
            "behind ..data, as Kubernetes does",
            |live, first| {
                symlink(first, live.join("..data")).expect("linked");
                for name in NAMES {
                    symlink(Path::new("..data").join(name), live.join(name)).expect("linked");
                }
            },
            |live, second| {
                symlink(second, live.join("..data_tmp")).expect("linked");
                fs::rename(live.join("..data_tmp"), live.join("..data")).expect("renamed");
            },
        ),
        (
            "written anew in place",
            |live, first| copy(first, live),
            |live, second| {
                for name in NAMES {
                    let text = fs::read(second.join(name)).expect("read");
                    fs::write(live.join(name), text).expect("written");
                }
            },
        ),
    ];
    for (what, place, swap) in ways {
        let folder = tempfile::tempdir().expect("a folder");
        let live = folder.path().join("live");
        fs::create_dir(&live).expect("a folder");
        let (mut old, old_files) = written();
        let (mut new, new_files) = written();
        place(&live, old_files.path());
        let running = serve(&live).await;
        let _watch = running.handle().watch().expect("a watch");
        let (before, after) = (
            caller(&running, &mut old, Kind::Client),
            caller(&running, &mut new, Kind::Client),
        );
        assert!(
            matches!(before.visit(PATIENCE).await, Answer::Let { .. }),
            "{what}"
        );
        swap(&live, new_files.path());
        until(what, || generation(&running) > 0).await;
        for _ in 0..100 {
            // Files written one by one may be taken over in two steps.
            if matches!(after.visit(PATIENCE).await, Answer::Let { .. }) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(
            matches!(after.visit(PATIENCE).await, Answer::Let { .. }),
            "{what}"
        );
        assert!(
            !matches!(before.visit(PATIENCE).await, Answer::Let { .. }),
            "{what}"
        );
    }
}

/// A link above the files is nowhere that a watch could look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swapped_folder_is_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let live = folder.path().join("live");
    let (mut old, old_files) = written();
    let (mut new, new_files) = written();
    symlink(old_files.path(), &live).expect("linked");
    let running = serve(&live).await;
    let _watch = running.handle().watch().expect("a watch");
    assert!(matches!(
        caller(&running, &mut old, Kind::Client)
            .visit(PATIENCE)
            .await,
        Answer::Let { .. }
    ));
    let fresh = folder.path().join("fresh");
    symlink(new_files.path(), &fresh).expect("linked");
    fs::rename(&fresh, &live).expect("renamed");
    until("the swap", || generation(&running) > 0).await;
    assert!(matches!(
        caller(&running, &mut new, Kind::Client)
            .visit(PATIENCE)
            .await,
        Answer::Let { .. }
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_policy_is_taken_over_with_the_rest() {
    let (mut pki, files) = written();
    let path = files.path().join("gatecrash.toml");
    let text = |more: &str| {
        format!(
            "listen = \"127.0.0.1:0\"\ncertificate = \"server.pem\"\nkey = \"server.key\"\n\
             client-ca = [\"ca.pem\"]\ncrl = [\"crl.pem\"]\n{more}"
        )
    };
    fs::write(&path, text("client-auth = \"optional\"\n")).expect("written");
    let settings = Settings::read(&path).expect("settings");
    let running = start(
        Arc::new(settings)
            .load(Clock::System)
            .expect("a configuration"),
    )
    .await;
    let _watch = running.handle().watch().expect("a watch");
    let nobody = Caller::new(running.local_addr(), pki.root(), None).expect("a client");
    let client = caller(&running, &mut pki, Kind::Client);
    // Anonymous, and so it may shake hands, and gets 401 from /whoami.
    assert_eq!(nobody.visit(PATIENCE).await, Answer::Refused);
    assert_eq!(running.handle().metrics().full_handshakes, 1);
    fs::write(&path, text("client-auth = \"maybe\"\n")).expect("written");
    until("the bad file", || {
        running.handle().metrics().failed_reloads > 0
    })
    .await;
    assert!(
        matches!(client.visit(PATIENCE).await, Answer::Let { .. }),
        "the old state stays"
    );
    fs::write(&path, text("client-auth = \"required\"\n")).expect("written");
    until("the good file", || generation(&running) > 0).await;
    let before = running.handle().metrics().full_handshakes;
    assert_eq!(nobody.visit(PATIENCE).await, Answer::Refused);
    assert_eq!(
        running.handle().metrics().full_handshakes,
        before,
        "no handshake any more"
    );
    assert!(matches!(client.visit(PATIENCE).await, Answer::Let { .. }));
}

const NAMES: [&str; 4] = ["ca.pem", "crl.pem", "server.key", "server.pem"];

fn written() -> (LoadPki, tempfile::TempDir) {
    let mut pki = LoadPki::new(Clock::System.now(), 0).expect("a PKI");
    let folder = tempfile::tempdir().expect("a folder");
    pki.write_to(folder.path()).expect("written");
    (pki, folder)
}

fn copy(from: &Path, to: &Path) {
    for name in NAMES {
        fs::copy(from.join(name), to.join(name)).expect(name);
    }
}

fn link(from: &Path, to: &Path) {
    for name in NAMES {
        symlink(from.join(name), to.join(name)).expect(name);
    }
}

async fn serve(folder: &Path) -> Running {
    let file = |name: &str| folder.join(name);
    let mut settings = Settings::new(file("server.pem"), file("server.key"), vec![file("ca.pem")]);
    settings.crl = vec![file("crl.pem")];
    settings.listen.set_port(0);
    start(
        Arc::new(settings)
            .load(Clock::System)
            .expect("a configuration"),
    )
    .await
}
