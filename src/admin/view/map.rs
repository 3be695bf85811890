//! Who exchanges what with whom: peers on the left, PACS on the right, and the gate between them.

mod drawing;

use std::collections::BTreeMap;

use super::html::Html;
use super::words::{bytes, counted, number};
use super::{cell, section as labelled, table};
use crate::admin::status::{Flow, Status};
use crate::history::Amounts;

/// The busiest peers, which are drawn one by one.
const PEERS: usize = 12;
/// The busiest PACS.
const PACS: usize = 8;
/// Who has no table.
const UNKNOWN: &str = "unknown devices";
/// Rows of the table.
const ROWS: usize = 60;

const PEER: (&str, &str) = ("Peer", "");
const TO: (&str, &str) = ("PACS", "");
const ASSOCIATIONS: (&str, &str) = ("Associations", "number");
const OBJECTS: (&str, &str) = ("Objects", "number");
const BYTES: (&str, &str) = ("Bytes", "number");
const REFUSED: (&str, &str) = ("Refused", "number");

/// One side of the drawing.
struct Node {
    name: String,
    amounts: Amounts,
}

/// What flows between two nodes, by their places.
struct Edge {
    peer: usize,
    pacs: usize,
    is_outward: bool,
    bytes: u64,
}

struct Map {
    peers: Vec<Node>,
    pacs: Vec<Node>,
    edges: Vec<Edge>,
}

pub(super) fn section(html: &mut Html, status: &Status) {
    labelled(html, "map", "What flows where", |html| {
        if status.flows.is_empty() {
            html.leaf("p", &[("class", "nothing")], "Nothing, in the last 24 hours.");
            return;
        }
        drawing::draw(html, &Map::of(&status.flows));
        let told = "The last 24 hours. The thicker a line, the more bytes; dashed, a PACS has \
                    connected; a cross, the gate has refused.";
        html.leaf("p", &[("class", "small")], told);
        html.element("details", &[("id", "map-table")], |html| {
            html.leaf("summary", &[], "The same in numbers");
            let columns = [PEER, TO, ASSOCIATIONS, OBJECTS, BYTES, REFUSED];
            table(html, "What flows between peers and PACS", &columns, |html| {
                status.flows.iter().take(ROWS).for_each(|flow| row(html, flow));
            });
            let more = status.flows.len().saturating_sub(ROWS);
            if more > 0 {
                html.leaf("p", &[], &format!("And {more} more pairs."));
            }
        });
    });
}

fn row(html: &mut Html, flow: &Flow) {
    let Amounts { associations, objects, bytes: amount, refused } = flow.amounts;
    html.element("tr", &[], |html| {
        cell(html, PEER, peer(flow));
        let outward = if flow.direction == "outward" { "from " } else { "" };
        let pacs = flow.pacs.as_deref().map(|pacs| format!("{outward}{pacs}"));
        cell(html, TO, pacs.as_deref().unwrap_or("\u{2013}"));
        cell(html, ASSOCIATIONS, &number(associations));
        cell(html, OBJECTS, &number(objects));
        cell(html, BYTES, &bytes(amount));
        cell(html, REFUSED, &number(refused));
    });
}

fn peer(flow: &Flow) -> &str {
    flow.peer.as_deref().unwrap_or(UNKNOWN)
}

impl Map {
    /// Those with most bytes come first, as the flows do; what is beyond the room is one node, and so are
    /// those without a table, who come last.
    fn of(flows: &[Flow]) -> Self {
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
fn told(amounts: &Amounts) -> String {
    let Amounts { associations, objects, bytes: amount, .. } = *amounts;
    match (objects, amount, associations) {
        (0, 0, 0) => String::new(),
        (0, 0, associations) => counted(associations, "association"),
        (0, amount, _) => bytes(amount),
        (objects, amount, _) => format!("{} obj., {}", number(objects), bytes(amount)),
    }
}
