//! Named sets of SOP classes and the operations on them: what `services = [...]` means.
//!
//! [`table`] is the whole mapping, from service to SOP classes to the DIMSE requests that either
//! side may send. What no service covers, a peer may be given by `{ sop_class, operations }`,
//! apart from the Unified Procedure Step and retired meta SOP classes.

mod left_out;
mod naming;
mod operation;
mod print;
mod procedure;
mod query;
mod sop_class;
mod storage;
mod tables;

use std::fmt;
use std::str::FromStr;

pub use naming::on_context;
pub use operation::{Operation, Operations, UnknownOperation};
pub use sop_class::{SopClass, UnknownSopClass};
pub(crate) use tables::GroupSet;
pub use tables::{Condition, Group};

use crate::side::Side;
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
#[error(
    "names no service; they are echo, store, key-object, find, move, get, worklist, mpps, \
     storage-commitment and print"
)]
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
    #[must_use]
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

    /// Whether C-MOVE belongs to it.
    #[must_use]
    pub fn moves(&self) -> bool {
        if let Self::Other { operations, .. } = self {
            return operations.contains(&Operation::CMove);
        }
        let mut groups = GroupSet::of_service(self).iter();
        groups.any(|group| group.operations.allows(Side::Requestor, Operation::CMove))
    }
}

/// The mapping of named services to SOP classes and operations, in the order of the services.
pub fn table() -> impl Iterator<Item = &'static Group> {
    tables::GROUPS.iter()
}

/// Whether a SOP class is one of the Unified Procedure Step, which nothing can permit yet.
#[must_use]
pub fn is_unified_procedure_step(uid: &Uid) -> bool {
    left_out::UNIFIED_PROCEDURE_STEP.iter().any(|class| class.uid == uid.as_str())
}

/// Whether a SOP class is a retired meta SOP class, on whose contexts nothing could be permitted.
#[must_use]
pub fn is_retired_meta(uid: &Uid) -> bool {
    left_out::RETIRED_META.iter().any(|class| class.uid == uid.as_str())
}

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(text: &str) -> Result<Self, UnknownService> {
        Self::NAMED.into_iter().find(|known| known.name() == Some(text)).ok_or(UnknownService)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Other { sop_class, .. } = self {
            return fmt::Display::fmt(sop_class, f);
        }
        f.write_str(self.name().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
