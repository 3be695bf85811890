//! Who asked for release and who answered (PS3.8 section 7.2, collisions included).

use super::fault::Fault;
use crate::side::Side;

#[derive(Debug, Default)]
pub(super) struct Release {
    requestor: Progress,
    pacs: Progress,
}

/// What a side has sent.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    asked: bool,
    answered: bool,
}

impl Release {
    pub(super) const fn is_asked(&self) -> bool {
        self.requestor.asked || self.pacs.asked
    }

    /// Every request has its response: the association is over.
    pub(super) const fn is_complete(&self) -> bool {
        self.is_asked()
            && self.requestor.asked == self.pacs.answered
            && self.pacs.asked == self.requestor.answered
    }

    pub(super) const fn may_send_data(&self, from: Side) -> Result<(), Fault> {
        let side = self.of(from);
        if side.asked || side.answered { Err(Fault::DataAfterRelease) } else { Ok(()) }
    }

    pub(super) const fn ask(&mut self, from: Side) -> Result<(), Fault> {
        let side = self.of_mut(from);
        if side.asked || side.answered {
            return Err(Fault::ReleaseOutOfOrder);
        }
        side.asked = true;
        Ok(())
    }

    pub(super) const fn answer(&mut self, from: Side) -> Result<(), Fault> {
        if !self.of(from.other()).asked || self.of(from).answered {
            return Err(Fault::ReleaseOutOfOrder);
        }
        self.of_mut(from).answered = true;
        Ok(())
    }

    const fn of(&self, side: Side) -> Progress {
        match side {
            Side::Requestor => self.requestor,
            Side::Acceptor => self.pacs,
        }
    }

    const fn of_mut(&mut self, side: Side) -> &mut Progress {
        match side {
            Side::Requestor => &mut self.requestor,
            Side::Acceptor => &mut self.pacs,
        }
    }
}
