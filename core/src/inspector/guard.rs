//! Data sets on their way: walked, and their heads held until the walk of them is clean.

use std::sync::Arc;

use super::command::{Command, Role};
use crate::data_set::{DataSetError, Deviations, Purpose, Rules, Tolerated, Walker};
use crate::services::{self, Operation};
use crate::side::Side;
use crate::transfer_syntax::TransferSyntax;
use crate::wire::title::AeTitle;

/// How much of a data set is held with its command: most faults show there, and can then be
/// answered, because nothing of the message has left yet. With the headers of fragments of two
/// bytes, the smallest, what is held becomes seven times as long.
pub const HEAD: usize = 64 * 1024;

/// What becomes of a requestor's unsound data sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are refused.
    #[default]
    Refuse,
    /// They pass and are written down: for the days in which a site learns what its devices send.
    Report,
}

/// How the data sets of an association are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guarding {
    /// What becomes of the requestor's unsound ones.
    pub mode: Mode,
    /// What the requestor may do against the standard.
    pub tolerated: Tolerated,
}

/// Judges the data set of one message.
#[derive(Debug)]
pub(super) struct Guard {
    command: Command,
    walker: Walker,
    mode: Mode,
    /// The command and the head of the data set, as they will leave.
    held: Vec<u8>,
    /// How much of the data set is still to come into it; `None` once it has left.
    head: Option<usize>,
    /// In a report: the fault that was found. Nothing is walked behind it.
    reported: Option<DataSetError>,
}

/// A data set that does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) error: DataSetError,
    /// Nothing of its message has left.
    pub(super) is_held: bool,
}

impl Guard {
    /// For the data set behind a command of this side.
    pub(super) fn new(
        from: Side,
        command: Command,
        syntax: TransferSyntax,
        guarding: Guarding,
        titles: &Arc<[AeTitle]>,
    ) -> Self {
        let purpose = purpose(from, &command, titles);
        let (rules, mode) = match from {
            Side::Requestor => (Rules::Requestor { tolerated: guarding.tolerated }, guarding.mode),
            Side::Acceptor => (Rules::Acceptor, Mode::Refuse),
        };
        // A report is about form; whom a peer subscribes is a matter of what it may do.
        let is_step = matches!(purpose, Purpose::StepAction { .. });
        let mode = if is_step { Mode::Refuse } else { mode };
        let walker = Walker::new(syntax.walk(), purpose, rules);
        // A requestor's request can wait, because it can be answered instead.
        let is_request = matches!(command.role, Role::Request { .. });
        let can_wait = from == Side::Requestor && is_request && mode == Mode::Refuse;
        let head = can_wait.then_some(HEAD);
        // In one go, the command and usual headers included: most objects are larger than their head.
        let held = Vec::with_capacity(head.map_or(0, |head| head + 1024));
        Self { command, walker, mode, held, head, reported: None }
    }

    /// Whether nothing of the message has left.
    pub(super) const fn is_holding(&self) -> bool {
        self.head.is_some()
    }

    pub(super) const fn command(&self) -> &Command {
        &self.command
    }

    pub(super) const fn deviations(&self) -> &Deviations {
        self.walker.deviations()
    }

    pub(super) const fn reported(&self) -> Option<DataSetError> {
        self.reported
    }

    /// Where what was judged goes.
    pub(super) const fn sink<'a>(&'a mut self, out: &'a mut Vec<u8>) -> &'a mut Vec<u8> {
        if self.head.is_some() { &mut self.held } else { out }
    }

