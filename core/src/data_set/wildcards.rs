//! Wildcards in the values of identifiers (PS3.4 section C.2.2.2.4).
//!
//! DCMTK tries every place for every `*`, byte by byte: the time grows with the length of the text to
//! the power of their number. Runs count as one, as DCMTK goes through them at once. A `?` costs
//! nothing.
//!
//! In Japanese texts of two-byte characters (ISO 2022) a second byte of 2AH is a part of a letter that
//! many names have, such as KATAKANA LETTER O, and dcmqrscp takes it for a wildcard all the same. It
//! counts half: `OOOKA^KAORU` has four of them, and passes with a `*` behind it.

use super::{DataSetError, Tag};

const ESCAPE: u8 = 0x1b;
/// What a wildcard weighs, and what a second byte does that looks like one.
const WHOLE: u32 = 2;
const HALF: u32 = 1;

/// The wildcards of one value, however it is cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wildcards {
    tag: Tag,
    /// What they may weigh; `None` where they are not counted.
    most: Option<u32>,
    weight: u32,
    /// The byte before was one.
    is_run: bool,
    escape: Escape,
    text: Text,
}

/// How far an escape sequence has come (PS3.3 table C.12-4).
#[derive(Clone, Copy, Debug)]
enum Escape {
    None,
    Begun,
    /// What follows says which characters of one byte.
    Single,
    /// What follows says which characters of two bytes.
    Double,
}

/// What the next byte is.
#[derive(Clone, Copy, Debug)]
enum Text {
    Single,
    First,
    Second,
}

impl Wildcards {
    /// Where they are not counted.
    pub(super) const UNCOUNTED: Self = Self::new(Tag::ITEM, None);

    /// So many runs may be in the value of this element.
    pub(super) const fn at_most(runs: u32, tag: Tag) -> Self {
        Self::new(tag, Some(runs.saturating_mul(WHOLE)))
    }

    const fn new(tag: Tag, most: Option<u32>) -> Self {
        Self { tag, most, weight: 0, is_run: false, escape: Escape::None, text: Text::Single }
    }

    /// Takes more of the value; where the byte is that is one too many.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        let most = self.most?;
        bytes.iter().position(|byte| {
            self.count(*byte);
            self.weight > most
        })
    }

    /// Judges what was taken.
    pub(super) fn verdict(&self) -> Result<(), DataSetError> {
        let is_within = self.most.is_none_or(|most| self.weight <= most);
        if is_within { Ok(()) } else { Err(DataSetError::Wildcards(self.tag)) }
    }

    const fn count(&mut self, byte: u8) {
        match (self.escape, byte) {
            (_, ESCAPE) => self.escape = Escape::Begun,
            (Escape::Begun, b'(') => self.escape = Escape::Single,
            (Escape::Begun, b'$') => self.escape = Escape::Double,
            // Those of the upper half, which are no wildcards.
            (Escape::Begun, _) | (Escape::Double, b')') => self.escape = Escape::None,
            (Escape::Double, b'(') => {}
            (Escape::Single, _) => self.begin(Text::Single),
            (Escape::Double, _) => self.begin(Text::First),
            (Escape::None, _) => return self.character(byte),
        }
        self.is_run = false;
    }

    const fn begin(&mut self, text: Text) {
        (self.escape, self.text) = (Escape::None, text);
    }

    const fn character(&mut self, byte: u8) {
        let weight = if matches!(self.text, Text::Second) { HALF } else { WHOLE };
        self.text = match self.text {
            Text::Single => Text::Single,
            Text::First => Text::Second,
            Text::Second => Text::First,
        };
        let is_wildcard = byte == b'*';
        if is_wildcard && !self.is_run {
            self.weight = self.weight.saturating_add(weight);
        }
        self.is_run = is_wildcard;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Tag = Tag::new(0x0010, 0x0010);
    /// Two-byte characters from here on, and one-byte characters.
    const KANJI: &[u8] = b"\x1b$B";
    const ASCII: &[u8] = b"\x1b(B";

    /// Where one is too many, whole and byte by byte.
    fn place(runs: u32, value: &[u8]) -> Option<usize> {
        let mut whole = Wildcards::at_most(runs, NAME);
        let place = whole.take(value);
        let mut cut = Wildcards::at_most(runs, NAME);
        let single = value.chunks(1).position(|byte| cut.take(byte).is_some());
        assert_eq!(single, place, "{value:?}");
        for verdict in [whole.verdict(), cut.verdict()] {
            assert_eq!(verdict.is_err(), place.is_some());
        }
        place
    }

    #[test]
    fn as_many_runs_as_are_allowed_pass() {
        for value in [&b"DOE*"[..], b"*DOE*", b"*D*E*", b"***D**E****", b"?????????", b""] {
            assert_eq!(place(3, value), None, "{value:?}");
        }
        assert_eq!(place(3, b"*a*a*a*b"), Some(6));
        assert_eq!(place(3, b"*?*?*?*"), Some(6));
        assert_eq!(place(1, b"a*b*"), Some(3));
    }

    #[test]
    fn all_values_of_an_element_count_together() {
        assert_eq!(place(3, b"a*\\b*\\c*\\d*"), Some(10));
    }

    #[test]
    fn second_bytes_of_two_count_half() {
        let [family, given] = [b"%*%*%*%+", b"%+%*%k".as_slice()];
        let name = [KANJI, family, ASCII, b"^", KANJI, given, ASCII, b"*"].concat();
        assert_eq!(place(3, &name), None);
        assert_eq!(place(3, &[KANJI, &b"%*".repeat(7), ASCII].concat()), Some(3 + 13));
        // In the standard's longer form, too.
        assert_eq!(place(3, &[b"\x1b$(D", &b"%*".repeat(6)[..], ASCII].concat()), None);
    }

    #[test]
    fn first_bytes_and_what_follows_the_text_count_whole() {
        assert_eq!(place(3, &[KANJI, &b"*a".repeat(4)].concat()), Some(3 + 6));
        assert_eq!(place(3, &[KANJI, b"%*", ASCII, b"*a*a*"].concat()), Some(3 + 2 + 3 + 4));
        // Korean and Chinese have both bytes in the upper half.
        assert_eq!(place(3, b"\x1b$)C*a*a*a*"), Some(4 + 6));
        assert_eq!(place(3, b"\x1b-A*a*a*a*"), Some(3 + 6));
    }

    #[test]
    fn what_is_not_counted_has_no_limit() {
        let mut wildcards = Wildcards::UNCOUNTED;
        assert_eq!(wildcards.take(&b"*a".repeat(100)), None);
        assert_eq!(wildcards.verdict(), Ok(()));
    }
}
