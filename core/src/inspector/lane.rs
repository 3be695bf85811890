//! One direction of an association: PDUs, PDVs and messages (PS3.8 section 9.3.5 and annex E).

mod framing;
mod message;

use super::command::Command;
use super::contexts::Contexts;
use super::fault::Fault;
use super::guard::{Broken, Guard};
use super::outlet::Outlet;
use super::progress::Progress;
use super::tidied::Tidied;
use crate::data_set::DataSetError;
use crate::gather::{Gather, take_up_to};
use crate::wire::associate::ContextId;
use crate::wire::pdu::{Header, PduType};
use crate::wire::reject::{Abort, REFUSAL_LENGTH};
use framing::{Fragment, PDU_OVERHEAD, PDV_HEADER, Pdv, length, push_data_header};
use message::{Carry, Message, Passage};

pub use message::MAX_COMMAND;

/// The most that all refused messages together may bring behind their commands.
const MAX_SWALLOWED: u64 = 64 * 1024 * 1024;

/// What the inspector has to decide before the lane goes on.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing: the input ran out, or a piece of it went its way.
    Continue,
    /// A P-DATA-TF begins.
    Data,
    /// A command set is complete and held; its data set is swallowed unless [`Lane::judge`] lets it
    /// pass.
    Command(Command),
    /// A data set is complete, and with it its message. If it passed, this is who judged it.
    DataSetEnd(Option<Box<Guard>>),
    /// A whole A-RELEASE-RQ, between two messages.
    ReleaseRq,
    /// A whole A-RELEASE-RP, between two messages.
    ReleaseRp,
    /// A whole A-ABORT.
    Abort(Abort),
}

/// The state of one direction.
#[derive(Debug)]
pub(super) struct Lane {
    /// The longest P-DATA-TF that the sender was told it may send; the receiver takes it.
    maximum: u32,
    /// The longest P-DATA-TF that the receiver takes.
    receivable: u32,
    state: State,
    message: Message,
    /// What is left of the P-DATA-TF behind the current fragment.
    pdu_left: u32,
    pdus: u64,
    steps: u64,
    progress: Progress,
    swallowed: u64,
    unsound: Option<Unsound>,
}

/// A message that does not pass because of its data set, of which nothing has left.
#[derive(Debug)]
pub(super) struct Unsound {
    pub(super) guard: Box<Guard>,
    pub(super) error: DataSetError,
}

#[derive(Debug)]
enum State {
    PduHeader(Gather<{ Header::LEN }>),
    Body(PduType, Gather<4>),
    PdvHeader(Gather<PDV_HEADER>),
    Fragment(Fragment),
}

impl Lane {
    pub(super) const fn new(maximum: u32, receivable: u32) -> Self {
        Self {
            maximum,
            receivable,
            state: State::PduHeader(Gather::NEW),
            message: Message::Between,
            pdu_left: 0,
            pdus: 0,
            steps: 0,
            progress: Progress { messages: 0, heard: 0, passed: 0 },
            swallowed: 0,
            unsound: None,
        }
    }

    pub(super) const fn pdus(&self) -> u64 {
        self.pdus
    }

    /// How many headers, elements and pieces it has gone through.
    pub(super) const fn steps(&self) -> u64 {
        self.steps
    }

    pub(super) const fn progress(&self) -> Progress {
        self.progress
    }

    /// A message that was just read has passed as a whole.
    pub(super) const fn passed_whole(&mut self) {
        self.progress.passed_whole();
    }

    /// A message that was just read does not pass, and the gate answers it.
    pub(super) const fn answered(&mut self) {
        self.progress.answered();
    }

    pub(super) const fn is_inside_pdu(&self) -> bool {
        match &self.state {
            State::PduHeader(header) => !header.is_empty(),
            State::Body(..) | State::PdvHeader(_) | State::Fragment(_) => true,
        }
    }

    /// How much of the PDU behind the current fragment is still to come.
    pub(super) const fn rest_of_pdu(&self) -> u32 {
        self.pdu_left
    }

    pub(super) const fn is_inside_message(&self) -> bool {
        self.message.is_underway()
    }

    /// Whether neither a PDU nor a message has begun and not ended.
    pub(super) const fn is_between_messages(&self) -> bool {
        !self.is_inside_pdu() && !self.is_inside_message()
    }

    /// Whether a part of a message went out, and the message has not ended.
    pub(super) const fn is_inside_forwarded_message(&self) -> bool {
        match &self.message {
            Message::DataSet { passage: Passage::Judge(guard), .. } => !guard.is_holding(),
            Message::DataSet { passage: Passage::Swallow | Passage::Drop, .. }
            | Message::Command { .. }
            | Message::Between
            | Message::EndedInPdu => false,
        }
    }

    /// Whether a request is held until the head of its data set is walked.
    pub(super) const fn is_holding_request(&self) -> bool {
        matches!(&self.message, Message::DataSet { passage: Passage::Judge(guard), .. }
            if guard.is_holding() && guard.command().is_request())
    }

