//! The summing of lines, so that no flood hides anything.
//!
//! Three tables, none of which fills another: those who came and left without a byte, strangers by
//! their source, and peers by their name. Before all of them, the first line of a certificate and a
//! reason within the hour is written, whatever floods beside it.

mod identities;
mod peers;
mod sources;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use self::identities::Identities;
use self::peers::{Peers, Whose};
use self::sources::{Origin, Reasons, Sources};
use super::record::{Record, Standing, own_option};
use crate::net::Source;

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Write,
    Sum,
}

/// What was seen in the window under way.
///
/// One window for all, so that the tables are dropped at its end and no entry outlives it.
pub(super) struct Summary {
    window: Duration,
    started: Option<Instant>,
    passersby: Sources,
    strangers: Sources,
    peers: Peers,
    identities: Identities,
}

/// A window that is over.
pub(super) struct Closed {
    seconds: u64,
    passersby: Sources,
    strangers: Sources,
    peers: Peers,
}

/// The line for one source, or one peer, of a window.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Summed {
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "own_option")]
    pub(super) peer: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "own_option")]
    pub(super) pacs: Option<Arc<str>>,
    pub(super) count: u64,
    reasons: Reasons,
    window_s: u64,
}

impl Summary {
    pub(super) fn new(window: Duration) -> Self {
        Self {
            window,
            started: None,
            passersby: Sources::default(),
            strangers: Sources::default(),
            peers: Peers::default(),
            identities: Identities::default(),
        }
    }

    /// Judges a line. A window whose end nobody has closed yet still counts.
    pub(super) fn admit(&mut self, record: &Record, reason: &'static str, now: Instant) -> Verdict {
        self.started.get_or_insert(now);
        let source = Source::of(record.source.ip());
        let is_news = self.is_news(record, reason, now);
        let is_written = match record.standing {
            Standing::Passerby => {
                self.passersby.sum(source, reason);
                false
            }
            Standing::Stranger | Standing::VouchedFor => {
                self.strangers.admit(source, reason, is_news)
            }
            Standing::Peer => self.peers.admit(record, reason, is_news),
        };
        if is_written { Verdict::Write } else { Verdict::Sum }
    }

    fn is_news(&mut self, record: &Record, reason: &'static str, now: Instant) -> bool {
        let Some(certificate) = record.certificate.as_ref().map(|it| it.sha256) else {
            return false;
        };
        match record.standing {
            Standing::Peer | Standing::VouchedFor => {
                self.identities.is_news(certificate, reason, now)
            }
            Standing::Stranger | Standing::Passerby => {
                self.identities.is_news_of_a_stranger(certificate, reason)
            }
        }
    }

    /// The end of the window under way.
    pub(super) fn end(&self) -> Option<Instant> {
        self.started?.checked_add(self.window)
    }

    /// Closes the window; the next line opens a new one.
    pub(super) fn close(&mut self, now: Instant) -> Closed {
        let started = self.started.take().unwrap_or(now);
        self.identities.end_window();
        Closed {
            seconds: now.saturating_duration_since(started).as_secs(),
            passersby: std::mem::take(&mut self.passersby),
            strangers: std::mem::take(&mut self.strangers),
            peers: std::mem::take(&mut self.peers),
        }
    }
}

impl Closed {
    /// A line for each source, and for each peer, of which something was summed.
    pub(super) fn lines(self) -> impl Iterator<Item = Summed> {
        let window_s = self.seconds;
        let sources = self.strangers.with(self.passersby);
        let sources = sources.map(|(source, reasons)| (Some(source), None, None, reasons));
        let peers = self.peers.into_sums().map(|(whose, reasons)| match whose {
            Whose::Peer(peer) => (None, Some(peer), None, reasons),
            Whose::Pacs(pacs) => (None, None, Some(pacs), reasons),
        });
        let all = sources.chain(peers).filter(|(.., reasons)| !reasons.is_empty());
        all.map(move |(source, peer, pacs, reasons)| Summed {
            event: "summed",
            source,
            peer,
            pacs,
            count: reasons.total(),
            reasons,
            window_s,
        })
    }
}

#[cfg(test)]
mod tests;
