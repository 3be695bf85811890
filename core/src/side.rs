//! The two sides of an association.

/// One of the two systems between which an association exists. Which system that is follows from
/// the direction of the listener: inward, the acceptor is the PACS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The system that asked for the association.
    Requestor,
    /// The system that was asked for it.
    Acceptor,
}

impl Side {
    /// The other side.
    pub const fn other(self) -> Self {
        match self {
            Self::Requestor => Self::Acceptor,
            Self::Acceptor => Self::Requestor,
        }
    }
}
