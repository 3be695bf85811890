//! How the PACS are.

use super::html::Html;
use super::parts::section as labelled;
use super::words::ago;
use crate::admin::status::{Address, Status, Target};

pub(super) fn section(html: &mut Html, status: &Status) {
    labelled(html, "targets", "PACS", |html| {
        html.element("ul", &[("class", "targets")], |html| {
            status.targets.iter().for_each(|target| entry(html, target, status));
        });
    });
}

fn entry(html: &mut Html, target: &Target, status: &Status) {
    html.element("li", &[], |html| {
        html.leaf("strong", &[], &target.pacs);
        if !target.is_asked {
            html.element("span", &[("class", "small")], |html| {
                html.prose(" not asked how it is: `health` in its table does that");
            });
        }
        html.element("ul", &[], |html| {
            for (at, address) in target.addresses.iter().enumerate() {
                let is_used = target.in_use == Some(at);
                html.element("li", &[], |html| line(html, address, is_used, status));
            }
        });
    });
}

fn line(html: &mut Html, address: &Address, is_used: bool, status: &Status) {
    let (class, word) = match address.state {
        "alive" => ("dot good", "answers"),
        "down" if address.last_missed.is_some() => ("dot bad", "did not answer"),
        "down" => ("dot bad", "does not answer"),
        _ => ("dot", "nothing heard yet"),
    };
    html.leaf("span", &[("class", class), ("aria-hidden", "true")], "");
    html.leaf("code", &[], &address.address);
    html.text(&format!(" {word}"));
    if let Some(milliseconds) = address.round_trip_ms.filter(|_| address.state == "alive") {
        html.text(&format!(" in {milliseconds} ms"));
    }
    if let Some(missed) = address.last_missed {
        html.text(&format!(", last tried {}", ago(missed, status.time)));
    } else if let Some(since) = &address.since {
        html.text(&format!(", since {since}"));
    }
    if is_used && address.state != "unknown" {
        html.leaf("span", &[("class", "small")], " in use");
    }
    if let Some(trouble) = &address.trouble {
        html.leaf("p", &[("class", "small")], trouble);
    }
}
