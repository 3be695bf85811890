//! What a line says of a reload.

use pacsgate_core::certificate::Digest;
use serde::Serialize;

use super::event::Event;
use super::text::PeerText;

/// That a configuration was loaded while the gate runs, or could not be.
#[derive(Clone, Debug, Serialize)]
pub struct Reload {
    pub(super) event: Event,
    /// Which of the two; also what it is counted under.
    pub(super) reason: &'static str,
    /// By what the gate judges now.
    #[serde(serialize_with = "super::record::hex")]
    pub(super) configuration: Digest,
    /// What is wrong with the other one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<PeerText>,
    /// How many mistakes it has besides.
    #[serde(skip_serializing_if = "super::record::is_zero")]
    more: usize,
}

impl Reload {
    /// Counted and written where the new configuration serves.
    pub const APPLIED: &str = "applied";
    /// Counted and written where the old one goes on.
    pub const REFUSED: &str = "refused";

    /// The configuration with this digest serves from now on.
    pub const fn applied(configuration: Digest) -> Self {
        let (event, reason) = (Event::Reload, Self::APPLIED);
        Self { event, reason, configuration, detail: None, more: 0 }
    }

    /// The one with this digest goes on, because of what is wrong with the new one: the first
    /// mistake, and how many more there are.
    pub fn refused(configuration: Digest, first: &str, more: usize) -> Self {
        // A double quote would be escaped twice, by the text and by JSON.
        let detail = first.replace('"', "'");
        let detail = Some(PeerText::from_bytes(detail.as_bytes(), PeerText::SENTENCE));
        let (event, reason) = (Event::Reload, Self::REFUSED);
        Self { event, reason, configuration, detail, more }
    }
}
