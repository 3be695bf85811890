//! The thread that writes the lines.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use super::line::{self, Lost, Started, Totals};
use super::outlets::{Outlets, Told};
use super::queue::{Body, TAKEN};
use super::shared::Shared;
use super::sink::{Broken, Sink};
use crate::host::words;
use crate::journal::Priority;

/// How many bytes are collected before they are written; less when no record waits.
pub(super) const BURST: usize = 64 * 1024;

pub(super) struct Writer {
    shared: Arc<Shared>,
    sink: Sink,
    counters_every: Duration,
    next_counters: Option<Instant>,
    burst: Burst,
    // Lost lines of which no line tells yet.
    untold: u64,
    trouble: Trouble,
    // What the first line says.
    started: Option<Started>,
    // The collectors that hear of it, too.
    outlets: Outlets,
}

/// Whether the destination takes what it is given.
#[derive(Default)]
struct Trouble {
    failing: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Change {
    None,
    Begun,
    Over,
}

/// Whole lines that wait for one write.
#[derive(Default)]
struct Burst {
    bytes: Vec<u8>,
    // Where each line ends in `bytes`.
    ends: Vec<usize>,
}

impl Writer {
    pub(super) fn new(
        shared: Arc<Shared>,
        sink: Sink,
        counters_every: Duration,
        started: Option<Started>,
        outlets: Outlets,
    ) -> Self {
        let next_counters = Instant::now().checked_add(counters_every);
        let (burst, trouble, untold) = (Burst::default(), Trouble::default(), 0);
        Self {
            shared,
            sink,
            counters_every,
            next_counters,
            burst,
            untold,
            trouble,
            started,
            outlets,
        }
    }

    /// Writes until the queue is closed and empty, then the last lines.
    pub(super) fn run(mut self) {
        if let Some(started) = self.started.take() {
            self.put(SystemTime::now(), Priority::Info, Told::Started, &started);
            self.flush();
        }
        let mut records = Vec::with_capacity(TAKEN);
        loop {
            let taken = self.shared.queue.take(&mut records, self.next_duty());
            self.untold = self.untold.saturating_add(taken.lost);
            for queued in records.drain(..) {
                match queued.body {
                    Body::Connection(record) => {
                        let told = Told::Record(&record);
                        self.put(queued.time, record.event.priority(), told, &*record);
                    }
                    Body::Gate(reload) => {
                        let told = Told::Reload(&reload);
                        self.put(queued.time, reload.event.priority(), told, &*reload);
                    }
                    Body::Pacs(change) => {
                        let told = Told::Pacs(&change);
                        self.put(queued.time, change.priority(), told, &*change);
                    }
                    Body::Disclosure(what) => self.outlets.disclose(queued.time, &what),
                }
            }
            self.do_duties(Instant::now());
            self.flush();
            if taken.over {
                break;
            }
        }
        self.put_sums(Instant::now());
        // Before the counters, which tell the number of lost lines too.
        self.flush();
        self.put_counters();
        self.flush();
        self.outlets.finish(SystemTime::now());
    }

    fn next_duty(&self) -> Option<Instant> {
        let window = self.shared.summary().end();
        [self.next_counters, window].into_iter().flatten().min()
    }

    fn do_duties(&mut self, now: Instant) {
        let window = self.shared.summary().end();
        if window.is_some_and(|end| end <= now) {
            self.put_sums(now);
        }
        if self.next_counters.is_some_and(|next| next <= now) {
            self.put_counters();
            self.next_counters = now.checked_add(self.counters_every);
        }
    }

    fn put_sums(&mut self, now: Instant) {
        let closed = self.shared.summary().close(now);
        for line in closed.lines() {
            self.put(SystemTime::now(), Priority::Notice, Told::Summed(&line), &line);
        }
    }

    fn put_counters(&mut self) {
        let totals = Totals::from(&self.shared.counters);
        self.put(SystemTime::now(), Priority::Info, Told::Counters, &totals);
    }

