//! The sums of those that are known by their source alone.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::net::Source;

/// How many lines of one source are written in a window.
pub(super) const WRITTEN: u32 = 5;

/// How many sources of one kind are told apart in a window; all others share one entry.
///
/// Bounds the memory (some 200 bytes a source) and the lines of a window, whoever floods.
pub(super) const SOURCES: usize = 1024;

/// Where a stranger's lines come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::audit) enum Origin {
    Source(Source),
    Others,
}

/// What a window has seen of each source.
#[derive(Debug, Default)]
pub(super) struct Sources(BTreeMap<Origin, Tally>);

#[derive(Debug, Default)]
struct Tally {
    written: u32,
    reasons: Reasons,
}

/// How many lines were summed, by reason.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Reasons(pub(super) BTreeMap<&'static str, u64>);

impl Reasons {
    pub(super) fn sum(&mut self, reason: &'static str) {
        let count = self.0.entry(reason).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn total(&self) -> u64 {
        self.0.values().copied().fold(0, u64::saturating_add)
    }

    fn add(&mut self, other: Self) {
        for (reason, more) in other.0 {
            let count = self.0.entry(reason).or_default();
            *count = count.saturating_add(more);
        }
    }
}

impl Sources {
    /// Whether the line is one of the first of its source, or news; otherwise it is summed.
    pub(super) fn admit(&mut self, source: Source, reason: &'static str, is_news: bool) -> bool {
        let tally = self.tally(source);
        if tally.written < WRITTEN {
            tally.written += 1;
            return true;
        }
        if !is_news {
            tally.reasons.sum(reason);
        }
        is_news
    }

    /// Sums a line that is never written for itself.
    pub(super) fn sum(&mut self, source: Source, reason: &'static str) {
        self.tally(source).reasons.sum(reason);
    }

    /// The sums of these and of others: one for each source.
    pub(super) fn with(mut self, others: Self) -> impl Iterator<Item = (Origin, Reasons)> {
        for (origin, tally) in others.0 {
            self.0.entry(origin).or_default().reasons.add(tally.reasons);
        }
        self.0.into_iter().map(|(origin, tally)| (origin, tally.reasons))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn tally(&mut self, source: Source) -> &mut Tally {
        let origin = Origin::Source(source);
        let has_place = self.0.contains_key(&origin) || self.0.len() < SOURCES;
        self.0.entry(if has_place { origin } else { Origin::Others }).or_default()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(source) => source.fmt(f),
            Self::Others => f.write_str("others"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
