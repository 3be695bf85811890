//! One direction of an association: PDUs, PDVs and messages (PS3.8 section 9.3.5 and annex E).

use super::command::Command;
use super::dataset::DataSetError;
use super::fault::Fault;
use super::guard::{Broken, Guard};
use crate::policy::Contexts;
use crate::wire::associate::ContextId;
use crate::wire::pdu::{Header, PduType};
use crate::wire::reject::Abort;

/// The longest command set: far beyond any that the standard can form, small enough to hold.
const MAX_COMMAND: usize = 64 * 1024;
/// The most fragments of a command set.
const MAX_COMMAND_FRAGMENTS: u32 = 64;
/// The most empty fragments of a message that are dropped before it counts as hostile.
const MAX_EMPTY_FRAGMENTS: u32 = 64;
/// PDV length, context id and control byte.
const PDV_HEADER: usize = 6;
/// What the PDV length counts besides the fragment: context id and control byte.
const PDV_OVERHEAD: u32 = 2;
/// What the PDU length counts besides the fragment: the PDV header.
const PDU_OVERHEAD: u32 = 6;
const COMMAND: u8 = 0b01;
const LAST: u8 = 0b10;

/// The most that all refused messages together may bring behind their commands.
const MAX_SWALLOWED: u64 = 64 * 1024 * 1024;

/// What the inspector has to decide before the lane goes on.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing: the input ran out, or a piece of it went its way.
    Continue,
    /// A P-DATA-TF begins.
    Data,
    /// A command set is complete and held: [`Lane::judge`] lets it pass, [`Lane::swallow`] does
    /// not.
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

#[derive(Clone, Copy, Debug)]
struct Fragment {
    left: u32,
    is_command: bool,
    is_last: bool,
}

/// Where in a message the lane is. A context's id stays with its message to the end.
#[derive(Debug)]
enum Message {
    /// The next PDV begins a message.
    Between,
    /// A message ended in this PDU: no PDV may follow in it.
    EndedInPdu,
    Command {
        context: ContextId,
        fragments: u32,
        empty: u32,
        collected: Vec<u8>,
    },
    /// The command set is complete and announced a data set.
    DataSet {
        context: ContextId,
        empty: u32,
        passage: Passage,
    },
}

/// What becomes of a data set.
#[derive(Debug)]
enum Passage {
    /// It passes as far as it is sound.
    Judge(Box<Guard>),
    /// Its message is forbidden.
    Swallow,
    /// It was found unsound before anything of its message had left.
    Drop,
}

impl Lane {
    pub(super) const fn new(maximum: u32, receivable: u32) -> Self {
        Self {
            maximum,
            receivable,
            state: State::PduHeader(Gather::new()),
            message: Message::Between,
            pdu_left: 0,
            pdus: 0,
            swallowed: 0,
            unsound: None,
        }
    }

    pub(super) const fn pdus(&self) -> u64 {
        self.pdus
    }

    pub(super) const fn is_inside_pdu(&self) -> bool {
        match &self.state {
            State::PduHeader(header) => !header.is_empty(),
            State::Body(..) | State::PdvHeader(_) | State::Fragment(_) => true,
        }
    }

