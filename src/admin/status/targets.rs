//! The PACS, and how each is.

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use crate::health::{AddressStanding, Health, State, TargetStanding};

/// A PACS.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Target {
    pub(in crate::admin) pacs: String,
    /// Whether it is asked how it is; otherwise only associations show it.
    pub(in crate::admin) is_asked: bool,
    /// In order of preference.
    pub(in crate::admin) addresses: Vec<Address>,
    /// Which of them the next association is tried with; none where none is alive.
    pub(in crate::admin) in_use: Option<usize>,
}

/// One of its addresses.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Address {
    pub(in crate::admin) address: String,
    /// `unknown`, `alive` or `down`.
    pub(in crate::admin) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) last_asked: Option<String>,
    /// When an association was last not connected there; only where it is not asked.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "rfc3339_option")]
    pub(in crate::admin) last_missed: Option<SystemTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) round_trip_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) trouble: Option<String>,
}

/// What an address is that has not answered.
pub(super) const DOWN: &str = "down";
const UNKNOWN: &str = "unknown";

/// In the order of their names.
pub(super) fn all(health: &Health) -> Vec<Target> {
    health.snapshot().into_iter().map(Target::of).collect()
}

impl Target {
    fn of(standing: TargetStanding) -> Self {
        let TargetStanding { pacs, is_asked, addresses, in_use } = standing;
        let addresses = addresses.into_iter().map(Address::of).collect();
        Self { pacs: pacs.to_string(), is_asked, addresses, in_use }
    }

    /// Whether no address of it has answered.
    pub(in crate::admin) fn is_down(&self) -> bool {
        !self.addresses.is_empty() && self.addresses.iter().all(Address::is_down)
    }
}

impl Address {
    fn of(standing: AddressStanding) -> Self {
        let millis = |trip: Duration| u64::try_from(trip.as_millis()).unwrap_or(u64::MAX);
        Self {
            address: standing.address,
            state: match standing.state {
                State::Unknown => UNKNOWN,
                State::Alive => "alive",
                State::Down => DOWN,
            },
            since: Some(time(standing.since)),
            last_asked: standing.last_asked.map(time),
            last_missed: standing.last_missed,
            round_trip_ms: standing.round_trip.map(millis),
            trouble: standing.trouble,
        }
    }

    pub(in crate::admin) fn is_down(&self) -> bool {
        self.state == DOWN
    }
}

fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time.max(SystemTime::UNIX_EPOCH)).to_string()
}

fn rfc3339_option<S: Serializer>(
    at: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    at.map(time).serialize(serializer)
}
