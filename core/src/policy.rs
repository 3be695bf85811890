//! Who may claim which title, to reach which PACS, for which services.
//!
//! Three steps: [`Policy::identify`] finds peer and PACS and judges the contexts,
//! [`Candidate::admit`] judges the limits, [`Admitted::permit`] ends the judgement. A [`Permit`] holds the request for the PACS and, in
//! [`Permit::conclude`], turns the PACS's answer into the one for the requestor. Whatever is not
//! listed is denied; every denial has one [`Denial`], and the [`Trace`] says what led to it.

mod admitted;
mod candidate;
mod conclusion;
mod denial;
mod error;
mod matching;
mod peer;
mod permit;
mod proposal;
mod refusal;
mod remark;
mod remedy;
mod rights;
mod trace;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

pub use admitted::Admitted;
pub use candidate::{Candidate, Occupancy, share};
pub use conclusion::{AcFault, Conclusion};
pub use denial::Denial;
pub use error::{ASSOCIATIONS, OutOfRange, PolicyError, PolicyFault, Spot, Table, within};
pub use peer::{Pacs, Peer};
pub use permit::Permit;
pub use proposal::{Removal, Removed};
pub use refusal::Refusal;
pub use remark::{Remark, Remarks};
pub use remedy::remedy;
pub use trace::{Finding, Trace};

use crate::certificate::Accepted;
use crate::wire::associate::ReceivedRq;
use crate::wire::title::AeTitle;
use matching::Matching;
use peer::PeerRules;
use refusal::Inquiry;

/// Peers and PACS, indexed: a decision costs the same however many there are.
#[derive(Debug)]
pub struct Policy {
    peers: Box<[PeerRules]>,
    pacs: Box<[Pacs]>,
    matching: Matching,
    // Called title -> index of the one PACS that has it.
    called: HashMap<AeTitle, usize>,
}

/// What a decision looks at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The certificate that the TLS handshake accepted.
    pub certificate: &'a Accepted,
    /// Where the connection comes from.
    pub source: IpAddr,
    /// The request, parsed.
    pub request: &'a ReceivedRq,
}

/// The peer to which a certificate belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its name.
    pub peer: Arc<str>,
    /// Who answers for it.
    pub contact: Option<Arc<str>>,
}

impl Policy {
    /// Indexes the rules.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them, not only the first: what would permit nothing, what is
    /// ambiguous, what cannot be enforced.
    pub fn new(peers: Vec<Peer>, pacs: Vec<Pacs>) -> Result<Self, Vec<PolicyError>> {
        let errors = error::all(&peers, &pacs);
        if !errors.is_empty() {
            return Err(errors);
        }
        let index_of: HashMap<Arc<str>, usize> =
            pacs.iter().enumerate().map(|(index, pacs)| (pacs.name.clone(), index)).collect();
        let called = pacs
            .iter()
            .enumerate()
            .flat_map(|(index, pacs)| pacs.called.iter().map(move |title| (*title, index)));
        Ok(Self {
            matching: Matching::new(&peers),
            called: called.collect(),
            peers: peers.into_iter().map(|peer| PeerRules::new(peer, &index_of)).collect(),
            pacs: pacs.into(),
        })
    }

    /// How many peers it knows.
    pub const fn peers(&self) -> usize {
        self.peers.len()
    }

    /// Whether it knows a peer of this name.
    pub fn has_peer(&self, name: &str) -> bool {
        self.peers.iter().any(|peer| *peer.name == *name)
    }

    /// Whose certificate this is: for the audit of what ends before there is a request to judge.
    /// It permits nothing.
    pub fn holder(&self, certificate: &Accepted) -> Option<Holder> {
        let (index, _) = self.matching.find(certificate);
        let peer = self.peers.get(index?)?;
        Some(Holder { peer: peer.name.clone(), contact: peer.contact.clone() })
    }

    /// Judges what needs no request, so that nobody waits for one in vain: the network of a peer, and
    /// how many other `connections` it has. Whose the certificate is, its request shows best: of a
    /// stranger nothing is judged yet.
    ///
    /// # Errors
    ///
    /// The first check that fails.
    pub fn meet(
        &self,
        certificate: &Accepted,
        source: IpAddr,
        connections: u32,
    ) -> Result<(), Refusal> {
        let mut inquiry = Inquiry::default();
        let Ok(peer) = self.peer_of(certificate, &mut inquiry.trace) else { return Ok(()) };
        inquiry.peer = Some(peer.name.clone());
        let network = inquiry.trace.record(peer.network(source));
        let denial = network.and_then(|()| inquiry.trace.record(peer.connections(connections)));
        denial.map_err(|denial| inquiry.refuse(denial))
    }

    /// Finds peer and PACS, and judges the contexts: certificate, network, calling title, called
    /// title, contexts, in this order.
    ///
    /// # Errors
    ///
    /// The first check that fails.
    pub fn identify(&self, facts: &Facts<'_>) -> Result<Candidate, Refusal> {
        let mut inquiry = Inquiry::default();
        match self.inquire(facts, &mut inquiry) {
            Ok(candidate) => Ok(candidate),
            Err(denial) => Err(inquiry.refuse(denial)),
        }
    }

    fn inquire(&self, facts: &Facts<'_>, inquiry: &mut Inquiry) -> Result<Candidate, Denial> {
        let request = &facts.request.request;
        let peer = self.peer_of(facts.certificate, &mut inquiry.trace)?;
        inquiry.peer = Some(peer.name.clone());
        inquiry.trace.record(peer.network(facts.source))?;
        inquiry.trace.record(peer.calling(&request.calling))?;
        let pacs = self.pacs_for(peer, &request.called, &mut inquiry.trace)?;
        inquiry.pacs = Some(pacs.name.clone());
        let judged = proposal::judge(facts.request, &peer.rights);
        let finding = judged.finding();
        if let Err(denial) = inquiry.trace.record(finding) {
            inquiry.removed = judged.removed;
            return Err(denial);
        }
        let trace = std::mem::take(&mut inquiry.trace);
        Ok(Candidate::new(peer, pacs, facts.request, judged, trace))
    }

    fn peer_of(&self, certificate: &Accepted, trace: &mut Trace) -> Result<&PeerRules, Denial> {
        let (index, finding) = self.matching.find(certificate);
        trace.record(finding)?;
        index.and_then(|index| self.peers.get(index)).ok_or(Denial::UnknownCertificate)
    }

    fn pacs_for(
        &self,
        peer: &PeerRules,
        called: &AeTitle,
        trace: &mut Trace,
    ) -> Result<&Pacs, Denial> {
        let index = self.called.get(called).copied();
        let granted = index.filter(|index| peer.pacs.contains(index));
        let finding = match (granted, index) {
            (Some(_), _) => Finding::CalledTitleReachable,
            (None, Some(_)) => Finding::CalledTitleOfAnotherPacs,
            (None, None) if self.reaches_in_other_case(peer, called) => {
                Finding::CalledTitleDiffersInCase
            }
            (None, None) => Finding::CalledTitleUnknown,
        };
        trace.record(finding)?;
        granted.and_then(|index| self.pacs.get(index)).ok_or(Denial::CalledTitle)
    }

    fn reaches_in_other_case(&self, peer: &PeerRules, called: &AeTitle) -> bool {
        let reachable = peer.pacs.iter().filter_map(|&index| self.pacs.get(index));
        reachable.flat_map(|pacs| &pacs.called).any(|title| peer::same_but_case(title, called))
    }
}
