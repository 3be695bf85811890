//! The files of a CA, and who works in there.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use tempfile::NamedTempFile;

use super::error::CaError;
use crate::drop_in;
use crate::host::regular;

pub(super) const CERTIFICATE: &str = "ca.pem";
pub(super) const KEY: &str = "ca.key";
pub(super) const LIST: &str = "ca.crl";
pub(super) const LOG: &str = "log.jsonl";
pub(super) const HEAD: &str = "log.head";
pub(super) const DEVICES: &str = "devices";

/// Of a certificate, a key or a request.
const MAX_FILE: u64 = 256 * 1024;
/// How long another command is waited for: it holds the folder only while it signs and writes.
const PATIENCE: Duration = Duration::from_secs(20);
const MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// What the system says, with the path.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> CaError + '_ {
    |error| CaError::Io(path.to_owned(), error)
}

/// A file of the folder, up to what an honest one has.
pub(super) fn read(path: &Path) -> Result<String, CaError> {
    let bytes = read_up_to(path, MAX_FILE)?;
    String::from_utf8(bytes).map_err(|_| CaError::Damaged(path.to_owned(), "it is no text"))
}

pub(super) fn read_up_to(path: &Path, most: u64) -> Result<Vec<u8>, CaError> {
    let file = regular(path).map_err(at(path))?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(at(path))?;
    if bytes.len() as u64 > most {
        return Err(CaError::TooLarge(path.to_owned(), most));
    }
    Ok(bytes)
}

/// Makes a folder for root, or whoever keeps the CA, alone. Whether it was there is told.
pub(super) fn make(path: &Path) -> Result<bool, CaError> {
    match DirBuilder::new().mode(MODE).create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(at(path)(error)),
    }
}

/// The same below the CA's own, where a link that somebody has left on a stick would lead the keys to
/// another place.
pub(super) fn make_below(path: &Path) -> Result<bool, CaError> {
    let is_new = make(path)?;
    let is_folder = fs::symlink_metadata(path).map_err(at(path))?.is_dir();
    if is_folder { Ok(is_new) } else { Err(CaError::NoFolder(path.to_owned())) }
}

/// New files, for their owner only: all of them or none.
pub(super) fn write_new<T: AsRef<[u8]>>(
    folder: &Path,
    files: &[(String, T)],
) -> Result<(), CaError> {
    Ok(drop_in::write_new_as(folder, files, FILE_MODE)?)
}

/// Takes back what was written a moment ago, for a line of the log that could not be.
pub(super) fn remove<T>(folder: &Path, files: &[(String, T)]) {
    for (name, _) in files {
        // What cannot be removed is named by `list`.
        let _ = fs::remove_file(folder.join(name));
    }
}

/// Puts a file in the place of another, in one step.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), CaError> {
    Prepared::new(path, content)?.put()
}

/// A file that is written and not yet in its place, for which no more room is needed.
pub(super) struct Prepared {
    file: NamedTempFile,
    path: PathBuf,
}

impl Prepared {
    pub(super) fn new(path: &Path, content: &[u8]) -> Result<Self, CaError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let write = || {
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(content)?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        Ok(Self { file: write().map_err(at(path))?, path: path.to_owned() })
    }

    pub(super) fn put(self) -> Result<(), CaError> {
        let Self { file, path } = self;
        let folder = path.parent().unwrap_or(Path::new("."));
        let put = || {
            file.persist(&path)?;
            File::open(folder)?.sync_all()
        };
        put().map_err(at(&path))
    }
}

/// What the files of a device's certificate are called, of which this is the first, the second, ...
pub(super) fn stem(device: &str, number: usize) -> String {
    if number <= 1 { device.to_owned() } else { format!("{device}-{number}") }
}

/// All files that a device with so many certificates may have.
pub(super) fn files_of(device: &str, certificates: usize) -> Vec<String> {
    const ENDS: [&str; 5] = [".pem", ".key", ".p12", "-old.p12", ".password"];
    let stems = (1..=certificates).map(|number| stem(device, number));
    let files = stems.flat_map(|stem| ENDS.map(|end| format!("{stem}{end}")));
    files.chain([table_of(device)]).collect()
}

/// The file with its table.
pub(super) fn table_of(device: &str) -> String {
    format!("{device}.toml")
}

/// Whoever has it is the only one that writes in the folder.
pub(super) struct Lock(#[expect(dead_code, reason = "unlocks when it is closed")] File);

impl Lock {
    /// Waits for whoever else has it, for a while.
    pub(super) fn take(folder: &Path) -> Result<Self, CaError> {
        const PAUSE: Duration = Duration::from_millis(50);
        let file = File::open(folder).map_err(at(folder))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self(file)),
                Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < deadline => {
                    thread::sleep(PAUSE);
                }
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    return Err(CaError::Busy(folder.to_owned()));
                }
                Err(error) => return Err(at(folder)(error.into())),
            }
        }
    }
}

/// The files of a folder by their names, in order; none if there is no such folder.
pub(super) fn names(folder: &Path) -> Result<Vec<PathBuf>, CaError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(at(folder))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>().map_err(at(folder))?;
    paths.sort();
    Ok(paths)
}
