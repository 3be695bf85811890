//! What may pass once an association is established: framing, phases and messages.
//!
//! One [`Inspector`] judges both directions of an association. It is fed slices as they come,
//! cut anywhere, and writes what may pass, in the gate's own framing: one PDV per PDU (PS3.8
//! section 9.3.5), command sets in PDUs of their own. Headers and command sets are withheld until
//! they are whole, a request also until the head of its data set is walked; the rest streams
//! through.
//!
//! A request that is sound and not permitted ends nothing: it is swallowed with its data set, and
//! the gate itself gives the response, as soon as no message is under way towards the asker.

mod command;
mod contexts;
mod disclosed;
mod fault;
mod forbidden;
mod guard;
mod guarding;
mod lane;
mod ledger;
mod operations;
mod outlet;
mod permission;
mod progress;
mod quota;
mod release;
mod shared;
mod tidied;

pub use command::{CommandError, SubOperations};
pub use contexts::{Context, Contexts, Enforcement, Grants, Maxima};
pub use disclosed::{Disclosed, MAX_IDENTIFIER, Object, Query};
pub use fault::Fault;
pub use forbidden::{Asked, Forbidden, ForbiddenRequest};
pub use guard::HEAD;
pub use guarding::{Guarding, Mode};
pub use lane::MAX_COMMAND;
pub use ledger::{Ledger, News, Outcome, Performed, Stores, UnsoundDataSet};
pub use outlet::{Fed, Out};
pub use progress::Progress;
pub use quota::{Caps, Quota, Stored};
pub use shared::{Awaited, Requests, Shared};
pub use tidied::Tidied;

use crate::data_set::DataSetError;
use crate::direction::System;
use crate::reason::Sided;
use crate::services::{Operation, is_storage_commitment};
use crate::side::{PerSide, Side};
use crate::wire::pdu;
use crate::wire::reject::Abort;
use command::{Command, Follows, Role};
use guard::Guard;
use lane::{Lane, Step, Unsound};
use operations::Outstanding;
use outlet::{Passing, Uncopied};
use permission::Cancel;
use release::Release;

/// How far an association has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is awaited but the rest of a message, or the next one.
    Open,
    /// A whole request waits for its final response.
    Operating,
    /// A side asked for release, and this one owes the answer.
    Releasing(Side),
    /// Every request for release is answered: nothing more will pass.
    Released,
    /// This side aborted: nothing more will pass.
    Aborted(Side),
}

/// Judges everything that passes on one established association.
#[derive(Debug)]
pub struct Inspector {
    contexts: Contexts,
    lanes: PerSide<Lane>,
    shared: Shared,
    outstanding: Outstanding,
    ledger: Ledger,
    /// Requests that came before the response to the one before: nothing more is taken of that side.
    early: PerSide<Option<Box<Command>>>,
    /// One of them has gone on: its side is the next to be fed, unless a turn ends between them.
    yields: Option<Side>,
    release: Release,
    aborted: Option<Side>,
    /// Each side is heard to the end of its message, and no further.
    winds_up: bool,
}

/// What the gate's own responses say to people (PS3.7 section C.1.2).
const COMMENT: &str = "Not permitted by the gateway";

impl Inspector {
    /// An inspector for an association with these accepted contexts.
    pub fn new(contexts: Contexts) -> Self {
        let maxima = contexts.maxima;
        Self {
            lanes: PerSide {
                requestor: Lane::new(maxima.from_requestor, maxima.to_acceptor),
                acceptor: Lane::new(maxima.from_acceptor, maxima.to_requestor),
            },
            contexts,
            shared: Shared::default(),
            outstanding: Outstanding::default(),
            ledger: Ledger::default(),
            early: PerSide::default(),
            yields: None,
            release: Release::default(),
            aborted: None,
            winds_up: false,
        }
    }

    /// The same, with what it shares with other associations.
    #[must_use]
    pub fn sharing(self, shared: Shared) -> Self {
        Self { shared, ..self }
    }

