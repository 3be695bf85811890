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

    /// The UID without padding.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a component of more than one digit starts with a zero (against PS3.5 section 9.1).
    #[must_use]
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
