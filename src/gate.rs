//! What all connections share, whatever is loaded.

use std::sync::Arc;

use arc_swap::ArcSwap;
use pacsgate_core::direction::Direction;
use pacsgate_core::inspector::Shared;
use pacsgate_core::policy::After;
use tokio::sync::{Notify, watch};

use crate::asked::Memory;
use crate::audit::Audit;
use crate::basis::{Basis, Terms};
use crate::health::Health;
use crate::identity::password::Hashing;
use crate::last_seen::LastSeen;
use crate::live::Live;
use crate::measures::Measures;
use crate::quotas::Quotas;
use crate::register::Register;
use crate::shortage::Shortage;
use crate::site::Site;
use crate::slots::Slots;
use crate::slowing::Slowing;
use crate::turns::Turns;

/// The gate: what is in force, and what lives.
pub struct Gate {
    /// What the last load of the configuration has made.
    pub site: InForce,
    /// Where every end is written.
    pub audit: Audit,
    /// What is measured, beside what is counted there.
    pub measures: Measures,
    /// The associations that live.
    pub live: Arc<Live>,
    /// Those that are open, with what they rest on.
    pub register: Arc<Register>,
    /// What peers have asked a PACS to send.
    pub asked: Arc<Memory>,
    /// What peers with caps have stored.
    pub quotas: Quotas,
    /// Which addresses of the PACS live.
    pub health: Arc<Health>,
    /// The connections that live.
    pub slots: Arc<Slots>,
    /// The handshakes that compute.
    pub turns: Arc<Turns>,
    /// The passwords that are verified.
    pub hashing: Hashing,
    /// Whether ports wait for the system.
    pub shortage: Shortage,
    /// Who was refused again and again.
    pub slowing: Slowing,
    /// The certificates that the peers have shown last.
    pub last_seen: Arc<LastSeen>,
}

impl Gate {
    /// With this site in force, and nothing alive. `status_changed` is told where what the service manager
    /// is to hear has changed.
    pub fn new(site: Site, audit: Audit, status_changed: &Arc<Notify>) -> Self {
        Self {
            slots: Slots::new(&site.limits),
            site: InForce::new(site),
            measures: Measures::default(),
            live: Live::new(),
            register: Register::new(),
            asked: Memory::new(),
            quotas: Quotas::new(),
            health: Health::new(audit.clone(), Arc::clone(status_changed)),
            turns: Turns::of_machine(),
            hashing: Hashing::of_machine(),
            shortage: Shortage::new(Arc::clone(status_changed)),
            slowing: Slowing::default(),
            last_seen: Arc::default(),
            audit,
        }
    }

    /// What an association shares with others, by the terms that bind it now.
    pub fn shared(&self, basis: &Basis, terms: &Terms) -> Shared {
        let Basis { pacs, peer, request, .. } = basis;
        let request = &request.request;
        let discloses = self.audit.discloses();
        match basis.way.direction {
            Direction::Inward => Shared {
                quota: self.quotas.of(peer, terms.caps),
                requests: terms.asks().then(|| self.asked.of_peer(pacs, request.calling)),
                awaited: None,
                discloses,
            },
            Direction::Outward => {
                let awaited = match terms.after {
                    After::Anything => None,
                    After::Request { window } => {
                        let titles = terms.contexts.titles();
                        Some(self.asked.of_pacs(pacs, titles, request.called, window))
                    }
                };
                Shared { awaited, discloses, ..Shared::default() }
            }
        }
    }
}

/// The site that is in force, and word of the next one.
#[derive(Debug)]
pub struct InForce {
    site: ArcSwap<Site>,
    changes: watch::Sender<()>,
}

impl InForce {
    /// The first one.
    pub fn new(site: Site) -> Self {
        Self { site: ArcSwap::from_pointee(site), changes: watch::Sender::new(()) }
    }

    /// The one that is in force now.
    pub fn now(&self) -> Arc<Site> {
        self.site.load_full()
    }

    /// Puts another one in force. Whoever waits for it hears of it.
    pub fn replace(&self, site: Site) {
        self.site.store(Arc::new(site));
        self.changes.send_replace(());
    }

    /// Hears of every change from now on.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }
}
