//! The folder in which messages wait: files of frames, just as they are sent, each named by the number
//! of its first message. Whole files are removed when everything in them has arrived.
//!
//! Nothing is synced: what was written survives the end of this process, however it ends, and not that
//! of the machine.

mod folder;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Instant;

use super::message::{Message, Origin};
use super::state::{Position, State};
use crate::host::words;
use crate::rarely::Rarely;
use folder::{Header, MAX_FRAME, Segment};

/// Makes the message that so many others were lost.
pub type TellLost = Box<dyn Fn(u64) -> Message + Send>;

/// In so many files the space is divided, within these lengths.
const SHARES: u64 = 16;
const SHORTEST: u64 = 64 * 1024;
const LONGEST: u64 = 8 * 1024 * 1024;

/// The messages that have not all arrived.
pub(super) struct Spool {
    folder: PathBuf,
    budget: u64,
    origin: Origin,
    tell: TellLost,
    /// The oldest first; the last one is written to.
    segments: VecDeque<Segment>,
    active: File,
    /// The number of the next message.
    next: u64,
    state: State,
    state_file: File,
    /// The file from which was read last.
    reading: Option<(u64, File)>,
    trouble: Rarely,
    /// Held for as long as this lives.
    _lock: File,
}

impl Spool {
    /// Opens a folder, and makes it if it is not there. Messages that it has come first.
    ///
    /// # Errors
    ///
    /// The folder cannot be used, or another gate uses it.
    pub(super) fn open(
        folder: &std::path::Path,
        budget: u64,
        origin: Origin,
        tell: TellLost,
    ) -> io::Result<Self> {
        let lock = folder::lock(folder)?;
        let mut segments = folder::segments(folder)?;
        let next = folder::mend(folder, &mut segments)?;
        if segments.is_empty() {
            segments.push_back(Segment { first: next, length: 0 });
        }
        let last = segments.back().map_or(next, |last| last.first);
        let active = folder::append(folder, last)?;
        let state_file = folder::state(folder)?;
        let state = State::read(&state_file)?.unwrap_or_default();
        let folder = folder.to_owned();
        let (reading, trouble) = (None, Rarely::default());
        let mut spool = Self {
            folder,
            budget,
            origin,
            tell,
            segments,
            active,
            next,
            state,
            state_file,
            reading,
            trouble,
            _lock: lock,
        };
        spool.find_place();
        spool.settle(spool.state.sent);
        Ok(spool)
    }

    /// The state may be that of files which are gone.
    fn find_place(&mut self) {
        let sent = self.state.sent;
        let is_there = |it: &&Segment| it.first == sent.segment && sent.offset <= it.length;
        if self.segments.iter().find(is_there).is_none() {
            let later = self.segments.iter().find(|it| it.first > sent.segment);
            let first = later.or(self.segments.back()).map_or(0, |it| it.first);
            self.state.sent = Position { segment: first, offset: 0 };
        }
        self.save();
    }

    /// Writes a message behind the others, or counts it as lost.
    pub(super) fn append(&mut self, message: &Message) {
        if self.state.lost > 0 {
            // As soon as there is room for more than the one message.
            let told = (self.tell)(self.state.lost).frame(&self.origin, self.next);
            let is_roomy = self.size() + self.segment_length() / 2 <= self.budget;
            if !is_roomy || self.write(&told).is_err() {
                return self.lose(1);
            }
            self.state.lost = 0;
            self.save();
        }
        let frame = message.frame(&self.origin, self.next);
        let is_room = self.size() + frame.len() as u64 <= self.budget;
        if !is_room || frame.len() > MAX_FRAME {
            return self.lose(1);
        }
        if let Err(error) = self.write(&frame) {
            self.lose(1);
            self.report(&format!("cannot be written to: {}", words(&error)));
        }
    }

    /// So many messages are lost.
    pub(super) fn lose(&mut self, messages: u64) {
        self.state.lost = self.state.lost.saturating_add(messages);
        self.save();
        self.report("is full, or messages come faster than they can be written");
    }

