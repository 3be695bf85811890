//! By what measurements are told apart.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;

use crate::basis::Basis;

/// The name of whoever passes without a table, as refusals are only reported: no table can have it.
const NOBODY: &str = "(no table)";

/// By the listener.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Listener {
    pub(super) listener: Arc<str>,
}

/// By the way that it leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Way {
    pub(super) direction: &'static str,
}

/// By who is on the two sides of an association.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Parties {
    /// The peer's name in the configuration.
    pub peer: Arc<str>,
    /// The PACS's name in the configuration.
    pub pacs: Arc<str>,
    /// Which of them is the requestor.
    pub direction: &'static str,
}

/// The same, and the side.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfSide {
    #[prometheus(flatten)]
    pub(super) parties: Parties,
    pub(super) from: &'static str,
}

/// The same, and what it asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Operated {
    #[prometheus(flatten)]
    pub(super) side: OfSide,
    pub(super) operation: &'static str,
}

impl Parties {
    /// Those of an association.
    pub fn of(basis: &Basis) -> Self {
        let peer = if basis.is_known { Arc::clone(&basis.peer) } else { NOBODY.into() };
        let direction = basis.way.direction.name();
        Self { peer, pacs: Arc::clone(&basis.pacs), direction }
    }
}
