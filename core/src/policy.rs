//! Who may claim which title, to reach which PACS, for which services, and what a PACS may send to whom.
//!
//! Three steps: [`Policy::identify`] finds peer and PACS and judges the contexts,
//! [`Candidate::admit`] judges the limits, [`Admitted::permit`] the user, whose identity has been
//! verified before. A [`Permit`] holds the request for the PACS and, in [`Permit::conclude`], turns the PACS's answer into the one for the requestor. Whatever is not
//! listed is denied; every denial has one [`Denial`], and the [`Trace`] says what led to it.

mod addresses;
mod admitted;
mod candidate;
mod conclusion;
mod denial;
mod error;
mod facts;
mod identity_fault;
mod known;
mod matching;
mod nearest;
mod outward;
mod pacs;
mod peer;
mod permit;
mod proposal;
mod reach;
mod refusal;
mod remark;
mod remedy;
mod report;
mod rights;
mod spot;
mod trace;
mod user;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

pub use addresses::{WIDEST_IPV4, WIDEST_IPV6, overlap};
pub use admitted::Admitted;
pub use candidate::{Candidate, Occupancy, share};
pub use conclusion::{AcFault, Conclusion};
pub use denial::Denial;
pub use error::{ASSOCIATIONS, OutOfRange, PolicyError, PolicyFault, within};
pub use facts::{Facts, Shown};
pub use identity_fault::IdentityFault;
pub use nearest::Nearest;
pub use pacs::Pacs;
pub use peer::{KnownBy, Peer};
pub use permit::Permit;
pub use proposal::{Removal, Removed};
pub use reach::{After, Awaits, Everything, Reach};
pub use refusal::Refusal;
pub use remark::{Remark, Remarks};
pub use remedy::remedy;
pub use report::Bar;
pub use spot::{Spot, Table};
pub use trace::{Finding, Trace};
pub use user::{Identified, TokenRule, UserRule, Verification};

use crate::certificate::Accepted;
use crate::direction::{Direction, System};
use crate::inspector::Mode;
use crate::side::Side;
use crate::wire::title::AeTitle;
use addresses::Addresses;
use matching::Matching;
use peer::{PeerRules, Recognition};
use refusal::Inquiry;

/// Peers and PACS, indexed: a decision costs the same however many there are.
#[derive(Debug)]
pub struct Policy {
    peers: Box<[PeerRules]>,
    pacs: Box<[Pacs]>,
    matching: Matching,
    // Calling title -> index of the first peer that has it, which is the only one where that shows no
    // certificate.
    calling: HashMap<AeTitle, usize>,
    // Called title -> index of the one PACS that has it.
    called: HashMap<AeTitle, usize>,
    // The peers that are known by their addresses.
    addresses: Addresses,
    pacs_matching: Matching,
    pacs_addresses: Addresses,
    // Calling title -> index of the one peer with a reach that has it.
    reached: HashMap<AeTitle, usize>,
}

