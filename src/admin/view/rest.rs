//! What ends, what is only reported, and what was loaded.

use super::html::Html;
use super::parts::{cell, section, table};
use super::words::{ago, number, time};
use crate::admin::status::{End, Reload, Status};

/// Days before an end from which on it is marked, and marked more.
const SOON: i64 = 30;
const URGENT: i64 = 7;
const AFTER_URGENT: i64 = URGENT + 1;
/// How many of the ends are shown, the first of them.
const ROWS: usize = 8;

const WHAT: (&str, &str) = ("What", "");
const TABLE: (&str, &str) = ("Table", "");
const DAYS: (&str, &str) = ("Days left", "number");
const REASON: (&str, &str) = ("Reason", "");
const COUNT: (&str, &str) = ("In 24 h", "number");
const WHEN: (&str, &str) = ("When", "");
const OUTCOME: (&str, &str) = ("Outcome", "");

pub(super) fn ends(html: &mut Html, status: &Status) {
    section(html, "ends", "Days left", |html| {
        if status.ends.is_empty() {
            html.leaf("p", &[("class", "nothing")], "There is nothing that ends.");
            return;
        }
        table(html, "Certificates and revocation lists", &[TABLE, WHAT, DAYS], |html| {
            status.ends.iter().take(ROWS).for_each(|end| row(html, end));
        });
    });
}

fn row(html: &mut Html, end: &End) {
    let class = match end.days {
        ..=URGENT => "bad",
        AFTER_URGENT..=SOON => "soon",
        _ => "",
    };
    html.element("tr", &[("class", class)], |html| {
        cell(html, TABLE, &end.table);
        cell(html, WHAT, end.what);
        let left = if end.days < 0 { "ended".to_owned() } else { end.days.to_string() };
        let (name, class) = DAYS;
        let at = time(end.ends);
        html.leaf("td", &[("data-name", name), ("class", class), ("title", &at)], &left);
    });
}

pub(super) fn report_only(html: &mut Html, status: &Status) {
    let mut reasons = status.day.would_refuse_reasons().peekable();
    if status.report_only.is_empty() && reasons.peek().is_none() {
        return;
    }
    section(html, "reported", "Only reported", |html| {
        for listener in &status.report_only {
            let told = format!(
                "Listener {} refuses nobody of its `report_only_from` until {}.",
                listener.listener, listener.until
            );
            html.element("p", &[], |html| html.prose(&told));
        }
        if reasons.peek().is_none() {
            let told = "Nothing has passed yet that would be refused.";
            html.leaf("p", &[("class", "nothing")], told);
            return;
        }
        table(html, "What would be refused", &[REASON, COUNT], |html| {
            for reason in reasons {
                html.element("tr", &[], |html| {
                    cell(html, REASON, reason.reason);
                    cell(html, COUNT, &number(reason.count));
                });
            }
        });
    });
}

pub(super) fn reloads(html: &mut Html, status: &Status) {
    section(html, "reloads", "Reloads", |html| {
        if status.reloads.is_empty() {
            html.leaf("p", &[("class", "nothing")], "None, since the gate has started.");
            return;
        }
        table(html, "The last reloads", &[WHEN, OUTCOME], |html| {
            status.reloads.iter().for_each(|reload| reloaded(html, reload, status));
        });
    });
}

fn reloaded(html: &mut Html, reload: &Reload, status: &Status) {
    let digest: String = reload.said.configuration.chars().take(12).collect();
    let (class, told) = match &reload.said.detail {
        _ if reload.said.is_applied() => ("", format!("applied: {digest}")),
        None => ("bad", "refused".to_owned()),
        Some(mistake) if reload.said.more == 0 => ("bad", format!("refused: {mistake}")),
        Some(mistake) => ("bad", format!("refused: {mistake}, and {} more", reload.said.more)),
    };
    html.element("tr", &[("class", class)], |html| {
        let (name, class) = WHEN;
        let at = time(reload.time);
        let attributes = [("data-name", name), ("class", class), ("title", &*at)];
        html.leaf("td", &attributes, &ago(reload.time, status.time));
        cell(html, OUTCOME, &told);
    });
}
