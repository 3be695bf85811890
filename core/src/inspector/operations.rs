//! Requests that wait for their final response (PS3.7 section 7).

use super::command::{Command, Role};
use super::fault::Fault;
use super::ledger::Ledger;
use crate::services::Operation;
use crate::side::{PerSide, Side};
use crate::wire::associate::ContextId;
use crate::wire::uid::Uid;

/// The outstanding operations: at most one of each side, because the gate never lets an
/// asynchronous window be negotiated (PS3.7 section D.3.3.3).
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    waiting: PerSide<Option<Waiting>>,
    /// What has ended with a warning behind which some servers go on.
    may_go_on: PerSide<Option<Request>>,
}

/// A repository has found more than it shows (PS3.4 section C.6.4.4): to some servers that is the end
/// of the query, to others not.
const LIMIT_REACHED: u16 = 0xb001;

/// What a side waits for.
#[derive(Debug)]
enum Waiting {
    /// The other side's response to a request that was forwarded.
    Response(Request),
    /// The gate's own response to a request that was not.
    OwnResponse(OwnResponse),
}

#[derive(Debug)]
struct Request {
    message_id: u16,
    operation: Operation,
    context: ContextId,
    sop_class: Option<Uid>,
    /// It was cancelled: once is enough.
    is_cancelled: bool,
    /// The status of the final response, while its data set is on its way.
    ended: Option<u16>,
}

/// The gate's own response.
#[derive(Debug)]
pub(super) struct OwnResponse {
    pub(super) context: ContextId,
    pub(super) command: Vec<u8>,
    /// The refused message has ended; until then an answer would come too early.
    is_due: bool,
}

impl Outstanding {
    pub(super) const fn is_empty(&self) -> bool {
        self.waiting.requestor.is_none() && self.waiting.acceptor.is_none()
    }

    /// Whether a request of this side can be dealt with now.
    pub(super) const fn may_ask(&self, side: Side) -> bool {
        self.waiting.get(side).is_none()
    }

    /// Whether this side waits for a response.
    pub(super) const fn waits(&self, side: Side) -> bool {
        self.waiting.get(side).is_some()
    }

    /// A request goes on to the other side.
    pub(super) fn ask(
        &mut self,
        from: Side,
        operation: Operation,
        message_id: u16,
        command: &Command,
    ) {
        *self.may_go_on.get_mut(from) = None;
        *self.waiting.get_mut(from) = Some(Waiting::Response(Request {
            message_id,
            operation,
            context: command.context,
            sop_class: command.sop_class.clone(),
            is_cancelled: false,
            ended: None,
        }));
    }

    /// A request does not go on; this is its answer once the message is over.
    pub(super) fn refuse(&mut self, from: Side, context: ContextId, command: Vec<u8>) {
        *self.waiting.get_mut(from) =
            Some(Waiting::OwnResponse(OwnResponse { context, command, is_due: false }));
    }

    /// Takes account of a response: it must be asked for.
    pub(super) fn respond(
        &mut self,
        from: Side,
        command: &Command,
        ledger: &mut Ledger,
    ) -> Result<(), Fault> {
        let Role::Response { operation, responds_to, status } = command.role else { return Ok(()) };
        let asker = from.other();
        if self.waiting.get(asker).is_none() {
            let goes_on = self.may_go_on.get_mut(asker).take();
            *self.waiting.get_mut(asker) = goes_on.map(Waiting::Response);
        }
        let Some(Waiting::Response(request)) = self.waiting.get_mut(asker) else {
            return Err(Fault::UnaskedResponse);
        };
        let is_asked = request.message_id == responds_to
            && request.operation == operation
            && request.context == command.context
            && request.ended.is_none();
        if !is_asked {
            return Err(Fault::UnaskedResponse);
        }
        if !status.is_pending {
            request.ended = Some(status.code);
            if operation == Operation::CMove {
                ledger.add_moved(command.sub_operations);
            }
        }
        Ok(())
    }

    /// A message of this side has passed, or was swallowed, to its end.
    pub(super) fn message_ended(&mut self, from: Side, ledger: &mut Ledger) {
        if let Some(Waiting::OwnResponse(answer)) = self.waiting.get_mut(from) {
            answer.is_due = true;
        }
        let asker = from.other();
        let slot = self.waiting.get_mut(asker);
        if let Some(Waiting::Response(Request { ended: Some(status), .. })) = slot {
            let status = *status;
            if let Some(Waiting::Response(request)) = slot.take() {
                let sop_class = request.sop_class.clone();
                ledger.ended(asker, request.operation, sop_class, Some(status));
                if request.operation == Operation::CFind && status == LIMIT_REACHED {
                    *self.may_go_on.get_mut(asker) = Some(Request { ended: None, ..request });
                }
            }
        }
    }

    /// Whether an answer of the gate's own waits for its place in the stream to this side.
    pub(super) const fn owes(&self, side: Side) -> bool {
        matches!(
            self.waiting.get(side),
            Some(Waiting::OwnResponse(OwnResponse { is_due: true, .. }))
        )
    }

    /// The answer that is due to this side; it is no longer outstanding then.
    pub(super) fn take_due(&mut self, side: Side) -> Option<OwnResponse> {
        let slot = self.waiting.get_mut(side);
        if !matches!(slot, Some(Waiting::OwnResponse(OwnResponse { is_due: true, .. }))) {
            return None;
        }
        match slot.take()? {
            Waiting::OwnResponse(answer) => Some(answer),
            Waiting::Response(_) => None,
        }
    }

    /// Whether this side waits for the end of such an operation.
    pub(super) fn awaits(&self, side: Side, operation: Operation) -> bool {
        self.request(side)
            .is_some_and(|request| request.operation == operation && request.ended.is_none())
    }

    /// Cancels what this side waits for, if it is this message and was not cancelled before.
    pub(super) fn cancel(&mut self, side: Side, message_id: u16, context: ContextId) -> bool {
        let Some(Waiting::Response(request)) = self.waiting.get_mut(side) else { return false };
        let can_be_cancelled = request.operation.is_cancellable()
            && request.message_id == message_id
            && request.context == context
            && request.ended.is_none();
        can_be_cancelled && !std::mem::replace(&mut request.is_cancelled, true)
    }

    /// Writes down what nobody has answered when the association ends.
    pub(super) fn abandon(&mut self, ledger: &mut Ledger) {
        for side in [Side::Requestor, Side::Acceptor] {
            if let Some(Waiting::Response(request)) = self.waiting.get_mut(side).take() {
                ledger.ended(side, request.operation, request.sop_class, request.ended);
            }
        }
    }

    const fn request(&self, side: Side) -> Option<&Request> {
        match self.waiting.get(side) {
            Some(Waiting::Response(request)) => Some(request),
            Some(Waiting::OwnResponse(_)) | None => None,
        }
    }
}
