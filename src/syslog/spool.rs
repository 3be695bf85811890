//! The folder in which messages wait: files of frames, just as they are sent, each named by the number
//! of its first message and by what its messages are. Whole files are removed when everything in them has
//! arrived, so that a quiet folder has nothing.
//!
//! Nothing is synced: what was written survives the end of this process, however it ends, and not that
//! of the machine.

mod folder;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::message::{Message, Origin};
use super::state::{Position, State};
use crate::config::{Collector, Content};
use crate::host::words;
use crate::rarely::Rarely;
use folder::{Header, MAX_FRAME, Segment, Tail};

/// Makes the message that so many others were lost.
pub type TellLost = Box<dyn Fn(u64) -> Message + Send>;

/// In so many files the space is divided, within these lengths.
const SHARES: u64 = 16;
const SHORTEST: u64 = 64 * 1024;
const LONGEST: u64 = 8 * 1024 * 1024;

/// What is said where there is no room.
const FULL: &str = "is full";

/// The messages that have not all arrived.
pub(super) struct Spool {
    folder: PathBuf,
    content: Content,
    budget: u64,
    origin: Origin,
    tell: TellLost,
    /// The oldest first; the last one is written to.
    segments: VecDeque<Segment>,
    active: File,
    /// There is more in that file than its whole messages, so that nothing more may come into it.
    is_torn: bool,
    /// The number of the next message.
    next: u64,
    /// Everything before it has left.
    sent: Position,
    state: State,
    state_file: File,
    /// The file from which was read last.
    reading: Option<(u64, File)>,
    trouble: Rarely,
    /// Messages lost since the start.
    lost: Arc<AtomicU64>,
    /// Held for as long as this lives.
    _lock: File,
}

/// Why a folder would not do for messages of this content, as far as one who may look into it sees.
pub fn obstacle(folder: &Path, content: Content) -> Option<String> {
    let open = folder::open_to_others(folder);
    open.or_else(|| {
        let segments = match folder::segments(folder) {
            Ok(segments) => segments,
            Err(error) if error.kind() == io::ErrorKind::Other => return Some(words(&error)),
            // Other things may be in the way of a folder that is not there yet.
            Err(_) => return None,
        };
        let state = folder::state_as_it_is(folder).and_then(|file| State::read(&file));
        let arrived = state.ok().flatten().unwrap_or_default().arrived;
        foreign(&segments, place(&segments, arrived), content)
    })
}

/// Messages of another content wait there: they must not go where these go.
fn foreign(segments: &VecDeque<Segment>, place: Position, content: Content) -> Option<String> {
    let waits = |it: &Segment| {
        let arrived = if it.first == place.segment { place.offset } else { 0 };
        it.first >= place.segment && it.length > arrived
    };
    let is_foreign = |it: &&Segment| it.content != Some(content) && waits(it);
    let of = folder::said_of(segments.iter().find(is_foreign)?.content);
    let this = folder::said_of(Some(content));
    Some(format!(
        "messages of {of} wait there, and this table has {this}: name another folder, or run the table \
         as it was until its collector has taken them"
    ))
}

/// Where to begin: what has arrived may have been in files that are gone.
fn place(segments: &VecDeque<Segment>, arrived: Position) -> Position {
    let is_there = |it: &Segment| it.first == arrived.segment && arrived.offset <= it.length;
    if segments.iter().any(is_there) {
        return arrived;
    }
    let later = segments.iter().find(|it| it.first > arrived.segment);
    Position { segment: later.or(segments.back()).map_or(0, |it| it.first), offset: 0 }
}

/// Cuts off what was not written to its end, and says which number the next message has. What is
/// damaged stays as it is until everything behind it has arrived.
fn mend(folder: &Path, segments: &mut VecDeque<Segment>) -> io::Result<u64> {
    let Some(last) = segments.back_mut() else { return Ok(1) };
    let (next, tail) = folder::survey(folder, last)?;
    match tail {
        Tail::Whole => {}
        Tail::Torn(from) => {
            tracing::warn!(
                "{} ends within a message, which is left out: messages go on with number {next}",
                last.path(folder).display()
            );
            last.append(folder)?.set_len(from)?;
            last.length = from;
        }
        Tail::Damaged(from) => tracing::error!(
            "{} is damaged from byte {from} on: messages go on with number {next}",
            last.path(folder).display()
        ),
    }
    Ok(next)
}

