//! A secret as it is entered.

use std::io;
use std::os::fd::AsFd;

use rustix::io::{read, retry_on_intr};
use zeroize::Zeroizing;

use crate::host::words;
use crate::identity::password::Exhausted;

/// More than any device has room for.
const LONGEST: usize = 1024;

/// A password or a passphrase, in memory that is overwritten, and nowhere else.
#[derive(PartialEq, Eq)]
pub(in crate::cli) struct Entry(Zeroizing<Vec<u8>>);

/// Why there is none; what it is called stands in each.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum EntryFault {
    /// No character.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// Too many.
    #[error("the {0} is longer than {LONGEST} bytes")]
    Long(&'static str),
    /// What a key left that has no character, or a file from another system.
    #[error("the {0} has a control character, such as of Tab or an arrow key")]
    Control(&'static str),
    /// Something was mistyped.
    #[error("the two {0}s are not the same; try again")]
    Differ(&'static str),
    /// A signal came.
    #[error("interrupted")]
    Interrupted,
    /// What the system says.
    #[error("it cannot be read: {}", words(.0))]
    Io(#[from] io::Error),
    /// No hash of it.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}

impl Entry {
    /// Reads a line, to its end or to the end of all.
    pub(in crate::cli) fn read(from: impl AsFd, what: &'static str) -> Result<Self, EntryFault> {
        // It has all its room from the start: what grows leaves copies behind.
        let (mut buffer, mut length) = (Zeroizing::new(vec![0; LONGEST + 1]), 0);
        loop {
            let free = buffer.get_mut(length..).unwrap_or_default();
            let new = retry_on_intr(|| read(&from, &mut *free)).map_err(io::Error::from)?;
            let line = free.get(..new).unwrap_or_default();
            let end = line.iter().position(|byte| *byte == b'\n');
            length += end.unwrap_or(new);
            if end.is_some() || new == 0 {
                buffer.truncate(length);
                // A file of another system ends its lines so.
                if end.is_some() && buffer.last() == Some(&b'\r') {
                    buffer.pop();
                }
                return Self(buffer).judged(what);
            }
        }
    }

    fn judged(self, what: &'static str) -> Result<Self, EntryFault> {
        match self.bytes() {
            [] => Err(EntryFault::Empty(what)),
            bytes if bytes.len() > LONGEST => Err(EntryFault::Long(what)),
            bytes if bytes.iter().any(u8::is_ascii_control) => Err(EntryFault::Control(what)),
            _ => Ok(self),
        }
    }

    pub(in crate::cli) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, which the new owner has to overwrite.
    pub(in crate::cli) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    /// Its length as whoever has typed it counts.
    pub(in crate::cli) fn characters(&self) -> usize {
        str::from_utf8(self.bytes()).map_or(self.0.len(), |text| text.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn entered(bytes: &[u8]) -> Result<Entry, EntryFault> {
        let (from, mut to) = io::pipe().unwrap();
        to.write_all(bytes).unwrap();
        drop(to);
        Entry::read(from, "password")
    }

    #[test]
    fn is_one_line_with_or_without_its_end() {
        for line in ["größer", "größer\n", "größer\r\n", "größer\nmore\n"] {
            let entry = entered(line.as_bytes()).ok().unwrap();
            assert_eq!((entry.bytes(), entry.characters()), ("größer".as_bytes(), 6));
        }
    }

    #[test]
    fn takes_no_more_than_it_has_room_for() {
        let entry = entered(&[b'a'; LONGEST]).ok().unwrap();
        assert_eq!(entry.bytes().len(), LONGEST);
        assert!(matches!(entered(&[b'a'; LONGEST + 1]), Err(EntryFault::Long(_))));
        assert!(matches!(entered(&[b'a'; 3 * LONGEST]), Err(EntryFault::Long(_))));
    }

    #[test]
    fn takes_nothing_that_was_not_meant() {
        for nothing in [&b""[..], b"\n", b"\nmore"] {
            assert!(matches!(entered(nothing), Err(EntryFault::Empty(_))));
        }
        for slip in [&b"sec\rret\n"[..], b"sec\x1b[Dret\n", b"sec\x7fret\n", b"\0\n"] {
            assert!(matches!(entered(slip), Err(EntryFault::Control(_))));
        }
    }
}
