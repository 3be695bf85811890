//! The record of every action: JSON objects, one a line, each with the hash of the line before.
//!
//! A line that was changed no longer fits the next one. That the last lines are missing shows in a file
//! beside it, which has the number and the hash of the last. It may lag behind, as it is written later,
//! and is never ahead.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::entry::{Action, Entry, Moment};
use super::error::CaError;
use super::folder::{self, HEAD, LOG, at};
use super::state::State;
use crate::x509::reading::sha256;

/// Some hundred thousand actions.
const MAX_LOG: u64 = 128 * 1024 * 1024;
/// No line: what the first one has as its previous.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The log of a folder, all of its lines read.
pub(super) struct Log {
    path: PathBuf,
    number: u64,
    /// The hash of the last line.
    last: String,
    /// Of all whole lines.
    length: u64,
    /// There is more, which was not written to its end.
    is_torn: bool,
}

impl Log {
    /// One that has no line yet.
    pub(super) fn new(folder: &Path) -> Self {
        let path = folder.join(LOG);
        Self { path, number: 0, last: NOTHING.to_owned(), length: 0, is_torn: false }
    }

    /// Reads it, and says what its lines come to.
    pub(super) fn read(folder: &Path) -> Result<(Self, State), CaError> {
        let mut log = Self::new(folder);
        let bytes = folder::read_up_to(&log.path, MAX_LOG)?;
        let head = Head::read(folder)?;
        let mut state = State::default();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(line) = line.strip_suffix(b"\n") else {
                log.is_torn = true;
                break;
            };
            let taken = log.take(line, &mut state, &head);
            taken.map_err(|fault| log.broken(log.number + 1, fault))?;
        }
        if log.number < head.number {
            return Err(log.broken(log.number + 1, "this line, which there was, is missing"));
        }
        if log.number == 0 {
            return Err(log.broken(1, "the line with the CA's making is missing"));
        }
        Ok((log, state))
    }

    fn take(&mut self, line: &[u8], state: &mut State, head: &Head) -> Result<(), &'static str> {
        let entry: Entry = serde_json::from_slice(line).map_err(|_| "cannot be read")?;
        if entry.number != self.number + 1 {
            return Err("its number is not that after the line before");
        }
        if entry.previous != self.last {
            return Err("it does not fit the line before, so one of the two was changed");
        }
        let hash = sha256(line).to_string();
        if entry.number == head.number && hash != head.hash {
            return Err("it was changed");
        }
        state.take(&entry)?;
        (self.number, self.last) = (entry.number, hash);
        self.length += line.len() as u64 + 1;
        Ok(())
    }

    fn broken(&self, line: u64, fault: &'static str) -> CaError {
        CaError::Log { path: self.path.clone(), line, fault }
    }

    /// The number of lines, and the hash of the last.
    pub(super) fn head(&self) -> (u64, &str) {
        (self.number, &self.last)
    }

    /// Whether there is more after the last line, which was not written to its end.
    pub(super) const fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// Writes a line to the end, and to the disk. If that fails, there is none.
    pub(super) fn append(
        &mut self,
        state: &mut State,
        action: Action,
        now: Moment,
    ) -> Result<(), CaError> {
        let number = self.number + 1;
        let entry = Entry { number, time: now, action, previous: self.last.clone() };
        let failed = |error: serde_json::Error| at(&self.path)(error.into());
        let mut line = serde_json::to_vec(&entry).map_err(failed)?;
        let mut after = state.clone();
        after.take(&entry).map_err(|fault| self.broken(number, fault))?;
        let hash = sha256(&line).to_string();
        line.push(b'\n');
        self.write(&line).map_err(at(&self.path))?;
        *state = after;
        (self.number, self.last, self.is_torn) = (number, hash, false);
        self.length += line.len() as u64;
        let head = Head { number, hash: self.last.clone() };
        let witnessed = head.write(&self.path.with_file_name(HEAD));
        // The line is the record, and the other file is only a witness of it, which may lag behind.
        if number == 1 { witnessed } else { Ok(()) }
    }

    fn write(&self, line: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).mode(0o600).open(&self.path)?;
        // Whatever came after the last whole line was never done.
        file.set_len(self.length)?;
        let written = append(&file, self.length, line);
        if written.is_err() {
            file.set_len(self.length)?;
        }
        written
    }
}

fn append(mut file: &File, end: u64, line: &[u8]) -> io::Result<()> {
    io::Seek::seek(&mut file, io::SeekFrom::Start(end))?;
    file.write_all(line)?;
    file.sync_all()
}

/// How far the log had come.
struct Head {
    number: u64,
    hash: String,
}

impl Head {
    fn read(folder: &Path) -> Result<Self, CaError> {
        let path = folder.join(HEAD);
        let text = folder::read(&path)?;
        let read = text.trim_end().split_once(' ');
        let read = read.and_then(|(number, hash)| Some((number.parse().ok()?, hash.to_owned())));
        let (number, hash) =
            read.ok_or(CaError::Damaged(path, "it has not a number and a hash"))?;
        Ok(Self { number, hash })
    }

    fn write(&self, path: &Path) -> Result<(), CaError> {
        folder::replace(path, format!("{} {}\n", self.number, self.hash).as_bytes())
    }
}
