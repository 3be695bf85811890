//! The files of a spool.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::host::{Barrier, Trust};

/// The longest frame. A DICOM audit message with all that it may have is a fraction of it.
pub(super) const MAX_FRAME: usize = 256 * 1024;
/// The longest length before a frame, with its blank.
const MAX_HEADER: usize = 8;
/// Nobody else is to read what may have patients.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const SUFFIX: &str = ".frames";

/// A file of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The number of its first message.
    pub(super) first: u64,
    /// Its length in bytes.
    pub(super) length: u64,
}

/// The length before a frame, in digits, and the blank behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    digits: usize,
    message: usize,
}

impl Header {
    /// The bytes of the whole frame.
    pub(super) const fn frame(self) -> usize {
        self.digits + 1 + self.message
    }

    pub(super) fn read(file: &File, offset: u64) -> io::Result<Self> {
        let mut bytes = [0; MAX_HEADER];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, offset + filled as u64)? {
                0 => break,
                count => filled += count,
            }
        }
        Self::parse(bytes.get(..filled).unwrap_or_default())
            .ok_or_else(|| io::Error::other("there is no length of a message"))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let digits = bytes.iter().position(|byte| *byte == b' ')?;
        let text = bytes.get(..digits)?;
        let is_number = text.iter().all(u8::is_ascii_digit) && text.first() != Some(&b'0');
        let message = std::str::from_utf8(text).ok()?.parse().ok().filter(|_| is_number)?;
        let header = Self { digits, message };
        (message <= MAX_FRAME && header.frame() <= MAX_FRAME).then_some(header)
    }
}

/// Makes the folder and takes it for this process alone.
pub(super) fn lock(folder: &Path) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    let lock = Trust::own().append(&folder.join("lock"), FILE_MODE);
    let lock = lock.map_err(|barrier| match barrier {
        Barrier::System(error) => error,
        strange @ (Barrier::NotAFile | Barrier::Distrust(_)) => io::Error::other(strange),
    })?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(error) if error == rustix::io::Errno::WOULDBLOCK => {
            Err(io::Error::other("another pacsgate uses this folder"))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}{SUFFIX}"))
}

/// Opens the file to be written behind its end, and makes it if it is not there.
pub(super) fn append(folder: &Path, first: u64) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(FILE_MODE).open(path(folder, first))
}

/// Opens the file that says how far it was sent.
pub(super) fn state(folder: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
    options.open(folder.join("sent"))
}

/// The files that are there, the oldest first.
pub(super) fn segments(folder: &Path) -> io::Result<VecDeque<Segment>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        if let Some(first) = number.and_then(|number| number.parse().ok()) {
            found.push(Segment { first, length: entry.metadata()?.len() });
        }
    }
    found.sort_by_key(|segment| segment.first);
    Ok(found.into())
}

/// Cuts off what was not written to its end, and says which number the next message has.
pub(super) fn mend(folder: &Path, segments: &mut VecDeque<Segment>) -> io::Result<u64> {
    let Some(last) = segments.back_mut() else { return Ok(1) };
    let file = OpenOptions::new().read(true).write(true).open(path(folder, last.first))?;
    let (mut whole, mut count) = (0, 0);
    while whole < last.length {
        let Ok(header) = Header::read(&file, whole) else { break };
        let end = whole + header.frame() as u64;
        if end > last.length {
            break;
        }
        (whole, count) = (end, count + 1);
    }
    if whole < last.length {
        file.set_len(whole)?;
        last.length = whole;
    }
    Ok(last.first + count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_no_length_but_a_whole_one_within_its_limit() {
        assert_eq!(Header::parse(b"12 <85>"), Some(Header { digits: 2, message: 12 }));
        for bytes in [b"".as_slice(), b"12", b" 12", b"012 ", b"+1 ", b"1a ", b"9999999 ", b"0 "] {
            assert_eq!(Header::parse(bytes), None, "{bytes:?}");
        }
    }
}
