//! What only several tables side by side show, and the policy does not look at.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::mistake::{Combination, Mistake};
use super::peer::is_pin;
use super::problems::Problems;
use super::source::Place;
use super::{listener, peer};

/// An address is listened on once. Port 0 is another port each time.
pub(super) fn addresses_are_unique(listeners: &[listener::Read], problems: &mut Problems) {
    let mut first: HashMap<SocketAddr, Place> = HashMap::new();
    for read in listeners {
        for at in read.bind.iter().filter(|at| at.value.port() != 0) {
            if let Some(place) = first.insert(at.value, at.place) {
                let mistake = Mistake::BindTwice(at.value, problems.locate(place));
                let key = format!("listener.{}.bind", read.name);
                problems.mistake(at.place, key, mistake);
            }
        }
    }
}

/// The names in a certificate count only where a CA has issued it.
pub(super) fn names_have_a_ca(
    listeners: &[listener::Read],
    peers: &[peer::Read],
    problems: &mut Problems,
) {
    // Without any pin, TLS says that nobody is trusted at all.
    let pinned = peers.iter().any(|peer| peer.pins().next().is_some());
    if !pinned || !listeners.iter().all(listener::Read::lacks_ca) {
        return;
    }
    for peer in peers {
        for at in peer.certificates.iter().filter(|at| !is_pin(&at.value)) {
            let key = format!("peer.{}.certificate", peer.name);
            problems.mistake(at.place, key, Combination::NameWithoutCa.into());
        }
    }
}
