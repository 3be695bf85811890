//! What `init` says of what it does.

use std::fmt;
use std::io;
use std::path::Path;

use crate::cli::text::paragraph;

const INDENT: usize = 8;

/// What became of something that has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Made,
    There,
    Renewed,
}

impl Piece {
    /// Says it, with its path.
    pub(super) fn tell(self, path: &Path) {
        let label = match self {
            Self::Made => "made",
            Self::There => "there",
            Self::Renewed => "renewed",
        };
        say(label, path.display());
    }
}

/// A label, and what stands beside it.
pub(super) fn say(label: &str, text: impl fmt::Display) {
    paragraph(&mut io::stdout(), label, INDENT, text);
}
