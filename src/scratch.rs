//! Folders for as long as something runs: private, gone with their value, and
//! gone at the next start where a process was killed before it could remove them.
//!
//! Each holds a file that its process has locked. The system takes a lock back
//! from a process that ends, however it ends, so a folder whose lock can be had
//! belongs to nobody any more.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, Once, PoisonError},
};

use tempfile::TempDir;

/// What the names of all these folders begin with.
const PREFIX: &str = "gatecrash-";

/// The file that is locked.
const HELD: &str = ".held";

/// The folders that this process has.
static THERE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A fresh folder into which nobody else may look. It goes when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    /// None where the file system has no locks: then the folder is never taken for left behind.
    _held: Option<File>,
}

impl Scratch {
    /// A folder where the system keeps such things. The first also removes what killed processes left there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(purpose: &str) -> io::Result<Self> {
        static SWEPT: Once = Once::new();
        let root = std::env::temp_dir();
        SWEPT.call_once(|| remove_abandoned(&root));
        Self::below(&root, purpose)
    }

    fn below(root: &Path, purpose: &str) -> io::Result<Self> {
        let prefix = format!("{PREFIX}{purpose}-");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        loop {
            let folder = builder.tempdir_in(root)?;
            let held = hold(&folder.path().join(HELD));
            // Another process may have taken it for abandoned before it was locked.
            if folder.path().exists() {
                there().push(folder.path().to_owned());
                return Ok(Self {
                    folder,
                    _held: held,
                });
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        there().retain(|path| path != self.path());
    }
}

/// Removes the folders of a process that ends without dropping them.
pub fn remove_all() {
    for folder in there().drain(..) {
        let _ = fs::remove_dir_all(folder);
    }
}

fn there() -> MutexGuard<'static, Vec<PathBuf>> {
    THERE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hold(path: &Path) -> Option<File> {
    let file = File::create_new(path).ok()?;
    match file.lock() {
        Ok(()) => Some(file),
        Err(_) => {
            // Without it nobody takes the folder for abandoned.
            let _ = fs::remove_file(path);
            None
        }
    }
}

/// Removes the folders of processes that are gone. What cannot be removed stays.
fn remove_abandoned(root: &Path) {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    for entry in named {
        let (path, held) = (entry.path(), entry.path().join(HELD));
        let is_ours = entry
            .metadata()
            .is_ok_and(|found| found.is_dir() && is_own(&found));
        // Whoever opens something that is no file may wait for ever.
        if !is_ours || !held.symlink_metadata().is_ok_and(|found| found.is_file()) {
            continue;
        }
        if let Ok(file) = File::open(&held)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// Whether it is of the account that this process runs under.
#[cfg(unix)]
fn is_own(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_own(_: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_removed_and_nothing_else() {
        let root = tempfile::tempdir().expect("a folder");
        let held = Scratch::below(root.path(), "held").expect("a folder");
        let made = |name: &str, file: Option<&str>| {
            let path = root.path().join(name);
            fs::create_dir(&path).expect("a folder");
            if let Some(file) = file {
                fs::write(path.join(file), "").expect("a file");
            }
            path
        };
        let abandoned = made("gatecrash-server-1", Some(HELD));
        let kept = [
            made("gatecrash-of-somebody", Some("notes")),
            made("another", Some(HELD)),
            held.path().to_owned(),
        ];
        remove_abandoned(root.path());
        assert!(!abandoned.exists());
        for path in kept {
            assert!(path.exists(), "{}", path.display());
        }
    }

    #[test]
    fn a_folder_goes_with_its_value() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = Scratch::below(root.path(), "short").expect("a folder");
        fs::write(folder.path().join("file"), "text").expect("writes");
        let path = folder.path().to_owned();
        assert!(there().contains(&path));
        drop(folder);
        assert!(!path.exists() && !there().contains(&path));
    }
}
