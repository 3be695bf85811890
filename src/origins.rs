//! What comes again and again, counted by where it comes from, and forgotten with time.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use pacsgate_core::certificate::Digest;

use crate::net::Source;

/// After this long, half of what an origin has done is forgotten.
pub const HALF_LIFE: Duration = Duration::from_secs(60);
/// How many origins are told apart: more than any site has devices, and less than 1 MiB.
pub const ORIGINS: usize = 4096;

/// What proves where something comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A certificate, by its digest.
    Certificate(Digest),
    /// An address, where there is no certificate.
    Source(Source),
}

/// A count for each origin, of [`ORIGINS`] at most.
#[derive(Debug)]
pub struct Origins<K>(HashMap<K, Count>);

/// What an origin has done, up to a moment at which some was forgotten.
#[derive(Clone, Copy, Debug)]
struct Count {
    count: u32,
    at: Instant,
}

impl<K> Default for Origins<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Origins<K> {
    /// The count of this origin.
    pub fn count(&self, origin: K, now: Instant) -> u32 {
        self.0.get(&origin).map_or(0, |count| count.until(now).count)
    }

    /// One more of this origin, of which so many are counted at most; how many there are.
    pub fn add(&mut self, origin: K, most: u32, now: Instant) -> u32 {
        if self.0.len() >= ORIGINS && !self.0.contains_key(&origin) {
            self.forget_the_least(now);
        }
        let count = self.0.entry(origin).or_insert(Count { count: 0, at: now });
        *count = count.until(now);
        count.count = (count.count + 1).min(most);
        count.count
    }

    /// The quarter with the least, and the oldest of it first: a flood of origins pays for a look at
    /// all of them once in a thousand times.
    fn forget_the_least(&mut self, now: Instant) {
        let weight = |count: &Count| (count.until(now).count, count.at);
        let mut weights: Vec<_> = self.0.values().map(weight).collect();
        let (_, &mut most, _) = weights.select_nth_unstable(ORIGINS / 4);
        self.0.retain(|_, count| weight(count) > most);
    }
}

impl Count {
    /// With what is forgotten until then.
    fn until(self, now: Instant) -> Self {
        let passed = now.saturating_duration_since(self.at).as_secs() / HALF_LIFE.as_secs();
        let halvings = u32::try_from(passed).unwrap_or(u32::MAX).min(u32::BITS - 1);
        Self { count: self.count >> halvings, at: self.at + HALF_LIFE * halvings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_origin_to_its_end_and_forgets_half_with_each_half_life() {
        let (mut origins, start) = (Origins::default(), Instant::now());
        let counts: Vec<_> = (0..5).map(|_| origins.add('a', 4, start)).collect();
        assert_eq!(counts, [1, 2, 3, 4, 4]);
        let after = |seconds| origins.count('a', start + Duration::from_secs(seconds));
        assert_eq!([after(0), after(59), after(60), after(120), after(180)], [4, 4, 2, 1, 0]);
        assert_eq!(origins.count('b', start), 0);
    }

    #[test]
    fn forgets_the_least_where_there_are_too_many() {
        let (mut origins, now) = (Origins::default(), Instant::now());
        (0..2).for_each(|_| assert_ne!(origins.add(0, 10, now), 0));
        for number in 1..20_000 {
            origins.add(number, 10, now + Duration::from_micros(number));
        }
        assert_eq!(origins.count(0, now), 2);
        assert!((3 * ORIGINS / 4..=ORIGINS).contains(&origins.0.len()), "{}", origins.0.len());
    }
}