impl Spool {
    /// Opens a folder, and makes it if it is not there. Messages that it has come first.
    ///
    /// # Errors
    ///
    /// The folder cannot be used, another gate uses it, or what waits there is of another content.
    pub(super) fn open(
        collector: &Collector,
        origin: Origin,
        tell: TellLost,
        lost: &Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let Collector { spool: folder, content, spool_size, .. } = collector;
        let lock = folder::lock(folder)?;
        let state_file = folder::state(folder)?;
        let mut state = State::read(&state_file)?.unwrap_or_default();
        let mut segments = folder::segments(folder)?;
        let next = mend(folder, &mut segments)?;
        state.arrived = place(&segments, state.arrived);
        if let Some(foreign) = foreign(&segments, state.arrived, *content) {
            return Err(io::Error::other(foreign));
        }
        // Each start has a file of its own, behind what is damaged or of another content.
        for empty in segments.iter().filter(|it| it.length == 0) {
            std::fs::remove_file(empty.path(folder))?;
        }
        segments.retain(|it| it.length > 0);
        let last = Segment::new(next, *content);
        segments.push_back(last);
        let mut spool = Self {
            folder: folder.clone(),
            content: *content,
            budget: *spool_size,
            origin,
            tell,
            segments,
            active: last.append(folder)?,
            is_torn: false,
            next,
            sent: state.arrived,
            state,
            state_file,
            reading: None,
            trouble: Rarely::default(),
            lost: Arc::clone(lost),
            _lock: lock,
        };
        spool.save();
        spool.settle(state.arrived);
        Ok(spool)
    }

    /// Writes a message behind the others, or counts it as lost.
    pub(super) fn append(&mut self, message: &Message) {
        if let Err(why) = self.tell_lost().and_then(|()| self.take(message)) {
            self.lose(1, &why);
        }
    }

    /// As soon as there is room for more than the one message about them.
    fn tell_lost(&mut self) -> Result<(), String> {
        if self.state.lost == 0 {
            return Ok(());
        }
        if self.size() + self.segment_length() / 2 > self.budget {
            return Err(FULL.to_owned());
        }
        let told = (self.tell)(self.state.lost).frame(&self.origin, self.next);
        self.write(&told).map_err(|error| unwritable(&error))?;
        self.state.lost = 0;
        self.save();
        Ok(())
    }

    fn take(&mut self, message: &Message) -> Result<(), String> {
        let frame = message.frame(&self.origin, self.next);
        if frame.len() > MAX_FRAME {
            return Err(format!("takes no message of {} bytes", frame.len()));
        }
        if self.size() + frame.len() as u64 > self.budget {
            return Err(FULL.to_owned());
        }
        self.write(&frame).map_err(|error| unwritable(&error))
    }

    /// So many messages found no room before they came here.
    pub(super) fn overflowed(&mut self, messages: u64) {
        self.lose(messages, "takes messages slower than they come");
    }

    fn lose(&mut self, messages: u64, why: &str) {
        self.lost.fetch_add(messages, Ordering::Relaxed);
        self.state.lost = self.state.lost.saturating_add(messages);
        self.report(why);
        self.save();
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
        if self.is_torn || length >= self.segment_length() {
            self.begin()?;
        }
        if let Err(error) = self.active.write_all(frame) {
            // What a full disk has cut off would be read as the beginning of the next one.
            let length = self.segments.back().map_or(0, |last| last.length);
            self.is_torn = self.active.set_len(length).is_err();
            return Err(error);
        }
        self.next += 1;
        if let Some(last) = self.segments.back_mut() {
            last.length += frame.len() as u64;
        }
        Ok(())
    }

