//! What the README shows is what the program prints.
//!
//! `UPDATE_DOCS=1 cargo test --test readme` writes the blocks of output anew.

#![cfg(feature = "cli")]

use std::{fs, process::Command};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// The output of a command as the README shows it: without the time it took.
fn output_of(arguments: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .args(arguments.split(' '))
        .env("NO_COLOR", "1")
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "gatecrash {arguments}");
    let text = String::from_utf8(output.stdout).expect("the output is text");
    let lines = text
        .lines()
        .map(|line| match line.split_once(" judgements in ") {
            Some((before, after)) => {
                let rest = after.split_once(" s").map_or("", |(_, rest)| rest);
                format!("{before} judgements in … s{rest}")
                    .trim_end()
                    .to_owned()
            }
            None => line.trim_end().to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[test]
fn the_output_in_the_readme_is_what_the_program_prints() {
    let readme = fs::read_to_string(PATH).expect("the README is there");
    let mut fresh = String::new();
    let mut rest = readme.as_str();
    let mut blocks = 0;
    while let Some((before, after)) = rest.split_once("<!-- output: ") {
        let (arguments, after) = after
            .split_once(" -->\n```console\n")
            .expect("a block follows the mark");
        let (_, after) = after.split_once("```").expect("the block ends");
        fresh.push_str(before);
        fresh.push_str(&format!(
            "<!-- output: {arguments} -->\n```console\n$ gatecrash {arguments}\n{}\n```",
            output_of(arguments)
        ));
        rest = after;
        blocks += 1;
    }
    fresh.push_str(rest);
    assert!(blocks > 0, "the README shows output");
    assert!(
        fresh.lines().count() <= 150,
        "the README is at most 150 lines"
    );
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(PATH, &fresh).expect("the README is writable");
    }
    assert!(
        fresh == readme || std::env::var_os("UPDATE_DOCS").is_some(),
        "run UPDATE_DOCS=1 cargo test --test readme"
    );
}
