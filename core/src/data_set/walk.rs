//! The walker, and the walk itself: which bytes are headers, and where what is open ends.

mod opening;
mod order;
mod reading;

use super::allowance::Allowance;
use super::header::{self, Encoding, SHORT, Vr};
use super::identifiers::{Found, Reading, UidCharacters};
use super::key::Key;
use super::level::{Kind, Levels};
use super::rules::BYTES_FOR_AN_ELEMENT;
use super::seen::Seen;
use super::shown::Shown;
use super::wildcards::Wildcards;
use super::{DataSetError, Deviations, Purpose, Rules, Tag};
use crate::gather::{Gather, take_up_to};
use crate::transfer_syntax::Walk;
use crate::wire::uid::InstanceUid;

const ITEM_LITTLE: [u8; 4] = [0xfe, 0xff, 0x00, 0xe0];
const ITEM_BIG: [u8; 4] = [0xff, 0xfe, 0xe0, 0x00];
/// How much of a value tells whether an item stands in it.
const PEEK: usize = 4;

/// Judges one data set.
#[derive(Debug)]
pub struct Walker {
    state: State,
    purpose: Purpose,
    rules: Rules,
    allowance: Allowance,
    deviations: Deviations,
    failed: Option<DataSetError>,
    /// Where somebody wants to know whom the data set is about.
    shown: Option<Box<Shown>>,
    /// Where somebody counts the objects of each study.
    study: Option<Box<[u8]>>,
}

/// Where the walk is.
#[derive(Debug)]
struct State {
    syntax: Walk,
    levels: Levels,
    next: Next,
    /// How many bytes were taken.
    position: u64,
    /// How many of them are pixel data that does not count, up to the end of its value.
    pixel_data: u64,
    elements: u32,
    found: Found,
    seen: Seen,
    /// Those of the value under way.
    wildcards: Wildcards,
    /// What the value under way asks for, if this is a query and none before it asks for less than
    /// everything.
    key: Key,
    /// Whether one does. What is no query needs no look.
    is_restricted: bool,
    /// A value that is judged whole; reused.
    held: Vec<u8>,
}

/// What the next bytes are.
#[derive(Clone, Copy, Debug)]
enum Next {
    Header(Gather<SHORT>),
    /// The length of four bytes behind this header.
    LongHeader([u8; SHORT], Vr, Encoding, Gather<4>),
    /// A value that nobody opens.
    Skip(u32),
    /// The beginning of a value that some reader opens if an item stands there.
    Peek(Element, Gather<PEEK>),
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

impl Walker {
    /// A walker for a data set in a transfer syntax of this kind.
    pub fn new(walk: Walk, purpose: Purpose, rules: Rules) -> Self {
        let is_query = matches!(purpose, Purpose::Query);
        let state = State { is_restricted: !is_query, ..State::new(walk) };
        let allowance = Allowance::of(&purpose, &rules);
        let deviations = Deviations::default();
        let (failed, shown, study) = (None, None, None);
        Self { state, purpose, rules, allowance, deviations, failed, shown, study }
    }

    /// Keeps whom the data set is about.
    pub(crate) fn show(&mut self) {
        self.shown = Some(Box::default());
    }

    /// Whom it is about, as far as it was walked; nothing unless [`Self::show`] has asked for it.
    pub(crate) fn take_shown(&mut self) -> Option<Box<Shown>> {
        self.shown.take()
    }

    /// Keeps of which study the object is.
    pub(crate) fn keep_study(&mut self) {
        self.study = Some(Box::default());
    }

    /// Its Study Instance UID, if it has been met; nothing unless [`Self::keep_study`] has asked for it.
    pub(crate) fn take_study(&mut self) -> Option<InstanceUid> {
        InstanceUid::parse(&self.study.take()?).ok()
    }

    /// Judges the next bytes, cut anywhere.
    ///
    /// # Errors
    ///
    /// The rule that was broken, again and again: a refused data set stays refused.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), DataSetError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let verdict = self.walk(bytes);
        self.failed = verdict.err();
        verdict
    }

