//! Who of those that were seen may be suggested.

mod owners;

use std::collections::BTreeSet;

use pacsgate_core::services::Service;
use pacsgate_core::wire::title::AeTitle;

pub use self::owners::Owners;
use super::amounts::Amounts;
use super::doubt::{self, Doubt, Many};
use super::gathered::{Gathered, Who};
use super::known::Known;
use super::rights;
use super::traffic::Traffic;

/// Somebody who is no peer.
#[derive(Clone, Debug)]
pub struct Stranger<'a> {
    /// Who it is.
    pub who: Who,
    /// What it did.
    pub traffic: &'a Traffic,
    /// Why it is not suggested; empty where it is.
    pub doubts: Vec<Doubt>,
    /// The services by which it may do that.
    pub services: Vec<Service>,
    /// The PACS that it reached, as far as they are still there.
    pub pacs: Vec<&'a str>,
    /// Where it may have objects moved, where that is not only to itself.
    pub move_to: Vec<AeTitle>,
    /// Those of `move_to` that are only suggested, as it is itself.
    pub suggested_destinations: Vec<AeTitle>,
    /// Destinations that nobody here has, which are left out.
    pub unknown_destinations: Vec<AeTitle>,
}

/// Judges all that are no peers.
pub fn strangers<'a>(
    gathered: &'a Gathered,
    known: &Known<'_>,
    owners: &Owners,
) -> Vec<Stranger<'a>> {
    let judge = |(who, traffic): (Who, &'a Traffic)| {
        let mut doubts = of_titles(&who, traffic, known, owners);
        doubts.extend(of_origin(&who, traffic, gathered, known));
        let pacs = |name: &&'a String| known.pacs_named(name).is_some();
        let pacs: Vec<_> = traffic.pacs.names().filter(pacs).map(String::as_str).collect();
        let services = rights::of(traffic);
        if traffic.unnamed > 0 {
            doubts.push(Doubt::Unnamed(traffic.unnamed));
        }
        if pacs.is_empty() && !traffic.pacs.is_empty() {
            doubts.push(Doubt::PacsGone(traffic.pacs.names().cloned().collect()));
        } else if services.is_empty() && !traffic.unsound.is_empty() {
            doubts.push(Doubt::Unsound(traffic.unsound.names().cloned().collect()));
        } else if services.is_empty() || pacs.is_empty() || traffic.titles.is_empty() {
            doubts.push(Doubt::Nothing);
        }
        let (move_to, suggested_destinations) = (Vec::new(), Vec::new());
        let unknown_destinations = Vec::new();
        Stranger {
            who,
            traffic,
            doubts,
            services,
            pacs,
            move_to,
            suggested_destinations,
            unknown_destinations,
        }
    };
    let mut judged: Vec<_> = gathered.strangers().map(judge).collect();
    // A destination that turns out to be nobody's may have been what another one rested on.
    loop {
        let here = Here::of(&judged, known);
        let before = here.suggested.len();
        judged.iter_mut().for_each(|stranger| stranger.judge_destinations(&here));
        if Here::of(&judged, known).suggested.len() == before {
            return judged;
        }
    }
}

impl Stranger<'_> {
    fn judge_destinations(&mut self, here: &Here) {
        let is_own = |title: &AeTitle| self.traffic.titles.has(title);
        let is_here = |title: &AeTitle| here.has(title) || is_own(title);
        let moved_to = self.traffic.moved_to.names();
        let (there, unknown): (Vec<AeTitle>, Vec<AeTitle>) = moved_to.copied().partition(is_here);
        let doubt = Doubt::Destinations(unknown.clone());
        if there.is_empty() && !unknown.is_empty() && !self.doubts.contains(&doubt) {
            self.doubts.push(doubt);
        }
        let is_suggested = |title: &&AeTitle| !here.known.contains(title) && !is_own(title);
        self.suggested_destinations = there.iter().filter(is_suggested).copied().collect();
        self.move_to = if there.iter().all(is_own) { Vec::new() } else { there };
        self.unknown_destinations = unknown;
    }
}

/// Titles of this site.
struct Here {
    /// Those of the peers.
    known: BTreeSet<AeTitle>,
    /// Those that are suggested.
    suggested: BTreeSet<AeTitle>,
}

impl Here {
    fn of(judged: &[Stranger<'_>], known: &Known<'_>) -> Self {
        let configured = known.peers.iter().flat_map(|peer| peer.calling.iter().copied());
        let suggested = judged.iter().filter(|it| it.doubts.is_empty());
        let suggested = suggested.flat_map(|it| it.traffic.titles.names().copied());
        Self { known: configured.collect(), suggested: suggested.collect() }
    }

    fn has(&self, title: &AeTitle) -> bool {
        self.known.contains(title) || self.suggested.contains(title)
    }
}

fn of_titles(who: &Who, traffic: &Traffic, known: &Known<'_>, owners: &Owners) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for title in traffic.titles.names() {
        if let Some(peer) = known.with_title(title) {
            doubts.push(Doubt::TitleOfPeer(*title, peer.name.clone()));
        } else if let Some(pacs) = known.pacs_with(title) {
            doubts.push(Doubt::TitleOfPacs(*title, pacs.name.clone()));
        } else {
            doubts.extend(owners.doubt(&who.holder(), who.address(), title));
        }
    }
    doubts
}

/// What was done from one address or with one certificate, whatever the title.
fn of_origin(who: &Who, own: &Traffic, gathered: &Gathered, known: &Known<'_>) -> Vec<Doubt> {
    let address = match who {
        Who::Address(address, _) => Some(address),
        Who::Certificate(_) => None,
    };
    let others = address.and_then(|address| gathered.addresses.get(address));
    let all: Vec<_> = others.map_or_else(|| vec![own], |titles| titles.values().collect());
    let titles = match address {
        Some(address) => gathered.claims.titles_from(*address),
        None => own.titles.len(),
    };
    let called = all.iter().flat_map(|it| it.called.names());
    let called: BTreeSet<_> = called.filter(|title| known.pacs_with(title).is_none()).collect();
    let malformed = address.map_or(0, |address| gathered.claims.malformed_from(*address));
    let mut doubts = Vec::new();
    if titles > doubt::TITLES {
        doubts.push(Doubt::Titles);
    }
    doubts.extend(Many::Called.doubt(called.len() as u64));
    doubts.extend(Many::Malformed.doubt(malformed));
    let mut amounts = Amounts::default();
    all.iter().for_each(|it| amounts.merge(&it.amounts));
    doubts.extend(doubt::of_amounts(&amounts));
    doubts
}

#[cfg(test)]
mod tests;
