//! Where in a message a lane is (PS3.7 section 6.3.1, PS3.8 annex E).

use super::framing::Fragment;
use crate::inspector::fault::Fault;
use crate::inspector::guard::Guard;
use crate::wire::associate::ContextId;

/// The longest command set: far beyond any that the standard can form, small enough to hold.
pub const MAX_COMMAND: usize = 64 * 1024;
/// The most empty fragments of a message that are dropped before it counts as hostile.
const MAX_EMPTY_FRAGMENTS: u32 = 64;

/// Where in a message the lane is. A context's id stays with its message to the end.
#[derive(Debug)]
pub(super) enum Message {
    /// The next PDV begins a message.
    Between,
    /// A message ended in this PDU: no PDV may follow in it.
    EndedInPdu,
    Command {
        context: ContextId,
        empty: u32,
        collected: Vec<u8>,
    },
    /// The command set is complete and announced a data set.
    DataSet {
        context: ContextId,
        empty: u32,
        passage: Passage,
        carry: Carry,
    },
}

/// How fragments of odd length become even ones: the last byte of what would be odd goes with the
/// next fragment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Carry {
    /// The byte that waits for the next fragment.
    pub(super) byte: Option<u8>,
    /// The last byte of this fragment will wait.
    pub(super) withholds: bool,
}

/// What becomes of a data set.
#[derive(Debug)]
pub(super) enum Passage {
    /// It passes as far as it is sound.
    Judge(Box<Guard>),
    /// Its message is forbidden.
    Swallow,
    /// It was found unsound before anything of its message had left.
    Drop,
}

impl Carry {
    /// Begins a fragment: how many bytes leave with it, and the one that was left over before and
    /// leaves now. The last fragment leaves as it is, so that a data set of odd length is seen as one.
    pub(super) fn begin(&mut self, fragment: Fragment) -> (u32, Option<u8>) {
        let total = fragment.left.saturating_add(u32::from(self.byte.is_some()));
        self.withholds = total % 2 == 1 && !fragment.is_last;
        let leaves = total - u32::from(self.withholds);
        let carried = if leaves > 0 { self.byte.take() } else { None };
        (leaves, carried)
    }

    /// What leaves of a piece now; with `ends` it is the last of its fragment.
    pub(super) fn keep_last<'a>(&mut self, piece: &'a [u8], ends: bool) -> &'a [u8] {
        match piece {
            [head @ .., last] if ends && self.withholds => {
                self.withholds = false;
                self.byte = Some(*last);
                head
            }
            _ => piece,
        }
    }
}

impl Message {
    pub(super) const fn is_underway(&self) -> bool {
        matches!(self, Self::Command { .. } | Self::DataSet { .. })
    }

    /// Lets a fragment into the message, or begins one with it.
    pub(super) fn join(&mut self, of: ContextId, fragment: Fragment) -> Result<(), Fault> {
        let is_empty = fragment.left == 0 && !fragment.is_last;
        match self {
            Self::EndedInPdu => Err(Fault::SecondMessageInPdu),
            Self::Between if !fragment.is_command => Err(Fault::DataWithoutCommand),
            Self::Between => {
                *self = Self::Command { context: of, empty: 0, collected: Vec::new() };
                self.join(of, fragment)
            }
            Self::Command { context, .. } | Self::DataSet { context, .. } if *context != of => {
                Err(Fault::InterleavedContexts)
            }
            Self::Command { .. } if !fragment.is_command => Err(Fault::DataInsideCommand),
            Self::DataSet { .. } if fragment.is_command => Err(Fault::CommandInsideData),
            Self::Command { collected, empty, .. } => {
                if collected.len().saturating_add(fragment.left as usize) > MAX_COMMAND {
                    return Err(Fault::CommandTooLong);
                }
                count_empty(empty, is_empty)
            }
            Self::DataSet { empty, .. } => count_empty(empty, is_empty),
        }
    }
}

const fn count_empty(empty: &mut u32, is_empty: bool) -> Result<(), Fault> {
    if is_empty {
        *empty += 1;
        if *empty > MAX_EMPTY_FRAGMENTS {
            return Err(Fault::EmptyFragments);
        }
    }
    Ok(())
}
