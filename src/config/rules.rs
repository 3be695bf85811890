//! The policy judges peers and PACS; its errors get the places where an administrator finds them.

use std::collections::HashMap;

use pacsgate_core::policy::{Policy, PolicyError, PolicyFault, Spot, Table};

use super::problems::Problems;
use super::source::Place;
use super::suggestion::Suggestion;
use super::{pacs, peer};

/// Indexes what was read, with whatever is missing in it: its errors are reported, short of those
/// that only follow from others.
pub(super) fn policy(
    peers: &[peer::Read],
    pacs: &[pacs::Read],
    problems: &mut Problems,
) -> Result<Policy, Vec<PolicyError>> {
    let policy = Policy::new(
        peers.iter().map(peer::Read::to_peer).collect(),
        pacs.iter().map(pacs::Read::to_pacs).collect(),
    );
    if let Err(errors) = &policy {
        let tables = Tables::of(peers, pacs);
        errors.iter().for_each(|error| tables.report(error, problems));
    }
    policy
}

struct Tables<'a> {
    peers: HashMap<&'a str, &'a peer::Read>,
    pacs: HashMap<&'a str, &'a pacs::Read>,
}

impl<'a> Tables<'a> {
    fn of(peers: &'a [peer::Read], pacs: &'a [pacs::Read]) -> Self {
        Self {
            peers: peers.iter().map(|peer| (&*peer.name, peer)).collect(),
            pacs: pacs.iter().map(|pacs| (&*pacs.name, pacs)).collect(),
        }
    }

    /// What has no place was reported when its table was read.
    fn report(&self, PolicyError { spot, what }: &PolicyError, problems: &mut Problems) {
        let Some(place) = self.place(spot).filter(|_| !self.follows(spot, what, problems)) else {
            return;
        };
        let mut told = what.told(|first| match self.place(first) {
            Some(place) => problems.locate(place).to_string(),
            None => first.to_string(),
        });
        if let PolicyFault::UnknownPacs(name) = what {
            let nearest = Suggestion::new(name, self.pacs.keys().copied());
            told = format!("{told}; {nearest}");
        }
        problems.mistake(place, format!("{}.{}", spot.table, spot.key), &told);
    }

    fn place(&self, spot: &Spot) -> Option<Place> {
        match &spot.table {
            Table::Peer(name) => self.peers.get(&**name)?.place(spot),
            Table::Pacs(name) => self.pacs.get(&**name)?.place(spot),
        }
    }

    /// Whether it may follow from something that could not be read.
    fn follows(&self, spot: &Spot, what: &PolicyFault, problems: &Problems) -> bool {
        match what {
            PolicyFault::UnknownPacs(_) => problems.incomplete,
            // They are judged by all the services of the peer.
            PolicyFault::NothingToMove
            | PolicyFault::NothingToNarrow
            | PolicyFault::NotNarrowing => !self.is_sound(&spot.table),
            PolicyFault::SameName
            | PolicyFault::Empty
            | PolicyFault::Range(_)
            | PolicyFault::Name(..)
            | PolicyFault::SameCalledTitle { .. }
            | PolicyFault::SameMatcher { .. }
            | PolicyFault::NotEnforced(_) => false,
        }
    }

    fn is_sound(&self, table: &Table) -> bool {
        let Table::Peer(name) = table else { return true };
        self.peers.get(&**name).is_some_and(|peer| peer.is_sound)
    }
}
