//! The associations that live now: counted for the limits, and ended from outside.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pacsgate_core::direction::Direction;
use pacsgate_core::policy::Occupancy;
use tokio::sync::{mpsc, watch};

use crate::timers::timeout;

/// The register of what lives.
#[derive(Debug)]
pub struct Live {
    counts: Mutex<HashMap<Key, u32>>,
    stage: watch::Sender<Stage>,
}

/// How far the daemon is from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    Draining,
    Over,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Peer(Direction, Arc<str>),
    Pacs(Direction, Arc<str>),
    Both(Direction, Arc<str>, Arc<str>),
    Connections(Arc<str>),
}

/// A slot among the associations of a peer and a PACS, given up when dropped.
#[derive(Debug)]
pub struct AssociationSlot {
    /// Held until the association ends.
    _of_requestor: Counted,
    /// Held until the connection to the target is closed.
    at_target: TargetSlot,
}

/// What an association holds of its target.
#[derive(Debug)]
pub struct TargetSlot(#[allow(dead_code, reason = "only its drop counts")] [Counted; 2]);

/// A peer's connection, counted until dropped.
#[derive(Debug)]
pub struct PeerConnection(#[allow(dead_code, reason = "only its drop counts")] Counted);

/// One of the things counted by this key.
#[derive(Debug)]
struct Counted {
    live: Arc<Live>,
    key: Key,
}

impl AssociationSlot {
    /// The association is over; its target may still have a connection of it open.
    pub fn over(self) -> TargetSlot {
        self.at_target
    }
}

impl Live {
    /// An empty register.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { counts: Mutex::default(), stage: watch::Sender::new(Stage::Serving) })
    }

    /// Takes a slot and says how many were taken before. Whether it may be kept is the policy's
    /// to judge: counting first means that two at once cannot both be the last.
    #[must_use]
    pub fn take_slot(
        self: &Arc<Self>,
        direction: Direction,
        peer: &Arc<str>,
        pacs: &Arc<str>,
    ) -> (AssociationSlot, Occupancy) {
        let (of_peer, peer_count) = self.count(Key::Peer(direction, Arc::clone(peer)));
        let (of_pacs, pacs_count) = self.count(Key::Pacs(direction, Arc::clone(pacs)));
        let both = Key::Both(direction, Arc::clone(peer), Arc::clone(pacs));
        let (of_both, peer_at_pacs) = self.count(both);
        let (of_requestor, of_target) = match direction {
            Direction::Inward => (of_peer, of_pacs),
            Direction::Outward => (of_pacs, of_peer),
        };
        let at_target = TargetSlot([of_target, of_both]);
        let slot = AssociationSlot { _of_requestor: of_requestor, at_target };
        (slot, Occupancy { peer: peer_count, pacs: pacs_count, peer_at_pacs })
    }

    /// Counts a connection of a peer, and says how many there were before.
    #[must_use]
    pub fn take_connection(self: &Arc<Self>, peer: &Arc<str>) -> (PeerConnection, u32) {
        let (counted, before) = self.count(Key::Connections(Arc::clone(peer)));
        (PeerConnection(counted), before)
    }

    fn count(self: &Arc<Self>, key: Key) -> (Counted, u32) {
        let mut counts = self.counts();
        let count = counts.entry(key.clone()).or_default();
        *count += 1;
        let before = *count - 1;
        drop(counts);
        (Counted { live: Arc::clone(self), key }, before)
    }

    /// Lets nothing new begin: what is at rest ends.
    pub fn drain(&self) {
        self.stage.send_replace(Stage::Draining);
    }

    /// Whether nothing new may begin.
    pub fn is_draining(&self) -> bool {
        *self.stage.borrow() >= Stage::Draining
    }

    /// Ends everything that lives.
    pub fn stop_all(&self) {
        self.stage.send_replace(Stage::Over);
    }

    /// Waits until nothing new may begin.
    pub async fn draining(&self) {
        self.reached(Stage::Draining).await;
    }

    /// Waits until who has come before nothing new may begin has had `time` to say what it wants.
    pub async fn too_late(&self, time: Duration) {
        self.draining().await;
        let _ = timeout(time, self.stopped()).await;
    }

    /// Waits for the word to end.
    pub async fn stopped(&self) {
        self.reached(Stage::Over).await;
    }

    async fn reached(&self, wanted: Stage) {
        // The sender is `self`, which is borrowed: it cannot be gone.
        let _ = self.stage.subscribe().wait_for(|stage| *stage >= wanted).await;
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Key, u32>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.live.counts();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

/// Waits until every holder of a [`Alive`] has gone.
#[derive(Debug)]
pub struct Ended(mpsc::Receiver<()>);

/// Held by a connection's task for as long as it runs.
#[derive(Clone, Debug)]
pub struct Alive(#[allow(dead_code, reason = "only its drop speaks")] mpsc::Sender<()>);

/// A pair: clone the first into each task, wait on the second.
#[must_use]
pub fn alive() -> (Alive, Ended) {
    let (sender, receiver) = mpsc::channel(1);
    (Alive(sender), Ended(receiver))
}

impl Ended {
    /// Returns when the last [`Alive`] is dropped.
    pub async fn wait(&mut self) {
        let _ = self.0.recv().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    fn names() -> (Arc<str>, Arc<str>) {
        ("ct1".into(), "archive".into())
    }

    #[test]
    fn counts_what_lives_before_the_new_one() {
        let live = Live::new();
        let (peer, pacs) = names();
        let (_first, occupancy) = live.take_slot(Direction::Inward, &peer, &pacs);
        assert_eq!(occupancy, Occupancy { peer: 0, pacs: 0, peer_at_pacs: 0 });
        let (_second, occupancy) = live.take_slot(Direction::Inward, &"mr1".into(), &pacs);
        assert_eq!(occupancy, Occupancy { peer: 0, pacs: 1, peer_at_pacs: 0 });
    }

    #[test]
    fn gives_a_slot_back_when_it_is_dropped() {
        let live = Live::new();
        let (peer, pacs) = names();
        drop(live.take_slot(Direction::Inward, &peer, &pacs));
        let (_slot, occupancy) = live.take_slot(Direction::Inward, &peer, &pacs);
        assert_eq!(occupancy, Occupancy { peer: 0, pacs: 0, peer_at_pacs: 0 });
    }

    #[test]
    fn an_association_that_is_over_counts_at_its_pacs_until_that_has_closed() {
        let live = Live::new();
        let (peer, pacs) = names();
        let (slot, _) = live.take_slot(Direction::Inward, &peer, &pacs);
        let at_pacs = slot.over();
        let (_next, occupancy) = live.take_slot(Direction::Inward, &peer, &pacs);
        assert_eq!(occupancy, Occupancy { peer: 0, pacs: 1, peer_at_pacs: 1 });
        drop(at_pacs);
        let (_last, occupancy) = live.take_slot(Direction::Inward, &peer, &pacs);
        assert_eq!(occupancy, Occupancy { peer: 1, pacs: 1, peer_at_pacs: 1 });
    }

    #[test]
    fn what_goes_outward_counts_for_itself() {
        let live = Live::new();
        let (peer, pacs) = names();
        let (_inward, _) = live.take_slot(Direction::Inward, &peer, &pacs);
        let (slot, occupancy) = live.take_slot(Direction::Outward, &peer, &pacs);
        assert_eq!(occupancy, Occupancy::default());
        let at_peer = slot.over();
        let (_next, occupancy) = live.take_slot(Direction::Outward, &peer, &pacs);
        assert_eq!(occupancy, Occupancy { peer: 1, pacs: 0, peer_at_pacs: 1 });
        drop(at_peer);
    }

    #[test]
    fn counts_the_connections_of_a_peer() {
        let live = Live::new();
        let (peer, _) = names();
        let (first, before) = live.take_connection(&peer);
        assert_eq!((before, live.take_connection(&peer).1), (0, 1));
        drop(first);
        assert_eq!(live.take_connection(&peer).1, 0);
    }

    #[tokio::test]
    async fn tells_those_who_ask_late_to_stop_as_well() {
        let live = Live::new();
        live.drain();
        live.draining().await;
        live.stop_all();
        live.draining().await;
        live.stopped().await;
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_too_late_a_while_after_the_drain_has_begun_and_at_its_end() {
        let (live, time) = (Live::new(), Duration::from_secs(2));
        live.drain();
        let began = Instant::now();
        live.too_late(time).await;
        assert_eq!(began.elapsed(), time);
        live.stop_all();
        live.too_late(time).await;
        assert_eq!(began.elapsed(), time);
    }

    #[tokio::test]
    async fn waits_for_the_last_one_alive() {
        let (alive, mut ended) = alive();
        let other = alive.clone();
        drop(alive);
        let waiting = tokio::spawn(async move { ended.wait().await });
        drop(other);
        waiting.await.unwrap();
    }
}
