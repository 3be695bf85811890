//! Moves bytes between the requestor and the PACS, as far as the inspector lets them.
//!
//! One task owns both streams and the inspector: no split, no channel, no lock. Long pieces that
//! leave as they came are written from where they were read; all else is copied once, into the
//! output buffer. A side is read only while the buffer towards the other side has room.

mod ahead;
mod deadlines;
mod ending;
pub mod farewell;
mod flow;
pub mod reach;
mod share;
pub mod target;

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pacsgate_core::inspector::{
    Contexts, Fault, Fed, Inspector, Ledger, News, Out, Phase, Shared, Stores,
};
use pacsgate_core::reason::Sided;
use pacsgate_core::side::{PerSide, Side};
use tokio::io::AsyncWrite;
use tokio::time::{Instant, Sleep};

use ahead::Ahead;
pub use deadlines::Deadlines;
use deadlines::{Debt, Watch};
pub use ending::{BROKEN_TLS, Ending, Loss, Over};
use flow::Flow;
pub use flow::Remainder;
use share::Share;

use crate::stream::lend::Lend;
use crate::stream::pool;
use crate::timers::sleep_until;

/// What may wait for a side before it is read no more: more than what the other side alone can fill.
pub const PILE: usize = 3 * pool::BUFFER;

/// What an association has moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Whole PDUs received from each side.
    pub pdus: PerSide<u64>,
    /// Bytes of PDUs received from each side.
    pub bytes: PerSide<u64>,
}

/// What is told while it moves.
#[derive(Debug)]
pub enum Told<'a> {
    /// Something was forbidden or unsound, and ended nothing.
    News(&'a News),
    /// So much has come by now.
    Moved(Moved),
}

/// How far an association has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Bytes of PDUs received from each side.
    pub bytes: PerSide<u64>,
    /// The C-STORE operations that each side has asked for.
    pub stores: PerSide<Stores>,
}

/// What a relay leaves behind.
#[derive(Debug)]
pub struct Relayed {
    /// Why it ended.
    pub ending: Ending,
    /// What it has moved.
    pub traffic: Traffic,
    /// What was done and what was forbidden.
    pub ledger: Ledger,
    /// What is judged and not yet written, for the requestor.
    pub to_requestor: Remainder,
    /// What is judged and not yet written, for the PACS.
    pub to_acceptor: Remainder,
}

/// What reaches an association from the daemon.
pub struct Outside<D, E, R> {
    /// Waits until nothing new is to begin: the association ends as soon as it is at rest.
    pub drain: D,
    /// Waits until it is to end whatever it does, which comes behind that.
    pub end: E,
    /// Ready each time when it has been judged by other rules. Polled until they are [`Rules::End`].
    pub rules: R,
}

/// What other rules mean for an association.
#[derive(Debug)]
pub enum Rules {
    /// It goes on under them, with what it shares with other associations.
    Bind(Contexts, Shared),
    /// It ends with the messages that are under way, or after this time.
    End(Duration),
}

