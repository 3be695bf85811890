//! Items and sub-items: type, reserved byte, 16-bit length, content.

use super::error::AssociateError;
use super::note::{Note, Notes};
use crate::wire::reader::{ReadError, Reader};

pub(super) const APPLICATION_CONTEXT: u8 = 0x10;
pub(super) const PROPOSED_CONTEXT: u8 = 0x20;
pub(super) const CONTEXT_RESULT: u8 = 0x21;
pub(super) const ABSTRACT_SYNTAX: u8 = 0x30;
pub(super) const TRANSFER_SYNTAX: u8 = 0x40;
pub(super) const USER_INFORMATION: u8 = 0x50;
pub(super) const MAXIMUM_LENGTH: u8 = 0x51;
pub(super) const IMPLEMENTATION_CLASS: u8 = 0x52;
pub(super) const OPERATIONS_WINDOW: u8 = 0x53;
pub(super) const ROLE_SELECTION: u8 = 0x54;
pub(super) const VERSION_NAME: u8 = 0x55;
pub(super) const EXTENDED: u8 = 0x56;
pub(super) const COMMON_EXTENDED: u8 = 0x57;
pub(super) const IDENTITY: u8 = 0x58;
pub(super) const IDENTITY_ANSWER: u8 = 0x59;

/// An item whose content has been delimited and not yet read.
pub(super) struct Item<'a> {
    pub(super) kind: u8,
    /// The second byte: a version in item 57, reserved in all others.
    pub(super) version: u8,
    content: Reader<'a>,
}

impl<'a> Item<'a> {
    /// The next item, `None` at the end of what holds it.
    pub(super) fn next_in(reader: &mut Reader<'a>) -> Result<Option<Self>, AssociateError> {
        if reader.is_empty() {
            return Ok(None);
        }
        let [kind, version, high, low] =
            reader.array().map_err(|_| AssociateError::CutItemHeader)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let content = reader.sub(length).map_err(|_| AssociateError::ItemOverrun(kind))?;
        Ok(Some(Self { kind, version, content }))
    }

    /// The next sub-item, `None` at the end of this item.
    pub(super) fn sub_item(&mut self) -> Result<Option<Self>, AssociateError> {
        Self::next_in(&mut self.content)
    }

    pub(super) fn u8(&mut self) -> Result<u8, AssociateError> {
        self.content.u8().map_err(self.fault())
    }

    pub(super) fn u32(&mut self) -> Result<u32, AssociateError> {
        self.content.u32().map_err(self.fault())
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], AssociateError> {
        self.content.array().map_err(self.fault())
    }

    /// A field behind its own 16-bit length.
    pub(super) fn sized(&mut self) -> Result<&'a [u8], AssociateError> {
        let fault = self.fault();
        let length = self.content.u16().map_err(&fault)?;
        self.content.take(usize::from(length)).map_err(&fault)
    }

    /// A list of such fields behind a 16-bit length of all of them, read for its structure only.
    pub(super) fn skip_sized_list(&mut self) -> Result<(), AssociateError> {
        let content = Reader::new(self.sized()?);
        let mut list = Item { kind: self.kind, version: self.version, content };
        while !list.content.is_empty() {
            list.sized()?;
        }
        Ok(())
    }

    pub(super) const fn rest(self) -> &'a [u8] {
        self.content.rest()
    }

    pub(super) fn finish(self) -> Result<(), AssociateError> {
        self.content.finish().map_err(self.fault())
    }

    /// For an item that has no meaning here: readers skip it, so it is dropped and noted.
    pub(super) fn skip(&self, unknown: fn(u8) -> Note, notes: &mut Notes) {
        let note = if self.is_known() { Note::SurplusItem } else { unknown };
        notes.add(note(self.kind));
    }

    /// Whether its type is one of the standard's.
    pub(super) const fn is_known(&self) -> bool {
        matches!(
            self.kind,
            APPLICATION_CONTEXT
                | PROPOSED_CONTEXT
                | CONTEXT_RESULT
                | ABSTRACT_SYNTAX
                | TRANSFER_SYNTAX
                | USER_INFORMATION..=IDENTITY_ANSWER
        )
    }

    fn fault(&self) -> impl Fn(ReadError) -> AssociateError + use<> {
        let kind = self.kind;
        move |error| match error {
            ReadError::Truncated => AssociateError::ItemTooShort(kind),
            ReadError::Trailing => AssociateError::TrailingBytes(kind),
        }
    }
}
