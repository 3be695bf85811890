//! Values that servers make file names and paths of.

/// Why a value that becomes part of a path is refused, or that it is not.
///
/// Values of a list are judged one by one: a backslash separates values, and on Windows directories.
/// `12/345` is a usual patient ID and passes; what leaves the directory, begins at a root or drive,
/// or breaks a line does not. ESC begins character sets (PS3.5 section 6.1.2.5).
pub(super) fn is_safe(value: &[u8]) -> bool {
    let value = without_padding(value);
    let is_absolute = matches!(value, [b'/' | b'\\', ..]);
    let has_drive = matches!(value, [b'a'..=b'z' | b'A'..=b'Z', b':', b'/' | b'\\', ..]);
    !is_absolute
        && !has_drive
        && !value.iter().copied().any(is_control)
        && value.split(|&byte| byte == b'\\').all(stays_inside)
}

fn stays_inside(value: &[u8]) -> bool {
    let mut components = value.split(|&byte| byte == b'/').map(<[u8]>::trim_ascii);
    let has_separator = value.contains(&b'/');
    // A lone dot stands for a blanked name; beside a separator it hides what a path is.
    !components.any(|component| component == b".." || (has_separator && component == b"."))
        && !matches!(value.trim_ascii_start(), [b'/', ..])
}

const fn is_control(byte: u8) -> bool {
    byte != 0x1b && byte.is_ascii_control()
}

fn without_padding(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ', tail @ ..] = value {
        value = tail;
    }
    while let [head @ .., 0 | b' '] = value {
        value = head;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::is_safe;

    #[test]
    fn lets_usual_values_pass() {
        for value in [
            &b"12/345"[..],
            b"DOE^JANE ",
            b"",
            b".",
            b"A.B",
            b"a..b",
            b"ID:7",
            b"\x1b$B;3ED\x1b(J^\x1b$BB@O:",
            b"M\xfcller^J\0",
            b"CT1\\CT2",
        ] {
            assert!(is_safe(value), "{value:?}");
        }
    }

    #[test]
    fn refuses_what_leads_out_of_a_directory() {
        for value in [
            &b".."[..],
            b"../x",
            b"x/../y",
            b"x/ .. /y",
            b"x/./y",
            b"/etc",
            b" /etc",
            b"\\\\server\\share",
            b"..\\..\\x",
            b"x\\..",
            b"x\\/y",
            b"C:\\x",
            b"c:/x",
        ] {
            assert!(!is_safe(value), "{value:?}");
        }
    }

    #[test]
    fn refuses_control_characters() {
        for value in [&b"a\nb"[..], b"a\0b", b"a\rb", b"a\tb", b"\x7f", b"\x01", b"\n"] {
            assert!(!is_safe(value), "{value:?}");
        }
    }
}
