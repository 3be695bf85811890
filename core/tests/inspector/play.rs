//! Plays traffic to an inspector, measures what each feed takes, and compares two runs.

use pacsgate_core::inspector::{Contexts, Fault, Fed, Inspector, Out, Progress};
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
    /// Something waits for both sides whenever it is fed, so that all is copied.
    copies: bool,
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
            copies: false,
            held: 0,
            most: Most::default(),
        }
    }

    /// The same, where something waits for both sides whenever it is fed, so that nothing passes uncopied.
    pub(crate) fn copying(contexts: Contexts) -> Self {
        Self { copies: true, ..Self::new(contexts) }
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
        let mut fed = Fed { taken: piece.len(), as_came: 0 };
        let waits = if self.copies { b"waits".to_vec() } else { Vec::new() };
        let mut out = Out { to_acceptor: waits.clone(), to_requestor: waits.clone() };
        let mut news = Vec::new();
        let taken = allocation_counter::measure(|| {
            let judged = self.inspector.feed_uncopied(side, piece, &mut out);
            self.verdict = judged.map(|it| fed = it).map_err(|fault| fault.what);
            news = self.inspector.take_news();
        });
        let uncopied = &piece[..fed.as_came];
        assert!(uncopied.is_empty() || out.towards(side.other()).is_empty());
        let given = out.to_acceptor.len() + out.to_requestor.len() + uncopied.len();
        self.given(side.other()).extend_from_slice(uncopied);
        for side in [Side::Requestor, Side::Acceptor] {
            let bytes = out.towards(side);
            self.given(side).extend_from_slice(bytes.strip_prefix(&waits[..]).unwrap());
        }
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
        fed.taken
    }

    const fn given(&mut self, to: Side) -> &mut Vec<u8> {
        match to {
            Side::Requestor => &mut self.to_requestor,
            Side::Acceptor => &mut self.to_acceptor,
        }
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
