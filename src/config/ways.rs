//! What is allowed and unwise about devices without TLS, and about the way back.

use ipnet::IpNet;
use pacsgate_core::certificate::{Matcher, Usage};
use pacsgate_core::direction::Direction;
use pacsgate_core::policy::overlap;

use super::mistake::Caution;
use super::problems::Problems;
use super::section::At;
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
        for (listener, place) in plain().filter(|(listener, _)| !listener.reports_only()) {
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
            Some(_) => it.is_plain(),
            None => !it.certificates.is_empty(),
        };
        if !pacs.iter().any(is_known) {
            let key_of_pacs = match listener.plain_at() {
                Some(_) => "`from` without `certificate`",
                None => "`certificate`",
            };
            problems.caution(listener.place, key, &Caution::NoPacsComes(key_of_pacs));
        }
    }
}

/// Whoever can come as a PACS reaches the devices.
pub(super) fn taken_for_pacs(
    listeners: &[listener::Read],
    peers: &[peer::Read],
    pacs: &[pacs::Read],
    problems: &mut Problems,
) {
    let mut outward = listeners.iter().filter(|it| it.direction == Direction::Outward);
    let is_plain = outward.any(|listener| listener.plain_at().is_some());
    for pacs in pacs {
        let others = peers.iter().filter(|peer| !is_device_of_another(pacs, peer));
        let others: Vec<_> = others.collect();
        if is_plain && pacs.is_plain() {
            known_at_address(pacs, &others, problems);
        }
        for at in &pacs.certificates {
            let same = |other: &&At<Matcher>| compared(&other.value) == compared(&at.value);
            let owner =
                others.iter().find_map(|peer| Some((peer, peer.certificates.iter().find(same)?)));
            if let Some((peer, other)) = owner {
                let peer = format!("peer.{}", peer.name);
                let first = problems.locate(other.place);
                let caution = Caution::CertificateOfPeer { peer, first };
                problems.caution(at.place, format!("pacs.{}.certificate", pacs.name), &caution);
            }
        }
    }
}

/// A PACS may be a device of another PACS, with the same address, certificate and titles.
fn is_device_of_another(pacs: &pacs::Read, peer: &peer::Read) -> bool {
    let own = pacs.to_pacs();
    let has_its_title = peer.calling.iter().any(|at| own.own_titles().contains(&at.value));
    has_its_title && !peer.pacs.iter().any(|at| at.value == pacs.name)
}

/// What a certificate is made for does not tell two apart.
fn compared(matcher: &Matcher) -> Matcher {
    matcher.clone().made_for(Usage::Any)
}

/// It is one line for a PACS, as each is known by few addresses.
fn known_at_address(pacs: &pacs::Read, peers: &[&peer::Read], problems: &mut Problems) {
    let Some(first) = pacs.from.first() else { return };
    let known = peers.iter().filter(|peer| peer.is_plain());
    let mut known = known.flat_map(|peer| peer.from.iter().map(move |at| (peer, at)));
    let both = known.find_map(|(peer, other)| {
        let meets = |at: &&At<IpNet>| overlap(at.value, other.value);
        Some((peer, other, pacs.from.iter().find(meets)?))
    });
    let (place, caution) = match both {
        Some((peer, other, at)) => {
            let (peer, first) = (format!("peer.{}", peer.name), problems.locate(other.place));
            (at.place, Caution::PeerAtPacs { network: at.value, peer, first })
        }
        None => (first.place, Caution::PacsByAddress(listed(&pacs.from))),
    };
    problems.caution(place, format!("pacs.{}.from", pacs.name), &caution);
}

fn listed(networks: &[At<IpNet>]) -> String {
    networks.iter().map(|at| at.value.to_string()).collect::<Vec<_>>().join(", ")
}

fn known_by_address(peer: &peer::Read, problems: &mut Problems) {
    let place = peer.shows_none().unwrap_or(peer.place);
    let caution = Caution::KnownByAddress(listed(&peer.from));
    problems.caution(place, format!("peer.{}.certificate", peer.name), &caution);
}