    /// What was agreed on. What is permitted on it may change: see [`Inspector::bind`].
    pub const fn contexts(&self) -> &Contexts {
        &self.contexts
    }

    /// Judges by other rules from the next request on; what is under way goes on as it was judged.
    /// The contexts are those of [`Inspector::contexts`] under them.
    pub fn bind(&mut self, contexts: Contexts, shared: Shared) {
        (self.contexts, self.shared) = (contexts, shared);
    }

    /// Lets what is under way come to the end of its message, and nothing begin.
    pub const fn wind_up(&mut self) {
        self.winds_up = true;
    }

    /// Whether nothing is under way any more of what [`Inspector::wind_up`] has let go on.
    pub const fn is_wound_up(&self) -> bool {
        self.winds_up && self.is_between(Side::Requestor) && self.is_between(Side::Acceptor)
    }

    /// Judges the next bytes of a side and appends to `out` what may pass. Returns how many bytes it
    /// took: all, but for those behind a request that must wait for the response to the one before,
    /// and those behind such a response. They are to be fed again when [`Inspector::wants`] more; the
    /// rest of the request that has waited comes first.
    ///
    /// What comes behind the end of an association is dropped (PS3.8 state 13).
    ///
    /// # Errors
    ///
    /// The rule that was broken, and who broke it. The association is over then: feed nothing more.
    pub fn feed(&mut self, from: Side, input: &[u8], out: &mut Out) -> Result<usize, Sided<Fault>> {
        let Fed { taken, as_came } = self.feed_uncopied(from, input, out)?;
        out.towards(from.other()).extend_from_slice(input.get(..as_came).unwrap_or_default());
        Ok(taken)
    }

    /// The same as [`Inspector::feed`], but where the buffer is empty it does not copy into it what leaves
    /// as it came, in the gate's own framing, as long as nothing else leaves: see [`Fed::as_came`].
    ///
    /// # Errors
    ///
    /// Those of [`Inspector::feed`]; what may pass is in `out` then.
    pub fn feed_uncopied(
        &mut self,
        from: Side,
        input: &[u8],
        out: &mut Out,
    ) -> Result<Fed, Sided<Fault>> {
        let mut uncopied = Uncopied::of(input, from, out);
        let judged = self.judge(from, input, &mut uncopied, out);
        let taken = judged.inspect_err(|_| uncopied.settle(out.towards(from.other())))?;
        Ok(Fed { taken, as_came: uncopied.as_came })
    }

    fn judge(
        &mut self,
        from: Side,
        input: &[u8],
        uncopied: &mut Uncopied<'_>,
        out: &mut Out,
    ) -> Result<usize, Sided<Fault>> {
        let mut rest = input;
        self.yields = None;
        while !rest.is_empty() && self.wants(from) && self.yields != Some(from.other()) {
            let lane = self.lanes.get_mut(from);
            let passing = &mut Passing { uncopied, out: out.towards(from.other()) };
            let step =
                lane.advance(&mut rest, &self.contexts, passing).map_err(|it| it.by(from))?;
            if let Some(unsound) = lane.take_unsound() {
                self.refuse_data_set(from, unsound, out)?;
            }
            self.obey(from, step, out)?;
            if !out.towards(from.other()).is_empty() {
                uncopied.settle(out.towards(from.other()));
            }
        }
        Ok(if self.is_over() { input.len() } else { input.len() - rest.len() })
    }

    /// Whether this side is to be read: not while it waits for an answer. The relay reads it only
    /// while there is room besides.
    pub const fn wants(&self, from: Side) -> bool {
        let is_wound_up = self.winds_up && self.is_between(from);
        !self.is_over()
            && !self.outstanding.owes(from)
            && self.early.get(from).is_none()
            && !is_wound_up
    }

    /// How many headers, elements and pieces it has gone through, whatever their length: what takes its
    /// time besides bytes.
    pub const fn steps(&self) -> u64 {
        self.lanes.requestor.steps() + self.lanes.acceptor.steps()
    }

