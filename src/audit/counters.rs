//! Counters that stay exact whatever the audit sums or loses.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::event::Event;

/// What an event without a reason code is counted under.
pub const NO_REASON: &str = "none";

/// Events counted by kind and reason code, and the audit lines that were lost.
///
/// Reasons are `&'static str`, so peers cannot add keys: the table is as large as the program's
/// list of codes.
#[derive(Debug, Default)]
pub struct Counters {
    events: Mutex<BTreeMap<(Event, &'static str), u64>>,
    lost: AtomicU64,
    /// Messages lost on the way to each collector.
    collectors: Vec<(Arc<str>, Arc<AtomicU64>)>,
}

/// One counter at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The kind of event.
    pub event: Event,
    /// The reason code, or [`NO_REASON`].
    pub reason: &'static str,
    /// How often since the start.
    pub count: u64,
}

impl Counters {
    /// With those of the collectors, by the names of their tables.
    pub(super) fn new(collectors: Vec<(Arc<str>, Arc<AtomicU64>)>) -> Self {
        Self { collectors, ..Self::default() }
    }

    /// The messages lost on the way to each collector since the start.
    pub fn lost_by_collector(&self) -> impl Iterator<Item = (&str, u64)> {
        self.collectors.iter().map(|(name, lost)| (&**name, lost.load(Ordering::Relaxed)))
    }

    /// Counts one event under its reason code.
    pub fn count(&self, event: Event, reason: &'static str) {
        self.count_many(event, reason, 1);
    }

    /// Counts so many events under their reason code.
    pub fn count_many(&self, event: Event, reason: &'static str, number: u64) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let count = events.entry((event, reason)).or_default();
        *count = count.saturating_add(number);
    }

    /// Counts audit lines that will never be written.
    pub fn count_lost(&self, lines: u64) {
        self.lost.fetch_add(lines, Ordering::Relaxed);
    }

    /// The audit lines lost since the start.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// All counters, ordered by event, then by reason.
    pub fn snapshot(&self) -> Vec<Count> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().map(|(&(event, reason), &count)| Count { event, reason, count }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_event_and_reason_in_a_stable_order() {
        let counters = Counters::default();
        counters.count(Event::Failed, "limit");
        counters.count(Event::Refused, "limit");
        counters.count(Event::Refused, "called-title");
        counters.count(Event::Refused, "limit");
        let seen: Vec<_> =
            counters.snapshot().iter().map(|c| (c.event, c.reason, c.count)).collect();
        let expected = [
            (Event::Refused, "called-title", 1),
            (Event::Refused, "limit", 2),
            (Event::Failed, "limit", 1),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn stays_exact_under_concurrent_counting() {
        let counters = Counters::default();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..1000).for_each(|_| counters.count(Event::Opened, NO_REASON)));
            }
        });
        assert_eq!(counters.snapshot().first().map(|c| c.count), Some(8000));
    }
}
