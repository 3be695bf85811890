//! The tags that open items had, where order does not tell a repetition.

use super::Tag;
use super::level::Level;

/// The most tags that are held: four times the elements of any known object's top level, 16 KiB.
pub(super) const MAX_SEEN: usize = 4096;

/// What is known of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noted {
    /// It was not there, and is remembered now.
    New,
    /// It was there before.
    Known,
    /// It is not among those remembered, and there is no room for it.
    Full,
}

/// The tags of all open items, each item's own sorted behind those of what is around it.
#[derive(Debug)]
pub(super) struct Seen {
    tags: Vec<u32>,
}

impl Seen {
    pub(super) const NONE: Self = Self { tags: Vec::new() };

    pub(super) const fn len(&self) -> usize {
        self.tags.len()
    }

    pub(super) fn forget(&mut self, closed: &Level) {
        self.tags.truncate(closed.seen_from);
    }

    /// Notes a tag of the innermost item.
    pub(super) fn note(&mut self, level: &Level, tag: Tag) -> Noted {
        let own = self.tags.get(level.seen_from..).unwrap_or_default();
        let place = match own.binary_search(&tag.value()) {
            Ok(_) => return Noted::Known,
            Err(_) if self.tags.len() >= MAX_SEEN => return Noted::Full,
            Err(place) => level.seen_from + place,
        };
        self.tags.insert(place.min(self.tags.len()), tag.value());
        Noted::New
    }
}
