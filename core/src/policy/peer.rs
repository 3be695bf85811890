//! Peers and PACS, as the configuration describes them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::nearest::Nearest;
use super::rights::Rights;
use super::trace::Finding;
use super::user::UserRule;
use crate::certificate::Matcher;
use crate::inspector::{Caps, Guarding};
use crate::services::Service;
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// A remote system that may connect: one `[peer.NAME]` table.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The table's name.
    pub name: Arc<str>,
    /// Who answers for it.
    pub contact: Option<Arc<str>>,
    /// Whether it has to show a certificate; if not, it must not, and is recognised by its calling
    /// title, which nobody else has, and by its user.
    pub needs_certificate: bool,
    /// What its certificate is recognised by: any of these.
    pub certificates: Vec<Matcher>,
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
}

/// A backend: one `[pacs.NAME]` table.
#[derive(Clone, Debug)]
pub struct Pacs {
    /// The table's name.
    pub name: Arc<str>,
    /// The called titles under which it is reached.
    pub called: Vec<AeTitle>,
    /// What it is called inside; absent: the called title as it came.
    pub ae_title: Option<AeTitle>,
    /// How many associations it takes at once.
    pub associations: u32,
    /// The longest P-DATA-TF that the gate announces to either side, in bytes.
    pub max_pdu: u32,
    /// How its data sets are judged.
    pub guarding: Guarding,
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
    pub(super) needs_certificate: bool,
    from: Box<[IpNet]>,
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
            needs_certificate: peer.needs_certificate,
            from: peer.from.into_iter().map(canonical).collect(),
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

    /// Where it would have been let in.
    pub(super) fn other_network(&self) -> Nearest {
        Nearest::OtherNetwork { peer: Arc::clone(&self.name), from: self.from.to_vec() }
    }

    pub(super) fn calling(&self, title: &AeTitle) -> Finding {
        if self.titles.contains(title) {
            return Finding::CallingTitleListed;
        }
        if self.titles.iter().any(|known| same_but_case(known, title)) {
            return Finding::CallingTitleDiffersInCase;
        }
        Finding::CallingTitleNotListed
    }
}

pub(super) fn same_but_case(one: &AeTitle, other: &AeTitle) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

// A dual-stack socket shows IPv4 sources as ::ffff:a.b.c.d, and a network may be written that way.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    mapped(v6).map_or(network, IpNet::V4)
}

fn mapped(network: Ipv6Net) -> Option<Ipv4Net> {
    const PREFIX: u8 = 96;
    let address = Ipv6Addr::to_ipv4_mapped(&network.addr())?;
    Ipv4Net::new(address, network.prefix_len().checked_sub(PREFIX)?).ok()
}
