//! JSON (RFC 8259) that is read in one way only: a member that comes twice is refused, as one reader
//! takes the first of them and another the last.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number without a fraction, if it fits.
    Whole(i64),
    /// Any other number.
    Fraction(f64),
    /// A string.
    Text(Box<str>),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Object(Object),
}

/// The members of an object by their names.
pub type Object = BTreeMap<Box<str>, Json>;

impl Json {
    /// It is a string.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// It is an array.
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// It is an object.
    pub const fn as_object(&self) -> Option<&Object> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }
}

/// Why bytes are no JSON, or none that everybody reads alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Not JSON in UTF-8.
    #[error("is not JSON")]
    Syntax,
    /// JSON of another type.
    #[error("is not a JSON object")]
    NoObject,
    /// An object has two members of one name.
    #[error("is JSON in which an object has two members of one name")]
    Repeated,
    /// Objects and arrays in each other.
    #[error("is JSON that is nested more than {DEPTH} deep")]
    TooDeep,
    /// More values than were expected.
    #[error("is JSON with too many values")]
    TooMany,
}

/// Deeper than any token or set of keys, and far from the end of a stack.
const DEPTH: usize = 16;

/// Reads an object with at most so many values in it, itself included.
///
/// # Errors
///
/// What is wrong with it.
pub fn object(bytes: &[u8], most: usize) -> Result<Object, JsonFault> {
    let state = State { left: Cell::new(most), fault: Cell::new(JsonFault::Syntax) };
    let mut reader = Deserializer::from_slice(bytes);
    let read = Value { state: &state, depth: 0 }.deserialize(&mut reader);
    let value = read.and_then(|value| reader.end().map(|()| value));
    let value = value.map_err(|_| state.fault.get())?;
    if let Json::Object(object) = value { Ok(object) } else { Err(JsonFault::NoObject) }
}

/// What all values have in common while they are read.
struct State {
    left: Cell<usize>,
    /// What an error of the reader means.
    fault: Cell<JsonFault>,
}

impl State {
    fn fail<E: Error>(&self, fault: JsonFault) -> E {
        self.fault.set(fault);
        E::custom("")
    }
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Value<'s> {
    state: &'s State,
    depth: usize,
}

impl Value<'_> {
    fn inside<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > DEPTH {
            Err(self.state.fail(JsonFault::TooDeep))
        } else {
            Ok(Self { depth, ..self })
        }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        let left = self.state.left.get().checked_sub(1);
        let left = left.ok_or_else(|| self.state.fail(JsonFault::TooMany))?;
        self.state.left.set(left);
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Whole(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        // Nothing is compared with a number that large.
        Ok(i64::try_from(number).map_or(Json::Fraction(f64::MAX), Json::Whole))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Fraction(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let inside = self.inside()?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(inside)? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let inside = self.inside()?;
        let mut object = Object::new();
        while let Some(name) = members.next_key::<Box<str>>()? {
            if object.contains_key(&name) {
                return Err(self.state.fail(JsonFault::Repeated));
            }
            object.insert(name, members.next_value_seed(inside)?);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> JsonFault {
        object(text.as_bytes(), 100).unwrap_err()
    }

    #[test]
    fn reads_each_kind_of_value() {
        let text = br#" {"a": null, "b": [true, -1, 1.5], "c\u002f": "\u00e9", "d": {}} "#;
        let read = object(text, 9).unwrap();
        assert_eq!(read["a"], Json::Null);
        let list = vec![Json::Flag(true), Json::Whole(-1), Json::Fraction(1.5)];
        assert_eq!(read["b"], Json::List(list));
        assert_eq!(read["c/"], Json::Text("é".into()));
        assert_eq!(read["d"], Json::Object(Object::new()));
    }

    #[test]
    fn a_number_that_is_too_large_is_equal_to_none() {
        let read = object(b"{\"a\": 18446744073709551615}", 9).unwrap();
        assert_eq!(read["a"], Json::Fraction(f64::MAX));
    }

    #[test]
    fn refuses_a_member_that_comes_twice_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"b":[{"a":1,"c":0,"a":2}]}"#]
        {
            assert_eq!(fault(text), JsonFault::Repeated, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_json_object() {
        for text in ["", "{", "{} {}", "{}x", "{'a':1}", "{\"a\":01}", "{\"a\":\"\\ud800\"}", "{,}"]
        {
            assert_eq!(fault(text), JsonFault::Syntax, "{text}");
        }
        assert_eq!(object(b"{\"\xff\":1}", 9), Err(JsonFault::Syntax));
        for text in ["[]", "1", "null", "\"{}\""] {
            assert_eq!(fault(text), JsonFault::NoObject, "{text}");
        }
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        let nested =
            |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(object(nested(DEPTH).as_bytes(), 100).is_ok());
        assert_eq!(fault(&nested(DEPTH + 1)), JsonFault::TooDeep);
        assert_eq!(fault(&nested(100_000)), JsonFault::TooDeep);
        assert!(object(b"{\"a\":[1,2]}", 4).is_ok());
        assert_eq!(object(b"{\"a\":[1,2]}", 3), Err(JsonFault::TooMany));
    }
}
