//! What a data set is for, and whose it is.

use std::sync::Arc;

use super::deviation::{Deviation, Tolerated};
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// What a data set is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An object that C-STORE brings: its identifiers are the command's.
    Object {
        /// The Affected SOP Class UID of the command.
        sop_class: Uid,
        /// The Affected SOP Instance UID of the command.
        sop_instance: Uid,
    },
    /// The identifier of a C-FIND, C-MOVE or C-GET, in requests and responses.
    Query,
    /// The information of an action on a unified procedure step, which may subscribe none but these
    /// titles (PS3.4 section CC.2.3).
    StepAction {
        /// Who may be the Receiving AE.
        receivers: Arc<[AeTitle]>,
    },
    /// The attributes of a normalized service, and anything else.
    Attributes,
}

/// Whose data set it is, and so what is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// A requestor's: each deviation is an error unless it is tolerated.
    Requestor {
        /// What this peer may do against the standard.
        tolerated: Tolerated,
    },
    /// An acceptor's: deviations are counted, so that old archives stay readable. What makes the walk
    /// impossible, and what leads out of a directory, is an error.
    Acceptor,
}

impl Rules {
    /// Whether a deviation is let through.
    pub(super) const fn permit(self, deviation: Deviation) -> bool {
        match self {
            Self::Requestor { tolerated } => tolerated.contains(deviation),
            Self::Acceptor => true,
        }
    }

    /// Whether elements may come in any order, so that repetitions need a memory.
    pub(super) const fn permit_disorder(self) -> bool {
        self.permit(Deviation::Order)
    }
}