    /// Begins a new file.
    fn begin(&mut self) -> io::Result<()> {
        // One that has no whole message and cannot be used has the number of the next.
        if self.segments.back().is_some_and(|last| last.first == self.next) {
            self.next += 1;
        }
        let segment = Segment::new(self.next, self.content);
        self.active = segment.append(&self.folder)?;
        self.is_torn = false;
        self.segments.push_back(segment);
        Ok(())
    }

    /// Up to where messages have left.
    pub(super) const fn sent(&self) -> Position {
        self.sent
    }

    /// The next frame to be sent.
    pub(super) fn frame(&mut self) -> Option<Vec<u8>> {
        loop {
            let Position { segment, offset } = self.sent;
            // Of a file that is gone, everything has arrived.
            let file = self.segments.iter().find(|it| it.first == segment).copied();
            let Some(file) = file.filter(|it| offset < it.length) else {
                let later = self.segments.iter().find(|it| it.first > segment)?;
                self.sent = Position { segment: later.first, offset: 0 };
                continue;
            };
            match self.read(&file, offset) {
                Ok(frame) => return Some(frame),
                Err(error) => self.leave_out(&file, &error),
            }
        }
    }

    /// Goes on behind what cannot be read.
    fn leave_out(&mut self, file: &Segment, error: &io::Error) {
        let (from, path) = (self.sent.offset, file.path(&self.folder));
        let opened = file.open(&self.folder);
        let next = opened.and_then(|opened| folder::next_frame(&opened, from, file.length));
        let to = next.ok().flatten().unwrap_or(file.length);
        let (path, why) = (path.display(), words(error));
        tracing::error!(
            "what is in {path} from byte {from} to byte {to} cannot be read, and is left out: {why}"
        );
        self.sent.offset = to;
    }

    fn read(&mut self, segment: &Segment, offset: u64) -> io::Result<Vec<u8>> {
        let reading = self.reading.take().filter(|(first, _)| *first == segment.first);
        let file = match reading {
            Some((_, file)) => file,
            None => segment.open(&self.folder)?,
        };
        let header = Header::read(&file, offset)?;
        let mut frame = vec![0; header.frame()];
        file.read_exact_at(&mut frame, offset)?;
        folder::is_message(&frame)
            .then_some(())
            .ok_or_else(|| io::Error::other("there is no message"))?;
        self.reading = Some((segment.first, file));
        Ok(frame)
    }

    /// The next frame has left.
    pub(super) const fn has_left(&mut self, length: usize) -> Position {
        self.sent.offset += length as u64;
        self.sent
    }

    /// What is behind this place has to be sent again.
    pub(super) fn rewind(&mut self, to: Position) {
        self.sent = self.sent.min(to);
        self.state.arrived = self.state.arrived.min(to);
        self.save();
    }

    /// Everything before this place has arrived: after a restart it is not sent again.
    pub(super) fn arrived(&mut self, arrived: Position) {
        if self.state.arrived < arrived {
            self.state.arrived = arrived;
            self.save();
        }
    }

    /// Everything before this place has arrived and was read: it is not needed any more.
    pub(super) fn settle(&mut self, read: Position) {
        self.arrived(read);
        while let Some(first) = self.segments.front().copied()
            && first.length > 0
            && first.first <= read.segment
            && (first.first < read.segment || first.length <= read.offset)
        {
            // The file that is written to goes as well, so that a full disk has room again.
            let is_last = self.segments.len() == 1;
            let begun = if is_last { self.begin() } else { Ok(()) };
            let path = first.path(&self.folder);
            if let Err(error) = begun.and_then(|()| std::fs::remove_file(path)) {
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
        let begin = Position { segment: first, offset: 0 };
        self.sent = self.sent.max(begin);
        self.arrived(begin);
    }

    fn save(&mut self) {
        if let Err(error) = self.state.write(&self.state_file) {
            self.report(&unwritable(&error));
        }
    }
}

fn unwritable(error: &io::Error) -> String {
    format!("cannot be written to: {}", words(error))
}

#[cfg(test)]
mod tests;
