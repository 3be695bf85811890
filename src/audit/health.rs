//! What a line says of an address of a PACS.

use serde::Serialize;

use super::event::Event;
use super::text::PeerText;
use crate::journal::Priority;

/// That an address of a PACS is alive from now on, or is down.
#[derive(Clone, Debug, Serialize)]
pub struct HealthChange {
    pub(super) event: Event,
    /// Which of the two; also what it is counted under.
    pub(super) reason: &'static str,
    pacs: PeerText,
    address: PeerText,
    /// What is wrong there.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<PeerText>,
}

impl HealthChange {
    /// Counted and written where an address is alive from now on.
    pub const ALIVE: &str = "alive";
    /// Counted and written where it is down.
    pub const DOWN: &str = "down";

    /// The address is alive; something may be wrong there all the same.
    pub fn alive(pacs: &str, address: &str, trouble: Option<&str>) -> Self {
        Self::new(Self::ALIVE, pacs, address, trouble)
    }

    /// The address is down, and why.
    pub fn down(pacs: &str, address: &str, trouble: Option<&str>) -> Self {
        Self::new(Self::DOWN, pacs, address, trouble)
    }

    fn new(reason: &'static str, pacs: &str, address: &str, trouble: Option<&str>) -> Self {
        let text = |text: &str| PeerText::from_bytes(text.as_bytes(), PeerText::SENTENCE);
        let (event, detail) = (Event::Health, trouble.map(text));
        Self { event, reason, pacs: text(pacs), address: text(address), detail }
    }

    /// That an address is down matters more than that one is alive.
    pub(super) fn priority(&self) -> Priority {
        if self.reason == Self::DOWN { Priority::Warning } else { self.event.priority() }
    }
}