    fn put(&mut self, time: SystemTime, priority: Priority, told: Told<'_>, body: &impl Serialize) {
        let mark = self.sink.mark(priority);
        if self.burst.append(mark, time, body).is_err() {
            self.lose(1);
        } else {
            self.outlets.tell(time, priority, told, self.burst.last_line());
        }
        if self.burst.bytes.len() >= BURST {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let lost = self.write_burst();
        self.lose(lost);
        if lost > 0 || self.untold == 0 {
            return;
        }
        // Alone in its burst: if this line is lost too, it is not one more.
        let mark = self.sink.mark(Priority::Warning);
        if self.burst.append(mark, SystemTime::now(), &Lost::new(self.untold)).is_ok()
            && self.write_burst() == 0
        {
            self.untold = 0;
        }
    }

    fn lose(&mut self, lines: u64) {
        self.untold = self.untold.saturating_add(lines);
        self.shared.counters.count_lost(lines);
        self.shared.history.lost(lines, SystemTime::now());
    }

    /// Writes what was collected; returns how many lines did not get out.
    fn write_burst(&mut self) -> u64 {
        if self.burst.bytes.is_empty() {
            return 0;
        }
        let result = self.sink.write(&self.burst.bytes);
        self.report(&result);
        let lost = result.err().map_or(0, |broken| self.burst.lines_after(broken.written));
        self.burst.clear();
        lost
    }

    fn report(&mut self, result: &Result<(), Broken>) {
        match (self.trouble.change(result.is_err()), result) {
            (Change::Begun, Err(Broken { error, .. })) => {
                let (to, error) = (self.sink.name(), words(error));
                tracing::error!(%error, "the audit cannot be written to {to}: its lines are lost");
            }
            (Change::Over, _) => tracing::warn!("the audit can be written again"),
            (Change::Begun | Change::None, _) => {}
        }
    }
}

impl Trouble {
    // A full disk fails every burst: the log is told when it begins and when it is over.
    fn change(&mut self, failed: bool) -> Change {
        match (std::mem::replace(&mut self.failing, failed), failed) {
            (false, true) => Change::Begun,
            (true, false) => Change::Over,
            (false, false) | (true, true) => Change::None,
        }
    }
}

impl Burst {
    fn append(
        &mut self,
        mark: Option<Priority>,
        time: SystemTime,
        body: &impl Serialize,
    ) -> serde_json::Result<()> {
        line::append(&mut self.bytes, mark, time, body)?;
        self.ends.push(self.bytes.len());
        Ok(())
    }

    /// The line that was appended last, without the mark of its priority and its line feed.
    fn last_line(&self) -> &[u8] {
        let before = self.ends.iter().rev().nth(1).copied().unwrap_or_default();
        let line = self.bytes.get(before..).unwrap_or_default().trim_ascii_end();
        let mark = line.iter().position(|byte| *byte == b'{').unwrap_or_default();
        line.get(mark..).unwrap_or_default()
    }

    fn lines_after(&self, written: usize) -> u64 {
        let whole = self.ends.partition_point(|&end| end <= written);
        u64::try_from(self.ends.len() - whole).unwrap_or(u64::MAX)
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_trouble_once_when_it_begins_and_once_when_it_is_over() {
        use Change::{Begun, None, Over};
        let mut trouble = Trouble::default();
        let changes = [false, true, true, true, false, false].map(|failed| trouble.change(failed));
        assert_eq!(changes, [None, Begun, None, None, Over, None]);
    }

    #[test]
    fn counts_a_line_as_lost_unless_all_of_it_was_written() {
        let mut burst = Burst::default();
        for _ in 0..3 {
            burst.append(None, SystemTime::now(), &Lost::new(1)).unwrap();
        }
        let [first, second, third] = *burst.ends else { panic!("three lines") };
        let lost = [0, first - 1, first, second + 1, third].map(|at| burst.lines_after(at));
        assert_eq!(lost, [3, 3, 2, 1, 0]);
    }
}