    /// Whether the header of a fragment went out and the fragment did not yet.
    pub(super) const fn is_inside_forwarded_pdu(&self) -> bool {
        let State::Fragment(fragment) = &self.state else { return false };
        let withheld = match &self.message {
            Message::DataSet { carry, .. } => carry.withholds as u32,
            Message::Command { .. } | Message::Between | Message::EndedInPdu => 0,
        };
        fragment.left > withheld && self.is_inside_forwarded_message()
    }

    /// The message whose command was just read passes as far as its data set is sound.
    pub(super) fn judge(&mut self, guard: Guard) {
        if let Message::DataSet { passage, .. } = &mut self.message {
            *passage = Passage::Judge(Box::new(guard));
        }
    }

    /// The message that was found unsound in what was taken last.
    pub(super) const fn take_unsound(&mut self) -> Option<Unsound> {
        self.unsound.take()
    }

    /// Takes the next piece of the input, at most up to what the inspector must decide.
    pub(super) fn advance(
        &mut self,
        input: &mut &[u8],
        contexts: &Contexts,
        out: &mut dyn Outlet,
    ) -> Result<Step, Fault> {
        self.steps += 1;
        match &mut self.state {
            State::PduHeader(gather) => {
                let Some(header) = gather.take(input) else { return Ok(Step::Continue) };
                self.begin_pdu(header)
            }
            State::Body(kind, gather) => {
                let kind = *kind;
                let Some(body) = gather.take(input) else { return Ok(Step::Continue) };
                self.end_pdu();
                self.control_pdu(kind, body)
            }
            State::PdvHeader(gather) => {
                let Some(header) = gather.take(input) else { return Ok(Step::Continue) };
                self.begin_pdv(header, contexts, out)
            }
            State::Fragment(fragment) => {
                let mut fragment = *fragment;
                let piece = take_up_to(input, fragment.left as usize);
                fragment.left = fragment.left.saturating_sub(length(piece.len()));
                self.state = State::Fragment(fragment);
                match &mut self.message {
                    Message::Command { collected, .. } => collected.extend_from_slice(piece),
                    Message::DataSet { carry, .. } => {
                        self.progress.heard += piece.len() as u64;
                        let piece = carry.keep_last(piece, fragment.left == 0);
                        self.pass_inside(fragment, piece, out)?;
                    }
                    Message::Between | Message::EndedInPdu => {}
                }
                if fragment.left == 0 { self.end_fragment(fragment) } else { Ok(Step::Continue) }
            }
        }
    }

    /// Writes a command set for the receiver of this direction.
    pub(super) fn write_command(&self, context: ContextId, set: &[u8], out: &mut dyn Outlet) {
        framing::write_command(self.receivable, context, set, out);
    }

    fn begin_pdu(&mut self, header: [u8; Header::LEN]) -> Result<Step, Fault> {
        let header = Header::parse(header).map_err(Fault::UnknownPdu)?;
        match header.kind {
            PduType::Data => {
                if header.length > self.maximum {
                    return Err(Fault::PduTooLong);
                }
                if header.length < PDU_OVERHEAD {
                    return Err(Fault::PduTooShort);
                }
                self.pdu_left = header.length;
                self.state = State::PdvHeader(Gather::NEW);
                Ok(Step::Data)
            }
            // Servers take a release without the four bytes that say nothing.
            PduType::ReleaseRq | PduType::ReleaseRp if header.length == 0 => {
                self.end_pdu();
                self.control_pdu(header.kind, [0; REFUSAL_LENGTH as usize])
            }
            PduType::ReleaseRq | PduType::ReleaseRp | PduType::Abort => {
                if header.length != REFUSAL_LENGTH {
                    return Err(Fault::PduLength);
                }
                self.state = State::Body(header.kind, Gather::NEW);
                Ok(Step::Continue)
            }
            PduType::AssociateRq | PduType::AssociateAc | PduType::AssociateRj => {
                Err(Fault::UnexpectedPdu(header.kind))
            }
        }
    }

    fn control_pdu(&self, kind: PduType, body: [u8; 4]) -> Result<Step, Fault> {
        if kind == PduType::Abort {
            return Ok(Step::Abort(Abort::parse(body)));
        }
        if self.is_inside_message() {
            return Err(Fault::ReleaseInsideMessage);
        }
        Ok(if kind == PduType::ReleaseRq { Step::ReleaseRq } else { Step::ReleaseRp })
    }

    fn begin_pdv(
        &mut self,
        header: [u8; PDV_HEADER],
        contexts: &Contexts,
        out: &mut dyn Outlet,
    ) -> Result<Step, Fault> {
        let Pdv { context, fragment, behind } = Pdv::parse(header, self.pdu_left)?;
        self.pdu_left = behind;
        let context = ContextId::new(context).filter(|&id| contexts.get(id).is_some());
        let context = context.ok_or(Fault::UnknownContext)?;
        self.message.join(context, fragment)?;
        self.state = State::Fragment(fragment);
        self.begin_fragment(context, fragment, out)?;
        if fragment.left == 0 { self.end_fragment(fragment) } else { Ok(Step::Continue) }
    }

