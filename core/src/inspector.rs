//! What may pass once an association is established: framing, phases and messages.
//!
//! One [`Inspector`] judges both directions of an association. It is fed slices as they come,
//! cut anywhere, and writes what may pass, in the gate's own framing: one PDV per PDU (PS3.8
//! section 9.3.5), command sets in PDUs of their own. Only headers and command sets are ever
//! withheld; data set fragments stream through.

mod command;
mod fault;
mod lane;
mod operations;
mod release;

pub use command::CommandError;
pub use fault::Fault;

pub use crate::services::Side;

use crate::policy::Contexts;
use crate::wire::pdu;
use lane::{Lane, Step};
use operations::Outstanding;
use release::Release;

/// Judged bytes on their way out: whole headers, whole command sets, data as it came.
#[derive(Debug, Default)]
pub struct Out {
    /// For the PACS.
    pub to_pacs: Vec<u8>,
    /// For the requestor.
    pub to_requestor: Vec<u8>,
}

impl Out {
    /// The buffer towards a side.
    pub const fn towards(&mut self, side: Side) -> &mut Vec<u8> {
        match side {
            Side::Requestor => &mut self.to_requestor,
            Side::Pacs => &mut self.to_pacs,
        }
    }
}

/// How far an association has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is awaited but the rest of a message, or the next one.
    Open,
    /// A whole request waits for its final response.
    Operating,
    /// A side asked for release.
    Releasing,
    /// Every request for release is answered: nothing more will pass.
    Released,
    /// This side aborted: nothing more will pass.
    Aborted(Side),
}

/// Judges everything that passes on one established association.
#[derive(Debug)]
pub struct Inspector {
    contexts: Contexts,
    up: Lane,
    down: Lane,
    outstanding: Outstanding,
    release: Release,
    aborted: Option<Side>,
}

impl Inspector {
    /// An inspector for an association with these accepted contexts.
    #[must_use]
    pub fn new(contexts: Contexts) -> Self {
        let maxima = contexts.maxima;
        Self {
            up: Lane::new(maxima.from_requestor, maxima.to_pacs),
            down: Lane::new(maxima.from_pacs, maxima.to_requestor),
            contexts,
            outstanding: Outstanding::default(),
            release: Release::default(),
            aborted: None,
        }
    }

    /// Judges the next bytes of a side; takes all of them and appends to `out` what may pass.
    ///
    /// What comes behind the end of an association is dropped (PS3.8 state 13).
    ///
    /// # Errors
    ///
    /// The rule that was broken. The association is over then: feed nothing more.
    pub fn feed(&mut self, from: Side, input: &[u8], out: &mut Out) -> Result<(), Fault> {
        let out = out.towards(from.other());
        let mut rest = input;
        while !rest.is_empty() && !self.is_over() {
            let lane = match from {
                Side::Requestor => &mut self.up,
                Side::Pacs => &mut self.down,
            };
            let step = lane.advance(&mut rest, &self.contexts, out)?;
            self.obey(from, step, out)?;
        }
        Ok(())
    }

    /// Whether this side is to be read. The relay reads it only while there is room besides.
    #[must_use]
    pub const fn wants(&self, _from: Side) -> bool {
        !self.is_over()
    }

    /// Whether a PDU of the gate's own may be written to this side, behind what is in `Out`.
    #[must_use]
    pub const fn at_boundary(&self, to: Side) -> bool {
        !self.lane(to.other()).is_inside_forwarded_pdu()
    }

    /// Whether a PDU of this side has begun and not ended.
    #[must_use]
    pub const fn is_inside_pdu(&self, from: Side) -> bool {
        self.lane(from).is_inside_pdu()
    }

    /// How many whole PDUs this side has sent.
    #[must_use]
    pub const fn pdus(&self, from: Side) -> u64 {
        self.lane(from).pdus()
    }

    /// How far the association has come.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        if let Some(side) = self.aborted {
            return Phase::Aborted(side);
        }
        if self.release.is_complete() {
            return Phase::Released;
        }
        if self.release.is_asked() {
            return Phase::Releasing;
        }
        let is_underway = self.up.is_inside_message() || self.down.is_inside_message();
        if self.outstanding.is_empty() || is_underway { Phase::Open } else { Phase::Operating }
    }

    const fn is_over(&self) -> bool {
        self.aborted.is_some() || self.release.is_complete()
    }

    const fn lane(&self, from: Side) -> &Lane {
        match from {
            Side::Requestor => &self.up,
            Side::Pacs => &self.down,
        }
    }

    fn obey(&mut self, from: Side, step: Step, out: &mut Vec<u8>) -> Result<(), Fault> {
        match step {
            Step::Continue => {}
            Step::Data => self.release.may_send_data(from)?,
            Step::Command(command) => {
                self.outstanding.note(from, &command)?;
                self.lane(from).forward_command(&command, out);
            }
            Step::ReleaseRq => {
                self.release.ask(from)?;
                out.extend_from_slice(&pdu::RELEASE_RQ);
            }
            Step::ReleaseRp => {
                self.release.answer(from)?;
                out.extend_from_slice(&pdu::RELEASE_RP);
            }
            Step::Abort(abort) => {
                self.aborted = Some(from);
                out.extend_from_slice(&abort.encode());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
