//! What tells one state of a file from the next.
//!
//! Links are followed to their ends, so a swapped link anywhere on the way is a change.

use std::{fs, path::Path};

use super::settings::Settings;

/// The state of one file. Two that are equal have the same contents, but for a clock set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(Facts);

#[cfg(unix)]
type Facts = (u64, u64, i64, i64, u64);

#[cfg(not(unix))]
type Facts = (Option<std::time::SystemTime>, u64);

impl Stamp {
    /// Those of every file of a configuration; `None` where there is none.
    pub(crate) fn of_all(settings: &Settings) -> Vec<Option<Self>> {
        settings.files().map(Self::of).collect()
    }

    fn of(file: &Path) -> Option<Self> {
        fs::metadata(file).ok().map(|found| Self(facts(&found)))
    }
}

#[cfg(unix)]
fn facts(found: &fs::Metadata) -> Facts {
    use std::os::unix::fs::MetadataExt;
    // The time of change moves with contents and permissions alike.
    (
        found.dev(),
        found.ino(),
        found.ctime(),
        found.ctime_nsec(),
        found.size(),
    )
}

#[cfg(not(unix))]
fn facts(found: &fs::Metadata) -> Facts {
    (found.modified().ok(), found.len())
}
