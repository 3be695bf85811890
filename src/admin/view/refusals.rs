//! Who was refused, why, and what lets it in.

use super::html::Html;
use super::parts::section as labelled;
use super::words::{ago, time, times};
use crate::admin::status::{Refusal, Status};

/// How many are shown with all that is known of them; the others show that where they are opened.
const OPEN: usize = 2;

pub(super) fn section(html: &mut Html, status: &Status) {
    labelled(html, "refused", "Refused lately", |html| {
        if status.refusals.is_empty() {
            html.leaf("p", &[("class", "nothing")], "Nobody, since the gate has started.");
            return;
        }
        let (known, others): (Vec<_>, Vec<_>) = status.refusals.iter().partition(|it| it.known);
        let (noise, unknown): (Vec<_>, Vec<_>) = others.into_iter().partition(|it| it.is_noise);
        group(html, None, &known, status, OPEN);
        let open = if known.is_empty() { OPEN } else { 1 };
        group(html, Some("Unknown devices"), &unknown, status, open);
        group(html, Some("Without a certificate or a title"), &noise, status, 0);
    });
}

/// Some of them, of which the first so many are open.
fn group(
    html: &mut Html,
    heading: Option<&str>,
    refusals: &[&Refusal],
    status: &Status,
    open: usize,
) {
    if refusals.is_empty() {
        return;
    }
    if let Some(heading) = heading {
        html.leaf("h3", &[("class", "group")], heading);
    }
    for (at, refusal) in refusals.iter().enumerate() {
        entry(html, refusal, status, at < open);
    }
}

fn entry(html: &mut Html, refusal: &Refusal, status: &Status, is_open: bool) {
    let id = format!("r{}", refusal.number);
    let attributes = [("class", "refusal"), ("id", id.as_str()), ("open", "")];
    let attributes = if is_open { &attributes[..] } else { &attributes[..2] };
    html.element("details", attributes, |html| {
        html.element("summary", &[], |html| heading(html, refusal, status));
        html.element("div", &[("class", "body")], |html| {
            said(html, refusal);
            if let Some(paste) = &refusal.paste {
                let at = paste.at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
                html.element("p", &[("class", "to")], |html| {
                    html.leaf("strong", &[], "To let it in, ");
                    html.prose(&format!("write this {}{at}, and reload:", paste.to));
                });
                snippet(html, &id, &paste.text);
                if let Some(effect) = &paste.effect {
                    html.element("p", &[("class", "effect")], |html| html.prose(effect));
                }
            } else if let Some(at) = &refusal.table_at {
                html.leaf("p", &[("class", "to")], &format!("Its table is at {at}."));
            }
            html.element("dl", &[], |html| {
                for (name, text) in &refusal.facts {
                    html.leaf("dt", &[], name);
                    html.leaf("dd", &[], text);
                }
            });
        });
    });
}

fn heading(html: &mut Html, refusal: &Refusal, status: &Status) {
    let (class, verb) = match refusal.event.as_str() {
        "forbidden" => ("tag", "request forbidden"),
        "unsound" => ("tag", "data set stopped"),
        "would-refuse" => ("tag quiet", "would be refused"),
        "failed" => ("tag quiet", "failed"),
        _ => ("tag", "refused"),
    };
    html.element("h3", &[("class", "who")], |html| {
        html.leaf("strong", &[], &refusal.who);
        if let Some(titles) = &refusal.titles {
            html.leaf("span", &[("class", "small")], &format!(" {titles}"));
        }
    });
    html.leaf("span", &[("class", class)], &format!("{verb} {}", times(refusal.count)));
    html.element("time", &[("datetime", &time(refusal.last))], |html| {
        html.text(&ago(refusal.last, status.time));
    });
    html.leaf("span", &[("class", "why")], &refusal.detail);
}

fn said(html: &mut Html, refusal: &Refusal) {
    if let Some(nearest) = &refusal.nearest {
        html.element("p", &[], |html| {
            html.leaf("strong", &[], "It missed by little: ");
            html.prose(nearest);
            html.text(".");
        });
    }
    if let Some(advice) = &refusal.advice {
        html.element("p", &[], |html| {
            html.leaf("strong", &[], "What to do: ");
            html.prose(advice);
        });
    }
    html.element("p", &[("class", "small")], |html| {
        html.text("Reason ");
        html.leaf("code", &[], &refusal.reason);
        html.text(&format!(", first at {}, last at {}.", time(refusal.first), time(refusal.last)));
    });
}

fn snippet(html: &mut Html, id: &str, text: &str) {
    let id = format!("{id}-paste");
    html.element("div", &[("class", "snippet")], |html| {
        html.leaf("pre", &[("id", &id), ("tabindex", "0")], text);
        html.leaf("button", &[("type", "button"), ("data-copy", &id)], "Copy");
    });
}
