//! Values that are judged: identifiers, and what servers make paths of.

use super::super::header::Vr;
use super::super::identifiers::{self, MAX_HELD, Reading, StrangeCharacter, UidCharacters};
use super::super::{DataSetError, Deviation, Tag, Walker};
use super::{Element, Next};

impl Walker {
    /// How the value of an element is to be read, if it is.
    pub(super) fn reading(
        &mut self,
        tag: Tag,
        vr: Option<Vr>,
    ) -> Result<Option<Reading>, DataSetError> {
        let is_top = self.state.levels.is_top();
        let Some(reading) = Reading::of(tag, is_top, &self.purpose) else { return Ok(None) };
        if is_top {
            self.state.found.note(tag);
        }
        if reading.takes(vr) {
            return Ok(Some(reading));
        }
        self.note(Deviation::Identifier, DataSetError::IdentifierVr(tag))?;
        Ok((vr != Some(Vr::Sequence)).then_some(reading))
    }

    pub(super) fn begin_reading(
        &mut self,
        element: Element,
        reading: Reading,
    ) -> Result<(), DataSetError> {
        let Element { tag, length, .. } = element;
        let is_held = !matches!(reading, Reading::Uids { .. });
        if is_held && length > MAX_HELD {
            return Err(DataSetError::TooLong(tag));
        }
        self.state.held.clear();
        if length == 0 {
            return self.judge(tag, reading);
        }
        self.state.next = Next::Read(tag, reading, UidCharacters::default(), length);
        Ok(())
    }

    pub(super) fn read(
        &mut self,
        tag: Tag,
        reading: Reading,
        mut characters: UidCharacters,
        left: u32,
        input: &mut &[u8],
    ) -> Result<(), DataSetError> {
        let (piece, taken) = self.take(input, left);
        match reading {
            Reading::Uid | Reading::Path | Reading::CharacterSet | Reading::Receiver => {
                self.state.held.extend_from_slice(piece);
            }
            Reading::Uids { patterns } => {
                if let Some(strange) = characters.take(piece, patterns) {
                    return self.strange_uid(tag, piece, strange, left);
                }
            }
        }
        self.state.next = Next::Read(tag, reading, characters, left - taken);
        if left == taken { self.judge(tag, reading) } else { Ok(()) }
    }

    /// A byte in a list of UIDs that has no place there. Where that is only counted, the rest of
    /// the value is skipped; what could lead out of a directory is always an error.
    fn strange_uid(
        &mut self,
        tag: Tag,
        piece: &[u8],
        StrangeCharacter { place, leads_out }: StrangeCharacter,
        left: u32,
    ) -> Result<(), DataSetError> {
        let behind = piece.len().saturating_sub(place + 1) as u64;
        let error = DataSetError::UidCharacters(tag);
        let verdict = if leads_out { Err(error) } else { self.note(Deviation::Identifier, error) };
        if verdict.is_err() {
            // The byte at fault is the last one that counts as taken.
            self.state.position -= behind;
            return verdict;
        }
        let taken = u32::try_from(piece.len()).unwrap_or(left);
        self.skip(left.saturating_sub(taken));
        Ok(())
    }

    fn judge(&mut self, tag: Tag, reading: Reading) -> Result<(), DataSetError> {
        self.state.next = Next::HEADER;
        match identifiers::judge(reading, tag, &self.state.held, &self.purpose) {
            Ok(()) => Ok(()),
            Err(finding) => match finding.deviation {
                Some(deviation) => self.note(deviation, finding.error),
                None => Err(finding.error),
            },
        }
    }
}
