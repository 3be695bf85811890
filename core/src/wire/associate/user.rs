//! User information (PS3.7 annex D.3.3).

use super::error::AssociateError;
use super::identity::UserIdentity;
use super::item::{self, Item};
use super::note::{Note, Notes};
use super::unique::Unique;
use super::version::VersionName;
use super::{MAX_CONTEXTS, MIN_MAXIMUM_LENGTH, USUAL_MAXIMUM_LENGTH, first, once, uid};
use crate::services;
use crate::wire::uid::Uid;

/// User information (item 50) as far as both directions share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInformation {
    /// Item 51: the longest P-DATA-TF length that the sender of this item receives; 0: no maximum.
    pub maximum_length: u32,
    /// Item 52.
    pub implementation_class: Uid,
    /// Item 55.
    pub implementation_version: Option<VersionName>,
    /// Items 54, one for each SOP class at most.
    pub roles: Vec<RoleSelection>,
    /// Items 56, one for each SOP class at most.
    pub extended: Vec<ExtendedNegotiation>,
}

/// SCP/SCU role selection (item 54).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSelection {
    /// The SOP class that the roles are for.
    pub sop_class: Uid,
    /// The requestor may be SCU.
    pub scu: bool,
    /// The requestor may be SCP.
    pub scp: bool,
}

/// SOP class extended negotiation (item 56).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedNegotiation {
    /// The SOP class that the information is for.
    pub sop_class: Uid,
    /// Service class application information, of the form that the SOP class has.
    pub information: Vec<u8>,
}

/// The implementation class (item 52) of this program: 2.25 and a UUID (PS3.5 section B.2).
pub fn implementation_class() -> Uid {
    Uid::known(&"2.25.328520841336669457546528144702867318310")
}

/// Who sent a user information: the two may not say the same.
#[derive(Clone, Copy)]
pub(super) enum Sender {
    Requestor,
    Acceptor,
}

/// User information as received.
pub(super) struct ReceivedUser {
    pub(super) information: UserInformation,
    pub(super) identity: Option<UserIdentity>,
}

/// Reads an item 50.
pub(super) fn parse(
    mut item: Item<'_>,
    sender: Sender,
    notes: &mut Notes,
) -> Result<ReceivedUser, AssociateError> {
    let mut draft = Draft::new();
    while let Some(sub_item) = item.sub_item()? {
        draft.take(sub_item, sender, notes)?;
    }
    Ok(draft.complete(notes))
}

/// What stands for an item 50 that is missing.
pub(super) fn missing(notes: &mut Notes) -> ReceivedUser {
    notes.add(Note::NoUserInformation);
    // One note says it for all of its parts.
    Draft::new().complete(&mut Notes::default())
}

struct Draft {
    maximum_length: Option<u32>,
    /// The inner value is `None` for what is no UID and was dropped.
    implementation_class: Option<Option<Uid>>,
    operations_window: Option<()>,
    roles: Unique<RoleSelection>,
    /// The inner value is `None` for a name that was dropped.
    version: Option<Option<VersionName>>,
    extended: Unique<ExtendedNegotiation>,
    /// How many of them have come.
    extended_items: usize,
    identity: Option<UserIdentity>,
    identity_answer: Option<()>,
}

impl Draft {
    const fn new() -> Self {
        Self {
            maximum_length: None,
            implementation_class: None,
            operations_window: None,
            roles: Unique::new(),
            version: None,
            extended: Unique::new(),
            extended_items: 0,
            identity: None,
            identity_answer: None,
        }
    }

    fn take(
        &mut self,
        item: Item<'_>,
        sender: Sender,
        notes: &mut Notes,
    ) -> Result<(), AssociateError> {
        match (item.kind, sender) {
            (item::MAXIMUM_LENGTH, _) => self.maximum_length(item, sender, notes)?,
            (item::IMPLEMENTATION_CLASS, _) => self.implementation_class(item, notes),
            (item::OPERATIONS_WINDOW, _) => self.operations_window(item, notes)?,
            (item::ROLE_SELECTION, _) => self.role(item, notes)?,
            (item::VERSION_NAME, _) => self.version(item, notes),
            (item::EXTENDED, _) => self.extended(item, notes)?,
            // Not an acceptor's to send, but some acceptors may mirror it; it goes nowhere.
            (item::COMMON_EXTENDED, _) => common_extended(item, notes)?,
            (item::IDENTITY, Sender::Requestor) => self.identity(item, notes)?,
            (item::IDENTITY_ANSWER, Sender::Acceptor) => self.identity_answer(item, notes)?,
            (kind, Sender::Requestor) if item.is_known() => {
                return Err(AssociateError::MisplacedItem(kind));
            }
            (_, Sender::Requestor | Sender::Acceptor) => item.skip(Note::UnknownUserItem, notes),
        }
        Ok(())
    }