    /// Whether nothing is under way: no PDU, no message, no operation, no release.
    pub fn is_at_rest(&self) -> bool {
        self.phase() == Phase::Open
            && self.outstanding.is_empty()
            && self.lanes.requestor.is_between_messages()
            && self.lanes.acceptor.is_between_messages()
    }

    /// Whether no message of this side is under way; one that waits has not begun for the other.
    const fn is_between(&self, side: Side) -> bool {
        self.early.get(side).is_some() || self.lanes.get(side).is_between_messages()
    }

    /// Whether a side that sends no more has still something to hear: the response to its request,
    /// or the answer to its release. Not while the other side waits for a word of it.
    pub fn has_more_for(&self, side: Side) -> bool {
        if !self.lanes.get(side).is_between_messages() {
            return false;
        }
        if let Phase::Releasing(owing) = self.phase() {
            return owing != side;
        }
        self.outstanding.waits(side) && !self.outstanding.waits(side.other())
    }

    /// What was done and what was refused so far.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What has happened since this was asked last.
    pub fn take_news(&mut self) -> Vec<News> {
        self.ledger.take_news()
    }

    /// The same at the end, with what was not answered.
    pub fn into_ledger(mut self) -> Ledger {
        self.outstanding.abandon(&mut self.ledger);
        self.ledger
    }

    /// Whether a PDU of the gate's own may be written to this side, behind what is in `Out`.
    pub const fn at_boundary(&self, to: Side) -> bool {
        !self.lanes.get(to.other()).is_inside_forwarded_pdu()
    }

    /// Whether a PDU of this side has begun and not ended.
    pub const fn is_inside_pdu(&self, from: Side) -> bool {
        self.lanes.get(from).is_inside_pdu()
    }

    /// How many whole PDUs this side has sent.
    pub const fn pdus(&self, from: Side) -> u64 {
        self.lanes.get(from).pdus()
    }

    /// How far the messages of this side have come.
    pub const fn progress(&self, from: Side) -> Progress {
        self.lanes.get(from).progress()
    }

    /// How far the C-STORE operations have come that this side has asked for.
    pub fn stores(&self, from: Side) -> Stores {
        Stores { is_waiting: self.outstanding.stores(from), ..self.ledger.stores(from) }
    }

    /// A number that changes when the operation without progress for longest goes on or ends; 0
    /// while there is none.
    pub fn longest_waiting(&self) -> u64 {
        self.outstanding.longest_waiting()
    }

    /// How far the association has come.
    pub const fn phase(&self) -> Phase {
        if let Some(side) = self.aborted {
            return Phase::Aborted(side);
        }
        if self.release.is_complete() {
            return Phase::Released;
        }
        if let Some(side) = self.release.owing() {
            return Phase::Releasing(side);
        }
        let is_underway =
            self.is_inside_message(Side::Requestor) || self.is_inside_message(Side::Acceptor);
        if self.outstanding.is_empty() || is_underway { Phase::Open } else { Phase::Operating }
    }

    const fn is_over(&self) -> bool {
        self.aborted.is_some() || self.release.is_complete()
    }

    /// Whether the rest of a message is awaited from this side: not of one that waits itself.
    pub const fn is_inside_message(&self, from: Side) -> bool {
        self.lanes.get(from).is_inside_message() && self.early.get(from).is_none()
    }

