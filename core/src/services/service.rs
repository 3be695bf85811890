//! The services by their names.

use std::str::FromStr;

use super::operation::Operation;
use crate::wire::uid::Uid;

/// What a peer may do, as its `services` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Service {
    /// `echo`: verification.
    Echo,
    /// `store`: sending objects, apart from Key Object Selection.
    Store,
    /// `key-object`: sending Key Object Selection documents.
    KeyObject,
    /// `find`: queries.
    Find,
    /// `move`: retrieval to a destination.
    Move,
    /// `get`: retrieval on the same association.
    Get,
    /// `worklist`: the modality worklist.
    Worklist,
    /// `mpps`: modality performed procedure steps.
    Mpps,
    /// `storage-commitment`: the push model.
    StorageCommitment,
    /// `print`: print management.
    Print,
    /// `{ sop_class = ..., operations = [...] }`: what has no name here.
    Other {
        /// The SOP class.
        sop_class: Uid,
        /// The requests; N-EVENT-REPORT is the PACS's, all others are the requestor's.
        operations: Vec<Operation>,
    },
}

/// A word that names no service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("names no service")]
pub struct UnknownService;

impl Service {
    /// The services that have a name, in the order of the documentation.
    pub const NAMED: [Self; 10] = [
        Self::Echo,
        Self::Store,
        Self::KeyObject,
        Self::Find,
        Self::Move,
        Self::Get,
        Self::Worklist,
        Self::Mpps,
        Self::StorageCommitment,
        Self::Print,
    ];

    /// The name in the configuration; `None` for what is named by its SOP class.
    pub const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Echo => Some("echo"),
            Self::Store => Some("store"),
            Self::KeyObject => Some("key-object"),
            Self::Find => Some("find"),
            Self::Move => Some("move"),
            Self::Get => Some("get"),
            Self::Worklist => Some("worklist"),
            Self::Mpps => Some("mpps"),
            Self::StorageCommitment => Some("storage-commitment"),
            Self::Print => Some("print"),
            Self::Other { .. } => None,
        }
    }
}

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(text: &str) -> Result<Self, UnknownService> {
        Self::NAMED.into_iter().find(|known| known.name() == Some(text)).ok_or(UnknownService)
    }
}
