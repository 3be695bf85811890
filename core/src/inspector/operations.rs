//! Requests that wait for their final response (PS3.7 section 7).

use super::command::{Command, Role};
use super::{Fault, Side};

/// The outstanding operations: at most one of each side, because the gate never lets an
/// asynchronous window be negotiated (PS3.7 section D.3.3.3).
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    of_requestor: Option<Operation>,
    of_pacs: Option<Operation>,
}

#[derive(Clone, Copy, Debug)]
struct Operation {
    message_id: u16,
    command: u16,
}

impl Outstanding {
    pub(super) const fn is_empty(&self) -> bool {
        self.of_requestor.is_none() && self.of_pacs.is_none()
    }

    /// Takes account of a command set.
    pub(super) fn note(&mut self, from: Side, command: &Command) -> Result<(), Fault> {
        match command.role() {
            Role::Request { message_id } => {
                let slot = self.of(from);
                if slot.is_some() {
                    return Err(Fault::SecondRequest);
                }
                *slot = Some(Operation { message_id, command: command.field() });
                Ok(())
            }
            Role::Response { responds_to, is_final } => {
                let slot = self.of(from.other());
                let asked = slot.is_some_and(|operation| {
                    operation.message_id == responds_to
                        && operation.command == command.field() & !Command::RESPONSE
                });
                if !asked {
                    return Err(Fault::UnaskedResponse);
                }
                if is_final {
                    *slot = None;
                }
                Ok(())
            }
            // It may cross the final response on the wire, so it is legal with nothing outstanding.
            Role::Cancel => Ok(()),
        }
    }

    const fn of(&mut self, side: Side) -> &mut Option<Operation> {
        match side {
            Side::Requestor => &mut self.of_requestor,
            Side::Pacs => &mut self.of_pacs,
        }
    }
}
