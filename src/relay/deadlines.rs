//! The time limits of an established association.

use std::time::Duration;

use pacsgate_core::inspector::{Inspector, Phase, Progress};
use pacsgate_core::side::{PerSide, Side};
use tokio::time::Instant;

use super::ending::{Ending, Loss, Over};

/// Stands for "never": no association lives that long, and no clock overflows.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long an established association may wait, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// For a whole message or 1 KiB of one to pass, with no operation outstanding.
    pub idle: Duration,
    /// For an outstanding operation to go on. Also for a message to end, unless it goes on as fast as
    /// `progress` has it; and for anything to pass besides what is refused.
    pub operation: Duration,
    /// Inside a PDU, and in a message that lasts: at least [`Progress::STEP`] bytes in this time.
    pub progress: Duration,
    /// For a receiver that takes nothing.
    pub write_stall: Duration,
    /// For what a side has still to say after it stopped taking bytes, or once the daemon stops.
    pub close: Duration,
    /// The end of the association's life, when the client certificate or the token ends.
    pub expires: Option<(Instant, Over)>,
    /// The end of the association's life.
    pub lifetime: Duration,
}

/// What the limits are measured from.
#[derive(Debug)]
pub(super) struct Watch {
    deadlines: Deadlines,
    began: Instant,
    /// The requestor has closed its half, and may have gone altogether.
    pub(super) is_half_closed: bool,
    /// Since when the daemon stops.
    draining: Option<Instant>,
    /// When it ends because other rules have no place for it.
    withdrawn: Option<Instant>,
    /// When a step of what passes was made last.
    passed: Mark,
    /// When a step of what is heard was made last, refused messages included.
    heard: Mark,
    /// Since when the operation that has waited for longest does not go on.
    waits: Mark,
    messages: PerSide<Option<Underway>>,
    sent: PerSide<Option<Mark>>,
    taken: PerSide<Option<Mark>>,
}

/// What a side owes at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Debt {
    pub(super) side: Side,
    /// The rest of a PDU that it has begun. One that the gate itself does not read owes nothing.
    pub(super) owes_bytes: bool,
    /// The rest of a message that it has begun and that the gate would read.
    pub(super) owes_message: bool,
    /// How much it ever sent.
    pub(super) sent: u64,
    /// To take what is for it.
    pub(super) owes_room: bool,
    /// How much it ever took.
    pub(super) taken: u64,
    /// It takes no more at all.
    pub(super) is_broken: bool,
}

/// A message that has begun and not ended.
#[derive(Clone, Copy, Debug)]
struct Underway {
    /// How many have ended before it, and when it was seen first.
    began: Mark,
    /// The pace at which it comes; while nobody reads it, none is asked for.
    pace: Option<Mark>,
}

/// A counter's value and when it was seen.
#[derive(Clone, Copy, Debug)]
struct Mark {
    count: u64,
    at: Instant,
}

impl Watch {
    pub(super) const fn new(deadlines: Deadlines, now: Instant) -> Self {
        Self {
            deadlines,
            began: now,
            is_half_closed: false,
            draining: None,
            withdrawn: None,
            passed: Mark { count: 0, at: now },
            heard: Mark { count: 0, at: now },
            waits: Mark { count: 0, at: now },
            messages: PerSide { requestor: None, acceptor: None },
            sent: PerSide { requestor: None, acceptor: None },
            taken: PerSide { requestor: None, acceptor: None },
        }
    }

    /// From now on an association at rest has only the time in which its requestor may begin
    /// another operation, or release it.
    pub(super) const fn drain(&mut self, now: Instant) {
        self.draining = Some(now);
    }

    /// It ends then, if not before.
    pub(super) const fn withdraw(&mut self, end: Instant) {
        self.withdrawn = Some(end);
    }

    pub(super) const fn is_withdrawn(&self) -> bool {
        self.withdrawn.is_some()
    }

    pub(super) const fn is_draining(&self) -> bool {
        self.draining.is_some()
    }

    /// When the timer is to ring first.
    pub(super) fn first(&self, now: Instant) -> Instant {
        now + self.deadlines.idle
    }

    /// The next moment at which a limit could run out, or the one that has.
    pub(super) fn check(
        &mut self,
        inspector: &Inspector,
        debts: [Debt; 2],
        now: Instant,
    ) -> Result<Instant, Ending> {
        let [one, other] = debts;
        let [certificate, lifetime, withdrawn] = self.life();
        let limits = [
            // First, as the next asks since when a message is under way.
            self.message(inspector, one, now),
            self.message(inspector, other, now),
            self.quiet(inspector, now),
            self.progress(one, now),
            self.progress(other, now),
            self.stall(one, now),
            self.stall(other, now),
            certificate,
            lifetime,
            withdrawn,
        ];
        let mut next = now + FAR;
        for (at, ending) in limits {
            if at <= now {
                return Err(ending);
            }
            next = next.min(at);
        }
        Ok(next)
    }

