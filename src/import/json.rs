//! JSON with comments and places.

use std::collections::HashSet;

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::device::Place;
use super::found::{Found, Problem};
use super::plain::plain;
use super::text::Text;

/// Comments as Orthanc has them, and the comma after the last entry, which its parser passes over; the
/// parser bounds the depth.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The value of a file.
pub(super) fn parsed<'a>(text: &'a Text, found: &mut Found) -> Option<Value<'a>> {
    match parse_to_ast(text.as_str(), &CollectOptions::default(), &OPTIONS) {
        Ok(parsed) => {
            let problem = Problem::Expected("an object or a list");
            if parsed.value.is_none() {
                found.fault(Place::START, problem);
            }
            parsed.value
        }
        Err(error) => {
            let at = error.range().start;
            found.fault(text.place(at), Problem::Json(plain(&error.kind().to_string())));
            None
        }
    }
}

/// An object with its place in the file.
pub(super) struct Table<'a, 'b> {
    object: &'b Object<'a>,
    text: &'b Text,
}

impl<'a, 'b> Table<'a, 'b> {
    /// The object that this is; a key that is there twice is a fault.
    pub(super) fn of(value: &'b Value<'a>, text: &'b Text, found: &mut Found) -> Option<Self> {
        let Some(object) = value.as_object() else {
            found.fault(text.place(value.start()), Problem::Expected("an object"));
            return None;
        };
        let mut keys = HashSet::new();
        for prop in &object.properties {
            if !keys.insert(prop.name.as_str()) {
                let problem = Problem::Twice(plain(prop.name.as_str()));
                found.fault(text.place(prop.start()), problem);
            }
        }
        Some(Self { object, text })
    }

    pub(super) fn place(&self) -> Place {
        self.text.place(self.object.start())
    }

    pub(super) fn properties(&self) -> &'b [ObjectProp<'a>] {
        &self.object.properties
    }

    pub(super) fn value(&self, key: &str) -> Option<&'b Value<'a>> {
        self.object.properties.iter().find(|it| it.name.as_str() == key).map(|it| &it.value)
    }

    /// A text.
    pub(super) fn text(&self, key: &str, found: &mut Found) -> Option<(Place, &'b str)> {
        let value = self.value(key)?;
        let place = self.text.place(value.start());
        let text = text_of(value);
        if text.is_none() {
            found.fault(place, Problem::Expected("a text"));
        }
        Some((place, text?))
    }

    /// Whether it is set, as far as it says so.
    pub(super) fn flag(&self, key: &str, found: &mut Found) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.as_boolean_lit().map(|it| it.value);
        if flag.is_none() {
            found.fault(self.text.place(value.start()), Problem::Expected("true or false"));
        }
        flag
    }

    /// The entries of a list; none where it is not there.
    pub(super) fn list(&self, key: &str, found: &mut Found) -> &'b [Value<'a>] {
        self.value(key).map_or(&[], |value| list(value, self.text, found))
    }
}

pub(super) fn list<'a, 'b>(
    value: &'b Value<'a>,
    text: &Text,
    found: &mut Found,
) -> &'b [Value<'a>] {
    let Some(array) = value.as_array() else {
        found.fault(text.place(value.start()), Problem::Expected("a list"));
        return &[];
    };
    &array.elements
}

/// A text, or the digits of a number.
pub(super) fn text_of<'b>(value: &'b Value<'_>) -> Option<&'b str> {
    let number = value.as_number_lit().map(|it| it.value);
    value.as_string_lit().map(|it| &*it.value).or(number)
}
