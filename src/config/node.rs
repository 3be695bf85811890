//! A value of the configuration with its place. It is matched by its kind and never converted.

use config::{Map, Value, ValueKind};

use super::mistake::Mistake;
use super::source::Place;

/// A table: its keys, each with a value whose origin is a place.
pub(super) type Table = Map<String, Value>;

/// A value and the place of its key, or its own where it is an element of a list.
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: ValueKind,
}

impl Node {
    /// A value of a table; what has no place of its own stands where the table does.
    pub(super) fn new(value: Value, within: Place) -> Self {
        Self { place: place(&value).unwrap_or(within), value: value.kind }
    }

    pub(super) fn text(&self) -> Result<&str, Mistake> {
        let ValueKind::String(text) = &self.value else {
            return Err(self.instead_of("text in quotes"));
        };
        if text.trim().is_empty() { Err(Mistake::Blank) } else { Ok(text) }
    }

    /// The text of a variable stands for a number as well.
    pub(super) fn integer(&self) -> Result<i64, Mistake> {
        if let ValueKind::I64(integer) = self.value {
            return Ok(integer);
        }
        let variable = self.text().ok().filter(|_| self.place.is_variable());
        let number = variable.and_then(|text| text.parse().ok());
        number.ok_or_else(|| self.instead_of("a whole number"))
    }

    pub(super) fn into_table(self) -> Result<Table, Mistake> {
        let mistake = self.instead_of("a table");
        if let ValueKind::Table(table) = self.value { Ok(table) } else { Err(mistake) }
    }

    pub(super) const fn instead_of(&self, expected: &'static str) -> Mistake {
        instead_of(&self.value, expected)
    }
}

/// The place of a value; a table that only variables speak of has none.
pub(super) fn place(value: &Value) -> Option<Place> {
    value.origin().and_then(Place::of_origin)
}

pub(super) const fn instead_of(value: &ValueKind, expected: &'static str) -> Mistake {
    let found = match value {
        ValueKind::String(_) => "text",
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => {
            "a number"
        }
        ValueKind::Float(_) => "a number with a fraction",
        ValueKind::Boolean(_) => "true or false",
        ValueKind::Array(_) => "a list",
        ValueKind::Table(_) => "a table",
        ValueKind::Nil => "a date or time",
    };
    Mistake::Type { expected, found }
}
