//! What an object shows of whom it is about, for those who have to account for it.

use super::Tag;
use super::identifiers::STUDY;

const CHARACTER_SET: Tag = Tag::new(0x0008, 0x0005);
const ACCESSION: Tag = Tag::new(0x0008, 0x0050);
const NAME: Tag = Tag::new(0x0010, 0x0010);
const PATIENT: Tag = Tag::new(0x0010, 0x0020);

/// Values as they came, each of at most [`super::MAX_HELD`] bytes; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Specific Character Set, by which the others are to be read.
    pub character_set: Vec<u8>,
    /// Patient ID.
    pub patient_id: Vec<u8>,
    /// Patient's Name.
    pub patient_name: Vec<u8>,
    /// Study Instance UID.
    pub study: Vec<u8>,
    /// Accession Number.
    pub accession: Vec<u8>,
}

impl Shown {
    /// Takes the value of an element at the top level, if it is one of these.
    pub(super) fn note(&mut self, tag: Tag, value: &[u8]) {
        let place = match tag {
            CHARACTER_SET => &mut self.character_set,
            PATIENT => &mut self.patient_id,
            NAME => &mut self.patient_name,
            STUDY => &mut self.study,
            ACCESSION => &mut self.accession,
            _ => return,
        };
        let end = value.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |at| at + 1);
        *place = value.get(..end).unwrap_or_default().to_vec();
    }
}
