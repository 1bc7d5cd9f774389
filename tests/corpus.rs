//! The corpus still means what it meant: each reproducer mints the bytes that
//! are kept beside it, and the reference validator judges it as expected, or
//! rustls where it is a handshake.

use std::path::Path;

use gatecrash::{
    corpus::{Reproducer, reproducer},
    mint::Minter,
};

fn reproducers() -> Vec<(std::path::PathBuf, Reproducer)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/reproducers");
    let paths = reproducer::list(&corpus).expect("the corpus is readable");
    paths
        .into_iter()
        .map(|path| {
            (
                path.clone(),
                Reproducer::read(&path).unwrap_or_else(|error| panic!("{error}")),
            )
        })
        .collect()
}

#[test]
fn every_reproducer_mints_the_bytes_that_are_kept() {
    let minter = Minter::new();
    let all = reproducers();
    assert!(all.len() >= 12, "{} reproducers", all.len());
    for (path, reproducer) in all {
        if std::env::var_os("UPDATE_DOCS").is_some() {
            reproducer
                .write(&path, &minter)
                .unwrap_or_else(|error| panic!("{error}"));
        }
        reproducer
            .check(&path, &minter)
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(
            reproducer.why.len() > 20,
            "{}: why is it kept?",
            path.display()
        );
    }
}

#[test]
#[cfg(feature = "rustls")]
fn the_reference_validator_or_rustls_judges_every_reproducer_as_expected() {
    use gatecrash::{
        engine::{Engine, reference::Reference, rustls},
        oracle::{
            Answer, Asked,
            expected::{self, Mark},
        },
    };

    let minter = Minter::new();
    let (reference, rustls) = (Reference::default(), rustls::engine());
    for (path, reproducer) in reproducers() {
        let (hostile, twin) = reproducer
            .mint(&path, &minter)
            .unwrap_or_else(|error| panic!("{error}"));
        let engine: &dyn Engine = match &hostile.handshake {
            None => &reference,
            Some(_) => &rustls,
        };
        let asked = Asked {
            engine: engine.name(),
            states_reasons: true,
        };
        let to_hostile = Answer::of(engine.observe(&hostile)).expect("an answer");
        let (mark, findings) = match &twin {
            Some(twin) => {
                let to_twin = Answer::of(engine.observe(twin)).expect("an answer");
                expected::pair(asked, (&hostile, Some(&to_hostile)), (twin, Some(&to_twin)))
            }
            None => expected::alone(asked, &hostile, Some(&to_hostile)),
        };
        assert_eq!(mark, Mark::Correct, "{}: {findings:?}", path.display());
    }
}

/// What the kept scripts are: the honest peers, and each critical defect of the handshake.
#[cfg(feature = "rustls")]
fn scripts() -> Vec<(String, String)> {
    use gatecrash::{
        corpus::handshake_script::OF_SERVER,
        defect::{self, Position, Severity},
        question::Purpose,
        recipe::generate::Setting,
        script::{Script, Side},
    };

    let mut kept = Vec::new();
    let mut keep = |name: String, about: String, script: &Script| {
        let text = script.to_toml().expect("writes");
        kept.push((format!("{name}.toml"), format!("# {about}\n{text}")));
    };
    for (side, name) in [
        (Side::Client, "honest-client"),
        (Side::Server, "honest-server"),
    ] {
        keep(
            name.to_owned(),
            "An honest peer.".to_owned(),
            &Script::honest(side),
        );
    }
    let critical = |defect: &&defect::Defect| defect.severity == Severity::Critical;
    for defect in defect::matching("handshake/*").filter(critical) {
        for purpose in defect.purposes {
            let plain = Setting {
                purpose: *purpose,
                ..Setting::default()
            };
            let mut recipe = plain.recipe();
            let at = Position::Handshake;
            (defect.prepare)(&mut recipe, at).expect("fits");
            // A script says nothing of keys.
            let is_bare = recipe.certificates == plain.recipe().certificates;
            (defect.spoil)(&mut recipe, at).expect("fits");
            let Some(script) = recipe.handshake.filter(|_| is_bare) else {
                continue;
            };
            let name = defect.id.0.trim_start_matches("handshake/");
            let name = match (purpose, defect.purposes.len()) {
                (Purpose::Server, 2..) => format!("{name}{OF_SERVER}"),
                _ => name.to_owned(),
            };
            keep(
                name,
                format!("{} ({})", defect.summary, defect.clause),
                &script,
            );
        }
    }
    kept
}

#[test]
#[cfg(feature = "rustls")]
fn kept_scripts_are_those_of_the_catalogue_and_play_the_same_each_time() {
    use gatecrash::{corpus::handshake_script, handshake::Recorder};

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/handshake");
    let scripts = scripts();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, text) in &scripts {
            std::fs::write(folder.join(name), text).expect("writes");
        }
    }
    let listed = handshake_script::list(&folder).expect("reads");
    assert_eq!(listed.len(), scripts.len(), "{listed:?}");
    for (name, text) in scripts {
        let path = folder.join(&name);
        let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            kept, text,
            "{name}: `UPDATE_DOCS=1 cargo test --test corpus` writes it anew"
        );
        let script = handshake_script::read(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Recorder::of(&script), Recorder::of(&script), "{name}");
    }
}

