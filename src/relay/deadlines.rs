//! The time limits of an established association.

use std::time::Duration;

use pacsgate_core::inspector::{Inspector, Phase};
use pacsgate_core::side::Side;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::Relay;
use super::ending::{Ending, Loss, Over};
use super::flow::Flow;

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
    /// For what a side has still to say after it stopped taking bytes.
    pub close: Duration,
    /// The end of the association's life, when the client certificate ends.
    pub expires: Option<Instant>,
    /// The end of the association's life, if it is limited.
    pub lifetime: Option<Duration>,
}

/// What the limits are measured from.
#[derive(Debug)]
pub(super) struct Watch {
    deadlines: Deadlines,
    began: Instant,
    /// The number of whole PDUs and when it last grew.
    pdus: Mark,
    from_requestor: Option<Mark>,
    from_acceptor: Option<Mark>,
    to_requestor: Option<Mark>,
    to_acceptor: Option<Mark>,
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
            pdus: Mark { count: 0, at: now },
            from_requestor: None,
            from_acceptor: None,
            to_requestor: None,
            to_acceptor: None,
        }
    }

    /// When the timer is to ring first.
    pub(super) fn first(&self, now: Instant) -> Instant {
        now + self.deadlines.idle
    }

    fn quiet(&mut self, inspector: &Inspector, now: Instant) -> (Instant, Ending) {
        let pdus = inspector.pdus(Side::Requestor) + inspector.pdus(Side::Acceptor);
        if pdus != self.pdus.count {
            self.pdus = Mark { count: pdus, at: now };
        }
        match inspector.phase() {
            Phase::Operating => (self.pdus.at + self.deadlines.operation, Over::Operation.into()),
            Phase::Open | Phase::Releasing | Phase::Released | Phase::Aborted(_) => {
                (self.pdus.at + self.deadlines.idle, Over::Idle.into())
            }
        }
    }

    fn life(&self) -> [(Instant, Ending); 2] {
        let far = self.began + FAR;
        let lifetime = self.deadlines.lifetime.and_then(|life| self.began.checked_add(life));
        [
            (self.deadlines.expires.unwrap_or(far), Over::Certificate.into()),
            (lifetime.unwrap_or(far), Over::Lifetime.into()),
        ]
    }
}

impl<R, P> Relay<'_, R, P>
where
    R: AsyncBufRead + AsyncWrite + Unpin,
    P: AsyncRead + AsyncWrite + Unpin,
{
    /// The next moment at which a limit could run out, or the one that has.
    pub(super) fn check_deadlines(&mut self, now: Instant) -> Result<Instant, Ending> {
        let limits = [
            self.watch.quiet(&self.inspector, now),
            self.progress_limit(Side::Requestor, now),
            self.progress_limit(Side::Acceptor, now),
            self.stall_limit(Side::Requestor, now),
            self.stall_limit(Side::Acceptor, now),
        ];
        let mut next = now + FAR;
        for (at, ending) in limits.into_iter().chain(self.watch.life()) {
            if at <= now {
                return Err(ending);
            }
            next = next.min(at);
        }
        Ok(next)
    }

    /// A side that the gate itself does not read owes no progress.
    fn progress_limit(&mut self, from: Side, now: Instant) -> (Instant, Ending) {
        let owes = self.inspector.is_inside_pdu(from) && self.may_read(from);
        let (received, mark) = match from {
            Side::Requestor => (self.received.from_requestor, &mut self.watch.from_requestor),
            Side::Acceptor => (self.received.from_acceptor, &mut self.watch.from_acceptor),
        };
        let since = advance(mark, owes, received, PROGRESS, now);
        (since + self.watch.deadlines.progress, Loss::Progress.by(from).into())
    }

    fn stall_limit(&mut self, to: Side, now: Instant) -> (Instant, Ending) {
        let waiting = |flow: &Flow, out: &[u8]| flow.is_waiting(out) || flow.is_broken();
        let (flow, owes, mark) = match to {
            Side::Requestor => (
                &self.to_requestor,
                waiting(&self.to_requestor, &self.out.to_requestor),
                &mut self.watch.to_requestor,
            ),
            Side::Acceptor => (
                &self.to_acceptor,
                waiting(&self.to_acceptor, &self.out.to_acceptor),
                &mut self.watch.to_acceptor,
            ),
        };
        let limit = if flow.is_broken() {
            self.watch.deadlines.close
        } else {
            self.watch.deadlines.write_stall
        };
        let since = advance(mark, owes, flow.written(), 1, now);
        (since + limit, Loss::WriteStall.by(to).into())
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