    fn quiet(&mut self, inspector: &Inspector, now: Instant) -> (Instant, Ending) {
        let since = self.quiet_since(inspector, now);
        let Deadlines { idle, operation, close, .. } = self.deadlines;
        if let Some(draining) = self.draining.filter(|_| inspector.is_at_rest()) {
            return (draining.max(since) + close, Over::Shutdown.into());
        }
        if self.is_half_closed {
            return (since + idle.min(operation), Loss::Closed.by(Side::Requestor).into());
        }
        match inspector.phase() {
            Phase::Operating => (self.waits.at + operation, Over::Operation.into()),
            Phase::Releasing(owing) => (since + idle, Loss::Unreleased.by(owing).into()),
            Phase::Open | Phase::Released | Phase::Aborted(_) => {
                let began = [self.messages.requestor, self.messages.acceptor];
                let began = began.iter().flatten().map(|message| message.began.at);
                (began.fold(since, Instant::max) + idle, Over::Idle.into())
            }
        }
    }

    /// Since when nothing has passed. What is refused and answered counts for a while, too: a device
    /// whose objects are refused may have others.
    fn quiet_since(&mut self, inspector: &Inspector, now: Instant) -> Instant {
        let [one, other] = [Side::Requestor, Side::Acceptor].map(|side| inspector.progress(side));
        self.passed.step(one.passed + other.passed, now);
        if now < self.passed.at + self.deadlines.operation {
            self.heard.step(one.heard + other.heard, now);
        }
        // Another one may have waited for longest now, and is given as long again.
        let waits = inspector.longest_waiting();
        if waits != self.waits.count {
            self.waits = Mark { count: waits, at: now };
        }
        self.passed.at.max(self.heard.at)
    }

    /// A message must end in time, however often a part of it comes; a long one that comes at an
    /// honest rate may last.
    fn message(&mut self, inspector: &Inspector, debt: Debt, now: Instant) -> (Instant, Ending) {
        let Progress { messages, heard, .. } = inspector.progress(debt.side);
        let place = self.messages.get_mut(debt.side);
        let ending = Loss::Message.by(debt.side).into();
        if !inspector.is_inside_message(debt.side) {
            *place = None;
            return (now + FAR, ending);
        }
        let fresh = Underway { began: Mark { count: messages, at: now }, pace: None };
        let mut message = place.filter(|it| it.began.count == messages).unwrap_or(fresh);
        let since = advance(&mut message.pace, debt.owes_message, heard, Progress::STEP, now);
        *place = Some(message);
        let lasts = message.began.at + self.deadlines.operation;
        (lasts.max(since + self.deadlines.progress), ending)
    }

    fn progress(&mut self, debt: Debt, now: Instant) -> (Instant, Ending) {
        let mark = self.sent.get_mut(debt.side);
        let since = advance(mark, debt.owes_bytes, debt.sent, Progress::STEP, now);
        (since + self.deadlines.progress, Loss::Progress.by(debt.side).into())
    }

    fn stall(&mut self, debt: Debt, now: Instant) -> (Instant, Ending) {
        let mark = self.taken.get_mut(debt.side);
        let since = advance(mark, debt.owes_room, debt.taken, 1, now);
        let limit = if debt.is_broken { self.deadlines.close } else { self.deadlines.write_stall };
        (since + limit, Loss::WriteStall.by(debt.side).into())
    }

    fn life(&self) -> [(Instant, Ending); 3] {
        let far = self.began + FAR;
        let (expires, what) = self.deadlines.expires.unwrap_or((far, Over::Certificate));
        [
            (expires, what.into()),
            (self.began + self.deadlines.lifetime, Over::Lifetime.into()),
            (self.withdrawn.unwrap_or(far), Over::Withdrawn.into()),
        ]
    }
}

impl Mark {
    fn step(&mut self, count: u64, now: Instant) {
        if count >= self.count + Progress::STEP {
            *self = Self { count, at: now };
        }
    }
}

/// Since when the debtor has made less than `step` of progress; `now` if it owes none.
fn advance(mark: &mut Option<Mark>, owes: bool, count: u64, step: u64, now: Instant) -> Instant {
    let fresh = Mark { count, at: now };
    *mark = match *mark {
        Some(mark) if owes && count < mark.count + step => Some(mark),
        Some(_) | None => owes.then_some(fresh),
    };
    mark.map_or(now, |mark| mark.at)
}
