//! Who is connected.

use super::html::Html;
use super::parts::{cell, section as labelled, table};
use super::words::{ago, bytes, counted, number};
use crate::admin::status::{Open, Status};

const PEER: (&str, &str) = ("Peer", "");
const PACS: (&str, &str) = ("PACS", "");
const FROM: (&str, &str) = ("From", "");
const SINCE: (&str, &str) = ("Since", "");
const BYTES: (&str, &str) = ("Bytes", "number");
const OBJECTS: (&str, &str) = ("Objects", "number");

pub(super) fn section(html: &mut Html, status: &Status) {
    let all = status.open.len().saturating_add(status.open_more);
    let all = u64::try_from(all).unwrap_or(u64::MAX);
    let heading = match all {
        0 => "Connected now".to_owned(),
        all => format!("Connected now: {}", number(all)),
    };
    labelled(html, "connected", &heading, |html| {
        if all == 0 {
            html.leaf("p", &[("class", "nothing")], "No association is open.");
            return;
        }
        table(
            html,
            "Associations that are open",
            &[PEER, PACS, FROM, SINCE, BYTES, OBJECTS],
            |html| {
                status.open.iter().for_each(|open| row(html, open, status));
            },
        );
        if status.open_more > 0 {
            let more = u64::try_from(status.open_more).unwrap_or(u64::MAX);
            html.leaf("p", &[], &format!("And {} more.", counted(more, "association")));
        }
    });
}

fn row(html: &mut Html, open: &Open, status: &Status) {
    html.element("tr", &[], |html| {
        let title = open.calling.as_str();
        cell(html, PEER, &format!("{} ({title})", open.peer));
        let outward = if open.direction == "outward" { "from " } else { "" };
        cell(html, PACS, &format!("{outward}{} ({})", open.pacs, open.called));
        cell(html, FROM, &open.source);
        cell(html, SINCE, &ago(open.since, status.time));
        cell(html, BYTES, &bytes(open.bytes));
        cell(html, OBJECTS, &number(open.objects));
    });
}
