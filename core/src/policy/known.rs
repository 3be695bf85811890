//! What is ambiguous about who somebody is, or would let in too many.

use std::collections::HashMap;

use ipnet::IpNet;

use super::addresses::{is_narrow, overlap};
use super::error::{PolicyError, PolicyFault, shared};
use super::identity_fault::IdentityFault;
use super::pacs::Pacs;
use super::peer::{KnownBy, Peer};
use super::spot::{Spot, Table};
use crate::wire::title::AeTitle;

impl From<IdentityFault> for PolicyFault {
    fn from(fault: IdentityFault) -> Self {
        Self::Identity(fault)
    }
}

pub(super) fn all(peers: &[Peer], pacs: &[Pacs]) -> impl Iterator<Item = PolicyError> {
    let by_address = || peers.iter().filter(|peer| peer.known_by == KnownBy::Address);
    let peers_networks = by_address().flat_map(|peer| networks(&peer.table(), &peer.from));
    let without = by_address().filter(|peer| peer.from.is_empty());
    let without =
        without.map(|it| it.table().error("certificate", None, IdentityFault::NoAddress.into()));
    let pacs_networks = pacs.iter().flat_map(|pacs| networks(&pacs.table(), &pacs.from));
    let peers_titles = by_address().map(|it| (it.table(), &*it.calling, &*it.from));
    let pacs_titles = pacs.iter().map(|it| (it.table(), it.own_titles(), &*it.from));
    let shared = shared_addresses(peers_titles.collect());
    let shared = shared.chain(shared_addresses(pacs_titles.collect()));
    let named = shared_titles(peers).into_iter().chain(shared_reaches(peers));
    without.chain(peers_networks).chain(pacs_networks).chain(shared).chain(named)
}

impl Peer {
    fn table(&self) -> Table {
        Table::Peer(self.name.clone())
    }
}

impl Pacs {
    fn table(&self) -> Table {
        Table::Pacs(self.name.clone())
    }
}

fn networks(table: &Table, networks: &[IpNet]) -> Vec<PolicyError> {
    let wide = |it: &IpNet| (!is_narrow(it)).then_some(IdentityFault::WideNetwork(*it).into());
    table.faults("from", networks, wide).collect()
}

/// A table, its titles and its networks.
type Held<'a> = (Table, &'a [AeTitle], &'a [IpNet]);

/// Each title that two tables claim from one address.
fn shared_addresses(tables: Vec<Held<'_>>) -> impl Iterator<Item = PolicyError> {
    let mut owners = HashMap::<AeTitle, Vec<(Spot, &[IpNet])>>::new();
    let mut errors = Vec::new();
    for (table, titles, from) in tables {
        for (at, title) in titles.iter().enumerate() {
            let spot = table.spot("calling_ae", at);
            let same = owners.entry(*title).or_default();
            let mut others = same.iter().filter(|(first, _)| first.table != table);
            if let Some((first, _)) = others.find(|(_, networks)| have_one(networks, from)) {
                let what = IdentityFault::SharedAddress { title: *title, first: first.clone() };
                errors.push(PolicyError { spot: spot.clone(), what: what.into() });
            }
            same.push((spot, from));
        }
    }
    errors.into_iter()
}

fn have_one(one: &[IpNet], other: &[IpNet]) -> bool {
    one.iter().any(|one| other.iter().any(|other| overlap(*one, *other)))
}

/// Each title of a peer without a certificate that another peer has as well.
fn shared_titles(peers: &[Peer]) -> Vec<PolicyError> {
    let of = |by_user| titles(peers, move |peer| (peer.known_by == KnownBy::User) == by_user);
    let held: HashMap<AeTitle, Spot> = of(false).map(|(spot, title)| (title, spot)).collect();
    let by_others = of(true).filter_map(|(spot, title)| {
        let first = held.get(&title)?.clone();
        Some((first, spot, title))
    });
    let error = |(first, spot, title)| PolicyError {
        spot,
        what: PolicyFault::SharedTitle { title, first },
    };
    by_others.chain(shared(of(true))).map(error).collect()
}

/// Each title by which two peers would be reached.
fn shared_reaches(peers: &[Peer]) -> Vec<PolicyError> {
    let error = |(first, spot, title)| PolicyError {
        spot,
        what: IdentityFault::SharedReach { title, first }.into(),
    };
    shared(titles(peers, |peer| peer.reach.is_some())).map(error).collect()
}

fn titles(peers: &[Peer], which: impl Fn(&Peer) -> bool) -> impl Iterator<Item = (Spot, AeTitle)> {
    peers.iter().filter(move |peer| which(peer)).flat_map(|peer| {
        let table = peer.table();
        let spot = move |at| table.spot("calling_ae", at);
        peer.calling.iter().enumerate().map(move |(at, title)| (spot(at), *title))
    })
}
