//! What the answers are made from.

use std::sync::Arc;

use crate::gate::Gate;
use crate::pulse::Pulse;

/// The gate, and whether it moves.
pub(super) struct Offer {
    pub(super) gate: Arc<Gate>,
    pub(super) pulse: Pulse,
}
