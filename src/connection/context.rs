//! What a connection has from its socket to its end.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use pacsgate_core::certificate::{Certificate, Digest};
use pacsgate_core::direction::System;
use pacsgate_core::policy::{Candidate, Facts, Holder, Identified, Permit, Refusal};
use pacsgate_core::reason::Answer;
use pacsgate_core::wire::title::AeTitle;

use crate::gate::Gate;
use crate::live::{AssociationSlot, PeerConnection};
use crate::origins::Origin;
use crate::port::{Transport, Way};
use crate::reason::{Early, Reason};
use crate::site::Site;
use crate::slots::Slot;
use crate::slowing::{self, Claim, LONGEST, Slowed};
use crate::stream::proxy_protocol::Ends;
use crate::timers::sleep;

/// Where a connection came in, and what judges it.
pub(super) struct Context {
    /// What all connections share.
    pub(super) gate: Arc<Gate>,
    /// What was in force when it came: one load of the configuration, whatever is loaded later.
    pub(super) site: Arc<Site>,
    /// The listener's name.
    pub(super) listener: Arc<str>,
    /// The way that it leads, when it came.
    pub(super) way: Way,
    /// The requestor's address.
    pub(super) source: SocketAddr,
    /// The balancer that has named it, if one has.
    pub(super) balancer: Option<Balancer>,
    /// Held until the sockets are closed.
    pub(super) slot: Slot,
    /// The same among those of its peer, once that is known.
    of_peer: Option<PeerConnection>,
    /// Who it says to be, once that is proven.
    claim: Option<Claim>,
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
        let (way, balancer) = (site.way_of(&listener), None);
        Self { gate, site, listener, way, source, balancer, slot, of_peer: None, claim: None }
    }

    /// Takes what is in force now; whether that is something else.
    pub(super) fn renew(&mut self) -> bool {
        let site = self.gate.site.now();
        let is_new = !Arc::ptr_eq(&site, &self.site);
        self.site = site;
        is_new
    }

    /// Whether what the policy refuses it is only reported.
    pub(super) fn reports_only(&self) -> bool {
        let port = self.site.ports.get(&self.listener);
        port.is_some_and(|port| port.reports_only(self.source.ip(), SystemTime::now()))
    }

    /// What the policy makes of it, with its slot among what lives if that is a permit.
    pub(super) fn permit(
        &self,
        facts: &Facts<'_>,
        identified: Identified,
    ) -> Result<(Permit, AssociationSlot), Refusal> {
        let began = Instant::now();
        let judged = self.candidate(facts).and_then(|candidate| {
            let live = &self.gate.live;
            let (peer, pacs) = (candidate.peer(), candidate.pacs());
            let (slot, occupancy) = live.take_slot(facts.direction, peer, pacs);
            let permit = candidate.admit(occupancy)?.permit(identified)?;
            Ok((permit, slot))
        });
        self.gate.measures.decision(&self.listener, began.elapsed());
        judged
    }

    /// The same before limits and user.
    fn candidate(&self, facts: &Facts<'_>) -> Result<Candidate, Refusal> {
        let policy = &self.site.policy;
        if self.reports_only() { policy.report(facts) } else { policy.identify(facts) }
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

    /// TLS is up without a certificate.
    pub(super) fn has_shown_nothing(&mut self) {
        self.slot.authenticated(Origin::Source(self.slot.whose().source), false);
    }

    /// There is no TLS, and so nothing else to wait for than a request.
    pub(super) fn is_plain(&mut self) {
        self.slot.plain();
    }

    /// TLS is up with this certificate, and the peer whose it is.
    pub(super) fn has_shown(&mut self, shown: &Certificate, holder: Option<&Holder>) {
        let certificate = shown.sha256;
        self.slot.authenticated(Origin::Certificate(certificate), holder.is_some());
        let seen =
            |holder: &Holder| self.gate.last_seen.note(&holder.name, shown, SystemTime::now());
        let peer = holder.filter(|holder| holder.system == System::Peer);
        if let Some(sentence) = peer.and_then(seen) {
            tracing::warn!("{sentence}");
        }
        self.claim = Some(Claim { certificate, calling: None });
    }

    /// The digest of that.
    pub(super) fn certificate(&self) -> Option<Digest> {
        self.claim.map(|claim| claim.certificate)
    }

    /// The calling title, which is bound to that certificate.
    pub(super) fn is_called(&mut self, calling: AeTitle) {
        if let Some(claim) = &mut self.claim {
            claim.calling = Some(calling);
        }
    }

    /// How long its handshake waits. It is to be done within its deadline all the same.
    pub(super) fn delay_of_handshake(&self) -> Duration {
        if self.slot.is_left_alone() {
            return Duration::ZERO;
        }
        let source = self.slot.whose().source;
        let delay = self.gate.slowing.before_handshake(source, Instant::now());
        delay.min(self.site.limits.handshake / 2)
    }

    /// How long the word of this end waits: that a claim was refused once more.
    pub(super) fn delay_of(&self, reason: Reason) -> Duration {
        let source = self.slot.whose().source;
        match self.claim {
            Some(claim) if slowing::is_refusal(reason) => {
                let Slowed { delay, said } = self.gate.slowing.refused(claim, Instant::now());
                if let Some(others) = said {
                    tracing::warn!(
                        certificate = %claim.certificate, others,
                        "requests with this certificate are refused again and again: it hears so \
                         later from now on, by at most {LONGEST:?}"
                    );
                }
                delay
            }
            // Without a certificate there is nothing else to know it by.
            None if self.is_failure(reason) && !self.slot.is_left_alone() => {
                let Slowed { said, .. } = self.gate.slowing.failed(source, Instant::now());
                if let Some(others) = said {
                    tracing::warn!(
                        %source, others,
                        "handshakes or requests from this address fail again and again: the next \
                         handshakes begin later, by at most {LONGEST:?}"
                    );
                }
                Duration::ZERO
            }
            Some(_) | None => Duration::ZERO,
        }
    }

    /// What a handshake that takes too long is at another port, a request is at a plain one.
    fn is_failure(&self, reason: Reason) -> bool {
        let is_plain = self.way.transport == Transport::Plain;
        slowing::is_failure(reason)
            || slowing::is_refusal(reason)
            || is_plain && reason == Early::RequestTimeout.into()
    }

    /// What is heard of an answer: where there is no TLS, there is no alert.
    pub(super) const fn heard(&self, answer: Answer) -> Answer {
        match (self.way.transport, answer) {
            (Transport::Plain, Answer::Alert(_)) => Answer::Close,
            (Transport::Plain | Transport::Tls, answer) => answer,
        }
    }

    /// Waits, until the gate stops at the longest.
    pub(super) async fn wait(&self, delay: Duration) {
        if !delay.is_zero() {
            tokio::select! {
                () = sleep(delay) => {}
                () = self.gate.live.draining() => {}
            }
        }
    }
}
