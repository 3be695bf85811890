//! What a connection has from its socket to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pacsgate_core::certificate::Digest;
use pacsgate_core::wire::title::AeTitle;
use tokio::time::sleep;

use crate::gate::Gate;
use crate::live::PeerConnection;
use crate::reason::Reason;
use crate::site::Site;
use crate::slots::Slot;
use crate::slowing::{self, Claim, LONGEST, Slowed};

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
    /// Held until the sockets are closed.
    pub(super) slot: Slot,
    /// The same among those of its peer, once that is known.
    of_peer: Option<PeerConnection>,
    /// Who it says to be, once that is proven.
    claim: Option<Claim>,
}

impl Context {
    pub(super) fn new(gate: Arc<Gate>, listener: Arc<str>, source: SocketAddr, slot: Slot) -> Self {
        let site = gate.site.now();
        Self { gate, site, listener, source, slot, of_peer: None, claim: None }
    }

    /// Takes what is in force now; whether that is something else.
    pub(super) fn renew(&mut self) -> bool {
        let site = self.gate.site.now();
        let is_new = !Arc::ptr_eq(&site, &self.site);
        self.site = site;
        is_new
    }

    /// It is one of this peer's connections; how many others there are.
    pub(super) fn belongs_to(&mut self, peer: &Arc<str>) -> u32 {
        let (counted, others) = self.gate.live.take_connection(peer);
        self.of_peer = Some(counted);
        others
    }

    /// The certificate that it has shown.
    pub(super) fn has_shown(&mut self, certificate: Digest) {
        self.claim = Some(Claim { certificate, calling: None });
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
            None if slowing::is_failure(reason) && !self.slot.is_left_alone() => {
                let Slowed { said, .. } = self.gate.slowing.failed(source, Instant::now());
                if let Some(others) = said {
                    tracing::warn!(
                        %source, others,
                        "handshakes from this address fail again and again: the next ones begin \
                         later, by at most {LONGEST:?}"
                    );
                }
                Duration::ZERO
            }
            Some(_) | None => Duration::ZERO,
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
