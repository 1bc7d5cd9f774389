//! A reproducer: a case that is kept, as a recipe in text with its DER beside it.
//!
//! The text is what counts, and the DER is the proof that it still means the
//! same: a replay mints the recipe again and compares every byte. So a kept case
//! cannot change its meaning in silence when the generator or the mint does.
//!
//! A reproducer is a folder: `case.toml`, `anchor-0.der`, `chain-0.der`,
//! `crl-0.der` and on, and the same with `twin-` in front where it has a twin.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    bounded::{self, FileError},
    case::{Case, Expected, Pair, Requirements, Role},
    defect::{self, Defect, Position},
    mint::{MintError, Minter},
    recipe::{Recipe, RecipeError, stray_table},
    replace::replace,
    spelling::{did_you_mean, in_words_of_toml, nearest},
    verdict::Reason,
};

/// The name of the text in a reproducer's folder.
pub const TEXT: &str = "case.toml";

/// The most octets of a text: the largest that is kept has some hundred thousand.
pub(super) const MAX_TEXT: u64 = 16 << 20;

/// A case that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reproducer {
    /// Why it is kept: what it showed, of whom, and where that was reported.
    pub why: String,
    /// The defect's id, where it is of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// Where the defect stands.
    pub position: Position,
    /// The reasons for which it must be refused; for any when there are none.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// Whether it must be accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub good: bool,
    /// The shipped profile that the reference judges it by: `strict-mtls` where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The case.
    pub recipe: Recipe,
    /// The same without the defect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<Recipe>,
}

/// A reproducer that cannot be read, written or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReproducerError {
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// The text is not read.
    #[error("{}: {error}", path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// Why.
        error: FileError,
    },
    /// The text is not a reproducer.
    #[error("{}: line {line}: {message}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// The recipe cannot be minted.
    #[error("{}: {error}", path.display())]
    Mint {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        error: MintError,
    },
    /// The defect is not of the catalogue.
    #[error("{}: line {line}: no defect is called `{id}`{}", path.display(), did_you_mean(*.nearest))]
    UnknownDefect {
        /// The file.
        path: PathBuf,
        /// The line that names it, from 1.
        line: usize,
        /// The id.
        id: String,
        /// The id that was probably meant.
        nearest: Option<&'static str>,
    },
    /// Minting the recipe again gives other bytes than those that are kept.
    #[error("{}: {}", path.display(), match missing {
        true => "this file is missing, which the recipe gives",
        false => "the recipe no longer gives these bytes",
    })]
    Rotten {
        /// The DER that differs, is missing, or is one too many.
        path: PathBuf,
        /// Whether it is missing.
        missing: bool,
    },
    /// It cannot be written as text.
    #[error("the case cannot be written: {0}")]
    Unwritable(String),
    /// It could not be read again.
    #[error("the case cannot be written: {0}")]
    Unsound(RecipeError),
}

impl Reproducer {
    /// A pair of the catalogue, kept for this reason. None when it was not minted here.
    pub fn of_pair(pair: &Pair, why: impl Into<String>) -> Option<Self> {
        Some(Self {
            why: why.into(),
            defect: pair.hostile.defect.map(|id| id.0.to_owned()),
            position: pair.hostile.position,
            reasons: pair.hostile.expected.reasons().to_vec(),
            good: false,
            profile: None,
            recipe: pair.hostile.recipe.clone()?,
            twin: Some(pair.twin.recipe.clone()?),
        })
    }

    /// Reads the text of a reproducer. The path is its folder, or the text itself.
    ///
    /// # Errors
    /// When there is no text, it is not a reproducer, or its recipe does not hold together.
    pub fn read(path: &Path) -> Result<Self, ReproducerError> {
        let path = text_of(path);
        let text = bounded::text(&path, MAX_TEXT).map_err(|error| ReproducerError::Unread {
            path: path.clone(),
            error,
        })?;
        if let Some((line, message)) = stray_field(&text) {
            return Err(ReproducerError::Text {
                path,
                line,
                message,
            });
        }
        let reproducer: Self = toml::from_str(&text).map_err(|error| {
            let is_twice = error.message().contains("duplicate key");
            let stray = is_twice.then(|| stray_table(&text)).flatten();
            let (line, message) = stray.unwrap_or_else(|| {
                let span = error.span();
                (
                    span.map_or(1, |span| crate::spelling::line_at(&text, span.start)),
                    in_words_of_toml(error.message()),
                )
            });
            ReproducerError::Text {
                path: path.clone(),
                line,
                message,
            }
        })?;
        reproducer.known_defect(&path)?;
        #[cfg(feature = "reference")]
        reproducer.check_profile(&path)?;
        for recipe in [Some(&reproducer.recipe), reproducer.twin.as_ref()]
            .into_iter()
            .flatten()
        {
            let sound = recipe.check().and_then(|()| recipe.check_crl_labels());
            sound.map_err(|error| ReproducerError::Mint {
                path: path.clone(),
                error: error.in_text(recipe, &text).into(),
            })?;
        }
        Ok(reproducer)
    }

