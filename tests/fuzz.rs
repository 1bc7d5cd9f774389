//! The fuzz targets on stable, without libFuzzer: what is kept of their inputs
//! is replayed, and what lies beside them is what the code says.
//!
//! `UPDATE_DOCS=1 cargo test --test fuzz` writes the dictionary and the options anew.
#![cfg(feature = "fuzz")]

use std::{fs, path::Path};

use gatecrash::{
    corpus::inputs,
    target::{self, Dictionary, Session, options},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_input_that_is_kept_runs_without_a_finding() {
    let folder = root().join(inputs::FOLDER);
    for target in target::ALL {
        let mut session = Session::new(target);
        let kept = inputs::read(&folder, target.name).unwrap_or_else(|error| panic!("{error}"));
        for input in &kept {
            session.run(input);
        }
    }
}

#[test]
fn inputs_that_are_kept_belong_to_a_target_and_weigh_little() {
    let mut sum = 0;
    let Ok(files) = fs::read_dir(root().join(inputs::FOLDER)) else {
        return;
    };
    for file in files.flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        let name = name
            .strip_suffix(".txt")
            .unwrap_or_else(|| panic!("{name}"));
        assert!(target::find(name).is_some(), "{name} is no target");
        sum += file.metadata().expect("a file").len();
    }
    assert!(sum <= inputs::LIMIT, "{sum} octets");
}

#[test]
fn no_seed_and_no_kept_input_is_longer_than_its_target_takes() {
    let folder = root().join(inputs::FOLDER);
    for target in target::ALL {
        let kept = inputs::read(&folder, target.name).unwrap_or_else(|error| panic!("{error}"));
        let longest = (target.seeds)()
            .into_iter()
            .chain(kept)
            .map(|input| input.len())
            .max();
        let longest = longest.unwrap_or_default();
        assert!(
            longest <= target.max_length as usize,
            "{}: {longest}",
            target.name
        );
    }
}

#[test]
fn dictionary_and_options_are_those_of_the_code() {
    let dictionaries = Dictionary::ALL.iter();
    let mut files: Vec<(String, String)> = dictionaries
        .map(|dictionary| (dictionary.file().to_owned(), dictionary.text()))
        .collect();
    for target in target::ALL {
        files.push((format!("{}.options", target.name), options::options(target)));
    }
    let folder = root().join("fuzz/options");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(&folder).expect("a folder");
        for (name, text) in &files {
            fs::write(folder.join(name), text).expect("writes");
        }
    }
    let mut found: Vec<String> = fs::read_dir(&folder)
        .expect("fuzz/options")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    let mut names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    assert_eq!(found, names, "UPDATE_DOCS=1 cargo test --test fuzz");
    for (name, text) in files {
        let kept = fs::read_to_string(folder.join(&name)).expect("reads");
        assert_eq!(kept, text, "{name}: UPDATE_DOCS=1 cargo test --test fuzz");
    }
}

#[test]
fn the_image_has_the_compiler_that_the_crate_asks_for() {
    let version = env!("CARGO_PKG_RUST_VERSION");
    let image = fs::read_to_string(root().join(".clusterfuzzlite/Dockerfile")).expect("reads");
    let line = format!("ENV RUSTUP_TOOLCHAIN={version}");
    assert!(image.lines().any(|said| said == line), "{line}");
}

#[test]
fn each_target_is_told_of_in_the_documentation() {
    let text = fs::read_to_string(root().join("docs/fuzzing.md")).expect("reads");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    for target in target::ALL {
        let name = format!("`{}`", target.name);
        assert!(rows.iter().any(|row| row.contains(&name)), "{name}");
    }
}

#[test]
fn each_target_is_a_file_of_ten_lines_at_most_and_a_binary_of_the_fuzz_crate() {
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("reads");
    for target in target::ALL {
        let path = root().join(format!("fuzz/fuzz_targets/{}.rs", target.name));
        let text = fs::read_to_string(&path).expect("a file for each target");
        assert!(text.lines().count() <= 10, "{}", target.name);
        assert!(text.contains(&format!("\"{}\"", target.name)), "{text}");
        assert!(manifest.contains(&format!("name = \"{}\"\n", target.name)));
    }
    assert_eq!(manifest.matches("[[bin]]").count(), target::ALL.len());
}
