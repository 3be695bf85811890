//! `/`: the status page, for people: made here as a whole, so that it is read without JavaScript too,
//! which only fetches it again.
//!
//! - `html`: the only way for a text into the page; `words`: times and amounts as people read them.
//! - `parts`: what the sections have in common.
//! - `refusals`, `connected`, `charts`, `map`, `targets`, `rest`: the sections.

mod charts;
mod connected;
mod html;
mod map;
mod parts;
mod refusals;
mod rest;
mod targets;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use std::time::SystemTime;

use hyper::StatusCode;

use super::offer::Offer;
use super::page::Page;
use super::status::{State, Status, Verdict};
use html::Html;
use words::{ago, time};

const HTML: &str = "text/html; charset=utf-8";
/// How often the page is fetched anew by a browser without JavaScript, in seconds.
const REFRESH: &str = "15";

/// The page.
pub(super) fn page(offer: &Offer) -> Page {
    let content = of(&Status::of(offer, SystemTime::now()));
    Page { status: StatusCode::OK, kind: HTML, content }
}

/// `/page.css`.
pub(super) fn style() -> Page {
    fixed("text/css; charset=utf-8", include_str!("view/page.css"))
}

/// `/page.js`.
pub(super) fn script() -> Page {
    fixed("text/javascript; charset=utf-8", include_str!("view/page.js"))
}

/// `/icon.svg`.
pub(super) fn icon() -> Page {
    fixed("image/svg+xml", include_str!("view/icon.svg"))
}

fn fixed(kind: &'static str, content: &str) -> Page {
    Page { status: StatusCode::OK, kind, content: content.to_owned() }
}

fn of(status: &Status) -> String {
    let mut html = Html::new();
    html.element("html", &[("lang", "en")], |html| {
        html.element("head", &[], |html| head(html, status));
        html.element("body", &[], |html| body(html, status));
    });
    html.into_text()
}

fn head(html: &mut Html, status: &Status) {
    let Verdict { state, sentence, .. } = &status.verdict;
    html.void("meta", &[("charset", "utf-8")]);
    let viewport = "width=device-width, initial-scale=1";
    html.void("meta", &[("name", "viewport"), ("content", viewport)]);
    html.void("meta", &[("name", "color-scheme"), ("content", "light dark")]);
    html.leaf("title", &[], &format!("{}: {sentence}", mark(*state).1));
    html.void("link", &[("rel", "icon"), ("href", "/icon.svg")]);
    html.void("link", &[("rel", "stylesheet"), ("href", "/page.css")]);
    html.element("noscript", &[], |html| {
        html.void("meta", &[("http-equiv", "refresh"), ("content", REFRESH)]);
    });
    html.element("script", &[("src", "/page.js"), ("defer", "")], |_| ());
}

fn body(html: &mut Html, status: &Status) {
    html.element("header", &[("id", "verdict")], |html| verdict(html, status));
    html.leaf("p", &[("id", "stale"), ("role", "alert"), ("hidden", "")], "");
    html.element("main", &[("id", "status")], |html| {
        html.element("div", &[("class", "column"), ("id", "first")], |html| {
            refusals::section(html, status);
        });
        html.element("div", &[("class", "column"), ("id", "second")], |html| {
            connected::section(html, status);
            charts::section(html, status);
            map::section(html, status);
            targets::section(html, status);
            rest::ends(html, status);
            rest::report_only(html, status);
            rest::reloads(html, status);
        });
    });
    html.element("footer", &[("id", "about")], |html| about(html, status));
}

/// A sign and a word: the colour alone would not tell everybody.
const fn mark(state: State) -> (&'static str, &'static str) {
    match state {
        State::Well => ("\u{2713}", "Well"),
        State::Look => ("?", "Look"),
        State::Act => ("!", "Act"),
    }
}

fn verdict(html: &mut Html, status: &Status) {
    let Verdict { state, sentence, what_to_do, refusal, more } = &status.verdict;
    let (sign, word) = mark(*state);
    let class = match state {
        State::Well => "verdict well",
        State::Look => "verdict look",
        State::Act => "verdict act",
    };
    html.element("div", &[("class", class), ("id", "top")], |html| {
        html.leaf("span", &[("class", "sign"), ("aria-hidden", "true")], sign);
        html.element("div", &[("class", "said")], |html| {
            html.element("h1", &[], |html| {
                html.leaf("span", &[("class", "hidden")], &format!("{word}: "));
                html.text(sentence);
            });
            if !what_to_do.is_empty() {
                html.element("p", &[("class", "do")], |html| {
                    html.prose(what_to_do);
                    if let Some(number) = refusal {
                        html.text(" ");
                        let at = format!("#r{number}");
                        html.leaf("a", &[("href", &at)], "See below.");
                    }
                });
            }
            if !more.is_empty() {
                html.element("ul", &[("class", "more")], |html| {
                    more.iter().for_each(|text| html.leaf("li", &[], text));
                });
            }
        });
    });
}

fn about(html: &mut Html, status: &Status) {
    html.element("p", &[], |html| {
        let since = ago(status.since, status.time);
        html.text(&format!("pacsgate {}, started {since}, ", status.version));
        let digest: String = status.configuration.chars().take(12).collect();
        html.text("configuration ");
        html.leaf("code", &[("title", &status.configuration)], &digest);
        html.text(". As of ");
        html.element("time", &[("datetime", &time(status.time))], |html| {
            html.text(&time(status.time));
        });
        html.text(". ");
        html.leaf("a", &[("href", "/status.json")], "The same as JSON");
        html.text(". All of it begins anew with each start: the audit is the record.");
    });
}
