//! What a peer may receive from a PACS, by names.

use std::str::FromStr;

use super::operation::{Operation, Operations};
use super::service::{Service, UnknownService};
use super::tables::GroupSet;
use crate::wire::uid::Uid;

/// What a PACS may ask of a peer, as `services` of its `reach` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reception {
    /// Verification.
    Echo,
    /// Objects of every storage class.
    Store,
    /// What became of a storage commitment that the peer has asked for.
    StorageCommitment,
    /// `{ sop_class = ..., operations = [...] }`: what has no name here.
    Other {
        /// The SOP class.
        sop_class: Uid,
        /// The requests that may come.
        operations: Vec<Operation>,
    },
}

/// The Storage Commitment Push Model (PS3.4 section J.3).
const STORAGE_COMMITMENT: &str = "1.2.840.10008.1.20.1";

/// Whether it is the SOP class of storage commitments.
pub fn is_storage_commitment(sop_class: &Uid) -> bool {
    sop_class.as_str() == STORAGE_COMMITMENT
}

impl Reception {
    /// Those that have a name, in the order of the documentation.
    pub const NAMED: &[Self] = &[Self::Echo, Self::Store, Self::StorageCommitment];

    /// The name in the configuration; `None` for what is named by its SOP class.
    pub const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Echo => Some("echo"),
            Self::Store => Some("store"),
            Self::StorageCommitment => Some("storage-commitment"),
            Self::Other { .. } => None,
        }
    }

    /// The groups of the standard's SOP classes of which the PACS is SCU.
    pub(crate) fn groups(&self) -> GroupSet {
        match self {
            Self::Echo => GroupSet::of_service(&Service::Echo),
            Self::Store => {
                let key_objects = GroupSet::of_service(&Service::KeyObject);
                GroupSet::of_service(&Service::Store).union(key_objects)
            }
            Self::StorageCommitment | Self::Other { .. } => GroupSet::default(),
        }
    }

    /// What the PACS, which is the requestor, may send beside these on one SOP class.
    pub(crate) fn given(&self) -> Option<(Uid, Operations)> {
        match self {
            Self::Echo | Self::Store => None,
            Self::StorageCommitment => {
                let reports = Operations::NONE.and_by_requestor(&[Operation::NEventReport]);
                Some((STORAGE_COMMITMENT.parse().ok()?, reports))
            }
            Self::Other { sop_class, operations } => {
                Some((sop_class.clone(), Operations::NONE.and_by_requestor(operations)))
            }
        }
    }
}

impl FromStr for Reception {
    type Err = UnknownService;

    fn from_str(text: &str) -> Result<Self, UnknownService> {
        Self::NAMED.iter().find(|known| known.name() == Some(text)).cloned().ok_or(UnknownService)
    }
}
