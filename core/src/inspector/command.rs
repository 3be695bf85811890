//! Command sets (PS3.7 section 6.3 and annex E): Implicit VR Little Endian, group 0000 only.
//!
//! A set is read whole and strictly: every element must be one that its command may have, with a
//! value of the right size and grammar. What goes on is written anew from what was judged.

mod element;
mod error;
mod table;

use element::{
    AFFECTED_CLASS, AFFECTED_INSTANCE, COMPLETED, DATA_SET_TYPE, DESTINATION, Draft, ERROR_COMMENT,
    Element, Elements, FAILED, FIELD, MESSAGE_ID, REQUESTED_CLASS, REQUESTED_INSTANCE,
    RESPONDED_TO, STATUS, WARNING,
};
pub use error::CommandError;
use table::{DataSet, Message, RESPONSE, Row, Shape, Value};

use crate::services::Operation;
use crate::wire::associate::ContextId;
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// A command set that was judged, and its canonical encoding.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) context: ContextId,
    pub(super) role: Role,
    /// The affected or requested SOP class.
    pub(super) sop_class: Option<Uid>,
    /// The affected or requested SOP instance.
    pub(super) sop_instance: Option<Uid>,
    /// Where a C-MOVE wants the objects.
    pub(super) destination: Option<AeTitle>,
    pub(super) sub_operations: SubOperations,
    pub(super) has_data_set: bool,
    /// Empty for a command that is not known: it is never forwarded.
    pub(super) bytes: Vec<u8>,
}

/// What a command is to the exchange of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Request {
        operation: Operation,
        message_id: u16,
    },
    /// A request that PS3.7 does not know, by its command field.
    UnknownRequest {
        field: u16,
        message_id: u16,
    },
    Response {
        operation: Operation,
        responds_to: u16,
        status: Status,
    },
    Cancel {
        message_id: u16,
    },
}

/// The status of a response (PS3.7 annex C).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) code: u16,
    /// More responses follow.
    pub(super) is_pending: bool,
}

/// What a retrieval says of its sub-operations (PS3.4 section C.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubOperations {
    /// Done.
    pub completed: u64,
    /// Failed.
    pub failed: u64,
    /// Done with a warning.
    pub warning: u64,
}

const NO_DATA_SET: u16 = 0x0101;

impl Command {
    /// Reads a whole command set.
    pub(super) fn read(context: ContextId, set: &[u8]) -> Result<Self, CommandError> {
        let elements = Elements::of(set)?;
        let mut field = None;
        // All of it is looked through before any of it is believed.
        for element in elements.clone() {
            let element = element?;
            if element.number == FIELD {
                field = Some(number(element)?);
            }
        }
        let field = field.ok_or(CommandError::Missing(FIELD))?;
        match Shape::of(field) {
            Some(shape) => Reading::new(shape).finish(context, elements),
            None if field & RESPONSE == 0 => unknown_request(context, field, elements),
            None => Err(CommandError::UnknownResponse),
        }
    }

    /// The encoded response with this status: what the gate itself says to a request. `None` for
    /// what has no response.
    pub(super) fn refusal(&self, status: u16, comment: &str) -> Option<Vec<u8>> {
        let (field, message_id) = match self.role {
            Role::Request { operation, message_id } => (operation.command_field(), message_id),
            Role::UnknownRequest { field, message_id } => (field, message_id),
            Role::Response { .. } | Role::Cancel { .. } => return None,
        };
        let mut draft = Draft::new();
        if let Some(class) = &self.sop_class {
            draft.uid(AFFECTED_CLASS, class);
        }
        draft.number(FIELD, field | RESPONSE);
        draft.number(RESPONDED_TO, message_id);
        draft.number(DATA_SET_TYPE, NO_DATA_SET);
        draft.number(STATUS, status);
        draft.text(ERROR_COMMENT, comment.as_bytes());
        if let Some(instance) = &self.sop_instance {
            draft.uid(AFFECTED_INSTANCE, instance);
        }
        Some(draft.finish())
    }
}

/// What is known of a command while it is read against its shape.
struct Reading {
    shape: &'static Shape,
    draft: Draft,
    /// Bit n: the row n of the shape was met.
    met: u32,
    numbers: Numbers,
    sop_class: Option<Uid>,
    sop_instance: Option<Uid>,
    destination: Option<AeTitle>,
}

/// The numbers that say what a message is.
#[derive(Default)]
struct Numbers {
    message_id: u16,
    responds_to: u16,
    data_set_type: u16,
    status: u16,
    sub_operations: SubOperations,
}

impl Reading {
    fn new(shape: &'static Shape) -> Self {
        Self {
            shape,
            draft: Draft::new(),
            met: 0,
            numbers: Numbers::default(),
            sop_class: None,
            sop_instance: None,
            destination: None,
        }
    }

    fn finish(
        mut self,
        context: ContextId,
        elements: Elements<'_>,
    ) -> Result<Command, CommandError> {
        for element in elements {
            self.element(element?)?;
        }
        let missing = self.shape.rows().enumerate();
        let missing = missing.filter(|(place, row)| row.is_required && self.met >> place & 1 == 0);
        if let Some((_, row)) = missing.min_by_key(|(_, row)| row.element) {
            return Err(CommandError::Missing(row.element));
        }
        let role = self.role()?;
        let has_data_set = self.numbers.data_set_type != NO_DATA_SET;
        if !self.shape.data_set.allows(has_data_set, role) {
            return Err(CommandError::DataSet);
        }
        Ok(Command {
            context,
            role,
            sop_class: self.sop_class,
            sop_instance: self.sop_instance,
            destination: self.destination,
            sub_operations: self.numbers.sub_operations,
            has_data_set,
            bytes: self.draft.finish(),
        })
    }

