//! An association that is permitted but for the limits.

use std::collections::HashMap;
use std::sync::Arc;

use super::admitted::Admitted;
use super::denial::Denial;
use super::peer::{Pacs, PeerRules};
use super::permit::{Terms, announced};
use super::proposal::{Judged, Removed};
use super::refusal::Refusal;
use super::trace::{Finding, Trace};
use super::user::{Identified, Verification};
use crate::certificate::Digest;
use crate::inspector::{Caps, Contexts, Grants};
use crate::services::Operations;
use crate::side::PerSide;
use crate::wire::associate::{
    AssociateRq, ContextId, ProposedContext, ReceivedRq, UserIdentity, UserInformation,
};

/// A request whose peer, PACS and contexts are found; within the limits it is admitted.
#[derive(Debug)]
pub struct Candidate {
    terms: Terms,
    peer_limit: u32,
    pacs_limit: u32,
}

/// How many associations there are already, without the one that is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Of the peer, to any PACS.
    pub peer: u32,
    /// Of the PACS, from any peer.
    pub pacs: u32,
    /// Of this peer to this PACS.
    pub peer_at_pacs: u32,
}

impl Candidate {
    pub(super) fn new(
        peer: &PeerRules,
        pacs: &Pacs,
        received: &ReceivedRq,
        judged: Judged,
        trace: Trace,
        certificate: Option<Digest>,
    ) -> Self {
        let asked = &received.request;
        let request = AssociateRq {
            called: pacs.ae_title.unwrap_or(asked.called),
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
        let terms = Terms {
            peer: peer.name.clone(),
            pacs: pacs.name.clone(),
            echo: received.echo,
            request,
            operations: judged.operations,
            grants: Grants {
                move_to: Arc::clone(&peer.move_to),
                titles: Arc::clone(&peer.titles),
                guarding: PerSide { requestor: peer.guarding, acceptor: pacs.guarding },
            },
            caps: peer.caps,
            order: judged.order,
            removed: judged.removed,
            requestor_maximum: asked.user.maximum_length,
            cap: pacs.max_pdu,
            notes: received.notes.clone(),
            remarks: judged.remarks,
            trace,
            user_rule: Arc::clone(&peer.user),
            certificate,
            user: None,
            answers_identity: false,
        };
        Self { terms, peer_limit: peer.associations, pacs_limit: pacs.associations }
    }

    /// What may pass on an association that was opened before, if it were asked for now: a context
    /// that would not be asked for has nothing left.
    pub fn rules_for(&self, opened: &Contexts) -> Contexts {
        let asked = self.terms.request.contexts.iter().map(|context| context.id);
        let now: HashMap<ContextId, Operations> =
            asked.zip(self.terms.operations.iter().copied()).collect();
        let operations = |id| now.get(&id).copied().unwrap_or(Operations::NONE);
        opened.under(operations, self.terms.grants.clone())
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
        let Self { terms, peer_limit, pacs_limit } = self;
        Ok(Self { terms: terms.with(identified)?, peer_limit, pacs_limit })
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
        if occupancy.peer >= self.peer_limit {
            return Finding::PeerAtItsLimit;
        }
        if occupancy.peer_at_pacs >= share(self.pacs_limit) {
            return Finding::PeerAtItsShare;
        }
        if occupancy.pacs >= self.pacs_limit {
            return Finding::PacsAtItsLimit;
        }
        Finding::WithinLimits
    }
}

/// How many of a PACS's associations one peer may have: the others are to find some free.
pub const fn share(associations: u32) -> u32 {
    if associations < 2 { 1 } else { associations / 2 }
}
