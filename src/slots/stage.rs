//! The places of one stage, and who gives way where there are no more.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use tokio::sync::Notify;

/// The places of one stage, by the age of their connections.
#[derive(Debug)]
pub(super) struct Stage<G> {
    most: usize,
    places: BTreeMap<u64, Place<G>>,
}

/// A connection's place.
#[derive(Debug)]
pub(super) struct Place<G> {
    /// What weighs together.
    group: G,
    /// It goes before strangers.
    is_known: bool,
    /// It is over but for its last word.
    is_refused: bool,
    gives_way: Arc<Notify>,
}

impl<G> Place<G> {
    pub(super) fn new(group: G, is_known: bool, gives_way: &Arc<Notify>) -> Self {
        Self { group, is_known, is_refused: false, gives_way: Arc::clone(gives_way) }
    }

    pub(super) fn refused(group: G, gives_way: &Arc<Notify>) -> Self {
        Self { group, is_known: false, is_refused: true, gives_way: Arc::clone(gives_way) }
    }
}

impl<G: Copy + Eq + Hash> Stage<G> {
    pub(super) const fn new(most: usize) -> Self {
        Self { most, places: BTreeMap::new() }
    }

    /// Has this many places from now on.
    pub(super) const fn renew(&mut self, most: usize) {
        self.most = most;
    }

    /// Gives a connection its place. How many others gave way to it.
    pub(super) fn enter(&mut self, number: u64, place: Place<G>) -> usize {
        let mut gave_way = 0;
        while self.places.len() >= self.most && self.evict() {
            gave_way += 1;
        }
        self.places.insert(number, place);
        gave_way
    }

    /// Whether it had a place.
    pub(super) fn leave(&mut self, number: u64) -> bool {
        self.places.remove(&number).is_some()
    }

    #[cfg(test)]
    pub(super) fn has(&self, number: u64) -> bool {
        self.places.contains_key(&number)
    }

    /// Has one give way, if there is any. Costs a look at each, and only while there is no room.
    pub(super) fn evict(&mut self) -> bool {
        let Some(number) = self.refused().or_else(|| self.heaviest()) else { return false };
        if let Some(place) = self.places.remove(&number) {
            place.gives_way.notify_one();
        }
        true
    }

    fn refused(&self) -> Option<u64> {
        self.places.iter().find(|(_, place)| place.is_refused).map(|(number, _)| *number)
    }

    /// The oldest of the group that has the most, among strangers as long as others have no more than
    /// half of the places.
    fn heaviest(&self) -> Option<u64> {
        let known = self.places.values().filter(|place| place.is_known).count();
        let spares_known = known < self.places.len() && known <= self.most / 2;
        let may_go = |place: &&Place<G>| !(spares_known && place.is_known);
        let mut of_group: HashMap<G, usize> = HashMap::new();
        for place in self.places.values().filter(may_go) {
            *of_group.entry(place.group).or_default() += 1;
        }
        let most = of_group.values().copied().max()?;
        let is_heaviest =
            |place: &Place<G>| may_go(&place) && of_group.get(&place.group) == Some(&most);
        self.places.iter().find(|(_, place)| is_heaviest(place)).map(|(number, _)| *number)
    }
}