    fn element(&mut self, element: Element<'_>) -> Result<(), CommandError> {
        let (place, row) =
            self.shape.row(element.number).ok_or(CommandError::Foreign(element.number))?;
        // An optional element without a value says as much as none.
        if element.value.is_empty() {
            return if row.is_required { Err(CommandError::Missing(row.element)) } else { Ok(()) };
        }
        self.met |= 1 << place;
        self.value(row, element).ok_or(CommandError::Value(row.element))
    }

    /// Judges a value and writes it anew; `None` where it breaks its grammar.
    fn value(&mut self, row: Row, Element { number, value }: Element<'_>) -> Option<()> {
        match row.value {
            Value::Uid => {
                let uid = element::uid(value)?;
                self.draft.uid(number, &uid);
                match number {
                    AFFECTED_CLASS | REQUESTED_CLASS => self.sop_class = Some(uid),
                    AFFECTED_INSTANCE | REQUESTED_INSTANCE => self.sop_instance = Some(uid),
                    _ => {}
                }
            }
            Value::Title => {
                let title = element::title(value)?;
                self.draft.title(number, title);
                if number == DESTINATION {
                    self.destination = Some(title);
                }
            }
            Value::Number => {
                let value = element::number(value)?;
                self.draft.number(number, value);
                self.numbers.keep(number, value);
            }
            // Low, medium and high (PS3.7 annex E).
            Value::Priority => {
                let priority = element::number(value).filter(|priority| *priority <= 2)?;
                self.draft.number(number, priority);
            }
            Value::Tags => {
                if value.len() % 4 != 0 {
                    return None;
                }
                self.draft.put(number, value);
            }
            Value::Text => self.draft.text(number, value),
        }
        Some(())
    }

    fn role(&self) -> Result<Role, CommandError> {
        let numbers = &self.numbers;
        Ok(match self.shape.message {
            Message::Request(operation) => {
                Role::Request { operation, message_id: numbers.message_id }
            }
            Message::Response(operation) => Role::Response {
                operation,
                responds_to: numbers.responds_to,
                status: Status::of(operation, numbers.status).ok_or(CommandError::Value(STATUS))?,
            },
            Message::Cancel => Role::Cancel { message_id: numbers.responds_to },
        })
    }
}

impl Numbers {
    fn keep(&mut self, number: u16, value: u16) {
        match number {
            MESSAGE_ID => self.message_id = value,
            RESPONDED_TO => self.responds_to = value,
            DATA_SET_TYPE => self.data_set_type = value,
            STATUS => self.status = value,
            COMPLETED => self.sub_operations.completed = value.into(),
            FAILED => self.sub_operations.failed = value.into(),
            WARNING => self.sub_operations.warning = value.into(),
            _ => {}
        }
    }
}

impl Status {
    /// `None` where this operation has no such status: only queries and retrievals go on behind a
    /// response (PS3.4 sections C.4.1.1.4, C.4.2.1.5 and C.4.3.1.4).
    fn of(operation: Operation, code: u16) -> Option<Self> {
        const PENDING: u16 = 0xff00;
        const PENDING_WITH_UNSUPPORTED_KEYS: u16 = 0xff01;
        let may_be_pending = match code {
            PENDING => {
                matches!(operation, Operation::CFind | Operation::CGet | Operation::CMove)
            }
            PENDING_WITH_UNSUPPORTED_KEYS => operation == Operation::CFind,
            _ => return Some(Self { code, is_pending: false }),
        };
        may_be_pending.then_some(Self { code, is_pending: true })
    }
}

impl DataSet {
    fn allows(self, has_data_set: bool, role: Role) -> bool {
        let is_pending = matches!(role, Role::Response { status, .. } if status.is_pending);
        match self {
            Self::Required => has_data_set,
            Self::Optional => true,
            Self::Forbidden => !has_data_set,
            Self::WhilePending => has_data_set == is_pending,
            Self::AtTheEnd => !(has_data_set && is_pending),
        }
    }
}

/// Enough of a request that nobody knows for an answer to it.
fn unknown_request(
    context: ContextId,
    field: u16,
    elements: Elements<'_>,
) -> Result<Command, CommandError> {
    let mut message_id = Err(CommandError::Missing(MESSAGE_ID));
    let mut data_set_type = Err(CommandError::Missing(DATA_SET_TYPE));
    for element in elements {
        let element = element?;
        match element.number {
            MESSAGE_ID => message_id = Ok(number(element)?),
            DATA_SET_TYPE => data_set_type = Ok(number(element)?),
            _ => {}
        }
    }
    Ok(Command {
        context,
        role: Role::UnknownRequest { field, message_id: message_id? },
        sop_class: None,
        sop_instance: None,
        destination: None,
        sub_operations: SubOperations::default(),
        has_data_set: data_set_type? != NO_DATA_SET,
        bytes: Vec::new(),
    })
}

fn number(element: Element<'_>) -> Result<u16, CommandError> {
    element::number(element.value).ok_or(CommandError::Value(element.number))
}
