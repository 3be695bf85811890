//! The services by their names.

use std::str::FromStr;

use super::operation::Operation;
use crate::wire::uid::Uid;

/// Declares the services that have a name, a row for each.
macro_rules! services {
    ($($(#[$about:meta])* $service:ident: $name:literal;)+) => {
        /// What a peer may do, as its `services` say.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Service {
            $($(#[$about])* $service,)+
            /// `{ sop_class = ..., operations = [...] }`: what has no name here.
            Other {
                /// The SOP class.
                sop_class: Uid,
                /// What the peer is of it.
                role: Role,
                /// The requests: N-EVENT-REPORT is the SCP's, all others are the SCU's.
                operations: Vec<Operation>,
            },
        }

        impl Service {
            /// The services that have a name, in the order of the documentation.
            pub const NAMED: &[Self] = &[$(Self::$service,)+];

            /// The name in the configuration; `None` for what is named by its SOP class.
            pub const fn name(&self) -> Option<&'static str> {
                match self {
                    $(Self::$service => Some($name),)+
                    Self::Other { .. } => None,
                }
            }
        }
    };
}

services! {
    /// Verification.
    Echo: "echo";
    /// Sending objects, apart from Key Object Selection.
    Store: "store";
    /// Sending Key Object Selection documents.
    KeyObject: "key-object";
    /// Queries.
    Find: "find";
    /// Retrieval to a destination.
    Move: "move";
    /// Retrieval on the same association.
    Get: "get";
    /// The modality worklist.
    Worklist: "worklist";
    /// Modality performed procedure steps.
    Mpps: "mpps";
    /// The push model.
    StorageCommitment: "storage-commitment";
    /// The push model with the peer as SCP: it is asked, and it reports.
    StorageCommitmentScp: "storage-commitment-scp";
    /// Print management.
    Print: "print";
    /// Unified procedure steps.
    Ups: "ups";
    /// Relevant patient information.
    RelevantPatient: "relevant-patient";
    /// Instance availability notification.
    InstanceAvailability: "instance-availability";
    /// Substance administration: its queries and its log.
    SubstanceAdministration: "substance-administration";
    /// Procedural event logging.
    EventLogging: "event-logging";
    /// Media creation management.
    MediaCreation: "media-creation";
    /// The verification of treatment machines.
    RtVerification: "rt-verification";
}

/// What a system is of a SOP class (PS3.7 section D.3.3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It uses the service.
    #[default]
    Scu,
    /// It provides the service.
    Scp,
}

/// A word that names no service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("names no service")]
pub struct UnknownService;

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(text: &str) -> Result<Self, UnknownService> {
        Self::NAMED.iter().find(|known| known.name() == Some(text)).cloned().ok_or(UnknownService)
    }
}
