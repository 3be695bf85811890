//! UIDs (PS3.5 chapter 9).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// A UID: 1 to 64 characters of `[0-9.]`, no component empty, its padding removed.
///
/// Two are the same if their characters are.
#[derive(Clone)]
pub struct Uid(Text);

/// The characters: most of what devices send the standard has named, and takes no memory of its own.
#[derive(Clone)]
enum Text {
    /// A reference to a reference has room beside the tag.
    Known(&'static &'static str),
    Other(Arc<str>),
}

/// Why some bytes are not a UID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum UidError {
    /// Nothing but padding.
    #[error("is empty")]
    Empty,
    /// More than 64 characters.
    #[error("is longer than 64 characters")]
    TooLong,
    /// A character other than a digit or a dot.
    #[error("has a character other than digits and dots")]
    Character,
    /// Two dots in a row, or a dot at either end.
    #[error("has an empty component")]
    EmptyComponent,
}

/// A UID that names an object, a series or a study, as devices make them: also with letters, or a dot
/// too many, which servers take as they are. 1 to 64 characters of `[0-9A-Za-z._-]`, no path.
///
/// Two are the same if their characters are.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InstanceUid(Arc<str>);

impl InstanceUid {
    /// Reads the value of a UID field: trailing NULs and spaces count as padding.
    ///
    /// # Errors
    ///
    /// The first rule that the bytes break.
    pub fn parse(field: &[u8]) -> Result<Self, UidError> {
        let text = str::from_utf8(Self::read(field)?).map_err(|_| UidError::Character)?;
        Ok(Self(text.into()))
    }

    /// The characters alone, without memory of their own.
    pub(crate) fn read(field: &[u8]) -> Result<&[u8], UidError> {
        let text = unpadded(field)?;
        let is_sound = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        // Servers make file names of it: a dash first is an option for some programs, and nothing
        // but dots is a directory.
        let is_name = || !text.starts_with(b"-") && text.iter().any(|&byte| byte != b'.');
        let is_instance = is_uid(text) || (is_name() && text.iter().all(is_sound));
        if is_instance { Ok(text) } else { Err(UidError::Character) }
    }

    /// The UID without padding.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a UID by the standard's grammar.
    pub fn is_uid(&self) -> bool {
        is_uid(self.0.as_bytes())
    }
}

/// Whether these are the characters of a UID by the standard's grammar.
pub(crate) fn is_uid(text: &[u8]) -> bool {
    let mut before = b'.';
    let goes_on = |&byte: &u8| {
        let may_follow = byte.is_ascii_digit() || (byte == b'.' && before != b'.');
        before = byte;
        may_follow
    };
    text.iter().all(goes_on) && before != b'.'
}

/// The value of a UID field without its padding.
fn unpadded(field: &[u8]) -> Result<&[u8], UidError> {
    let mut text = field;
    while let [head @ .., 0 | b' '] = text {
        text = head;
    }
    match text.len() {
        0 => Err(UidError::Empty),
        1..=Uid::MAX_LEN => Ok(text),
        _ => Err(UidError::TooLong),
    }
}

/// Why these are not the characters of a UID.
fn grammar_error(text: &[u8]) -> UidError {
    let is_of_uids = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    if text.iter().all(is_of_uids) { UidError::EmptyComponent } else { UidError::Character }
}

impl Uid {
    /// The longest UID, in characters.
    pub const MAX_LEN: usize = 64;

    /// Reads the value of a UID field: trailing NULs and spaces count as padding.
    ///
    /// Leading zeros in a component pass: real devices send them.
    ///
    /// # Errors
    ///
    /// The first rule that the bytes break.
    pub fn parse(field: &[u8]) -> Result<Self, UidError> {
        Self::parse_among(field, |_| None)
    }

    /// The same, without memory of its own for a UID that `known` has.
    pub(crate) fn parse_among(
        field: &[u8],
        known: impl FnOnce(&str) -> Option<&'static &'static str>,
    ) -> Result<Self, UidError> {
        let text = unpadded(field)?;
        if !is_uid(text) {
            return Err(grammar_error(text));
        }
        let text = str::from_utf8(text).map_err(|_| UidError::Character)?;
        Ok(known(text).map_or_else(|| Self(Text::Other(text.into())), Self::known))
    }

    /// A UID of this program's own text; a test holds each of them against the grammar.
    pub(crate) const fn known(text: &'static &'static str) -> Self {
        Self(Text::Known(text))
    }

    /// The UID without padding.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Known(text) => text,
            Text::Other(text) => text,
        }
    }

    /// Whether a component of more than one digit starts with a zero (against PS3.5 section 9.1).
    pub fn has_leading_zeros(&self) -> bool {
        let begins = |triple: &[u8]| matches!(triple, [b'.', b'0', b'0'..=b'9']);
        let text = self.as_str().as_bytes();
        matches!(text, [b'0', b'0'..=b'9', ..]) || text.windows(3).any(begins)
    }
}

