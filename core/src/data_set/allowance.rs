//! Which of the bounds hold for a data set: those of its purpose, for what a peer sends.

use super::{Bounds, DataSetError, Purpose, Rules};
use crate::direction::System;

/// Those of the bounds that hold for one data set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    bytes: u64,
    pub(super) item_elements: u32,
    /// In identifiers.
    pub(super) wildcards: Option<u32>,
    /// What is longer than the bytes.
    too_long: DataSetError,
    /// Whether pixel data counts: an image box has as much of it as an image (PS3.4 section H.4.3).
    pub(super) counts_pixel_data: bool,
}

impl Allowance {
    /// What the rules allow a data set for this purpose.
    pub(super) fn of(purpose: &Purpose, rules: &Rules) -> Self {
        let Bounds { identifier, attributes, item_elements, wildcards } = rules.bounds;
        let unlimited = Self {
            bytes: u64::MAX,
            item_elements: u32::MAX,
            wildcards: None,
            too_long: DataSetError::AttributesLength,
            counts_pixel_data: false,
        };
        match (rules.from, purpose) {
            (System::Pacs, _) | (System::Peer, Purpose::Object { .. }) => unlimited,
            (System::Peer, Purpose::Query) => Self {
                bytes: identifier.into(),
                item_elements,
                wildcards: Some(wildcards),
                too_long: DataSetError::IdentifierLength,
                counts_pixel_data: true,
            },
            (System::Peer, Purpose::StepAction { .. } | Purpose::Attributes) => {
                Self { bytes: attributes.into(), item_elements, ..unlimited }
            }
        }
    }

    /// Judges how long the data set is.
    pub(super) const fn judge(&self, bytes: u64) -> Result<(), DataSetError> {
        if bytes <= self.bytes { Ok(()) } else { Err(self.too_long) }
    }
}
