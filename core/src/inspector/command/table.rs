//! The closed table of commands: what each may hold (PS3.7 sections 9.3, 10.3 and annex E).

use super::element::{
    ACTION_TYPE, AFFECTED_CLASS, AFFECTED_INSTANCE, ATTRIBUTES, COMPLETED, DATA_SET_TYPE,
    DESTINATION, ERROR_COMMENT, ERROR_ID, EVENT_TYPE, FAILED, FIELD, MESSAGE_ID, OFFENDING,
    ORIGINATOR_ID, ORIGINATOR_TITLE, PRIORITY, REMAINING, REQUESTED_CLASS, REQUESTED_INSTANCE,
    RESPONDED_TO, STATUS, WARNING,
};
use crate::services::Operation;

/// What a command set may hold.
#[derive(Debug)]
pub(super) struct Shape {
    /// What it is.
    pub(super) message: Message,
    /// Its elements: those of every command, those of its kind, and its own.
    rows: [&'static [Row]; 3],
    /// Whether a data set follows.
    pub(super) data_set: DataSet,
}

/// Which of the messages a command belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Request(Operation),
    Response(Operation),
    Cancel,
}

/// One element of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) element: u16,
    pub(super) value: Value,
    pub(super) need: Need,
}

/// What becomes of a command in which an element is missing or malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// It cannot be read in either case.
    Required,
    /// It may be missing.
    Optional,
    /// It may be missing, and is left out where it is malformed: nobody acts on it.
    Incidental,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// UI, one value: of a SOP class.
    Class,
    /// UI, one value: of a SOP instance.
    Instance,
    /// AE, one value.
    Title,
    /// US, one value.
    Number,
    /// AT, any number of values.
    Tags,
    /// LO for people: what is no plain text is replaced.
    Text,
}

/// Whether a data set follows a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataSet {
    Required,
    Optional,
    Forbidden,
    /// Behind a pending status there is one, behind others none.
    WhilePending,
    /// Behind a pending status there is none, behind others there may be one.
    AtTheEnd,
}

impl Shape {
    /// The shape of the command with this field, C-CANCEL included; `None` for unknown ones.
    pub(super) fn of(field: u16) -> Option<&'static Self> {
        SHAPES.iter().find(|shape| shape.message.field() == field)
    }

    /// The row of an element and its place among all rows, below 32.
    pub(super) fn row(&self, element: u16) -> Option<(usize, Row)> {
        self.rows().enumerate().find(|(_, row)| row.element == element)
    }

    /// Every row.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        self.rows.into_iter().flatten().copied()
    }
}

impl Message {
    /// The value of Command Field (0000,0100).
    pub(super) const fn field(self) -> u16 {
        match self {
            Self::Request(operation) => operation.command_field(),
            Self::Response(operation) => operation.command_field() | RESPONSE,
            Self::Cancel => 0x0fff,
        }
    }
}

/// The bit that makes a response of a request.
pub(super) const RESPONSE: u16 = 0x8000;

const fn must(element: u16, value: Value) -> Row {
    Row { element, value, need: Need::Required }
}

const fn may(element: u16, value: Value) -> Row {
    Row { element, value, need: Need::Optional }
}

const fn aside(element: u16, value: Value) -> Row {
    Row { element, value, need: Need::Incidental }
}

// The group length is read and written apart.
const COMMON: &[Row] = &[must(FIELD, Value::Number), must(DATA_SET_TYPE, Value::Number)];

const STORE: &[Row] = &[
    must(AFFECTED_CLASS, Value::Class),
    must(MESSAGE_ID, Value::Number),
    must(PRIORITY, Value::Number),
    must(AFFECTED_INSTANCE, Value::Instance),
    aside(ORIGINATOR_TITLE, Value::Title),
    aside(ORIGINATOR_ID, Value::Number),
];

const QUERY: &[Row] = &[
    must(AFFECTED_CLASS, Value::Class),
    must(MESSAGE_ID, Value::Number),
    must(PRIORITY, Value::Number),
];

const MOVE: &[Row] = &[
    must(AFFECTED_CLASS, Value::Class),
    must(MESSAGE_ID, Value::Number),
    may(DESTINATION, Value::Title),
    must(PRIORITY, Value::Number),
];

const ECHO: &[Row] = &[must(AFFECTED_CLASS, Value::Class), must(MESSAGE_ID, Value::Number)];

const EVENT_REPORT: &[Row] = &[
    must(AFFECTED_CLASS, Value::Class),
    must(MESSAGE_ID, Value::Number),
    must(AFFECTED_INSTANCE, Value::Instance),
    must(EVENT_TYPE, Value::Number),
];

const GET_ATTRIBUTES: &[Row] = &[
    must(REQUESTED_CLASS, Value::Class),
    must(MESSAGE_ID, Value::Number),
    must(REQUESTED_INSTANCE, Value::Instance),
    may(ATTRIBUTES, Value::Tags),
];

const OF_INSTANCE: &[Row] = &[
    must(REQUESTED_CLASS, Value::Class),
    must(MESSAGE_ID, Value::Number),
    must(REQUESTED_INSTANCE, Value::Instance),
];

