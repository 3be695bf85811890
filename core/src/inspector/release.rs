//! Who asked for release and who answered (PS3.8 section 7.2, collisions included).

use super::fault::Fault;
use crate::side::{PerSide, Side};

#[derive(Debug, Default)]
pub(super) struct Release(PerSide<Progress>);

/// What a side has sent.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    asked: bool,
    answered: bool,
}

impl Release {
    const fn is_asked(&self) -> bool {
        self.0.requestor.asked || self.0.acceptor.asked
    }

    /// Whose answer is awaited; where both have asked, that of the acceptor first.
    pub(super) const fn owing(&self) -> Option<Side> {
        if self.0.requestor.asked && !self.0.acceptor.answered {
            return Some(Side::Acceptor);
        }
        if self.0.acceptor.asked && !self.0.requestor.answered {
            return Some(Side::Requestor);
        }
        None
    }

    /// Every request has its response: the association is over.
    pub(super) const fn is_complete(&self) -> bool {
        self.is_asked()
            && self.0.requestor.asked == self.0.acceptor.answered
            && self.0.acceptor.asked == self.0.requestor.answered
    }

    pub(super) const fn may_send_data(&self, from: Side) -> Result<(), Fault> {
        let side = self.0.get(from);
        if side.asked || side.answered { Err(Fault::DataAfterRelease) } else { Ok(()) }
    }

    pub(super) const fn ask(&mut self, from: Side) -> Result<(), Fault> {
        let side = self.0.get_mut(from);
        if side.asked || side.answered {
            return Err(Fault::ReleaseOutOfOrder);
        }
        side.asked = true;
        Ok(())
    }

    pub(super) const fn answer(&mut self, from: Side) -> Result<(), Fault> {
        if !self.0.get(from.other()).asked || self.0.get(from).answered {
            return Err(Fault::ReleaseOutOfOrder);
        }
        self.0.get_mut(from).answered = true;
        Ok(())
    }
}
