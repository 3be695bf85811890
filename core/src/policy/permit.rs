//! What the policy permits: the one thing with which a PACS can be dialled.

use std::sync::Arc;

use super::denial::Denial;
use super::proposal::Removed;
use super::reach::After;
use super::refusal::{Inquiry, Refusal};
use super::remark::Remarks;
use super::trace::Trace;
use super::user::{Identified, UserRule};
use crate::certificate::Digest;
use crate::direction::{Direction, System};
use crate::identity::User;
use crate::inspector::{Caps, Enforcement, Grants};
use crate::services::Operations;
use crate::side::Side;
use crate::wire::associate::{AssociateRq, ContextId, Echo, Notes};

/// Leave to ask one PACS for one association. Only the policy makes one.
///
/// It owns what it holds, so that a reload does not touch it; after [`Permit::conclude`] it has
/// served and may be dropped.
#[derive(Debug)]
pub struct Permit {
    pub(super) terms: Terms,
}

/// What was judged.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) direction: Direction,
    /// When the peer may be sent objects and reports, outward.
    pub(super) after: After,
    pub(super) peer: Arc<str>,
    /// Whether that is the name of a table, and not the address of somebody who is no peer.
    pub(super) is_known: bool,
    /// Who answers for it.
    pub(super) contact: Option<Arc<str>>,
    pub(super) pacs: Arc<str>,
    pub(super) echo: Echo,
    pub(super) request: AssociateRq,
    /// For each context of `request`, in its order.
    pub(super) operations: Vec<Operations>,
    /// What holds on every context.
    pub(super) grants: Grants,
    pub(super) caps: Caps,
    /// Every proposed context, in the requestor's order.
    pub(super) order: Vec<ContextId>,
    pub(super) removed: Vec<Removed>,
    /// What the requestor announced; 0: no maximum.
    pub(super) requestor_maximum: u32,
    /// What the gate announces at most.
    pub(super) cap: u32,
    pub(super) notes: Notes,
    pub(super) remarks: Remarks,
    pub(super) trace: Trace,
    /// Which user there has to be.
    pub(super) user_rule: Arc<UserRule>,
    /// The digest of the certificate, unless there was none.
    pub(super) certificate: Option<Digest>,
    /// Whether TLS was done without one.
    pub(super) is_stranger: bool,
    /// Who was verified, and has to be.
    pub(super) user: Option<User>,
    /// Whether the requestor hears that it was verified.
    pub(super) answers_identity: bool,
    /// What is done about what the rights do not cover.
    pub(super) enforcement: Enforcement,
    /// Why it would not be permitted, where that is only reported.
    pub(super) would_refuse: Option<Box<Refusal>>,
}

impl Terms {
    /// The user is judged, as far as the peer has to show one.
    pub(super) fn with(mut self, identified: Identified) -> Result<Self, Refusal> {
        let calling = &self.request.calling;
        let finding = self.user_rule.judge(&identified, calling, self.certificate.as_ref());
        if let Err(denial) = self.trace.record(finding) {
            return self.refuse_or_report(denial);
        }
        match identified {
            Identified::User { user, wants_answer } if *self.user_rule != UserRule::NotNeeded => {
                self.user = Some(user);
                self.answers_identity = wants_answer;
            }
            Identified::User { .. } | Identified::Nobody | Identified::Refused(_) => {}
        }
        Ok(self)
    }

    /// Where the listener only reports, an identity that is missing or wrong is a part of that.
    fn refuse_or_report(mut self, denial: Denial) -> Result<Self, Refusal> {
        if self.enforcement == Enforcement::Enforced {
            return Err(self.refuse(denial));
        }
        if self.would_refuse.is_none() {
            let refusal = self.inquiry().refuse(denial);
            self.would_refuse = Some(Box::new(refusal));
        }
        Ok(self)
    }

    fn inquiry(&self) -> Inquiry {
        Inquiry {
            direction: self.direction,
            trace: self.trace.clone(),
            peer: self.is_known.then(|| Arc::clone(&self.peer)),
            contact: self.contact.clone(),
            pacs: Some(Arc::clone(&self.pacs)),
            removed: self.removed.clone(),
            is_stranger: self.is_stranger,
        }
    }

    pub(super) fn refuse(self, denial: Denial) -> Refusal {
        let inquiry = Inquiry {
            direction: self.direction,
            trace: self.trace,
            peer: self.is_known.then_some(self.peer),
            contact: self.contact,
            pacs: Some(self.pacs),
            removed: self.removed,
            is_stranger: self.is_stranger,
        };
        inquiry.refuse(denial)
    }
}

impl Permit {
    pub(super) fn new(terms: Terms) -> Self {
        Self { terms }
    }

    /// Which way the association goes.
    pub fn direction(&self) -> Direction {
        self.terms.direction
    }

    /// When the peer may be sent objects and reports; of use outward.
    pub fn after(&self) -> After {
        self.terms.after
    }

    /// The name of the peer; of somebody who is none, and passes because that is only reported, the
    /// address.
    pub fn peer(&self) -> &Arc<str> {
        &self.terms.peer
    }

    /// The name of the peer, where there is one.
    pub fn known_peer(&self) -> Option<&Arc<str>> {
        self.terms.is_known.then_some(&self.terms.peer)
    }

    /// Whether what the policy refuses is only reported.
    pub fn reports_only(&self) -> bool {
        self.terms.enforcement != Enforcement::Enforced
    }

    /// Why it would not be permitted, where that is only reported.
    pub fn would_refuse(&self) -> Option<&Refusal> {
        self.terms.would_refuse.as_deref()
    }

    /// Who answers for the peer.
    pub fn contact(&self) -> Option<&Arc<str>> {
        self.terms.contact.as_ref()
    }

    /// How many objects the peer may store.
    pub fn caps(&self) -> Caps {
        self.terms.caps
    }

    /// Who uses the requestor, where the peer has to show that.
    pub fn user(&self) -> Option<&User> {
        self.terms.user.as_ref()
    }

    /// The name of the system that is asked: the PACS, or outward the peer.
    pub fn target(&self) -> &Arc<str> {
        match self.terms.direction.system(Side::Acceptor) {
            System::Pacs => &self.terms.pacs,
            System::Peer => &self.terms.peer,
        }
    }

    /// The name of the PACS.
    pub fn pacs(&self) -> &Arc<str> {
        &self.terms.pacs
    }

    /// What the PACS is asked: never more than the requestor asked, and only what is permitted.
    pub fn request(&self) -> &AssociateRq {
        &self.terms.request
    }

    /// How many contexts the requestor proposed, removed ones included.
    pub fn proposed(&self) -> usize {
        self.terms.order.len()
    }

    /// The contexts that the PACS is not asked for, in the requestor's order.
    pub fn removed(&self) -> &[Removed] {
        &self.terms.removed
    }

    /// What the checks found.
    pub fn trace(&self) -> &Trace {
        &self.terms.trace
    }

    /// What the parser dropped from the request or tolerated.
    pub fn notes(&self) -> &Notes {
        &self.terms.notes
    }

    /// What the policy took from the request, apart from contexts.
    pub fn remarks(&self) -> &Remarks {
        &self.terms.remarks
    }
}

/// A maximum length (item 51) as the gate passes it on: 0, no maximum, becomes the cap, and an odd
/// one even, as some cut fragments of odd length by an odd maximum.
pub(super) fn announced(maximum: u32, cap: u32) -> u32 {
    capped(maximum, cap) & !1
}

/// A maximum length as a limit.
pub(super) fn capped(maximum: u32, cap: u32) -> u32 {
    if maximum == 0 { cap } else { maximum.min(cap) }
}
