//! Files read whole up to a bound, so that neither a disk image nor a device that
//! never ends fills the memory, whatever a path leads to.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long somebody may take to write to a pipe.
const PIPE_PATIENCE: Duration = Duration::from_secs(10);

/// A file that is not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system does not give it.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is longer than anything of its kind.
    #[error("longer than {0}, the most that is read here")]
    TooLong(Size),
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is no text.
    #[error("not text: no UTF-8 at byte {0}")]
    NotText(usize),
}

/// A number of octets, as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            octets if octets >= 1 << 20 && octets % (1 << 20) != 0 => {
                write!(f, "{:.1} MiB", octets as f64 / f64::from(1 << 20))
            }
            octets if octets >= 1 << 20 => write!(f, "{} MiB", octets >> 20),
            octets if octets >= 1 << 10 => write!(f, "{} KiB", octets >> 10),
            octets => write!(f, "{octets} bytes"),
        }
    }
}

/// All octets of a file, at most so many.
///
/// # Errors
/// When it cannot be read, or is longer.
pub fn octets(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    match is_pipe(path) {
        true => of_pipe(path, limit),
        false => of_file(path, limit),
    }
}

/// Whether a path leads to a pipe, of which nobody knows whether anybody will ever write to it.
fn is_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// The same of a pipe. Opening one and reading from it may take for ever, so a thread is left to it.
fn of_pipe(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    thread::spawn(move || sender.send(of_file(&path, limit)));
    receiver.recv_timeout(PIPE_PATIENCE).unwrap_or_else(|_| {
        let why = format!("a pipe to which nobody has written in {PIPE_PATIENCE:?}");
        Err(FileError::Read(io::Error::new(
            io::ErrorKind::TimedOut,
            why,
        )))
    })
}

fn of_file(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let file = File::open(path)?;
    // What is told to be longer need not be read; what is no file of a disk tells nothing.
    if file.metadata()?.len() > limit {
        return Err(FileError::TooLong(Size(limit)));
    }
    let mut octets = Vec::new();
    file.take(limit + 1).read_to_end(&mut octets)?;
    match octets.len() as u64 > limit {
        true => Err(FileError::TooLong(Size(limit))),
        false => Ok(octets),
    }
}

/// All text of a file, at most so many octets of it, and some.
///
/// # Errors
/// When it cannot be read, is longer, is empty, or is no text.
pub fn text(path: &Path, limit: u64) -> Result<String, FileError> {
    let octets = octets(path, limit)?;
    if octets.is_empty() {
        return Err(FileError::Empty);
    }
    String::from_utf8(octets).map_err(|error| FileError::NotText(error.utf8_error().valid_up_to()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_units() {
        let told =
            [1, 1 << 10, 64 << 10, 1 << 20, 256 << 20].map(|octets| Size(octets).to_string());
        assert_eq!(told, ["1 bytes", "1 KiB", "64 KiB", "1 MiB", "256 MiB"]);
    }

    #[test]
    #[cfg(all(unix, feature = "server"))]
    fn nothing_is_read_beyond_the_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let told = |path: &Path| text(path, 4).map_err(|error| error.to_string());
        std::fs::write(&path, "four").expect("writes");
        assert_eq!(told(&path), Ok("four".into()));
        std::fs::write(&path, b"ab\xff").expect("writes");
        assert_eq!(told(&path), Err("not text: no UTF-8 at byte 2".into()));
        std::fs::write(&path, "").expect("writes");
        assert_eq!(told(&path), Err("the file is empty".into()));
        let longer = Err("longer than 4 bytes, the most that is read here".to_owned());
        let file = File::create(&path).expect("creates");
        // Sparse, and longer than any memory.
        file.set_len(1 << 42).expect("grows");
        assert_eq!(told(&path), longer);
        // A device that never ends has no length.
        assert_eq!(told(Path::new("/dev/zero")), longer);
        assert!(matches!(
            octets(folder.path(), 4),
            Err(FileError::Read(_) | FileError::TooLong(_))
        ));
    }
}
