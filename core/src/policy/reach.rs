//! The way back to a peer: what a PACS may send it, and when.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::rights::Rights;
use crate::services::{Operation, Operations, Reception, is_storage_commitment};
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// How a PACS reaches a peer: one `[peer.NAME.reach]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// What the peer may receive.
    pub services: Vec<Reception>,
    /// When.
    pub after: After,
    /// How many associations it takes at once.
    pub associations: u32,
}

/// When objects and reports may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// When somebody has asked for them.
    Request {
        /// How long after the last response to a C-MOVE its objects may come.
        window: Duration,
    },
    /// Whenever the PACS likes.
    Anything,
}

/// What peers have asked a PACS for and is still to come. Whoever has a clock knows it.
pub trait Awaits: fmt::Debug {
    /// Whether a C-MOVE has named this title, so that objects of the PACS may come to it.
    fn objects(&self, pacs: &Arc<str>, to: &AeTitle, window: Duration) -> bool;

    /// Whether a peer with one of these titles has asked the PACS for a storage commitment.
    fn report(&self, pacs: &Arc<str>, to: &[AeTitle]) -> bool;
}

/// Everything is awaited: for associations of which each request is judged by that, and for what does
/// not go outward.
#[derive(Clone, Copy, Debug)]
pub struct Everything;

impl Awaits for Everything {
    fn objects(&self, _: &Arc<str>, _: &AeTitle, _: Duration) -> bool {
        true
    }

    fn report(&self, _: &Arc<str>, _: &[AeTitle]) -> bool {
        true
    }
}

/// What may come now of what may come at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Awaited {
    pub(super) objects: bool,
    pub(super) report: bool,
}

impl Awaited {
    pub(super) const ALL: Self = Self { objects: true, report: true };

    pub(super) fn among(self, sop_class: &Uid, operations: Operations) -> Operations {
        let mut unasked = Vec::new();
        if !self.objects {
            unasked.push(Operation::CStore);
        }
        if !self.report && is_storage_commitment(sop_class) {
            unasked.push(Operation::NEventReport);
        }
        operations.but_not_by_requestor(&unasked)
    }
}

/// A reach, made ready for decisions.
#[derive(Debug)]
pub(super) struct ReachRules {
    pub(super) rights: Rights,
    pub(super) after: After,
    pub(super) associations: u32,
}

impl ReachRules {
    pub(super) fn new(reach: &Reach) -> Self {
        let Reach { services, after, associations } = reach;
        let (after, associations) = (*after, *associations);
        Self { rights: Rights::of_reception(services), after, associations }
    }

    pub(super) fn awaited(
        &self,
        awaits: &dyn Awaits,
        pacs: &Arc<str>,
        titles: &[AeTitle],
        called: &AeTitle,
    ) -> Awaited {
        match self.after {
            After::Anything => Awaited::ALL,
            After::Request { window } => Awaited {
                objects: awaits.objects(pacs, called, window),
                report: awaits.report(pacs, titles),
            },
        }
    }
}
