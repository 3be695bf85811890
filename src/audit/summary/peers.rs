//! The sums of peers, and of a PACS that comes for no peer: of what the gate has refused them, and of
//! associations without a use.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::sources::Reasons;
use crate::audit::event::Event;
use crate::audit::record::Record;

/// How many lines of one peer are written for one reason, and one operation, in a window: one a second.
pub(super) const WRITTEN: u32 = 60;

/// What a window has seen of each. The configuration bounds them.
#[derive(Debug, Default)]
pub(super) struct Peers(BTreeMap<Whose, Tally>);

/// Whose lines they are, by the name of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    Peer(Arc<str>),
    Pacs(Arc<str>),
}

impl Whose {
    fn of(record: &Record) -> Option<Self> {
        let peer = record.peer.clone().map(Self::Peer);
        peer.or_else(|| record.pacs.clone().map(Self::Pacs))
    }
}

#[derive(Debug, Default)]
struct Tally {
    /// By reason and by what was asked for: a flood of queries is not to hide a C-MOVE.
    written: BTreeMap<(&'static str, Option<&'static str>), u32>,
    /// One of its associations without a use was summed: their beginnings are as well.
    is_flood: bool,
    reasons: Reasons,
}

impl Peers {
    /// Whether the line is written; otherwise it is summed. An association in which something was
    /// done always has its line, however many there are.
    pub(super) fn admit(&mut self, record: &Record, reason: &'static str, is_news: bool) -> bool {
        if record.event == Event::Closed && record.has_done_something() {
            return true;
        }
        let Some(whose) = Whose::of(record) else { return true };
        let tally = self.0.entry(whose).or_default();
        if record.event == Event::Opened {
            return tally.admit_beginning();
        }
        let asked = record.request.as_ref().and_then(|request| request.kind);
        let written = tally.written.entry((reason, asked)).or_default();
        if *written < WRITTEN {
            *written += 1;
            return true;
        }
        if is_news {
            return true;
        }
        tally.is_flood |= record.event == Event::Closed;
        tally.reasons.sum(reason);
        false
    }

    pub(super) fn into_sums(self) -> impl Iterator<Item = (Whose, Reasons)> {
        self.0.into_iter().map(|(whose, tally)| (whose, tally.reasons))
    }
}

impl Tally {
    fn admit_beginning(&mut self) -> bool {
        if self.is_flood {
            self.reasons.sum(Event::Opened.code());
        }
        !self.is_flood
    }
}
