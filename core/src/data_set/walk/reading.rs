//! Values that are judged: identifiers, and what servers make paths of.

use super::super::header::Vr;
use super::super::identifiers::{self, MAX_HELD, Reading, UidCharacters};
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
        self.note(DataSetError::IdentifierVr(tag))?;
        Ok((vr != Some(Vr::Sequence)).then_some(reading))
    }

    pub(super) fn begin_reading(
        &mut self,
        element: Element,
        reading: Reading,
    ) -> Result<(), DataSetError> {
        let Element { tag, length, .. } = element;
        self.grow(tag, length)?;
        let is_held = reading != Reading::Uids;
        if is_held && length > MAX_HELD {
            self.note(DataSetError::TooLong(tag))?;
            self.skip(length);
            return Ok(());
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
            Reading::Uids => {
                if let Some(place) = characters.take(piece) {
                    return self.leads_out(tag, piece, place, left - taken);
                }
            }
        }
        self.state.wildcards.verdict()?;
        self.state.next = Next::Read(tag, reading, characters, left - taken);
        if left > taken {
            return Ok(());
        }
        if characters.is_strange {
            self.deviations.add(Deviation::UidCharacters);
        }
        self.judge(tag, reading)
    }

    /// A byte in a list of UIDs leads out of a directory. From an acceptor that is only counted, and
    /// the rest of the value is skipped.
    fn leads_out(
        &mut self,
        tag: Tag,
        piece: &[u8],
        place: usize,
        left: u32,
    ) -> Result<(), DataSetError> {
        let verdict = self.note(DataSetError::UidCharacters(tag));
        if verdict.is_err() {
            // The byte at fault is the last one that counts as taken.
            self.state.position -= piece.len().saturating_sub(place + 1) as u64;
        } else {
            self.skip(left);
        }
        verdict
    }

    fn judge(&mut self, tag: Tag, reading: Reading) -> Result<(), DataSetError> {
        self.state.next = Next::HEADER;
        match identifiers::judge(reading, tag, &self.state.held, &self.purpose) {
            Ok(met) => met.into_iter().for_each(|deviation| self.deviations.add(deviation)),
            Err(error) => self.note(error)?,
        }
        Ok(())
    }
}
