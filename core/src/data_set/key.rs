//! Whether a key of a query asks for less than everything: a list of a whole archive is rarely asked for
//! with empty keys alone.

use super::Tag;

/// Character set, level, view and time zone; and times of the day, which every study has.
const NO_KEYS: [Tag; 8] = [
    Tag::new(0x0008, 0x0005),
    Tag::new(0x0008, 0x0052),
    Tag::new(0x0008, 0x0053),
    Tag::new(0x0008, 0x0201),
    Tag::new(0x0008, 0x0030),
    Tag::new(0x0008, 0x0031),
    Tag::new(0x0008, 0x0032),
    Tag::new(0x0008, 0x0033),
];
/// Of studies, series, acquisitions and content, and of birth.
const DATES: [Tag; 5] = [
    Tag::new(0x0008, 0x0020),
    Tag::new(0x0008, 0x0021),
    Tag::new(0x0008, 0x0022),
    Tag::new(0x0008, 0x0023),
    Tag::new(0x0010, 0x0030),
];
/// Of instances, studies and series.
const UIDS: [Tag; 3] =
    [Tag::new(0x0008, 0x0018), Tag::new(0x0020, 0x000d), Tag::new(0x0020, 0x000e)];
/// A range of dates, `YYYYMMDD-YYYYMMDD` (PS3.4 section C.2.2.2.5).
const RANGE: usize = 17;
/// How much of a value is looked at.
const LONGEST: usize = 64;
/// Archives have next to nothing from before.
const FIRST_YEAR: u16 = 1990;
/// Two years are most of what many archives have.
const YEARS: u16 = 2;

/// What is kept of the value of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    kind: Kind,
    begin: [u8; RANGE],
    length: usize,
    taken: usize,
    /// Characters that say something.
    letters: u32,
    has_wildcard: bool,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    None,
    Date,
    Uid,
    Text,
}

impl Key {
    /// Of nothing.
    pub(super) const NONE: Self = Self {
        kind: Kind::None,
        begin: [0; RANGE],
        length: 0,
        taken: 0,
        letters: 0,
        has_wildcard: false,
    };

    /// Of this element, whose value comes.
    pub(super) fn of(tag: Tag) -> Self {
        // Servers match neither group lengths nor private elements.
        let kind = if NO_KEYS.contains(&tag) || tag.element() == 0 || tag.is_private() {
            Kind::None
        } else if DATES.contains(&tag) {
            Kind::Date
        } else if UIDS.contains(&tag) {
            Kind::Uid
        } else {
            Kind::Text
        };
        Self { kind, ..Self::NONE }
    }

    /// The next part of the value; what is behind the longest UID tells nothing more.
    pub(super) fn take(&mut self, piece: &[u8]) {
        let room = LONGEST.saturating_sub(self.taken);
        let piece = piece.get(..room).unwrap_or(piece);
        self.taken += piece.len();
        for byte in piece {
            if let Some(free) = self.begin.get_mut(self.length) {
                *free = *byte;
                self.length += 1;
            }
            self.has_wildcard |= matches!(byte, b'*' | b'?');
            if !matches!(byte, 0 | b' ' | b'*' | b'?' | b'\\' | b'^') {
                self.letters = self.letters.saturating_add(1);
            }
        }
    }

    /// Whether the value asks for less than everything.
    pub(super) fn restricts(&self) -> bool {
        let begin = self.begin.get(..self.length).unwrap_or_default();
        match self.kind {
            Kind::None => false,
            Kind::Date => self.letters > 0 && !is_long(begin),
            // One with a wildcard is none that an object has.
            Kind::Uid => self.letters > 0 && !self.has_wildcard,
            // One letter somewhere is in nearly every value; one at the beginning is how people look
            // for a name.
            Kind::Text => self.letters > u32::from(begin.starts_with(b"*")),
        }
    }
}

/// Whether it is a range of dates that has most of what there is.
fn is_long(range: &[u8]) -> bool {
    let Some(dash) = range.iter().position(|byte| *byte == b'-') else { return false };
    let (first, last) = range.split_at(dash);
    let last = last.get(1..).unwrap_or_default();
    match (year(first), year(last)) {
        (None, _) => true,
        (Some(first), None) => first < FIRST_YEAR,
        (Some(first), Some(last)) => last.saturating_sub(first) >= YEARS,
    }
}

fn year(date: &[u8]) -> Option<u16> {
    let date = date.trim_ascii();
    str::from_utf8(date.get(..4)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restricts(tag: (u16, u16), value: &str) -> bool {
        let mut key = Key::of(Tag::new(tag.0, tag.1));
        // However it is cut.
        value.as_bytes().chunks(3).for_each(|piece| key.take(piece));
        key.restricts()
    }

    #[test]
    fn tells_what_asks_for_everything() {
        let date = (0x0008, 0x0020);
        let rows = [
            (date, "19000101-20991231"),
            (date, "19000101-"),
            (date, "-20991231"),
            (date, "20240101-20261231"),
            ((0x0008, 0x0030), "000000-235959"),
            ((0x0008, 0x0030), "0830"),
            ((0x0010, 0x0020), "*1*"),
            ((0x0010, 0x0010), "*"),
            ((0x0010, 0x0010), "*^*"),
            ((0x0010, 0x0010), ""),
            ((0x0020, 0x000d), "1*"),
            ((0x0020, 0x000d), "1.2.*"),
            ((0x0008, 0x0000), "\u{1a}\0\0\0"),
            ((0x0009, 0x1010), "X"),
        ];
        rows.iter().for_each(|(tag, value)| assert!(!restricts(*tag, value), "{value}"));
    }

    #[test]
    fn tells_what_asks_for_less() {
        let date = (0x0008, 0x0020);
        let rows = [
            (date, "20261129"),
            (date, "20261101-20261129"),
            (date, "20251101-20261129"),
            (date, "20261101-"),
            ((0x0010, 0x0020), "4711"),
            ((0x0010, 0x0010), "A*"),
            ((0x0010, 0x0010), "*MEIER*"),
            ((0x0020, 0x000d), "1.2.3"),
            ((0x0008, 0x0061), "CT"),
        ];
        rows.iter().for_each(|(tag, value)| assert!(restricts(*tag, value), "{value}"));
    }
}