impl fmt::Display for InstanceUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for InstanceUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl PartialEq for Uid {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Uid {}

impl Hash for Uid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for Uid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Uid {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl FromStr for Uid {
    type Err = UidError;

    fn from_str(text: &str) -> Result<Self, UidError> {
        Self::parse(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn strips_nul_and_space_from_the_end() {
        for field in [b"1.2.3".as_slice(), b"1.2.3\0", b"1.2.3 ", b"1.2.3\0\0 "] {
            assert_eq!(Uid::parse(field).unwrap().as_str(), "1.2.3");
        }
    }

    #[test]
    fn refuses_padding_before_the_end() {
        for field in [b" 1.2".as_slice(), b"\x001.2", b"1.\x002", b"1 .2"] {
            assert_eq!(Uid::parse(field), Err(UidError::Character));
        }
    }

    #[test]
    fn refuses_what_is_only_padding() {
        for field in [b"".as_slice(), b"\0", b"  \0"] {
            assert_eq!(Uid::parse(field), Err(UidError::Empty));
        }
    }

    #[test]
    fn refuses_characters_of_paths_and_patterns() {
        for field in [b"1.2/3".as_slice(), b"1.2\\3", b"1.2*", b"1.2\n", b"1.2a", b"1.2\xb2"] {
            assert_eq!(Uid::parse(field), Err(UidError::Character));
        }
    }

    #[test]
    fn refuses_empty_components() {
        for field in [b"..".as_slice(), b".1", b"1.", b"1..2"] {
            assert_eq!(Uid::parse(field), Err(UidError::EmptyComponent));
        }
    }

    #[test]
    fn has_at_most_64_characters_without_padding() {
        let longest = format!("{}{}", "1.".repeat(31), "12");
        assert_eq!(Uid::parse(longest.as_bytes()).unwrap().as_str().len(), 64);
        assert!(Uid::parse(format!("{longest}\0").as_bytes()).is_ok());
        assert_eq!(Uid::parse(format!("{longest}3").as_bytes()), Err(UidError::TooLong));
    }

    #[test]
    fn an_instance_may_have_letters_and_a_dot_too_many() {
        for text in ["1.2.3", "1.2.3.", ".1.2", "1..2", "LOCALIZER1.2.3", "LOC_1-2.3", "1.2.03"] {
            let uid = InstanceUid::parse(format!("{text}\0").as_bytes()).unwrap();
            assert_eq!((uid.as_str(), uid.is_uid()), (text, Uid::parse(text.as_bytes()).is_ok()));
        }
    }

    #[test]
    fn an_instance_is_no_path_and_nothing_for_a_shell() {
        for field in [
            b"../1".as_slice(),
            b"1/2",
            b"1\\2",
            b"C:1",
            b"..",
            ".".as_bytes(),
            b"-1",
            b"1;2",
            b"1 2",
            b"1*",
            b"1\x002",
            b"1\n",
            b"1\xe9",
            b"$1",
            b"1|2",
            b"1'2",
        ] {
            assert_eq!(InstanceUid::parse(field), Err(UidError::Character), "{field:?}");
        }
        assert_eq!(InstanceUid::parse(b" \0"), Err(UidError::Empty));
        assert_eq!(InstanceUid::parse(&[b'1'; 65]), Err(UidError::TooLong));
    }

    #[test]
    fn tells_leading_zeros_from_a_zero() {
        assert!(!Uid::parse(b"1.0.2").unwrap().has_leading_zeros());
        assert!(Uid::parse(b"1.02.3").unwrap().has_leading_zeros());
        assert!(Uid::parse(b"1.2.00").unwrap().has_leading_zeros());
    }

    #[test]
    fn is_the_same_with_memory_of_its_own_or_without() {
        let known = |text: &str| (text == "1.2").then_some(&"1.2");
        let (known, other) = (Uid::parse_among(b"1.2\0", known), Uid::parse(b"1.2"));
        assert!(matches!(known, Ok(Uid(Text::Known(_)))));
        assert!(matches!(other, Ok(Uid(Text::Other(_)))));
        assert_eq!(known, other);
        // Thousands of them are kept.
        assert_eq!(size_of::<Uid>(), size_of::<&str>());
        assert!(HashSet::from([known.unwrap()]).contains(&other.unwrap()));
    }

    #[test]
    fn does_not_compare_by_value_of_components() {
        assert_ne!(Uid::parse(b"1.02").unwrap(), Uid::parse(b"1.2").unwrap());
    }
}
