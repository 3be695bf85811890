//! A configuration as it is written: values of TOML with the places where they stand.

use std::collections::BTreeMap;

use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use super::mistake::Mistake;
use super::problems::Problems;
use super::source::Place;

/// A table: its keys, each with a value and a place.
pub(super) type Table = BTreeMap<String, Node>;

/// A value and the place of its key, or its own where it is an element of a list.
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

pub(super) enum Value {
    Text(String),
    Integer(i64),
    Boolean,
    List(Vec<Node>),
    Table(Table),
    /// A type of TOML that no key takes: its name.
    Other(&'static str),
    /// The text of an environment variable, which stands for a number as well.
    Variable(String),
}

/// Parses one file. Syntax errors are reported, and then there is no table.
pub(super) fn parse(text: &str, file: Place, problems: &mut Problems) -> Option<Table> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Some(own_table(table.into_inner(), file));
    }
    problems.incomplete = true;
    for (offset, name, mistake) in syntax(text, &errors) {
        problems.mistake(file.at(offset), name, &mistake);
    }
    None
}

/// The errors worth showing: after an unclosed bracket the parser guesses, and a second error in
/// one line mostly follows from the first.
fn syntax(text: &str, errors: &[toml::de::Error]) -> Vec<(usize, String, Mistake)> {
    let mut spans: Vec<_> =
        errors.iter().map(|error| (error.span().unwrap_or_default(), error.message())).collect();
    spans.sort_by_key(|(span, _)| span.start);
    let mut shown = Vec::new();
    let mut end_of_line = None;
    for (span, message) in spans {
        if end_of_line.is_some_and(|end| span.start <= end) {
            continue;
        }
        let rest = text.get(span.start..).unwrap_or_default();
        end_of_line = Some(span.start + rest.find('\n').unwrap_or(rest.len()));
        let name = text.get(span.clone()).unwrap_or_default();
        if message == "duplicate key" {
            shown.push((span.start, name.to_owned(), Mistake::Repeated));
            continue;
        }
        shown.push((span.start, String::new(), Mistake::Syntax(cured(message))));
        if message.contains("array") || message.contains("inline table") {
            break;
        }
    }
    shown
}

/// The parser's words, with the cure where they leave it open.
fn cured(message: &str) -> Box<str> {
    let unquoted = ["string values must be quoted", "invalid float", "invalid integer"];
    if unquoted.iter().any(|start| message.starts_with(start)) {
        return "text must stand in straight quotes, such as \"30s\"".into();
    }
    if message == "invalid basic string, expected `\"`" {
        return "the closing quote is missing".into();
    }
    if message.contains("array") {
        return format!("{message}; or a `]` is missing above").into();
    }
    message.into()
}

fn own_table(table: DeTable<'_>, file: Place) -> Table {
    let own = |(key, value): (toml::Spanned<_>, toml::Spanned<DeValue<'_>>)| {
        let place = file.at(key.span().start);
        let key: std::borrow::Cow<'_, str> = key.into_inner();
        (key.into_owned(), Node { place, value: own_value(value.into_inner(), file) })
    };
    table.into_iter().map(own).collect()
}

fn own_list(list: DeArray<'_>, file: Place) -> Vec<Node> {
    let own = |value: toml::Spanned<DeValue<'_>>| {
        let place = file.at(value.span().start);
        Node { place, value: own_value(value.into_inner(), file) }
    };
    list.into_iter().map(own).collect()
}

fn own_value(value: DeValue<'_>, file: Place) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(integer) => Value::Integer(saturated(&integer)),
        DeValue::Boolean(_) => Value::Boolean,
        DeValue::Array(list) => Value::List(own_list(list, file)),
        DeValue::Table(table) => Value::Table(own_table(table, file)),
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Datetime(_) => Value::Other("a date or time"),
    }
}

/// What does not fit lies outside every range as well.
fn saturated(integer: &DeInteger<'_>) -> i64 {
    let text = integer.as_str();
    let extreme = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    i64::from_str_radix(text, integer.radix()).unwrap_or(extreme)
}

impl Node {
    pub(super) fn text(&self) -> Result<&str, Mistake> {
        let (Value::Text(text) | Value::Variable(text)) = &self.value else {
            return Err(self.value.instead_of("a text in quotes"));
        };
        if text.trim().is_empty() { Err(Mistake::Blank) } else { Ok(text) }
    }

    pub(super) fn integer(&self) -> Result<i64, Mistake> {
        if let Value::Integer(integer) = self.value {
            return Ok(integer);
        }
        let number = if let Value::Variable(text) = &self.value { text.parse().ok() } else { None };
        number.ok_or_else(|| self.value.instead_of("a whole number"))
    }

    pub(super) fn into_table(self) -> Result<Table, Mistake> {
        let Value::Table(table) = self.value else {
            return Err(self.value.instead_of("a table"));
        };
        Ok(table)
    }
}

impl Value {
    pub(super) const fn instead_of(&self, expected: &'static str) -> Mistake {
        let found = match self {
            Self::Text(_) | Self::Variable(_) => "a text",
            Self::Integer(_) => "a number",
            Self::Boolean => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        };
        Mistake::Type { expected, found }
    }
}
