//! The implementation version name (item 55).

use std::fmt;

/// An implementation version name: 1 to 16 characters (PS3.7 section D.3.3.2), of those that real
/// names have.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VersionName {
    length: u8,
    bytes: [u8; VersionName::MAX_LEN],
}

impl VersionName {
    /// The longest name, in characters.
    pub const MAX_LEN: usize = 16;

    /// Reads a version name; NULs and spaces at its end are padding. `None` if what is left is
    /// empty, longer than 16 characters, or has others than real names have.
    pub fn parse(field: &[u8]) -> Option<Self> {
        let mut text = field;
        while let [head @ .., 0 | b' '] = text {
            text = head;
        }
        if text.is_empty() || !text.iter().copied().all(is_usual) {
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

/// Servers write the name into their logs and files, and some into pages and commands, so nothing
/// passes that means something there. `OFFIS_DCMTK_367`, `dcm4che-5.25.1`, `MR DICOM 4.1`,
/// `AGFA DTF1.0.95`, `EPIQ-AFFIN_7.05` and `1.5.0/WIN32` are names of devices and servers.
const fn is_usual(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'-' | b'.' | b':' | b'/' | b'+')
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
        for field in [b"".as_slice(), b"\0 ", b"a\0b", b"a\x1bb", b"a\xe9", b"a\x7f"] {
            assert_eq!(VersionName::parse(field), None, "{field:?}");
        }
        for odd in br#"\%"'$`;<>|&(){}[]*?!~^=#@,"#.iter() {
            assert_eq!(VersionName::parse(&[b'a', *odd, b'b']), None, "{odd:?}");
        }
    }

    #[test]
    fn takes_the_names_of_real_devices_and_servers() {
        for name in [
            "OFFIS_DCMTK_367",
            "dcm4che-5.25.1",
            "PYNETDICOM_304",
            "DICOM 3.0",
            "MR DICOM 4.1",
            "AGFA DTF1.0.95",
            "EPIQ-AFFIN_7.05",
            "1.5.0/WIN32",
            "BROKER992.0",
            "LOGIQE10_1",
            "MergeCOM3_390IB2",
            "Xeleris 4.1170",
            "MATLAB IPT 7.1",
            "MR_VB19A",
        ] {
            assert_eq!(version(name.as_bytes()).as_deref(), Some(name));
        }
    }

    #[test]
    fn a_version_name_has_at_most_sixteen_characters() {
        assert!(VersionName::parse(b"1234567890123456   ").is_some());
        assert!(VersionName::parse(b"12345678901234567").is_none());
    }

    #[test]
    fn shows_a_version_name_as_text() {
        assert_eq!(format!("{:?}", VersionName::parse(b"A 1").unwrap()), r#""A 1""#);
    }
}
