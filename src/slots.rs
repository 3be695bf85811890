//! Row 0 of the policy's order: how many connections may exist before anybody is known.
//!
//! Whoever finds no slot is closed without a word, before a byte of it is read.
//!
//! Handshakes are different: an honest one is over in milliseconds, so where all their slots are
//! taken the oldest of the source that has the most gives way. Nobody can lock others out by
//! standing still, from however many addresses.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::config::Limits;
use crate::net::Source;

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
        PerSource: "source-limit",
            "limits.per_source was reached",
            "If many peers share this address, raise limits.per_source; otherwise look at this host.";
    }
}

/// What is taken.
#[derive(Debug)]
pub struct Slots {
    connections: u32,
    handshakes: u32,
    per_source: u32,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    connections: u32,
    per_source: HashMap<Source, u32>,
    /// By age: the number that the next one gets only grows.
    handshakes: BTreeMap<u64, Handshake>,
    next: u64,
}

#[derive(Debug)]
struct Handshake {
    source: Source,
    evicted: Arc<Notify>,
}

/// A connection's place, given up when dropped.
#[derive(Debug)]
pub struct ConnectionSlot {
    slots: Arc<Slots>,
    source: Source,
}

/// A handshake's place, given up when dropped.
#[derive(Debug)]
pub struct HandshakeSlot {
    slots: Arc<Slots>,
    number: u64,
    evicted: Arc<Notify>,
}

impl Slots {
    /// No slot taken.
    pub fn new(limits: &Limits) -> Arc<Self> {
        let &Limits { connections, handshakes, per_source, .. } = limits;
        Arc::new(Self { connections, handshakes, per_source, taken: Mutex::default() })
    }

    /// Takes the two slots that a new connection needs.
    ///
    /// # Errors
    ///
    /// The limit that leaves no slot.
    pub fn take(
        self: &Arc<Self>,
        address: IpAddr,
    ) -> Result<(ConnectionSlot, HandshakeSlot), SlotLimit> {
        let source = Source::of(address);
        let mut taken = self.taken();
        if taken.connections >= self.connections {
            return Err(SlotLimit::Connections);
        }
        let of_source = taken.per_source.entry(source).or_default();
        if *of_source >= self.per_source {
            return Err(SlotLimit::PerSource);
        }
        *of_source += 1;
        taken.connections += 1;
        while taken.handshakes.len() >= self.handshakes as usize {
            taken.evict();
        }
        let (number, evicted) = taken.begin(source);
        let handshake = HandshakeSlot { slots: Arc::clone(self), number, evicted };
        Ok((ConnectionSlot { slots: Arc::clone(self), source }, handshake))
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn begin(&mut self, source: Source) -> (u64, Arc<Notify>) {
        let evicted = Arc::new(Notify::new());
        let number = self.next;
        self.next += 1;
        self.handshakes.insert(number, Handshake { source, evicted: Arc::clone(&evicted) });
        (number, evicted)
    }

    /// Takes its slot from the oldest handshake of the source that has the most. Costs a look at
    /// each, and only while the slots are all taken.
    fn evict(&mut self) {
        let mut of_source: HashMap<Source, u32> = HashMap::new();
        for handshake in self.handshakes.values() {
            *of_source.entry(handshake.source).or_default() += 1;
        }
        let most = of_source.values().copied().max().unwrap_or_default();
        let heaviest =
            |handshake: &Handshake| of_source.get(&handshake.source).copied() == Some(most);
        let oldest = self.handshakes.iter().find(|(_, handshake)| heaviest(handshake));
        let oldest = oldest.map(|(number, _)| *number);
        if let Some(Handshake { evicted, .. }) =
            oldest.and_then(|number| self.handshakes.remove(&number))
        {
            evicted.notify_one();
        }
    }
}

impl HandshakeSlot {
    /// Returns when the slot has been given to a newer connection.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        taken.connections -= 1;
        if let Some(count) = taken.per_source.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                taken.per_source.remove(&self.source);
            }
        }
    }
}

impl Drop for HandshakeSlot {
    fn drop(&mut self) {
        self.slots.taken().handshakes.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(connections: u32, handshakes: u32, per_source: u32) -> Arc<Slots> {
        Slots::new(&Limits { connections, handshakes, per_source, ..Limits::default() })
    }

    fn v4(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn refuses_the_connection_over_the_limit_and_lets_the_next_in_when_one_ends() {
        let slots = slots(1, 9, 9);
        let first = slots.take(v4(1)).unwrap();
        assert_eq!(slots.take(v4(2)).unwrap_err(), SlotLimit::Connections);
        drop(first);
        assert!(slots.take(v4(2)).is_ok());
    }

    fn is_evicted((_, handshake): &(ConnectionSlot, HandshakeSlot)) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        std::pin::pin!(handshake.evicted()).poll(&mut context).is_ready()
    }

    #[test]
    fn the_oldest_handshake_of_the_heaviest_source_gives_way() {
        let slots = slots(9, 3, 9);
        let honest = slots.take(v4(1)).unwrap();
        let stalled = [2, 2].map(|last| slots.take(v4(last)).unwrap());
        let newcomer = slots.take(v4(3)).unwrap();
        assert_eq!(stalled.each_ref().map(is_evicted), [true, false]);
        assert!(!is_evicted(&honest) && !is_evicted(&newcomer));
    }

    #[test]
    fn a_handshake_that_is_done_gives_its_slot_back() {
        let slots = slots(9, 1, 9);
        let (_connection, handshake) = slots.take(v4(1)).unwrap();
        drop(handshake);
        let second = slots.take(v4(2)).unwrap();
        assert_eq!(slots.taken().handshakes.len(), 1);
        assert!(!is_evicted(&second));
    }

    #[test]
    fn an_evicted_handshake_takes_no_slot_with_it_when_it_ends() {
        let slots = slots(9, 1, 9);
        let first = slots.take(v4(1)).unwrap();
        let second = slots.take(v4(2)).unwrap();
        assert!(is_evicted(&first));
        drop(first);
        assert_eq!(slots.taken().handshakes.len(), 1);
        drop(second);
        assert!(slots.taken().handshakes.is_empty());
    }

    #[test]
    fn one_source_cannot_take_the_slots_of_another() {
        let slots = slots(9, 9, 1);
        let _first = slots.take(v4(1)).unwrap();
        assert_eq!(slots.take(v4(1)).unwrap_err(), SlotLimit::PerSource);
        assert!(slots.take(v4(2)).is_ok());
    }

    #[test]
    fn forgets_sources_that_have_gone() {
        let slots = slots(9, 9, 9);
        drop(slots.take(v4(1)).unwrap());
        assert!(slots.taken().per_source.is_empty());
    }
}
