//! Which nodes are drawn, and what flows between them.

use std::collections::BTreeMap;

use super::super::words::{bytes, counted, number};
use crate::admin::status::Flow;
use crate::history::Amounts;

/// The busiest peers, which are drawn one by one.
const PEERS: usize = 12;
/// The busiest PACS.
const PACS: usize = 8;
/// Who has no table.
pub(super) const UNKNOWN: &str = "unknown devices";

/// One side of the drawing.
pub(super) struct Node {
    pub(super) name: String,
    pub(super) amounts: Amounts,
}

/// What flows between two nodes, by their places.
pub(super) struct Edge {
    pub(super) peer: usize,
    pub(super) pacs: usize,
    pub(super) is_outward: bool,
    pub(super) bytes: u64,
}

pub(super) struct Map {
    pub(super) peers: Vec<Node>,
    pub(super) pacs: Vec<Node>,
    pub(super) edges: Vec<Edge>,
}

impl Map {
    /// Those with most bytes come first, as the flows do; what is beyond the room is one node, and so are
    /// those without a table, who come last.
    pub(super) fn of(flows: &[Flow]) -> Self {
        let peers = places(flows.iter().filter_map(|flow| flow.peer.as_deref()), PEERS);
        let pacs = places(flows.iter().filter_map(|flow| flow.pacs.as_deref()), PACS);
        let mut map = Self { peers: nodes(&peers), pacs: nodes(&pacs), edges: Vec::new() };
        let unknown = map.peers.len();
        if flows.iter().any(|flow| flow.peer.is_none()) {
            map.peers.push(Node { name: UNKNOWN.to_owned(), amounts: Amounts::default() });
        }
        let mut edges: BTreeMap<_, u64> = BTreeMap::new();
        for flow in flows {
            let known = flow.peer.as_deref().and_then(|peer| peers.get(peer));
            let from = known.copied().unwrap_or(unknown);
            add(&mut map.peers, from, &flow.amounts);
            let Some(name) = flow.pacs.as_deref() else { continue };
            let to = pacs.get(name).copied().unwrap_or(PACS);
            add(&mut map.pacs, to, &flow.amounts);
            if flow.amounts.associations > 0 {
                let key = (from, to, flow.direction == "outward");
                let bytes = edges.entry(key).or_default();
                *bytes = bytes.saturating_add(flow.amounts.bytes);
            }
        }
        let edges = edges.into_iter();
        let edge = |((peer, pacs, is_outward), bytes)| Edge { peer, pacs, is_outward, bytes };
        map.edges = edges.map(edge).collect();
        map
    }
}

fn add(nodes: &mut [Node], place: usize, amounts: &Amounts) {
    if let Some(node) = nodes.get_mut(place) {
        node.amounts.add(amounts);
    }
}

/// Where each stands: the first of them each for itself, the others together behind them.
fn places<'a>(names: impl Iterator<Item = &'a str>, most: usize) -> BTreeMap<&'a str, usize> {
    let mut places = BTreeMap::new();
    for name in names {
        let next = places.len().min(most);
        places.entry(name).or_insert(next);
    }
    places
}

fn nodes(places: &BTreeMap<&str, usize>) -> Vec<Node> {
    let mut nodes: BTreeMap<usize, (&str, u64)> = BTreeMap::new();
    for (name, place) in places {
        nodes.entry(*place).or_insert((name, 0)).1 += 1;
    }
    let name = |(name, count): (&str, u64)| match count {
        1 => name.to_owned(),
        count => format!("{} others", number(count)),
    };
    let node = |named| Node { name: name(named), amounts: Amounts::default() };
    nodes.into_values().map(node).collect()
}

/// In two words.
pub(super) fn told(amounts: &Amounts) -> String {
    let Amounts { associations, objects, bytes: amount, .. } = *amounts;
    match (objects, amount, associations) {
        (0, 0, 0) => String::new(),
        (0, 0, associations) => counted(associations, "association"),
        (0, amount, _) => bytes(amount),
        (objects, amount, _) => format!("{} obj., {}", number(objects), bytes(amount)),
    }
}
