//! The few bytes that must be seen whole, however the stream is cut.

/// Up to `N` bytes of the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gather<const N: usize> {
    bytes: [u8; N],
    filled: usize,
}

impl<const N: usize> Gather<N> {
    pub(crate) const NEW: Self = Self { bytes: [0; N], filled: 0 };

    pub(crate) const fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// What begins with these bytes.
    pub(crate) fn begun(with: [u8; 4]) -> Self {
        let mut gather = Self::NEW;
        gather.fill(&mut with.as_slice());
        gather
    }

    /// All `N` bytes, once they are there.
    pub(crate) fn take(&mut self, input: &mut &[u8]) -> Option<[u8; N]> {
        if self.filled == 0
            && let Some((whole, rest)) = input.split_first_chunk()
        {
            *input = rest;
            return Some(*whole);
        }
        self.fill(input);
        (self.filled >= N).then_some(self.bytes)
    }

    fn fill(&mut self, input: &mut &[u8]) {
        let piece = take_up_to(input, N.saturating_sub(self.filled));
        if let Some(room) = self.bytes.get_mut(self.filled..self.filled + piece.len()) {
            room.copy_from_slice(piece);
        }
        self.filled += piece.len();
    }
}

/// The next bytes of the input, at most so many.
pub(crate) fn take_up_to<'a>(input: &mut &'a [u8], most: usize) -> &'a [u8] {
    let (piece, rest) = input.split_at_checked(most).unwrap_or((input, &[]));
    *input = rest;
    piece
}
