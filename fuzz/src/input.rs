//! Choices taken from the front of an input. An input that is too short chooses zero.

use pacsgate_core::data_set::{Deviation, Tolerated};

/// The part of an input that is not read yet.
#[derive(Debug)]
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// The next bytes behind their length, as many as there are.
    pub fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(u16::from_le_bytes([self.byte(), self.byte()]));
        let (bytes, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    /// What is tolerated: one bit each.
    pub fn tolerated(&mut self) -> Tolerated {
        let bits = self.byte();
        let chosen = Deviation::TOLERABLE.into_iter().enumerate();
        chosen.filter(|(place, _)| bits >> place & 1 == 1).map(|(_, it)| it).collect()
    }

    /// Sizes of pieces, for ever.
    pub fn cuts(&mut self) -> impl Iterator<Item = usize> + use<> {
        [self.byte(), self.byte(), self.byte()]
            .map(|size| usize::from(size) + 1)
            .into_iter()
            .cycle()
    }
}

/// The pieces of some bytes.
pub fn pieces<'a>(
    mut bytes: &'a [u8],
    cuts: &mut impl Iterator<Item = usize>,
) -> impl Iterator<Item = &'a [u8]> {
    std::iter::from_fn(move || {
        let size = cuts.next()?.min(bytes.len());
        let (piece, rest) = bytes.split_at(size);
        bytes = rest;
        (!piece.is_empty()).then_some(piece)
    })
}
