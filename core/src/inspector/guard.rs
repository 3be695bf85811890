//! Data sets on their way: walked, and their heads held until the walk of them is clean.

use std::sync::Arc;

use super::command::{Command, Role};
use super::contexts::Contexts;
use super::disclosed::{Disclosed, MAX_IDENTIFIER, Object, Query};
use super::guarding::{Guarding, Mode};
use super::outlet::Outlet;
use super::quota::Quota;
use super::tidied::Tidied;
use crate::counts::Counts;
use crate::data_set::{DataSetError, Deviations, Purpose, Rules, Walker};
use crate::direction::System;
use crate::services::{self, Operation};
use crate::side::Side;
use crate::transfer_syntax::TransferSyntax;
use crate::wire::title::AeTitle;

/// How much of a data set is held with its command: most faults show there, and can then be
/// answered, because nothing of the message has left yet. With the headers of fragments of two
/// bytes, the smallest, what is held becomes seven times as long.
pub const HEAD: usize = 64 * 1024;
/// The room for a message of which nothing but the last piece has come: queries, their answers and small
/// objects are many.
const SMALL: usize = 1024;

/// Judges the data set of one message.
#[derive(Debug)]
pub(super) struct Guard {
    command: Command,
    walker: Walker,
    mode: Mode,
    /// Asked before an object leaves.
    quota: Option<Arc<dyn Quota>>,
    /// The command and the head of the data set, as they will leave.
    held: Vec<u8>,
    /// How much of the data set is still to come into it; `None` once it has left.
    head: Option<usize>,
    /// In a report: the fault that was found. Nothing is walked behind it.
    reported: Option<DataSetError>,
    tidied: Counts<Tidied>,
    /// Where it is told: the identifier of a query, as far as it has come.
    identifier: Option<Vec<u8>>,
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
        contexts: &Contexts,
        quota: Option<Arc<dyn Quota>>,
    ) -> Self {
        let Guarding { mode, tolerated, elements, bounds, widths } = contexts.guarding(from);
        let from = contexts.system(from);
        let purpose = purpose(from, &command, contexts.titles());
        // A report is about form; whom a peer subscribes is a matter of what it may do.
        let is_step = matches!(purpose, Purpose::StepAction { .. });
        let mode = if is_step { Mode::Refuse } else { mode };
        let quota = quota.filter(|_| matches!(purpose, Purpose::Object { .. }));
        let rules = Rules { from, tolerated, elements, bounds, widths };
        let mut walker = Walker::new(syntax.walk(), purpose, rules);
        if quota.is_some() {
            walker.keep_study();
        }
        // A cap is not about form, and holds in a report as well.
        let (held, head) = match (mode, &quota) {
            (Mode::Refuse, _) | (Mode::Report, Some(_)) => (Vec::with_capacity(SMALL), Some(HEAD)),
            (Mode::Report, None) => (Vec::new(), None),
        };
        let tidied = Counts::default();
        let (reported, identifier) = (None, None);
        Self { command, walker, mode, quota, held, head, reported, tidied, identifier }
    }

    /// Keeps what is told of it.
    pub(super) fn disclose(&mut self) {
        match self.command.role {
            Role::Request { operation: Operation::CStore, .. } => self.walker.show(),
            Role::Request { operation: Operation::CFind, .. } => {
                self.identifier = Some(Vec::new());
            }
            Role::Request { .. }
            | Role::Response { .. }
            | Role::UnknownRequest { .. }
            | Role::Cancel { .. } => {}
        }
    }

    /// What is told of it, at its end.
    pub(super) fn take_disclosed(&mut self, from: Side, contexts: &Contexts) -> Option<Disclosed> {
        let sop_class = self.command.sop_class.clone();
        if let Some(mut identifier) = self.identifier.take() {
            let context = contexts.get(self.command.context)?;
            let syntax = context.transfer_syntax.uid();
            let is_cut = identifier.len() > MAX_IDENTIFIER;
            identifier.truncate(MAX_IDENTIFIER);
            return Some(Disclosed::Query(Query { from, sop_class, syntax, identifier, is_cut }));
        }
        let shown = self.walker.take_shown()?;
        let sop_instance = self.command.sop_instance.clone();
        let object = Object { from, sop_class, sop_instance, shown, status: None };
        Some(Disclosed::Object(object))
    }

    /// Whether nothing of the message has left.
    pub(super) const fn is_holding(&self) -> bool {
        self.head.is_some()
    }

    pub(super) const fn command(&self) -> &Command {
        &self.command
    }

    pub(super) fn into_command(self) -> Command {
        self.command
    }

    /// How many elements, items and delimiters were walked.
    pub(super) const fn elements(&self) -> u32 {
        self.walker.elements()
    }

    /// Something was put right on the way.
    pub(super) fn tidied(&mut self, what: Tidied) {
        self.tidied.add(what);
    }

    /// What was put right on the way.
    pub(super) const fn all_tidied(&self) -> &Counts<Tidied> {
        &self.tidied
    }

    pub(super) const fn deviations(&self) -> &Deviations {
        self.walker.deviations()
    }

    /// Whether it is a query of studies that asks for everything.
    pub(super) fn asks_for_everything(&self) -> bool {
        let is_of_studies =
            self.command.sop_class.as_ref().is_some_and(services::is_query_of_studies);
        is_of_studies
            && matches!(self.command.role, Role::Request { operation: Operation::CFind, .. })
            && !self.walker.is_restricted()
    }

    pub(super) const fn reported(&self) -> Option<DataSetError> {
        self.reported
    }

    /// Where what was judged goes.
    pub(super) fn sink<'a>(&'a mut self, out: &'a mut dyn Outlet) -> &'a mut dyn Outlet {
        if self.head.is_some() { &mut self.held } else { out }
    }

    /// Judges the next bytes, behind which so many are to come, as far as that is known: behind the last
    /// ones none are. Returns how many of them left behind the head.
    ///
    /// What is output is the same however the bytes are cut: all before the one that breaks a
    /// rule, as far as nothing is held.
    pub(super) fn pass(
        &mut self,
        piece: &[u8],
        to_come: Option<u32>,
        out: &mut dyn Outlet,
    ) -> Result<usize, Broken> {
        let mut rest = piece;
        let mut behind = 0;
        loop {
            let room = self.head.unwrap_or(usize::MAX);
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            behind += if self.is_holding() { 0 } else { now.len() };
            let to_come = to_come.map(|length| later.len().saturating_add(length as usize));
            self.walk(now, to_come, out)?;
            self.head = self.head.map(|head| head.saturating_sub(now.len()));
            if self.head == Some(0) {
                self.let_go(out)?;
            }
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        Ok(behind)
    }

    fn walk(
        &mut self,
        piece: &[u8],
        to_come: Option<usize>,
        out: &mut dyn Outlet,
    ) -> Result<(), Broken> {
        if let Some(identifier) = &mut self.identifier {
            // One byte too many says that it is too long.
            let room = (MAX_IDENTIFIER + 1).saturating_sub(identifier.len());
            identifier.extend(piece.iter().take(room));
        }
        if self.reported.is_some() {
            return self.keep(piece, to_come, out);
        }
        let before = self.walker.position();
        let walked = self.walker.feed(piece);
        let verdict = match to_come {
            Some(0) => walked.and_then(|()| self.walker.finish()),
            Some(_) | None => walked,
        };
        match (verdict, self.mode) {
            (Ok(()), _) => self.keep(piece, to_come, out),
            (Err(error), Mode::Report) => {
                self.reported = Some(error);
                self.keep(piece, to_come, out)
            }
            (Err(error), Mode::Refuse) => {
                let is_held = self.is_holding();
                if !is_held {
                    let taken = self.walker.position().saturating_sub(before);
                    let sound = usize::try_from(taken).unwrap_or(usize::MAX).saturating_sub(1);
                    out.push(piece.get(..sound).unwrap_or_default());
                }
                Err(Broken { error, is_held })
            }
        }
    }

    /// Lets a piece go, or holds it with the head. The last one is not held, and so not copied twice.
    fn keep(
        &mut self,
        piece: &[u8],
        to_come: Option<usize>,
        out: &mut dyn Outlet,
    ) -> Result<(), Broken> {
        if to_come == Some(0) {
            self.let_go(out)?;
        } else if self.is_holding() {
            // All that will be held in one go: a head with the command and usual headers, or less.
            let rest = piece.len().saturating_add(to_come.unwrap_or(HEAD));
            let room = (HEAD + 1024).saturating_sub(self.held.len());
            self.held.reserve(rest.min(room));
        }
        self.sink(out).push(piece);
        Ok(())
    }

    /// The head is walked and leaves, unless a cap is reached.
    fn let_go(&mut self, out: &mut dyn Outlet) -> Result<(), Broken> {
        if let Some(quota) = self.quota.take() {
            let taken = quota.take(self.walker.take_study());
            taken.map_err(|error| Broken { error, is_held: true })?;
        }
        if self.head.take().is_some() {
            // Twice the room would outlive the moment: in tiny fragments a head is 450 KiB long.
            let out = out.buffer();
            out.reserve_exact(self.held.len());
            out.append(&mut self.held);
            self.held = Vec::new();
        }
        Ok(())
    }
}

