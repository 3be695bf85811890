//! What has left on a connection and may not have arrived.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::state::Position;

/// How many messages may be under way.
const MOST: usize = 2048;
/// Between two looks at what has arrived, and how much longer than a look itself: one is slow where the
/// machine has many connections.
const LEAST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(2);
const SHARE: u32 = 100;
/// How long a collector may take to read what its system has acknowledged: where it is killed before
/// that, the connection is reset, and it is sent again.
const READ: Duration = Duration::from_secs(5);

/// The messages that have left since the last that are known to have arrived.
#[derive(Debug)]
pub(super) struct Tail {
    /// Behind each of them: the bytes of the connection so far, and the place in the spool.
    ends: VecDeque<(u64, Position)>,
    written: u64,
    arrived: Position,
    /// When a look has found that everything before a place had arrived; not yet long enough ago.
    recent: VecDeque<(Instant, Position)>,
    read: Position,
    looked: Instant,
    pause: Duration,
}

impl Tail {
    /// Nothing has left behind this place.
    pub(super) fn new(begin: Position) -> Self {
        let (ends, recent) = (VecDeque::new(), VecDeque::new());
        let (looked, pause) = (Instant::now(), LEAST);
        Self { ends, written: 0, arrived: begin, recent, read: begin, looked, pause }
    }

    /// A message has left, and the spool goes on here.
    pub(super) fn left(&mut self, length: usize, behind: Position) {
        self.written = self.written.saturating_add(length as u64);
        self.ends.push_back((self.written, behind));
    }

    /// So many bytes are not acknowledged. With TLS they are more than the messages are, so that what
    /// counts as arrived has arrived.
    pub(super) fn acknowledged_but(&mut self, unacknowledged: u64) {
        let arrived = self.written.saturating_sub(unacknowledged);
        while let Some(&(end, behind)) = self.ends.front()
            && end <= arrived
        {
            self.arrived = behind;
            self.ends.pop_front();
        }
    }

    /// A look took so long.
    pub(super) fn looked(&mut self, began: Instant) {
        self.looked = Instant::now();
        self.note(self.looked);
        self.pause = (self.looked.saturating_duration_since(began) * SHARE).clamp(LEAST, LONGEST);
    }

    fn note(&mut self, now: Instant) {
        let last = self.recent.back().map_or(self.read, |(_, place)| *place);
        if last < self.arrived {
            self.recent.push_back((now, self.arrived));
        }
        while let Some(&(since, place)) = self.recent.front()
            && now.saturating_duration_since(since) >= READ
        {
            self.read = place;
            self.recent.pop_front();
        }
    }

    /// How long until the next look; `None` where everything has arrived and was read.
    pub(super) fn next_look(&self) -> Option<Duration> {
        let left = self.pause.saturating_sub(self.looked.elapsed());
        (!self.ends.is_empty() || !self.recent.is_empty()).then_some(left)
    }

    /// Everything before it was read, unless the collector hangs.
    pub(super) const fn read(&self) -> Position {
        self.read
    }

    /// Whether nothing more may leave before something has arrived.
    pub(super) fn is_long(&self) -> bool {
        self.ends.len() >= MOST
    }

    /// Everything before it has arrived.
    pub(super) const fn arrived(&self) -> Position {
        self.arrived
    }

    /// Whether everything has.
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_arrived_counts_as_read_some_seconds_later() {
        let at = |offset| Position { segment: 1, offset };
        let (mut tail, start) = (Tail::new(at(0)), Instant::now());
        let mut read = Vec::new();
        for second in 0..8 {
            tail.left(10, at((second + 1) * 10));
            tail.acknowledged_but(0);
            tail.note(start + Duration::from_secs(second));
            read.push(tail.read().offset);
        }
        assert_eq!(read, [0, 0, 0, 0, 0, 10, 20, 30]);
        assert_eq!(tail.arrived(), at(80));
        tail.note(start + Duration::from_secs(60));
        assert_eq!((tail.read(), tail.next_look()), (at(80), None));
    }

    #[test]
    fn only_whole_messages_have_arrived() {
        let at = |offset| Position { segment: 1, offset };
        let mut tail = Tail::new(at(0));
        for behind in [10, 20, 30] {
            tail.left(10, at(behind));
        }
        let arrived = |tail: &mut Tail, unacknowledged| {
            tail.acknowledged_but(unacknowledged);
            tail.arrived().offset
        };
        assert_eq!([30, 25, 20, 11, 10].map(|left| arrived(&mut tail, left)), [0, 0, 10, 10, 20]);
        // More than was ever written: an end of the connection counts as a byte.
        assert_eq!(arrived(&mut tail, 999), 20);
        assert_eq!((arrived(&mut tail, 0), tail.is_empty()), (30, true));
    }
}