#[test]
#[cfg(feature = "cli")]
fn a_bare_script_is_replayed_and_a_wrong_one_is_refused_with_its_line() {
    let replay = |path: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_gatecrash"))
            .args(["replay", path, "--engine", "rustls", "--format", "json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("the program starts")
    };
    let output = replay("corpus/handshake");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(output.status.code(), Some(0), "{}", report["findings"]);
    let cases = report["cases"].as_array().expect("cases");
    assert!(cases.len() > 20, "{}", cases.len());
    for case in cases {
        let verdict = &case["observations"][0]["verdict"];
        assert_eq!(verdict, &case["expected"], "{case}");
    }
    let one = replay("corpus/handshake/honest-client.toml");
    let report: serde_json::Value = serde_json::from_slice(&one.stdout).expect("JSON");
    assert_eq!(report["cases"][0]["id"], "handshake/honest-client");
    assert_eq!(report["cases"][0]["expected"], "accept");

    let folder = tempfile::tempdir().expect("a folder");
    let wrong = folder.path().join("wrong.toml");
    std::fs::write(&wrong, "side = \"clientt\"\n").expect("writes");
    let output = replay(&wrong.to_string_lossy());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("wrong.toml: line 1"), "{stderr}");
}

#[test]
#[cfg(feature = "cli")]
fn a_replay_of_the_whole_corpus_has_no_news() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .arg("replay")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
}

/// The program, in a folder of its own.
#[cfg(feature = "cli")]
fn gatecrash(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program starts");
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
#[cfg(feature = "cli")]
fn what_minimise_writes_is_kept_and_replayed() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| gatecrash(folder.path(), arguments);
    let defect = "revocation/revoked-behind-partition";
    assert_eq!(run(&["mint", defect, "--out", "here"]).0, Some(0));
    let least = ["minimise", "here/hostile/case.toml", "--engine", "webpki"];
    let (status, _, stderr) = run(&[&least[..], &["--output", "least.toml"]].concat());
    assert_eq!(status, Some(0), "{stderr}");

    // By itself a recipe does not say what is expected of it.
    let (status, _, stderr) = run(&["replay", "least.toml"]);
    assert_eq!(status, Some(2), "{stderr}");
    assert!(
        stderr.contains("gatecrash corpus add least.toml"),
        "{stderr}"
    );
    let (status, _, stderr) = run(&["corpus", "add", "least.toml"]);
    assert_eq!(status, Some(2), "{stderr}");
    let add = ["corpus", "add", "least.toml", "--corpus", "kept", "--why"];
    let (status, told, stderr) = run(&[&add[..], &["webpki lets the revoked in"]].concat());
    assert_eq!(status, Some(0), "{stderr}");
    assert!(told.contains("must be refused for"), "{told}");
    let (status, _, stderr) = run(&[&add[..], &["again"]].concat());
    assert_eq!(status, Some(2), "{stderr}");

    let (status, told, stderr) = run(&["replay", "kept", "--engine", "reference"]);
    assert_eq!(status, Some(0), "{told}{stderr}");
    // libFuzzer's own octets lead to the reproducer beside them.
    std::fs::write(folder.path().join("crash-1"), [0xff, 0]).expect("writes");
    std::fs::rename(
        folder.path().join("kept/least"),
        folder.path().join("crash-1.case"),
    )
    .expect("renames");
    let (status, told, stderr) = run(&["replay", "crash-1", "--engine", "reference"]);
    assert_eq!(status, Some(0), "{told}{stderr}");

    let (status, _, stderr) = run(&["minimise", "least.toml", "--engine", "reference"]);
    assert_eq!(status, Some(2), "{stderr}");
    assert!(stderr.contains("--control"), "{stderr}");
}

#[test]
#[cfg(all(feature = "cli", feature = "fuzz"))]
fn inputs_are_kept_when_a_target_takes_them_and_seeds_do_not_tell_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| gatecrash(folder.path(), arguments);
    let write = |name: &str, octets: &[u8]| {
        let found = folder.path().join("found");
        std::fs::create_dir_all(&found).expect("a folder");
        std::fs::write(found.join(name), octets).expect("writes");
    };
    let keep = ["corpus", "keep", "der", "found", "--inputs", "kept"];
    write("long", &[0x30; 5_000]);
    let (status, _, stderr) = run(&keep);
    assert_eq!(status, Some(2), "{stderr}");
    assert!(stderr.contains("longer than der takes"), "{stderr}");
    write("short", b"0\x03\x02\x01cw");
    let (status, told, stderr) = run(&keep);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        told.contains("1 input in the place of 0, 1 of more than"),
        "{told}"
    );
    let (status, _, stderr) = run(&["corpus", "seeds", "der", "--out", "seeds"]);
    assert_eq!(status, Some(0), "{stderr}");
    let (status, _, stderr) = run(&["corpus", "keep", "der", "seeds/der", "--inputs", "kept"]);
    assert_eq!(status, Some(2), "{stderr}");
    let kept = std::fs::read_to_string(folder.path().join("kept/der.txt")).expect("reads");
    assert_eq!(kept, "MAMCAWN3\n");
}
