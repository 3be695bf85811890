//! Peers, as the configuration describes them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::addresses::canonical;
use super::nearest::Nearest;
use super::reach::{Reach, ReachRules};
use super::rights::Rights;
use super::trace::Finding;
use super::user::UserRule;
use crate::certificate::Matcher;
use crate::inspector::{Caps, Guarding};
use crate::services::Service;
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// A remote system: one `[peer.NAME]` table.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The table's name.
    pub name: Arc<str>,
    /// Who answers for it.
    pub contact: Option<Arc<str>>,
    /// What it is recognised by.
    pub known_by: KnownBy,
    /// Which user it has to show.
    pub user: UserRule,
    /// The calling titles that it may claim.
    pub calling: Vec<AeTitle>,
    /// The networks that it may connect from. Empty where the configuration has no `from`: the
    /// key is optional, but a list that is written down may not be empty.
    pub from: Vec<IpNet>,
    /// The names of the PACS that it may reach.
    pub pacs: Vec<Arc<str>>,
    /// What it may do.
    pub services: Vec<Service>,
    /// The only SOP classes that `store` and `get` are for. Empty where the configuration has no
    /// `sop_classes`; a list that is written down may not be empty.
    pub sop_classes: Vec<Uid>,
    /// Where it may have objects moved. Empty where the configuration has no `move_to`: then to
    /// its own calling titles only.
    pub move_to: Vec<AeTitle>,
    /// How its data sets are judged.
    pub guarding: Guarding,
    /// How many associations it may have at once.
    pub associations: u32,
    /// How many objects it may store.
    pub caps: Caps,
    /// How a PACS reaches it, if one may.
    pub reach: Option<Reach>,
}

/// What a peer is recognised by where it connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// Its certificate: by any of these.
    Certificate(Vec<Matcher>),
    /// Its calling title, which nobody else has, and its user. It shows no certificate.
    User,
    /// Its address and calling title, on listeners without TLS.
    Address,
    /// Nothing: it never connects, and is only reached.
    Nothing,
}

impl KnownBy {
    /// The matchers of its certificate.
    pub fn certificates(&self) -> &[Matcher] {
        match self {
            Self::Certificate(matchers) => matchers,
            Self::User | Self::Address | Self::Nothing => &[],
        }
    }
}

/// A peer, made ready for decisions.
#[derive(Debug)]
pub(super) struct PeerRules {
    pub(super) name: Arc<str>,
    pub(super) contact: Option<Arc<str>>,
    pub(super) pacs: Box<[usize]>,
    pub(super) rights: Rights,
    pub(super) associations: u32,
    pub(super) caps: Caps,
    pub(super) user: Arc<UserRule>,
    pub(super) move_to: Arc<[AeTitle]>,
    pub(super) titles: Arc<[AeTitle]>,
    pub(super) guarding: Guarding,
    pub(super) known_by: Recognition,
    pub(super) reach: Option<ReachRules>,
    from: Box<[IpNet]>,
}

/// [`KnownBy`] without what is indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recognition {
    Certificate,
    User,
    Address,
    Nothing,
}

/// How many connections a peer may have beyond twice its associations.
const SPARE_CONNECTIONS: u32 = 8;

impl PeerRules {
    pub(super) fn new(peer: Peer, index_of: &HashMap<Arc<str>, usize>) -> Self {
        let move_to = if peer.move_to.is_empty() { &peer.calling } else { &peer.move_to };
        Self {
            name: peer.name,
            contact: peer.contact,
            pacs: peer.pacs.iter().filter_map(|name| index_of.get(name).copied()).collect(),
            rights: Rights::new(&peer.services, peer.sop_classes),
            associations: peer.associations,
            caps: peer.caps,
            user: Arc::new(peer.user),
            move_to: move_to.as_slice().into(),
            titles: peer.calling.as_slice().into(),
            guarding: peer.guarding,
            known_by: match peer.known_by {
                KnownBy::Certificate(_) => Recognition::Certificate,
                KnownBy::User => Recognition::User,
                KnownBy::Address => Recognition::Address,
                KnownBy::Nothing => Recognition::Nothing,
            },
            reach: peer.reach.as_ref().map(ReachRules::new),
            from: peer.from.into_iter().map(canonical).collect(),
        }
    }

    /// Somebody who is no peer, under the one title that it claims. Its name is its address, which no
    /// table has for a name; half of a PACS is all that one address gets.
    pub(super) fn nobody(source: IpAddr, calling: AeTitle) -> Self {
        Self {
            name: source.to_canonical().to_string().into(),
            contact: None,
            pacs: Box::default(),
            rights: Rights::new(&[], Vec::new()),
            associations: u32::MAX,
            caps: Caps::default(),
            user: Arc::default(),
            move_to: Arc::default(),
            titles: [calling].into(),
            guarding: Guarding::default(),
            known_by: Recognition::Nothing,
            reach: None,
            from: Box::default(),
        }
    }

    /// A connection of its own for each association that may begin while another ends, and some that
    /// fail; the request says which it is.
    pub(super) fn connections(&self, others: u32) -> Finding {
        let most = self.associations.saturating_mul(2).saturating_add(SPARE_CONNECTIONS);
        if others < most { Finding::WithinLimits } else { Finding::PeerAtItsLimit }
    }

    pub(super) fn network(&self, source: IpAddr) -> Finding {
        if self.from.is_empty() {
            return Finding::AnyNetwork;
        }
        let source = source.to_canonical();
        if self.from.iter().any(|network| network.contains(&source)) {
            return Finding::NetworkListed;
        }
        Finding::NetworkNotListed
    }

    /// Whether its table names this PACS.
    pub(super) fn has_pacs(&self, index: usize) -> bool {
        self.pacs.contains(&index)
    }

    /// Where it would have been let in.
    pub(super) fn other_network(&self) -> Nearest {
        Nearest::OtherNetwork { peer: Arc::clone(&self.name), from: self.from.to_vec() }
    }

    pub(super) fn calling(&self, title: &AeTitle) -> Finding {
        match Likeness::of(&self.titles, title) {
            Likeness::Same => Finding::CallingTitleListed,
            Likeness::OtherCase => Finding::CallingTitleDiffersInCase,
            Likeness::None => Finding::CallingTitleNotListed,
        }
    }
}

/// How near a title comes to some of them, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    Same,
    OtherCase,
    None,
}

impl Likeness {
    pub(super) fn of(titles: &[AeTitle], title: &AeTitle) -> Self {
        if titles.contains(title) {
            return Self::Same;
        }
        let in_other_case = titles.iter().any(|known| same_but_case(known, title));
        if in_other_case { Self::OtherCase } else { Self::None }
    }
}

pub(super) fn same_but_case(one: &AeTitle, other: &AeTitle) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}
