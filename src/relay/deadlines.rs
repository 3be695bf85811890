//! The time limits of an established association.

use std::time::Duration;

use pacsgate_core::inspector::{Inspector, Phase};
use pacsgate_core::side::{PerSide, Side};
use tokio::time::Instant;

use super::ending::{Ending, Loss, Over};

/// The least that a side must send inside a PDU in each [`Deadlines::progress`].
const PROGRESS: u64 = 1024;
/// Stands for "never": no association lives that long, and no clock overflows.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long an established association may wait, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Between whole PDUs, with no operation outstanding.
    pub idle: Duration,
    /// Between whole PDUs, while an operation waits for its response.
    pub operation: Duration,
    /// Inside a PDU: at least 1 KiB in this time.
    pub progress: Duration,
    /// For a receiver that takes nothing.
    pub write_stall: Duration,
    /// For what a side has still to say after it stopped taking bytes, or once the daemon stops.
    pub close: Duration,
    /// The end of the association's life, when the client certificate ends.
    pub expires: Option<Instant>,
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
    /// The number of whole PDUs and when it last grew.
    pdus: Mark,
    sent: PerSide<Option<Mark>>,
    taken: PerSide<Option<Mark>>,
}

/// What a side owes at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Debt {
    pub(super) side: Side,
    /// The rest of a PDU that it has begun. One that the gate itself does not read owes nothing.
    pub(super) owes_bytes: bool,
    /// How much it ever sent.
    pub(super) sent: u64,
    /// To take what is for it.
    pub(super) owes_room: bool,
    /// How much it ever took.
    pub(super) taken: u64,
    /// It takes no more at all.
    pub(super) is_broken: bool,
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
            pdus: Mark { count: 0, at: now },
            sent: PerSide { requestor: None, acceptor: None },
            taken: PerSide { requestor: None, acceptor: None },
        }
    }

    /// From now on an association at rest has only the time in which its requestor may begin
    /// another operation, or release it.
    pub(super) const fn drain(&mut self, now: Instant) {
        self.draining = Some(now);
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
        let [certificate, lifetime] = self.life();
        let limits = [
            self.quiet(inspector, now),
            self.progress(one, now),
            self.progress(other, now),
            self.stall(one, now),
            self.stall(other, now),
            certificate,
            lifetime,
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
        let pdus = inspector.pdus(Side::Requestor) + inspector.pdus(Side::Acceptor);
        if pdus != self.pdus.count {
            self.pdus = Mark { count: pdus, at: now };
        }
        let Deadlines { idle, operation, close, .. } = self.deadlines;
        if let Some(since) = self.draining.filter(|_| inspector.is_at_rest()) {
            return (since.max(self.pdus.at) + close, Over::Shutdown.into());
        }
        if self.is_half_closed {
            return (self.pdus.at + idle.min(operation), Loss::Closed.by(Side::Requestor).into());
        }
        match inspector.phase() {
            Phase::Operating => (self.pdus.at + operation, Over::Operation.into()),
            Phase::Releasing(owing) => (self.pdus.at + idle, Loss::Unreleased.by(owing).into()),
            Phase::Open | Phase::Released | Phase::Aborted(_) => {
                (self.pdus.at + idle, Over::Idle.into())
            }
        }
    }

    fn progress(&mut self, debt: Debt, now: Instant) -> (Instant, Ending) {
        let mark = self.sent.get_mut(debt.side);
        let since = advance(mark, debt.owes_bytes, debt.sent, PROGRESS, now);
        (since + self.deadlines.progress, Loss::Progress.by(debt.side).into())
    }

    fn stall(&mut self, debt: Debt, now: Instant) -> (Instant, Ending) {
        let mark = self.taken.get_mut(debt.side);
        let since = advance(mark, debt.owes_room, debt.taken, 1, now);
        let limit = if debt.is_broken { self.deadlines.close } else { self.deadlines.write_stall };
        (since + limit, Loss::WriteStall.by(debt.side).into())
    }

    fn life(&self) -> [(Instant, Ending); 2] {
        let far = self.began + FAR;
        [
            (self.deadlines.expires.unwrap_or(far), Over::Certificate.into()),
            (self.began + self.deadlines.lifetime, Over::Lifetime.into()),
        ]
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
