//! The last day in steps of five minutes.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::audit::Event;

/// How long a step is.
pub const STEP: Duration = Duration::from_secs(5 * 60);
/// How many there are in a day.
pub const STEPS: usize = 288;
/// How long is looked back.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The reasons that are told apart in a step: there are some hundred, and a step has few of them.
const REASONS: usize = 24;
/// What the others are counted under.
const OTHERS: &str = "others";

/// Five minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Its number since the epoch.
    number: u64,
    /// Associations that were opened.
    pub opened: u64,
    /// Objects that were stored, counted where their association ends.
    pub objects: u64,
    /// Requests that were refused, and requests and data sets on open associations.
    pub refused: u64,
    /// What passed only because refusals are reported.
    pub would_refuse: u64,
    /// Connections that ended before a request.
    pub failed: u64,
    /// Audit lines that were lost.
    pub lost: u64,
    /// Of those that are refused, would be and have failed: why.
    pub reasons: Vec<Reason>,
}

/// How often something was refused for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What became of it.
    pub event: Event,
    /// The reason's code.
    pub reason: &'static str,
    /// How often.
    pub count: u64,
}

/// The steps in which something has happened.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// The oldest first; as many as a day has, without the current one.
    past: VecDeque<Step>,
    current: Step,
}

impl Step {
    /// When it begins.
    pub fn start(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.number.saturating_mul(STEP.as_secs()))
    }

    fn at(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    fn count(&mut self, event: Event, reason: &'static str, count: u64) {
        let number = match event {
            Event::Opened => return self.opened = self.opened.saturating_add(count),
            Event::Refused | Event::Forbidden | Event::Unsound => &mut self.refused,
            Event::WouldRefuse => &mut self.would_refuse,
            Event::Failed => &mut self.failed,
            Event::Reported
            | Event::Deviation
            | Event::Tidied
            | Event::Delayed
            | Event::Closed
            | Event::Reload
            | Event::Health => return,
        };
        *number = number.saturating_add(count);
        let is_full = self.reasons.len() >= REASONS;
        let find = |reason| move |it: &&mut Reason| (it.event, it.reason) == (event, reason);
        let known = self.reasons.iter().any(|it| (it.event, it.reason) == (event, reason));
        // One place for each event is beyond the room.
        let reason = if is_full && !known { OTHERS } else { reason };
        match self.reasons.iter_mut().find(find(reason)) {
            Some(known) => known.count = known.count.saturating_add(count),
            None => self.reasons.push(Reason { event, reason, count }),
        }
    }
}

impl Steps {
    pub(super) fn count(
        &mut self,
        event: Event,
        reason: &'static str,
        count: u64,
        now: SystemTime,
    ) {
        self.now(now).count(event, reason, count);
    }

    pub(super) fn carried(&mut self, objects: u64, now: SystemTime) {
        if objects > 0 {
            let step = self.now(now);
            step.objects = step.objects.saturating_add(objects);
        }
    }

    pub(super) fn lost(&mut self, lines: u64, now: SystemTime) {
        let step = self.now(now);
        step.lost = step.lost.saturating_add(lines);
    }

    /// Every step of the last day, also those in which nothing has happened.
    pub(super) fn until(&self, now: SystemTime) -> Vec<Step> {
        let last = number(now);
        let first = last.saturating_sub(STEPS as u64 - 1);
        let kept = self.past.iter().chain([&self.current]);
        let mut kept = kept.skip_while(|step| step.number < first).peekable();
        let step = |number| {
            let there = kept.next_if(|step| step.number == number);
            there.cloned().unwrap_or_else(|| Step::at(number))
        };
        (first..=last).map(step).collect()
    }

    /// The step of this moment.
    fn now(&mut self, now: SystemTime) -> &mut Step {
        let number = number(now);
        if number != self.current.number {
            let last = std::mem::replace(&mut self.current, Step::at(number));
            self.past.push_back(last);
            // Where the clock was set back, what seems to come is forgotten.
            self.past.retain(|step| step.number < number && !is_over(step.number, number));
        }
        &mut self.current
    }
}

fn is_over(step: u64, now: u64) -> bool {
    step.saturating_add(STEPS as u64) <= now
}

fn number(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / STEP.as_secs()
}
