//! A value of the configuration with its place. It is matched by its kind and never converted.

use std::str::FromStr;

use config::{Map, Value, ValueKind};
use pacsgate_core::quoted::Quoted;

use super::mistake::Mistake;
use super::source::Place;
use super::suggestion::Suggestion;

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

    /// A text that a parser takes, or the mistake that its fault is.
    pub(super) fn parsed<T, E>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, E>,
        mistake: fn(Quoted, E) -> Mistake,
    ) -> Result<T, Mistake> {
        let text = self.text()?;
        parse(text).map_err(|fault| mistake(text.into(), fault))
    }

    /// One of the words of a type that reads them itself.
    pub(super) fn word<T: FromStr>(
        &self,
        noun: &'static str,
        known: impl IntoIterator<Item = &'static str>,
    ) -> Result<T, Mistake> {
        let text = self.text()?;
        text.parse().map_err(|_| Mistake::Word(text.into(), noun, Suggestion::new(text, known)))
    }

    /// What one of the words means.
    pub(super) fn one_of<T: Copy>(
        &self,
        noun: &'static str,
        words: &[(&str, T)],
    ) -> Result<T, Mistake> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        let known = || Suggestion::new(text, words.iter().map(|(word, _)| *word));
        found.ok_or_else(|| Mistake::Word(text.into(), noun, known()))
    }

    pub(super) const fn yes_or_no(&self) -> Result<bool, Mistake> {
        if let ValueKind::Boolean(value) = self.value {
            return Ok(value);
        }
        Err(self.instead_of("true or false"))
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

    pub(super) fn is_empty_list(&self) -> bool {
        matches!(&self.value, ValueKind::Array(list) if list.is_empty())
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
