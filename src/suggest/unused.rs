//! Rights of the configuration that nobody has used.

use std::sync::Arc;

use pacsgate_core::data_set::Deviation;
use pacsgate_core::policy::{KnownBy, Peer};
use pacsgate_core::services::Service;
use pacsgate_core::wire::uid::Uid;
use toml::Value;

use super::gathered::Gathered;
use super::known::Known;
use super::rights;
use super::traffic::Traffic;

/// What a key of a peer has that was not used.
#[derive(Clone, Debug)]
pub struct Unused {
    /// The peer.
    pub peer: Arc<str>,
    /// The key; `None` where the peer never came.
    pub key: Option<&'static str>,
    /// What it has for nothing.
    pub values: Vec<Value>,
}

/// All of them, by peer. Those that never connect are no part of it.
pub fn of(gathered: &Gathered, known: &Known<'_>) -> Vec<Unused> {
    let connect = known.peers.iter().filter(|peer| peer.known_by != KnownBy::Nothing);
    connect.flat_map(|peer| of_peer(peer, gathered)).collect()
}

fn of_peer(peer: &Peer, gathered: &Gathered) -> Vec<Unused> {
    let unused = |key, values| Unused { peer: Arc::clone(&peer.name), key, values };
    let Some(traffic) = gathered.peers.get(&peer.name) else {
        return vec![unused(None, Vec::new())];
    };
    let lists = [
        ("calling_ae", texts(peer.calling.iter().filter(|it| !traffic.titles.has(it)))),
        ("pacs", texts(peer.pacs.iter().filter(|it| !traffic.pacs.has(&it.to_string())))),
        ("services", services(peer, traffic)),
        ("sop_classes", sop_classes(peer, traffic)),
        ("move_to", texts(peer.move_to.iter().filter(|it| !traffic.moved_to.has(it)))),
        ("tolerate", tolerate(peer, traffic)),
    ];
    let lists =
        lists.into_iter().filter(|(key, values)| !values.is_empty() && is_whole(traffic, key));
    lists.map(|(key, values)| unused(Some(key), values)).collect()
}

/// Whether all that was used is known by name.
fn is_whole(traffic: &Traffic, key: &str) -> bool {
    let more = match key {
        "calling_ae" => traffic.titles.more(),
        "pacs" => traffic.pacs.more(),
        "move_to" => traffic.moved_to.more(),
        "services" | "sop_classes" => traffic.uses.more(),
        _ => 0,
    };
    more == 0
}

fn texts<T: ToString>(texts: impl Iterator<Item = T>) -> Vec<Value> {
    texts.map(|text| Value::from(text.to_string())).collect()
}

fn services(peer: &Peer, traffic: &Traffic) -> Vec<Value> {
    let used = rights::of(traffic);
    let is_used = |service: &Service| {
        let Service::Other { sop_class, .. } = service else { return used.contains(service) };
        traffic.uses.names().any(|it| it.sop_class == *sop_class)
    };
    peer.services.iter().filter(|it| !is_used(it)).map(rights::value).collect()
}

fn sop_classes(peer: &Peer, traffic: &Traffic) -> Vec<Value> {
    let is_used = |class: &Uid| traffic.uses.names().any(|it| it.sop_class == *class);
    texts(peer.sop_classes.iter().filter(|it| !is_used(it)).map(rights::class))
}

fn tolerate(peer: &Peer, traffic: &Traffic) -> Vec<Value> {
    let tolerated = peer.guarding.tolerated;
    let there = Deviation::TOLERABLE.into_iter().filter(|it| tolerated.contains(*it));
    texts(there.filter(|it| !traffic.tolerate.has(it)).map(Deviation::code))
}
