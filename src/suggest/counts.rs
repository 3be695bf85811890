//! How often things were seen, of which there may be any number: the first so many by name, the others
//! as a number.

use std::collections::BTreeMap;

/// Things of one kind with their numbers; at most `MOST` of them.
#[derive(Clone, Debug)]
pub struct Counts<T, const MOST: usize> {
    known: BTreeMap<T, u64>,
    more: u64,
}

impl<T, const MOST: usize> Default for Counts<T, MOST> {
    fn default() -> Self {
        Self { known: BTreeMap::new(), more: 0 }
    }
}

impl<T: Ord, const MOST: usize> Counts<T, MOST> {
    /// Counts it so many times more.
    pub fn add(&mut self, what: T, count: u64) {
        if let Some(known) = self.known.get_mut(&what) {
            *known = known.saturating_add(count);
        } else if self.known.len() < MOST {
            self.known.insert(what, count);
        } else {
            self.more = self.more.saturating_add(count);
        }
    }

    /// Those that are known, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&T, u64)> {
        self.known.iter().map(|(what, count)| (what, *count))
    }

    /// Their names alone.
    pub fn names(&self) -> impl Iterator<Item = &T> {
        self.known.keys()
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How often there was another one, for which there was no room.
    pub const fn more(&self) -> u64 {
        self.more
    }

    /// How often any was seen.
    pub fn sum(&self) -> u64 {
        self.known.values().fold(self.more, |sum, count| sum.saturating_add(*count))
    }

    /// Whether this one was seen.
    pub fn has(&self, what: &T) -> bool {
        self.known.contains_key(what)
    }

    /// How often this one was seen.
    pub fn of(&self, what: &T) -> u64 {
        self.known.get(what).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_and_counts_the_others() {
        let mut counts = Counts::<u32, 2>::default();
        (0..5).chain(0..2).for_each(|number| counts.add(number, 1));
        assert_eq!(counts.iter().collect::<Vec<_>>(), [(&0, 2), (&1, 2)]);
        assert_eq!(counts.more(), 3);
    }
}
