//! Who exchanges what with whom: peers on the left, PACS on the right, and the gate between them.

mod drawing;
mod layout;

use layout::{Map, UNKNOWN};

use super::html::Html;
use super::parts::{cell, section as labelled, table};
use super::words::{bytes, number};
use crate::admin::status::{Flow, Status};
use crate::history::Amounts;

/// Rows of the table.
const ROWS: usize = 60;

const PEER: (&str, &str) = ("Peer", "");
const TO: (&str, &str) = ("PACS", "");
const ASSOCIATIONS: (&str, &str) = ("Associations", "number");
const OBJECTS: (&str, &str) = ("Objects", "number");
const BYTES: (&str, &str) = ("Bytes", "number");
const REFUSED: (&str, &str) = ("Refused", "number");

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
