//! Sub-items that stand once for each SOP class (54 and 56).

use std::collections::BTreeMap;

use super::error::AssociateError;
use super::note::{Note, Notes};
use crate::wire::uid::Uid;

/// Values of which there is one for each SOP class, in the order of their arrival.
pub(super) struct Unique<T> {
    values: Vec<T>,
    // An item 50 holds thousands of them: looking through the values would grow with the square.
    places: BTreeMap<Uid, usize>,
}

pub(super) enum Added {
    New,
    Repeated,
    Contradicting,
}

impl Added {
    /// A repetition is dropped and noted, a contradiction is an error.
    pub(super) fn judge(
        self,
        kind: u8,
        contradiction: AssociateError,
        notes: &mut Notes,
    ) -> Result<(), AssociateError> {
        match self {
            Self::New => Ok(()),
            Self::Repeated => {
                notes.add(Note::Repeated(kind));
                Ok(())
            }
            Self::Contradicting => Err(contradiction),
        }
    }
}

impl<T: PartialEq> Unique<T> {
    pub(super) const fn new() -> Self {
        Self { values: Vec::new(), places: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, class: Uid, value: T) -> Added {
        match self.places.get(&class).and_then(|&place| self.values.get(place)) {
            Some(earlier) if *earlier == value => Added::Repeated,
            Some(_) => Added::Contradicting,
            None => {
                self.places.insert(class, self.values.len());
                self.values.push(value);
                Added::New
            }
        }
    }
    pub(super) fn into_values(self) -> Vec<T> {
        self.values
    }
}
