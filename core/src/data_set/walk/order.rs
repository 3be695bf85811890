//! The order of elements, and which of them were there.

use super::super::{DataSetError, Deviation, Tag, Walker};

impl Walker {
    /// Judges the tag of an element: its group, and that it follows those before it.
    pub(super) fn enter(&mut self, tag: Tag) -> Result<(), DataSetError> {
        if !tag.has_valid_group() {
            self.note(DataSetError::Group(tag))?;
        }
        let level = self.state.levels.innermost_mut();
        let before = level.highest;
        level.highest = before.max(Some(tag));
        if before == Some(tag) {
            return self.note(DataSetError::Duplicate(tag));
        }
        if before > Some(tag) {
            self.note(DataSetError::Order(tag))?;
        }
        if self.rules.permit_disorder() { self.remember(tag) } else { Ok(()) }
    }

    fn remember(&mut self, tag: Tag) -> Result<(), DataSetError> {
        match self.state.seen.note(self.state.levels.innermost(), tag) {
            Ok(false) => Ok(()),
            Ok(true) => self.note(DataSetError::Duplicate(tag)),
            Err(_) if self.rules.permit(Deviation::Duplicate) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
