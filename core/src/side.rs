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

/// One of a kind for each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerSide<T> {
    /// The requestor's.
    pub requestor: T,
    /// The acceptor's.
    pub acceptor: T,
}

impl<T> PerSide<T> {
    /// What each side has of something.
    pub fn of(mut each: impl FnMut(Side) -> T) -> Self {
        Self { requestor: each(Side::Requestor), acceptor: each(Side::Acceptor) }
    }

    /// This side's.
    pub const fn get(&self, side: Side) -> &T {
        match side {
            Side::Requestor => &self.requestor,
            Side::Acceptor => &self.acceptor,
        }
    }

    /// The same, to be changed.
    pub const fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Requestor => &mut self.requestor,
            Side::Acceptor => &mut self.acceptor,
        }
    }
}
