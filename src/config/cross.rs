//! What only several tables side by side show, and the policy does not look at.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::mistake::Mistake;
use super::peer::is_pin;
use super::problems::Problems;
use super::section::At;
use super::{listener, peer};

/// An address is listened on once. Port 0 is another port each time.
pub(super) fn addresses_are_unique(listeners: &[listener::Read], problems: &mut Problems) {
    let mut first: HashMap<u16, Vec<&At<SocketAddr>>> = HashMap::new();
    for read in listeners {
        for at in read.bind.iter().filter(|at| at.value.port() != 0) {
            let same_port = first.entry(at.value.port()).or_default();
            if let Some(other) = same_port.iter().find(|other| overlap(other.value, at.value)) {
                let (address, first) = (at.value, problems.locate(other.place));
                let mistake = if other.value == address {
                    Mistake::BindTwice { address, first }
                } else {
                    Mistake::BindOverlaps { address, other: other.value, first }
                };
                let key = format!("listener.{}.bind", read.name);
                problems.mistake(at.place, key, &mistake);
            }
            same_port.push(at);
        }
    }
}

/// Whether the system refuses the second of two addresses with one port: `0.0.0.0` and `[::]`
/// take all of their family. That `[::]` takes IPv4 as well depends on the system, so it is not
/// told.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let same_family = one.is_ipv4() == other.is_ipv4();
    let takes_all = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.ip() == other.ip() || same_family && takes_all
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
            problems.mistake(at.place, key, &Mistake::NameWithoutCa);
        }
    }
}
