//! `scan.toml`: the options of `gatecrash scan` in a file, by the same names.
//!
//! The file becomes arguments, so that an option that is added is known here
//! too. What stands on the command line counts before what stands in the file.

use std::{any::TypeId, ffi::OsString, path::Path};

use clap::{Arg, ArgAction};
use toml::Value;

use super::{CliError, input};
use crate::spelling;

/// The most that such a file may have.
const MAX: u64 = 1 << 20;

/// The arguments of the file that the command line does not give itself, in the file's order.
///
/// `command` is the subcommand, `given` what stands after its name on the command line.
pub(super) fn arguments(
    path: &Path,
    command: &clap::Command,
    given: &[OsString],
    has_endpoint: bool,
) -> Result<Vec<OsString>, CliError> {
    let wrong = |line: usize, message: String| {
        let at = match line {
            0 => String::new(),
            line => format!("line {line}: "),
        };
        CliError::arguments(
            format!("{}: {at}{message}", path.display()),
            "the keys are the options of `gatecrash scan --help` without their hyphens in front",
        )
    };
    let bytes = input::bytes(path, "such a file", MAX)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong(0, "it is not UTF-8".to_owned()))?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| {
        let line = error
            .span()
            .map_or(0, |span| spelling::line_at(&text, span.start));
        wrong(line, error.message().to_owned())
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut arguments = Vec::new();
    for (key, value) in &table {
        if key == "endpoint" {
            let endpoint = value.as_str();
            let endpoint =
                endpoint.ok_or_else(|| wrong(0, "`endpoint` must be text".to_owned()))?;
            if !has_endpoint {
                arguments.push(endpoint.into());
            }
            continue;
        }
        let mut known = command.get_arguments();
        let Some(option) = known.find(|option| option.get_long() == Some(key)) else {
            let names = command.get_arguments().filter_map(Arg::get_long);
            let nearest = spelling::nearest(key, names);
            let meant = spelling::did_you_mean(nearest);
            return Err(wrong(0, format!("no option is called `{key}`{meant}")));
        };
        if is_given(given, key) {
            continue;
        }
        let values = of_option(option, value, folder).ok_or_else(|| {
            wrong(
                0,
                format!("`{key}` has a value of another kind than its option"),
            )
        })?;
        arguments.extend(values);
    }
    Ok(arguments)
}

fn is_given(given: &[OsString], key: &str) -> bool {
    let long = format!("--{key}");
    given.iter().any(|word| {
        let word = word.to_string_lossy();
        word == long || word.starts_with(&format!("{long}="))
    })
}

/// One option as arguments. Paths are relative to the file's folder.
fn of_option(option: &Arg, value: &Value, folder: &Path) -> Option<Vec<OsString>> {
    let long = option.get_long()?;
    if matches!(option.get_action(), ArgAction::SetTrue) {
        let set = value.as_bool()?;
        return Some(if set {
            vec![format!("--{long}").into()]
        } else {
            Vec::new()
        });
    }
    let is_path = option.get_value_parser().type_id() == TypeId::of::<std::path::PathBuf>();
    let one = |value: &Value| -> Option<OsString> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            _ => return None,
        };
        let text = match is_path {
            true => folder.join(text).into_os_string(),
            false => text.into(),
        };
        let mut word = OsString::from(format!("--{long}="));
        word.push(text);
        Some(word)
    };
    match value {
        Value::Array(values) if matches!(option.get_action(), ArgAction::Append) => {
            values.iter().map(one).collect()
        }
        value => one(value).map(|word| vec![word]),
    }
}