/// Relays until the association ends, for whatever reason.
///
/// Every wait in here is bounded by one of the `deadlines`, or ended from `outside`. What is
/// forbidden or unsound and ends nothing is told to `tell` as it comes, and so is what has moved.
pub fn relay<'a, R, P, D, E, J>(
    requestor: &'a mut R,
    acceptor: &'a mut P,
    inspector: Box<Inspector>,
    deadlines: Deadlines,
    outside: Outside<impl FnOnce() -> D, impl FnOnce() -> E, J>,
    tell: &'a mut (dyn FnMut(Told<'_>) + Send + 'a),
) -> impl Future<Output = Relayed>
where
    R: Lend + AsyncWrite + Unpin,
    P: Lend + AsyncWrite + Unpin,
    D: Future<Output = ()>,
    E: Future<Output = ()>,
    J: FnMut(&Contexts, &mut Context<'_>) -> Poll<Rules>,
{
    let now = Instant::now();
    let watch = Watch::new(deadlines, now);
    let Outside { drain, end, mut rules } = outside;
    let first = watch.first(now);
    let mut relay = Relay {
        requestor,
        acceptor,
        inspector,
        out: Out::default(),
        flows: PerSide::default(),
        received: PerSide::default(),
        share: Share::NEW,
        first: Side::Requestor,
        ahead: PerSide::default(),
        watch,
        tell,
        told: 0,
    };
    async move {
        let is_draining = AtomicBool::new(false);
        // One after the other: an association has room for one wait, and looks at one.
        let mut stages = pin!(async {
            drain().await;
            is_draining.store(true, Ordering::Relaxed);
            end().await;
        });
        let mut timer = pin!(sleep_until(first));
        let ending = poll_fn(|cx| {
            if stages.as_mut().poll(cx).is_ready() {
                return Poll::Ready(relay.stopped().into());
            }
            if !relay.watch.is_draining() && is_draining.load(Ordering::Relaxed) {
                relay.watch.drain(Instant::now());
            }
            relay.poll_rules(&mut rules, cx);
            match relay.poll_move(cx) {
                Poll::Pending => relay.poll_deadlines(timer.as_mut(), cx),
                Poll::Ready(ending) => Poll::Ready(ending),
            }
        })
        .await;
        relay.finish(ending)
    }
}

struct Relay<'a, R, P> {
    requestor: &'a mut R,
    acceptor: &'a mut P,
    inspector: Box<Inspector>,
    out: Out,
    /// Towards each side.
    flows: PerSide<Flow>,
    /// Bytes.
    received: PerSide<u64>,
    share: Share,
    /// The side that a turn begins with: where the last one was used up, the other one.
    first: Side,
    /// What was read of a side and waits for the inspector.
    ahead: PerSide<Ahead>,
    watch: Watch,
    tell: &'a mut (dyn FnMut(Told<'_>) + Send),
    /// The sum of what had moved when it was told last; it only grows.
    told: u64,
}

