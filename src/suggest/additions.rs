//! What a peer of the configuration did and has no right to.

use std::sync::Arc;

use pacsgate_core::policy::{KnownBy, Peer};
use pacsgate_core::services::Operation;
use toml::Value;

use super::claims::Holder;
use super::doubt::{self, Doubt};
use super::gathered::Gathered;
use super::judged::Owners;
use super::known::Known;
use super::rights;
use super::traffic::Traffic;

/// A key of its table that would have more in it.
#[derive(Clone, Debug)]
pub struct Addition {
    /// The peer.
    pub peer: Arc<str>,
    /// The key.
    pub key: &'static str,
    /// What is new in it.
    pub new: Vec<Value>,
    /// All that it then has.
    pub whole: Vec<Value>,
}

/// What is not suggested of a peer.
#[derive(Clone, Debug)]
pub struct Doubted {
    /// The peer.
    pub peer: Arc<str>,
    /// Why.
    pub doubt: Doubt,
}

/// What the tables of the peers would have besides.
pub fn of(
    gathered: &Gathered,
    known: &Known<'_>,
    owners: &Owners,
) -> (Vec<Addition>, Vec<Doubted>) {
    let (mut additions, mut doubts) = (Vec::new(), Vec::new());
    for (name, traffic) in &gathered.peers {
        let Some(peer) = known.named(name) else { continue };
        let lists = [
            titles(peer, traffic, known, owners, &mut doubts),
            networks(peer, traffic),
            pacs(peer, traffic, known),
            services(peer, traffic, &mut doubts),
            sop_classes(peer, traffic),
            move_to(peer, traffic, known, &mut doubts),
            tolerate(peer, traffic),
        ];
        for (key, new, there) in lists {
            if !new.is_empty() {
                let whole = there.into_iter().chain(new.iter().cloned()).collect();
                additions.push(Addition { peer: Arc::clone(name), key, new, whole });
            }
        }
    }
    (additions, doubts)
}

/// A key, what is new in it, and what is there.
type List = (&'static str, Vec<Value>, Vec<Value>);

fn texts<T: ToString>(texts: impl IntoIterator<Item = T>) -> Vec<Value> {
    texts.into_iter().map(|text| Value::from(text.to_string())).collect()
}

/// As of those that are no peers: a new title has to be its own.
fn titles(
    peer: &Peer,
    traffic: &Traffic,
    known: &Known<'_>,
    owners: &Owners,
    doubts: &mut Vec<Doubted>,
) -> List {
    let holder = Holder::Peer(Arc::clone(&peer.name));
    let mut new: Vec<_> = traffic.titles.names().filter(|it| !peer.calling.contains(it)).collect();
    let mut wrong = Vec::new();
    new.retain(|title| {
        let doubt = match (known.with_title(title), known.pacs_with(title)) {
            (Some(other), _) => Some(Doubt::TitleOfPeer(**title, Arc::clone(&other.name))),
            (None, Some(pacs)) => Some(Doubt::TitleOfPacs(**title, Arc::clone(&pacs.name))),
            (None, None) => owners.doubt(&holder, None, title),
        };
        let is_own = doubt.is_none();
        wrong.extend(doubt);
        is_own
    });
    if new.len() > doubt::TITLES || traffic.titles.more() > 0 {
        wrong.push(Doubt::Titles);
        new.clear();
    }
    doubts.extend(wrong.into_iter().map(|doubt| Doubted { peer: Arc::clone(&peer.name), doubt }));
    ("calling_ae", texts(new), texts(&peer.calling))
}

/// Where its table says nothing of networks, it may come from anywhere.
fn networks(peer: &Peer, traffic: &Traffic) -> List {
    let is_listed = |address| peer.from.iter().any(|network| network.contains(address));
    let is_bound = !peer.from.is_empty() && peer.known_by != KnownBy::Address;
    let new = traffic.sources.names().filter(|address| is_bound && !is_listed(*address));
    ("from", texts(new), texts(&peer.from))
}

/// Those that are there: one may have been renamed since.
fn pacs(peer: &Peer, traffic: &Traffic, known: &Known<'_>) -> List {
    let there = traffic.pacs.names().filter(|name| known.pacs_named(name).is_some());
    let new = there.filter(|name| !peer.pacs.iter().any(|it| **it == ***name));
    ("pacs", texts(new), texts(&peer.pacs))
}

/// Nothing new for a peer that copies the archive: somebody may have its certificate or its address.
fn services(peer: &Peer, traffic: &Traffic, doubts: &mut Vec<Doubted>) -> List {
    let new = rights::of(traffic).into_iter().filter(|it| !rights::cover(&peer.services, it));
    let mut new: Vec<_> = new.map(|it| rights::value(&it)).collect();
    let wrong: Vec<_> = doubt::of_amounts(&traffic.amounts).collect();
    if !new.is_empty() && !wrong.is_empty() {
        new.clear();
        doubts
            .extend(wrong.into_iter().map(|doubt| Doubted { peer: Arc::clone(&peer.name), doubt }));
    }
    ("services", new, peer.services.iter().map(rights::value).collect())
}

/// Where its table narrows `store` and `get`.
fn sop_classes(peer: &Peer, traffic: &Traffic) -> List {
    let stored = traffic.uses.names().filter(|it| it.operation == Operation::CStore);
    let new = stored
        .map(|it| &it.sop_class)
        .filter(|class| !peer.sop_classes.is_empty() && !peer.sop_classes.contains(class));
    (
        "sop_classes",
        texts(new.map(rights::class)),
        texts(peer.sop_classes.iter().map(rights::class)),
    )
}

/// Without the key, a peer has objects moved to its own titles.
fn move_to(peer: &Peer, traffic: &Traffic, known: &Known<'_>, doubts: &mut Vec<Doubted>) -> List {
    let there = if peer.move_to.is_empty() { &peer.calling } else { &peer.move_to };
    let new = traffic.moved_to.names().filter(|title| !there.contains(title));
    let (new, nobodys): (Vec<_>, Vec<_>) =
        new.copied().partition(|title| known.with_title(title).is_some());
    if !nobodys.is_empty() {
        let doubt = Doubt::Destinations(nobodys);
        doubts.push(Doubted { peer: Arc::clone(&peer.name), doubt });
    }
    ("move_to", texts(new), texts(there))
}

fn tolerate(peer: &Peer, traffic: &Traffic) -> List {
    use pacsgate_core::data_set::Deviation;
    let tolerated = peer.guarding.tolerated;
    let new = traffic.tolerate.names().filter(|it| !tolerated.contains(**it));
    let there = Deviation::TOLERABLE.into_iter().filter(|it| tolerated.contains(*it));
    ("tolerate", texts(new.map(|it| it.code())), texts(there.map(|it| it.code())))
}
