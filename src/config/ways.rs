//! What is allowed and unwise about devices without TLS, and about the way back.

use pacsgate_core::direction::Direction;

use super::mistake::Caution;
use super::problems::Problems;
use super::{listener, pacs, peer};

fn inward(listeners: &[listener::Read]) -> impl Iterator<Item = &listener::Read> {
    listeners.iter().filter(|listener| listener.direction == Direction::Inward)
}

/// Peers without TLS, and listeners for them, are nothing without each other.
pub(super) fn without_tls(
    listeners: &[listener::Read],
    peers: &[peer::Read],
    problems: &mut Problems,
) {
    let plain = || inward(listeners).filter_map(|it| Some((it, it.plain_at()?)));
    let known = || peers.iter().filter(|peer| peer.is_plain());
    if plain().count() > 0 {
        known().for_each(|peer| known_by_address(peer, problems));
    } else if listeners.iter().all(listener::Read::is_sound) {
        for peer in known() {
            let place = peer.shows_none().unwrap_or(peer.place);
            let key = format!("peer.{}.certificate", peer.name);
            problems.caution(place, key, &Caution::NoPlainListener);
        }
    }
    if known().count() == 0 && peers.iter().all(|peer| peer.is_sound) {
        for (listener, place) in plain() {
            let key = format!("listener.{}.plain", listener.name);
            problems.caution(place, key, &Caution::PlainForNobody);
        }
    }
}

/// An outward listener, PACS that come to it and peers that they reach are nothing without each other.
pub(super) fn outward(
    listeners: &[listener::Read],
    peers: &[peer::Read],
    pacs: &[pacs::Read],
    problems: &mut Problems,
) {
    let outward = || listeners.iter().filter(|it| it.direction == Direction::Outward);
    let reached = || peers.iter().filter_map(|it| Some((it, it.reach.as_ref()?.place)));
    let comes = |it: &&pacs::Read| !it.from.is_empty() || !it.certificates.is_empty();
    if outward().count() == 0 {
        for (peer, place) in reached() {
            let key = format!("peer.{}.reach", peer.name);
            problems.caution(place, key, &Caution::ReachByNobody);
        }
        for pacs in pacs.iter().filter(comes) {
            let key = format!("pacs.{}", pacs.name);
            problems.caution(pacs.place, key, &Caution::NoOutwardListener);
        }
        return;
    }
    let is_any_reached = reached().count() > 0 || !peers.iter().all(|peer| peer.is_sound);
    for listener in outward() {
        let key = format!("listener.{}.direction", listener.name);
        if !is_any_reached {
            problems.caution(listener.place, key.as_str(), &Caution::NobodyReached);
        }
        let is_known = |it: &pacs::Read| match listener.plain_at() {
            Some(_) => !it.from.is_empty(),
            None => !it.certificates.is_empty(),
        };
        if !pacs.iter().any(is_known) {
            let key_of_pacs = if listener.plain_at().is_some() { "from" } else { "certificate" };
            problems.caution(listener.place, key, &Caution::NoPacsComes(key_of_pacs));
        }
    }
}

fn known_by_address(peer: &peer::Read, problems: &mut Problems) {
    let place = peer.shows_none().unwrap_or(peer.place);
    let networks = peer.from.iter().map(|at| at.value.to_string()).collect::<Vec<_>>();
    let caution = Caution::KnownByAddress(networks.join(", "));
    problems.caution(place, format!("peer.{}.certificate", peer.name), &caution);
}