    fn obey(&mut self, from: Side, step: Step, out: &mut Out) -> Result<(), Sided<Fault>> {
        let may = |verdict: Result<(), Fault>| verdict.map_err(|fault| fault.by(from));
        match step {
            Step::Continue => {}
            Step::Data => may(self.release.may_send_data(from))?,
            Step::Command(command) => {
                self.ledger.add_tidied(&command.tidied);
                let is_early = command.asks() && self.outstanding.waits(from);
                if is_early {
                    self.ledger.tidy(Tidied::SecondRequest);
                }
                if is_early && !self.may_ask(from) {
                    *self.early.get_mut(from) = Some(Box::new(command));
                } else {
                    self.begin(from, command, out)?;
                }
            }
            Step::DataSetEnd(guard) => {
                if let Some(mut guard) = guard {
                    self.write_down(from, &guard);
                    self.disclose(from, &mut guard);
                    self.has_gone(from, guard.command());
                    self.outstanding.went_on(from, guard.command());
                }
                self.message_ended(from, out)?;
            }
            Step::ReleaseRq => {
                may(self.release.ask(from))?;
                self.lanes.get_mut(from).passed_whole();
                out.towards(from.other()).extend_from_slice(&pdu::RELEASE_RQ);
                self.go_on(from.other(), out)?;
            }
            Step::ReleaseRp => {
                may(self.release.answer(from))?;
                self.lanes.get_mut(from).passed_whole();
                out.towards(from.other()).extend_from_slice(&pdu::RELEASE_RP);
            }
            Step::Abort(abort) => self.abort(from, abort, out),
        }
        Ok(())
    }

    /// This side has aborted, perhaps behind a request that waits: an abort waits for nothing.
    pub fn abort(&mut self, from: Side, abort: Abort, out: &mut Out) {
        self.aborted = Some(from);
        out.towards(from.other()).extend_from_slice(&abort.encode());
    }

    /// Whether a request of this side waits for the response to the one before.
    pub const fn holds_back(&self, from: Side) -> bool {
        self.early.get(from).is_some() && !self.is_over()
    }

    /// How much of the PDU under way is still to come from a side that is held back.
    pub const fn rest_of_pdu(&self, from: Side) -> u32 {
        self.lanes.get(from).rest_of_pdu()
    }

    /// Whether a request of this side can be dealt with now.
    fn may_ask(&self, from: Side) -> bool {
        self.outstanding.may_ask(from, self.release.owing() == Some(from))
    }

    /// Deals with a command whose time has come.
    fn begin(&mut self, from: Side, command: Command, out: &mut Out) -> Result<(), Sided<Fault>> {
        let has_data_set = command.has_data_set();
        self.command(from, command, out).map_err(|fault| fault.by(from))?;
        if has_data_set { Ok(()) } else { self.message_ended(from, out) }
    }

    fn command(&mut self, from: Side, mut command: Command, out: &mut Out) -> Result<(), Fault> {
        match command.role {
            Role::Response { .. } => {
                let is_held = self.lanes.get(from.other()).is_holding_request();
                let asker = from.other();
                let is_peers = self.contexts.system(asker) == System::Peer;
                // What a PACS has moved is nothing that a peer has asked for.
                let moving = self.outstanding.destination(asker, &command).filter(|_| is_peers);
                self.outstanding.respond(from, &command, is_held, &mut self.ledger)?;
                if !permission::may_answer_for(&command, &self.contexts) {
                    command.drop_class();
                    self.ledger.tidy(Tidied::Class);
                }
                if let (Some(to), Some(requests)) = (moving, &self.shared.requests) {
                    requests.moves(&to);
                }
                self.forward(from, command, out);
            }
            Role::Cancel { message_id } => {
                let judged = permission::cancel(
                    from,
                    message_id,
                    &command,
                    &self.contexts,
                    &mut self.outstanding,
                );
                match judged {
                    Ok(Cancel::Forward) => self.forward(from, command, out),
                    Ok(Cancel::TooLate) => self.ledger.cancel_too_late(),
                    Err(why) => self.refuse(from, why, &command)?,
                }
            }
            Role::UnknownRequest { .. } => {
                self.refuse(from, Forbidden::UnknownCommand, &command)?;
            }
            Role::Request { operation, message_id } => {
                self.request(from, operation, message_id, command, out)?;
            }
        }
        Ok(())
    }

