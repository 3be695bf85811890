//! TOML becomes values whose origins are the places where they stand.

use config::{Value, ValueKind};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::lookalike;
use super::mistake::Mistake;
use super::node::Table;
use super::problems::Problems;
use super::source::Place;

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
    // At one place a string without its end comes first: the list that lacks a `]` follows from it.
    spans.sort_by_key(|(span, message)| (span.start, !UNCLOSED.contains(message)));
    let mut shown = Vec::new();
    let mut end_of_line = None;
    // A string without its end takes the bracket behind it along.
    let mut is_unclosed = false;
    for (span, message) in spans {
        if end_of_line.is_some_and(|end| span.start <= end) {
            continue;
        }
        if is_unclosed && message.contains("array") {
            break;
        }
        is_unclosed = UNCLOSED.contains(&message);
        let rest = text.get(span.start..).unwrap_or_default();
        end_of_line = Some(span.start + rest.find('\n').unwrap_or(rest.len()));
        let name = text.get(span.clone()).unwrap_or_default();
        if message == "duplicate key" {
            shown.push((span.start, name.to_owned(), Mistake::Repeated));
            continue;
        }
        let rest = rest.lines().next().unwrap_or_default();
        let (at, cured) =
            disguised(text, span.start).unwrap_or_else(|| (span.start, cured(message, rest)));
        shown.push((at, String::new(), Mistake::Syntax(cured)));
        if message.contains("array") || message.contains("inline table") {
            break;
        }
    }
    shown
}

/// What the parser says of a string that the line ends before.
const UNCLOSED: [&str; 2] =
    ["invalid basic string, expected `\"`", "invalid literal string, expected `'`"];

/// Where in the line of an error a character is not what it looks like.
fn disguised(text: &str, at: usize) -> Option<(usize, Box<str>)> {
    // A byte order mark may stand at the start of a file.
    let first = text.len() - text.trim_start_matches('\u{feff}').len();
    let start = text.get(..at)?.rfind('\n').map_or(first, |end| end + 1);
    let line = text.get(start..)?.lines().next()?;
    let (offset, found) = lookalike::in_line(line)?;
    Some((start + offset, format!("here is {found}").into()))
}

/// The parser's words, with the cure where they leave it open.
fn cured(message: &str, rest_of_line: &str) -> Box<str> {
    let rest_of_line = rest_of_line.trim();
    if [";", "//"].iter().any(|mark| rest_of_line.starts_with(mark)) {
        return "a comment begins with `#`".into();
    }
    if rest_of_line.starts_with(':') || message.starts_with("key with no value") {
        return "write `=` between a key and its value".into();
    }
    let unquoted = ["string values must be quoted", "invalid float", "invalid integer"];
    if unquoted.iter().any(|start| message.starts_with(start)) {
        if rest_of_line.is_empty() || rest_of_line.starts_with('#') {
            return "the value is missing after `=`".into();
        }
        return "this is neither a number nor a text in straight quotes, such as \"30s\"".into();
    }
    if ["escape", "unicode", "hex"].iter().any(|word| message.contains(word)) {
        return "a backslash in double quotes begins an escape; write paths with slashes, as the \
                gate runs on Linux, and other text in single quotes"
            .into();
    }
    if UNCLOSED.contains(&message) {
        return "the closing quote is missing".into();
    }
    if message.contains("array") {
        return format!("{message}; or a `]` is missing above").into();
    }
    message.into()
}

fn own_table(table: DeTable<'_>, file: Place) -> Table {
    let own = |(key, value): (Spanned<_>, Spanned<DeValue<'_>>)| {
        let place = file.at(key.span().start);
        let key: std::borrow::Cow<'_, str> = key.into_inner();
        (key.into_owned(), own_value(value.into_inner(), place))
    };
    table.into_iter().map(own).collect()
}

fn own_value(value: DeValue<'_>, place: Place) -> Value {
    let kind = match value {
        DeValue::String(text) => ValueKind::String(text.into_owned()),
        DeValue::Integer(integer) => ValueKind::I64(saturated(&integer)),
        DeValue::Boolean(boolean) => ValueKind::Boolean(boolean),
        DeValue::Array(list) => ValueKind::Array(
            list.into_iter()
                .map(|entry| (entry.span().start, entry.into_inner()))
                .map(|(offset, entry)| own_value(entry, place.at(offset)))
                .collect(),
        ),
        DeValue::Table(table) => ValueKind::Table(own_table(table, place)),
        // No key takes one of these two, and `config` knows no dates.
        DeValue::Float(_) => ValueKind::Float(f64::NAN),
        DeValue::Datetime(_) => ValueKind::Nil,
    };
    Value::new(Some(&place.to_origin()), kind)
}

/// What does not fit lies outside every range as well.
fn saturated(integer: &DeInteger<'_>) -> i64 {
    let text = integer.as_str();
    let extreme = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    i64::from_str_radix(text, integer.radix()).unwrap_or(extreme)
}
