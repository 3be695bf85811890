//! What a header opens: items, sequences and fragments, or a value that is skipped, read or looked
//! into.

use super::super::dictionary::{self, Known};
use super::super::header::{self, Encoding, Length, Vr};
use super::super::image::Image;
use super::super::level::{Kind, Level};
use super::super::{DataSetError, Deviation, Purpose, Tag, Walker};
use super::{Element, ITEM_BIG, ITEM_LITTLE, Next, PEEK};
use crate::gather::Gather;
use crate::transfer_syntax::Walk;

/// What Implicit VR has of a VR.
const NO_LETTERS: [u8; 2] = [0; 2];
const SEQUENCE: [u8; 2] = *b"SQ";

impl Walker {
    pub(super) fn item_or_delimiter(
        &mut self,
        tag: Tag,
        length: Length,
    ) -> Result<(), DataSetError> {
        let level = self.state.levels.innermost();
        let (encoding, is_defined, bound) = (level.encoding, level.is_defined, level.bound);
        match (level.kind, tag) {
            (Kind::Sequence, Tag::ITEM) => self.open(Tag::ITEM, Kind::Item, encoding, length),
            (Kind::Fragments { has_table }, Tag::ITEM) => self.fragment(has_table, length),
            (Kind::Item, Tag::ITEM_END) | (Kind::Sequence, Tag::SEQUENCE_END) if !is_defined => {
                self.delimiter(tag, length)
            }
            // Where the length ends as well, nobody can take it for anything else.
            (Kind::Item, Tag::ITEM_END) | (Kind::Sequence, Tag::SEQUENCE_END)
                if bound == self.state.position =>
            {
                self.deviations.add(Deviation::SurplusDelimiter);
                self.delimiter(tag, length)
            }
            (Kind::Fragments { has_table: true }, Tag::SEQUENCE_END) => self.delimiter(tag, length),
            (Kind::Fragments { has_table: false }, Tag::SEQUENCE_END) => {
                self.note(DataSetError::OffsetTable)?;
                self.delimiter(tag, length)
            }
            (Kind::Sequence | Kind::Fragments { .. }, tag) if !tag.is_of_items() => {
                Err(DataSetError::NotAnItem(tag))
            }
            (Kind::DataSet | Kind::Item | Kind::Sequence | Kind::Fragments { .. }, tag) => {
                Err(DataSetError::Misplaced(tag))
            }
        }
    }

    fn delimiter(&mut self, tag: Tag, length: Length) -> Result<(), DataSetError> {
        if length != Length::Defined(0) {
            return Err(DataSetError::DelimiterLength(tag));
        }
        self.close();
        self.state.next = Next::HEADER;
        Ok(())
    }

    fn fragment(&mut self, has_table: bool, length: Length) -> Result<(), DataSetError> {
        let Length::Defined(length) = length else { return Err(DataSetError::FragmentLength) };
        self.stay_within(Tag::ITEM, length)?;
        // The offsets of the table are numbers of four bytes.
        if !has_table && length % 4 != 0 {
            self.note(DataSetError::OffsetTable)?;
        }
        if length % 2 == 1 {
            self.note(DataSetError::OddLength(Tag::PIXEL_DATA))?;
        }
        self.state.levels.innermost_mut().kind = Kind::Fragments { has_table: true };
        self.begin_skip(Tag::PIXEL_DATA, length)
    }

    pub(super) fn implicit(&mut self, tag: Tag, length: Length) -> Result<(), DataSetError> {
        self.enter(tag)?;
        let reading = self.reading(tag, None, NO_LETTERS, length)?;
        self.count_wildcards(tag, None);
        let Length::Defined(length) = length else {
            if tag == Tag::PIXEL_DATA {
                return Err(DataSetError::Encapsulated);
            }
            return self.open_nameless(tag);
        };
        self.measure(tag, length)?;
        let element =
            Element { tag, length, encoding: Encoding::Implicit, must_be_sequence: false };
        match (reading, Known::find(tag)) {
            (Some(reading), _) => self.begin_reading(element, reading),
            (None, Known::Sequence) => self.open_defined(element, Encoding::Implicit),
            (None, Known::Bulk) => self.begin_skip(tag, length),
            (None, Known::Other) => self.begin_peek(element),
        }
    }

    pub(super) fn explicit(
        &mut self,
        tag: Tag,
        vr: Vr,
        letters: [u8; 2],
        length: Length,
        encoding: Encoding,
    ) -> Result<(), DataSetError> {
        self.enter(tag)?;
        let known = dictionary::vr_of(tag);
        let is_disguised = vr != Vr::Sequence && known == Some(SEQUENCE);
        if !is_disguised && known.is_some_and(|known| dictionary::is_foreign(known, letters)) {
            self.deviations.add(Deviation::ForeignVr);
        }
        let reading = self.reading(tag, Some(vr), letters, length)?;
        self.count_wildcards(tag, Some(vr));
        let Length::Defined(length) = length else {
            return self.explicit_undefined(tag, vr, encoding);
        };
        if tag == Tag::PIXEL_DATA
            && self.state.levels.is_top()
            && self.state.syntax == Walk::Encapsulated
        {
            self.note(DataSetError::Native)?;
        }
        // Archives store what they did not know as UN; what a server searches by has a VR.
        let may_be = vr == Vr::Unknown && matches!(self.purpose, Purpose::Object { .. });
        if is_disguised && !may_be {
            self.note(DataSetError::SequenceVr(tag))?;
        }
        self.measure(tag, length)?;
        let must_be_sequence = vr == Vr::Unknown && is_disguised;
        let element = Element { tag, length, encoding, must_be_sequence };
        match (reading, vr) {
            (Some(reading), _) => self.begin_reading(element, reading),
            (None, Vr::Sequence) => self.open_defined(element, encoding),
            (None, Vr::Unknown) => self.begin_peek(element),
            (None, Vr::Bytes | Vr::Uid | Vr::Long | Vr::Short) => self.begin_skip(tag, length),
        }
    }

