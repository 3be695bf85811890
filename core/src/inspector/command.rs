//! Command sets (PS3.7 section 6.3 and annex E): Implicit VR Little Endian, group 0000 only.
//!
//! A set is read whole: what says something must be there once, with a value of the right size and
//! grammar; what says nothing is left out and counted. What goes on is written anew from what was
//! judged.

mod element;
mod error;
mod table;

use element::{
    AFFECTED_CLASS, AFFECTED_INSTANCE, COMPLETED, DATA_SET_TYPE, DESTINATION, Draft, ERROR_COMMENT,
    Element, Elements, FAILED, FIELD, MESSAGE_ID, ORIGINATOR_ID, ORIGINATOR_TITLE, PRIORITY,
    REQUESTED_CLASS, RESPONDED_TO, STATUS, WARNING,
};
pub use error::CommandError;
use table::{DataSet, Message, Need, RESPONSE, Row, Shape, Value};

use super::tidied::Tidied;
use crate::counts::Counts;
use crate::services::Operation;
use crate::wire::associate::ContextId;
use crate::wire::title::AeTitle;
use crate::wire::uid::{InstanceUid, Uid};

/// A command set that was judged, and its canonical encoding.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) context: ContextId,
    pub(super) role: Role,
    /// The affected or requested SOP class.
    pub(super) sop_class: Option<Uid>,
    /// The affected or requested SOP instance.
    pub(super) sop_instance: Option<InstanceUid>,
    /// Where a C-MOVE wants the objects; `None` also for what is no title.
    pub(super) destination: Option<AeTitle>,
    /// Who asked for the C-MOVE that a C-STORE belongs to.
    pub(super) originator: Option<AeTitle>,
    pub(super) sub_operations: SubOperations,
    pub(super) follows: Follows,
    /// What was put right in the set.
    pub(super) tidied: Counts<Tidied>,
    /// Empty for a command that is not known: it is never forwarded.
    pub(super) bytes: Vec<u8>,
}

/// What follows a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    Nothing,
    DataSet,
    /// A data set where the message has none: it is not passed on.
    Surplus,
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
/// The priority that is neither high nor low (PS3.7 annex E).
const MEDIUM: [u8; 2] = [0, 0];

impl Command {
    /// Reads a whole command set.
    pub(super) fn read(context: ContextId, set: &[u8]) -> Result<Self, CommandError> {
        let mut tidied = Counts::default();
        let elements = Elements::of(set, &mut tidied)?;
        let field = number_in(&elements, FIELD)?;
        match Shape::of(field) {
            Some(shape) => Reading::new(shape, tidied).finish(context, elements),
            None if field & RESPONSE == 0 => unknown_request(context, field, &elements, tidied),
            None => Err(CommandError::UnknownResponse),
        }
    }

    /// Whether more of the message is to come.
    pub(super) fn has_data_set(&self) -> bool {
        self.follows != Follows::Nothing
    }

    /// Whether it waits for a response, and so for its turn.
    pub(super) const fn asks(&self) -> bool {
        matches!(self.role, Role::Request { .. } | Role::UnknownRequest { .. })
    }

    pub(super) const fn is_request(&self) -> bool {
        matches!(self.role, Role::Request { .. })
    }

    /// The set of a response whose data set does not pass.
    pub(super) fn without_data_set(mut self) -> Vec<u8> {
        element::replace_number(&mut self.bytes, DATA_SET_TYPE, NO_DATA_SET);
        self.bytes
    }

    /// Takes out of a response the SOP class that it need not name.
    pub(super) fn drop_class(&mut self) {
        element::take_out(&mut self.bytes, &[AFFECTED_CLASS, REQUESTED_CLASS]);
        self.sop_class = None;
    }

    /// Takes the originator of a C-MOVE out of a C-STORE, and its message ID, which says nothing
    /// alone; whether there was either.
    pub(super) fn drop_originator(&mut self) -> bool {
        self.originator = None;
        element::take_out(&mut self.bytes, &[ORIGINATOR_TITLE, ORIGINATOR_ID])
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
            draft.uid(AFFECTED_CLASS, class.as_str());
        }
        draft.number(FIELD, field | RESPONSE);
        draft.number(RESPONDED_TO, message_id);
        draft.number(DATA_SET_TYPE, NO_DATA_SET);
        draft.number(STATUS, status);
        draft.text(ERROR_COMMENT, comment.as_bytes());
        if let Some(instance) = &self.sop_instance {
            draft.uid(AFFECTED_INSTANCE, instance.as_str());
        }
        Some(draft.finish())
    }
}

/// What is known of a command while it is read against its shape.
struct Reading {
    shape: &'static Shape,
    draft: Draft,
    tidied: Counts<Tidied>,
    /// Bit n: the row n of the shape was met.
    met: u32,
    numbers: Numbers,
    sop_class: Option<Uid>,
    sop_instance: Option<InstanceUid>,
    destination: Option<AeTitle>,
    originator: Option<AeTitle>,
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
    fn new(shape: &'static Shape, tidied: Counts<Tidied>) -> Self {
        Self {
            shape,
            draft: Draft::new(),
            tidied,
            met: 0,
            numbers: Numbers::default(),
            sop_class: None,
            sop_instance: None,
            destination: None,
            originator: None,
        }
    }

