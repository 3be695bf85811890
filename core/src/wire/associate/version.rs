//! The implementation version name (item 55).

use std::fmt;

/// An implementation version name: 1 to 16 characters of ISO 646 G0 (PS3.7 section D.3.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VersionName {
    length: u8,
    bytes: [u8; VersionName::MAX_LEN],
}

impl VersionName {
    /// The longest name, in characters.
    pub const MAX_LEN: usize = 16;

    /// Reads a version name; NULs and spaces at its end are padding. `None` if what is left is
    /// empty, longer than 16 characters, or has a control, a backslash or a byte above 7E.
    pub fn parse(field: &[u8]) -> Option<Self> {
        let mut text = field;
        while let [head @ .., 0 | b' '] = text {
            text = head;
        }
        let sound = |&byte: &u8| matches!(byte, b' '..=b'~') && byte != b'\\';
        if text.is_empty() || !text.iter().all(sound) {
            return None;
        }
        let mut bytes = [0; Self::MAX_LEN];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { length: u8::try_from(text.len()).ok()?, bytes })
    }

    /// The name without padding.
    pub fn as_str(&self) -> &str {
        // Both hold by construction: the length is at most 16, the characters are ISO 646.
        let text = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Display for VersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for VersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(field: &[u8]) -> Option<String> {
        VersionName::parse(field).map(|name| name.to_string())
    }

    #[test]
    fn strips_padding_from_a_version_name_and_keeps_inner_spaces() {
        assert_eq!(version(b"OFFIS_DCMTK_367\0").unwrap(), "OFFIS_DCMTK_367");
        assert_eq!(version(b" A 1  \0 ").unwrap(), " A 1");
    }

    #[test]
    fn refuses_a_version_name_outside_the_grammar() {
        for field in [b"".as_slice(), b"\0 ", b"a\0b", b"a\\b", b"a\x1bb", b"a\xe9", b"a\x7f"] {
            assert_eq!(VersionName::parse(field), None, "{field:?}");
        }
    }

    #[test]
    fn a_version_name_has_at_most_sixteen_characters() {
        assert!(VersionName::parse(b"1234567890123456   ").is_some());
        assert!(VersionName::parse(b"12345678901234567").is_none());
    }

    #[test]
    fn shows_a_version_name_as_text() {
        assert_eq!(format!("{:?}", VersionName::parse(b"A\"1").unwrap()), r#""A\"1""#);
    }
}