    /// Writes the folder: the text, and the DER that it mints. A folder that is new and cannot be
    /// filled is taken away again.
    ///
    /// # Errors
    /// When it cannot be minted, could not be read again, or a file cannot be written.
    pub fn write(&self, folder: &Path, minter: &Minter) -> Result<(), ReproducerError> {
        for recipe in [Some(&self.recipe), self.twin.as_ref()]
            .into_iter()
            .flatten()
        {
            recipe
                .check_crl_labels()
                .map_err(ReproducerError::Unsound)?;
        }
        let text = toml::to_string(self)
            .map_err(|error| ReproducerError::Unwritable(error.to_string()))?;
        let files = self.files(folder, minter)?;
        let write = |path: &Path, bytes: &[u8]| {
            replace(path, bytes).map_err(|error| ReproducerError::File {
                path: path.to_owned(),
                error,
            })
        };
        let is_new = !folder.exists();
        fs::create_dir_all(folder).map_err(|error| ReproducerError::File {
            path: folder.to_owned(),
            error,
        })?;
        let written = write(&folder.join(TEXT), text.as_bytes()).and_then(|()| {
            let mut files = files.iter();
            files.try_for_each(|(path, bytes)| write(path, bytes))
        });
        if written.is_err() && is_new {
            let _ = fs::remove_dir_all(folder);
        }
        written
    }

    /// The case and its twin, minted again from the text.
    ///
    /// The id of the case is the name of the folder.
    ///
    /// # Errors
    /// When it cannot be minted, or its defect is not of the catalogue.
    pub fn mint(
        &self,
        path: &Path,
        minter: &Minter,
    ) -> Result<(Case, Option<Case>), ReproducerError> {
        let text = text_of(path);
        let defect = self.known_defect(&text)?;
        let folder = text
            .parent()
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned());
        let name = folder.unwrap_or_else(|| "case".to_owned());
        let case = |id: String, recipe: &Recipe, expected: Expected, role: Role| {
            let case =
                Case::from_recipe(minter, recipe.clone(), id, expected).map_err(|error| {
                    ReproducerError::Mint {
                        path: text.clone(),
                        error,
                    }
                })?;
            Ok(Case {
                defect: defect.map(|defect| defect.id),
                position: self.position,
                role,
                requirements: Requirements {
                    profile: self.profile.clone(),
                    ..case.requirements
                },
                ..case
            })
        };
        let expected = if self.good {
            Expected::Accept
        } else {
            Expected::Reject(self.reasons.clone())
        };
        let twin = self
            .twin
            .as_ref()
            .map(|twin| case(format!("{name}~twin"), twin, Expected::Accept, Role::Twin));
        Ok((
            case(name, &self.recipe, expected, Role::Hostile)?,
            twin.transpose()?,
        ))
    }

    /// That the profile is one that is shipped. Without the reference nothing is judged by it.
    #[cfg(feature = "reference")]
    fn check_profile(&self, text: &Path) -> Result<(), ReproducerError> {
        use crate::validator::Profile;
        match &self.profile {
            Some(name) if !Profile::NAMES.contains(&name.as_str()) => Err(ReproducerError::Text {
                path: text.to_owned(),
                line: line_of(text, name),
                message: format!(
                    "no profile is called `{name}`{}",
                    did_you_mean(nearest(name, Profile::NAMES))
                ),
            }),
            _ => Ok(()),
        }
    }

    /// The defect of the catalogue that the text names, if it names one.
    fn known_defect(&self, text: &Path) -> Result<Option<&'static Defect>, ReproducerError> {
        let find = |id: &String| {
            defect::find(id).ok_or_else(|| ReproducerError::UnknownDefect {
                line: line_of(text, id),
                path: text.to_owned(),
                id: id.clone(),
                nearest: defect::nearest(id),
            })
        };
        self.defect.as_ref().map(find).transpose()
    }

    /// Compares the DER that is kept with what the recipe mints.
    ///
    /// # Errors
    /// Names the first file that differs, is missing, or is one too many.
    pub fn check(&self, path: &Path, minter: &Minter) -> Result<(), ReproducerError> {
        let text = text_of(path);
        let folder = text.parent().unwrap_or(Path::new("."));
        let files = self.files(folder, minter)?;
        for (path, bytes) in &files {
            let kept = fs::read(path);
            if !matches!(&kept, Ok(kept) if kept == bytes) {
                return Err(ReproducerError::Rotten {
                    path: path.clone(),
                    missing: kept.is_err(),
                });
            }
        }
        let kept = fs::read_dir(folder).map_err(|error| ReproducerError::File {
            path: folder.to_owned(),
            error,
        })?;
        for entry in kept.flatten() {
            let path = entry.path();
            let is_der = path.extension().is_some_and(|extension| extension == "der");
            if is_der && !files.iter().any(|(expected, _)| *expected == path) {
                return Err(ReproducerError::Rotten {
                    path,
                    missing: false,
                });
            }
        }
        Ok(())
    }

    /// The DER of the case and its twin, each with the file it belongs in.
    fn files(
        &self,
        folder: &Path,
        minter: &Minter,
    ) -> Result<Vec<(PathBuf, Vec<u8>)>, ReproducerError> {
        let mut files = Vec::new();
        for (prefix, recipe) in [("", Some(&self.recipe)), ("twin-", self.twin.as_ref())] {
            let Some(recipe) = recipe else { continue };
            let minted = minter.mint(recipe).map_err(|error| ReproducerError::Mint {
                path: folder.join(TEXT),
                error,
            })?;
            for (kind, list) in [
                ("anchor", minted.anchors),
                ("chain", minted.chain),
                ("crl", minted.crls),
            ] {
                for (index, der) in list.into_iter().enumerate() {
                    files.push((folder.join(format!("{prefix}{kind}-{index}.der")), der));
                }
            }
        }
        Ok(files)
    }
}

