//! The sources from which a peer has come lately.

use std::collections::HashMap;

use crate::net::Source;

/// How many are remembered: 200 KB, and more devices than any hospital has behind one gate.
const MOST: usize = 4096;

/// The sources, each with the time at which it was seen last, counted in sightings.
#[derive(Debug, Default)]
pub(super) struct Known {
    seen: HashMap<Source, u64>,
    next: u64,
}

impl Known {
    pub(super) fn contains(&self, source: Source) -> bool {
        self.seen.contains_key(&source)
    }

    /// Remembers one, and forgets the one that was seen the longest time ago if there are too many.
    pub(super) fn learn(&mut self, source: Source) {
        self.seen.insert(source, self.next);
        self.next += 1;
        if self.seen.len() > MOST {
            let oldest = self.seen.iter().min_by_key(|(_, seen)| **seen).map(|(source, _)| *source);
            oldest.and_then(|source| self.seen.remove(&source));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(number: u32) -> Source {
        Source::of(std::net::Ipv4Addr::from(number).into())
    }

    #[test]
    fn forgets_the_one_that_was_seen_the_longest_time_ago() {
        let mut known = Known::default();
        let most = u32::try_from(MOST).unwrap();
        (0..most).for_each(|number| known.learn(source(number)));
        known.learn(source(0));
        known.learn(source(most));
        assert!(known.contains(source(0)) && known.contains(source(most)));
        assert!(!known.contains(source(1)));
        assert_eq!(known.seen.len(), MOST);
    }
}
