//! The PACS, and how each is.

use serde::Serialize;

use crate::site::Site;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) round_trip_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) trouble: Option<String>,
}

/// What an address is that has not answered.
pub(super) const DOWN: &str = "down";
const UNKNOWN: &str = "unknown";

/// In the order of their names.
pub(super) fn all(site: &Site) -> Vec<Target> {
    let target = |(name, target): (&std::sync::Arc<str>, &crate::config::Target)| {
        let address = Address {
            address: target.address.to_string(),
            state: UNKNOWN,
            since: None,
            last_asked: None,
            round_trip_ms: None,
            trouble: None,
        };
        let (pacs, addresses) = (name.to_string(), vec![address]);
        Target { pacs, is_asked: false, addresses, in_use: Some(0) }
    };
    let mut all: Vec<_> = site.targets.iter().map(target).collect();
    all.sort_by(|one, other| one.pacs.cmp(&other.pacs));
    all
}

impl Target {
    /// Whether no address of it has answered.
    pub(in crate::admin) fn is_down(&self) -> bool {
        !self.addresses.is_empty() && self.addresses.iter().all(Address::is_down)
    }
}

impl Address {
    pub(in crate::admin) fn is_down(&self) -> bool {
        self.state == DOWN
    }
}
