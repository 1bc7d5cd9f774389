//! Files that are replaced whole or not at all: neither a full disk nor an
//! interrupt leaves half of one in the place of what was there.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

/// Writes a file beside its place and renames it into it.
///
/// # Errors
/// When it cannot be written; what stood there then still does.
pub fn replace(path: &Path, octets: &[u8]) -> io::Result<()> {
    through(path, octets, &mut OpenOptions::new())
}

/// The same for a file that only its owner may read, from its first octet on.
///
/// # Errors
/// As [`replace`].
pub fn replace_secret(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    through(path, octets, &mut options)
}

fn through(path: &Path, octets: &[u8], options: &mut OpenOptions) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    let options = options.write(true).create(true).truncate(true);
    let written = options
        .open(&fresh)
        .and_then(|mut file| file.write_all(octets))
        .and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_secret_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kept.key");
        fs::write(&path, b"older, for all to read").expect("writes");
        replace_secret(&path, b"secret").expect("writes");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_cannot_be_written_leaves_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kept.txt");
        replace(&path, b"one").expect("writes");
        replace(&path, b"two").expect("writes again");
        assert_eq!(fs::read(&path).expect("reads"), b"two");
        // A folder in the way of the fresh file stands in for a disk that takes no more.
        fs::create_dir(folder.path().join("kept.txt.new")).expect("a folder");
        replace(&path, b"three").expect_err("the way is blocked");
        assert_eq!(fs::read(&path).expect("reads"), b"two");
    }
}