    /// Judges that the data set ends here.
    ///
    /// # Errors
    ///
    /// As [`Self::feed`]; or something is open, or an identifier is missing.
    pub fn finish(&mut self) -> Result<(), DataSetError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let verdict = self.end();
        self.failed = verdict.err();
        verdict
    }

    /// What was met and let through.
    pub const fn deviations(&self) -> &Deviations {
        &self.deviations
    }

    /// Whether some key of a query asks for less than everything.
    pub(crate) fn is_restricted(&self) -> bool {
        self.state.is_restricted || self.state.key.restricts()
    }

    /// How many elements, items and delimiters were begun.
    pub(crate) const fn elements(&self) -> u32 {
        self.state.elements
    }

    /// How many bytes were taken; of a refused data set, the last of them is the one that broke the
    /// rule.
    pub(crate) const fn position(&self) -> u64 {
        self.state.position
    }

    /// Counts an error as the deviation that it is where that is let through.
    fn note(&mut self, error: DataSetError) -> Result<(), DataSetError> {
        let deviation = error.deviation().filter(|&deviation| self.rules.permit(deviation));
        self.deviations.add(deviation.ok_or(error)?);
        Ok(())
    }

    fn walk(&mut self, mut input: &[u8]) -> Result<(), DataSetError> {
        while !input.is_empty() {
            match self.state.next {
                Next::Header(gather) => self.header(gather, &mut input)?,
                Next::LongHeader(header, vr, encoding, gather) => {
                    self.long_header(header, vr, encoding, gather, &mut input)?;
                }
                Next::Skip(left) => {
                    let left = left - self.take(&mut input, left).1;
                    self.state.wildcards.verdict()?;
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

    fn end(&mut self) -> Result<(), DataSetError> {
        self.close_ended();
        if !matches!(self.state.next, Next::Header(gather) if gather.is_empty())
            || !self.state.levels.is_top()
        {
            return Err(DataSetError::Cut);
        }
        if self.state.position % 2 == 1 {
            return Err(DataSetError::OddWhole);
        }
        let found = self.state.found;
        let missing: [Option<Tag>; 4] = {
            let mut missing = found.missing(&self.purpose);
            std::array::from_fn(|_| missing.next())
        };
        for tag in missing.into_iter().flatten() {
            self.note(DataSetError::Missing(tag))?;
        }
        Ok(())
    }

    fn header(&mut self, mut gather: Gather<SHORT>, input: &mut &[u8]) -> Result<(), DataSetError> {
        if gather.is_empty() {
            self.close_ended();
        }
        let Some(header) = self.gather(&mut gather, input) else {
            self.state.next = Next::Header(gather);
            return Ok(());
        };
        let [a, b, c, d, e, f, g, h] = header;
        let level = self.state.levels.innermost();
        let (kind, written) = (level.kind, level.encoding);
        let tag = header::tag([a, b, c, d], written);
        self.stay_within(tag, 0)?;
        let is_element = matches!(kind, Kind::DataSet | Kind::Item);
        if !is_element || tag.is_of_items() {
            self.count()?;
            return self.item_or_delimiter(tag, header::long([e, f, g, h], written));
        }
        let encoding = self.settle(tag, [e, f])?;
        if encoding == Encoding::Implicit {
            self.count()?;
            return self.implicit(tag, header::long([e, f, g, h], encoding));
        }
        let vr = Vr::find([e, f]).ok_or(DataSetError::UnknownVr(tag))?;
        if !vr.is_long() {
            self.count()?;
            return self.explicit(tag, vr, [e, f], header::short([g, h], encoding), encoding);
        }
        self.state.next = Next::LongHeader(header, vr, encoding, Gather::NEW);
        Ok(())
    }

    fn long_header(
        &mut self,
        header: [u8; SHORT],
        vr: Vr,
        encoding: Encoding,
        mut gather: Gather<4>,
        input: &mut &[u8],
    ) -> Result<(), DataSetError> {
        let Some(length) = self.gather(&mut gather, input) else {
            self.state.next = Next::LongHeader(header, vr, encoding, gather);
            return Ok(());
        };
        let [a, b, c, d, e, f, g, h] = header;
        let tag = header::tag([a, b, c, d], encoding);
        self.stay_within(tag, 0)?;
        self.count()?;
        if [g, h] != [0, 0] {
            self.note(DataSetError::ReservedBytes(tag))?;
        }
        self.explicit(tag, vr, [e, f], header::long(length, encoding), encoding)
    }

    /// How this element is written, now that its header's beginning is there.
    ///
    /// A reader that looks for capital letters takes a first element of Implicit VR with such a
    /// length for Explicit VR: at the top level, and in items inside `UN`.
    fn settle(&mut self, tag: Tag, letters: [u8; 2]) -> Result<Encoding, DataSetError> {
        let level = self.state.levels.innermost();
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

    fn count(&mut self) -> Result<(), DataSetError> {
        self.grow(Tag::ITEM, 0)?;
        let earned = self.state.position / BYTES_FOR_AN_ELEMENT;
        if self.state.elements as u64 >= (self.rules.elements as u64).saturating_add(earned) {
            return Err(DataSetError::Elements);
        }
        self.state.elements = self.state.elements.saturating_add(1);
        Ok(())
    }

    /// Judges how long the data set becomes by a value of this length.
    fn grow(&mut self, tag: Tag, length: u32) -> Result<(), DataSetError> {
        let length = u64::from(length);
        if tag == Tag::PIXEL_DATA && !self.allowance.counts_pixel_data {
            self.state.pixel_data = self.state.pixel_data.saturating_add(length);
            return Ok(());
        }
        let counted = self.state.position.saturating_sub(self.state.pixel_data);
        self.allowance.judge(counted.saturating_add(length))
    }

    /// Whether wildcards count in the value that begins: not in private elements, by which no server
    /// is known to match, nor in what its VR calls no text.
    fn count_wildcards(&mut self, tag: Tag, vr: Option<Vr>) {
        if !self.state.is_restricted {
            self.state.is_restricted = self.state.key.restricts();
            self.state.key = Key::of(tag);
        }
        let Some(most) = self.allowance.wildcards else { return };
        let may_match = !tag.is_private() && vr != Some(Vr::Bytes);
        self.state.wildcards =
            if may_match { Wildcards::at_most(most, tag) } else { Wildcards::UNCOUNTED };
    }

    /// Whether what was read, and so many bytes behind it, stay within what is open.
    fn stay_within(&self, tag: Tag, length: u32) -> Result<(), DataSetError> {
        let end = self.state.position.saturating_add(u64::from(length));
        let is_within = end <= self.state.levels.innermost().bound;
        if is_within { Ok(()) } else { Err(DataSetError::Overrun(tag)) }
    }

    /// Judges how long the value of an element is.
    fn measure(&mut self, tag: Tag, length: u32) -> Result<(), DataSetError> {
        self.stay_within(tag, length)?;
        if length % 2 == 1 {
            self.note(DataSetError::OddLength(tag))?;
        }
        Ok(())
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

    fn gather<const N: usize>(
        &mut self,
        gather: &mut Gather<N>,
        input: &mut &[u8],
    ) -> Option<[u8; N]> {
        let before = input.len();
        let whole = gather.take(input);
        self.state.position += (before - input.len()) as u64;
        whole
    }

    fn take<'a>(&mut self, input: &mut &'a [u8], most: u32) -> (&'a [u8], u32) {
        let mut piece = take_up_to(input, most as usize);
        if let Some(place) = self.state.wildcards.take(piece) {
            // The byte at fault is the last one that counts as taken.
            piece = piece.get(..=place).unwrap_or(piece);
        }
        self.look_at(piece);
        self.state.position += piece.len() as u64;
        (piece, u32::try_from(piece.len()).unwrap_or(most))
    }

    /// What a query asks for, as long as that is everything.
    fn look_at(&mut self, piece: &[u8]) {
        if !self.state.is_restricted {
            self.state.key.take(piece);
        }
    }

    const fn skip(&mut self, length: u32) {
        self.state.next = if length == 0 { Next::HEADER } else { Next::Skip(length) };
    }
}

impl State {
    const fn new(syntax: Walk) -> Self {
        let encoding = match syntax {
            Walk::ImplicitLittle => Encoding::Implicit,
            Walk::ExplicitLittle | Walk::Encapsulated => Encoding::Little,
            Walk::ExplicitBig => Encoding::Big,
        };
        Self {
            syntax,
            levels: Levels::new(encoding),
            next: Next::HEADER,
            position: 0,
            pixel_data: 0,
            elements: 0,
            found: Found::NONE,
            seen: Seen::NONE,
            wildcards: Wildcards::UNCOUNTED,
            key: Key::NONE,
            is_restricted: false,
            held: Vec::new(),
        }
    }
}

impl Next {
    const HEADER: Self = Self::Header(Gather::NEW);
}