    fn request(
        &mut self,
        from: Side,
        operation: Operation,
        message_id: u16,
        mut command: Command,
        out: &mut Out,
    ) -> Result<(), Fault> {
        let is_held = self.lanes.requestor.is_holding_request();
        let get = Operation::CGet;
        let is_getting = self.outstanding.awaits(Side::Requestor, get, is_held);
        let judged = permission::judge(from, operation, &command, &self.contexts, is_getting);
        let judged = judged.or_else(|why| {
            let contexts = &self.contexts;
            if permission::could_be_permitted(from, operation, why, &command, contexts, is_getting)
            {
                self.lets_pass(from, why, &command)
            } else {
                Err(why)
            }
        });
        let awaited = self.shared.awaited.as_deref();
        let judged =
            judged.and_then(|()| permission::is_awaited(from, operation, &command, awaited));
        match judged {
            Ok(()) => {
                let is_own = permission::is_own_move(from, operation, &command, &self.contexts);
                if !is_own && command.drop_originator() {
                    self.ledger.tidy(Tidied::Originator);
                }
                self.outstanding.ask(from, operation, message_id, &command);
                command.destination.into_iter().for_each(|to| self.ledger.move_to(to));
                self.forward(from, command, out);
            }
            Err(why) => self.refuse(from, why, &command)?,
        }
        Ok(())
    }

    /// Where rights are only reported, what they forbid passes where a peer could be permitted it.
    fn lets_pass(
        &mut self,
        from: Side,
        why: Forbidden,
        command: &Command,
    ) -> Result<(), Forbidden> {
        match self.contexts.enforcement() {
            Enforcement::Enforced => return Err(why),
            Enforcement::Reported => {
                self.ledger.would_forbid(ForbiddenRequest::new(from, why, command));
            }
            Enforcement::Unruled => {}
        }
        Ok(())
    }

    /// Lets a message pass as far as its data set is sound.
    fn forward(&mut self, from: Side, mut command: Command, out: &mut Out) {
        let out = out.towards(from.other());
        let syntax = self.contexts.get(command.context).map(|context| context.transfer_syntax);
        let Some(syntax) = syntax.filter(|_| command.follows == Follows::DataSet) else {
            self.lanes.get_mut(from).passed_whole();
            self.lanes.get(from).write_command(command.context, &command.bytes, out);
            return self.has_gone(from, &command);
        };
        let context = command.context;
        // A request is answered by what was read of it; its bytes are needed no more.
        let bytes = if command.is_request() {
            std::mem::take(&mut command.bytes)
        } else {
            command.bytes.clone()
        };
        let is_peers = self.contexts.system(from) == System::Peer;
        let quota = self.shared.quota.as_ref().filter(|_| is_peers);
        let mut guard = Guard::new(from, command, syntax, &self.contexts, quota.cloned());
        if self.shared.discloses {
            guard.disclose();
        }
        self.lanes.get(from).write_command(context, &bytes, guard.sink(out));
        self.lanes.get_mut(from).judge(guard);
    }

    /// What a peer has asked for is remembered, beyond the association.
    fn has_gone(&self, from: Side, command: &Command) {
        let Role::Request { operation, .. } = command.role else { return };
        let Some(requests) = &self.shared.requests else { return };
        if self.contexts.system(from) != System::Peer {
            return;
        }
        if let (Operation::CMove, Some(to)) = (operation, &command.destination) {
            requests.moves(to);
        }
        let is_commitment = command.sop_class.as_ref().is_some_and(is_storage_commitment);
        if operation == Operation::NAction && is_commitment {
            requests.commits();
        }
    }

