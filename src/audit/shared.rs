//! What the connections and the thread that writes have in common.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::counters::Counters;
use super::queue::Queue;
use super::record::{ConnectionId, Record};
use super::summary::{Summary, Verdict};
use crate::history::History;
use crate::rarely::Rarely;

/// What is counted, summed and queued.
pub(super) struct Shared {
    pub(super) queue: Queue,
    summary: Mutex<Summary>,
    pub(super) counters: Counters,
    pub(super) history: History,
    overflow: Mutex<Rarely>,
    run: u64,
    connections: AtomicU64,
    /// Somebody is to hear of patients.
    pub(super) discloses: bool,
}

impl Shared {
    pub(super) fn new(window: Duration, discloses: bool, counters: Counters) -> Self {
        Self {
            queue: Queue::new(),
            summary: Mutex::new(Summary::new(window)),
            counters,
            history: History::new(SystemTime::now()),
            overflow: Mutex::default(),
            run: run_id(),
            connections: AtomicU64::new(1),
            discloses,
        }
    }

    /// Whether the record has a line of its own.
    pub(super) fn verdict(&self, record: &Record, reason: &'static str) -> Verdict {
        self.summary().admit(record, reason, Instant::now())
    }

    /// The id of the next connection.
    pub(super) fn connection_id(&self) -> ConnectionId {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        ConnectionId { run: self.run, number }
    }

    /// Whether it is said that there was no room for a line.
    pub(super) fn overflow(&self) -> MutexGuard<'_, Rarely> {
        self.overflow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn summary(&self) -> MutexGuard<'_, Summary> {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Random, so that no other start and no other node has the same.
fn run_id() -> u64 {
    let mut bytes = [0; 8];
    // It does not fail; if it did, the time would tell starts apart.
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        return now.unwrap_or_default().as_secs();
    }
    u64::from_ne_bytes(bytes)
}
