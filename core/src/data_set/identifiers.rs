//! The elements that say what a data set is, and that servers make names and paths of.

use super::header::Vr;
use super::{DataSetError, Deviation, Purpose, Tag, path};
use crate::wire::title::{AeTitle, TitleError};
use crate::wire::uid::Uid;

/// The longest value that is held to be judged: four times the longest person name.
pub const MAX_HELD: u32 = 1024;

const SOP_CLASS: Tag = Tag::new(0x0008, 0x0016);
const SOP_INSTANCE: Tag = Tag::new(0x0008, 0x0018);
const STUDY: Tag = Tag::new(0x0020, 0x000d);
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
    /// Not held: UIDs, of any number, and patterns where `patterns` allows them.
    Uids { patterns: bool },
    /// Held: a part of a path.
    Path,
    /// Held: how texts, parts of paths among them, are decoded.
    CharacterSet,
    /// Held: who is subscribed.
    Receiver,
}

impl Reading {
    pub(super) fn of(tag: Tag, is_top: bool, purpose: &Purpose) -> Option<Self> {
        if !is_top {
            return (tag == path::REFERENCED_FILE).then_some(Self::Path);
        }
        if UIDS.contains(&tag) {
            return Some(match purpose {
                Purpose::Object { .. } => Self::Uid,
                Purpose::Query => Self::Uids { patterns: true },
                Purpose::StepAction { .. } | Purpose::Attributes => Self::Uids { patterns: false },
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
            Self::Uid | Self::Uids { .. } => matches!(vr, None | Some(Vr::Uid)),
            Self::Path | Self::CharacterSet | Self::Receiver => !matches!(vr, Some(Vr::Sequence)),
        }
    }
}

/// What a held value broke.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finding {
    pub(super) error: DataSetError,
    /// What it counts as where it is not an error.
    pub(super) deviation: Option<Deviation>,
}

/// Judges a held value.
pub(super) fn judge(
    reading: Reading,
    tag: Tag,
    value: &[u8],
    purpose: &Purpose,
) -> Result<(), Finding> {
    let field = |error| Finding { error, deviation: Some(Deviation::Identifier) };
    match reading {
        Reading::Path if path::is_safe(value) => Ok(()),
        Reading::Path => Err(Finding { error: DataSetError::Path(tag), deviation: None }),
        Reading::Uids { .. } => Ok(()),
        Reading::Receiver if may_receive(value, purpose) => Ok(()),
        Reading::Receiver => Err(Finding { error: DataSetError::Receiver, deviation: None }),
        Reading::CharacterSet if value.split(|&byte| byte == b'\\').all(is_character_set) => Ok(()),
        Reading::CharacterSet => {
            let error = DataSetError::CharacterSet(tag);
            Err(Finding { error, deviation: Some(Deviation::CharacterSet) })
        }
        Reading::Uid => match Uid::parse(value) {
            Ok(uid) if is_commands(tag, &uid, purpose) => Ok(()),
            Ok(_) => Err(field(DataSetError::Mismatch(tag))),
            Err(_) if path::is_safe(value) => Err(field(DataSetError::Identifier(tag))),
            Err(_) => Err(Finding { error: DataSetError::Identifier(tag), deviation: None }),
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
    is_empty || [b"ISO".as_slice(), b"GB", b"UTF8", b"UTF-8"].into_iter().any(begins)
}

/// Who names nobody subscribes nobody.
fn may_receive(value: &[u8], purpose: &Purpose) -> bool {
    let Purpose::StepAction { receivers } = purpose else { return true };
    match AeTitle::parse(value) {
        Ok(title) => receivers.contains(&title),
        Err(fault) => fault == TitleError::Blank,
    }
}

fn is_commands(tag: Tag, uid: &Uid, purpose: &Purpose) -> bool {
    match purpose {
        Purpose::Object { sop_class, .. } if tag == SOP_CLASS => uid == sop_class,
        Purpose::Object { sop_instance, .. } if tag == SOP_INSTANCE => uid == sop_instance,
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

/// The characters of a list of UIDs, however long and however cut.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UidCharacters {
    is_padded: bool,
    /// Whether a component was begun.
    has_component: bool,
    /// Whether a component ended and the next one was not begun.
    is_behind_dot: bool,
}

/// A byte with which a list of UIDs may not go on.
#[derive(Clone, Copy, Debug)]
pub(super) struct StrangeCharacter {
    /// Where it stands in the bytes that were taken last.
    pub(super) place: usize,
    /// A path made of the value could lead out of its directory.
    pub(super) leads_out: bool,
}

impl UidCharacters {
    /// The first byte with which the value may not go on.
    pub(super) fn take(&mut self, bytes: &[u8], patterns: bool) -> Option<StrangeCharacter> {
        let place = bytes.iter().position(|byte| !self.may_follow(*byte, patterns))?;
        let leads_out = match bytes.get(place) {
            Some(b'/' | 0x01..=0x1f | 0x7f) => true,
            Some(b'.') => !self.has_component,
            _ => false,
        };
        Some(StrangeCharacter { place, leads_out })
    }

    const fn may_follow(&mut self, byte: u8, patterns: bool) -> bool {
        match byte {
            0 | b' ' => {
                self.is_padded = true;
                true
            }
            b'\\' => {
                self.has_component = false;
                self.is_behind_dot = false;
                !self.is_padded
            }
            b'.' => {
                let ends_a_component = self.has_component && !self.is_behind_dot;
                self.is_behind_dot = true;
                ends_a_component && !self.is_padded
            }
            b'0'..=b'9' => self.begin_or_go_on(),
            b'*' | b'?' => self.begin_or_go_on() && patterns,
            _ => false,
        }
    }

    const fn begin_or_go_on(&mut self) -> bool {
        self.has_component = true;
        self.is_behind_dot = false;
        !self.is_padded
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
            let purpose = Purpose::Object { sop_class, sop_instance: "1.2.3".parse().unwrap() };
            assert!(Found::NONE.missing(&purpose).eq(UIDS), "{keyword}");
        }
    }
}
