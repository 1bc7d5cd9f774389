//! Profiles as people name them: one that is shipped, or a file in TOML.

use std::path::Path;

use super::{CliError, input};
use crate::{spelling, validator::Profile};

/// The profile of this name, or of the file at this path.
pub(super) fn open(text: &str) -> Result<Profile, CliError> {
    if let Some(profile) = Profile::named(text) {
        return Ok(profile);
    }
    let path = Path::new(text);
    let is_path = text.contains(['/', '.']) || path.exists();
    if !is_path {
        return Err(CliError::Unknown {
            what: "profile",
            list: "docs/profiles.md",
            name: text.to_owned(),
            nearest: spelling::nearest(text, Profile::NAMES).map(str::to_owned),
        });
    }
    let problem = |problem: String| CliError::Profile {
        path: path.to_owned(),
        problem,
    };
    let text = input::settings(path)?;
    Profile::from_toml(&text).map_err(|error| problem(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_a_name_or_a_file() {
        assert_eq!(open("webpki").expect("shipped"), Profile::webpki());
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("mine.toml");
        std::fs::write(&file, "name = \"mine\"\npositive-serials = true\n").expect("written");
        let read = open(file.to_str().expect("a path")).expect("a profile");
        assert!(read.name == "mine" && read.positive_serials && !read.check_anchors);
        std::fs::write(&file, "positive-serial = true").expect("written");
        let error = open(file.to_str().expect("a path")).expect_err("a typo");
        assert!(error.to_string().contains("positive-serial"), "{error}");
        assert!(open("webpk").is_err());
    }
}
