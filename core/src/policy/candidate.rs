//! An association that is permitted but for the limits.

use std::collections::HashMap;
use std::sync::Arc;

use super::admitted::Admitted;
use super::denial::Denial;
use super::facts::{Facts, Shown};
use super::pacs::Pacs;
use super::peer::PeerRules;
use super::permit::{Terms, announced};
use super::proposal::{Judged, Removed};
use super::reach::{After, ReachRules};
use super::refusal::Refusal;
use super::trace::{Finding, Trace};
use super::user::{Identified, UserRule, Verification};
use crate::direction::Direction;
use crate::inspector::{Caps, Contexts, Enforcement, Grants};
use crate::services::Operations;
use crate::side::PerSide;
use crate::wire::associate::{
    AssociateRq, ContextId, ProposedContext, UserIdentity, UserInformation,
};
use crate::wire::title::AeTitle;

/// A request whose peer, PACS and contexts are found; within the limits it is admitted.
#[derive(Debug)]
pub struct Candidate {
    pub(super) terms: Terms,
    limits: Limits,
}

/// How many associations there are already in the direction of the one that is judged, without that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Of the peer, to any PACS.
    pub peer: u32,
    /// Of the PACS, from any peer.
    pub pacs: u32,
    /// Of this peer to this PACS.
    pub peer_at_pacs: u32,
}

/// The limits of either direction.
#[derive(Clone, Copy, Debug)]
enum Limits {
    /// Of the peer, and of the PACS.
    Inward { peer: u32, pacs: u32 },
    /// Of the peer's reach, and of the PACS's own.
    Outward { reach: u32, pacs: u32 },
}

impl Candidate {
    /// A peer that asks for a PACS.
    pub(super) fn inward(
        peer: &PeerRules,
        pacs: &Pacs,
        facts: &Facts<'_>,
        judged: Judged,
        trace: Trace,
    ) -> Self {
        let called = pacs.ae_title.unwrap_or(facts.request.request.called);
        let user_rule = Arc::clone(&peer.user);
        let with = With { called, caps: peer.caps, user_rule, after: After::Anything };
        let limits = Limits::Inward { peer: peer.associations, pacs: pacs.associations };
        Self { terms: terms(peer, pacs, facts, judged, trace, with), limits }
    }

    /// A PACS that asks for a peer.
    pub(super) fn outward(
        peer: &PeerRules,
        reach: &ReachRules,
        pacs: &Pacs,
        facts: &Facts<'_>,
        judged: Judged,
        trace: Trace,
    ) -> Self {
        let (called, user_rule) = (facts.request.request.called, Arc::default());
        let with = With { called, caps: Caps::default(), user_rule, after: reach.after };
        let limits = Limits::Outward { reach: reach.associations, pacs: pacs.associations };
        Self { terms: terms(peer, pacs, facts, judged, trace, with), limits }
    }

    /// What may pass on an association that was opened before, if it were asked for now: a context
    /// that would not be asked for has nothing left.
    pub fn rules_for(&self, opened: &Contexts) -> Contexts {
        let asked = self.terms.request.contexts.iter().map(|context| context.id);
        let now: HashMap<ContextId, Operations> =
            asked.zip(self.terms.operations.iter().copied()).collect();
        let operations = |id| now.get(&id).copied().unwrap_or(Operations::NONE);
        let contexts = opened.under(operations, self.terms.grants.clone());
        contexts.enforced(self.terms.enforcement)
    }

    /// How many objects the peer may store.
    pub const fn caps(&self) -> Caps {
        self.terms.caps
    }

    /// The contexts that the PACS would be asked for, with what may be sent on each.
    pub fn contexts(&self) -> impl Iterator<Item = (&ProposedContext, Operations)> {
        self.terms.request.contexts.iter().zip(self.terms.operations.iter().copied())
    }

    /// The contexts that it would not be asked for, in the requestor's order.
    pub fn removed(&self) -> &[Removed] {
        &self.terms.removed
    }

    /// When the peer may be sent objects and reports; of use outward.
    pub const fn after(&self) -> After {
        self.terms.after
    }

    /// Whether the peer has a table; see [`Permit::peer`](super::Permit::peer).
    pub const fn is_known(&self) -> bool {
        self.terms.is_known
    }

    /// Why it would not come so far, where that is only reported.
    pub fn would_refuse(&self) -> Option<&Refusal> {
        self.terms.would_refuse.as_deref()
    }

    /// The name of the peer.
    pub fn peer(&self) -> &Arc<str> {
        &self.terms.peer
    }

