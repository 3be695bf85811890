//! Command sets (PS3.7 section 6.3 and annex E): Implicit VR Little Endian, group 0000 only.

use crate::wire::associate::ContextId;

/// A command set that was read strictly. Its bytes are their own canonical encoding: elements
/// ascend, none repeats, every length is exact.
#[derive(Debug)]
pub(super) struct Command {
    context: ContextId,
    bytes: Vec<u8>,
    field: u16,
    role: Role,
    has_data_set: bool,
}

/// What a command is to the exchange of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Request { message_id: u16 },
    Response { responds_to: u16, is_final: bool },
    Cancel,
}

/// Why a command set cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// An element ends behind the end of the set.
    #[error("is cut inside an element")]
    Cut,
    /// An element of another group than 0000.
    #[error("has an element outside group 0000")]
    Group,
    /// Elements repeat or do not ascend.
    #[error("has elements that repeat or do not ascend")]
    Order,
    /// A value of odd length.
    #[error("has a value of odd length")]
    OddLength,
    /// The group length is missing or is not the set's.
    #[error("has no true group length")]
    GroupLength,
    /// An element that the message cannot do without is missing.
    #[error("lacks ({:04x},{:04x})", 0, .0)]
    Missing(u16),
    /// A numeric element is not two bytes long.
    #[error("has ({:04x},{:04x}) of another length than 2", 0, .0)]
    Size(u16),
}

const COMMAND_GROUP_LENGTH: u16 = 0x0000;
const COMMAND_FIELD: u16 = 0x0100;
const MESSAGE_ID: u16 = 0x0110;
const RESPONDED_TO: u16 = 0x0120;
const DATA_SET_TYPE: u16 = 0x0800;
const STATUS: u16 = 0x0900;
const NO_DATA_SET: u16 = 0x0101;
const C_CANCEL: u16 = 0x0fff;

impl Command {
    /// The bit that makes a response of a request.
    pub(super) const RESPONSE: u16 = 0x8000;

    /// Reads a whole command set.
    pub(super) fn read(context: ContextId, bytes: Vec<u8>) -> Result<Self, CommandError> {
        let numbers = Numbers::read(&bytes)?;
        let field = numbers.field.ok_or(CommandError::Missing(COMMAND_FIELD))?;
        let data_set = numbers.data_set_type.ok_or(CommandError::Missing(DATA_SET_TYPE))?;
        let role = numbers.role(field)?;
        Ok(Self { context, bytes, field, role, has_data_set: data_set != NO_DATA_SET })
    }

    pub(super) const fn context(&self) -> ContextId {
        self.context
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) const fn field(&self) -> u16 {
        self.field
    }

    pub(super) const fn role(&self) -> Role {
        self.role
    }

    pub(super) const fn has_data_set(&self) -> bool {
        self.has_data_set
    }
}

/// The numeric elements that say what a message is.
#[derive(Default)]
struct Numbers {
    field: Option<u16>,
    message_id: Option<u16>,
    responded_to: Option<u16>,
    data_set_type: Option<u16>,
    status: Option<u16>,
}

impl Numbers {
    fn read(bytes: &[u8]) -> Result<Self, CommandError> {
        let mut numbers = Self::default();
        let mut rest = bytes;
        let mut before = None;
        while !rest.is_empty() {
            let (element, value) = element(&mut rest)?;
            if before.is_some_and(|before| before >= element) {
                return Err(CommandError::Order);
            }
            if before.is_none() {
                group_length(element, value, rest.len())?;
            }
            before = Some(element);
            numbers.keep(element, value)?;
        }
        Ok(numbers)
    }

    fn keep(&mut self, element: u16, value: &[u8]) -> Result<(), CommandError> {
        let slot = match element {
            COMMAND_FIELD => &mut self.field,
            MESSAGE_ID => &mut self.message_id,
            RESPONDED_TO => &mut self.responded_to,
            DATA_SET_TYPE => &mut self.data_set_type,
            STATUS => &mut self.status,
            _ => return Ok(()),
        };
        let value = value.try_into().map_err(|_| CommandError::Size(element))?;
        *slot = Some(u16::from_le_bytes(value));
        Ok(())
    }

    fn role(&self, field: u16) -> Result<Role, CommandError> {
        let responded_to = self.responded_to.ok_or(CommandError::Missing(RESPONDED_TO));
        if field == C_CANCEL {
            return responded_to.map(|_| Role::Cancel);
        }
        if field & Command::RESPONSE == 0 {
            let message_id = self.message_id.ok_or(CommandError::Missing(MESSAGE_ID))?;
            return Ok(Role::Request { message_id });
        }
        let status = self.status.ok_or(CommandError::Missing(STATUS))?;
        // FF00 and FF01: matches are continuing (PS3.7 annex C.3).
        let is_final = !matches!(status, 0xff00 | 0xff01);
        Ok(Role::Response { responds_to: responded_to?, is_final })
    }
}

/// Takes one element: tag (group first), a length of four bytes, a value of even length.
fn element<'a>(rest: &mut &'a [u8]) -> Result<(u16, &'a [u8]), CommandError> {
    let (&[g, h, a, b], tail) = rest.split_first_chunk().ok_or(CommandError::Cut)?;
    let (&length, tail) = tail.split_first_chunk().ok_or(CommandError::Cut)?;
    if u16::from_le_bytes([g, h]) != 0 {
        return Err(CommandError::Group);
    }
    let length = u32::from_le_bytes(length);
    if length % 2 == 1 {
        return Err(CommandError::OddLength);
    }
    let (value, tail) = tail.split_at_checked(length as usize).ok_or(CommandError::Cut)?;
    *rest = tail;
    Ok((u16::from_le_bytes([a, b]), value))
}

fn group_length(element: u16, value: &[u8], behind: usize) -> Result<(), CommandError> {
    let told = value.try_into().map(u32::from_le_bytes).ok();
    let is_true = told.is_some_and(|told| told as usize == behind);
    if element == COMMAND_GROUP_LENGTH && is_true { Ok(()) } else { Err(CommandError::GroupLength) }
}
