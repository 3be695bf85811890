//! The few bytes that must be seen whole, however the stream is cut.

use super::header::LONG;

/// Up to a long header's bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gather {
    bytes: [u8; LONG],
    filled: usize,
}

impl Gather {
    pub(super) const NEW: Self = Self { bytes: [0; LONG], filled: 0 };

    /// Begins with bytes that were taken already.
    pub(super) fn with([a, b, c, d]: [u8; 4]) -> Self {
        Self { bytes: [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0], filled: 4 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.filled == 0
    }

    pub(super) const fn bytes(&self) -> [u8; LONG] {
        self.bytes
    }

    /// Takes input until this many bytes are there; how many it took, and whether all are there.
    pub(super) fn fill(&mut self, input: &mut &[u8], whole: usize) -> (usize, bool) {
        let piece = take(input, whole.saturating_sub(self.filled));
        if let Some(room) = self.bytes.get_mut(self.filled..self.filled + piece.len()) {
            room.copy_from_slice(piece);
        }
        self.filled += piece.len();
        (piece.len(), self.filled >= whole)
    }
}

/// The next bytes of the input, at most so many.
pub(super) fn take<'a>(input: &mut &'a [u8], most: usize) -> &'a [u8] {
    let (piece, rest) = input.split_at_checked(most).unwrap_or((input, &[]));
    *input = rest;
    piece
}