/// What the data set behind a command is for.
fn purpose(from: System, command: &Command, titles: &Arc<[AeTitle]>) -> Purpose {
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
        Operation::CFind | Operation::CMove | Operation::CGet if command.is_request() => {
            Purpose::Query
        }
        Operation::NAction if from == System::Peer && is_about_a_step(command) => {
            Purpose::StepAction { receivers: Arc::clone(titles) }
        }
        Operation::CFind
        | Operation::CMove
        | Operation::CGet
        | Operation::CEcho
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

/// The status of the gate's answer to a request with an unsound data set, or one too many.
pub(super) const fn status(operation: Operation, error: DataSetError) -> u16 {
    /// Out of resources, for storage (PS3.4 table B.2-1).
    const OUT_OF_RESOURCES: u16 = 0xa700;
    /// Cannot understand, for storage (PS3.4 table B.2-1).
    const CANNOT_UNDERSTAND: u16 = 0xc000;
    /// The identifier does not match the SOP class (PS3.4 tables C.4-1 to C.4-3).
    const IDENTIFIER: u16 = 0xa900;
    /// Invalid argument value (PS3.7 section C.4.2).
    const ARGUMENT: u16 = 0x0115;
    /// Invalid attribute value (PS3.7 section C.5.9).
    const ATTRIBUTE: u16 = 0x0106;
    if matches!(error, DataSetError::ObjectsPerHour | DataSetError::ObjectsPerStudy) {
        return OUT_OF_RESOURCES;
    }
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