    fn report(&mut self, what: &str) {
        if self.trouble.say(Instant::now()).is_some() {
            let (folder, lost) = (self.folder.display(), self.state.lost);
            tracing::error!(
                "the spool {folder} {what}: {lost} messages for its collector are lost so far, which it \
                 is told as soon as there is room"
            );
        }
    }

    fn size(&self) -> u64 {
        self.segments.iter().map(|it| it.length).sum()
    }

    fn segment_length(&self) -> u64 {
        (self.budget / SHARES).clamp(SHORTEST, LONGEST)
    }

    fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        let length = self.segments.back().map_or(0, |last| last.length);
        if length >= self.segment_length() {
            self.active = folder::append(&self.folder, self.next)?;
            self.segments.push_back(Segment { first: self.next, length: 0 });
        }
        if let Err(error) = self.active.write_all(frame) {
            // What a full disk has cut off would be read as the beginning of the next one.
            let length = self.segments.back().map_or(0, |last| last.length);
            self.active.set_len(length)?;
            return Err(error);
        }
        self.next += 1;
        if let Some(last) = self.segments.back_mut() {
            last.length += frame.len() as u64;
        }
        Ok(())
    }

    /// Up to where messages have left.
    pub(super) const fn sent(&self) -> Position {
        self.state.sent
    }

    /// The next frame to be sent.
    pub(super) fn frame(&mut self) -> Option<Vec<u8>> {
        loop {
            let Position { segment, offset } = self.state.sent;
            // Of a file that is gone, everything has arrived.
            let file = self.segments.iter().find(|it| it.first == segment);
            let length = file.map_or(0, |it| it.length);
            if offset >= length {
                let later = self.segments.iter().find(|it| it.first > segment)?;
                self.state.sent = Position { segment: later.first, offset: 0 };
                continue;
            }
            match self.read(segment, offset) {
                Ok(frame) => return Some(frame),
                Err(error) => {
                    let why = words(&error);
                    tracing::error!(
                        "what is in {} from byte {offset} on cannot be read, and is left out: {why}",
                        folder::path(&self.folder, segment).display()
                    );
                    self.state.sent.offset = length;
                }
            }
        }
    }

    fn read(&mut self, segment: u64, offset: u64) -> io::Result<Vec<u8>> {
        let reading = self.reading.take().filter(|(number, _)| *number == segment);
        let file = match reading {
            Some((_, file)) => file,
            None => File::open(folder::path(&self.folder, segment))?,
        };
        let header = Header::read(&file, offset)?;
        let mut frame = vec![0; header.frame()];
        file.read_exact_at(&mut frame, offset)?;
        self.reading = Some((segment, file));
        Ok(frame)
    }

    /// The next frame has left.
    pub(super) fn has_left(&mut self, length: usize) -> Position {
        self.state.sent.offset += length as u64;
        self.save();
        self.state.sent
    }

    /// What is behind this place has to be sent again.
    pub(super) fn rewind(&mut self, to: Position) {
        self.state.sent = self.state.sent.min(to);
        self.save();
    }

    /// Everything before this place has arrived.
    pub(super) fn settle(&mut self, arrived: Position) {
        while self.segments.len() > 1
            && let Some(first) = self.segments.front()
            && (first.first < arrived.segment || first.length <= arrived.offset)
            && first.first <= arrived.segment
        {
            if let Err(error) = std::fs::remove_file(folder::path(&self.folder, first.first)) {
                self.report(&format!("has a file that cannot be removed: {}", words(&error)));
                return;
            }
            self.segments.pop_front();
            self.keep_place();
        }
    }

    /// Where the file that was sent last is gone, the next one follows.
    fn keep_place(&mut self) {
        let first = self.segments.front().map_or(0, |it| it.first);
        if self.state.sent.segment < first {
            self.state.sent = Position { segment: first, offset: 0 };
            self.save();
        }
    }

    fn save(&mut self) {
        if let Err(error) = self.state.write(&self.state_file) {
            self.report(&format!("cannot be written to: {}", words(&error)));
        }
    }
}

#[cfg(test)]
mod tests;
