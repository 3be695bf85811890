//! `/status.json`: how the gate is and what has happened lately, for the page and for `pacsgate top`.
//!
//! docs/admin.md has the schema. What a peer chose is escaped as in the audit.
//!
//! - `verdict`: whether all is well, and if not, what to do; `concerns`: what it is judged by.
//! - `refusal`: who was refused and why, and with `paste` and `table`, what to paste.
//! - `open`, `targets`, `flows`, `day`, `ends`, `reloads`: the rest.

mod concerns;
mod day;
mod ends;
mod flows;
mod open;
mod paste;
mod refusal;
mod reloads;
mod report_only;
mod table;
mod targets;
mod time;
mod verdict;

use std::time::SystemTime;

use hyper::StatusCode;
use serde::Serialize;

pub(super) use day::Day;
pub(super) use ends::End;
pub(super) use flows::Flow;
pub(super) use open::Open;
pub(super) use refusal::Refusal;
pub(super) use reloads::Reload;
pub(super) use targets::{Address, Target};
pub(super) use verdict::{State, Verdict};

use self::time::rfc3339;
use super::offer::Offer;
use super::page::Page;
use crate::history::Seen;
use crate::renewal;
use crate::site::Tables;
use crate::version;

/// Of what `/status.json` says.
const SCHEMA: u32 = 1;

/// How the gate is.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    schema: u32,
    /// When this was said.
    #[serde(serialize_with = "rfc3339")]
    pub(super) time: SystemTime,
    /// Since when the gate runs.
    #[serde(serialize_with = "rfc3339")]
    pub(super) since: SystemTime,
    pub(super) version: &'static str,
    /// The digest of the configuration.
    pub(super) configuration: String,
    pub(super) verdict: Verdict,
    pub(super) refusals: Vec<Refusal>,
    pub(super) open: Vec<Open>,
    /// How many more associations are open.
    pub(super) open_more: usize,
    pub(super) flows: Vec<Flow>,
    pub(super) day: Day,
    pub(super) targets: Vec<Target>,
    pub(super) ends: Vec<End>,
    pub(super) report_only: Vec<report_only::ReportOnly>,
    pub(super) reloads: Vec<Reload>,
}

impl Status {
    pub(super) fn of(offer: &Offer, now: SystemTime) -> Self {
        let gate = &offer.gate;
        let (site, seen) = (gate.site.now(), gate.audit.history().seen(now));
        let lately = Self::of_history(&seen, &site.tables, now);
        let targets = targets::all(&gate.health);
        let ends = ends::all(&site, &gate.last_seen, now);
        let report_only = report_only::all(&site, now);
        let verdict = concerns::verdict(&concerns::Facts {
            stuck: offer.pulse.trouble(),
            is_draining: gate.live.is_draining(),
            short: gate.shortage.status(),
            silenced: renewal::refused(&site, now),
            lost: lately.day.lost,
            peers: site.policy.peers(),
            open: gate.register.now().len(),
            refusals: &lately.refusals,
            targets: &targets,
            ends: &ends,
            report_only: &report_only,
            reloads: &lately.reloads,
            now,
        });
        let (open, open_more) = open::all(&gate.register);
        let configuration = site.digest.to_string();
        Self { configuration, verdict, open, open_more, targets, ends, report_only, ..lately }
    }

    /// What has happened lately at a gate of which nothing else is known.
    pub(super) fn of_history(seen: &Seen, tables: &Tables, now: SystemTime) -> Self {
        let refusals = seen.refusals.iter().map(|refused| Refusal::of(refused, tables));
        Self {
            schema: SCHEMA,
            time: now,
            since: seen.began,
            version: version::line(),
            configuration: String::new(),
            verdict: Verdict::nothing(),
            refusals: refusals.collect(),
            open: Vec::new(),
            open_more: 0,
            flows: seen.flows.iter().map(Flow::of).collect(),
            day: Day::of(&seen.steps),
            targets: Vec::new(),
            ends: Vec::new(),
            report_only: Vec::new(),
            reloads: seen.reloads.iter().map(Reload::of).collect(),
        }
    }
}

/// `/status.json`.
pub(super) fn json(offer: &Offer) -> Page {
    Page::json(StatusCode::OK, &Status::of(offer, SystemTime::now()))
}
