//! What `/status.json` says, as far as it is shown (docs/admin.md has all of it).

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cli::endpoint::{NoPage, Page};
use crate::config::Endpoint;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// What the endpoint answers where it has the page (RFC 9110, 15.3.1).
const OK: u16 = 200;
/// Of the document that is understood.
pub(super) const SCHEMA: u32 = 1;

/// How the gate is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Status {
    pub(super) schema: u32,
    pub(super) time: String,
    pub(super) since: String,
    pub(super) version: String,
    pub(super) configuration: String,
    pub(super) verdict: Verdict,
    pub(super) refusals: Vec<Refusal>,
    pub(super) open: Vec<Open>,
    pub(super) open_more: u64,
    pub(super) day: Day,
    pub(super) targets: Vec<Target>,
    pub(super) ends: Vec<End>,
    pub(super) report_only: Vec<ReportOnly>,
    pub(super) reloads: Vec<Reload>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Verdict {
    pub(super) state: String,
    pub(super) sentence: String,
    pub(super) what_to_do: String,
    /// The number of the refusal that it is about.
    pub(super) refusal: Option<u64>,
    pub(super) more: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    /// Which one it is, as long as it is kept.
    pub(super) number: u64,
    pub(super) who: String,
    /// It has a table.
    pub(super) known: bool,
    pub(super) count: u64,
    pub(super) last: String,
    pub(super) reason: String,
    pub(super) detail: String,
    pub(super) nearest: Option<String>,
    pub(super) advice: Option<String>,
    pub(super) table_at: Option<String>,
    pub(super) paste: Option<Paste>,
    pub(super) line: Titles,
}

/// Of the line of the audit: what it calls itself, whom it calls, and whether it shows a certificate.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Titles {
    pub(super) certificate: Option<IgnoredAny>,
    pub(super) calling: Option<String>,
    pub(super) called: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Paste {
    pub(super) to: String,
    pub(super) text: String,
    pub(super) effect: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Open {
    pub(super) peer: String,
    pub(super) pacs: String,
    pub(super) direction: String,
    pub(super) source: String,
    pub(super) since: String,
    pub(super) bytes: u64,
    pub(super) objects: u64,
}

/// The last day, step by step, the oldest first.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Day {
    pub(super) associations: Vec<u64>,
    pub(super) objects: Vec<u64>,
    pub(super) refused: Vec<u64>,
    pub(super) failed: Vec<u64>,
    pub(super) would_refuse: Vec<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Target {
    pub(super) pacs: String,
    pub(super) is_asked: bool,
    pub(super) addresses: Vec<Address>,
    pub(super) in_use: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    pub(super) address: String,
    pub(super) state: String,
    pub(super) since: Option<String>,
    pub(super) last_missed: Option<String>,
    pub(super) round_trip_ms: Option<u64>,
    pub(super) trouble: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct End {
    pub(super) table: String,
    pub(super) what: String,
    pub(super) days: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReportOnly {
    pub(super) listener: String,
    pub(super) until: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reload {
    pub(super) time: String,
    pub(super) reason: String,
    pub(super) configuration: String,
    pub(super) detail: Option<String>,
}

impl Status {
    /// How the gate is now.
    ///
    /// # Errors
    ///
    /// Why it does not say.
    pub(super) async fn ask(socket: &Endpoint) -> Result<Self, NoPage> {
        let foreign = || NoPage::Foreign(socket.clone());
        let page = Page::get(socket, "/status.json", PATIENCE).await?;
        if page.status != OK {
            return Err(foreign());
        }
        let status: Self = page.read(socket)?;
        if status.is_known() { Ok(status) } else { Err(foreign()) }
    }

    /// Whether it is one that is understood.
    pub(super) fn is_known(&self) -> bool {
        self.schema == SCHEMA
    }

    /// When it was said; without it, nothing has an age.
    pub(super) fn now(&self) -> Option<SystemTime> {
        moment(&self.time)
    }
}

/// Who was refused, as far as the gate knows it; in the order in which it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// It has a table.
    Known,
    /// It has shown a certificate or a title.
    Unknown,
    /// It has shown neither.
    Noise,
}

impl Group {
    pub(super) const ALL: [Self; 3] = [Self::Known, Self::Unknown, Self::Noise];

    /// As on the page.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Known => "Refused lately",
            Self::Unknown => "Unknown devices, refused lately",
            Self::Noise => "Refused without a certificate or a title",
        }
    }
}

impl Refusal {
    pub(super) const fn group(&self) -> Group {
        match &self.line {
            _ if self.known => Group::Known,
            Titles { certificate: None, calling: None, .. } => Group::Noise,
            _ => Group::Unknown,
        }
    }
}

/// A time as it is written there.
pub(super) fn moment(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339_weak(text).ok()
}
