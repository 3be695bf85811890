//! Row 0 of the policy's order: how many connections may exist before anybody is known.
//!
//! A connection has its place in one of three stages. Until TLS is up, and while it is told that it
//! is refused, it shares `limits.handshakes`; from there to its request, or from its beginning without
//! TLS, `limits.requests`; an association keeps its place. Where a stage is full, the oldest of the heaviest source or
//! certificate gives way, as an honest one is over in milliseconds: nobody can lock others out by
//! standing still, from however many addresses. Sources from which a peer has come before go before
//! strangers, up to half of the places.

mod known;
mod stage;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::known::Known;
use self::stage::{Place, Stage};
use crate::config::Limits;
use crate::net::Source;
use crate::origins::Origin;
use crate::turns::Whose;

/// How long a source is left alone after a peer has authenticated from there.
pub const LEFT_ALONE: Duration = Duration::from_secs(3600);

pacsgate_core::reasons! {
    /// The limit that was met.
    pub enum SlotLimit {
        Connections: "connection-limit",
            "limits.connections was reached",
            "Raise limits.connections if your peers really need so many connections.";
        Handshakes: "handshake-limit",
            "limits.handshakes was reached, and this handshake gave way to a newer one",
            "If these are your peers, raise limits.handshakes; otherwise find out who floods the \
             port: an unfinished handshake gave way to a newer connection.";
        Requests: "request-limit",
            "limits.requests was reached, and this connection, which had sent no request, gave way \
             to a newer one",
            "If these are your peers, raise limits.requests; otherwise find out who has the \
             certificate's key, or at a plain listener the address: it opened connections and asked for \
             nothing.";
        PerSource: "source-limit",
            "limits.per_source was reached",
            "If it is your balancer, add it to `proxy_protocol_from` of the [listener] table, and let it \
             send the PROXY protocol. If many peers share this address, raise limits.per_source; \
             otherwise look at this host.";
    }
}

/// What is taken.
#[derive(Debug)]
pub struct Slots {
    taken: Mutex<Taken>,
}

#[derive(Debug)]
struct Taken {
    most: usize,
    most_per_source: u32,
    /// Those that have given way and still close are not among them.
    connections: usize,
    per_source: HashMap<Source, u32>,
    known: Known,
    handshakes: Stage<Source>,
    requests: Stage<Origin>,
    /// The number that the next one gets only grows.
    next: u64,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Handshake,
    Request,
    Association,
}

/// A connection's place, given up when dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Slots>,
    whose: Whose,
    /// Whether it counts for its source: a balancer's does not until that has named one.
    counts: bool,
    number: u64,
    at: At,
    gives_way: Arc<Notify>,
    is_left_alone: bool,
}

impl Slots {
    /// No slot taken.
    pub fn new(limits: &Limits) -> Arc<Self> {
        let &Limits { connections, handshakes, requests, per_source, .. } = limits;
        let taken = Taken {
            most: connections as usize,
            most_per_source: per_source,
            connections: 0,
            per_source: HashMap::new(),
            known: Known::default(),
            handshakes: Stage::new(handshakes as usize),
            requests: Stage::new(requests as usize),
            next: 0,
        };
        Arc::new(Self { taken: taken.into() })
    }

    /// Other limits. Nobody loses a place by that; where there are too many, the next one waits.
    pub fn renew(&self, limits: &Limits) {
        let mut taken = self.taken();
        taken.most = limits.connections as usize;
        taken.most_per_source = limits.per_source;
        taken.handshakes.renew(limits.handshakes as usize);
        taken.requests.renew(limits.requests as usize);
    }

    /// How many connections have one.
    pub fn connections(&self) -> usize {
        self.taken().connections
    }

