//! What a PACS asks for: the same checks with the systems exchanged.

use std::sync::Arc;

use super::Policy;
use super::candidate::Candidate;
use super::denial::Denial;
use super::facts::{Facts, Shown};
use super::nearest::Nearest;
use super::pacs::Pacs;
use super::peer::{Likeness, PeerRules, same_but_case};
use super::proposal;
use super::refusal::Inquiry;
use super::trace::{Finding, Trace};
use crate::certificate::Accepted;
use crate::wire::title::AeTitle;

impl Policy {
    pub(super) fn inquire_outward(
        &self,
        facts: &Facts<'_>,
        inquiry: &mut Inquiry,
    ) -> Result<Candidate, Denial> {
        let request = &facts.request.request;
        let (index, pacs) = match facts.shown {
            Shown::Certificate(accepted) => self.pacs_with(accepted, &mut inquiry.trace)?,
            Shown::Nothing | Shown::Plain => self.pacs_at(facts, &mut inquiry.trace)?,
        };
        inquiry.pacs = Some(pacs.name.clone());
        inquiry.trace.record(pacs.network(facts.source))?;
        inquiry.trace.record(pacs.calling(&request.calling))?;
        let peer = self.peer_for(index, &request.called, &mut inquiry.trace)?;
        inquiry.concerns(peer);
        let reach = peer.reach.as_ref().ok_or(Denial::PeerTitle)?;
        let awaited = reach.awaited(facts.awaits, &pacs.name, &peer.titles, &request.called);
        let judged = proposal::judge_outward(facts.request, &reach.rights, awaited);
        let finding = judged.finding_outward();
        if let Err(denial) = inquiry.trace.record(finding) {
            inquiry.removed = judged.removed;
            return Err(denial);
        }
        let trace = std::mem::take(&mut inquiry.trace);
        Ok(Candidate::outward(peer, reach, pacs, facts, judged, trace))
    }

    fn pacs_with(&self, accepted: &Accepted, trace: &mut Trace) -> Result<(usize, &Pacs), Denial> {
        let (index, found) = self.pacs_matching.find(accepted);
        trace.record(match (index, found) {
            (Some(_), _) => Finding::PacsCertificate,
            (None, Finding::SeveralPeersMatch) => Finding::SeveralPacsMatch,
            (None, _) => Finding::PacsCertificateUnknown,
        })?;
        let pacs = index.and_then(|index| Some((index, self.pacs.get(index)?)));
        pacs.ok_or(Denial::UnknownPacs)
    }

    /// The PACS at an address; where several are, the one with this calling title, or any.
    fn pacs_at(&self, facts: &Facts<'_>, trace: &mut Trace) -> Result<(usize, &Pacs), Denial> {
        let calling = &facts.request.request.calling;
        let all = self.pacs_addresses.of(facts.source);
        let at = all.filter_map(|index| Some((index, self.pacs.get(index)?)));
        let pacs = at.min_by_key(|(_, pacs)| Likeness::of(pacs.own_titles(), calling));
        trace.record(pacs.map_or(Finding::PacsAddressUnknown, |_| Finding::PacsAddressKnown))?;
        pacs.ok_or(Denial::UnknownPacs)
    }

    /// The peer that this PACS may reach by a title.
    fn peer_for(
        &self,
        pacs: usize,
        called: &AeTitle,
        trace: &mut Trace,
    ) -> Result<&PeerRules, Denial> {
        let reached = self.reached.get(called).and_then(|&index| self.peers.get(index));
        let finding = match reached {
            Some(peer) if peer.has_pacs(pacs) => Finding::PeerReachable,
            Some(_) => Finding::PeerOfOtherPacs,
            None if self.calling.contains_key(called) => Finding::PeerWithoutReach,
            None => Finding::PeerUnknown,
        };
        trace.record(finding)?;
        reached.ok_or(Denial::PeerTitle)
    }

    pub(super) fn nearest_outward(
        &self,
        finding: Finding,
        facts: &Facts<'_>,
        inquiry: &Inquiry,
    ) -> Option<Nearest> {
        let request = &facts.request.request;
        let pacs = || self.pacs.iter().find(|pacs| inquiry.pacs.as_ref() == Some(&pacs.name));
        if finding == Finding::PacsTitleDiffersInCase {
            let mut own = pacs()?.own_titles().iter();
            let near = own.find(|own| same_but_case(own, &request.calling))?;
            return Some(Nearest::OtherCase(*near));
        }
        if finding == Finding::PacsTitleNotListed {
            return Some(Nearest::PacsClaims(Arc::clone(&self.owner(&request.calling)?.name)));
        }
        if finding == Finding::PeerWithoutReach {
            return Some(Nearest::WithoutReach(Arc::clone(&self.owner(&request.called)?.name)));
        }
        if finding == Finding::PeerOfOtherPacs {
            let peer = self.peers.get(*self.reached.get(&request.called)?)?;
            let (pacs, peer) = (Arc::clone(&pacs()?.name), Arc::clone(&peer.name));
            return Some(Nearest::NotForPacs { peer, pacs });
        }
        if finding == Finding::PeerUnknown {
            let mut titles = self.reached.keys();
            let near = titles.find(|title| same_but_case(title, &request.called))?;
            return Some(Nearest::OtherCase(*near));
        }
        None
    }
}
