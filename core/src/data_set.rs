//! The structure of data sets: judged as they stream by, header by header (PS3.5 chapter 7).
//!
//! A [`Walker`] reads the headers of elements and items, and skips values. It opens what *some*
//! reader opens: what is a sequence by VR, by the dictionary or by its undefined length, and any
//! value beside standard bulk data that begins with an item. What two readers could take for two
//! different data sets is refused. It holds a few bytes and a bounded stack, whatever the size of
//! the data set; its cost grows with the elements, not with the bytes.

mod deviation;
mod dictionary;
mod error;
mod header;
mod identifiers;
mod level;
mod path;
mod seen;
mod tag;
mod walk;

pub use deviation::{Deviation, Deviations, Tolerated, UnknownDeviation};
pub use error::DataSetError;
pub use identifiers::MAX_HELD;
pub use level::MAX_DEPTH;
pub use path::{PATH_ELEMENTS, PathElement};
pub use tag::Tag;
pub use walk::MAX_ELEMENTS;

use crate::transfer_syntax::Walk;
use crate::wire::uid::Uid;
use walk::State;

/// What a data set is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An object that C-STORE brings: its identifiers are the command's.
    Object {
        /// The Affected SOP Class UID of the command.
        sop_class: Uid,
        /// The Affected SOP Instance UID of the command.
        sop_instance: Uid,
    },
    /// The identifier of a C-FIND, C-MOVE or C-GET, in requests and responses.
    Query,
    /// The attributes of a normalized service, and anything else.
    Attributes,
}

/// Whose data set it is, and so what is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// A requestor's: each deviation is an error unless it is tolerated.
    Requestor {
        /// What this peer may do against the standard.
        tolerated: Tolerated,
    },
    /// An acceptor's: deviations are counted, so that old archives stay readable. What makes the walk
    /// impossible, and what leads out of a directory, is an error.
    Acceptor,
}

impl Rules {
    const fn permit(self, deviation: Deviation) -> bool {
        match self {
            Self::Requestor { tolerated } => tolerated.contains(deviation),
            Self::Acceptor => true,
        }
    }

    /// Whether elements may come in any order, so that repetitions need a memory.
    const fn permit_disorder(self) -> bool {
        self.permit(Deviation::Order)
    }
}

/// Judges one data set.
#[derive(Debug)]
pub struct Walker {
    state: State,
    purpose: Purpose,
    rules: Rules,
    deviations: Deviations,
    failed: Option<DataSetError>,
}

impl Walker {
    /// A walker for a data set in a transfer syntax of this kind.
    #[must_use]
    pub fn new(walk: Walk, purpose: Purpose, rules: Rules) -> Self {
        let state = State::new(walk);
        Self { state, purpose, rules, deviations: Deviations::default(), failed: None }
    }

    /// Judges the next bytes, cut anywhere.
    ///
    /// # Errors
    ///
    /// The rule that was broken, again and again: a refused data set stays refused.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), DataSetError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let verdict = self.walk(bytes);
        self.failed = verdict.err();
        verdict
    }

    /// Judges that the data set ends here.
    ///
    /// # Errors
    ///
    /// As [`Self::feed`]; or something is open, or an identifier is missing.
    pub fn finish(&mut self) -> Result<(), DataSetError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let verdict = self.end();
        self.failed = verdict.err();
        verdict
    }

    /// What was met and let through.
    #[must_use]
    pub const fn deviations(&self) -> &Deviations {
        &self.deviations
    }

    /// How many bytes were taken; of a refused data set, the last of them is the one that broke the
    /// rule.
    #[must_use]
    pub(crate) const fn position(&self) -> u64 {
        self.state.position()
    }

    /// Counts a deviation; an error where it is not let through.
    fn note(&mut self, deviation: Deviation, error: DataSetError) -> Result<(), DataSetError> {
        if !self.rules.permit(deviation) {
            return Err(error);
        }
        self.deviations.note(deviation);
        Ok(())
    }
}
