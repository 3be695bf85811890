//! Which way an association goes, and so which system stands at which of its sides.

use crate::side::Side;

/// One of the two systems that an association connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum System {
    /// A remote system outside.
    Peer,
    /// One inside, which is what the gate protects.
    Pacs,
}

/// The direction of a listener: who comes to it, and whom it leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Peers come, and reach a PACS.
    #[default]
    Inward,
    /// A PACS comes, and reaches peers.
    Outward,
}

impl Direction {
    /// As the configuration and the audit have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inward => "inward",
            Self::Outward => "outward",
        }
    }

    /// The system at a side.
    pub const fn system(self, side: Side) -> System {
        match (self, side) {
            (Self::Inward, Side::Requestor) | (Self::Outward, Side::Acceptor) => System::Peer,
            (Self::Inward, Side::Acceptor) | (Self::Outward, Side::Requestor) => System::Pacs,
        }
    }

    /// The side at which a system stands.
    pub const fn side(self, system: System) -> Side {
        match (self, system) {
            (Self::Inward, System::Peer) | (Self::Outward, System::Pacs) => Side::Requestor,
            (Self::Inward, System::Pacs) | (Self::Outward, System::Peer) => Side::Acceptor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_stands_where_the_other_does_not() {
        for direction in [Direction::Inward, Direction::Outward] {
            for side in [Side::Requestor, Side::Acceptor] {
                assert_eq!(direction.side(direction.system(side)), side);
                assert_ne!(direction.system(side), direction.system(side.other()));
            }
        }
        assert_eq!(Direction::Inward.system(Side::Acceptor), System::Pacs);
        assert_eq!(Direction::Outward.system(Side::Acceptor), System::Peer);
    }
}
