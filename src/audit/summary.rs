//! The summing of lines of sources that have not shown a peer's certificate.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

use crate::net::Source;

/// How many lines of one source are written in a window.
pub(super) const WRITTEN: u32 = 5;

/// How many sources are told apart in a window; all others share one entry.
///
/// Bounds the memory (some 200 bytes a source) and the lines of a window, whoever floods.
pub(super) const SOURCES: usize = 1024;

/// Where a stranger's lines come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Source(Source),
    Others,
}

/// What becomes of a stranger's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Write,
    Sum,
}

/// The sources seen in the window under way.
///
/// One window for all, so that the whole table is dropped at its end and no entry outlives it.
pub(super) struct Summary {
    window: Duration,
    started: Option<Instant>,
    sources: BTreeMap<Origin, Tally>,
}

#[derive(Default)]
struct Tally {
    written: u32,
    reasons: BTreeMap<&'static str, u64>,
}

/// A window that is over.
pub(super) struct Closed {
    seconds: u64,
    sources: BTreeMap<Origin, Tally>,
}

/// The line for one source of a window.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Summed {
    event: &'static str,
    #[serde(serialize_with = "shown")]
    source: Origin,
    count: u64,
    reasons: BTreeMap<&'static str, u64>,
    window_s: u64,
}

impl Summary {
    pub(super) const fn new(window: Duration) -> Self {
        Self { window, started: None, sources: BTreeMap::new() }
    }

    /// Judges a stranger's line. A window whose end nobody has closed yet still counts.
    pub(super) fn admit(&mut self, address: IpAddr, reason: &'static str, now: Instant) -> Verdict {
        let tally = self.tally(address, now);
        if tally.written < WRITTEN {
            tally.written += 1;
            return Verdict::Write;
        }
        tally.sum(reason);
        Verdict::Sum
    }

    /// Sums a line that is never written for itself.
    pub(super) fn sum(&mut self, address: IpAddr, reason: &'static str, now: Instant) {
        self.tally(address, now).sum(reason);
    }

    fn tally(&mut self, address: IpAddr, now: Instant) -> &mut Tally {
        self.started.get_or_insert(now);
        let source = self.place(Origin::Source(Source::of(address)));
        self.sources.entry(source).or_default()
    }

    /// The end of the window under way.
    pub(super) fn end(&self) -> Option<Instant> {
        self.started?.checked_add(self.window)
    }

    /// Closes the window; the next line opens a new one.
    pub(super) fn close(&mut self, now: Instant) -> Closed {
        let started = self.started.take().unwrap_or(now);
        let seconds = now.saturating_duration_since(started).as_secs();
        Closed { seconds, sources: std::mem::take(&mut self.sources) }
    }

    fn place(&self, source: Origin) -> Origin {
        let known = self.sources.contains_key(&source);
        if known || self.sources.len() < SOURCES { source } else { Origin::Others }
    }
}

impl Tally {
    fn sum(&mut self, reason: &'static str) {
        let count = self.reasons.entry(reason).or_default();
        *count = count.saturating_add(1);
    }
}

