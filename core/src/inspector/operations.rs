//! Requests that wait for their final response (PS3.7 section 7).

use super::command::{Command, Role};
use super::disclosed::{Disclosed, Object};
use super::fault::Fault;
use super::ledger::Ledger;
use crate::services::Operation;
use crate::side::{PerSide, Side};
use crate::wire::associate::ContextId;
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// The outstanding operations.
///
/// The gate never lets an asynchronous window be negotiated (PS3.7 section D.3.3.3), so there is one
/// of each side, but where each side waits for the other: see [`Outstanding::may_ask`].
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    waiting: PerSide<Waiting>,
    /// How often one of them has gone on.
    steps: u64,
}

/// The most requests of a side that are outstanding at once.
const MOST: usize = 8;
/// A repository has found more than it shows (PS3.4 section C.6.4.4): to some servers that is the end
/// of the query, to others not.
const LIMIT_REACHED: u16 = 0xb001;

/// What a side waits for.
#[derive(Debug, Default)]
struct Waiting {
    /// The other side's responses to requests that were forwarded, the oldest first.
    requests: Vec<Request>,
    /// The gate's own response to a request that was not.
    own: Option<OwnResponse>,
    /// What has ended with a warning behind which some servers go on.
    may_go_on: Option<Request>,
}

#[derive(Debug)]
struct Request {
    message_id: u16,
    operation: Operation,
    context: ContextId,
    sop_class: Option<Uid>,
    /// Where a C-MOVE has its objects sent.
    destination: Option<AeTitle>,
    /// It was cancelled: once is enough.
    is_cancelled: bool,
    /// The status of the final response, while its data set is on its way.
    ended: Option<u16>,
    /// The step at which it went on last.
    step: u64,
    /// Of an object, what is told of it when it has its response.
    object: Option<Box<Object>>,
}

/// The gate's own response.
#[derive(Debug)]
pub(super) struct OwnResponse {
    pub(super) context: ContextId,
    pub(super) command: Vec<u8>,
    /// The refused message has ended; until then an answer would come too early.
    is_due: bool,
}

impl Waiting {
    const fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.own.is_none()
    }
}

impl Request {
    fn is(&self, message_id: u16, context: ContextId) -> bool {
        self.message_id == message_id && self.context == context && self.ended.is_none()
    }
}

impl Request {
    /// Tells of its object.
    fn tell(&mut self, ledger: &mut Ledger) {
        if let Some(object) = self.object.take() {
            let status = self.ended;
            ledger.disclose(Disclosed::Object(Object { status, ..*object }));
        }
    }
}

impl Outstanding {
    pub(super) const fn is_empty(&self) -> bool {
        self.waiting.requestor.is_empty() && self.waiting.acceptor.is_empty()
    }

    /// Whether a request of this side can be dealt with now: once it has the response to the one
    /// before, or at once if the other side `is_waiting` for it. The answer to that may stand behind
    /// the request, and each would wait for the other.
    pub(super) const fn may_ask(&self, side: Side, is_waiting: bool) -> bool {
        let Waiting { requests, own, .. } = self.waiting.get(side);
        let is_waiting = is_waiting || !self.waiting.get(side.other()).requests.is_empty();
        own.is_none() && (requests.is_empty() || is_waiting && requests.len() < MOST)
    }

    /// Whether this side waits for a response.
    pub(super) const fn waits(&self, side: Side) -> bool {
        !self.waiting.get(side).is_empty()
    }

    /// A request goes on to the other side.
    pub(super) fn ask(
        &mut self,
        from: Side,
        operation: Operation,
        message_id: u16,
        command: &Command,
    ) {
        let requests = &mut self.waiting.get_mut(from).requests;
        // Nearly every device has one at a time.
        requests.reserve_exact(1);
        requests.push(Request {
            message_id,
            operation,
            context: command.context,
            sop_class: command.sop_class.clone(),
            destination: command.destination,
            is_cancelled: false,
            ended: None,
            step: 0,
            object: None,
        });
        self.went_on(from, command);
    }

    /// What is told of the object of a request, which has passed to its end.
    pub(super) fn shows(
        &mut self,
        from: Side,
        message_id: u16,
        context: ContextId,
        object: Object,
    ) {
        // A message ID may come twice: it is the newest that has just passed.
        let mut requests = self.waiting.get_mut(from).requests.iter_mut().rev();
        if let Some(request) = requests.find(|it| it.is(message_id, context)) {
            request.object = Some(Box::new(object));
        }
    }

    /// A command has passed, or the data set behind it: the operation goes on to which it belongs.
    /// That of an object which C-GET returns is a part of the C-GET, too (PS3.4 section C.4.3.2).
    pub(super) fn went_on(&mut self, from: Side, command: &Command) {
        let (asker, operation, message_id) = match command.role {
            Role::Request { operation, message_id } => (from, operation, message_id),
            Role::Response { operation, responds_to, .. } => (from.other(), operation, responds_to),
            Role::UnknownRequest { .. } | Role::Cancel { .. } => return,
        };
        self.steps += 1;
        let step = self.steps;
        // A message ID may come twice: the newest is asked, the oldest is answered.
        let own = self.waiting.get_mut(asker).requests.iter_mut();
        let mut own = own.filter(|it| it.is(message_id, command.context));
        let own = if command.is_request() { own.next_back() } else { own.next() };
        own.into_iter().for_each(|it| it.step = step);
        if (asker, operation) == (Side::Acceptor, Operation::CStore) {
            let gets = self.waiting.requestor.requests.iter_mut();
            gets.filter(|it| it.operation == Operation::CGet).for_each(|it| it.step = step);
        }
    }

