//! Plays traffic to an inspector, measures what each feed takes, and compares two runs.

use pacsgate_core::inspector::{Contexts, Fault, Inspector, Out, Progress};
use pacsgate_core::side::{PerSide, Side};
use proptest::prelude::*;

use crate::limits;

/// An inspector and all that it has given.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) inspector: Inspector,
    pub(crate) to_acceptor: Vec<u8>,
    pub(crate) to_requestor: Vec<u8>,
    pub(crate) news: Vec<String>,
    pub(crate) verdict: Result<(), Fault>,
    /// What it has not taken yet: the relay feeds it when it is wanted.
    untaken: PerSide<Vec<u8>>,
    /// What it holds beyond what it held at first.
    pub(crate) held: i64,
    pub(crate) most: Most,
}

/// The most of a run, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Most {
    /// That was held between two feeds.
    pub(crate) held: i64,
    /// That a feed took at its peak.
    pub(crate) peak: i64,
    /// That a feed gave.
    pub(crate) output: usize,
}

impl Run {
    pub(crate) fn new(contexts: Contexts) -> Self {
        Self {
            inspector: Inspector::new(contexts),
            to_acceptor: Vec::new(),
            to_requestor: Vec::new(),
            news: Vec::new(),
            verdict: Ok(()),
            untaken: PerSide::default(),
            held: 0,
            most: Most::default(),
        }
    }

    /// Feeds a piece, unless the association is over; what it takes is within the limits.
    pub(crate) fn feed(&mut self, side: Side, piece: &[u8]) {
        self.untaken.get_mut(side).extend_from_slice(piece);
        loop {
            let waiting = |run: &Self| PerSide {
                requestor: run.untaken.requestor.len(),
                acceptor: run.untaken.acceptor.len(),
            };
            let before = waiting(self);
            for side in [side, side.other()] {
                if self.verdict.is_ok() && self.inspector.wants(side) {
                    let piece = std::mem::take(self.untaken.get_mut(side));
                    let taken = self.feed_once(side, &piece);
                    *self.untaken.get_mut(side) = piece[taken..].to_vec();
                }
            }
            if waiting(self) == before {
                return;
            }
        }
    }

    fn feed_once(&mut self, side: Side, piece: &[u8]) -> usize {
        let mut accepted = piece.len();
        let mut out = Out::default();
        let mut news = Vec::new();
        let taken = allocation_counter::measure(|| {
            let fed = self.inspector.feed(side, piece, &mut out);
            self.verdict = fed.map(|taken| accepted = taken).map_err(|fault| fault.what);
            news = self.inspector.take_news();
        });
        let given = out.to_acceptor.len() + out.to_requestor.len();
        self.to_acceptor.append(&mut out.to_acceptor);
        self.to_requestor.append(&mut out.to_requestor);
        self.news.extend(news.iter().map(|news| format!("{news:?}")));
        // The output and the news are not the inspector's any more.
        let gone = allocation_counter::measure(|| drop((out, news))).bytes_current;
        let peak = self.held + i64::try_from(taken.bytes_max).unwrap();
        self.held += taken.bytes_current + gone;
        self.most.held = self.most.held.max(self.held);
        self.most.peak = self.most.peak.max(peak);
        self.most.output = self.most.output.max(given);
        assert!(within(self.held, limits::INSPECTOR), "holds {} bytes", self.held);
        assert!(within(peak, limits::feed(piece.len())), "takes {peak} bytes for {}", piece.len());
        assert!(given <= limits::output(piece.len()), "gives {given} bytes for {}", piece.len());
        accepted
    }

    /// Everything that must not depend on the cut.
    pub(crate) fn compare(&self, other: &Self) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.verdict, other.verdict);
        prop_assert!(self.to_acceptor == other.to_acceptor, "what the PACS gets");
        prop_assert!(self.to_requestor == other.to_requestor, "what the requestor gets");
        prop_assert_eq!(&self.news, &other.news);
        prop_assert_eq!(self.inspector.phase(), other.inspector.phase());
        prop_assert_eq!(self.ledger(), other.ledger());
        for side in [Side::Requestor, Side::Acceptor] {
            // What a fault leaves behind is not asked for.
            let is_alike = self.verdict.is_err() || self.state(side) == other.state(side);
            prop_assert!(is_alike, "the state of {:?}", side);
        }
        Ok(())
    }

    fn ledger(&self) -> String {
        format!("{:?}", self.inspector.ledger())
    }

    fn state(&self, side: Side) -> ([bool; 3], [u64; 2], Progress) {
        let it = &self.inspector;
        let flags = [it.wants(side), it.at_boundary(side), it.is_inside_pdu(side)];
        (flags, [it.pdus(side), it.longest_waiting()], it.progress(side))
    }
}

fn within(bytes: i64, limit: usize) -> bool {
    bytes <= i64::try_from(limit).unwrap()
}
