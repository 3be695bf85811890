//! Requests that are sound and not permitted.

use std::fmt;

use super::command::{Command, Role};
use crate::services::Operation;
use crate::side::Side;
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// Why a sound request is not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Forbidden {
    /// PS3.7 knows no such request.
    UnknownCommand,
    /// The request names a SOP class that has no place on its context.
    SopClass,
    /// The context does not permit the request to this side.
    Operation,
    /// The peer may not have objects moved there.
    MoveDestination,
    /// An object of the PACS while no C-GET is under way.
    StoreOutsideGet,
    /// C-CANCEL on a context where nothing can be cancelled.
    Cancel,
}

/// A request that was not forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForbiddenRequest {
    /// Who sent it.
    pub from: Side,
    /// Why it is forbidden.
    pub why: Forbidden,
    /// What was asked for.
    pub asked: Asked,
    /// The SOP class that it names; of unknown commands nothing is read.
    pub sop_class: Option<Uid>,
    /// Where a C-MOVE wanted the objects.
    pub destination: Option<AeTitle>,
}

/// A command by its name, or by its number where it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A request of PS3.7.
    Operation(Operation),
    /// C-CANCEL.
    Cancel,
    /// The command field of an unknown request.
    Unknown(u16),
}

impl Forbidden {
    /// Everything that can happen, by the side that asked.
    pub const ALL: [(Side, Self); 10] = [
        (Side::Requestor, Self::UnknownCommand),
        (Side::Requestor, Self::SopClass),
        (Side::Requestor, Self::Operation),
        (Side::Requestor, Self::MoveDestination),
        (Side::Requestor, Self::Cancel),
        (Side::Acceptor, Self::UnknownCommand),
        (Side::Acceptor, Self::SopClass),
        (Side::Acceptor, Self::Operation),
        (Side::Acceptor, Self::StoreOutsideGet),
        (Side::Acceptor, Self::Cancel),
    ];

    /// The stable code for the audit and the counters.
    #[must_use]
    pub const fn code(self, from: Side) -> &'static str {
        match (from, self) {
            (Side::Requestor, Self::UnknownCommand) => "requestor-unknown-command",
            (Side::Requestor, Self::SopClass) => "requestor-foreign-sop-class",
            (Side::Requestor, Self::Operation) => "requestor-operation",
            (Side::Requestor, Self::MoveDestination) => "requestor-move-destination",
            (Side::Requestor, Self::StoreOutsideGet) => "requestor-store-outside-get",
            (Side::Requestor, Self::Cancel) => "requestor-cancel",
            (Side::Acceptor, Self::UnknownCommand) => "acceptor-unknown-command",
            (Side::Acceptor, Self::SopClass) => "acceptor-foreign-sop-class",
            (Side::Acceptor, Self::Operation) => "acceptor-operation",
            (Side::Acceptor, Self::MoveDestination) => "acceptor-move-destination",
            (Side::Acceptor, Self::StoreOutsideGet) => "acceptor-store-outside-get",
            (Side::Acceptor, Self::Cancel) => "acceptor-cancel",
        }
    }

    /// What the administrator does about it.
    #[must_use]
    pub const fn advice(self, from: Side) -> &'static str {
        match (from, self) {
            (_, Self::UnknownCommand) => {
                "Ask the vendor what this command is: DICOM has none with this number."
            }
            (_, Self::SopClass) => {
                "Show the vendor the line: a command must name the SOP class of its presentation \
                 context."
            }
            (Side::Requestor, Self::Operation) => {
                "If the device may do this, add the service to `services` of its [peer] table; if \
                 it never should, ask why it tries."
            }
            (_, Self::MoveDestination) => {
                "If the device may have objects sent there, add the title to `move_to` of its \
                 [peer] table."
            }
            (_, Self::Cancel) => "Nothing, if it is rare: there is nothing to cancel there.",
            (Side::Acceptor, Self::Operation) | (_, Self::StoreOutsideGet) => {
                "Look at the PACS: it asks a device for what nobody has requested. If it is not \
                 faulty, it may have been broken into."
            }
        }
    }

    /// The status of the gate's answer (PS3.7 annex C); `None` for what has no response.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        /// Refused: not authorized (C.5.27).
        const NOT_AUTHORIZED: u16 = 0x0124;
        /// Unrecognized operation (C.5.24).
        const UNRECOGNIZED: u16 = 0x0211;
        match self {
            Self::UnknownCommand => Some(UNRECOGNIZED),
            Self::SopClass | Self::Operation | Self::MoveDestination | Self::StoreOutsideGet => {
                Some(NOT_AUTHORIZED)
            }
            Self::Cancel => None,
        }
    }
}

impl ForbiddenRequest {
    pub(super) fn new(from: Side, why: Forbidden, command: &Command) -> Self {
        let asked = match command.role {
            Role::Request { operation, .. } | Role::Response { operation, .. } => {
                Asked::Operation(operation)
            }
            Role::UnknownRequest { field, .. } => Asked::Unknown(field),
            Role::Cancel { .. } => Asked::Cancel,
        };
        let sop_class = command.sop_class.clone();
        Self { from, why, asked, sop_class, destination: command.destination }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(operation) => operation.fmt(f),
            Self::Cancel => f.write_str("c-cancel"),
            Self::Unknown(field) => write!(f, "{field:04x}"),
        }
    }
}
