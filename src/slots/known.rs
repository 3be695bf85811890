//! The sources from which a peer has come lately.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::net::Source;

/// How many are remembered: 200 KB, and more devices than any hospital has behind one gate.
const MOST: usize = 4096;

/// The sources, each with the time at which it was seen last.
#[derive(Debug, Default)]
pub(super) struct Known {
    seen: HashMap<Source, Instant>,
}

impl Known {
    pub(super) fn contains(&self, source: Source) -> bool {
        self.seen.contains_key(&source)
    }

    /// Whether a peer has come from there within this time.
    pub(super) fn is_fresh(&self, source: Source, within: Duration, now: Instant) -> bool {
        let seen = self.seen.get(&source);
        seen.is_some_and(|seen| now.saturating_duration_since(*seen) <= within)
    }

    /// Remembers one, and forgets the one that was seen the longest time ago if there are too many.
    pub(super) fn learn(&mut self, source: Source, now: Instant) {
        self.seen.insert(source, now);
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
        let start = Instant::now();
        let mut learn = |number, at| known.learn(source(number), start + Duration::from_secs(at));
        (0..most).for_each(|number| learn(number, number.into()));
        learn(0, most.into());
        learn(most, u64::from(most) + 1);
        assert!(known.contains(source(0)) && known.contains(source(most)));
        assert!(!known.contains(source(1)));
        assert_eq!(known.seen.len(), MOST);
    }

    #[test]
    fn says_for_how_long_nobody_has_come() {
        let (mut known, now) = (Known::default(), Instant::now());
        let hour = Duration::from_secs(3600);
        known.learn(source(1), now);
        let is_fresh = |number, later| known.is_fresh(source(number), hour, now + later);
        assert!(is_fresh(1, hour));
        assert!(!is_fresh(1, hour + Duration::from_secs(1)) && !is_fresh(2, Duration::ZERO));
    }
}
