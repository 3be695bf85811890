//! How the data sets of a side are judged.

use crate::data_set::{Bounds, Rules, Tolerated, Widths};
use crate::direction::System;

/// What becomes of a side's unsound data sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are refused.
    #[default]
    Refuse,
    /// They pass and are written down: for the days in which a site learns what its devices send.
    Report,
}

/// How the data sets of one side are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarding {
    /// What becomes of the unsound ones.
    pub mode: Mode,
    /// What the side may do against the standard.
    pub tolerated: Tolerated,
    /// How many elements each may have.
    pub elements: u32,
    /// How large each of a peer's may be that is no object.
    pub bounds: Bounds,
    /// How wide each, and each of its items, may be.
    pub widths: Widths,
}

impl Default for Guarding {
    fn default() -> Self {
        let Rules { tolerated, elements, bounds, widths, .. } = Rules::strict(System::Peer);
        Self { mode: Mode::default(), tolerated, elements, bounds, widths }
    }
}