    pub(super) const fn is_inside_message(&self) -> bool {
        matches!(self.message, Message::Command { .. } | Message::DataSet { .. })
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

    /// Whether a message is held until the head of its data set is walked.
    pub(super) const fn is_holding(&self) -> bool {
        matches!(&self.message, Message::DataSet { passage: Passage::Judge(it), .. } if it.is_holding())
    }

    /// Whether the header of a fragment went out and the fragment did not yet.
    pub(super) const fn is_inside_forwarded_pdu(&self) -> bool {
        matches!(&self.state, State::Fragment(fragment) if fragment.left > 0)
            && self.is_inside_forwarded_message()
    }

    /// The message whose command was just read does not pass; neither does its data set.
    pub(super) fn swallow(&mut self) {
        if let Message::DataSet { passage, .. } = &mut self.message {
            *passage = Passage::Swallow;
        }
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
        out: &mut Vec<u8>,
    ) -> Result<Step, Fault> {
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
                let piece = take_up_to(input, fragment.left);
                fragment.left = fragment.left.saturating_sub(length(piece.len()));
                self.state = State::Fragment(fragment);
                match &mut self.message {
                    Message::Command { collected, .. } => collected.extend_from_slice(piece),
                    Message::DataSet { .. } => {
                        let ends = fragment.is_last && fragment.left == 0;
                        self.pass(piece, ends, out).inspect_err(|_| {
                            // The byte at fault stays here, so the fragment is never complete.
                            self.state = State::Fragment(Fragment { left: 1, ..fragment });
                        })?;
                    }
                    Message::Between | Message::EndedInPdu => {}
                }
                if fragment.left == 0 { self.end_fragment(fragment) } else { Ok(Step::Continue) }
            }
        }
    }

    /// Writes a command set for the receiver of this direction, in PDUs of its own.
    pub(super) fn write_command(&self, context: ContextId, set: &[u8], out: &mut Vec<u8>) {
        // Even, as fragments must be; the policy lets no maximum below 1,024 through.
        let room = self.receivable.saturating_sub(PDU_OVERHEAD).max(2) & !1;
        let mut pieces = set.chunks(room as usize).peekable();
        while let Some(piece) = pieces.next() {
            let last = if pieces.peek().is_none() { LAST } else { 0 };
            push_header(out, context, COMMAND | last, length(piece.len()));
            out.extend_from_slice(piece);
        }
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
                self.state = State::PdvHeader(Gather::new());
                Ok(Step::Data)
            }
            PduType::ReleaseRq | PduType::ReleaseRp | PduType::Abort => {
                if header.length != 4 {
                    return Err(Fault::PduLength);
                }
                self.state = State::Body(header.kind, Gather::new());
                Ok(Step::Continue)
            }
            PduType::AssociateRq | PduType::AssociateAc | PduType::AssociateRj => {
                Err(Fault::UnexpectedPdu(header.kind))
            }
        }
    }

    fn control_pdu(&self, kind: PduType, body: [u8; 4]) -> Result<Step, Fault> {
        if kind == PduType::Abort {
            return Abort::parse(&body).map(Step::Abort).map_err(|_| Fault::PduLength);
        }
        if self.is_inside_message() {
            return Err(Fault::ReleaseInsideMessage);
        }
        Ok(if kind == PduType::ReleaseRq { Step::ReleaseRq } else { Step::ReleaseRp })
    }

    fn begin_pdv(
        &mut self,
        [a, b, c, d, id, control]: [u8; PDV_HEADER],
        contexts: &Contexts,
        out: &mut Vec<u8>,
    ) -> Result<Step, Fault> {
        let pdv = u32::from_be_bytes([a, b, c, d]);
        let left = pdv.checked_sub(PDV_OVERHEAD).ok_or(Fault::PdvLength)?;
        if left % 2 == 1 {
            return Err(Fault::OddFragment);
        }
        let behind =
            self.pdu_left.checked_sub(PDU_OVERHEAD).and_then(|rest| rest.checked_sub(left));
        self.pdu_left = behind.ok_or(Fault::PdvLength)?;
        if self.pdu_left != 0 && self.pdu_left < PDU_OVERHEAD {
            return Err(Fault::PdvLength);
        }
        let context = ContextId::new(id).filter(|&id| contexts.get(id).is_some());
        let context = context.ok_or(Fault::UnknownContext)?;
        let fragment =
            Fragment { left, is_command: control & COMMAND != 0, is_last: control & LAST != 0 };
        self.join_message(context, fragment)?;
        self.pass_header(context, fragment, out)?;
        self.state = State::Fragment(fragment);
        if left == 0 { self.end_fragment(fragment) } else { Ok(Step::Continue) }
    }

    /// The header of a data set's fragment goes on where its bytes will; an empty one says
    /// something only as the last.
    fn pass_header(
        &mut self,
        context: ContextId,
        Fragment { left, is_last, .. }: Fragment,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let Message::DataSet { passage, .. } = &mut self.message else { return Ok(()) };
        match passage {
            Passage::Judge(guard) => {
                let control = if is_last { LAST } else { 0 };
                if left > 0 {
                    push_header(guard.sink(out), context, control, left);
                } else if is_last {
                    return self.pass_empty(context, out);
                }
            }
            Passage::Swallow => {
                self.swallowed += u64::from(left);
                if self.swallowed > MAX_SWALLOWED {
                    return Err(Fault::SwallowedTooMuch);
                }
            }
            Passage::Drop => {}
        }
        Ok(())
    }

    /// An empty last fragment ends a data set, and leaves only if the data set may end there.
    fn pass_empty(&mut self, context: ContextId, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Message::DataSet { passage: Passage::Judge(guard), .. } = &mut self.message else {
            return Ok(());
        };
        if guard.is_holding() {
            // It belongs to the head, which leaves as a whole or not at all.
            push_header(guard.sink(out), context, LAST, 0);
            return self.pass(&[], true, out);
        }
        self.pass(&[], true, out)?;
        push_header(out, context, LAST, 0);
        Ok(())
    }

    /// Judges a piece of a data set and lets it pass, or what may pass of it.
    fn pass(&mut self, piece: &[u8], ends: bool, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Message::DataSet { passage, .. } = &mut self.message else { return Ok(()) };
        let Passage::Judge(guard) = passage else { return Ok(()) };
        match guard.pass(piece, ends, out) {
            Ok(()) => Ok(()),
            Err(Broken { error, is_held: false }) => Err(Fault::DataSet(error)),
            Err(Broken { error, is_held: true }) => {
                if let Passage::Judge(guard) = std::mem::replace(passage, Passage::Drop) {
                    self.unsound = Some(Unsound { guard, error });
                }
                Ok(())
            }
        }
    }

    /// Lets a fragment into the current message, or begins one with it.
    fn join_message(&mut self, of: ContextId, fragment: Fragment) -> Result<(), Fault> {
        let is_empty = fragment.left == 0 && !fragment.is_last;
        match &mut self.message {
            Message::EndedInPdu => Err(Fault::SecondMessageInPdu),
            Message::Between if !fragment.is_command => Err(Fault::DataWithoutCommand),
            Message::Between => {
                self.message =
                    Message::Command { context: of, fragments: 0, empty: 0, collected: Vec::new() };
                self.join_message(of, fragment)
            }
            Message::Command { context, .. } | Message::DataSet { context, .. }
                if *context != of =>
            {
                Err(Fault::InterleavedContexts)
            }
            Message::Command { .. } if !fragment.is_command => Err(Fault::DataInsideCommand),
            Message::DataSet { .. } if fragment.is_command => Err(Fault::CommandInsideData),
            Message::Command { fragments, collected, empty, .. } => {
                *fragments += 1;
                if *fragments > MAX_COMMAND_FRAGMENTS {
                    return Err(Fault::CommandFragments);
                }
                if collected.len().saturating_add(fragment.left as usize) > MAX_COMMAND {
                    return Err(Fault::CommandTooLong);
                }
                count_empty(empty, is_empty)
            }
            Message::DataSet { empty, .. } => count_empty(empty, is_empty),
        }
    }

    fn end_fragment(&mut self, fragment: Fragment) -> Result<Step, Fault> {
        let step = match &mut self.message {
            Message::Command { context, collected, .. } if fragment.is_last => {
                let command = Command::read(*context, collected)?;
                self.message = if command.has_data_set {
                    // Until somebody says that it passes.
                    let passage = Passage::Swallow;
                    Message::DataSet { context: *context, empty: 0, passage }
                } else {
                    Message::EndedInPdu
                };
                Step::Command(command)
            }
            Message::DataSet { passage, .. } if fragment.is_last => {
                let passage = std::mem::replace(passage, Passage::Drop);
                self.message = Message::EndedInPdu;
                Step::DataSetEnd(match passage {
                    Passage::Judge(guard) => Some(guard),
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
            self.state = State::PdvHeader(Gather::new());
        }
        Ok(step)
    }

    fn end_pdu(&mut self) {
        self.pdus += 1;
        self.state = State::PduHeader(Gather::new());
        if matches!(self.message, Message::EndedInPdu) {
            self.message = Message::Between;
        }
    }
}

const fn count_empty(empty: &mut u32, is_empty: bool) -> Result<(), Fault> {
    if is_empty {
        *empty += 1;
        if *empty > MAX_EMPTY_FRAGMENTS {
            return Err(Fault::EmptyFragments);
        }
    }
    Ok(())
}

/// Bytes of a fixed number, gathered however they are cut.
#[derive(Debug)]
struct Gather<const N: usize> {
    bytes: [u8; N],
    filled: usize,
}

impl<const N: usize> Gather<N> {
    const fn new() -> Self {
        Self { bytes: [0; N], filled: 0 }
    }

    const fn is_empty(&self) -> bool {
        self.filled == 0
    }

    fn take(&mut self, input: &mut &[u8]) -> Option<[u8; N]> {
        if self.filled == 0
            && let Some((whole, rest)) = input.split_first_chunk()
        {
            *input = rest;
            return Some(*whole);
        }
        let room = self.bytes.get_mut(self.filled..)?;
        let piece = take_up_to(input, length(room.len()));
        room.get_mut(..piece.len())?.copy_from_slice(piece);
        self.filled += piece.len();
        (self.filled == N).then_some(self.bytes)
    }
}

fn take_up_to<'a>(input: &mut &'a [u8], most: u32) -> &'a [u8] {
    let (piece, rest) = input.split_at_checked(most as usize).unwrap_or((input, &[]));
    *input = rest;
    piece
}

/// A length that a `u32` on the wire bounds.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The gate's own framing: a P-DATA-TF with one PDV, reserved bits zero.
fn push_header(out: &mut Vec<u8>, context: ContextId, control: u8, fragment: u32) {
    let header = Header { kind: PduType::Data, length: fragment + PDU_OVERHEAD };
    out.extend_from_slice(&header.encode());
    out.extend_from_slice(&(fragment + PDV_OVERHEAD).to_be_bytes());
    out.extend_from_slice(&[context.value(), control]);
}