    /// Whether this side waits for the response to a C-STORE.
    pub(super) fn stores(&self, side: Side) -> bool {
        let mut requests = self.waiting.get(side).requests.iter();
        requests.any(|request| request.operation == Operation::CStore)
    }

    /// The step at which the operation that has waited for longest went on last; 0 without one.
    pub(super) fn longest_waiting(&self) -> u64 {
        let all = self.waiting.requestor.requests.iter().chain(&self.waiting.acceptor.requests);
        all.map(|request| request.step).min().unwrap_or_default()
    }

    /// Where the C-MOVE of this side that a response belongs to has its objects sent.
    pub(super) fn destination(&self, asker: Side, response: &Command) -> Option<AeTitle> {
        let Role::Response { responds_to, .. } = response.role else { return None };
        let mut requests = self.waiting.get(asker).requests.iter();
        requests.find(|it| it.is(responds_to, response.context))?.destination
    }

    /// The newest request does not go on after all.
    pub(super) fn withdraw(&mut self, from: Side) {
        self.waiting.get_mut(from).requests.pop();
    }

    /// A request does not go on; this is its answer once the message is over.
    pub(super) fn refuse(&mut self, from: Side, context: ContextId, command: Vec<u8>) {
        self.waiting.get_mut(from).own = Some(OwnResponse { context, command, is_due: false });
    }

    /// Takes account of a response: it must be asked for. If the newest request `is_held`, the other
    /// side has not heard of it.
    pub(super) fn respond(
        &mut self,
        from: Side,
        command: &Command,
        is_held: bool,
        ledger: &mut Ledger,
    ) -> Result<(), Fault> {
        let Role::Response { operation, responds_to, status } = command.role else { return Ok(()) };
        let is_asked =
            |it: &Request| it.operation == operation && it.is(responds_to, command.context);
        let Waiting { requests, may_go_on, .. } = self.waiting.get_mut(from.other());
        let heard = requests.len() - usize::from(is_held && !requests.is_empty());
        let asked = match requests.iter().take(heard).position(is_asked) {
            Some(asked) => {
                // The other side has come to what was asked later.
                *may_go_on = None;
                asked
            }
            None => {
                let goes_on = may_go_on.take_if(|it| is_asked(it)).ok_or(Fault::UnaskedResponse)?;
                requests.insert(0, goes_on);
                0
            }
        };
        let request = requests.get_mut(asked).ok_or(Fault::UnaskedResponse)?;
        if !status.is_pending {
            request.ended = Some(status.code);
            if operation == Operation::CMove {
                ledger.add_moved(command.sub_operations);
            }
        }
        self.went_on(from, command);
        Ok(())
    }

    /// A message of this side has passed, or was swallowed, to its end.
    pub(super) fn message_ended(&mut self, from: Side, ledger: &mut Ledger) {
        if let Some(own) = &mut self.waiting.get_mut(from).own {
            own.is_due = true;
        }
        let asker = from.other();
        let Waiting { requests, may_go_on, .. } = self.waiting.get_mut(asker);
        let ended = requests.iter().position(|request| request.ended.is_some());
        if let Some(mut request) = ended.map(|ended| requests.remove(ended)) {
            request.tell(ledger);
            let Request { operation, ended, .. } = request;
            ledger.ended(asker, operation, request.sop_class.clone(), ended);
            if operation == Operation::CFind && ended == Some(LIMIT_REACHED) {
                *may_go_on = Some(Request { ended: None, ..request });
            }
        }
    }

    /// Whether an answer of the gate's own waits for its place in the stream to this side.
    pub(super) const fn owes(&self, side: Side) -> bool {
        matches!(self.waiting.get(side).own, Some(OwnResponse { is_due: true, .. }))
    }

    /// The answer that is due to this side; it is no longer outstanding then.
    pub(super) fn take_due(&mut self, side: Side) -> Option<OwnResponse> {
        self.waiting.get_mut(side).own.take_if(|own| own.is_due)
    }

    /// Whether this side waits for the end of such an operation, of which the other side has heard:
    /// not if it is the newest request and that `is_held`.
    pub(super) fn awaits(&self, side: Side, operation: Operation, is_held: bool) -> bool {
        let requests = &self.waiting.get(side).requests;
        let mut heard = requests.iter().rev().skip(usize::from(is_held));
        heard.any(|request| request.operation == operation && request.ended.is_none())
    }

    /// Cancels what this side waits for, if it is this message and was not cancelled before.
    pub(super) fn cancel(&mut self, side: Side, message_id: u16, context: ContextId) -> bool {
        let mut requests = self.waiting.get_mut(side).requests.iter_mut();
        let found = requests.find(|it| it.operation.is_cancellable() && it.is(message_id, context));
        found.is_some_and(|it| !std::mem::replace(&mut it.is_cancelled, true))
    }

    /// Writes down what nobody has answered when the association ends.
    pub(super) fn abandon(&mut self, ledger: &mut Ledger) {
        for side in [Side::Requestor, Side::Acceptor] {
            for mut request in self.waiting.get_mut(side).requests.drain(..) {
                request.tell(ledger);
                ledger.ended(side, request.operation, request.sop_class, request.ended);
            }
        }
    }
}