    fn finish(
        mut self,
        context: ContextId,
        mut elements: Elements<'_>,
    ) -> Result<Command, CommandError> {
        if self.shape.row(PRIORITY).is_some() && !has_priority(&elements) {
            self.tidied.add(Tidied::Priority);
            elements.put(Element { number: PRIORITY, value: &MEDIUM });
        }
        for element in elements.iter() {
            self.element(element)?;
        }
        let missing = self.shape.rows().enumerate();
        let missing =
            missing.filter(|(place, row)| row.need == Need::Required && self.met >> place & 1 == 0);
        if let Some((_, row)) = missing.min_by_key(|(_, row)| row.element) {
            return Err(CommandError::Missing(row.element));
        }
        let role = self.role()?;
        let follows = self.follows(role)?;
        let mut command = Command {
            context,
            role,
            sop_class: self.sop_class,
            sop_instance: self.sop_instance,
            destination: self.destination,
            originator: self.originator,
            sub_operations: self.numbers.sub_operations,
            follows,
            tidied: self.tidied,
            bytes: self.draft.finish(),
        };
        if follows == Follows::Surplus {
            element::replace_number(&mut command.bytes, DATA_SET_TYPE, NO_DATA_SET);
        }
        Ok(command)
    }

    fn element(&mut self, element: Element<'_>) -> Result<(), CommandError> {
        let Some((place, row)) = self.shape.row(element.number) else {
            self.tidied.add(Tidied::Surplus);
            return Ok(());
        };
        // An optional element without a value says as much as none.
        if element.value.is_empty() {
            return match row.need {
                Need::Required => Err(CommandError::Missing(row.element)),
                Need::Optional | Need::Incidental => Ok(()),
            };
        }
        self.met |= 1 << place;
        match self.value(row, element) {
            None if row.need == Need::Incidental => {
                self.tidied.add(Tidied::Value);
                Ok(())
            }
            judged => judged.ok_or(CommandError::Value(row.element)),
        }
    }

    /// Judges a value and writes it anew; `None` where it breaks its grammar.
    fn value(&mut self, row: Row, Element { number, value }: Element<'_>) -> Option<()> {
        match row.value {
            Value::Class => {
                let class = element::uid(value)?;
                self.draft.uid(number, class.as_str());
                self.sop_class = Some(class);
            }
            Value::Instance => {
                let instance = element::instance(value)?;
                if !instance.is_uid() {
                    self.tidied.add(Tidied::InstanceUid);
                }
                self.draft.uid(number, instance.as_str());
                self.sop_instance = Some(instance);
            }
            // A C-MOVE to nowhere is refused, not unreadable.
            Value::Title if number == DESTINATION => {
                self.destination = element::title(value);
                self.destination.into_iter().for_each(|title| self.draft.title(number, title));
            }
            Value::Title => {
                let title = element::title(value)?;
                self.draft.title(number, title);
                self.originator = Some(title);
            }
            Value::Number => {
                let value = element::number(value)?;
                self.draft.number(number, value);
                self.numbers.keep(number, value);
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

    fn follows(&mut self, role: Role) -> Result<Follows, CommandError> {
        let has_data_set = self.numbers.data_set_type != NO_DATA_SET;
        if self.shape.data_set.allows(has_data_set, role) {
            return Ok(if has_data_set { Follows::DataSet } else { Follows::Nothing });
        }
        match (role, has_data_set) {
            (Role::Response { .. }, true) => {
                self.tidied.add(Tidied::SurplusDataSet);
                Ok(Follows::Surplus)
            }
            (Role::Response { .. }, false) => {
                self.tidied.add(Tidied::NoDataSet);
                Ok(Follows::Nothing)
            }
            (Role::Request { .. } | Role::UnknownRequest { .. } | Role::Cancel { .. }, _) => {
                Err(CommandError::DataSet)
            }
        }
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
                status: Status::of(operation, numbers.status, numbers.data_set_type)
                    .ok_or(CommandError::Value(STATUS))?,
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
    /// response (PS3.4 sections C.4.1.1.4, C.4.2.1.5 and C.4.3.1.4). A repository's query goes on
    /// behind the warning that it has found more than it shows, which comes with a match (PS3.4
    /// section C.6.4.4).
    fn of(operation: Operation, code: u16, data_set_type: u16) -> Option<Self> {
        const PENDING: u16 = 0xff00;
        const PENDING_WITH_UNSUPPORTED_KEYS: u16 = 0xff01;
        const LIMIT_REACHED: u16 = 0xb001;
        let may_be_pending = match code {
            PENDING => {
                matches!(operation, Operation::CFind | Operation::CGet | Operation::CMove)
            }
            PENDING_WITH_UNSUPPORTED_KEYS => operation == Operation::CFind,
            LIMIT_REACHED if data_set_type != NO_DATA_SET => {
                return Some(Self { code, is_pending: operation == Operation::CFind });
            }
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

/// Whether the priority is high, medium or low (PS3.7 annex E).
fn has_priority(elements: &Elements<'_>) -> bool {
    let priority = elements.find(PRIORITY).and_then(|element| element::number(element.value));
    priority.is_some_and(|priority| priority <= 2)
}

/// Enough of a request that nobody knows for an answer to it.
fn unknown_request(
    context: ContextId,
    field: u16,
    elements: &Elements<'_>,
    tidied: Counts<Tidied>,
) -> Result<Command, CommandError> {
    let message_id = number_in(elements, MESSAGE_ID)?;
    let has_data_set = number_in(elements, DATA_SET_TYPE)? != NO_DATA_SET;
    Ok(Command {
        context,
        role: Role::UnknownRequest { field, message_id },
        sop_class: None,
        sop_instance: None,
        destination: None,
        originator: None,
        sub_operations: SubOperations::default(),
        follows: if has_data_set { Follows::DataSet } else { Follows::Nothing },
        tidied,
        bytes: Vec::new(),
    })
}

fn number_in(elements: &Elements<'_>, number: u16) -> Result<u16, CommandError> {
    let element = elements.find(number).ok_or(CommandError::Missing(number))?;
    element::number(element.value).ok_or(CommandError::Value(number))
}