    /// Takes the slot that a new connection needs, for its handshake.
    ///
    /// # Errors
    ///
    /// The limit that leaves no slot.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Result<Slot, SlotLimit> {
        self.take_at(At::Handshake, address)
    }

    /// Takes the slot that a new connection without TLS needs, for its request: it is in nobody's way
    /// who shakes hands.
    ///
    /// # Errors
    ///
    /// The limit that leaves no slot.
    pub fn take_plain(self: &Arc<Self>, address: IpAddr) -> Result<Slot, SlotLimit> {
        self.take_at(At::Request, address)
    }

    fn take_at(self: &Arc<Self>, at: At, address: IpAddr) -> Result<Slot, SlotLimit> {
        let source = Source::of(address);
        let mut taken = self.taken();
        taken.has_room_for(source)?;
        let mut slot = self.enter(&mut taken, at, source)?;
        taken.count(source);
        slot.counts = true;
        Ok(slot)
    }

    /// Takes the slot of a connection by which a balancer will speak for a source; it is
    /// [`Slot::comes_from`] that then. All of them come from one address, so that this has no limit of
    /// its own, but they weigh together, and the oldest of them gives way.
    ///
    /// # Errors
    ///
    /// The limit that leaves no slot.
    pub fn take_for_another(self: &Arc<Self>, balancer: IpAddr) -> Result<Slot, SlotLimit> {
        self.enter(&mut self.taken(), At::Handshake, Source::of(balancer))
    }

    fn enter(
        self: &Arc<Self>,
        taken: &mut Taken,
        at: At,
        source: Source,
    ) -> Result<Slot, SlotLimit> {
        if taken.connections >= taken.most && !taken.make_room() {
            return Err(SlotLimit::Connections);
        }
        taken.connections += 1;
        let number = taken.next;
        taken.next += 1;
        let gives_way = Arc::new(Notify::new());
        let whose = taken.whose(source);
        let is_left_alone = taken.known.is_fresh(source, LEFT_ALONE, Instant::now());
        if at == At::Handshake {
            taken.enter_handshakes(number, Place::new(source, whose.is_known, &gives_way));
        } else {
            let origin = Origin::Source(source);
            taken.enter_requests(number, Place::new(origin, whose.is_known, &gives_way));
        }
        let slots = Arc::clone(self);
        Ok(Slot { slots, whose, counts: false, number, at, gives_way, is_left_alone })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn has_room_for(&self, source: Source) -> Result<(), SlotLimit> {
        let of_source = self.per_source.get(&source).copied().unwrap_or_default();
        if of_source < self.most_per_source { Ok(()) } else { Err(SlotLimit::PerSource) }
    }

    fn count(&mut self, source: Source) {
        *self.per_source.entry(source).or_default() += 1;
    }

    fn whose(&self, source: Source) -> Whose {
        Whose { source, is_known: self.known.contains(source) }
    }

    fn enter_handshakes(&mut self, number: u64, place: Place<Source>) {
        self.connections -= self.handshakes.enter(number, place);
    }

    fn enter_requests(&mut self, number: u64, place: Place<Origin>) {
        self.connections -= self.requests.enter(number, place);
    }

    /// Whether a place was freed among all connections: of one that is refused anyway, then of a
    /// handshake, then of one that asks for nothing.
    fn make_room(&mut self) -> bool {
        let has_room = self.handshakes.evict() || self.requests.evict();
        self.connections -= usize::from(has_room);
        has_room
    }

    /// Whether it had not given way.
    fn leave(&mut self, number: u64, at: At) -> bool {
        match at {
            At::Handshake => self.handshakes.leave(number),
            At::Request => self.requests.leave(number),
            At::Association => true,
        }
    }

    /// Takes it from where it waited, as it goes on. Had it to give way at that moment, it stays, and
    /// does not hear of it.
    fn go_on(&mut self, number: u64, at: At, gives_way: &mut Arc<Notify>) {
        if !self.leave(number, at) {
            self.connections += 1;
            *gives_way = Arc::default();
        }
    }
}

impl Slot {
    /// Where it comes from, for the order of the turns.
    pub const fn whose(&self) -> Whose {
        self.whose
    }

    /// Whether a peer has come from there so lately that no failure there slows what comes.
    pub const fn is_left_alone(&self) -> bool {
        self.is_left_alone
    }

    /// Whether it is a balancer's that has named no source yet.
    pub const fn awaits_source(&self) -> bool {
        !self.counts
    }

    /// The balancer has named the source: it counts for that from now on.
    ///
    /// # Errors
    ///
    /// The source has all that it may have.
    pub fn comes_from(&mut self, address: IpAddr) -> Result<(), SlotLimit> {
        let source = Source::of(address);
        let mut taken = self.slots.taken();
        taken.has_room_for(source)?;
        taken.count(source);
        self.counts = true;
        self.whose = taken.whose(source);
        self.is_left_alone = taken.known.is_fresh(source, LEFT_ALONE, Instant::now());
        // Where it has given way meanwhile, it is about to hear of it.
        if taken.leave(self.number, self.at) {
            let place = Place::new(source, self.whose.is_known, &self.gives_way);
            taken.enter_handshakes(self.number, place);
        }
        Ok(())
    }

    /// TLS is up, with this certificate or without one; whether it is that of a peer. It waits for a
    /// request.
    pub fn authenticated(&mut self, origin: Origin, is_peer: bool) {
        if is_peer {
            self.is_of_peer();
        }
        self.enter_requests(origin, is_peer);
    }

    /// It came without TLS, and waits for a request at once, behind a balancer's header as well.
    pub fn plain(&mut self) {
        if self.at == At::Handshake {
            self.enter_requests(Origin::Source(self.whose.source), self.whose.is_known);
        }
    }

    /// A peer comes from where it does.
    pub fn is_of_peer(&self) {
        self.slots.taken().known.learn(self.whose.source, Instant::now());
    }

    fn enter_requests(&mut self, origin: Origin, goes_first: bool) {
        let mut taken = self.slots.taken();
        taken.go_on(self.number, self.at, &mut self.gives_way);
        self.at = At::Request;
        let place = Place::new(origin, goes_first, &self.gives_way);
        taken.enter_requests(self.number, place);
    }

    /// Its association is permitted: it gives way to nobody any more.
    pub fn permitted(&mut self) {
        self.slots.taken().go_on(self.number, self.at, &mut self.gives_way);
        self.at = At::Association;
    }

    /// It is told that it is refused: from now on it is the first that gives way.
    pub fn refused(&mut self) {
        if self.at == At::Association {
            return;
        }
        let mut taken = self.slots.taken();
        if taken.leave(self.number, self.at) {
            self.at = At::Handshake;
            let place = Place::refused(self.whose.source, &self.gives_way);
            taken.enter_handshakes(self.number, place);
        }
    }

    /// Returns when the place has been given to a newer connection, and says by which limit.
    pub async fn gives_way(&self) -> SlotLimit {
        self.gives_way.notified().await;
        match self.at {
            At::Handshake => SlotLimit::Handshakes,
            At::Request | At::Association => SlotLimit::Requests,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        if taken.leave(self.number, self.at) {
            taken.connections -= 1;
        }
        let of_source = taken.per_source.get_mut(&self.whose.source);
        if let Some(count) = of_source.filter(|_| self.counts) {
            *count -= 1;
            if *count == 0 {
                taken.per_source.remove(&self.whose.source);
            }
        }
    }
}

#[cfg(test)]
mod tests;
