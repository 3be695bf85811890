//! The elements that say what a data set is, and that servers make names and paths of.

use super::header::Vr;
use super::image::Part;
use super::{DataSetError, Deviation, Purpose, Tag, path};
use crate::wire::title::{AeTitle, TitleError};
use crate::wire::uid::{InstanceUid, is_uid};

/// The longest value that is held to be judged: four times the longest person name.
pub const MAX_HELD: u32 = 1024;

const SOP_CLASS: Tag = Tag::new(0x0008, 0x0016);
const SOP_INSTANCE: Tag = Tag::new(0x0008, 0x0018);
pub(super) const STUDY: Tag = Tag::new(0x0020, 0x000d);
const SERIES: Tag = Tag::new(0x0020, 0x000e);
const CHARACTER_SET: Tag = Tag::new(0x0008, 0x0005);
const RECEIVING_AE: Tag = Tag::new(0x0074, 0x1234);
const UIDS: [Tag; 4] = [SOP_CLASS, SOP_INSTANCE, STUDY, SERIES];

/// Storage SOP classes whose objects belong to no patient, study or series (PS3.3 table A.1-2):
/// hanging protocols, color palettes, implant templates, defined procedure protocols, protocol
/// approvals, inventories; and the retired notification of what a study has, which is in no series.
const OUTSIDE_STUDIES: [&str; 10] = [
    "1.2.840.10008.1.9",
    "1.2.840.10008.5.1.4.1.1.200.1",
    "1.2.840.10008.5.1.4.1.1.200.3",
    "1.2.840.10008.5.1.4.1.1.200.7",
    "1.2.840.10008.5.1.4.1.1.201.1",
    "1.2.840.10008.5.1.4.38.1",
    "1.2.840.10008.5.1.4.39.1",
    "1.2.840.10008.5.1.4.43.1",
    "1.2.840.10008.5.1.4.44.1",
    "1.2.840.10008.5.1.4.45.1",
];

/// How a value is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Held: exactly one UID.
    Uid,
    /// Not held: UIDs and patterns, of any number.
    Uids,
    /// Held: a part of a path.
    Path,
    /// Held: how texts, parts of paths among them, are decoded.
    CharacterSet,
    /// Held: who is subscribed.
    Receiver,
    /// Held: how large an image is.
    Image(Part),
}

impl Reading {
    pub(super) fn of(tag: Tag, is_top: bool, purpose: &Purpose) -> Option<Self> {
        if !is_top {
            return (tag == path::REFERENCED_FILE).then_some(Self::Path);
        }
        if UIDS.contains(&tag) {
            return Some(match purpose {
                Purpose::Object { .. } => Self::Uid,
                Purpose::Query | Purpose::StepAction { .. } | Purpose::Attributes => Self::Uids,
            });
        }
        if tag == RECEIVING_AE && matches!(purpose, Purpose::StepAction { .. }) {
            return Some(Self::Receiver);
        }
        if tag == CHARACTER_SET {
            return Some(Self::CharacterSet);
        }
        path::is_part_of_paths(tag).then_some(Self::Path)
    }

    /// Whether an element of this VR may be read so; `None` stands for Implicit VR.
    pub(super) const fn takes(self, vr: Option<Vr>) -> bool {
        match self {
            Self::Uid | Self::Uids => matches!(vr, None | Some(Vr::Uid)),
            Self::Path | Self::CharacterSet | Self::Receiver | Self::Image(_) => {
                !matches!(vr, Some(Vr::Sequence))
            }
        }
    }
}

/// Judges a held value; what every reader takes alike is a deviation.
pub(super) fn judge(
    reading: Reading,
    tag: Tag,
    value: &[u8],
    purpose: &Purpose,
) -> Result<Option<Deviation>, DataSetError> {
    match reading {
        Reading::Path if !path::is_safe(value) => Err(DataSetError::Path(tag)),
        Reading::Path => Ok(path::has_controls(value).then_some(Deviation::ControlCharacters)),
        Reading::Uids | Reading::Image(_) => Ok(None),
        Reading::Receiver if may_receive(value, purpose) => Ok(None),
        Reading::Receiver => Err(DataSetError::Receiver),
        Reading::CharacterSet if value.split(|&byte| byte == b'\\').all(is_character_set) => {
            Ok(None)
        }
        Reading::CharacterSet => Err(DataSetError::CharacterSet(tag)),
        Reading::Uid => match InstanceUid::read(value) {
            Ok(uid) if !is_commands(tag, uid, purpose) => Err(DataSetError::Mismatch(tag)),
            Ok(uid) => Ok((!is_uid(uid)).then_some(Deviation::UidCharacters)),
            Err(_) => Err(DataSetError::Identifier(tag)),
        },
    }
}

/// Whether a name may be one of PS3.3 section C.12.1.1.2, misspelt perhaps, or is none at all.
///
/// pydicom takes any other for one of Python's codecs, in some of which letters mean dots and slashes:
/// UTF-7, HZ, EBCDIC. Those with these beginnings agree with ASCII.
fn is_character_set(name: &[u8]) -> bool {
    let name = name.trim_ascii_start();
    let begins =
        |with: &[u8]| name.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    let is_empty = name.iter().all(|byte| matches!(byte, 0 | b' '));
    // What is left of a name that was cut.
    let is_cut = b"ISO".starts_with(name.trim_ascii_end());
    is_empty || is_cut || [b"ISO".as_slice(), b"GB", b"UTF8", b"UTF-8"].into_iter().any(begins)
}