    fn explicit_undefined(
        &mut self,
        tag: Tag,
        vr: Vr,
        encoding: Encoding,
    ) -> Result<(), DataSetError> {
        let is_pixel_data = tag == Tag::PIXEL_DATA;
        match vr {
            Vr::Sequence => self.open(tag, Kind::Sequence, encoding, Length::Undefined),
            // Readers differ on the byte order inside.
            Vr::Unknown if encoding == Encoding::Big => Err(DataSetError::UndefinedLength(tag)),
            Vr::Unknown => self.open_nameless(tag),
            Vr::Bytes if is_pixel_data && self.state.syntax == Walk::Encapsulated => {
                let kind = Kind::Fragments { has_table: false };
                self.open(tag, kind, encoding, Length::Undefined)
            }
            Vr::Bytes if is_pixel_data => Err(DataSetError::Encapsulated),
            Vr::Bytes | Vr::Uid | Vr::Long | Vr::Short => Err(DataSetError::UndefinedLength(tag)),
        }
    }

    /// Opens a value of undefined length that no VR calls a sequence: in Implicit VR, little endian,
    /// whatever is around it (PS3.5 section 6.2.2, note).
    ///
    /// A reader that goes by the dictionary looks for the end of a standard text and takes the first
    /// delimiter in it, wherever it stands; so no standard element may be one but a sequence.
    fn open_nameless(&mut self, tag: Tag) -> Result<(), DataSetError> {
        if !tag.is_private() && !Known::is_sequence(tag) {
            return Err(DataSetError::UndefinedLength(tag));
        }
        self.open(tag, Kind::Sequence, Encoding::Implicit, Length::Undefined)
    }

    fn open_defined(&mut self, element: Element, encoding: Encoding) -> Result<(), DataSetError> {
        // Elsewhere there may be pixel data in it.
        if self.allowance.counts_pixel_data {
            self.grow(element.tag, element.length)?;
        }
        self.open(element.tag, Kind::Sequence, encoding, Length::Defined(element.length))
    }

    fn open(
        &mut self,
        tag: Tag,
        kind: Kind,
        encoding: Encoding,
        length: Length,
    ) -> Result<(), DataSetError> {
        let around = self.state.levels.innermost();
        let (is_defined, bound) = match length {
            Length::Undefined => (false, around.bound),
            Length::Defined(length) => {
                self.stay_within(tag, length)?;
                (true, self.state.position.saturating_add(u64::from(length)))
            }
        };
        let seen_from = self.state.seen.len();
        let level = Level {
            kind,
            encoding,
            is_defined,
            bound,
            highest: None,
            seen_from,
            elements: 0,
            creators: 0,
            image: Image::NONE,
        };
        self.state.levels.open(level)?;
        self.state.next = Next::HEADER;
        Ok(())
    }

    fn begin_skip(&mut self, tag: Tag, length: u32) -> Result<(), DataSetError> {
        self.grow(tag, length)?;
        self.skip(length);
        Ok(())
    }

    fn begin_peek(&mut self, element: Element) -> Result<(), DataSetError> {
        self.grow(element.tag, element.length)?;
        if element.length as usize >= PEEK {
            self.state.next = Next::Peek(element, Gather::NEW);
            return Ok(());
        }
        if element.must_be_sequence && element.length > 0 {
            return Err(DataSetError::Overrun(element.tag));
        }
        self.skip(element.length);
        Ok(())
    }

    pub(super) fn peek(
        &mut self,
        element: Element,
        mut gather: Gather<PEEK>,
        input: &mut &[u8],
    ) -> Result<(), DataSetError> {
        let Some(begin) = self.gather(&mut gather, input) else {
            self.state.next = Next::Peek(element, gather);
            return Ok(());
        };
        let rest = Element { length: element.length.saturating_sub(4), ..element };
        let inside = match (begin, element.encoding) {
            (ITEM_LITTLE, Encoding::Implicit) => Some(Encoding::Implicit),
            (ITEM_LITTLE, Encoding::Little | Encoding::Big | Encoding::Probed) => {
                Some(Encoding::Probed)
            }
            (ITEM_BIG, Encoding::Big) => Some(Encoding::Big),
            _ => None,
        };
        let Some(inside) = inside else {
            self.look_at(&begin);
            let first = header::tag(begin, element.encoding);
            // A delimiter ends the value for a reader whose dictionary of vendors has a sequence
            // here, and what follows are elements beside it.
            if element.must_be_sequence || first.is_item_or_delimiter() {
                return Err(DataSetError::NotAnItem(first));
            }
            self.state.wildcards.take(&begin);
            self.skip(rest.length);
            return self.state.wildcards.verdict();
        };
        self.open_defined(rest, inside)?;
        // The four bytes are the beginning of the item's header.
        self.state.next = Next::Header(Gather::begun(begin));
        Ok(())
    }
}
