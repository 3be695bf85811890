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
    /// A title that ends at a NUL, with left-over bytes behind it: of a longer one, perhaps, that
    /// was there before. Parsers disagree about where it ends.
    #[error("has a NUL in it: the device shows {} and sends {}", Shown(.0), Sent(.0))]
    LeftOver([u8; AeTitle::LEN]),
    /// A NUL before another character, and no title before it.
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
            return Err(if error == TitleError::InnerNul { left_over(field) } else { error });
        }
        if text.is_empty() {
            return Err(TitleError::Blank);
        }
        let mut padded = [b' '; Self::LEN];
        padded.get_mut(..text.len()).ok_or(TitleError::TooLong)?.copy_from_slice(text);
        Ok(Self { padded })
    }

    /// The title as it stands on the wire, padded with spaces.
    pub const fn padded(&self) -> &[u8; Self::LEN] {
        &self.padded
    }

    /// The significant characters.
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

/// What a NUL inside this field makes of it.
fn left_over(field: &[u8]) -> TitleError {
    let shown = before_nul(field);
    let is_title =
        shown.iter().all(|&byte| fault(byte).is_none()) && !shown.trim_ascii().is_empty();
    match field.try_into() {
        Ok(field) if is_title => TitleError::LeftOver(field),
        Ok(_) | Err(_) => TitleError::InnerNul,
    }
}

fn before_nul(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// What a device shows of a field that has a NUL in it.
struct Shown<'a>(&'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Sent(before_nul(self.0).trim_ascii()).fmt(f)
    }
}

/// Bytes as they were sent: what is no plain text is a number in angle brackets.
struct Sent<'a>(&'a [u8]);

impl fmt::Display for Sent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.trim_ascii_end().iter().try_for_each(|&byte| match byte {
            b' '..=b'~' => write!(f, "{}", char::from(byte)),
            _ => write!(f, "<{byte:02X}>"),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn title(field: &[u8]) -> AeTitle {
        AeTitle::parse(field).unwrap()
    }

    #[test]
    fn leading_and_trailing_spaces_are_not_significant() {
        assert_eq!(title(b"CT1             "), title(b"CT1"));
        assert_eq!(title(b"    CT1         "), title(b"CT1"));
        assert_eq!(title(b"  CT1").padded(), b"CT1             ");
    }

    #[test]
    fn spaces_inside_are_significant() {
        assert_eq!(title(b" CT 1 ").as_str(), "CT 1");
        assert_ne!(title(b"CT 1"), title(b"CT1"));
        assert_ne!(title(b"CT  1"), title(b"CT 1"));
    }

    #[test]
    fn nuls_at_the_end_are_padding() {
        assert_eq!(title(b"CT1\0\0\0\0\0\0\0\0\0\0\0\0\0"), title(b"CT1"));
        assert_eq!(title(b"CT1 \0 \0").padded(), b"CT1             ");
    }

    #[test]
    fn refuses_a_nul_before_another_character() {
        for field in [b"CT1\0EVIL".as_slice(), b"\0CT1", b" \0CT1", b"CT1\0 X"] {
            assert_eq!(AeTitle::parse(field), Err(TitleError::InnerNul));
        }
    }

    #[test]
    fn says_what_a_device_shows_and_what_it_sends_where_bytes_are_left_over() {
        let sentence = |field: &[u8]| AeTitle::parse(field).unwrap_err().to_string();
        assert_eq!(
            sentence(b"CT1\0WORKSTATION\0"),
            "has a NUL in it: the device shows CT1 and sends CT1<00>WORKSTATION<00>"
        );
        assert_eq!(
            sentence(b" CT\"1\0\0\x1b\n\xe9      "),
            "has a NUL in it: the device shows CT\"1 and sends  CT\"1<00><00><1B><0A><E9>"
        );
        assert_eq!(sentence(b"   \0OLD         "), "has a NUL before another character");
        assert_eq!(sentence(b"C\xe9\0OLD          "), "has a character outside ISO 646");
    }

    #[test]
    fn refuses_control_characters() {
        for byte in (0x01..=0x1f).chain([0x7f]) {
            assert_eq!(AeTitle::parse(&[b'A', byte, b'B']), Err(TitleError::Control));
            assert_eq!(AeTitle::parse(&[b'A', byte]), Err(TitleError::Control));
        }
    }

    #[test]
    fn refuses_a_backslash() {
        assert_eq!(AeTitle::parse(b"CT1\\CT2"), Err(TitleError::Backslash));
    }

    #[test]
    fn refuses_eight_bit_characters() {
        for byte in 0x80..=0xff {
            assert_eq!(AeTitle::parse(&[b'A', byte]), Err(TitleError::EightBit));
        }
    }

    #[test]
    fn refuses_a_blank_title() {
        for field in [[b' '; 16], [0; 16]] {
            assert_eq!(AeTitle::parse(&field), Err(TitleError::Blank));
        }
        assert_eq!(AeTitle::parse(b""), Err(TitleError::Blank));
    }

    #[test]
    fn has_at_most_sixteen_significant_characters() {
        assert_eq!(title(b"1234567890123456").as_str(), "1234567890123456");
        assert_eq!(title(b" 1234567890123456 ").as_str(), "1234567890123456");
        assert_eq!(AeTitle::parse(b"12345678901234567"), Err(TitleError::TooLong));
    }

    #[test]
    fn another_case_is_another_title() {
        assert_ne!(title(b"CT1"), title(b"ct1"));
    }

    #[test]
    fn a_prefix_is_another_title() {
        assert_ne!(title(b"CT1"), title(b"CT10"));
    }

    #[test]
    fn shows_its_significant_characters_only() {
        assert_eq!(title(b" A\"B  ").to_string(), "A\"B");
        assert_eq!(format!("{:?}", title(b" A\"B  ")), r#""A\"B""#);
    }
}
