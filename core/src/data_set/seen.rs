//! The tags that open items had, where order does not tell a repetition.

use super::level::Level;
use super::{DataSetError, Tag};

/// The most tags that are held: four times the elements of any known object's top level, 16 KiB.
pub(super) const MAX_SEEN: usize = 4096;

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

    /// Notes a tag of the innermost item; whether it was there before.
    pub(super) fn note(&mut self, level: &Level, tag: Tag) -> Result<bool, DataSetError> {
        let own = self.tags.get(level.seen_from..).unwrap_or_default();
        let place = match own.binary_search(&tag.value()) {
            Ok(_) => return Ok(true),
            Err(place) => level.seen_from + place,
        };
        if self.tags.len() >= MAX_SEEN {
            return Err(DataSetError::Unsorted);
        }
        self.tags.insert(place.min(self.tags.len()), tag.value());
        Ok(false)
    }
}
