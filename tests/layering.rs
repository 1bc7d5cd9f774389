//! A module uses only modules above it in the list of `lib.rs`.
//!
//! The order is read from `lib.rs` itself. Files and folders are covered, test
//! modules included, and a name may not come in through the crate's root.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The modules in their order, as `lib.rs` has them.
fn order(lib: &str) -> Vec<String> {
    lib.lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

/// Source text without comments and string literals, so that only code is left.
fn code(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(raw) = raw_string(rest) {
            raw
        } else if c == '"' {
            plain_string(rest)
        } else if rest.starts_with("'\"'") {
            3
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        out.push(' ');
        rest = &rest[skip..];
    }
    out
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text
        .strip_prefix('r')?
        .bytes()
        .take_while(|byte| *byte == b'#')
        .count();
    let body = text.get(1 + hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(2 + hashes + body.find(&end)? + end.len())
}

fn plain_string(text: &str) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// The first names after each `prefix` in the code: one, or those of a group in braces.
fn names_after(code: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (index, _) in code.match_indices(prefix) {
        let before = code[..index].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[index + prefix.len()..];
        match rest.strip_prefix('{') {
            None => names.push(word(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut at_start = true;
                for (index, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => at_start = true,
                        c if at_start && depth == 0 && !c.is_whitespace() => {
                            names.push(word(&group[index..]));
                            at_start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)
            .expect("the folder is readable")
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Everything in a source folder that runs against the direction, each with its file.
fn violations(src: &Path) -> Vec<String> {
    let order = order(&fs::read_to_string(src.join("lib.rs")).expect("lib.rs is readable"));
    assert!(
        order.len() > 10,
        "lib.rs lists its modules, one `pub mod` a line"
    );
    let place = |name: &str| order.iter().position(|module| module == name);
    let mut found = Vec::new();
    for path in rust_files(src) {
        let inside = path.strip_prefix(src).expect("it is inside");
        let parts: Vec<String> = inside
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if parts == ["lib"] || parts == ["main"] {
            continue;
        }
        let shown = inside.display();
        let Some(own) = place(&parts[0]) else {
            found.push(format!(
                "{shown}: `{}` is not in the list of lib.rs",
                parts[0]
            ));
            continue;
        };
        if parts.len() > 3 {
            found.push(format!("{shown}: more than two levels of folders"));
        }
        let code = code(&fs::read_to_string(&path).expect("the file is readable"));
        for name in names_after(&code, "crate::")
            .into_iter()
            .chain(names_after(&code, "$crate::"))
        {
            match place(&name) {
                Some(other) if other <= own => {}
                Some(_) => found.push(format!(
                    "{shown}: `{}` stands above `{name}` and may not use it",
                    parts[0]
                )),
                None => found.push(format!(
                    "{shown}: `crate::{name}` comes in through the root"
                )),
            }
        }
        // As many `super` as there are levels lead to the root, by another way.
        let levels = if parts.last().is_some_and(|last| last == "mod") {
            parts.len() - 1
        } else {
            parts.len()
        };
        for name in names_after(&code, &"super::".repeat(levels)) {
            let is_child = src.join(&parts[0]).join(format!("{name}.rs")).exists()
                || src.join(&parts[0]).join(&name).exists();
            if levels == 1 && is_child {
                continue;
            }
            if place(&name).is_some_and(|other| other > own) {
                found.push(format!(
                    "{shown}: `{}` stands above `{name}` and may not use it",
                    parts[0]
                ));
            }
        }
    }
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn no_module_uses_one_below_it() {
    let found = violations(&src());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_planted_reverse_import_is_found_wherever_it_stands() {
    let plants = [
        ("verdict.rs", "use crate::report::Format;"),
        (
            "question.rs",
            "use crate::{\n    verdict::Reason,\n    cli,\n};",
        ),
        (
            "der/tree.rs",
            "fn f() -> crate::engine::Observation { todo!() }",
        ),
        (
            "recipe/mod.rs",
            "#[cfg(test)]\nmod planted { use crate::{verdict::{Clause, Reason}, run::{self}}; }",
        ),
        ("verdict.rs", "use super::report;"),
        ("der/tree.rs", "use super::super::report;"),
        ("verdict.rs", "use crate::Gauntlet;"),
        ("stranger.rs", ""),
    ];
    for (file, plant) in plants {
        let root = tempfile::tempdir().expect("a folder");
        for path in rust_files(&src()) {
            let copy = root
                .path()
                .join(path.strip_prefix(src()).expect("it is inside"));
            fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
            fs::copy(&path, &copy).expect("copies");
        }
        let path = root.path().join(file);
        let source = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, format!("{source}\n{plant}\n")).expect("writes");
        let found = violations(root.path());
        assert_eq!(found.len(), 1, "{file}: {plant}: {found:?}");
        assert!(found[0].starts_with(file), "{found:?}");
    }
}

#[test]
fn what_stands_in_comments_and_strings_is_no_import() {
    let text = code(
        "a /* crate::x */ \"crate::y \\\" crate::z\" r#\"crate::w \" \"# // crate::v\n crate::u '\"' crate::t",
    );
    assert_eq!(names_after(&text, "crate::"), ["u", "t"]);
    assert_eq!(
        names_after("use crate::{a::{b, c}, d, e::*};", "crate::"),
        ["a", "d", "e"]
    );
}
