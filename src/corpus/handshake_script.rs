//! Scripts of handshakes that are kept: bare text, one file a script, played as they stand.
//!
//! A script says what one peer does and nothing of its certificate, which is the
//! plainest good one. A file that bears the name of a defect of the family
//! `handshake` is that defect's script. Of any other the script tells: an honest
//! peer must be let in, and one that proves nothing must not. Who proves the
//! certificate and does something unusual beside it may be let in or refused.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::reproducer;
use crate::{
    bounded,
    case::{Case, Expected},
    defect::{self, Position},
    mint::{MintError, Minter},
    question::Purpose,
    recipe::generate::Setting,
    script::{Script, ScriptError, Side},
};

/// A script that cannot be read or played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptFileError {
    /// The file could not be read.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// The text is no script.
    #[error("{}: {error}", path.display())]
    Script {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        error: ScriptError,
    },
    /// The certificate around it cannot be minted.
    #[error(transparent)]
    Mint(#[from] MintError),
}

/// Whether a path is that of a script, and not of a reproducer.
pub fn is_script(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "toml")
        && path.file_name() != Some(reproducer::TEXT.as_ref())
        && !reproducer::is_reproducer(
            &bounded::text(path, reproducer::MAX_TEXT).unwrap_or_default(),
        )
}

/// The scripts at a path: itself, or the files in a folder, by their names.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(path: &Path) -> Result<Vec<PathBuf>, ScriptFileError> {
    if !path.is_dir() {
        return Ok(is_script(path)
            .then(|| path.to_owned())
            .into_iter()
            .collect());
    }
    let entries = fs::read_dir(path).map_err(|error| ScriptFileError::File {
        path: path.to_owned(),
        error,
    })?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && is_script(path))
        .collect();
    files.sort();
    Ok(files)
}

/// Reads a script.
///
/// # Errors
/// When there is none.
pub fn read(path: &Path) -> Result<Script, ScriptFileError> {
    let text = fs::read_to_string(path).map_err(|error| ScriptFileError::File {
        path: path.to_owned(),
        error,
    })?;
    Script::from_toml(&text).map_err(|error| ScriptFileError::Script {
        path: path.to_owned(),
        error,
    })
}

/// The case of a script: the plainest good chain, and the handshake as it stands.
///
/// # Errors
/// When the file holds no script.
pub fn case(path: &Path, minter: &Minter) -> Result<Case, ScriptFileError> {
    let script = read(path)?;
    let name = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let of_catalogue = defect::find(&format!("handshake/{}", name.trim_end_matches(OF_SERVER)));
    let expected = match of_catalogue {
        Some(defect) => Expected::Reject(defect.reasons.to_vec()),
        None if script.is_honest() && !script.tries_patience() => Expected::Accept,
        None if script.proves() => Expected::Either,
        None => Expected::Reject(Vec::new()),
    };
    let mut recipe = Setting {
        purpose: match script.side {
            Side::Client => Purpose::Client,
            Side::Server => Purpose::Server,
        },
        ..Setting::default()
    }
    .recipe();
    recipe.handshake = Some(script);
    let mut case = Case::from_recipe(minter, recipe, format!("handshake/{name}"), expected)?;
    case.defect = of_catalogue.map(|defect| defect.id);
    case.position = Position::Handshake;
    Ok(case)
}

/// The end of a name where the script is of a server and one of a client bears the bare name.
pub const OF_SERVER: &str = "-of-server";
