//! What the policy makes of a requestor whose refusal is only reported: it passes, and the refusal is kept
//! for the audit.

use std::collections::HashMap;
use std::sync::Arc;

use super::Policy;
use super::candidate::Candidate;
use super::facts::Facts;
use super::pacs::Pacs;
use super::peer::PeerRules;
use super::proposal::{Judged, Removal, judge_reporting};
use super::refusal::{Inquiry, Refusal};
use crate::certificate::Accepted;
use crate::direction::Direction;
use crate::inspector::Enforcement;
use crate::services::{self, Operations};
use crate::wire::associate::ReceivedRq;
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

impl Policy {
    /// As [`Policy::identify`], where what comes from a source is only reported: what that refuses passes
    /// to the PACS of its called title, or to the only one, and [`Permit::would_refuse`] says why it
    /// would not. Rules of messages and limits hold all the same.
    ///
    /// [`Permit::would_refuse`]: super::Permit::would_refuse
    ///
    /// # Errors
    ///
    /// Why it is refused, where there is no one PACS for it, or no context that any peer could be
    /// permitted; outward always.
    pub fn report(&self, facts: &Facts<'_>) -> Result<Candidate, Refusal> {
        let refusal = match self.identify(facts) {
            Ok(candidate) if facts.direction == Direction::Inward => {
                return Ok(candidate.reporting(facts.request));
            }
            Ok(candidate) => return Ok(candidate),
            Err(refusal) => refusal,
        };
        if facts.direction == Direction::Outward {
            return Err(refusal);
        }
        let Some(pacs) = self.pacs_of(&facts.request.request.called) else { return Err(refusal) };
        let judged = judge_reporting(facts.request, services::everything);
        if judged.kept.is_empty() {
            return Err(refusal);
        }
        let peer = self.peers.iter().find(|peer| refusal.peer.as_ref() == Some(&peer.name));
        Ok(match peer {
            Some(peer) => Candidate::unruled(peer, pacs, facts, judged, refusal),
            None => {
                let nobody = PeerRules::nobody(facts.source, facts.request.request.calling);
                let candidate = Candidate::unruled(&nobody, pacs, facts, judged, refusal);
                candidate.of_nobody()
            }
        })
    }

    /// As [`Policy::meet`], where the network is only reported.
    ///
    /// # Errors
    ///
    /// The peer has too many connections.
    pub fn meet_anywhere(&self, certificate: &Accepted, connections: u32) -> Result<(), Refusal> {
        let mut inquiry = Inquiry::new(Direction::Inward);
        let Ok(peer) = self.peer_with(certificate, &mut inquiry.trace) else { return Ok(()) };
        inquiry.concerns(peer);
        let finding = peer.connections(connections);
        inquiry.trace.record(finding).map_err(|denial| inquiry.refuse(denial))
    }

    fn pacs_of(&self, called: &AeTitle) -> Option<&Pacs> {
        let index = self.called.get(called).copied();
        match (index, &*self.pacs) {
            (Some(index), all) => all.get(index),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

impl Candidate {
    /// It passes although it is refused, by no rights but its own limits.
    fn unruled(
        peer: &PeerRules,
        pacs: &Pacs,
        facts: &Facts<'_>,
        judged: Judged,
        refusal: Refusal,
    ) -> Self {
        let mut candidate = Self::inward(peer, pacs, facts, judged, refusal.trace.clone());
        let terms = &mut candidate.terms;
        terms.enforcement = Enforcement::Unruled;
        terms.would_refuse = Some(Box::new(refusal));
        // A user would be looked at only behind what has refused it.
        terms.user_rule = Arc::default();
        let own = terms.request.calling;
        if !terms.grants.titles.contains(&own) {
            terms.grants.titles = terms.grants.titles.iter().copied().chain([own]).collect();
        }
        candidate
    }

    fn of_nobody(mut self) -> Self {
        self.terms.is_known = false;
        self
    }

    /// The same where rights are only reported: contexts that they do not cover stay, with nothing that
    /// may be sent on them unreported.
    fn reporting(mut self, received: &ReceivedRq) -> Self {
        let terms = &mut self.terms;
        terms.enforcement = Enforcement::Reported;
        let by_rights = [Removal::NotPermitted, Removal::NotListed];
        if !terms.removed.iter().any(|removed| by_rights.contains(&removed.why)) {
            return self;
        }
        let classes = terms.request.contexts.iter().map(|it| it.abstract_syntax.clone());
        let permitted: HashMap<Uid, Operations> =
            classes.zip(terms.operations.iter().copied()).collect();
        let judged =
            judge_reporting(received, |class| permitted.get(class).copied().unwrap_or_default());
        terms.request.contexts = judged.kept;
        terms.request.user.roles = judged.roles;
        terms.request.user.extended = judged.extended;
        terms.operations = judged.operations;
        terms.order = judged.order;
        terms.removed = judged.removed;
        terms.remarks = judged.remarks;
        self
    }
}
