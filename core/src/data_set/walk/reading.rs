//! Values that are judged: identifiers, what servers make paths of, and how large an image is.

use super::super::header::{Encoding, Length, Vr};
use super::super::identifiers::{self, MAX_HELD, Reading, STUDY, UidCharacters};
use super::super::image::{Fault, Image, Part};
use super::super::{DataSetError, Deviation, Purpose, Tag, Walker};
use super::{Element, Next};

impl Walker {
    /// How the value of an element is to be read, if it is.
    pub(super) fn reading(
        &mut self,
        tag: Tag,
        vr: Option<Vr>,
        letters: [u8; 2],
        length: Length,
    ) -> Result<Option<Reading>, DataSetError> {
        if let Some(part) = self.part_of_image(tag) {
            return self.image(tag, part, vr, letters, length);
        }
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

    /// What the element is to an image. A query only asks for one.
    fn part_of_image(&self, tag: Tag) -> Option<Part> {
        Part::of(tag).filter(|_| self.purpose != Purpose::Query)
    }

    /// Judges how a part of an image is written, and what has no value to be read by its length.
    fn image(
        &mut self,
        tag: Tag,
        part: Part,
        vr: Option<Vr>,
        letters: [u8; 2],
        length: Length,
    ) -> Result<Option<Reading>, DataSetError> {
        if let Length::Defined(length) = length {
            self.stay_within(tag, length)?;
        }
        if !part.fits(vr, letters, length) {
            self.note(DataSetError::Geometry(tag))?;
            return Ok(None);
        }
        let judged = match part {
            Part::Pixels => self.about_image(tag, |image| image.note_pixels(length)),
            Part::Table(place) => self.about_image(tag, |image| image.judge_table(place, length)),
            Part::Samples
            | Part::Rows
            | Part::Columns
            | Part::Allocated
            | Part::Other
            | Part::Frames
            | Part::Descriptor(_) => return Ok(Some(Reading::Image(part))),
        };
        judged.map(|()| None)
    }

    fn about_image(
        &mut self,
        tag: Tag,
        judge: impl FnOnce(&mut Image) -> Result<(), Fault>,
    ) -> Result<(), DataSetError> {
        match judge(&mut self.state.levels.innermost_mut().image) {
            Ok(()) => Ok(()),
            Err(Fault::Impossible) => self.note(DataSetError::Geometry(tag)),
            Err(Fault::Short) => self.note(DataSetError::ImageLength(tag)),
            Err(Fault::Form) => {
                self.deviations.add(Deviation::ImageForm);
                Ok(())
            }
        }
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
            Reading::Uid
            | Reading::Path
            | Reading::CharacterSet
            | Reading::Receiver
            | Reading::Image(_) => {
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
        if let Reading::Image(part) = reading {
            return self.judge_image(tag, part);
        }
        match identifiers::judge(reading, tag, &self.state.held, &self.purpose) {
            Ok(met) => met.into_iter().for_each(|deviation| self.deviations.add(deviation)),
            Err(error) => self.note(error)?,
        }
        if let Some(shown) = &mut self.shown {
            shown.note(tag, &self.state.held);
        }
        if let Some(study) = self.study.as_mut().filter(|_| tag == STUDY && reading == Reading::Uid)
        {
            *study = self.state.held.as_slice().into();
        }
        Ok(())
    }

    fn judge_image(&mut self, tag: Tag, part: Part) -> Result<(), DataSetError> {
        let is_big = self.state.levels.innermost().encoding == Encoding::Big;
        let value = std::mem::take(&mut self.state.held);
        let verdict = self.about_image(tag, |image| image.note(part, &value, is_big));
        self.state.held = value;
        verdict
    }
}
