//! The accepted contexts of an established association.

use std::sync::Arc;

use super::guarding::Guarding;
use crate::direction::{Direction, System};
use crate::services::Operations;
use crate::side::{PerSide, Side};
use crate::transfer_syntax::TransferSyntax;
use crate::wire::associate::ContextId;
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// All that an established association keeps of its negotiation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contexts {
    // Sorted by id.
    accepted: Box<[Context]>,
    /// How long P-DATA-TF may be.
    pub maxima: Maxima,
    grants: Grants,
    enforcement: Enforcement,
}

/// What becomes of a request that the rights of its sender do not cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enforcement {
    /// It is refused.
    #[default]
    Enforced,
    /// It passes, as far as some peer could be permitted it, and is told.
    Reported,
    /// The same of an association that passes although the policy refuses it: there are no rights to
    /// compare with, so that nothing more is told.
    Unruled,
}

/// What holds on every context of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    /// Which system stands at which side.
    pub direction: Direction,
    /// Where C-MOVE may send objects.
    pub move_to: Arc<[AeTitle]>,
    /// The peer's own titles: whom it may have told of procedure steps.
    pub titles: Arc<[AeTitle]>,
    /// How the data sets of each side are judged.
    pub guarding: PerSide<Guarding>,
}

/// A presentation context that both sides have agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Its id.
    pub id: ContextId,
    /// Its SOP class, or meta SOP class.
    pub abstract_syntax: Uid,
    /// The transfer syntax that the PACS has chosen.
    pub transfer_syntax: TransferSyntax,
    /// Which requests may pass on it.
    pub operations: Operations,
}

/// The longest P-DATA-TF in each direction, in bytes behind the PDU header (PS3.8 section D.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maxima {
    /// What the PACS takes, as it announced; no maximum is `u32::MAX`.
    pub to_acceptor: u32,
    /// What the requestor takes, as it announced; no maximum is `u32::MAX`.
    pub to_requestor: u32,
    /// What the requestor was told that it may send. At most `to_acceptor`.
    pub from_requestor: u32,
    /// What the PACS was told that it may send. At most `to_requestor`.
    pub from_acceptor: u32,
}

impl Contexts {
    /// Puts contexts together; of two with the same id it keeps one.
    pub fn new(mut accepted: Vec<Context>, maxima: Maxima, grants: Grants) -> Self {
        accepted.sort_by_key(|context| context.id);
        accepted.dedup_by_key(|context| context.id);
        Self { accepted: accepted.into(), maxima, grants, enforcement: Enforcement::Enforced }
    }

    /// The same contexts under other rules: `operations` says what may be sent on a context now.
    #[must_use]
    pub fn under(&self, operations: impl Fn(ContextId) -> Operations, grants: Grants) -> Self {
        let renewed =
            |context: &Context| Context { operations: operations(context.id), ..context.clone() };
        let (maxima, enforcement) = (self.maxima, self.enforcement);
        Self { accepted: self.iter().map(renewed).collect(), maxima, grants, enforcement }
    }

    /// The same with this done about what the rights do not cover.
    #[must_use]
    pub fn enforced(self, enforcement: Enforcement) -> Self {
        Self { enforcement, ..self }
    }

    /// What is done about a request that the rights do not cover.
    pub const fn enforcement(&self) -> Enforcement {
        self.enforcement
    }

    /// Whether a C-MOVE may have objects sent to this title.
    pub fn may_move_to(&self, destination: &AeTitle) -> bool {
        self.grants.move_to.contains(destination)
    }

    /// The system at a side.
    pub const fn system(&self, side: Side) -> System {
        self.grants.direction.system(side)
    }

    /// Which way the association goes.
    pub const fn direction(&self) -> Direction {
        self.grants.direction
    }

    /// How the data sets of this side are judged.
    pub const fn guarding(&self, from: Side) -> Guarding {
        *self.grants.guarding.get(from)
    }

    /// The peer's own titles.
    pub const fn titles(&self) -> &Arc<[AeTitle]> {
        &self.grants.titles
    }

    /// The context with this id, if it was accepted.
    pub fn get(&self, id: ContextId) -> Option<&Context> {
        let index = self.accepted.binary_search_by_key(&id, |context| context.id).ok()?;
        self.accepted.get(index)
    }

    /// The accepted contexts by id.
    pub fn iter(&self) -> impl Iterator<Item = &Context> {
        self.accepted.iter()
    }

    /// How many were accepted.
    pub const fn len(&self) -> usize {
        self.accepted.len()
    }

    /// Whether none was: legal, though useless.
    pub const fn is_empty(&self) -> bool {
        self.accepted.is_empty()
    }
}
