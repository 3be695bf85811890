//! The policy judges peers and PACS; its errors get the places where an administrator finds them.

use std::collections::BTreeMap;
use std::sync::Arc;

use pacsgate_core::policy::{IdentityFault, Policy, PolicyError, PolicyFault, Spot, Table};

use super::mistake::Mistake;
use super::problems::Problems;
use super::source::Place;
use super::suggestion::Suggestion;
use super::{pacs, peer};

/// Indexes what was read, with whatever is missing in it: its errors are reported, short of those
/// that only follow from others.
pub(super) fn policy(
    peers: &[peer::Read],
    pacs: &[pacs::Read],
    issuers: &[Arc<str>],
    problems: &mut Problems,
) -> Result<Policy, Vec<PolicyError>> {
    let policy = Policy::new(
        peers.iter().map(|peer| peer.to_peer(issuers)).collect(),
        pacs.iter().map(pacs::Read::to_pacs).collect(),
    );
    if let Err(errors) = &policy {
        let tables = Tables::of(peers, pacs);
        errors.iter().for_each(|error| tables.report(error, problems));
    }
    policy
}

struct Tables<'a> {
    peers: BTreeMap<&'a str, &'a peer::Read>,
    pacs: BTreeMap<&'a str, &'a pacs::Read>,
}

impl<'a> Tables<'a> {
    fn of(peers: &'a [peer::Read], pacs: &'a [pacs::Read]) -> Self {
        Self {
            peers: peers.iter().map(|peer| (&*peer.name, peer)).collect(),
            pacs: pacs.iter().map(|pacs| (&*pacs.name, pacs)).collect(),
        }
    }

    /// What has no place was reported when its table was read, or follows from that.
    fn report(&self, PolicyError { spot, what }: &PolicyError, problems: &mut Problems) {
        let Some(place) = self.place(spot) else { return };
        if *what == PolicyFault::Identity(IdentityFault::NoAddress) && !self.is_sound(spot) {
            return;
        }
        let mut told = what.told(|first| match self.place(first) {
            Some(place) => problems.locate(place).to_string(),
            None => first.to_string(),
        });
        if let PolicyFault::UnknownPacs(name) = what {
            if problems.incomplete {
                return;
            }
            let nearest = Suggestion::new(name, self.pacs.keys().copied());
            told = match Mistake::disguised(name) {
                Some(disguised) => disguised.to_string(),
                None => format!("{told}; {nearest}"),
            };
        }
        problems.mistake(place, format!("{}.{}", spot.table, spot.key), &told);
    }

    /// Whether nothing was wrong in a peer's table, such as an address.
    fn is_sound(&self, Spot { table, .. }: &Spot) -> bool {
        let Table::Peer(name) = table else { return true };
        self.peers.get(&**name).is_none_or(|peer| peer.is_sound)
    }

    fn place(&self, spot: &Spot) -> Option<Place> {
        match &spot.table {
            Table::Peer(name) => self.peers.get(&**name)?.place(spot),
            Table::Pacs(name) => self.pacs.get(&**name)?.place(spot),
        }
    }
}
