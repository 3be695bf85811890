//! The order of elements, and which of them were there.

use super::super::seen::Noted;
use super::super::{DataSetError, Deviation, Tag, Walker};

impl Walker {
    /// Judges the tag of an element: its group, that there is room for it, and that it follows those
    /// before it.
    pub(super) fn enter(&mut self, tag: Tag) -> Result<(), DataSetError> {
        if !tag.has_valid_group() {
            self.note(DataSetError::Group(tag))?;
        }
        let level = self.state.levels.innermost_mut();
        level.elements = level.elements.saturating_add(1);
        let before = level.highest;
        level.highest = before.max(Some(tag));
        level.creators = level.creators.saturating_add(tag.is_private_creator().into());
        let (elements, creators) = (level.elements, level.creators);
        if elements > self.allowance.item_elements {
            return Err(DataSetError::ItemElements);
        }
        self.rules.widths.judge(elements, creators)?;
        if before == Some(tag) {
            return self.note(DataSetError::Duplicate(tag));
        }
        let is_ascending = before < Some(tag);
        if !is_ascending {
            self.note(DataSetError::Order(tag))?;
        }
        if self.rules.permit_disorder() { self.remember(tag, is_ascending) } else { Ok(()) }
    }

    /// Notes the tag; one that was there before is one too many.
    fn remember(&mut self, tag: Tag, is_ascending: bool) -> Result<(), DataSetError> {
        match self.state.seen.note(self.state.levels.innermost(), tag) {
            Noted::New => Ok(()),
            Noted::Known => self.note(DataSetError::Duplicate(tag)),
            // Beyond the highest there is none like it; what is full stays full until the item ends.
            Noted::Full if is_ascending || self.rules.permit(Deviation::Duplicate) => Ok(()),
            Noted::Full => Err(DataSetError::Unsorted),
        }
    }
}