    /// Judges the next bytes; with `ends` they are the last ones.
    ///
    /// What is output is the same however the bytes are cut: all before the one that breaks a
    /// rule, as far as nothing is held.
    pub(super) fn pass(
        &mut self,
        piece: &[u8],
        ends: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Broken> {
        let mut rest = piece;
        loop {
            let room = self.head.unwrap_or(usize::MAX);
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.walk(now, ends && later.is_empty(), out)?;
            self.head = self.head.map(|head| head.saturating_sub(now.len()));
            if self.head == Some(0) {
                self.let_go(out);
            }
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        if ends {
            self.let_go(out);
        }
        Ok(())
    }

    fn walk(&mut self, piece: &[u8], ends: bool, out: &mut Vec<u8>) -> Result<(), Broken> {
        if self.reported.is_some() {
            self.sink(out).extend_from_slice(piece);
            return Ok(());
        }
        let before = self.walker.position();
        let walked = self.walker.feed(piece);
        let verdict = if ends { walked.and_then(|()| self.walker.finish()) } else { walked };
        match (verdict, self.mode) {
            (Ok(()), _) => self.sink(out).extend_from_slice(piece),
            (Err(error), Mode::Report) => {
                self.reported = Some(error);
                self.sink(out).extend_from_slice(piece);
            }
            (Err(error), Mode::Refuse) => {
                let is_held = self.is_holding();
                if !is_held {
                    let taken = self.walker.position().saturating_sub(before);
                    let sound = usize::try_from(taken).unwrap_or(usize::MAX).saturating_sub(1);
                    out.extend_from_slice(piece.get(..sound).unwrap_or_default());
                }
                return Err(Broken { error, is_held });
            }
        }
        Ok(())
    }

    fn let_go(&mut self, out: &mut Vec<u8>) {
        if self.head.take().is_some() {
            // Twice the room would outlive the moment: in tiny fragments a head is 450 KiB long.
            out.reserve_exact(self.held.len());
            out.append(&mut self.held);
            self.held = Vec::new();
        }
    }
}

/// What the data set behind a command is for.
fn purpose(from: Side, command: &Command, titles: &Arc<[AeTitle]>) -> Purpose {
    let (Role::Request { operation, .. } | Role::Response { operation, .. }) = command.role else {
        return Purpose::Attributes;
    };
    match operation {
        Operation::CStore => match (&command.sop_class, &command.sop_instance) {
            (Some(class), Some(instance)) => {
                Purpose::Object { sop_class: class.clone(), sop_instance: instance.clone() }
            }
            // Only a response has none, and no data set either.
            (None, _) | (_, None) => Purpose::Attributes,
        },
        Operation::CFind | Operation::CMove | Operation::CGet => Purpose::Query,
        Operation::NAction if from == Side::Requestor && is_about_a_step(command) => {
            Purpose::StepAction { receivers: Arc::clone(titles) }
        }
        Operation::CEcho
        | Operation::NEventReport
        | Operation::NGet
        | Operation::NSet
        | Operation::NAction
        | Operation::NCreate
        | Operation::NDelete => Purpose::Attributes,
    }
}

fn is_about_a_step(command: &Command) -> bool {
    let is_request = matches!(command.role, Role::Request { .. });
    is_request && command.sop_class.as_ref().is_some_and(services::is_unified_procedure_step)
}

/// The status of the gate's answer to a request with an unsound data set.
pub(super) const fn status(operation: Operation) -> u16 {
    /// Cannot understand, for storage (PS3.4 table B.2-1).
    const CANNOT_UNDERSTAND: u16 = 0xc000;
    /// The identifier does not match the SOP class (PS3.4 tables C.4-1 to C.4-3).
    const IDENTIFIER: u16 = 0xa900;
    /// Invalid argument value (PS3.7 section C.4.2).
    const ARGUMENT: u16 = 0x0115;
    /// Invalid attribute value (PS3.7 section C.5.9).
    const ATTRIBUTE: u16 = 0x0106;
    match operation {
        Operation::CStore => CANNOT_UNDERSTAND,
        Operation::CFind | Operation::CMove | Operation::CGet => IDENTIFIER,
        Operation::NEventReport | Operation::NAction => ARGUMENT,
        // The others that have a data set; C-ECHO, N-GET and N-DELETE have none.
        Operation::NSet
        | Operation::NCreate
        | Operation::CEcho
        | Operation::NGet
        | Operation::NDelete => ATTRIBUTE,
    }
}
