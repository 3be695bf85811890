//! Requests that are sound and not permitted.

use std::borrow::Cow;
use std::fmt;

use super::command::{Command, Role};
use crate::direction::{Direction, System};
use crate::reason::Sided;
use crate::services::{self, Operation};
use crate::side::Side;
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// Refused: not authorized (PS3.7 section C.5.27).
const NOT_AUTHORIZED: Option<u16> = Some(0x0124);
/// Unrecognized operation (PS3.7 section C.5.24).
const UNRECOGNIZED: Option<u16> = Some(0x0211);

const ASK_THE_VENDOR: [&str; 2] = ["Ask the vendor what this command is: DICOM has none with this \
                                    number, and no key permits it.";
    2];
const SHOW_THE_VENDOR: [&str; 2] = ["Show the vendor the line: a command must name the SOP class of \
                                     its presentation context; no key permits another.";
    2];
const ADD_SERVICE: &str = "If the device may do this, add the service that covers it, or \
                           `{ sop_class, operations }`, to `services` of its [peer] table; if it \
                           never should, ask why it tries.";
const ADD_ROLE: &str = "Look at the PACS: it asks a device for what nobody has requested. If the \
                        device provides this service, add it to `services` of its [peer] table, or \
                        the SOP class with `role = \"scp\"`. If it does not and the PACS is not \
                        faulty, the PACS may have been broken into.";
const ADD_DESTINATION: [&str; 2] = ["If the device may have objects sent there, add the title to \
                                     `move_to` of its [peer] table.";
    2];
const ADD_TITLE: [&str; 2] = ["If the device subscribes under another of its titles, add that to \
                               `calling_ae` of its [peer] table; if it is not its own, ask why it \
                               tries."; 2];
const UNASKED: [&str; 2] = ["Look at the PACS: it sends a device what nobody has requested, which no \
                             key permits. If it is not faulty, it may have been broken into.";
    2];
const UNREQUESTED: [&str; 2] = ["Retrieve again through the gate. Write `after = \"any\"` in the [peer.NAME.reach] table if \
                                 the PACS sends by rules of its own, or if the `originator` in `request` is not \
                                 the title of the device that has retrieved. Otherwise it may have been broken \
                                 into."; 2];
const UNCOMMITTED: [&str; 2] = ["Let the device ask for its commitment through the gate: reports may come for 14 days \
                                 after that. If the PACS reports by rules of its own, write `after = \"any\"` in the \
                                 [peer.NAME.reach] table. Otherwise it may have been broken into.";
    2];
const NEVER: &str =
    "Let the device ask on an association of its own: on one of the PACS no key permits it.";
const RECEIVE: &str = "If the device may receive this, add the service, or `{ sop_class, operations }`, to \
                       `services` of its [peer.NAME.reach] table; if it never should, ask why the PACS tries.";
const RARE: [&str; 2] = ["Nothing, if it is rare: there is nothing to cancel there, and no key lets \
                          it pass."; 2];

crate::sided_reasons! {
    /// Why a sound request is not forwarded, with the status of the gate's response; `None` for
    /// what has no response.
    pub enum Forbidden -> Option<u16> {
        UnknownCommand: "unknown-command",
            "PS3.7 knows no such request", ASK_THE_VENDOR => UNRECOGNIZED;
        SopClass: "foreign-sop-class",
            "the request names a SOP class that does not belong on its context",
            SHOW_THE_VENDOR => NOT_AUTHORIZED;
        Operation: "operation",
            "its sender may not make this request on this context",
            [ADD_SERVICE, ADD_ROLE] => NOT_AUTHORIZED;
        MoveDestination only Requestor: "move-destination",
            "the peer may not have objects moved there", ADD_DESTINATION => NOT_AUTHORIZED;
        ReceivingAe only Requestor: "receiving-ae",
            "the peer may subscribe none but its own titles", ADD_TITLE => NOT_AUTHORIZED;
        StoreOutsideGet only Acceptor: "store-outside-get",
            "an object of the PACS while no C-GET is under way",
            UNASKED => NOT_AUTHORIZED;
        UnrequestedObject only Requestor: "unrequested-object",
            "an object of the PACS that nobody has asked to be sent there",
            UNREQUESTED => NOT_AUTHORIZED;
        UnrequestedReport only Requestor: "unrequested-report",
            "the report of a storage commitment that the peer has not asked for",
            UNCOMMITTED => NOT_AUTHORIZED;
        Cancel: "cancel",
            "a C-CANCEL on a context where nothing can be cancelled", RARE => None;
    }
}

/// A request that was not forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForbiddenRequest {
    /// Why it is forbidden, and who sent it.
    pub why: Sided<Forbidden>,
    /// What was asked for.
    pub asked: Asked,
    /// The SOP class that it names; of unknown commands nothing is read.
    pub sop_class: Option<Uid>,
    /// Where a C-MOVE wanted the objects.
    pub destination: Option<AeTitle>,
    /// Who has asked for the object, by the PACS, where nobody did.
    pub originator: Option<AeTitle>,
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

impl ForbiddenRequest {
    /// What the administrator does about it: the reason's advice, or a closer one that names the
    /// service.
    pub fn advice(&self, direction: Direction) -> Option<Cow<'static, str>> {
        if direction == Direction::Outward && self.why.what == Forbidden::Operation {
            return Some(Cow::Borrowed(match direction.system(self.why.side) {
                System::Pacs => RECEIVE,
                System::Peer => NEVER,
            }));
        }
        let service = match (self.why, self.asked, &self.sop_class) {
            (
                Sided { side: Side::Requestor, what: Forbidden::Operation },
                Asked::Operation(operation),
                Some(sop_class),
            ) => services::name_for(operation, sop_class),
            _ => None,
        };
        let closer = service.map(|name| {
            Cow::Owned(format!(
                "If the device may do this, add `{name}` to `services` of its [peer] table; if it \
                 never should, ask why it tries."
            ))
        });
        closer.or_else(|| Some(Cow::Borrowed(self.why.advice_in(direction))))
    }

    pub(super) fn new(from: Side, why: Forbidden, command: &Command) -> Self {
        let asked = match command.role {
            Role::Request { operation, .. } | Role::Response { operation, .. } => {
                Asked::Operation(operation)
            }
            Role::UnknownRequest { field, .. } => Asked::Unknown(field),
            Role::Cancel { .. } => Asked::Cancel,
        };
        let sop_class = command.sop_class.clone();
        let (why, destination) = (why.by(from), command.destination);
        let originator = command.originator.filter(|_| why.what == Forbidden::UnrequestedObject);
        Self { why, asked, sop_class, destination, originator }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Explained;

    #[test]
    fn every_advice_names_a_key_or_says_that_none_permits_it() {
        for why in Forbidden::all() {
            let advice = why.advice().unwrap();
            assert_ne!(advice.contains('`'), advice.contains("no key"), "{}", why.code());
        }
    }
}
