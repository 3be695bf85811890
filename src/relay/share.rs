//! What an association may do before others have their turn.

use pacsgate_core::side::{PerSide, Side};

use crate::stream::pool;

/// The bytes of a turn. Beside 64 busy associations half of it shortens the wait of others by a third, and
/// costs some percent of throughput; twice as much nearly doubles it.
pub(super) const SHARE: usize = 8 * pool::BUFFER;
/// The bytes that are moved while one read is dealt with, however little it brings.
const READ: usize = 512;
/// The same for one step of the inspector's: a header of the peer's, or a piece.
const STEP: u64 = 128;
/// The same for each byte that TLS says to itself: 27 of them change the keys, which takes 3 us.
const OVERHEAD: u64 = 128;

/// What is left of a turn. Whatever takes time counts as the bytes that are moved meanwhile: who sends
/// much that is no data has no longer turn than who sends images.
#[derive(Debug)]
pub(super) struct Share {
    left: usize,
    /// The inspector's steps so far.
    steps: u64,
    /// What TLS has said to itself so far.
    overhead: PerSide<u64>,
}

impl Share {
    pub(super) const NEW: Self =
        Self { left: SHARE, steps: 0, overhead: PerSide { requestor: 0, acceptor: 0 } };

    /// Begins a turn.
    pub(super) const fn renew(&mut self) {
        self.left = SHARE;
    }

    pub(super) const fn is_over(&self) -> bool {
        self.left == 0
    }

    /// Counts a read of a side, after which there were so many steps and so much overhead in all.
    pub(super) fn spend(&mut self, from: Side, bytes: usize, steps: u64, overhead: u64) {
        let fresh_steps = steps.saturating_sub(std::mem::replace(&mut self.steps, steps));
        let before = std::mem::replace(self.overhead.get_mut(from), overhead);
        let fresh_overhead = overhead.saturating_sub(before);
        let others = fresh_steps.saturating_mul(STEP);
        let others = others.saturating_add(fresh_overhead.saturating_mul(OVERHEAD));
        let all = bytes.max(READ).saturating_add(usize::try_from(others).unwrap_or(usize::MAX));
        self.left = self.left.saturating_sub(all);
    }
}
