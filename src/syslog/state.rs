//! How much of a spool has arrived, in a file beside it: written in place whenever that is known anew, so
//! that a process that is killed begins there.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A place between two frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    /// The number of the first message in the file.
    pub(super) segment: u64,
    /// The bytes before it in the file.
    pub(super) offset: u64,
}

/// What the file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Everything before it has arrived.
    pub(super) arrived: Position,
    /// Messages that found no room, and of which no message tells yet.
    pub(super) lost: u64,
}

/// Three numbers of 20 digits, the longest that they can be, each with a blank or line feed behind it.
const LENGTH: usize = 3 * 21;

impl State {
    pub(super) fn read(file: &File) -> io::Result<Option<Self>> {
        let mut bytes = [0; LENGTH];
        match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let text = String::from_utf8_lossy(&bytes);
        let mut numbers = text.split_ascii_whitespace().map(str::parse);
        let (Some(Ok(segment)), Some(Ok(offset)), Some(Ok(lost))) =
            (numbers.next(), numbers.next(), numbers.next())
        else {
            return Ok(None);
        };
        Ok(Some(Self { arrived: Position { segment, offset }, lost }))
    }

    pub(super) fn write(self, file: &File) -> io::Result<()> {
        let Self { arrived: Position { segment, offset }, lost } = self;
        let text = format!("{segment:020} {offset:020} {lost:020}\n");
        file.write_all_at(text.as_bytes(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_has_written_and_nothing_of_what_is_cut() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(State::read(&file).unwrap(), None);
        let state = State { arrived: Position { segment: u64::MAX, offset: 7 }, lost: 3 };
        state.write(&file).unwrap();
        assert_eq!(State::read(&file).unwrap(), Some(state));
        file.set_len(40).unwrap();
        assert_eq!(State::read(&file).unwrap(), None);
    }
}
