//! The drawing: an SVG that scales with the page.

use super::super::html::Html;
use super::super::words::{number, short};
use super::layout::{Edge, Map, Node, told};

/// All in the units of the drawing, of which a phone shows nearly one a pixel.
const WIDTH: usize = 340;
const ROW: usize = 38;
const TOP: usize = 24;
/// Where the dots of the peers stand, the gate, and the dots of the PACS.
const PEERS: usize = 122;
const GATE: usize = 170;
const PACS: usize = 218;
/// Characters of a name.
const NAME: usize = 16;

pub(super) fn draw(html: &mut Html, map: &Map) {
    let rows = map.peers.len().max(map.pacs.len());
    let height = TOP + rows * ROW + 4;
    let frame = format!("0 0 {WIDTH} {height}");
    let names =
        |nodes: &[Node]| nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>().join(", ");
    let told = format!("Peers {} and PACS {}", names(&map.peers), names(&map.pacs));
    let attributes =
        [("class", "map"), ("viewBox", &*frame), ("role", "img"), ("aria-label", &told)];
    html.element("svg", &attributes, |html| {
        let peers = Column { at: PEERS, count: map.peers.len(), rows };
        let pacs = Column { at: PACS, count: map.pacs.len(), rows };
        map.edges.iter().for_each(|edge| line(html, edge, &peers, &pacs));
        gate(html, height);
        for (at, node) in map.peers.iter().enumerate() {
            refused(html, node, peers.y(at));
            label(html, node, &peers, at, "end");
        }
        map.pacs.iter().enumerate().for_each(|(at, node)| label(html, node, &pacs, at, "start"));
    });
}

/// Where the nodes of one side stand.
struct Column {
    at: usize,
    count: usize,
    rows: usize,
}

impl Column {
    /// The fewer are spread beside the others.
    fn y(&self, place: usize) -> usize {
        let before = (self.rows - self.count.min(self.rows)) * ROW / 2;
        TOP + before + place * ROW + ROW / 2
    }
}

fn line(html: &mut Html, edge: &Edge, peers: &Column, pacs: &Column) {
    let (from, to) = (peers.y(edge.peer), pacs.y(edge.pacs));
    let path = format!("M{PEERS} {from}C{GATE} {from} {GATE} {to} {PACS} {to}");
    // In tenths: each eightfold amount is one more.
    let tenths = 12 + edge.bytes.checked_ilog2().unwrap_or(0) * 10 / 8;
    let width = format!("{}.{}", tenths / 10, tenths % 10);
    let class = if edge.is_outward { "edge outward" } else { "edge" };
    html.element("path", &[("class", class), ("d", &path), ("stroke-width", &width)], |_| ());
}

fn gate(html: &mut Html, height: usize) {
    let path = format!("M{GATE} {TOP}V{height}");
    html.element("path", &[("class", "gate"), ("d", &path)], |_| ());
    text(html, "middle", "middle", (GATE, TOP - 8), "gate");
}

fn refused(html: &mut Html, node: &Node, y: usize) {
    let count = node.amounts.refused;
    if count == 0 {
        return;
    }
    let (end, up, down) = (GATE - 8, y - 4, y + 4);
    let from = GATE - 16;
    let stop = format!("M{PEERS} {y}H{from}M{from} {up}L{end} {down}M{from} {down}L{end} {up}");
    html.element("path", &[("class", "stop"), ("d", &stop)], |html| {
        html.leaf("title", &[], &format!("{}: refused {}", node.name, number(count)));
    });
}

fn label(html: &mut Html, node: &Node, column: &Column, at: usize, anchor: &'static str) {
    let y = column.y(at);
    let is_peer = column.at == PEERS;
    let x = if is_peer { PEERS - 10 } else { PACS + 10 };
    let place = [("cx", column.at.to_string()), ("cy", y.to_string())];
    let [(cx, x_of_dot), (cy, y_of_dot)] = &place;
    html.element("circle", &[("r", "4"), (cx, x_of_dot), (cy, y_of_dot)], |_| ());
    let told = told(&node.amounts);
    let refused = match node.amounts.refused {
        0 => String::new(),
        count => format!("refused {}", number(count)),
    };
    let below = if is_peer && !refused.is_empty() { &refused } else { &told };
    let class = if is_peer && !refused.is_empty() { "amount bad" } else { "amount" };
    let name_at = if below.is_empty() { y + 4 } else { y - 1 };
    text(html, "name", anchor, (x, name_at), &short(&node.name, NAME));
    if !below.is_empty() {
        text(html, class, anchor, (x, y + 12), below);
    }
}

fn text(html: &mut Html, class: &'static str, anchor: &str, (x, y): (usize, usize), text: &str) {
    let (x, y) = (x.to_string(), y.to_string());
    html.leaf("text", &[("class", class), ("text-anchor", anchor), ("x", &x), ("y", &y)], text);
}
