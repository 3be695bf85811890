//! The files of a spool.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

use super::super::message::LAST_NUMBER;
use crate::audit::PeerText;
use crate::config::Content;
use crate::host::{Trust, words};

/// The longest frame. A DICOM audit message with all that it may have is a fraction of it.
pub(super) const MAX_FRAME: usize = 256 * 1024;
/// The longest length before a frame, with its blank.
const MAX_HEADER: usize = 8;
/// Nobody else is to read what may have patients.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const OTHERS: u32 = 0o077;
const SUFFIX: &str = ".frames";
const STATE: &str = "sent";
const LOCK: &str = "lock";
/// What is read of a file at once where it is damaged: more than any of them has.
const LONGEST_FILE: u64 = 16 * 1024 * 1024;

/// What each content is called in the names of files, and in sentences.
const CONTENTS: [(&str, Content, &str); 3] = [
    ("json", Content::Json, "`content = \"json\"`"),
    ("dicom", Content::Dicom { phi: false }, "`content = \"dicom\"` without patients"),
    ("patients", Content::Dicom { phi: true }, "`content = \"dicom\"` with `phi = true`"),
];
/// What is said of something in the place of a file.
const NOT_A_FILE: &str = "is not a regular file; take it away";
/// The same of a file that no gate has named so.
const STRANGE: &str = "has no number that a gate would give; take it away";
/// Beyond it no message is numbered: a name that says more is not one of these files'.
const MOST_MESSAGES: u64 = u64::MAX / 2;

/// A file of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The number of its first message.
    pub(super) first: u64,
    /// What its messages are; `None` where its name does not say.
    pub(super) content: Option<Content>,
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
    let lock = Trust::own().append(&folder.join(LOCK), FILE_MODE)?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {
            keep_others_out(folder)?;
            Ok(lock)
        }
        Err(error) if error == rustix::io::Errno::WOULDBLOCK => {
            Err(io::Error::other("another pacsgate uses this folder"))
        }
        Err(error) => Err(error.into()),
    }
}

/// A folder that was there may be open to others, and so may files of its own in it.
fn keep_others_out(folder: &Path) -> io::Result<()> {
    if let Some(open) = open_to_others(folder) {
        return Err(io::Error::other(open));
    }
    if mode(folder)? & OTHERS != 0 {
        fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
    }
    for segment in segments(folder)? {
        let path = segment.path(folder);
        if mode(&path)? & OTHERS != 0 {
            fs::set_permissions(path, Permissions::from_mode(FILE_MODE))?;
        }
    }
    Ok(())
}

fn mode(path: &Path) -> io::Result<u32> {
    Ok(fs::symlink_metadata(path)?.permissions().mode() & 0o7777)
}

/// What is wrong with a folder that others may look into: where it has other things as well, it is not
/// the gate that closes it.
pub(super) fn open_to_others(folder: &Path) -> Option<String> {
    let mode = mode(folder).ok().filter(|mode| mode & OTHERS != 0)?;
    let is_own = |name: &OsStr| {
        name == LOCK || name == STATE || name.as_encoded_bytes().ends_with(SUFFIX.as_bytes())
    };
    let mut entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let other = entries.find(|entry| !is_own(&entry.file_name()))?.file_name();
    Some(format!(
        "others may look into it (mode {mode:04o}) and it has {}; name a folder for this alone",
        PeerText::from_bytes(other.as_encoded_bytes(), PeerText::SENTENCE)
    ))
}

impl Segment {
    /// A new one for the messages from this one on.
    pub(super) const fn new(first: u64, content: Content) -> Self {
        Self { first, content: Some(content), length: 0 }
    }

    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        let (first, content) = (self.first, self.content);
        let named = CONTENTS.iter().find(|(_, of, _)| Some(*of) == content);
        let content = named.map(|(name, ..)| format!(".{name}")).unwrap_or_default();
        folder.join(format!("{first:020}{content}{SUFFIX}"))
    }

    /// The one of this name.
    fn named(name: &str, length: u64) -> Option<Self> {
        let name = name.strip_suffix(SUFFIX)?;
        let (number, content) = name.split_once('.').map_or((name, None), |(number, content)| {
            (number, CONTENTS.iter().find(|(name, ..)| *name == content).map(|(_, of, _)| *of))
        });
        let first = number.parse().ok().filter(|first| (1..MOST_MESSAGES).contains(first))?;
        Some(Self { first, content, length })
    }

    /// Opens it to be written behind its end, and makes it if it is not there.
    pub(super) fn append(&self, folder: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        opened(options.append(true).create(true).mode(FILE_MODE), &self.path(folder))
    }

    /// Opens it to be read.
    pub(super) fn open(&self, folder: &Path) -> io::Result<File> {
        opened(OpenOptions::new().read(true), &self.path(folder))
    }
}

/// What a content is called in a sentence.
pub(super) fn said_of(content: Option<Content>) -> &'static str {
    let named = CONTENTS.iter().find(|(_, of, _)| Some(*of) == content);
    named.map_or("another pacsgate", |(.., words)| words)
}

/// Opens a file of the folder. No link leads a gate to files elsewhere, and no pipe keeps it waiting.
fn opened(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    // The bits fit: they are those of open(2).
    options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    let file = options.open(path).and_then(|file| {
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other(NOT_A_FILE)) }
    });
    file.map_err(|error| io::Error::new(error.kind(), named(path, &words(&error))))
}

/// What is wrong with one of the folder's files.
fn named(path: &Path, why: &str) -> String {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    format!("{}: {why}", PeerText::from_bytes(name, PeerText::SENTENCE))
}

