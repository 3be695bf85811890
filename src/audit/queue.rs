//! The bounded queue between the connections and the thread that writes.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use super::disclosure::Disclosure;
use super::health::HealthChange;
use super::record::{Record, Standing};
use super::reload::Reload;

/// How many records wait for the writer at most, a few KiB each where peers do their worst.
pub const CAPACITY: usize = 4096;

/// How many records a stranger may find waiting: the rest is for peers, so that a flood of
/// strangers does not cost their lines.
pub(super) const STRANGERS: usize = CAPACITY / 2;

/// How many records the writer takes at once, and so holds beside those that wait.
pub const TAKEN: usize = 256;

/// A mutex and not a channel: its critical sections only move a pointer, and how full it is, what
/// was lost and whether it is closed are one state.
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Queued>,
    lost: u64,
    closed: bool,
    // Waking costs a system call, so it is done only where somebody sleeps.
    asleep: bool,
}

/// What is to be written, and when it was made.
pub(super) struct Queued {
    pub(super) time: SystemTime,
    pub(super) body: Body,
}

/// What a line is about.
pub(super) enum Body {
    Connection(Box<Record>),
    Gate(Box<Reload>),
    Pacs(Box<HealthChange>),
    /// No line: only for those who are to hear of patients.
    Disclosure(Box<Disclosure>),
}

/// The record was not taken: the queue is full or closed.
pub(super) struct Full;

/// What the writer learns beside the records.
pub(super) struct Taken {
    /// Records lost since it last asked.
    pub(super) lost: u64,
    /// Nothing waits and nothing more will come.
    pub(super) over: bool,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), filled: Condvar::new() }
    }

    /// Never waits for the writer.
    pub(super) fn push(&self, queued: Queued) -> Result<(), Full> {
        let standing = match &queued.body {
            Body::Connection(record) => record.standing,
            Body::Gate(_) | Body::Pacs(_) | Body::Disclosure(_) => Standing::Peer,
        };
        let room = match standing {
            Standing::Stranger | Standing::Passerby => STRANGERS,
            Standing::VouchedFor | Standing::Peer => CAPACITY,
        };
        let mut state = self.lock();
        if state.closed || state.waiting.len() >= room {
            state.lost = state.lost.saturating_add(1);
            return Err(Full);
        }
        state.waiting.push_back(queued);
        self.wake(state);
        Ok(())
    }

    /// Waits for records until a moment, or for ever, and moves some of them into `records`.
    pub(super) fn take(&self, records: &mut Vec<Queued>, until: Option<Instant>) -> Taken {
        let mut state = self.lock();
        while state.waiting.is_empty() && !state.closed {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            state.asleep = true;
            state = match left {
                Some(left) => {
                    let woken = self.filled.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
            state.asleep = false;
        }
        let count = state.waiting.len().min(TAKEN);
        records.extend(state.waiting.drain(..count));
        let over = state.closed && state.waiting.is_empty();
        Taken { lost: std::mem::take(&mut state.lost), over }
    }

    /// Lets the writer finish. False if it was closed before.
    pub(super) fn close(&self) -> bool {
        let mut state = self.lock();
        let first = !std::mem::replace(&mut state.closed, true);
        self.wake(state);
        first
    }

    fn wake(&self, state: MutexGuard<'_, State>) {
        let asleep = state.asleep;
        drop(state);
        if asleep {
            self.filled.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
