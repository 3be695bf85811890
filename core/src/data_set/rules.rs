//! What a data set is for, and whose it is.

use std::sync::Arc;

use super::bounds::Bounds;
use super::deviation::{Deviation, Tolerance, Tolerated};
use super::widths::Widths;
use crate::direction::System;
use crate::wire::title::AeTitle;
use crate::wire::uid::{InstanceUid, Uid};

/// What a data set is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An object that C-STORE brings: its identifiers are the command's.
    Object {
        /// The Affected SOP Class UID of the command.
        sop_class: Uid,
        /// The Affected SOP Instance UID of the command.
        sop_instance: InstanceUid,
    },
    /// The identifier of a request of C-FIND, C-MOVE or C-GET.
    Query,
    /// The information of an action on a unified procedure step, which may subscribe none but these
    /// titles (PS3.4 section CC.2.3).
    StepAction {
        /// Who may be the Receiving AE.
        receivers: Arc<[AeTitle]>,
    },
    /// The attributes of a normalized service, the identifier of a response, and anything else.
    Attributes,
}

/// Whose data set it is, and so what is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The system that sends it. A PACS is full of what its modalities once sent, so that no value is an
    /// error there.
    pub from: System,
    /// What this system may do against the standard.
    pub tolerated: Tolerated,
    /// How many elements, items and delimiters it may have: one more for each
    /// [`BYTES_FOR_AN_ELEMENT`] that went before.
    pub elements: u32,
    /// How large a peer's may be that is no object.
    pub bounds: Bounds,
    /// How wide the data set and each of its items may be.
    pub widths: Widths,
}

/// The most elements of a data set where nobody has set another number: a sparse whole-slide image
/// has two million.
pub const ELEMENTS: u32 = 5_000_000;

/// The bytes that allow for one element more: what harms is not their number, but that they take
/// much more memory than bytes.
pub const BYTES_FOR_AN_ELEMENT: u64 = 1024;

impl Rules {
    /// Nothing is tolerated.
    pub const fn strict(from: System) -> Self {
        let (bounds, widths) = (Bounds::USUAL, Widths::USUAL);
        Self { from, tolerated: Tolerated::NONE, elements: ELEMENTS, bounds, widths }
    }

    /// Whether a deviation is let through.
    pub(super) const fn permit(self, deviation: Deviation) -> bool {
        match deviation.tolerance() {
            Tolerance::Always => true,
            Tolerance::Tolerable => self.is_pacs() || self.tolerated.contains(deviation),
            Tolerance::Named => self.tolerated.contains(deviation),
            Tolerance::Pacs => self.is_pacs(),
        }
    }

    /// Whether elements may come in any order, so that repetitions need a memory.
    pub(super) const fn permit_disorder(self) -> bool {
        self.permit(Deviation::Order)
    }

    const fn is_pacs(self) -> bool {
        matches!(self.from, System::Pacs)
    }
}
