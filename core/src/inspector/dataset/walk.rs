//! The walk itself: which bytes are headers, and what each of them opens.

use super::dictionary::Known;
use super::gather::{Gather, take};
use super::header::{self, Encoding, Length, Vr};
use super::identifiers::{self, Found, MAX_HELD, Reading, UidCharacters};
use super::level::{Kind, Level, Levels};
use super::seen::Seen;
use super::{DataSetError, Deviation, Tag, Walker};
use crate::transfer_syntax::Walk;

/// The most elements, items and delimiters of a data set: a large enhanced object has 300,000.
pub const MAX_ELEMENTS: u32 = 1_000_000;

const ITEM_LITTLE: [u8; 4] = [0xfe, 0xff, 0x00, 0xe0];
const ITEM_BIG: [u8; 4] = [0xff, 0xfe, 0xe0, 0x00];
/// How much of a value tells whether an item stands in it.
const PEEK: usize = 4;

/// Where the walk is.
#[derive(Debug)]
pub(super) struct State {
    syntax: Walk,
    levels: Levels,
    next: Next,
    /// How many bytes were taken.
    position: u64,
    elements: u32,
    found: Found,
    seen: Seen,
    /// A value that is judged whole; reused.
    held: Vec<u8>,
}

/// What the next bytes are.
#[derive(Clone, Copy, Debug)]
enum Next {
    Header(Gather),
    /// The rest of a header whose length has four bytes.
    LongHeader(Gather, Tag, Vr, Encoding),
    /// A value that nobody opens.
    Skip(u32),
    /// The beginning of a value that some reader opens if an item stands there.
    Peek(Element, Gather),
    /// A value that is judged: the rest of its length.
    Read(Tag, Reading, UidCharacters, u32),
}

/// An element whose value has a defined length.
#[derive(Clone, Copy, Debug)]
struct Element {
    tag: Tag,
    length: u32,
    /// How the elements of its item are written.
    encoding: Encoding,
    /// The standard says that it is a sequence.
    must_be_sequence: bool,
}

impl State {
    pub(super) const fn new(syntax: Walk) -> Self {
        let encoding = match syntax {
            Walk::ImplicitLittle => Encoding::Implicit,
            Walk::ExplicitLittle | Walk::Encapsulated => Encoding::Little,
            Walk::ExplicitBig => Encoding::Big,
        };
        Self {
            syntax,
            levels: Levels::new(encoding),
            next: Next::Header(Gather::NEW),
            position: 0,
            elements: 0,
            found: Found::NONE,
            seen: Seen::NONE,
            held: Vec::new(),
        }
    }

    pub(super) const fn position(&self) -> u64 {
        self.position
    }
}

