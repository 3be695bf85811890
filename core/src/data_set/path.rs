//! Values that servers make file names and paths of.

use super::Tag;

/// An element at the top level of a data set that some server makes a part of a path of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathElement {
    /// Which element.
    pub tag: Tag,
    /// What it is, for people.
    pub name: &'static str,
    /// What becomes of it, and where.
    pub used: &'static str,
}

/// A path by definition (PS3.3 annex F), at any depth.
pub(super) const REFERENCED_FILE: Tag = Tag::new(0x0004, 0x1500);

/// What an administrator of dcm4che writes behind `--filepath`: it takes any attribute as it came.
const TEMPLATE: &str = "templates for file names, as of dcm4che's storescp `--filepath`";

/// Every [`PathElement`], sorted.
pub const PATH_ELEMENTS: [PathElement; 14] = [
    of(0x0004, 0x1500, "referenced file ID, at any depth", "a path by definition"),
    of(0x0008, 0x0020, "study date", "directories of Dicoogle; templates"),
    of(0x0008, 0x0021, "series date", "directories of dcmrecv `--series-date-subdir`"),
    of(0x0008, 0x0030, "study time", TEMPLATE),
    of(0x0008, 0x0050, "accession number", TEMPLATE),
    of(0x0008, 0x0060, "modality", "directories of Dicoogle; templates"),
    of(0x0008, 0x0080, "institution's name", "directories of Dicoogle"),
    of(0x0010, 0x0010, "patient's name", "directories of storescp `--sort-on-patientname`"),
    of(0x0010, 0x0020, "patient ID", "files of wlmscpfs `--request-file-format #p`; templates"),
    of(0x0020, 0x0010, "study ID", TEMPLATE),
    of(0x0020, 0x0011, "series number", TEMPLATE),
    of(0x0020, 0x0012, "acquisition number", TEMPLATE),
    of(0x0020, 0x0013, "instance number", TEMPLATE),
    of(0x0040, 0x0001, "scheduled station's title", "work lists: titles name directories there"),
];

const fn of(group: u16, element: u16, name: &'static str, used: &'static str) -> PathElement {
    PathElement { tag: Tag::new(group, element), name, used }
}

/// Whether some server makes a part of a path of this element at the top level.
pub(super) fn is_part_of_paths(tag: Tag) -> bool {
    PATH_ELEMENTS.binary_search_by_key(&tag, |element| element.tag).is_ok()
}

/// Why a value that becomes part of a path is refused, or that it is not.
///
/// Values of a list are judged one by one: a backslash separates values, and on Windows directories.
/// `12/345` is a usual patient ID and passes; what leaves the directory, begins at a root or drive, or
/// has a NUL inside, behind which one reader does not look, does not. ESC begins character sets (PS3.5 section 6.1.2.5), and a reader that
/// has decoded them sees a value without; another may drop control characters alone.
pub(super) fn is_safe(value: &[u8]) -> bool {
    if is_plain(value) {
        return true;
    }
    let without_controls =
        || value.iter().copied().filter(|byte| !byte.is_ascii_control()).collect::<Vec<_>>();
    leads_nowhere(value)
        && (!value.iter().any(u8::is_ascii_control) || leads_nowhere(&without_controls()))
        && (!value.contains(&ESC) || leads_nowhere(&without_escapes(value)))
}

/// Whether a value has nothing that a path could be made of, nor a control character: most have not.
fn is_plain(value: &[u8]) -> bool {
    !value.iter().any(|byte| byte.is_ascii_control() || b"/\\:.".contains(byte))
}

const ESC: u8 = 0x1b;

/// The value without its escape sequences: ESC, intermediate bytes and a final one (ISO/IEC 2022).
fn without_escapes(value: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != ESC {
            plain.push(*byte);
            continue;
        }
        while let [0x20..=0x2f, tail @ ..] = rest {
            rest = tail;
        }
        if let [0x30..=0x7e, tail @ ..] = rest {
            rest = tail;
        }
    }
    plain
}

fn leads_nowhere(value: &[u8]) -> bool {
    let value = without_padding(value);
    let begin = value.trim_ascii_start();
    let is_absolute = matches!(begin, [b'/' | b'\\', ..]);
    let has_drive = matches!(begin, [b'a'..=b'z' | b'A'..=b'Z', b':', ..]);
    !is_absolute
        && !has_drive
        && !value.contains(&0)
        && value.split(|&byte| byte == b'\\').all(stays_inside)
}

fn stays_inside(value: &[u8]) -> bool {
    let mut components = value.split(|&byte| byte == b'/').map(<[u8]>::trim_ascii);
    let has_separator = value.contains(&b'/');
    // A lone dot stands for a blanked name; beside a separator it hides what a path is. Windows
    // drops dots and spaces at the end of a name.
    let is_parent = |component: &[u8]| {
        component.starts_with(b"..") && component.iter().all(|byte| matches!(byte, b'.' | b' '))
    };
    !components.any(|component| is_parent(component) || (has_separator && component == b"."))
        && !matches!(value.trim_ascii_start(), [b'/', ..])
}

/// Whether a value has control characters, which no reader minds: work lists have tabs and line ends
/// in names, and modalities copy them.
pub(super) fn has_controls(value: &[u8]) -> bool {
    without_padding(value).iter().any(|&byte| byte != ESC && byte != 0 && byte.is_ascii_control())
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
    use super::{PATH_ELEMENTS, has_controls, is_safe};

    #[test]
    fn elements_are_sorted() {
        assert!(PATH_ELEMENTS.is_sorted_by(|one, next| one.tag < next.tag));
    }

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
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B/x",
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
            b".\x1b(B./x",
            b".\x1b./x",
            b"C:x",
            b".. .",
            b"x/.. ./y",
            b"x/\x1b$B.\x1b(B./y",
            b"\x1b(B/etc",
            b"a\x1b/../x",
        ] {
            assert!(!is_safe(value), "{value:?}");
        }
    }

    #[test]
    fn refuses_a_nul_inside() {
        for value in [&b"a\0b"[..], b"\0b", b"a\0\0b "] {
            assert!(!is_safe(value), "{value:?}");
        }
    }

    #[test]
    fn control_characters_are_seen_and_lead_nowhere() {
        for value in
            [&b"a\nb"[..], b"a\rb", b"a\tb", b"\x7f", b"\x01", b"DOE^\tJOHN\r\n", b"a\r\n\0"]
        {
            assert!(is_safe(value) && has_controls(value), "{value:?}");
        }
        for value in [&b"a"[..], b"", b"a \0", b"\x1b(B", b"a\0b"] {
            assert!(!has_controls(value), "{value:?}");
        }
        for value in [&b"\t../x"[..], b".\t./x", b"\t/etc", b"\n\\x", b"\tC:x"] {
            assert!(!is_safe(value), "{value:?}");
        }
        assert!(!is_safe(b"\t../x") && !is_safe(b"..\t/x") && !is_safe(b"x/..\n"));
    }
}
