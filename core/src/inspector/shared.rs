//! What an association shares with others: what a peer has stored, and what it has asked for.

use std::fmt;
use std::sync::Arc;

use super::quota::Quota;
use crate::wire::title::AeTitle;

/// Hears what a peer asks a PACS to send on associations of its own.
pub trait Requests: fmt::Debug + Send + Sync {
    /// A C-MOVE to this title has gone to the PACS, or has come as far as another response.
    fn moves(&self, to: &AeTitle);

    /// A storage commitment was asked for.
    fn commits(&self);
}

/// Knows what a peer is still to be sent.
pub trait Awaited: fmt::Debug + Send + Sync {
    /// Whether an object may come; of a C-MOVE by this originator, where the PACS says who that was.
    fn object(&self, originator: Option<&AeTitle>) -> bool;

    /// Whether the report of a storage commitment may come.
    fn report(&self) -> bool;
}

/// What the inspector asks and tells beyond its own association.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Where there are caps on the objects of a peer.
    pub quota: Option<Arc<dyn Quota>>,
    /// Who hears what a peer asks for.
    pub requests: Option<Arc<dyn Requests>>,
    /// Where objects and reports of a PACS have to be asked for.
    pub awaited: Option<Arc<dyn Awaited>>,
    /// Whether somebody has to account for what passes: see [`super::Disclosed`].
    pub discloses: bool,
}