    /// A message that is held turns out unsound, or one too many. A request is answered by the gate; of a response
    /// only the data set does not pass, and where it is one of several, nothing of it.
    fn refuse_data_set(
        &mut self,
        from: Side,
        Unsound { guard, error }: Unsound,
        out: &mut Out,
    ) -> Result<(), Sided<Fault>> {
        let command = guard.into_command();
        if command.is_request() {
            self.outstanding.withdraw(from);
        }
        if error == DataSetError::Receiver {
            let refused = self.refuse(from, Forbidden::ReceivingAe, &command);
            return refused.map_err(|fault| fault.by(from));
        }
        let (operation, outcome) = match command.role {
            Role::Request { operation, .. } => {
                (operation, Outcome::Refused(guard::status(operation, error)))
            }
            Role::Response { operation, status, .. } if status.is_pending => {
                (operation, Outcome::Withheld)
            }
            Role::Response { operation, .. } => (operation, Outcome::Stripped),
            Role::UnknownRequest { .. } | Role::Cancel { .. } => return Ok(()),
        };
        self.ledger
            .unsound_data_set(UnsoundDataSet::new(from, operation, &command, error, outcome));
        match outcome {
            Outcome::Refused(status) => {
                if let Some(answer) = command.refusal(status, &error.to_string()) {
                    self.lanes.get_mut(from).answered();
                    self.outstanding.refuse(from, command.context, answer);
                }
            }
            Outcome::Stripped => {
                let (context, set) = (command.context, command.without_data_set());
                self.lanes.get_mut(from).passed_whole();
                self.lanes.get(from).write_command(context, &set, out.towards(from.other()));
            }
            Outcome::Withheld | Outcome::Reported => {}
        }
        Ok(())
    }

    /// What has passed is told where somebody has to account for it: a query at once, an object when it
    /// has its response.
    fn disclose(&mut self, from: Side, guard: &mut Guard) {
        let Role::Request { message_id, .. } = guard.command().role else { return };
        match guard.take_disclosed(from, &self.contexts) {
            Some(Disclosed::Query(query)) => self.ledger.disclose(Disclosed::Query(query)),
            Some(Disclosed::Object(object)) => {
                self.outstanding.shows(from, message_id, guard.command().context, object);
            }
            None => {}
        }
    }

    /// A data set has passed.
    fn write_down(&mut self, from: Side, guard: &Guard) {
        self.ledger.add_deviations(guard.deviations());
        self.ledger.add_tidied(guard.all_tidied());
        if guard.asks_for_everything() {
            self.ledger.add_open_query();
        }
        let command = guard.command();
        if let Some(error) = guard.reported()
            && let Role::Request { operation, .. } | Role::Response { operation, .. } = command.role
        {
            let outcome = Outcome::Reported;
            let data_set = UnsoundDataSet::new(from, operation, command, error, outcome);
            self.ledger.unsound_data_set(data_set);
        }
    }

    fn refuse(&mut self, from: Side, why: Forbidden, command: &Command) -> Result<(), Fault> {
        let request = ForbiddenRequest::new(from, why, command);
        if !self.ledger.forbid(request) {
            return Err(Fault::ForbiddenRequests);
        }
        let answer = why.answer().and_then(|status| command.refusal(status, COMMENT));
        if let Some(answer) = answer {
            self.lanes.get_mut(from).answered();
            self.outstanding.refuse(from, command.context, answer);
        }
        Ok(())
    }

    /// An answer of the gate may be due to the side whose message has ended, or may have waited
    /// for the end of a message on its way to the other side; and a request may have waited for either.
    fn message_ended(&mut self, from: Side, out: &mut Out) -> Result<(), Sided<Fault>> {
        self.outstanding.message_ended(from, &mut self.ledger);
        for to in [from, from.other()] {
            if !self.lanes.get(to.other()).is_inside_forwarded_message()
                && let Some(answer) = self.outstanding.take_due(to)
                // Who has asked for release sends nothing more, not even through the gate.
                && self.release.may_send_data(to.other()).is_ok()
            {
                let lane = self.lanes.get(to.other());
                lane.write_command(answer.context, &answer.command, out.towards(to));
            }
        }
        self.go_on(from.other(), out)?;
        self.go_on(from, out)
    }

    /// A request that has waited goes on, if its time has come.
    fn go_on(&mut self, side: Side, out: &mut Out) -> Result<(), Sided<Fault>> {
        if self.may_ask(side)
            && let Some(command) = self.early.get_mut(side).take()
        {
            self.yields = Some(side);
            self.begin(side, *command, out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
