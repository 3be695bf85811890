//! AE titles (PS3.5 table 6.2-1, PS3.8 section 9.3.2).

use std::fmt;

/// An AE title: 1 to 16 characters of ISO 646 G0 without backslash, its padding removed.
///
/// Case is significant. Two titles are the same if their significant characters are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AeTitle {
    // Left-justified and padded with spaces: the encoding on the wire.
    padded: [u8; AeTitle::LEN],
}

/// Why some bytes are not an AE title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TitleError {
    /// Only spaces and NULs.
    #[error("is blank")]
    Blank,
    /// More than sixteen characters.
    #[error("is longer than 16 characters")]
    TooLong,
    /// A NUL before another character: parsers disagree about where the title ends.
    #[error("has a NUL before another character")]
    InnerNul,
    /// A control character.
    #[error("has a control character")]
    Control,
    /// A backslash, which separates values in DICOM.
    #[error("has a backslash")]
    Backslash,
    /// A byte above 7E.
    #[error("has a character outside ISO 646")]
    EightBit,
}

impl AeTitle {
    /// The length of a title's field in a PDU.
    pub const LEN: usize = 16;

    /// Reads a field of a PDU or the value of an AE element.
    ///
    /// Leading and trailing spaces are not significant; NULs at the end count as padding.
    ///
    /// # Errors
    ///
    /// The first rule that the bytes break.
    pub fn parse(field: &[u8]) -> Result<Self, TitleError> {
        let text = without_padding(field);
        if let Some(error) = text.iter().find_map(|&byte| fault(byte)) {
            return Err(error);
        }
        if text.is_empty() {
            return Err(TitleError::Blank);
        }
        let mut padded = [b' '; Self::LEN];
        padded.get_mut(..text.len()).ok_or(TitleError::TooLong)?.copy_from_slice(text);
        Ok(Self { padded })
    }

    /// The title as it stands on the wire, padded with spaces.
    #[must_use]
    pub const fn padded(&self) -> &[u8; Self::LEN] {
        &self.padded
    }

    /// The significant characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Holds by construction: only ISO 646 characters are let in.
        str::from_utf8(&self.padded).unwrap_or_default().trim_ascii_end()
    }
}

fn fault(byte: u8) -> Option<TitleError> {
    match byte {
        0 => Some(TitleError::InnerNul),
        0x01..=0x1f | 0x7f => Some(TitleError::Control),
        b'\\' => Some(TitleError::Backslash),
        0x20..=0x7e => None,
        0x80.. => Some(TitleError::EightBit),
    }
}

fn without_padding(field: &[u8]) -> &[u8] {
    let mut text = field;
    while let [head @ .., b' ' | 0] = text {
        text = head;
    }
    while let [b' ', tail @ ..] = text {
        text = tail;
    }
    text
}

impl fmt::Display for AeTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AeTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl std::str::FromStr for AeTitle {
    type Err = TitleError;

    fn from_str(text: &str) -> Result<Self, TitleError> {
        Self::parse(text.as_bytes())
    }
}