/// The fields of a reproducer.
const FIELDS: &[&str] = &[
    "why", "defect", "position", "reasons", "good", "profile", "recipe", "twin",
];

/// A field that no reproducer has, with its line: where the name of a table is misspelt, the
/// reader would miss what is in it before it told of the name.
fn stray_field(text: &str) -> Option<(usize, String)> {
    let top: toml::Table = toml::from_str(text).ok()?;
    let stray = top.keys().find(|key| !FIELDS.contains(&key.as_str()))?;
    let line = text
        .lines()
        .position(|line| line.trim_start_matches('[').starts_with(stray.as_str()));
    let meant = nearest(stray, FIELDS.iter().copied());
    Some((
        line.map_or(1, |index| index + 1),
        format!("unknown field `{stray}`{}", did_you_mean(meant)),
    ))
}

/// Whether a text says something at its top that only a reproducer says. A table whose name is
/// misspelt is then told as such, and not each field before it.
pub fn is_reproducer(text: &str) -> bool {
    let fields = ["why", "position", "reasons", "recipe", "twin"];
    match toml::from_str::<toml::Table>(text) {
        Ok(top) => fields.iter().any(|field| top.contains_key(*field)),
        // What is no TOML at all, for a number that is too large somewhere, still begins as it is meant.
        Err(_) => text.lines().any(|line| line.starts_with("why = ")),
    }
}

/// Whether there is any DER beside a reproducer's text, its folder or the text itself.
pub fn keeps_der(path: &Path) -> bool {
    let text = text_of(path);
    let beside = fs::read_dir(text.parent().unwrap_or(Path::new("."))).into_iter();
    let is_der = |path: PathBuf| path.extension().is_some_and(|extension| extension == "der");
    beside.flatten().flatten().any(|entry| is_der(entry.path()))
}

/// A reproducer's text, from its folder or the text itself.
fn text_of(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(TEXT)
    } else {
        path.to_owned()
    }
}

/// The reproducers at a path: itself, or all folders below it that hold one, by name.
///
/// # Errors
/// When a folder cannot be read.
pub fn list(path: &Path) -> Result<Vec<PathBuf>, ReproducerError> {
    if !path.is_dir() || path.join(TEXT).is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| ReproducerError::File {
        path: path.to_owned(),
        error,
    })?;
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let mut found = Vec::new();
    for folder in folders {
        found.extend(list(&folder)?);
    }
    Ok(found)
}

