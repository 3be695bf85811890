//! What a connection has from its socket to its end.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::gate::Gate;
use crate::live::PeerConnection;
use crate::site::Site;
use crate::slots::Slot;
use crate::stream::proxy_protocol::Ends;

/// Where a connection came in, and what judges it.
pub(super) struct Context {
    /// What all connections share.
    pub(super) gate: Arc<Gate>,
    /// What was in force when it came: one load of the configuration, whatever is loaded later.
    pub(super) site: Arc<Site>,
    /// The listener's name.
    pub(super) listener: Arc<str>,
    /// The requestor's address.
    pub(super) source: SocketAddr,
    /// The balancer that has named it, if one has.
    pub(super) balancer: Option<Balancer>,
    /// Held until the sockets are closed.
    pub(super) slot: Slot,
    /// The same among those of its peer, once that is known.
    of_peer: Option<PeerConnection>,
}

/// A balancer that has named a source.
#[derive(Clone, Copy)]
pub(super) struct Balancer {
    /// Its own address.
    pub(super) address: SocketAddr,
    /// Where the source has connected.
    pub(super) destination: SocketAddr,
}

impl Context {
    pub(super) fn new(
        gate: Arc<Gate>,
        site: Arc<Site>,
        listener: Arc<str>,
        source: SocketAddr,
        slot: Slot,
    ) -> Self {
        Self { gate, site, listener, source, balancer: None, slot, of_peer: None }
    }

    /// Takes what is in force now; whether that is something else.
    pub(super) fn renew(&mut self) -> bool {
        let site = self.gate.site.now();
        let is_new = !Arc::ptr_eq(&site, &self.site);
        self.site = site;
        is_new
    }

    /// Returns when the gate stops and this one, which had come before, has still not asked.
    pub(super) fn too_late(&self) -> impl Future<Output = ()> {
        self.gate.live.too_late(self.site.limits.close)
    }

    /// A balancer has said for whom it speaks.
    pub(super) fn speaks_for(&mut self, Ends { source, destination }: Ends) {
        let address = std::mem::replace(&mut self.source, source);
        self.balancer = Some(Balancer { address, destination });
    }

    /// Who has named the source, if that is not its own.
    pub(super) fn balancer(&self) -> Option<IpAddr> {
        self.balancer.map(|balancer| balancer.address.ip())
    }

    /// Whether the source may have been named by whoever has.
    pub(super) fn believes_its_balancer(&self) -> bool {
        self.balancer().is_none_or(|address| self.site.is_balancer(&self.listener, address))
    }

    /// It is one of this peer's connections; how many others there are.
    pub(super) fn belongs_to(&mut self, peer: &Arc<str>) -> u32 {
        let (counted, others) = self.gate.live.take_connection(peer);
        self.of_peer = Some(counted);
        others
    }
}