const ACTION: &[Row] = &[
    must(REQUESTED_CLASS, Value::Class),
    must(MESSAGE_ID, Value::Number),
    must(REQUESTED_INSTANCE, Value::Instance),
    must(ACTION_TYPE, Value::Number),
];

const CREATE: &[Row] = &[
    must(AFFECTED_CLASS, Value::Class),
    must(MESSAGE_ID, Value::Number),
    may(AFFECTED_INSTANCE, Value::Instance),
];

const CANCEL: &[Row] = &[must(RESPONDED_TO, Value::Number)];

// What explains a status (PS3.7 annex C) may be in every response.
const RESPONSE_ROWS: &[Row] = &[
    aside(AFFECTED_CLASS, Value::Class),
    must(RESPONDED_TO, Value::Number),
    must(STATUS, Value::Number),
    aside(OFFENDING, Value::Tags),
    aside(ERROR_COMMENT, Value::Text),
    aside(ERROR_ID, Value::Number),
];

const OF_C: &[Row] = &[aside(AFFECTED_INSTANCE, Value::Instance)];

const OF_RETRIEVAL: &[Row] = &[
    aside(REMAINING, Value::Number),
    aside(COMPLETED, Value::Number),
    aside(FAILED, Value::Number),
    aside(WARNING, Value::Number),
];

const OF_N: &[Row] = &[
    aside(AFFECTED_INSTANCE, Value::Instance),
    aside(EVENT_TYPE, Value::Number),
    aside(ATTRIBUTES, Value::Tags),
    aside(ACTION_TYPE, Value::Number),
];

const fn request(operation: Operation, rows: &'static [Row], data_set: DataSet) -> Shape {
    Shape { message: Message::Request(operation), rows: [COMMON, rows, &[]], data_set }
}

const fn response(operation: Operation, rows: &'static [Row], data_set: DataSet) -> Shape {
    let rows = [COMMON, RESPONSE_ROWS, rows];
    Shape { message: Message::Response(operation), rows, data_set }
}

// The frequent ones first.
static SHAPES: [Shape; 23] = [
    request(Operation::CStore, STORE, DataSet::Required),
    response(Operation::CStore, OF_C, DataSet::Forbidden),
    request(Operation::CFind, QUERY, DataSet::Required),
    response(Operation::CFind, OF_C, DataSet::WhilePending),
    request(Operation::CMove, MOVE, DataSet::Required),
    response(Operation::CMove, OF_RETRIEVAL, DataSet::AtTheEnd),
    request(Operation::CGet, QUERY, DataSet::Required),
    response(Operation::CGet, OF_RETRIEVAL, DataSet::AtTheEnd),
    request(Operation::CEcho, ECHO, DataSet::Forbidden),
    response(Operation::CEcho, OF_C, DataSet::Forbidden),
    Shape { message: Message::Cancel, rows: [COMMON, CANCEL, &[]], data_set: DataSet::Forbidden },
    request(Operation::NEventReport, EVENT_REPORT, DataSet::Optional),
    response(Operation::NEventReport, OF_N, DataSet::Optional),
    request(Operation::NGet, GET_ATTRIBUTES, DataSet::Forbidden),
    response(Operation::NGet, OF_N, DataSet::Optional),
    request(Operation::NSet, OF_INSTANCE, DataSet::Required),
    response(Operation::NSet, OF_N, DataSet::Optional),
    request(Operation::NAction, ACTION, DataSet::Optional),
    response(Operation::NAction, OF_N, DataSet::Optional),
    request(Operation::NCreate, CREATE, DataSet::Optional),
    response(Operation::NCreate, OF_N, DataSet::Optional),
    request(Operation::NDelete, OF_INSTANCE, DataSet::Forbidden),
    response(Operation::NDelete, OF_N, DataSet::Forbidden),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_request_and_a_response() {
        for operation in Operation::ALL {
            for message in [Message::Request(operation), Message::Response(operation)] {
                assert_eq!(Shape::of(message.field()).map(|shape| shape.message), Some(message));
            }
        }
        assert_eq!(Shape::of(0x0fff).map(|shape| shape.message), Some(Message::Cancel));
        assert_eq!(SHAPES.len(), 2 * Operation::ALL.len() + 1);
    }

    #[test]
    fn rows_ascend_and_fit_a_set_of_32() {
        for shape in &SHAPES {
            assert!(shape.rows[1..].concat().is_sorted_by_key(|row| row.element), "{shape:?}");
            let mut elements: Vec<_> = shape.rows().map(|row| row.element).collect();
            elements.sort_unstable();
            assert!(elements.len() <= 32 && elements.is_sorted_by(|one, next| one < next));
        }
    }

    #[test]
    fn every_request_has_an_id_and_every_response_a_status() {
        for shape in &SHAPES {
            let must =
                |element| shape.row(element).is_some_and(|(_, row)| row.need == Need::Required);
            match shape.message {
                Message::Request(_) => assert!(must(MESSAGE_ID) && !must(STATUS)),
                Message::Response(_) => assert!(must(RESPONDED_TO) && must(STATUS)),
                Message::Cancel => assert!(must(RESPONDED_TO) && !must(MESSAGE_ID)),
            }
        }
    }
}