/// The first line of a file that holds this text; the first of all when none does.
fn line_of(path: &Path, wanted: &str) -> usize {
    let text = bounded::text(path, MAX_TEXT).unwrap_or_default();
    text.lines()
        .position(|line| line.contains(wanted))
        .map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::pair, recipe::generate::Setting};

    fn kept() -> (tempfile::TempDir, PathBuf, Reproducer) {
        let minter = Minter::new();
        let expired = defect::find("validity/expired").expect("in the catalogue");
        let setting = Setting {
            crls: true,
            ..Setting::default()
        };
        let pair = pair(&minter, expired, Position::EndEntity, &setting, 0).expect("fits");
        let reproducer = Reproducer::of_pair(&pair, "kept to try it out").expect("minted here");
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("validity").join("expired");
        reproducer.write(&folder, &minter).expect("writes");
        (root, folder, reproducer)
    }

    #[test]
    fn what_is_written_reads_back_mints_the_same_and_is_found() {
        let (root, folder, reproducer) = kept();
        let read = Reproducer::read(&folder).expect("reads");
        assert_eq!(read, reproducer);
        read.check(&folder, &Minter::new()).expect("the same bytes");
        assert_eq!(
            list(root.path()).expect("lists"),
            std::slice::from_ref(&folder)
        );
        let (hostile, twin) = read.mint(&folder, &Minter::new()).expect("mints");
        assert_eq!(
            (hostile.id.as_str(), hostile.expected.word()),
            ("expired", "reject")
        );
        assert_eq!(twin.expect("a twin").expected, Expected::Accept);
    }

    #[test]
    fn der_that_differs_is_missing_or_is_one_too_many_is_rot() {
        let spoils: [fn(&Path); 3] = [
            |folder| fs::write(folder.join("chain-0.der"), b"other").expect("writes"),
            |folder| fs::remove_file(folder.join("twin-anchor-0.der")).expect("removes"),
            |folder| fs::write(folder.join("chain-9.der"), b"more").expect("writes"),
        ];
        for spoil in spoils {
            let (_root, folder, reproducer) = kept();
            spoil(&folder);
            let error = reproducer.check(&folder, &Minter::new()).expect_err("rot");
            assert!(matches!(error, ReproducerError::Rotten { .. }), "{error}");
        }
    }

    #[test]
    fn a_reproducer_is_told_from_a_recipe_by_any_field_of_its_own() {
        for (text, expected) in [
            ("why = \"x\"\n[recpe]\npurpose = \"client\"", true),
            ("[recipe]\npurpose = \"client\"", true),
            ("purpose = \"client\"", false),
            ("purpose = ", false),
            (
                "why = \"x\"\n[recipe]\npath-length = 99999999999999999999",
                true,
            ),
        ] {
            assert_eq!(is_reproducer(text), expected, "{text}");
        }
    }

    #[test]
    fn text_that_is_no_reproducer_is_refused_with_its_line() {
        let (_root, folder, _) = kept();
        let text = fs::read_to_string(folder.join(TEXT)).expect("reads");
        for (from, to, expected) in [
            ("why = ", "reason = ", "unknown field"),
            (
                "issuer = \"anchor\"",
                "issuer = \"anchr\"",
                "labelled `anchr`; did you mean `anchor`?",
            ),
            (
                "\"expired\"",
                "\"expird\"",
                "unknown reason `expird`, did you mean `expired`?",
            ),
            (
                "label = \"crl-anchor\"",
                "label = \"crl-intermediate-1\"",
                "two CRLs are labelled `crl-intermediate-1`",
            ),
            ("[[recipe.crl]]", "[[recipe.crls]]", "unknown field `crls`"),
            ("serial = \"", "serial = 99999999999999999999 # \"", "line "),
            (
                "[recipe]",
                "[recpe]",
                "unknown field `recpe`; did you mean `recipe`?",
            ),
            (
                "position = ",
                "profile = \"rfc528\"\nposition = ",
                "no profile is called `rfc528`; did you mean `rfc5280`?",
            ),
            (
                "position = \"end-entity\"",
                "position = \"elsewhere\"",
                "line ",
            ),
        ] {
            fs::write(folder.join(TEXT), text.replacen(from, to, 1)).expect("writes");
            let error = Reproducer::read(&folder).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