    /// The name of the PACS.
    pub fn pacs(&self) -> &Arc<str> {
        &self.terms.pacs
    }

    /// What has to be verified of the user identity in the request, before it is permitted.
    ///
    /// # Errors
    ///
    /// The request does not show what the peer has to show.
    pub fn verification(&self, identity: Option<&UserIdentity>) -> Result<Verification, Denial> {
        self.terms.user_rule.verification(identity)
    }

    /// Whether a user of this name would be let in with the right password.
    pub fn lists(&self, name: &[u8]) -> bool {
        self.terms.user_rule.lists(name)
    }

    /// Judges the user of an association that was opened before, as [`Admitted::permit`] does.
    ///
    /// # Errors
    ///
    /// What is missing or wrong with it.
    pub fn of_user(self, identified: Identified) -> Result<Self, Refusal> {
        let Self { terms, limits } = self;
        Ok(Self { terms: terms.with(identified)?, limits })
    }

    /// Judges the limits: the peer's own, half of the PACS's for one peer, the PACS's.
    ///
    /// # Errors
    ///
    /// The limit that is reached.
    pub fn admit(self, occupancy: Occupancy) -> Result<Admitted, Refusal> {
        let finding = self.limits(occupancy);
        let mut terms = self.terms;
        match terms.trace.record(finding) {
            Ok(()) => Ok(Admitted::new(terms)),
            Err(denial) => Err(terms.refuse(denial)),
        }
    }

    fn limits(&self, occupancy: Occupancy) -> Finding {
        match self.limits {
            Limits::Inward { peer, .. } if occupancy.peer >= peer => Finding::PeerAtItsLimit,
            Limits::Inward { pacs, .. } if occupancy.peer_at_pacs >= share(pacs) => {
                Finding::PeerAtItsShare
            }
            Limits::Inward { pacs, .. } if occupancy.pacs >= pacs => Finding::PacsAtItsLimit,
            Limits::Outward { pacs, .. } if occupancy.pacs >= pacs => Finding::PacsAtItsOwnLimit,
            Limits::Outward { reach, .. } if occupancy.peer >= reach => Finding::ReachAtItsLimit,
            Limits::Inward { .. } | Limits::Outward { .. } => Finding::WithinLimits,
        }
    }
}

/// What differs between the directions.
struct With {
    called: AeTitle,
    caps: Caps,
    user_rule: Arc<UserRule>,
    after: After,
}

fn terms(
    peer: &PeerRules,
    pacs: &Pacs,
    facts: &Facts<'_>,
    judged: Judged,
    trace: Trace,
    with: With,
) -> Terms {
    let (received, asked) = (facts.request, &facts.request.request);
    let request = AssociateRq {
        called: with.called,
        calling: asked.calling,
        contexts: judged.kept,
        user: UserInformation {
            maximum_length: announced(asked.user.maximum_length, pacs.max_pdu),
            implementation_class: asked.user.implementation_class.clone(),
            implementation_version: asked.user.implementation_version,
            roles: judged.roles,
            extended: judged.extended,
        },
    };
    Terms {
        direction: facts.direction,
        after: with.after,
        peer: peer.name.clone(),
        contact: peer.contact.clone(),
        pacs: pacs.name.clone(),
        echo: received.echo,
        request,
        operations: judged.operations,
        grants: Grants {
            direction: facts.direction,
            move_to: Arc::clone(&peer.move_to),
            titles: Arc::clone(&peer.titles),
            guarding: match facts.direction {
                Direction::Inward => PerSide { requestor: peer.guarding, acceptor: pacs.guarding },
                Direction::Outward => PerSide { requestor: pacs.guarding, acceptor: peer.guarding },
            },
        },
        caps: with.caps,
        order: judged.order,
        removed: judged.removed,
        requestor_maximum: asked.user.maximum_length,
        cap: pacs.max_pdu,
        notes: received.notes.clone(),
        remarks: judged.remarks,
        trace,
        user_rule: with.user_rule,
        certificate: facts.shown.certificate().map(|accepted| accepted.certificate.sha256),
        is_stranger: matches!(facts.shown, Shown::Nothing),
        user: None,
        answers_identity: false,
        is_known: true,
        enforcement: Enforcement::Enforced,
        would_refuse: None,
    }
}

/// How many of a PACS's associations one peer may have: the others are to find some free.
pub const fn share(associations: u32) -> u32 {
    if associations < 2 { 1 } else { associations / 2 }
}