/// Who names nobody subscribes nobody.
fn may_receive(value: &[u8], purpose: &Purpose) -> bool {
    let Purpose::StepAction { receivers } = purpose else { return true };
    match AeTitle::parse(value) {
        Ok(title) => receivers.contains(&title),
        Err(fault) => fault == TitleError::Blank,
    }
}

fn is_commands(tag: Tag, uid: &[u8], purpose: &Purpose) -> bool {
    let is = |text: &str| uid == text.as_bytes();
    match purpose {
        Purpose::Object { sop_class, .. } if tag == SOP_CLASS => is(sop_class.as_str()),
        Purpose::Object { sop_instance, .. } if tag == SOP_INSTANCE => is(sop_instance.as_str()),
        Purpose::Object { .. }
        | Purpose::Query
        | Purpose::StepAction { .. }
        | Purpose::Attributes => true,
    }
}

/// Which identifying UIDs were there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found(u8);

impl Found {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn note(&mut self, tag: Tag) {
        if let Some(place) = UIDS.iter().position(|&uid| uid == tag) {
            self.0 |= 1 << place;
        }
    }

    /// Those that are missing.
    pub(super) fn missing(self, purpose: &Purpose) -> impl Iterator<Item = Tag> {
        let demanded = match purpose {
            Purpose::Object { sop_class, .. } if OUTSIDE_STUDIES.contains(&sop_class.as_str()) => 2,
            Purpose::Object { .. } => UIDS.len(),
            Purpose::Query | Purpose::StepAction { .. } | Purpose::Attributes => 0,
        };
        let is_missing = move |&(place, _): &(usize, Tag)| self.0 & 1 << place == 0;
        UIDS.into_iter().enumerate().take(demanded).filter(is_missing).map(|(_, tag)| tag)
    }
}

/// The characters of a list of UIDs, however long and however cut. Values that are none pass, but what
/// leads out of a directory does not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UidCharacters {
    value: Value,
    /// A padding has begun, behind which nothing more should come.
    is_padded: bool,
    /// A component ended and the next one was not begun.
    is_behind_dot: bool,
    /// Something was met that no UID has.
    pub(super) is_strange: bool,
}

/// How far the current value of the list has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Value {
    #[default]
    Begins,
    /// One letter, which may name a drive.
    Letter,
    Goes,
}

impl UidCharacters {
    /// Takes more of the value; where the first byte is that leads out of a directory.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| self.leads_out(*byte))
    }

    const fn leads_out(&mut self, byte: u8) -> bool {
        match byte {
            0 | b' ' => self.is_padded = true,
            b'\\' => {
                self.is_strange |= self.is_padded || self.is_behind_dot;
                self.value = Value::Begins;
                self.is_behind_dot = false;
            }
            b'/' | 0x01..=0x1f | 0x7f => return true,
            b'.' if matches!(self.value, Value::Begins) => return true,
            b':' if matches!(self.value, Value::Letter) => return true,
            b'.' => {
                self.is_strange |= self.is_padded || self.is_behind_dot;
                self.is_behind_dot = true;
                self.value = Value::Goes;
            }
            b'0'..=b'9' | b'*' | b'?' => self.go_on(Value::Goes, false),
            b'A'..=b'Z' | b'a'..=b'z' if matches!(self.value, Value::Begins) => {
                self.go_on(Value::Letter, true);
            }
            _ => self.go_on(Value::Goes, true),
        }
        false
    }

    const fn go_on(&mut self, value: Value, is_strange: bool) {
        self.is_strange |= is_strange || self.is_padded;
        self.value = value;
        self.is_behind_dot = false;
    }
}

#[cfg(test)]
mod tests {
    use dicom_core::dictionary::UidDictionary;
    use dicom_dictionary_std::sop_class::registry;

    use super::*;
    use crate::services::SopClass;

    /// What the storage SOP classes outside studies are called, and no other one.
    const KINDS: [&str; 8] = [
        "HangingProtocol",
        "ColorPalette",
        "ImplantTemplate",
        "ImplantAssemblyTemplate",
        "DefinedProcedureProtocol",
        "ProtocolApproval",
        "Inventory",
        "StudyContent",
    ];

    fn is_outside_studies(keyword: &str) -> bool {
        let is_stored = ["Storage", "Notification"].iter().any(|end| keyword.ends_with(end));
        is_stored && KINDS.iter().any(|kind| keyword.contains(kind))
    }

    #[test]
    fn what_needs_no_study_is_called_so_by_an_independent_dictionary() {
        for uid in OUTSIDE_STUDIES {
            let keyword = registry().by_uid(uid).map(|known| known.alias).unwrap_or_default();
            assert!(is_outside_studies(keyword), "{uid} is {keyword:?}");
        }
        let found: Vec<_> = SopClass::all().filter(|it| is_outside_studies(it.keyword)).collect();
        for class in &found {
            assert!(OUTSIDE_STUDIES.contains(&class.uid), "{} is not there", class.keyword);
        }
        assert_eq!(found.len(), OUTSIDE_STUDIES.len());
        for kind in KINDS {
            assert!(found.iter().any(|it| it.keyword.contains(kind)), "no class is a {kind}");
        }
    }

    #[test]
    fn performed_protocols_and_images_need_a_study() {
        for keyword in ["CTPerformedProcedureProtocolStorage", "CTImageStorage"] {
            let sop_class = SopClass::uid_of(keyword).unwrap();
            let sop_instance = InstanceUid::parse(b"1.2.3").unwrap();
            let purpose = Purpose::Object { sop_class, sop_instance };
            assert!(Found::NONE.missing(&purpose).eq(UIDS), "{keyword}");
        }
    }
}
