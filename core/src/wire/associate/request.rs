//! A-ASSOCIATE-RQ (PS3.8 section 9.3.2).

use super::error::AssociateError;
use super::identity::UserIdentity;
use super::item::{self, Item};
use super::note::{Note, Notes};
use super::user::{self, ReceivedUser, Sender, UserInformation};
use super::{ContextId, Echo, first, fixed_fields, names_dicom, once, uid};
use crate::wire::reader::Reader;
use crate::wire::title::{AeTitle, TitleError};
use crate::wire::uid::Uid;

/// What may be asked of a PACS: everything that this type can hold and nothing else.
///
/// Items 53, 57, 58 and unknown ones have no place here, so they cannot be forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociateRq {
    /// The called AE title.
    pub called: AeTitle,
    /// The calling AE title.
    pub calling: AeTitle,
    /// The proposed presentation contexts in their order: 1 to 128, ids unique.
    pub contexts: Vec<ProposedContext>,
    /// The user information.
    pub user: UserInformation,
}

/// A presentation context as proposed (item 20).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedContext {
    /// Odd, 1 to 255, unique in the request.
    pub id: ContextId,
    /// The abstract syntax: a SOP class, or a meta SOP class.
    pub abstract_syntax: Uid,
    /// One or more transfer syntaxes.
    pub transfer_syntaxes: Vec<Uid>,
}

/// A request as it was received: what was asked, and what the answer must echo or mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedRq {
    /// The part that may be asked of a PACS. Unsound contexts are not in it, so its list of
    /// contexts may be empty.
    pub request: AssociateRq,
    /// Bytes 11 to 74 of the PDU: both title fields and the reserved field, for the answer.
    pub echo: Echo,
    /// Contexts with a UID outside the grammar, each with its place among the proposed ones.
    pub unsound: Vec<UnsoundContext>,
    /// Item 58, for the gate alone: it has no place in what is forwarded.
    pub identity: Option<UserIdentity>,
    /// What was dropped or tolerated.
    pub notes: Notes,
}

/// A context that cannot be forwarded because one of its UIDs is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsoundContext {
    /// The context's id, valid and unique like any other.
    pub id: ContextId,
    /// How many proposed contexts stand before it in the request, unsound ones included.
    pub position: usize,
}

impl ReceivedRq {
    /// How many contexts the requestor proposed, unsound ones included.
    pub const fn proposed(&self) -> usize {
        self.request.contexts.len() + self.unsound.len()
    }

    /// Reads the body of an A-ASSOCIATE-RQ: what follows the six bytes of the header.
    ///
    /// The order of the items is not tested.
    ///
    /// # Errors
    ///
    /// The first rule that the body breaks, in the order of its bytes; then what is missing.
    pub fn parse(body: &[u8]) -> Result<Self, AssociateError> {
        let (echo, mut items) = fixed_fields(body)?;
        let mut notes = Notes::default();
        let (called, calling) = titles(&echo, &mut notes)?;
        let mut draft = Draft::default();
        while let Some(item) = Item::next_in(&mut items)? {
            draft.take(item, &mut notes)?;
        }
        draft.application_context.ok_or(AssociateError::NoApplicationContext)?;
        if draft.contexts.is_empty() && draft.unsound.is_empty() {
            return Err(AssociateError::NoContext);
        }
        let user = draft.user.unwrap_or_else(|| user::missing(&mut notes));
        let request =
            AssociateRq { called, calling, contexts: draft.contexts, user: user.information };
        Ok(Self { request, echo, unsound: draft.unsound, identity: user.identity, notes })
    }
}

#[derive(Default)]
struct Draft {
    application_context: Option<()>,
    // Unique ids bound both lists together: there are 128.
    contexts: Vec<ProposedContext>,
    unsound: Vec<UnsoundContext>,
    user: Option<ReceivedUser>,
}