/// Opens the file that says how far it was sent.
pub(super) fn state(folder: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
    opened(&mut options, &folder.join(STATE))
}

/// The same, of a folder in which nothing is to be changed.
pub(super) fn state_as_it_is(folder: &Path) -> io::Result<File> {
    opened(OpenOptions::new().read(true), &folder.join(STATE))
}

/// The files that are there, the oldest first. What has the name of one and is none is an error.
pub(super) fn segments(folder: &Path) -> io::Result<VecDeque<Segment>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().ends_with(SUFFIX.as_bytes()) {
            continue;
        }
        // Of a link, of what it is itself.
        let about = entry.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other(named(&entry.path(), NOT_A_FILE)));
        }
        let segment = name.to_str().and_then(|name| Segment::named(name, about.len()));
        found.push(segment.ok_or_else(|| io::Error::other(named(&entry.path(), STRANGE)))?);
    }
    found.sort_by_key(|segment| segment.first);
    Ok(found.into())
}

/// Where the end of a file's frames is, and what is behind it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing.
    Whole,
    /// A frame that was not written to its end, from this byte on.
    Torn(u64),
    /// No frame, from this byte on.
    Damaged(u64),
}

/// Reads the lengths of all frames: the number behind the last message, and how the file ends.
pub(super) fn survey(folder: &Path, segment: &Segment) -> io::Result<(u64, Tail)> {
    let file = segment.open(folder)?;
    let (mut at, mut next) = (0, segment.first);
    while at < segment.length {
        let header = Header::read(&file, at);
        let is_whole = |header: &Header| {
            let mut begin = [0; MAX_HEADER + 8];
            let length = begin.len().min(header.frame());
            let begin = begin.get_mut(..length).unwrap_or_default();
            at + header.frame() as u64 <= segment.length
                && file.read_exact_at(begin, at).is_ok()
                && is_message(begin)
        };
        match &header {
            Ok(header) if is_whole(header) => {
                at += header.frame() as u64;
                next += 1;
            }
            _ => {
                let rest = rest(&file, at, segment.length)?;
                if is_torn(&rest) {
                    return Ok((next, Tail::Torn(at)));
                }
                return Ok((next.max(behind_all(&rest, segment)), Tail::Damaged(at)));
            }
        }
    }
    Ok((next, Tail::Whole))
}

/// Where the next frame begins behind what is damaged.
pub(super) fn next_frame(file: &File, from: u64, end: u64) -> io::Result<Option<u64>> {
    let rest = rest(file, from, end)?;
    Ok(frames(&rest).next().map(|at| from + at as u64))
}

/// A file is a few times as long as a share of the space at most.
fn rest(file: &File, from: u64, end: u64) -> io::Result<Vec<u8>> {
    let length = end.saturating_sub(from).min(LONGEST_FILE);
    let mut rest = vec![0; usize::try_from(length).unwrap_or_default()];
    file.read_exact_at(&mut rest, from)?;
    Ok(rest)
}

/// Where whole frames begin behind the first byte.
fn frames(rest: &[u8]) -> impl Iterator<Item = usize> {
    let begins = (1..rest.len()).filter(|at| {
        let before = rest.get(at - 1).is_some_and(u8::is_ascii_digit);
        !before && rest.get(*at).is_some_and(u8::is_ascii_digit)
    });
    begins.filter(|at| {
        let frame = rest.get(*at..).unwrap_or_default();
        Header::parse(frame.get(..MAX_HEADER).unwrap_or(frame)).is_some_and(|header| {
            let behind = frame.get(header.frame()..).unwrap_or_default();
            frame.get(..header.frame()).is_some_and(is_message)
                && (behind.is_empty() || is_message(behind))
        })
    })
}

/// Whether what follows the length of a frame begins as a message does.
pub(super) fn is_message(frame: &[u8]) -> bool {
    let length = frame.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let behind = frame.get(length..).and_then(|behind| behind.strip_prefix(b" "));
    let Some(message) = behind.and_then(|behind| behind.strip_prefix(b"<")) else { return false };
    let digits = message.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=3).contains(&digits)
        && message.get(digits..).is_some_and(|behind| behind.starts_with(b">1 "))
}

/// Whether it is the beginning of one frame, and nothing behind it.
fn is_torn(rest: &[u8]) -> bool {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let behind = rest.get(digits..).unwrap_or_default();
    let is_begun = digits < MAX_HEADER && (behind.is_empty() || behind.starts_with(b" "));
    is_begun && frames(rest).next().is_none()
}

/// The number behind the highest that messages in there show, within what fits there.
fn behind_all(rest: &[u8], segment: &Segment) -> u64 {
    const MARK: &[u8] = b"[meta sequenceId=\"";
    let most = segment.first.saturating_add(segment.length / MARK.len() as u64);
    let shown = rest.windows(MARK.len()).enumerate().filter(|(_, it)| *it == MARK);
    let numbers = shown.filter_map(|(at, _)| {
        let digits = rest.get(at + MARK.len()..)?;
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let shown: u64 = std::str::from_utf8(digits.get(..length)?).ok()?.parse().ok()?;
        // They begin again with 1 behind the last one.
        let begin = (segment.first - 1) % LAST_NUMBER + 1;
        Some(segment.first + (shown + LAST_NUMBER).checked_sub(begin)? % LAST_NUMBER)
    });
    numbers.filter(|number| *number <= most).max().map_or(segment.first, |last| last + 1)
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