/// Whose certificate it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Whether it is a peer or a PACS.
    pub system: System,
    /// Its name.
    pub name: Arc<str>,
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
        let mut errors = error::all(&peers, &pacs);
        errors.extend(known::all(&peers, &pacs));
        if !errors.is_empty() {
            return Err(errors);
        }
        let index_of: HashMap<Arc<str>, usize> =
            pacs.iter().enumerate().map(|(index, pacs)| (pacs.name.clone(), index)).collect();
        let called = pacs
            .iter()
            .enumerate()
            .flat_map(|(index, pacs)| pacs.called.iter().map(move |title| (*title, index)));
        let calling = peers
            .iter()
            .enumerate()
            .rev()
            .flat_map(|(index, peer)| peer.calling.iter().map(move |title| (*title, index)));
        let mut addresses = Addresses::default();
        let by_address = |(_, peer): &(usize, &Peer)| peer.known_by == KnownBy::Address;
        let by_address = peers.iter().enumerate().filter(by_address);
        by_address.for_each(|(index, peer)| addresses.insert(&peer.from, index));
        let mut pacs_addresses = Addresses::default();
        let by_address = pacs.iter().enumerate().filter(|(_, pacs)| pacs.is_known_by_address());
        by_address.for_each(|(index, pacs)| pacs_addresses.insert(&pacs.from, index));
        let reached = peers.iter().enumerate().filter(|(_, peer)| peer.reach.is_some());
        let reached =
            reached.flat_map(|(index, peer)| peer.calling.iter().map(move |it| (*it, index)));
        Ok(Self {
            calling: calling.collect(),
            matching: Matching::new(peers.iter().map(|peer| peer.known_by.certificates())),
            called: called.collect(),
            addresses,
            pacs_matching: Matching::new(pacs.iter().map(|pacs| &*pacs.certificates)),
            pacs_addresses,
            reached: reached.collect(),
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

    /// The titles by which the PACS are called, in their order.
    pub fn called_titles(&self) -> impl Iterator<Item = &AeTitle> {
        self.pacs.iter().flat_map(|pacs| &pacs.called)
    }

    /// The tables, as kind and name, of which unsound data sets are reported and let through.
    pub fn unguarded(&self) -> impl Iterator<Item = (&'static str, &Arc<str>)> {
        let peers = self.peers.iter().map(|peer| ("peer", &peer.name, peer.guarding.mode));
        let pacs = self.pacs.iter().map(|pacs| ("pacs", &pacs.name, pacs.guarding.mode));
        let all = peers.chain(pacs).filter(|(_, _, mode)| *mode == Mode::Report);
        all.map(|(kind, name, _)| (kind, name))
    }

    /// The calling titles of its peers, each with the name of the first peer that has it.
    pub fn titles(&self) -> impl Iterator<Item = (AeTitle, &str)> {
        let named = |(title, at): (&AeTitle, &usize)| Some((*title, &*self.peers.get(*at)?.name));
        self.calling.iter().filter_map(named)
    }

    /// Whose certificate this is: for the audit of what ends before there is a request to judge.
    /// It permits nothing.
    pub fn holder(&self, direction: Direction, certificate: &Accepted) -> Option<Holder> {
        let (name, contact) = match direction {
            Direction::Inward => {
                let peer = self.peers.get(self.matching.find(certificate).0?)?;
                (peer.name.clone(), peer.contact.clone())
            }
            Direction::Outward => {
                let pacs = self.pacs.get(self.pacs_matching.find(certificate).0?)?;
                (pacs.name.clone(), None)
            }
        };
        Some(Holder { system: direction.system(Side::Requestor), name, contact })
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
        let mut inquiry = Inquiry::new(Direction::Inward);
        let Ok(peer) = self.peer_with(certificate, &mut inquiry.trace) else { return Ok(()) };
        inquiry.concerns(peer);
        let network = inquiry.trace.record(peer.network(source));
        let nearest = network.is_err().then(|| Box::new(peer.other_network()));
        let denial = network.and_then(|()| inquiry.trace.record(peer.connections(connections)));
        denial.map_err(|denial| Refusal { nearest, ..inquiry.refuse(denial) })
    }

    /// Finds peer and PACS, and judges the contexts: certificate or address, network, calling title,
    /// called title, contexts, in this order.
    ///
    /// # Errors
    ///
    /// The first check that fails.
    pub fn identify(&self, facts: &Facts<'_>) -> Result<Candidate, Refusal> {
        let is_stranger = matches!(facts.shown, Shown::Nothing);
        let mut inquiry = Inquiry { is_stranger, ..Inquiry::new(facts.direction) };
        let candidate = match facts.direction {
            Direction::Inward => self.inquire(facts, &mut inquiry),
            Direction::Outward => self.inquire_outward(facts, &mut inquiry),
        };
        match candidate {
            Ok(candidate) => Ok(candidate),
            Err(denial) => {
                let nearest = self.nearest(facts, &inquiry).map(Box::new);
                Err(Refusal { nearest, ..inquiry.refuse(denial) })
            }
        }
    }

    fn inquire(&self, facts: &Facts<'_>, inquiry: &mut Inquiry) -> Result<Candidate, Denial> {
        let request = &facts.request.request;
        let peer = match facts.shown {
            Shown::Certificate(certificate) => self.peer_with(certificate, &mut inquiry.trace)?,
            Shown::Nothing => self.peer_called(&request.calling, &mut inquiry.trace)?,
            Shown::Plain => self.peer_at(facts, &mut inquiry.trace)?,
        };
        inquiry.concerns(peer);
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
        Ok(Candidate::inward(peer, pacs, facts, judged, trace))
    }

    fn peer_with(&self, certificate: &Accepted, trace: &mut Trace) -> Result<&PeerRules, Denial> {
        let (index, finding) = self.matching.find(certificate);
        trace.record(finding)?;
        index.and_then(|index| self.peers.get(index)).ok_or(Denial::UnknownCertificate)
    }

    /// The peer without a certificate that has this calling title.
    fn peer_called(&self, calling: &AeTitle, trace: &mut Trace) -> Result<&PeerRules, Denial> {
        let peer = self.calling.get(calling).and_then(|&index| self.peers.get(index));
        let peer = peer.filter(|peer| peer.known_by == Recognition::User);
        let finding = peer.map_or(Finding::NoCertificate, |_| Finding::TitleWithoutCertificate);
        trace.record(finding)?;
        peer.ok_or(Denial::NoCertificate)
    }

    /// The peer at an address; where several are, the one with this calling title, or any.
    fn peer_at(&self, facts: &Facts<'_>, trace: &mut Trace) -> Result<&PeerRules, Denial> {
        let calling = &facts.request.request.calling;
        let at = self.addresses.of(facts.source).filter_map(|index| self.peers.get(index));
        let peer = at.min_by_key(|peer| peer::Likeness::of(&peer.titles, calling));
        trace.record(peer.map_or(Finding::AddressUnknown, |_| Finding::AddressKnown))?;
        peer.ok_or(Denial::UnknownAddress)
    }

    fn pacs_for(
        &self,
        peer: &PeerRules,
        called: &AeTitle,
        trace: &mut Trace,
    ) -> Result<&Pacs, Denial> {
        let index = self.called.get(called).copied();
        let granted = index.filter(|index| peer.has_pacs(*index));
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
        self.reachable(peer).any(|title| peer::same_but_case(title, called))
    }

    /// The called titles that lead a peer to a PACS.
    fn reachable<'a>(&'a self, peer: &'a PeerRules) -> impl Iterator<Item = &'a AeTitle> {
        let reachable = peer.pacs.iter().filter_map(|&index| self.pacs.get(index));
        reachable.flat_map(|pacs| &pacs.called)
    }

    /// The nearest miss of a request that was just refused; `None` where nothing is near.
    fn nearest(&self, facts: &Facts<'_>, inquiry: &Inquiry) -> Option<Nearest> {
        let request = &facts.request.request;
        let peer = self.peers.iter().find(|peer| inquiry.peer.as_ref() == Some(&peer.name));
        match (inquiry.trace.last()?, peer) {
            (Finding::NothingMatches | Finding::NoPinMatches, _) => {
                self.nearest_by_certificate(facts.shown.certificate()?)
            }
            (Finding::SeveralPeersMatch, _) => self.both(facts.shown.certificate()?),
            (Finding::NoCertificate | Finding::AddressUnknown, _) => {
                let owner = self.owner(&request.calling)?;
                if owner.known_by == Recognition::Address {
                    let is_plain = matches!(facts.shown, Shown::Plain);
                    let plain = || Nearest::ComesWithoutTls(Arc::clone(&owner.name));
                    return Some(if is_plain { owner.other_network() } else { plain() });
                }
                Some(Nearest::NeedsCertificate(Arc::clone(&owner.name)))
            }
            (Finding::NetworkNotListed, Some(peer)) => Some(peer.other_network()),
            (Finding::CallingTitleDiffersInCase, Some(peer)) => {
                let near =
                    peer.titles.iter().find(|it| peer::same_but_case(it, &request.calling))?;
                Some(Nearest::OtherCase(*near))
            }
            (Finding::CallingTitleNotListed, Some(peer)) => {
                let owner = Arc::clone(&self.owner(&request.calling)?.name);
                Some(Nearest::CallingTitleOf { owner, peer: Arc::clone(&peer.name) })
            }
            (Finding::CalledTitleDiffersInCase, Some(peer)) => {
                let near =
                    self.reachable(peer).find(|it| peer::same_but_case(it, &request.called))?;
                Some(Nearest::OtherCase(*near))
            }
            (Finding::CalledTitleOfAnotherPacs, Some(peer)) => {
                let pacs = self.pacs.get(*self.called.get(&request.called)?)?;
                let (pacs, peer) = (Arc::clone(&pacs.name), Arc::clone(&peer.name));
                Some(Nearest::CalledTitleOf { pacs, peer })
            }
            (finding, _) => self.nearest_outward(finding, facts, inquiry),
        }
    }

    /// Whose calling title it is; the first one's, where several have it.
    fn owner(&self, calling: &AeTitle) -> Option<&PeerRules> {
        self.calling.get(calling).and_then(|&index| self.peers.get(index))
    }

    fn nearest_by_certificate(&self, accepted: &Accepted) -> Option<Nearest> {
        let (index, by): (_, fn(Arc<str>) -> Nearest) =
            match self.matching.by_any_ca(&accepted.certificate) {
                Some(index) => (index, Nearest::OtherCa),
                None => (self.matching.by_common_name(&accepted.certificate)?, Nearest::CommonName),
            };
        Some(by(Arc::clone(&self.peers.get(index)?.name)))
    }

    fn both(&self, accepted: &Accepted) -> Option<Nearest> {
        let [one, other] = self.matching.two(accepted)?.map(|index| self.peers.get(index));
        Some(Nearest::Both(Arc::clone(&one?.name), Arc::clone(&other?.name)))
    }
}
