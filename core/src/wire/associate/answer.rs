//! A-ASSOCIATE-AC (PS3.8 section 9.3.3).

use super::error::AssociateError;
use super::item::{self, Item};
use super::note::{Note, Notes};
use super::user::{self, ReceivedUser, Sender, UserInformation};
use super::{ContextId, Echo, MAX_CONTEXTS, first, fixed_fields, names_dicom, once, uid};
use crate::wire::uid::Uid;

/// An answer of the acceptor (A-ASSOCIATE-AC).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociateAc {
    /// Bytes 11 to 74: sent as received in the request, never tested.
    pub echo: Echo,
    /// One result for each context, in the order of the PDU.
    pub results: Vec<ContextResult>,
    /// The acceptor's user information.
    pub user: UserInformation,
    /// Whether it says that the user identity of the request was accepted (item 59): an empty
    /// response, as for types 1, 2 and 5 (PS3.7 section D.3.3.7.2). Only the gate's own does.
    pub answers_identity: bool,
}

/// The result for one presentation context (item 21).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextResult {
    /// The proposed context's id.
    pub id: ContextId,
    /// The verdict.
    pub answer: ContextAnswer,
}

/// What an acceptor says of a presentation context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextAnswer {
    /// Result 0, with the transfer syntax chosen.
    Accepted(Uid),
    /// Results 1 to 4; the transfer syntax is not significant.
    Rejected(ContextRejection),
}

/// Why a presentation context was rejected (PS3.8 table 9-18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextRejection {
    /// 1: user rejection.
    User,
    /// 2: no reason given.
    NoReason,
    /// 3: abstract syntax not supported.
    AbstractSyntax,
    /// 4: transfer syntaxes not supported.
    TransferSyntaxes,
}

/// An A-ASSOCIATE-AC as received, with what was dropped from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedAc {
    /// The answer.
    pub answer: AssociateAc,
    /// What was dropped or tolerated.
    pub notes: Notes,
}

impl ContextRejection {
    /// The number on the wire.
    pub const fn value(self) -> u8 {
        match self {
            Self::User => 1,
            Self::NoReason => 2,
            Self::AbstractSyntax => 3,
            Self::TransferSyntaxes => 4,
        }
    }
}

impl ReceivedAc {
    /// Reads the body of an A-ASSOCIATE-AC: what follows the six bytes of the header.
    ///
    /// What the answer says of which context is for the caller to judge: a result may be missing,
    /// given twice, or for a context that nobody proposed. Neither the titles nor the order of
    /// the items are tested.
    ///
    /// # Errors
    ///
    /// The first rule that the body breaks, in the order of its bytes; then what is missing.
    pub fn parse(body: &[u8]) -> Result<Self, AssociateError> {
        let (echo, mut items) = fixed_fields(body)?;
        let mut notes = Notes::default();
        let mut draft = Draft::default();
        while let Some(item) = Item::next_in(&mut items)? {
            draft.take(item, &mut notes)?;
        }
        if draft.application_context.is_none() {
            notes.add(Note::NoApplicationContext);
        }
        let user = draft.user.unwrap_or_else(|| user::missing(&mut notes));
        let answer = AssociateAc {
            echo,
            results: draft.results,
            user: user.information,
            answers_identity: false,
        };
        Ok(Self { answer, notes })
    }
}

#[derive(Default)]
struct Draft {
    application_context: Option<()>,
    results: Vec<ContextResult>,
    user: Option<ReceivedUser>,
}

impl Draft {
    fn take(&mut self, item: Item<'_>, notes: &mut Notes) -> Result<(), AssociateError> {
        match item.kind {
            item::APPLICATION_CONTEXT => {
                // The requestor gets the gate's own item 10: what an old PACS says is harmless.
                if !names_dicom(item, notes) {
                    notes.add(Note::ApplicationContext);
                }
                first(&mut self.application_context, (), item::APPLICATION_CONTEXT, notes);
            }
            item::CONTEXT_RESULT => self.result(item, notes)?,
            item::USER_INFORMATION => {
                let user = user::parse(item, Sender::Acceptor, notes)?;
                once(&mut self.user, user, AssociateError::SecondUserInformation)?;
            }
            _ => item.skip(Note::UnknownItem, notes),
        }
        Ok(())
    }

    fn result(&mut self, mut item: Item<'_>, notes: &mut Notes) -> Result<(), AssociateError> {
        // Unlike a request's, these ids may repeat, so the number has a limit of its own.
        if self.results.len() == MAX_CONTEXTS {
            return Err(AssociateError::TooManyResults);
        }
        let [id, _, result, _] = item.array()?;
        let syntaxes = transfer_syntaxes(item, notes)?;
        let Some(id) = ContextId::new(id) else {
            notes.add(Note::EvenContextId(id));
            return Ok(());
        };
        let answer = match result {
            0 => accepted(&syntaxes, notes),
            1 => rejected(ContextRejection::User, &syntaxes, notes),
            2 => rejected(ContextRejection::NoReason, &syntaxes, notes),
            3 => rejected(ContextRejection::AbstractSyntax, &syntaxes, notes),
            4 => rejected(ContextRejection::TransferSyntaxes, &syntaxes, notes),
            other => {
                notes.add(Note::ContextResult(other));
                ContextAnswer::Rejected(ContextRejection::NoReason)
            }
        };
        self.results.push(ContextResult { id, answer });
        Ok(())
    }
}

/// The contents of an item 21's items 40, unread: whether they matter depends on the result.
fn transfer_syntaxes<'a>(
    mut item: Item<'a>,
    notes: &mut Notes,
) -> Result<Vec<&'a [u8]>, AssociateError> {
    let mut syntaxes = Vec::new();
    while let Some(sub_item) = item.sub_item()? {
        match sub_item.kind {
            item::TRANSFER_SYNTAX => syntaxes.push(sub_item.rest()),
            _ => sub_item.skip(Note::UnknownItem, notes),
        }
    }
    Ok(syntaxes)
}

/// Without exactly one transfer syntax nobody can know which one is meant, so nothing is sent on
/// this context.
fn accepted(syntaxes: &[&[u8]], notes: &mut Notes) -> ContextAnswer {
    let chosen = if let [syntax] = syntaxes { uid(syntax, notes).ok() } else { None };
    chosen.map_or_else(
        || {
            notes.add(Note::AcceptedTransferSyntax);
            ContextAnswer::Rejected(ContextRejection::NoReason)
        },
        ContextAnswer::Accepted,
    )
}

fn rejected(rejection: ContextRejection, syntaxes: &[&[u8]], notes: &mut Notes) -> ContextAnswer {
    let is_valid = matches!(syntaxes, [syntax] if Uid::parse(syntax).is_ok());
    if !is_valid {
        notes.add(Note::RejectedTransferSyntax);
    }
    ContextAnswer::Rejected(rejection)
}
