//! What a page, a metric or a question about readiness hears of the health of a PACS.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use super::standing::State;

/// How a PACS is.
#[derive(Clone, Debug, Serialize)]
pub struct TargetStanding {
    /// Its name.
    #[serde(serialize_with = "text")]
    pub pacs: Arc<str>,
    /// Whether it is asked (`health`); otherwise only associations show how it is.
    pub is_asked: bool,
    /// Its addresses in order of preference.
    pub addresses: Vec<AddressStanding>,
    /// The place of the one that the next association is tried with first; `None` where none is alive.
    pub in_use: Option<usize>,
}

impl TargetStanding {
    /// Whether it is asked, and answers nowhere.
    pub const fn is_down(&self) -> bool {
        self.is_asked && self.in_use.is_none()
    }
}

/// How an address is.
#[derive(Clone, Debug, Serialize)]
pub struct AddressStanding {
    /// As it is configured.
    pub address: String,
    /// Whether it lives.
    pub state: State,
    /// Since when.
    #[serde(serialize_with = "rfc3339")]
    pub since: SystemTime,
    /// When it was asked last.
    #[serde(serialize_with = "rfc3339_option")]
    pub last_asked: Option<SystemTime>,
    /// When it could last not be connected for an association, where it is not asked.
    #[serde(skip)]
    pub last_missed: Option<SystemTime>,
    /// How long it took to answer then; written in milliseconds.
    #[serde(rename = "round_trip_ms", serialize_with = "millis")]
    pub round_trip: Option<Duration>,
    /// What is wrong, in a sentence.
    pub trouble: Option<String>,
}

fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    // humantime panics on a time before the epoch, which a clock that was never set may show.
    let time = (*time).max(SystemTime::UNIX_EPOCH);
    serializer.collect_str(&humantime::format_rfc3339_millis(time))
}

fn rfc3339_option<S: Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => rfc3339(time, serializer),
        None => serializer.serialize_none(),
    }
}

fn millis<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_f64(time.as_secs_f64() * 1000.0),
        None => serializer.serialize_none(),
    }
}