impl Draft {
    fn take(&mut self, item: Item<'_>, notes: &mut Notes) -> Result<(), AssociateError> {
        match item.kind {
            item::APPLICATION_CONTEXT => {
                if !names_dicom(item, notes) {
                    return Err(AssociateError::ForeignApplicationContext);
                }
                first(&mut self.application_context, (), item::APPLICATION_CONTEXT, notes);
            }
            item::PROPOSED_CONTEXT => self.context(item, notes)?,
            item::USER_INFORMATION => {
                let user = user::parse(item, Sender::Requestor, notes)?;
                once(&mut self.user, user, AssociateError::SecondUserInformation)?;
            }
            _ => item.skip(Note::UnknownItem, notes),
        }
        Ok(())
    }

    fn context(&mut self, mut item: Item<'_>, notes: &mut Notes) -> Result<(), AssociateError> {
        let [id, _, _, _] = item.array()?;
        let id = self.new_id(id)?;
        match proposed(id, item, notes)? {
            Some(context) => self.contexts.push(context),
            None => {
                let position = self.contexts.len() + self.unsound.len();
                self.unsound.push(UnsoundContext { id, position });
            }
        }
        Ok(())
    }

    fn new_id(&self, value: u8) -> Result<ContextId, AssociateError> {
        let id = ContextId::new(value).ok_or(AssociateError::EvenContextId(value))?;
        let taken = self.contexts.iter().any(|context| context.id == id)
            || self.unsound.iter().any(|context| context.id == id);
        if taken { Err(AssociateError::RepeatedContextId(value)) } else { Ok(id) }
    }
}

/// The structure must hold in every context; a UID outside the grammar spoils this one only, which
/// is then `None`, unless another transfer syntax is left.
fn proposed(
    id: ContextId,
    mut item: Item<'_>,
    notes: &mut Notes,
) -> Result<Option<ProposedContext>, AssociateError> {
    let mut abstract_syntax = None;
    let mut transfer_syntaxes = Vec::new();
    let mut has_transfer_syntax = false;
    while let Some(sub_item) = item.sub_item()? {
        match sub_item.kind {
            item::ABSTRACT_SYNTAX => {
                let syntax = uid(sub_item.rest(), notes);
                once(&mut abstract_syntax, syntax, AssociateError::SecondAbstractSyntax)?;
            }
            item::TRANSFER_SYNTAX => {
                has_transfer_syntax = true;
                match uid(sub_item.rest(), notes) {
                    Ok(syntax) => transfer_syntaxes.push(syntax),
                    Err(_) => notes.add(Note::TransferSyntax),
                }
            }
            _ => sub_item.skip(Note::UnknownItem, notes),
        }
    }
    let abstract_syntax = abstract_syntax.ok_or(AssociateError::NoAbstractSyntax)?;
    if !has_transfer_syntax {
        return Err(AssociateError::NoTransferSyntax);
    }
    let abstract_syntax = abstract_syntax.ok().filter(|_| !transfer_syntaxes.is_empty());
    let context = |abstract_syntax| ProposedContext { id, abstract_syntax, transfer_syntaxes };
    Ok(abstract_syntax.map(context))
}

fn titles(echo: &Echo, notes: &mut Notes) -> Result<(AeTitle, AeTitle), AssociateError> {
    let mut fields = Reader::new(&echo.0);
    let called = title(&mut fields, notes).map_err(AssociateError::CalledTitle)?;
    let calling = title(&mut fields, notes).map_err(AssociateError::CallingTitle)?;
    Ok((called, calling))
}

fn title(fields: &mut Reader<'_>, notes: &mut Notes) -> Result<AeTitle, TitleError> {
    // The two titles are half of the 64 bytes: the field is never cut.
    let field = fields.take(AeTitle::LEN).unwrap_or_default();
    let title = AeTitle::parse(field)?;
    if field.contains(&0) {
        notes.add(Note::NulPaddedTitle);
    }
    Ok(title)
}