impl Walker {
    pub(super) fn walk(&mut self, mut input: &[u8]) -> Result<(), DataSetError> {
        while !input.is_empty() {
            match self.state.next {
                Next::Header(gather) => self.header(gather, &mut input)?,
                Next::LongHeader(gather, tag, vr, encoding) => {
                    self.long_header(gather, tag, vr, encoding, &mut input)?;
                }
                Next::Skip(left) => {
                    let left = left - self.take(&mut input, left).1;
                    self.state.next = if left == 0 { Next::HEADER } else { Next::Skip(left) };
                }
                Next::Peek(element, gather) => self.peek(element, gather, &mut input)?,
                Next::Read(tag, reading, characters, left) => {
                    self.read(tag, reading, characters, left, &mut input)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn end(&mut self) -> Result<(), DataSetError> {
        self.close_ended();
        if !matches!(self.state.next, Next::Header(gather) if gather.is_empty())
            || !self.state.levels.is_top()
        {
            return Err(DataSetError::Cut);
        }
        let found = self.state.found;
        let missing: [Option<Tag>; 4] = {
            let mut missing = found.missing(&self.purpose);
            std::array::from_fn(|_| missing.next())
        };
        for tag in missing.into_iter().flatten() {
            self.note(Deviation::Identifier, DataSetError::Missing(tag))?;
        }
        Ok(())
    }

    fn take<'a>(&mut self, input: &mut &'a [u8], most: u32) -> (&'a [u8], u32) {
        let piece = take(input, most as usize);
        self.state.position += piece.len() as u64;
        (piece, u32::try_from(piece.len()).unwrap_or(most))
    }

    /// Closes what ends by its length here.
    fn close_ended(&mut self) {
        loop {
            let level = self.state.levels.innermost();
            if !level.is_defined || level.bound != self.state.position {
                return;
            }
            self.close();
        }
    }

    fn close(&mut self) {
        if let Some(closed) = self.state.levels.close() {
            self.state.seen.forget(&closed);
        }
    }

    fn gather(&mut self, gather: &mut Gather, whole: usize, input: &mut &[u8]) -> bool {
        let (taken, is_whole) = gather.fill(input, whole);
        self.state.position += taken as u64;
        is_whole
    }

    fn header(&mut self, mut gather: Gather, input: &mut &[u8]) -> Result<(), DataSetError> {
        if gather.is_empty() {
            self.close_ended();
        }
        if !self.gather(&mut gather, header::SHORT, input) {
            self.state.next = Next::Header(gather);
            return Ok(());
        }
        let level = *self.state.levels.innermost();
        let [a, b, c, d, e, f, g, h, ..] = gather.bytes();
        let tag = header::tag([a, b, c, d], level.encoding);
        self.stay_within(tag, 0)?;
        let is_element = matches!(level.kind, Kind::DataSet | Kind::Item);
        if !is_element || tag.is_of_items() {
            self.count()?;
            return self.item_or_delimiter(tag, header::long([e, f, g, h], level.encoding));
        }
        let encoding = self.settle(tag, level, [e, f])?;
        if encoding == Encoding::Implicit {
            self.count()?;
            return self.implicit(tag, header::long([e, f, g, h], encoding));
        }
        let vr = Vr::find([e, f]).ok_or(DataSetError::UnknownVr(tag))?;
        if !vr.is_long() {
            self.count()?;
            return self.explicit(tag, vr, header::short([g, h], encoding), encoding);
        }
        self.state.next = Next::LongHeader(gather, tag, vr, encoding);
        Ok(())
    }

    fn long_header(
        &mut self,
        mut gather: Gather,
        tag: Tag,
        vr: Vr,
        encoding: Encoding,
        input: &mut &[u8],
    ) -> Result<(), DataSetError> {
        if !self.gather(&mut gather, header::LONG, input) {
            self.state.next = Next::LongHeader(gather, tag, vr, encoding);
            return Ok(());
        }
        self.stay_within(tag, 0)?;
        self.count()?;
        let [.., g, h, i, j, k, l] = gather.bytes();
        if [g, h] != [0, 0] {
            self.note(Deviation::ReservedBytes, DataSetError::ReservedBytes(tag))?;
        }
        self.explicit(tag, vr, header::long([i, j, k, l], encoding), encoding)
    }

    const fn count(&mut self) -> Result<(), DataSetError> {
        if self.state.elements == MAX_ELEMENTS {
            return Err(DataSetError::Elements);
        }
        self.state.elements += 1;
        Ok(())
    }

    /// How this element is written, now that its header's beginning is there.
    ///
    /// A reader that looks for capital letters takes a first element of Implicit VR with such a
    /// length for Explicit VR: at the top level, and in items inside `UN`.
    fn settle(
        &mut self,
        tag: Tag,
        level: Level,
        letters: [u8; 2],
    ) -> Result<Encoding, DataSetError> {
        if level.encoding == Encoding::Probed {
            let is_explicit = Vr::find(letters).is_some();
            let settled = if is_explicit { Encoding::Little } else { Encoding::Implicit };
            self.state.levels.innermost_mut().encoding = settled;
            if !is_explicit && header::are_capitals(letters) {
                return Err(DataSetError::Mistakable(tag));
            }
            return Ok(settled);
        }
        let is_probed = level.kind == Kind::DataSet || self.state.syntax != Walk::ImplicitLittle;
        let is_implicit = level.encoding == Encoding::Implicit;
        if is_implicit && is_probed && level.highest.is_none() && header::are_capitals(letters) {
            return Err(DataSetError::Mistakable(tag));
        }
        Ok(level.encoding)
    }

    /// Whether what was read, and so many bytes behind it, stay within what is open.
    fn stay_within(&self, tag: Tag, length: u32) -> Result<(), DataSetError> {
        let end = self.state.position.saturating_add(u64::from(length));
        let is_within = end <= self.state.levels.innermost().bound;
        if is_within { Ok(()) } else { Err(DataSetError::Overrun(tag)) }
    }

    fn item_or_delimiter(&mut self, tag: Tag, length: Length) -> Result<(), DataSetError> {
        let level = *self.state.levels.innermost();
        match (level.kind, tag) {
            (Kind::Sequence, Tag::ITEM) => self.open_item(level, length),
            (Kind::Fragments { has_table }, Tag::ITEM) => self.fragment(has_table, length),
            (Kind::Item, Tag::ITEM_END) | (Kind::Sequence, Tag::SEQUENCE_END)
                if !level.is_defined =>
            {
                self.delimiter(tag, length)
            }
            (Kind::Fragments { has_table: true }, Tag::SEQUENCE_END) => self.delimiter(tag, length),
            (Kind::Fragments { has_table: false }, Tag::SEQUENCE_END) => {
                Err(DataSetError::OffsetTable)
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

    fn open_item(&mut self, sequence: Level, length: Length) -> Result<(), DataSetError> {
        self.open(Tag::ITEM, Kind::Item, sequence.encoding, length)
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
        let level = Level { kind, encoding, is_defined, bound, highest: None, seen_from };
        self.state.levels.open(level)?;
        self.state.next = Next::HEADER;
        Ok(())
    }

    fn fragment(&mut self, has_table: bool, length: Length) -> Result<(), DataSetError> {
        let Length::Defined(length) = length else { return Err(DataSetError::FragmentLength) };
        self.stay_within(Tag::ITEM, length)?;
        // The offsets of the table are numbers of four bytes.
        if !has_table && length % 4 != 0 {
            return Err(DataSetError::OffsetTable);
        }
        if length % 2 == 1 {
            self.note(Deviation::OddLength, DataSetError::OddLength(Tag::PIXEL_DATA))?;
        }
        self.state.levels.innermost_mut().kind = Kind::Fragments { has_table: true };
        self.skip(length);
        Ok(())
    }

    const fn skip(&mut self, length: u32) {
        self.state.next = if length == 0 { Next::HEADER } else { Next::Skip(length) };
    }

    fn implicit(&mut self, tag: Tag, length: Length) -> Result<(), DataSetError> {
        self.enter(tag)?;
        let reading = self.reading(tag, None)?;
        let known = Known::find(tag);
        let Length::Defined(length) = length else {
            return match known {
                _ if tag == Tag::PIXEL_DATA => Err(DataSetError::Encapsulated),
                Known::Sequence | Known::Other if reading.is_none() => {
                    self.open(tag, Kind::Sequence, Encoding::Implicit, Length::Undefined)
                }
                Known::Sequence | Known::Other | Known::Bulk => {
                    Err(DataSetError::UndefinedLength(tag))
                }
            };
        };
        self.measure(tag, length)?;
        let element =
            Element { tag, length, encoding: Encoding::Implicit, must_be_sequence: false };
        match (reading, known) {
            (Some(reading), _) => self.begin_reading(element, reading),
            (None, Known::Sequence) => self.open_defined(element, Encoding::Implicit),
            (None, Known::Bulk) => {
                self.skip(length);
                Ok(())
            }
            (None, Known::Other) => self.begin_peek(element),
        }
    }

    fn explicit(
        &mut self,
        tag: Tag,
        vr: Vr,
        length: Length,
        encoding: Encoding,
    ) -> Result<(), DataSetError> {
        self.enter(tag)?;
        let reading = self.reading(tag, Some(vr))?;
        let Length::Defined(length) = length else {
            return self.explicit_undefined(tag, vr, encoding);
        };
        if tag == Tag::PIXEL_DATA
            && self.state.levels.is_top()
            && self.state.syntax == Walk::Encapsulated
        {
            return Err(DataSetError::Native);
        }
        if !matches!(vr, Vr::Sequence | Vr::Unknown) && Known::is_sequence(tag) {
            self.note(Deviation::SequenceVr, DataSetError::SequenceVr(tag))?;
        }
        self.measure(tag, length)?;
        let must_be_sequence = vr == Vr::Unknown && Known::is_sequence(tag);
        let element = Element { tag, length, encoding, must_be_sequence };
        match (reading, vr) {
            (Some(reading), _) => self.begin_reading(element, reading),
            (None, Vr::Sequence) => self.open_defined(element, encoding),
            (None, Vr::Unknown) => self.begin_peek(element),
            (None, Vr::Bytes | Vr::Uid | Vr::Long | Vr::Short) => {
                self.skip(length);
                Ok(())
            }
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
            // Implicit VR, little endian, whatever is around it (PS3.5 section 6.2.2, note).
            Vr::Unknown if !is_pixel_data => {
                self.open(tag, Kind::Sequence, Encoding::Implicit, Length::Undefined)
            }
            Vr::Bytes if is_pixel_data && self.state.syntax == Walk::Encapsulated => {
                let kind = Kind::Fragments { has_table: false };
                self.open(tag, kind, encoding, Length::Undefined)
            }
            Vr::Bytes if is_pixel_data => Err(DataSetError::Encapsulated),
            Vr::Bytes | Vr::Unknown | Vr::Uid | Vr::Long | Vr::Short => {
                Err(DataSetError::UndefinedLength(tag))
            }
        }
    }

    /// Judges the tag of an element: its group, and that it follows those before it.
    fn enter(&mut self, tag: Tag) -> Result<(), DataSetError> {
        if !tag.has_valid_group() {
            self.note(Deviation::Group, DataSetError::Group(tag))?;
        }
        let level = self.state.levels.innermost_mut();
        let before = level.highest;
        level.highest = before.max(Some(tag));
        if before == Some(tag) {
            return self.note(Deviation::Duplicate, DataSetError::Duplicate(tag));
        }
        if before > Some(tag) {
            self.note(Deviation::Order, DataSetError::Order(tag))?;
        }
        if self.rules.permit_disorder() { self.remember(tag) } else { Ok(()) }
    }

    fn remember(&mut self, tag: Tag) -> Result<(), DataSetError> {
        match self.state.seen.note(self.state.levels.innermost(), tag) {
            Ok(false) => Ok(()),
            Ok(true) => self.note(Deviation::Duplicate, DataSetError::Duplicate(tag)),
            Err(_) if self.rules.permit(Deviation::Duplicate) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn measure(&mut self, tag: Tag, length: u32) -> Result<(), DataSetError> {
        self.stay_within(tag, length)?;
        if length % 2 == 1 {
            self.note(Deviation::OddLength, DataSetError::OddLength(tag))?;
        }
        Ok(())
    }

    fn open_defined(&mut self, element: Element, encoding: Encoding) -> Result<(), DataSetError> {
        self.open(element.tag, Kind::Sequence, encoding, Length::Defined(element.length))
    }

    /// How the value of an element is to be read, if it is.
    fn reading(&mut self, tag: Tag, vr: Option<Vr>) -> Result<Option<Reading>, DataSetError> {
        let is_top = self.state.levels.is_top();
        let Some(reading) = Reading::of(tag, is_top, &self.purpose) else { return Ok(None) };
        if is_top {
            self.state.found.note(tag);
        }
        if reading.takes(vr) {
            return Ok(Some(reading));
        }
        self.note(Deviation::Identifier, DataSetError::IdentifierVr(tag))?;
        Ok((vr != Some(Vr::Sequence)).then_some(reading))
    }

    fn begin_reading(&mut self, element: Element, reading: Reading) -> Result<(), DataSetError> {
        let Element { tag, length, .. } = element;
        let is_held = !matches!(reading, Reading::Uids { .. });
        if is_held && length > MAX_HELD {
            return Err(DataSetError::TooLong(tag));
        }
        self.state.held.clear();
        if length == 0 {
            return self.judge(tag, reading, UidCharacters::default());
        }
        self.state.next = Next::Read(tag, reading, UidCharacters::default(), length);
        Ok(())
    }

    fn read(
        &mut self,
        tag: Tag,
        reading: Reading,
        mut characters: UidCharacters,
        left: u32,
        input: &mut &[u8],
    ) -> Result<(), DataSetError> {
        let (piece, taken) = self.take(input, left);
        match reading {
            Reading::Uid | Reading::Path => self.state.held.extend_from_slice(piece),
            Reading::Uids { patterns } => {
                if let Some(place) = characters.take(piece, patterns) {
                    return self.strange_uid(tag, piece, place, left);
                }
            }
        }
        self.state.next = Next::Read(tag, reading, characters, left - taken);
        if left == taken { self.judge(tag, reading, characters) } else { Ok(()) }
    }

    /// A byte in a list of UIDs that has no place there. Where that is only counted, the rest of
    /// the value is skipped; what could lead out of a directory is always an error.
    fn strange_uid(
        &mut self,
        tag: Tag,
        piece: &[u8],
        place: usize,
        left: u32,
    ) -> Result<(), DataSetError> {
        let behind = piece.len().saturating_sub(place + 1) as u64;
        let error = DataSetError::UidCharacters(tag);
        let is_of_paths = matches!(piece.get(place), Some(b'/' | 0x01..=0x1f | 0x7f));
        let verdict =
            if is_of_paths { Err(error) } else { self.note(Deviation::Identifier, error) };
        if verdict.is_err() {
            // The byte at fault is the last one that counts as taken.
            self.state.position -= behind;
            return verdict;
        }
        let taken = u32::try_from(piece.len()).unwrap_or(left);
        self.skip(left.saturating_sub(taken));
        Ok(())
    }

    fn judge(
        &mut self,
        tag: Tag,
        reading: Reading,
        characters: UidCharacters,
    ) -> Result<(), DataSetError> {
        self.state.next = Next::HEADER;
        if characters.has_pattern {
            self.deviations.note_pattern();
        }
        match identifiers::judge(reading, tag, &self.state.held, &self.purpose) {
            Ok(()) => Ok(()),
            Err(finding) => match finding.deviation {
                Some(deviation) => self.note(deviation, finding.error),
                None => Err(finding.error),
            },
        }
    }

    fn begin_peek(&mut self, element: Element) -> Result<(), DataSetError> {
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

    fn peek(
        &mut self,
        element: Element,
        mut gather: Gather,
        input: &mut &[u8],
    ) -> Result<(), DataSetError> {
        if !self.gather(&mut gather, PEEK, input) {
            self.state.next = Next::Peek(element, gather);
            return Ok(());
        }
        let [a, b, c, d, ..] = gather.bytes();
        let rest = Element { length: element.length.saturating_sub(4), ..element };
        let inside = match ([a, b, c, d], element.encoding) {
            (ITEM_LITTLE, Encoding::Implicit) => Some(Encoding::Implicit),
            (ITEM_LITTLE, Encoding::Little | Encoding::Big | Encoding::Probed) => {
                Some(Encoding::Probed)
            }
            (ITEM_BIG, Encoding::Big) => Some(Encoding::Big),
            _ => None,
        };
        let Some(inside) = inside else {
            if element.must_be_sequence {
                return Err(DataSetError::NotAnItem(header::tag([a, b, c, d], element.encoding)));
            }
            self.skip(rest.length);
            return Ok(());
        };
        self.open_defined(rest, inside)?;
        self.state.next = Next::Header(Gather::with([a, b, c, d]));
        Ok(())
    }
}

impl Next {
    const HEADER: Self = Self::Header(Gather::NEW);
}