impl Closed {
    /// A line for each source of which something was summed.
    pub(super) fn lines(self) -> impl Iterator<Item = Summed> {
        let window_s = self.seconds;
        self.sources.into_iter().filter(|(_, tally)| !tally.reasons.is_empty()).map(
            move |(source, Tally { reasons, .. })| Summed {
                event: "summed",
                source,
                count: reasons.values().copied().fold(0, u64::saturating_add),
                reasons,
                window_s,
            },
        )
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

fn shown<S: Serializer>(source: &Origin, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(source)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn admitted(summary: &mut Summary, from: &str, times: usize, now: Instant) -> usize {
        let verdicts = (0..times).map(|_| summary.admit(address(from), "plain-dicom", now));
        verdicts.filter(|verdict| *verdict == Verdict::Write).count()
    }

    fn lines(summary: &mut Summary, now: Instant) -> Vec<(String, u64, u64)> {
        let lines = summary.close(now).lines();
        lines.map(|line| (line.source.to_string(), line.count, line.window_s)).collect()
    }

    #[test]
    fn sums_what_is_never_written_for_itself_from_the_first() {
        let (mut summary, now) = (Summary::new(MINUTE), Instant::now());
        summary.sum(address("192.0.2.1"), "closed-before-tls", now);
        assert_eq!(admitted(&mut summary, "192.0.2.1", 5, now), 5);
        assert_eq!(lines(&mut summary, now), [("192.0.2.1".to_owned(), 1, 0)]);
    }

    #[test]
    fn sums_from_the_sixth_line_of_a_window_on() {
        let (mut summary, now) = (Summary::new(MINUTE), Instant::now());
        assert_eq!(admitted(&mut summary, "192.0.2.1", 12, now), 5);
        assert_eq!(admitted(&mut summary, "192.0.2.2", 5, now), 5);
        assert_eq!(summary.end(), Some(now + MINUTE));
        assert_eq!(lines(&mut summary, now + MINUTE), [("192.0.2.1".to_owned(), 7, 60)]);
    }

    #[test]
    fn tells_the_reasons_apart() {
        let (mut summary, now) = (Summary::new(MINUTE), Instant::now());
        admitted(&mut summary, "192.0.2.1", 6, now);
        summary.admit(address("192.0.2.1"), "handshake-timeout", now);
        summary.admit(address("192.0.2.1"), "handshake-timeout", now);
        let line = summary.close(now).lines().next().unwrap();
        assert_eq!(line.reasons, BTreeMap::from([("handshake-timeout", 2), ("plain-dicom", 1)]));
        assert_eq!(line.count, 3);
    }

    #[test]
    fn writes_five_again_in_the_next_window() {
        let (mut summary, now) = (Summary::new(MINUTE), Instant::now());
        admitted(&mut summary, "192.0.2.1", 9, now);
        summary.close(now + MINUTE);
        assert_eq!(summary.end(), None);
        assert_eq!(admitted(&mut summary, "192.0.2.1", 9, now + MINUTE), 5);
    }

    #[test]
    fn goes_on_summing_when_the_end_of_a_window_is_noticed_late() {
        let (mut summary, now) = (Summary::new(MINUTE), Instant::now());
        admitted(&mut summary, "192.0.2.1", 6, now);
        admitted(&mut summary, "192.0.2.1", 1, now + 2 * MINUTE);
        assert_eq!(lines(&mut summary, now + 3 * MINUTE), [("192.0.2.1".to_owned(), 2, 180)]);
    }

    #[test]
    fn takes_an_ipv6_network_of_64_bits_for_one_source() {
        let (mut summary, now) = (Summary::new(MINUTE), Instant::now());
        assert_eq!(admitted(&mut summary, "2001:db8::1", 4, now), 4);
        assert_eq!(admitted(&mut summary, "2001:db8::ffff:0:0:2", 4, now), 1);
        assert_eq!(admitted(&mut summary, "2001:db8:0:1::1", 4, now), 4);
        assert_eq!(lines(&mut summary, now), [("2001:db8::/64".to_owned(), 3, 0)]);
    }

    #[test]
    fn takes_a_mapped_address_for_its_ipv4_address() {
        let (mut summary, now) = (Summary::new(MINUTE), Instant::now());
        assert_eq!(admitted(&mut summary, "::ffff:192.0.2.1", 5, now), 5);
        assert_eq!(admitted(&mut summary, "::ffff:192.0.2.2", 5, now), 5);
        assert_eq!(admitted(&mut summary, "192.0.2.1", 5, now), 0);
    }

    #[test]
    fn bounds_the_table_of_sources() {
        let (mut summary, now) = (Summary::new(MINUTE), Instant::now());
        let mut written = 0;
        for number in 0..100_000_u32 {
            let source = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number));
            if summary.admit(source, "plain-dicom", now) == Verdict::Write {
                written += 1;
            }
        }
        assert_eq!(summary.sources.len(), SOURCES + 1);
        assert_eq!(written, SOURCES + 5);
        let summed = 100_000 - u64::try_from(written).unwrap();
        assert_eq!(lines(&mut summary, now), [("others".to_owned(), summed, 0)]);
    }

    #[test]
    fn still_knows_its_sources_when_the_table_is_full() {
        let (mut summary, now) = (Summary::new(MINUTE), Instant::now());
        for number in 0..2000_u32 {
            summary.admit(IpAddr::V4(Ipv4Addr::from(number)), "plain-dicom", now);
        }
        assert_eq!(admitted(&mut summary, "0.0.0.7", 6, now), 4);
    }
}