    /// The header of a data set's fragment goes on where its bytes will, and with it the byte that
    /// was left over before.
    fn begin_fragment(
        &mut self,
        context: ContextId,
        fragment: Fragment,
        out: &mut dyn Outlet,
    ) -> Result<(), Fault> {
        let Message::DataSet { passage, carry, .. } = &mut self.message else { return Ok(()) };
        match passage {
            Passage::Judge(guard) => {
                let (leaves, carried) = carry.begin(fragment);
                if carry.withholds {
                    guard.tidied(Tidied::OddFragment);
                }
                if leaves > 0 {
                    let header = Fragment { left: leaves, ..fragment };
                    push_data_header(guard.sink(out), context, header);
                    self.pass_inside(fragment, carried.as_slice(), out)
                } else if fragment.is_last {
                    self.pass_empty(context, fragment, out)
                } else {
                    Ok(())
                }
            }
            Passage::Swallow => {
                self.swallowed += u64::from(fragment.left);
                if self.swallowed > MAX_SWALLOWED {
                    return Err(Fault::SwallowedTooMuch);
                }
                Ok(())
            }
            Passage::Drop => Ok(()),
        }
    }

    /// An empty last fragment ends a data set, and leaves only if the data set may end there: it says
    /// something only as the last.
    fn pass_empty(
        &mut self,
        context: ContextId,
        fragment: Fragment,
        out: &mut dyn Outlet,
    ) -> Result<(), Fault> {
        let Message::DataSet { passage: Passage::Judge(guard), .. } = &mut self.message else {
            return Ok(());
        };
        if guard.is_holding() {
            // It belongs to the head, which leaves as a whole or not at all.
            push_data_header(guard.sink(out), context, fragment);
            return self.pass(&[], Some(0), out);
        }
        self.pass(&[], Some(0), out)?;
        push_data_header(out, context, fragment);
        Ok(())
    }

    /// The same as [`Lane::pass`] for a piece of a fragment whose header goes before it.
    fn pass_inside(
        &mut self,
        fragment: Fragment,
        piece: &[u8],
        out: &mut dyn Outlet,
    ) -> Result<(), Fault> {
        let to_come = fragment.is_last.then_some(fragment.left);
        self.pass(piece, to_come, out).inspect_err(|_| {
            // The byte at fault stays here, so the fragment is never complete.
            self.state = State::Fragment(Fragment { left: 2, ..fragment });
        })
    }

    /// Judges a piece of a data set and lets it pass, or what may pass of it.
    fn pass(
        &mut self,
        piece: &[u8],
        to_come: Option<u32>,
        out: &mut dyn Outlet,
    ) -> Result<(), Fault> {
        let Message::DataSet { passage, .. } = &mut self.message else { return Ok(()) };
        let Passage::Judge(guard) = passage else { return Ok(()) };
        let before = guard.elements();
        let passed = guard.pass(piece, to_come, out);
        self.steps += u64::from(guard.elements().saturating_sub(before));
        match passed {
            Ok(behind) => {
                self.progress.passed += behind as u64;
                Ok(())
            }
            Err(Broken { error, is_held: false }) => Err(Fault::DataSet(error)),
            Err(Broken { error, is_held: true }) => {
                if let Passage::Judge(guard) = std::mem::replace(passage, Passage::Drop) {
                    self.unsound = Some(Unsound { guard, error });
                }
                Ok(())
            }
        }
    }

    fn end_fragment(&mut self, fragment: Fragment) -> Result<Step, Fault> {
        let step = match &mut self.message {
            Message::Command { context, collected, .. } if fragment.is_last => {
                let command = Command::read(*context, collected).map_err(Fault::Command)?;
                self.progress.messages += u64::from(!command.has_data_set());
                self.message = if command.has_data_set() {
                    // Until somebody says that it passes.
                    let passage = Passage::Swallow;
                    let carry = Carry::default();
                    Message::DataSet { context: *context, empty: 0, passage, carry }
                } else {
                    Message::EndedInPdu
                };
                Step::Command(command)
            }
            Message::DataSet { passage, .. } if fragment.is_last => {
                let passage = std::mem::replace(passage, Passage::Drop);
                self.message = Message::EndedInPdu;
                self.progress.messages += 1;
                Step::DataSetEnd(match passage {
                    Passage::Judge(guard) => {
                        self.progress.passed_whole();
                        Some(guard)
                    }
                    Passage::Swallow | Passage::Drop => None,
                })
            }
            Message::Command { .. }
            | Message::DataSet { .. }
            | Message::Between
            | Message::EndedInPdu => Step::Continue,
        };
        if self.pdu_left == 0 {
            self.end_pdu();
        } else {
            self.state = State::PdvHeader(Gather::NEW);
        }
        Ok(step)
    }

    fn end_pdu(&mut self) {
        self.pdus += 1;
        self.state = State::PduHeader(Gather::NEW);
        if matches!(self.message, Message::EndedInPdu) {
            self.message = Message::Between;
        }
    }
}