impl<R: Lend + AsyncWrite + Unpin, P: Lend + AsyncWrite + Unpin> Relay<'_, R, P> {
    fn poll_rules<J>(&mut self, rules: &mut J, cx: &mut Context<'_>)
    where
        J: FnMut(&Contexts, &mut Context<'_>) -> Poll<Rules>,
    {
        while !self.watch.is_withdrawn()
            && let Poll::Ready(rules) = rules(self.inspector.contexts(), cx)
        {
            match rules {
                Rules::Bind(contexts, shared) => self.inspector.bind(contexts, shared),
                Rules::End(grace) => {
                    self.inspector.wind_up();
                    self.watch.withdraw(Instant::now() + grace);
                }
            }
        }
    }

    /// The end by the gate's own, which may cut off what was under way.
    fn stopped(&self) -> Over {
        if self.inspector.is_at_rest() { Over::Shutdown } else { Over::Interrupted }
    }

    /// Moves what can be moved, or its share. Pending means that both streams will wake the task, or
    /// that it has its next turn behind all others that have something to do.
    fn poll_move(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        self.share.renew();
        loop {
            let before = self.progress();
            let moved = self.move_once(cx);
            self.tell();
            let is_all = match moved {
                Ok(is_all) => is_all,
                Err(ending) => return Poll::Ready(ending),
            };
            if let Some(ending) = self.phase_ending() {
                return Poll::Ready(ending);
            }
            // A side that was not read because the turn is over will not wake the task.
            let is_over = self.share.is_over();
            if is_all || (!is_over && self.progress() == before) {
                return Poll::Pending;
            }
            if is_over {
                // Polled again when all others that are ready have been, and those that the sockets
                // have something for; to wake the task here would put it before the latter.
                let _ = pin!(tokio::task::yield_now()).poll(cx);
                self.first = self.first.other();
                return Poll::Pending;
            }
        }
    }

    fn tell(&mut self) {
        self.inspector.take_news().iter().for_each(|news| (self.tell)(Told::News(news)));
        let PerSide { requestor, acceptor } = self.received;
        let sum = self.inspector.steps().saturating_add(requestor).saturating_add(acceptor);
        if sum != self.told {
            self.told = sum;
            let stores = PerSide::of(|side| self.inspector.stores(side));
            (self.tell)(Told::Moved(Moved { bytes: self.received, stores }));
        }
    }

    /// Whether that was all for now: both sides have said what they had to say, and nothing waits.
    fn move_once(&mut self, cx: &mut Context<'_>) -> Result<bool, Ending> {
        let mut have_said_all = true;
        for from in [self.first, self.first.other()] {
            have_said_all &= self.read(from, cx)?;
            if from == Side::Acceptor && self.inspector.phase() == Phase::Released {
                // The answer leaves with the last word of TLS.
                return Ok(false);
            }
            self.write(from.other(), cx);
        }
        Ok(have_said_all && !self.keeps_something())
    }

    fn write(&mut self, to: Side, cx: &mut Context<'_>) {
        let Self { requestor, acceptor, out, flows, .. } = self;
        match to {
            Side::Requestor => flows.requestor.write(&mut out.to_requestor, *requestor, cx),
            Side::Acceptor => flows.acceptor.write(&mut out.to_acceptor, *acceptor, cx),
        }
    }

    /// Reads a side, but no more than fits into a buffer, even where all of it has left already: the
    /// other one is read next, however much this one sends. Whether it has said all for now, and the
    /// stream will wake the task when it goes on.
    fn read(&mut self, from: Side, cx: &mut Context<'_>) -> Result<bool, Ending> {
        let most = self.received.get(from).saturating_add(pool::BUFFER as u64);
        while *self.received.get(from) < most && !self.share.is_over() && self.may_read(from) {
            if !self.ahead.get(from).is_empty() {
                if self.feed_ahead(from)? {
                    continue;
                }
                break;
            }
            let (lent, judged) = self.pass(from, cx);
            self.spend(from, judged.unwrap_or_default());
            let Some(length) = heard(from, lent)? else { return Ok(true) };
            if length == 0 {
                return self.half_close().map(|()| false);
            }
            // What broke a rule was read to its end.
            *self.received.get_mut(from) += judged.unwrap_or(length) as u64;
            if judged.map_err(Ending::Fault)? < length {
                break;
            }
        }
        self.look_ahead_at(from, cx).map(|()| false)
    }

    /// Has the next piece of a side judged.
    fn pass(&mut self, from: Side, cx: &mut Context<'_>) -> (Poll<io::Result<usize>>, Judged) {
        let Self { requestor, acceptor, inspector, out, flows, .. } = self;
        let passage = Passage { from, inspector, flow: flows.get_mut(from.other()), out };
        match from {
            Side::Requestor => passage.pass(&mut **requestor, &mut **acceptor, cx),
            Side::Acceptor => passage.pass(&mut **acceptor, &mut **requestor, cx),
        }
    }

    /// The requestor sends no more. Some devices close their half behind their last request and
    /// wait for the answer; whether it still listens, only a write can tell.
    fn half_close(&mut self) -> Result<(), Ending> {
        if !self.inspector.has_more_for(Side::Requestor) {
            return Err(Loss::Closed.by(Side::Requestor).into());
        }
        self.watch.is_half_closed = true;
        Ok(())
    }

    /// Reads for later what comes from a side that is held back, to hear whether it leaves. For a PACS
    /// that does nobody waits: that is the end.
    fn look_ahead_at(&mut self, side: Side, cx: &mut Context<'_>) -> Result<(), Ending> {
        while self.looks_ahead_at(side) {
            let ahead = self.ahead.get_mut(side);
            let (lent, kept) = match side {
                Side::Requestor => keep(&mut *self.requestor, cx, ahead),
                Side::Acceptor => keep(&mut *self.acceptor, cx, ahead),
            };
            self.spend(side, kept);
            let Some(lent) = heard(side, lent)? else { break };
            // A requestor that sends no more has still to hear: its requests go on in their turn.
            self.watch.is_half_closed |= lent == 0;
            *self.received.get_mut(side) += kept as u64;
            self.notice_abort(side);
        }
        Ok(())
    }

    /// Whether a side that is held back is read for later.
    fn looks_ahead_at(&self, side: Side) -> bool {
        let has_closed = side == Side::Requestor && self.watch.is_half_closed;
        let has_room = self.ahead.get(side).room() > 0;
        !has_closed && has_room && !self.share.is_over() && self.inspector.holds_back(side)
    }

    /// Counts a read of a side.
    fn spend(&mut self, from: Side, bytes: usize) {
        let overhead = match from {
            Side::Requestor => self.requestor.overhead(),
            Side::Acceptor => self.acceptor.overhead(),
        };
        self.share.spend(from, bytes, self.inspector.steps(), overhead);
    }

    /// Feeds what was read ahead; whether all was taken. What was not waits.
    fn feed_ahead(&mut self, from: Side) -> Result<bool, Ending> {
        let input = self.ahead.get_mut(from).take();
        self.flows.get(from.other()).prepare(self.out.towards(from.other()));
        let taken = self.inspector.feed(from, &input, &mut self.out).map_err(Ending::Fault)?;
        self.spend(from, taken);
        self.ahead.get_mut(from).push(input.get(taken..).unwrap_or_default());
        Ok(taken == input.len())
    }

    fn notice_abort(&mut self, from: Side) {
        let rest = self.inspector.rest_of_pdu(from) as usize;
        if let Some(abort) = self.ahead.get_mut(from).abort(rest) {
            self.inspector.abort(from, abort, &mut self.out);
        }
    }

    /// A side is read while the inspector wants it and the other side's buffer has room; not while
    /// answers of the gate, which it asked for and does not take, pile up for itself.
    fn may_read(&self, from: Side) -> bool {
        let has_closed =
            from == Side::Requestor && self.watch.is_half_closed && self.ahead.requestor.is_empty();
        !has_closed
            && self.waiting(from.other()) < pool::BUFFER
            && self.waiting(from) < PILE
            && self.inspector.wants(from)
    }

    /// Whether anything waits to be judged or to be written.
    fn keeps_something(&self) -> bool {
        let waits = |side| self.flows.get(side).is_waiting(self.towards(side));
        let keeps = |side| waits(side) || !self.ahead.get(side).is_empty();
        keeps(Side::Requestor) || keeps(Side::Acceptor)
    }

    /// How much waits to be written to a side.
    const fn waiting(&self, to: Side) -> usize {
        self.flows.get(to).waiting(self.towards(to))
    }

    const fn towards(&self, side: Side) -> &[u8] {
        match side {
            Side::Requestor => self.out.to_requestor.as_slice(),
            Side::Acceptor => self.out.to_acceptor.as_slice(),
        }
    }

    /// Two equal snapshots: nothing moved between them.
    const fn progress(&self) -> ([u64; 2], [u64; 2], [usize; 4]) {
        (
            [self.received.requestor, self.received.acceptor],
            [self.flows.requestor.written(), self.flows.acceptor.written()],
            [
                self.out.to_requestor.len(),
                self.out.to_acceptor.len(),
                self.ahead.requestor.len(),
                self.ahead.acceptor.len(),
            ],
        )
    }

    fn phase_ending(&self) -> Option<Ending> {
        match self.inspector.phase() {
            Phase::Released => Some(Over::Released.into()),
            Phase::Aborted(side) => Some(Loss::Aborted.by(side).into()),
            Phase::Open | Phase::Operating | Phase::Releasing(_) => {
                let left = self.is_half_over().then(|| Loss::Closed.by(Side::Requestor).into());
                left.or_else(|| self.inspector.is_wound_up().then(|| Over::Withdrawn.into()))
            }
        }
    }

    /// A requestor that had closed its half has its answers, or does not take them.
    fn is_half_over(&self) -> bool {
        let has_all =
            self.ahead.requestor.is_empty() && !self.inspector.has_more_for(Side::Requestor);
        self.watch.is_half_closed && (self.flows.requestor.is_broken() || has_all)
    }

    fn poll_deadlines(&mut self, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<Ending> {
        loop {
            let debts = [self.debt(Side::Requestor), self.debt(Side::Acceptor)];
            let next = match self.watch.check(&self.inspector, debts, Instant::now()) {
                Ok(next) => next,
                Err(ending) => return Poll::Ready(ending),
            };
            // The timer is set anew only when it would ring too late; one that rings too early
            // costs a look at the clock.
            if next < timer.deadline() {
                timer.as_mut().reset(next);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            timer.as_mut().reset(next);
        }
    }

    fn debt(&self, side: Side) -> Debt {
        let to = self.flows.get(side);
        Debt {
            side,
            owes_bytes: self.inspector.is_inside_pdu(side) && self.may_read(side),
            owes_message: self.may_read(side),
            sent: *self.received.get(side),
            owes_room: to.is_waiting(self.towards(side)) || to.is_broken(),
            taken: to.written(),
            is_broken: to.is_broken(),
        }
    }

    fn finish(self, ending: Ending) -> Relayed {
        let ending = if let Ending::Lost(Sided { side, what: Loss::Closed }) = ending
            && matches!(self.inspector.phase(), Phase::Releasing(_))
        {
            Loss::ClosedInRelease.by(side).into()
        } else {
            ending
        };
        let pdus = PerSide::of(|side| self.inspector.pdus(side));
        let traffic = Traffic { pdus, bytes: self.received };
        let at_boundary = PerSide::of(|side| self.inspector.at_boundary(side));
        let mut ledger = self.inspector.into_ledger();
        // What nobody has answered is told at the end.
        ledger.take_news().iter().for_each(|news| (self.tell)(Told::News(news)));
        Relayed {
            ending,
            traffic,
            to_requestor: self.flows.requestor.rest(self.out.to_requestor, at_boundary.requestor),
            to_acceptor: self.flows.acceptor.rest(self.out.to_acceptor, at_boundary.acceptor),
            ledger,
        }
    }
}

/// Whether an error is the TLS library's word on what came, not the system's on the connection.
pub fn is_broken_tls(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

/// How much of a piece was taken, or what is wrong with it.
type Judged = Result<usize, Sided<Fault>>;

/// What judges a piece on its way from a side to the other.
struct Passage<'a> {
    from: Side,
    inspector: &'a mut Inspector,
    /// Towards the other side.
    flow: &'a mut Flow,
    out: &'a mut Out,
}

impl Passage<'_> {
    /// Has the next piece judged. What leaves of it as it came may be written from where it lies.
    fn pass<S: Lend + Unpin, T: AsyncWrite + Unpin>(
        self,
        stream: &mut S,
        to: &mut T,
        cx: &mut Context<'_>,
    ) -> (Poll<io::Result<usize>>, Judged) {
        let Self { from, inspector, flow, out } = self;
        let (mut judged, waker) = (Ok(0), cx.waker());
        let lent = Pin::new(stream).poll_lend(cx, &mut |input| {
            flow.prepare(out.towards(from.other()));
            let fed = inspector.feed_uncopied(from, input, out);
            if let Ok(Fed { as_came, .. }) = fed {
                let piece = input.get(..as_came).unwrap_or_default();
                let cx = &mut Context::from_waker(waker);
                flow.pass_on(piece, out.towards(from.other()), to, cx);
            }
            judged = fed.map(|fed| fed.taken);
            judged.unwrap_or(input.len())
        });
        (lent, judged)
    }
}

/// Keeps of the next piece of a side what fits for later; how much that was.
fn keep<S: Lend + Unpin>(
    stream: &mut S,
    cx: &mut Context<'_>,
    ahead: &mut Ahead,
) -> (Poll<io::Result<usize>>, usize) {
    let mut kept = 0;
    let lent = Pin::new(stream).poll_lend(cx, &mut |input| {
        kept = ahead.push_what_fits(input);
        kept
    });
    (lent, kept)
}

/// How much was lent of a side's; 0 at the requestor's end, nothing while there is nothing.
fn heard(from: Side, lent: Poll<io::Result<usize>>) -> Result<Option<usize>, Ending> {
    let closed = || Loss::Closed.by(from).into();
    match (lent, from) {
        (Poll::Pending, _) => Ok(None),
        (Poll::Ready(Ok(0) | Err(_)), Side::Acceptor) => Err(closed()),
        (Poll::Ready(Ok(length)), _) => Ok(Some(length)),
        (Poll::Ready(Err(error)), _) if is_broken_tls(&error) => Err(Over::BrokenTls.into()),
        (Poll::Ready(Err(error)), _) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Some(0)),
        (Poll::Ready(Err(_)), _) => Err(closed()),
    }
}

#[cfg(test)]
mod tests;
