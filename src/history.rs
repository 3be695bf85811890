//! What has happened lately, kept in bounded memory for whoever looks at the status page: the last day
//! in steps of five minutes, the last refusals, what has flowed between whom, and the last reloads.
//!
//! The audit feeds it by its one door. It is no record: the audit is, and this begins anew with each
//! start of the gate.
//!
//! - `steps`: the last day; `flows`: what each peer has exchanged with each PACS in it.
//! - `refusals`: the last refusals, alike ones together, so that no flood hides anything.

mod flows;
mod refusals;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

pub use flows::{Amounts, Flow};
pub use refusals::Refused;
pub use steps::{DAY, Reason, STEP, STEPS, Step};

use crate::audit::{Event, NO_REASON, Record, Reload, Standing};
use flows::Flows;
use refusals::Refusals;
use steps::Steps;

/// How many reloads are kept.
const RELOADS: usize = 20;

/// What has happened lately.
#[derive(Debug)]
pub struct History {
    began: SystemTime,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    steps: Steps,
    flows: Flows,
    refusals: Refusals,
    reloads: VecDeque<Reloaded>,
}

/// A reload, and when it was.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// When.
    pub time: SystemTime,
    /// What became of it.
    pub reload: Reload,
}

/// What is kept at one moment.
#[derive(Debug)]
pub struct Seen {
    /// Since when it is kept.
    pub began: SystemTime,
    /// The last day, the oldest step first; the last one is under way.
    pub steps: Vec<Step>,
    /// Who has exchanged what with whom in the last day, the busiest first.
    pub flows: Vec<Flow>,
    /// The last refusals, the last one first.
    pub refusals: Vec<Refused>,
    /// The last reloads, the last one first.
    pub reloads: Vec<Reloaded>,
}

impl History {
    /// Nothing yet.
    pub fn new(now: SystemTime) -> Self {
        Self { began: now, kept: Mutex::default() }
    }

    /// This has happened.
    pub fn note(&self, record: &Record, now: SystemTime) {
        if record.standing == Standing::Passerby {
            // A balancer or a monitor that looks in every second is no news.
            return;
        }
        let mut kept = self.kept();
        let reason = record.reason.unwrap_or(NO_REASON);
        kept.steps.count(record.event, reason, 1, now);
        match record.event {
            Event::Closed => {
                kept.steps.carried(record.objects(), now);
                kept.flows.closed(record, now);
            }
            Event::Opened => {
                kept.flows.opened(record, now);
                kept.refusals.opened(record, now);
            }
            // It has passed.
            Event::WouldRefuse => kept.refusals.note(record, now),
            Event::Refused | Event::Forbidden | Event::Unsound | Event::Failed => {
                kept.flows.refused(record, now);
                kept.refusals.note(record, now);
            }
            Event::Reported
            | Event::Deviation
            | Event::Tidied
            | Event::Delayed
            | Event::Reload
            | Event::Health => {}
        }
    }

    /// The same as before has happened again: it is only counted.
    pub fn count(&self, event: Event, reason: &'static str, number: u64, now: SystemTime) {
        self.kept().steps.count(event, reason, number, now);
    }

    /// So many audit lines were lost.
    pub fn lost(&self, lines: u64, now: SystemTime) {
        self.kept().steps.lost(lines, now);
    }

    /// A configuration was loaded, or could not be.
    pub fn reload(&self, reload: Reload, time: SystemTime) {
        let reloads = &mut self.kept().reloads;
        reloads.truncate(RELOADS - 1);
        reloads.push_front(Reloaded { time, reload });
    }

    /// What is kept now.
    pub fn seen(&self, now: SystemTime) -> Seen {
        let kept = self.kept();
        Seen {
            began: self.began,
            steps: kept.steps.until(now),
            flows: kept.flows.until(now),
            refusals: kept.refusals.last(),
            reloads: kept.reloads.iter().cloned().collect(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
