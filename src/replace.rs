//! Files that are replaced whole or not at all: neither a full disk nor an
//! interrupt leaves half of one in the place of what was there.

use std::{fs, io, path::Path};

/// Writes a file beside its place and renames it into it.
///
/// # Errors
/// When it cannot be written; what stood there then still does.
pub fn replace(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    let written = fs::write(&fresh, octets).and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

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
