//! A certificate and a key that do not belong together: which file was probably meant.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{CliError, input};
use crate::mint::{Kinship, TemplateError, kinship};

/// Files of a folder that are looked at for what was meant.
const MAX_FILES: usize = 200;

/// What is wrong with a certificate and its key; where they are of two pairs, with what would fit.
pub(super) fn error(certificate: &Path, key: &Path, error: TemplateError) -> CliError {
    if !matches!(error, TemplateError::KeyMismatch { .. }) {
        return CliError::template(certificate, error);
    }
    let difference = match compare(certificate, key) {
        Some(Kinship::Differs(difference)) => format!(" ({difference})"),
        _ => String::new(),
    };
    let (certificate_name, key_name) = (certificate.display(), key.display());
    let message = format!("{key_name} does not belong to {certificate_name}{difference}");
    let fits = |certificate: &Path, key: &Path| {
        matches!(compare(certificate, key), Some(Kinship::Belongs))
    };
    let others = neighbours(key).into_iter().chain(neighbours(certificate));
    let others: Vec<PathBuf> = others.collect();
    let hint = match others.iter().find(|other| fits(certificate, other)) {
        Some(other) => format!(
            "was it `{}` that you meant? It fits {certificate_name}.",
            other.display()
        ),
        None => match others.iter().find(|other| fits(other, key)) {
            Some(other) => format!(
                "was it `{}` that you meant? {key_name} fits it.",
                other.display()
            ),
            None => format!("no file beside them fits {certificate_name} or {key_name}"),
        },
    };
    CliError::arguments(message, hint)
}

fn compare(certificate: &Path, key: &Path) -> Option<Kinship> {
    let chain = input::certificates(certificate).ok()?;
    let key = input::private_key(key).ok()?;
    kinship(chain.first()?, &key)
}

/// The files of the same folder, in the order of their names.
fn neighbours(path: &Path) -> Vec<PathBuf> {
    let Some(folder) = path.parent() else {
        return Vec::new();
    };
    let here = folder.as_os_str().is_empty();
    let mut files: Vec<PathBuf> = fs::read_dir(if here { Path::new(".") } else { folder })
        .into_iter()
        .flatten()
        .flatten()
        .take(MAX_FILES)
        // As the user would write it.
        .map(|entry| folder.join(entry.file_name()))
        .filter(|other| other.is_file() && other != path)
        .collect();
    files.sort();
    files
}
