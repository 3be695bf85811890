//! Who has exchanged what with whom in the last day.

use serde::Serialize;

use crate::history::{self, Amounts};

/// Between a peer and a PACS, in one direction.
#[derive(Clone, Debug, Serialize)]
pub(in crate::admin) struct Flow {
    /// Nothing for whoever has no table.
    pub(in crate::admin) peer: Option<String>,
    /// Nothing where it did not come so far.
    pub(in crate::admin) pacs: Option<String>,
    pub(in crate::admin) direction: &'static str,
    #[serde(flatten)]
    pub(in crate::admin) amounts: Amounts,
}

impl Flow {
    pub(super) fn of(flow: &history::Flow) -> Self {
        Self {
            peer: flow.peer.as_ref().map(ToString::to_string),
            pacs: flow.pacs.as_ref().map(ToString::to_string),
            direction: flow.direction,
            amounts: flow.amounts,
        }
    }
}
