//! UIDs (PS3.5 chapter 9).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A UID: 1 to 64 characters of `[0-9.]`, no component empty, its padding removed.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid(Arc<str>);

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
        let mut text = field;
        while let [head @ .., 0 | b' '] = text {
            text = head;
        }
        if text.is_empty() {
            return Err(UidError::Empty);
        }
        if text.len() > Self::MAX_LEN {
            return Err(UidError::TooLong);
        }
        if !text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.')) {
            return Err(UidError::Character);
        }
        if text.split(|&byte| byte == b'.').any(<[u8]>::is_empty) {
            return Err(UidError::EmptyComponent);
        }
        str::from_utf8(text).map(|text| Self(text.into())).map_err(|_| UidError::Character)
    }

    /// A UID of this program's own text; a test holds each of them against the grammar.
    pub(crate) fn known(text: &'static str) -> Self {
        Self(text.into())
    }

    /// The UID without padding.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a component of more than one digit starts with a zero (against PS3.5 section 9.1).
    pub fn has_leading_zeros(&self) -> bool {
        self.0.split('.').any(|component| component.len() > 1 && component.starts_with('0'))
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
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
    fn tells_leading_zeros_from_a_zero() {
        assert!(!Uid::parse(b"1.0.2").unwrap().has_leading_zeros());
        assert!(Uid::parse(b"1.02.3").unwrap().has_leading_zeros());
        assert!(Uid::parse(b"1.2.00").unwrap().has_leading_zeros());
    }

    #[test]
    fn does_not_compare_by_value_of_components() {
        assert_ne!(Uid::parse(b"1.02").unwrap(), Uid::parse(b"1.2").unwrap());
    }
}