    fn maximum_length(
        &mut self,
        mut item: Item<'_>,
        sender: Sender,
        notes: &mut Notes,
    ) -> Result<(), AssociateError> {
        let value = item.u32()?;
        item.finish()?;
        if value != 0 && value < MIN_MAXIMUM_LENGTH {
            return Err(AssociateError::MaximumLength(value));
        }
        if value % 2 == 1 {
            notes.add(Note::OddMaximum);
        }
        match (self.maximum_length, sender) {
            (None, _) => self.maximum_length = Some(value),
            (Some(before), _) if before == value => notes.add(Note::Repeated(item::MAXIMUM_LENGTH)),
            (Some(_), Sender::Requestor) => return Err(AssociateError::SecondMaximumLength),
            (Some(before), Sender::Acceptor) => {
                notes.add(Note::SmallerMaximum);
                // 0 stands for no maximum.
                let smaller =
                    if before == 0 || value == 0 { before.max(value) } else { before.min(value) };
                self.maximum_length = Some(smaller);
            }
        }
        Ok(())
    }

    fn implementation_class(&mut self, item: Item<'_>, notes: &mut Notes) {
        let class = uid(item.rest(), notes).ok();
        if class.is_none() {
            notes.add(Note::ImplementationClass);
        }
        first(&mut self.implementation_class, class, item::IMPLEMENTATION_CLASS, notes);
    }

    fn operations_window(
        &mut self,
        mut item: Item<'_>,
        notes: &mut Notes,
    ) -> Result<(), AssociateError> {
        item.array::<4>()?;
        item.finish()?;
        notes.add(Note::NotForwarded(item::OPERATIONS_WINDOW));
        first(&mut self.operations_window, (), item::OPERATIONS_WINDOW, notes);
        Ok(())
    }

    fn role(&mut self, mut item: Item<'_>, notes: &mut Notes) -> Result<(), AssociateError> {
        let sop_class = uid(item.sized()?, notes);
        let scu = role(item.u8()?)?;
        let scp = role(item.u8()?)?;
        item.finish()?;
        let Ok(sop_class) = sop_class else {
            notes.add(Note::BadRole);
            return Ok(());
        };
        let value = RoleSelection { sop_class: sop_class.clone(), scu, scp };
        self.roles.add(sop_class, value).judge(
            item::ROLE_SELECTION,
            AssociateError::ContradictingRoles,
            notes,
        )
    }

    fn version(&mut self, item: Item<'_>, notes: &mut Notes) {
        let name = VersionName::parse(item.rest());
        if name.is_none() {
            notes.add(Note::VersionName);
        }
        first(&mut self.version, name, item::VERSION_NAME, notes);
    }

    fn extended(&mut self, mut item: Item<'_>, notes: &mut Notes) -> Result<(), AssociateError> {
        // There is one for a SOP class, and a SOP class for a context.
        self.extended_items += 1;
        if self.extended_items > MAX_CONTEXTS {
            notes.add(Note::ExtendedOverflow);
            return Ok(());
        }
        let Ok(sop_class) = uid(item.sized()?, notes) else {
            notes.add(Note::BadExtended);
            return Ok(());
        };
        let Some(information) = services::negotiated(&sop_class, item.rest()) else {
            notes.add(Note::ExtendedForm);
            return Ok(());
        };
        let value = ExtendedNegotiation { sop_class: sop_class.clone(), information };
        self.extended.add(sop_class, value).judge(
            item::EXTENDED,
            AssociateError::ContradictingExtended,
            notes,
        )
    }

    fn identity(&mut self, item: Item<'_>, notes: &mut Notes) -> Result<(), AssociateError> {
        let identity = UserIdentity::parse(item)?;
        notes.add(Note::NotForwarded(item::IDENTITY));
        once(&mut self.identity, identity, AssociateError::SecondIdentity)
    }

    fn identity_answer(
        &mut self,
        mut item: Item<'_>,
        notes: &mut Notes,
    ) -> Result<(), AssociateError> {
        let _response = item.sized()?;
        item.finish()?;
        notes.add(Note::NotForwarded(item::IDENTITY_ANSWER));
        first(&mut self.identity_answer, (), item::IDENTITY_ANSWER, notes);
        Ok(())
    }

    /// What is missing and says nothing to the other side is supplied.
    fn complete(self, notes: &mut Notes) -> ReceivedUser {
        let maximum_length = self.maximum_length.unwrap_or_else(|| {
            notes.add(Note::NoMaximumLength);
            USUAL_MAXIMUM_LENGTH
        });
        if self.implementation_class.is_none() {
            notes.add(Note::NoImplementationClass);
        }
        let implementation_class =
            self.implementation_class.flatten().unwrap_or_else(implementation_class);
        let information = UserInformation {
            maximum_length,
            implementation_class,
            implementation_version: self.version.flatten(),
            roles: self.roles.into_values(),
            extended: self.extended.into_values(),
        };
        ReceivedUser { information, identity: self.identity }
    }
}

const fn role(value: u8) -> Result<bool, AssociateError> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(AssociateError::RoleValue(other)),
    }
}

fn common_extended(mut item: Item<'_>, notes: &mut Notes) -> Result<(), AssociateError> {
    // A later version may have another layout, which is not ours to judge.
    if item.version == 0 {
        let _sop_class = item.sized()?;
        let _service_class = item.sized()?;
        item.skip_sized_list()?;
        item.finish()?;
    }
    notes.add(Note::NotForwarded(item::COMMON_EXTENDED));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_implementation_class_is_a_uid() {
        let class = implementation_class();
        assert_eq!(Uid::parse(class.as_str().as_bytes()), Ok(class.clone()));
        assert!(!class.has_leading_zeros());
    }
}
