//! Elements of a command set (PS3.7 section 6.3.1): read, judged, written.

use super::error::CommandError;
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

pub(super) const GROUP_LENGTH: u16 = 0x0000;
pub(super) const AFFECTED_CLASS: u16 = 0x0002;
pub(super) const REQUESTED_CLASS: u16 = 0x0003;
pub(super) const FIELD: u16 = 0x0100;
pub(super) const MESSAGE_ID: u16 = 0x0110;
pub(super) const RESPONDED_TO: u16 = 0x0120;
pub(super) const DESTINATION: u16 = 0x0600;
pub(super) const PRIORITY: u16 = 0x0700;
pub(super) const DATA_SET_TYPE: u16 = 0x0800;
pub(super) const STATUS: u16 = 0x0900;
pub(super) const OFFENDING: u16 = 0x0901;
pub(super) const ERROR_COMMENT: u16 = 0x0902;
pub(super) const ERROR_ID: u16 = 0x0903;
pub(super) const AFFECTED_INSTANCE: u16 = 0x1000;
pub(super) const REQUESTED_INSTANCE: u16 = 0x1001;
pub(super) const EVENT_TYPE: u16 = 0x1002;
pub(super) const ATTRIBUTES: u16 = 0x1005;
pub(super) const ACTION_TYPE: u16 = 0x1008;
pub(super) const REMAINING: u16 = 0x1020;
pub(super) const COMPLETED: u16 = 0x1021;
pub(super) const FAILED: u16 = 0x1022;
pub(super) const WARNING: u16 = 0x1023;
pub(super) const ORIGINATOR_TITLE: u16 = 0x1030;
pub(super) const ORIGINATOR_ID: u16 = 0x1031;

/// An element of group 0000.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) number: u16,
    pub(super) value: &'a [u8],
}

/// The elements of a whole command set behind its group length, which was found true.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a> {
    rest: &'a [u8],
    before: u16,
}

impl<'a> Elements<'a> {
    /// Begins with the group length.
    pub(super) fn of(set: &'a [u8]) -> Result<Self, CommandError> {
        let mut rest = set;
        if rest.is_empty() {
            return Err(CommandError::GroupLength);
        }
        let first = take(&mut rest)?;
        let told = first.value.try_into().map(u32::from_le_bytes).ok();
        let is_true = told.is_some_and(|told| told as usize == rest.len());
        if first.number != GROUP_LENGTH || !is_true {
            return Err(CommandError::GroupLength);
        }
        Ok(Self { rest, before: GROUP_LENGTH })
    }
}

/// Ascending, each once; an error is the last item.
impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, CommandError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let taken = take(&mut self.rest).and_then(|element| {
            let ascends = element.number > self.before;
            self.before = element.number;
            if ascends { Ok(element) } else { Err(CommandError::Order) }
        });
        if taken.is_err() {
            self.rest = &[];
        }
        Some(taken)
    }
}

/// Takes one element: tag (group first), a length of four bytes, a value of even length.
fn take<'a>(rest: &mut &'a [u8]) -> Result<Element<'a>, CommandError> {
    let (&[g, h, a, b], tail) = rest.split_first_chunk().ok_or(CommandError::Cut)?;
    let (&length, tail) = tail.split_first_chunk().ok_or(CommandError::Cut)?;
    if u16::from_le_bytes([g, h]) != 0 {
        return Err(CommandError::Group);
    }
    let length = u32::from_le_bytes(length);
    if length % 2 == 1 {
        return Err(CommandError::OddLength);
    }
    let (value, tail) = tail.split_at_checked(length as usize).ok_or(CommandError::Cut)?;
    *rest = tail;
    Ok(Element { number: u16::from_le_bytes([a, b]), value })
}

/// US.
pub(super) fn number(value: &[u8]) -> Option<u16> {
    value.try_into().map(u16::from_le_bytes).ok()
}

/// UI, one value. A NUL pads it to an even length; devices put a space there, too.
pub(super) fn uid(value: &[u8]) -> Option<Uid> {
    Uid::parse(without_one_nul(value)?).ok()
}

/// AE, one value. A NUL at its end, as some devices pad with, is taken for the space it should be.
pub(super) fn title(value: &[u8]) -> Option<AeTitle> {
    let value = without_one_nul(value)?;
    if value.len() > AeTitle::LEN {
        return None;
    }
    AeTitle::parse(value).ok()
}

fn without_one_nul(value: &[u8]) -> Option<&[u8]> {
    let value = if let [head @ .., 0] = value { head } else { value };
    (!value.contains(&0)).then_some(value)
}

/// A command set on its way out.
#[derive(Debug, Default)]
pub(super) struct Draft(Vec<u8>);

impl Draft {
    /// The group length, which [`Draft::finish`] fills in.
    pub(super) fn new() -> Self {
        let mut draft = Self(Vec::with_capacity(256));
        draft.put(GROUP_LENGTH, &[0; 4]);
        draft
    }

    /// Appends an element; the caller keeps them in order.
    pub(super) fn put(&mut self, number: u16, value: &[u8]) {
        self.padded(number, value, 0);
    }

    pub(super) fn number(&mut self, number: u16, value: u16) {
        self.put(number, &value.to_le_bytes());
    }

    pub(super) fn uid(&mut self, number: u16, value: &Uid) {
        self.padded(number, value.as_str().as_bytes(), 0);
    }

    pub(super) fn title(&mut self, number: u16, value: AeTitle) {
        self.padded(number, value.as_str().as_bytes(), b' ');
    }

    /// LO: at most 64 characters, of ISO 646 without backslash; others become question marks.
    pub(super) fn text(&mut self, number: u16, value: &[u8]) {
        const LONGEST: usize = 64;
        let plain = value.iter().take(LONGEST).map(|&byte| match byte {
            b'\\' | 0..=0x1f | 0x7f.. => b'?',
            0x20..=0x7e => byte,
        });
        let plain: Vec<u8> = plain.collect();
        self.padded(number, plain.trim_ascii_end(), b' ');
    }

    /// The whole set with its true group length.
    pub(super) fn finish(mut self) -> Vec<u8> {
        /// Tag, length and value of the group length itself.
        const OWN: usize = 12;
        let length = u32::try_from(self.0.len().saturating_sub(OWN)).unwrap_or(u32::MAX);
        if let Some(value) = self.0.get_mut(OWN - 4..OWN) {
            value.copy_from_slice(&length.to_le_bytes());
        }
        self.0
    }

    fn padded(&mut self, number: u16, value: &[u8], padding: u8) {
        let length = u32::try_from(value.len().next_multiple_of(2)).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&[0, 0]);
        self.0.extend_from_slice(&number.to_le_bytes());
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(value);
        if value.len() % 2 == 1 {
            self.0.push(padding);
        }
    }
}
