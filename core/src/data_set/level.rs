//! The data set, sequences and items that are open.

use super::header::Encoding;
use super::image::Image;
use super::{DataSetError, Tag};

/// The most sequences inside each other: far beyond what any object needs (structured reports nest
/// about ten), far below what exhausts the stack of readers that recurse.
pub const MAX_DEPTH: usize = 32;

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The data set itself.
    DataSet,
    /// An item of a sequence.
    Item,
    /// A sequence.
    Sequence,
    /// Encapsulated pixel data; whether its first item, the offset table, was there.
    Fragments { has_table: bool },
}

/// One of the open things. A bound is the position behind which nothing inside may reach: the
/// nearest defined end, its own or that of what is around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub(super) kind: Kind,
    pub(super) encoding: Encoding,
    /// Whether it ends at its bound; otherwise at a delimiter.
    pub(super) is_defined: bool,
    pub(super) bound: u64,
    /// The highest tag of the data set or item so far.
    pub(super) highest: Option<Tag>,
    /// Where its tags begin among those remembered.
    pub(super) seen_from: usize,
    /// How many elements the data set or item had so far.
    pub(super) elements: u32,
    /// How many of them reserve a block of private ones.
    pub(super) creators: u32,
    /// What it says of an image.
    pub(super) image: Image,
}

/// The open things, the innermost last. Memory is bounded by [`MAX_DEPTH`].
#[derive(Debug)]
pub(super) struct Levels {
    data_set: Level,
    inner: Vec<Level>,
    sequences: usize,
}

impl Levels {
    pub(super) const fn new(encoding: Encoding) -> Self {
        let data_set = Level {
            kind: Kind::DataSet,
            encoding,
            is_defined: false,
            bound: u64::MAX,
            highest: None,
            seen_from: 0,
            elements: 0,
            creators: 0,
            image: Image::NONE,
        };
        Self { data_set, inner: Vec::new(), sequences: 0 }
    }

    pub(super) fn innermost(&self) -> &Level {
        self.inner.last().unwrap_or(&self.data_set)
    }

    pub(super) fn innermost_mut(&mut self) -> &mut Level {
        self.inner.last_mut().unwrap_or(&mut self.data_set)
    }

    pub(super) const fn is_top(&self) -> bool {
        self.inner.is_empty()
    }

    pub(super) fn open(&mut self, level: Level) -> Result<(), DataSetError> {
        if level.kind == Kind::Sequence {
            if self.sequences == MAX_DEPTH {
                return Err(DataSetError::Depth);
            }
            self.sequences += 1;
        }
        self.inner.push(level);
        Ok(())
    }

    pub(super) fn close(&mut self) -> Option<Level> {
        let closed = self.inner.pop()?;
        if closed.kind == Kind::Sequence {
            self.sequences -= 1;
        }
        Some(closed)
    }
}
