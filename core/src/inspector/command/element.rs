//! Elements of a command set (PS3.7 section 6.3.1): read, judged, written.

use super::error::CommandError;
use crate::counts::Counts;
use crate::inspector::tidied::Tidied;
use crate::known_uid;
use crate::wire::title::AeTitle;
use crate::wire::uid::{InstanceUid, Uid};

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

/// How many elements a command set usually has at most.
const USUAL: usize = 16;

/// The elements of a whole command set: group 0000 without its group length, ascending, each once.
#[derive(Debug)]
pub(super) struct Elements<'a> {
    sorted: Vec<Element<'a>>,
}

impl<'a> Elements<'a> {
    /// Reads a set in any order. Its group length says nothing that the set itself does not; what is
    /// of another group, as Orthanc appends it, belongs to no command. Both are written down.
    pub(super) fn of(set: &'a [u8], tidied: &mut Counts<Tidied>) -> Result<Self, CommandError> {
        let mut sorted: Vec<Element<'a>> = Vec::with_capacity(USUAL.min(set.len()));
        let mut behind = 0;
        let mut rest = set;
        while !rest.is_empty() {
            let before = rest.len();
            let (group, element) = take(&mut rest)?;
            if element.value.len() % 2 == 1 {
                tidied.add(Tidied::OddLength);
            }
            if group == 0 {
                if element.number != GROUP_LENGTH {
                    behind += before - rest.len();
                }
                sorted.push(element);
            } else {
                tidied.add(Tidied::Group);
            }
        }
        if !sorted.is_sorted_by_key(|element| element.number) {
            tidied.add(Tidied::Order);
            sorted.sort_by_key(|element| element.number);
        }
        let twice = sorted.windows(2).find(|pair| matches!(pair, [a, b] if a.number == b.number));
        if let Some([element, _]) = twice {
            return Err(CommandError::Repeated(element.number));
        }
        let length = sorted.first().filter(|first| first.number == GROUP_LENGTH).copied();
        if length.is_some() {
            sorted.remove(0);
        }
        if !length.is_some_and(|length| says(length.value, behind)) {
            tidied.add(Tidied::GroupLength);
        }
        Ok(Self { sorted })
    }

    pub(super) fn find(&self, number: u16) -> Option<Element<'a>> {
        let place = self.sorted.binary_search_by_key(&number, |element| element.number).ok()?;
        self.sorted.get(place).copied()
    }

    /// Puts an element in the place of one with its number, or in between.
    pub(super) fn put(&mut self, element: Element<'a>) {
        match self.sorted.binary_search_by_key(&element.number, |element| element.number) {
            Ok(place) => {
                if let Some(old) = self.sorted.get_mut(place) {
                    *old = element;
                }
            }
            Err(place) => self.sorted.insert(place, element),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Element<'a>> {
        self.sorted.iter().copied()
    }
}

/// Tag, length and value of a group length.
const LENGTH_ITSELF: usize = 12;

/// Whether a value of UL is this number.
fn says(value: &[u8], number: usize) -> bool {
    value.try_into().map(u32::from_le_bytes).is_ok_and(|told| told as usize == number)
}

/// Takes one element: tag (group first), a length of four bytes, a value.
fn take<'a>(rest: &mut &'a [u8]) -> Result<(u16, Element<'a>), CommandError> {
    let (&[g, h, a, b], tail) = rest.split_first_chunk().ok_or(CommandError::Cut)?;
    let (&length, tail) = tail.split_first_chunk().ok_or(CommandError::Cut)?;
    let length = u32::from_le_bytes(length) as usize;
    let (value, tail) = tail.split_at_checked(length).ok_or(CommandError::Cut)?;
    *rest = tail;
    Ok((u16::from_le_bytes([g, h]), Element { number: u16::from_le_bytes([a, b]), value }))
}

/// Makes the value of a number of a whole set that [`Draft`] wrote another one.
pub(super) fn replace_number(set: &mut [u8], number: u16, value: u16) {
    let mut rest = set;
    while let Some(([_, _, a, b, length @ ..], tail)) = rest.split_first_chunk_mut::<8>() {
        let length = u32::from_le_bytes(*length) as usize;
        let Some((old, tail)) = tail.split_at_mut_checked(length) else { return };
        if u16::from_le_bytes([*a, *b]) == number && old.len() == 2 {
            return old.copy_from_slice(&value.to_le_bytes());
        }
        rest = tail;
    }
}

/// Takes these elements out of a set that [`Draft`] wrote; whether it had one of them.
pub(super) fn take_out(set: &mut Vec<u8>, numbers: &[u16]) -> bool {
    let is_out = |element: &Element<'_>| numbers.contains(&element.number);
    if !elements(set).any(|element| is_out(&element)) {
        return false;
    }
    let mut draft = Draft::new();
    let kept = elements(set).filter(|it| it.number != GROUP_LENGTH && !is_out(it));
    kept.for_each(|element| draft.put(element.number, element.value));
    *set = draft.finish();
    true
}

/// Those of a set that [`Draft`] wrote.
fn elements(mut set: &[u8]) -> impl Iterator<Item = Element<'_>> {
    std::iter::from_fn(move || take(&mut set).ok().map(|(_, element)| element))
}

/// US.
pub(super) fn number(value: &[u8]) -> Option<u16> {
    value.try_into().map(u16::from_le_bytes).ok()
}

/// UI, one value. A NUL pads it to an even length; devices put a space there, too, or fill the 64
/// bytes of a buffer.
pub(super) fn uid(value: &[u8]) -> Option<Uid> {
    known_uid::read(value).ok()
}

/// UI, one value, of an instance.
pub(super) fn instance(value: &[u8]) -> Option<InstanceUid> {
    InstanceUid::parse(value).ok()
}

/// AE, one value. NULs at its end, as some devices pad with, are taken for the spaces they should be.
pub(super) fn title(value: &[u8]) -> Option<AeTitle> {
    let value = without_nuls(value)?;
    if value.len() > AeTitle::LEN {
        return None;
    }
    AeTitle::parse(value).ok()
}

fn without_nuls(mut value: &[u8]) -> Option<&[u8]> {
    while let [head @ .., 0] = value {
        value = head;
    }
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

    pub(super) fn uid(&mut self, number: u16, value: &str) {
        self.padded(number, value.as_bytes(), 0);
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
        let length = u32::try_from(self.0.len().saturating_sub(LENGTH_ITSELF)).unwrap_or(u32::MAX);
        if let Some(value) = self.0.get_mut(LENGTH_ITSELF - 4..LENGTH_ITSELF) {
            value.copy_from_slice(&length.to_le_bytes());
        }
        self.0
    }

    fn padded(&mut self, number: u16, value: &[u8], padding: u8) {
        let length = u32::try_from(value.len().next_multiple_of(2)).unwrap_or(u32::MAX);
        let ([a, b], [c, d, e, f]) = (number.to_le_bytes(), length.to_le_bytes());
        self.0.extend_from_slice(&[0, 0, a, b, c, d, e, f]);
        self.0.extend_from_slice(value);
        if value.len() % 2 == 1 {
            self.0.push(padding);
        }
    }
}
