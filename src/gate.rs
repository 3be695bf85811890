//! What all connections share.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use pacsgate_core::policy::Policy;
use tokio::time::Instant;

use crate::audit::Audit;
use crate::config::Limits;
use crate::live::Live;
use crate::relay::Deadlines;
use crate::relay::target::{Patience, Target};
use crate::slots::{SlotLimits, Slots};
use crate::stream::tls;

/// The gate: its policy, where its PACS are, and what lives.
pub struct Gate {
    /// Who may do what.
    pub policy: Policy,
    /// Where each PACS of the policy is.
    pub targets: HashMap<Arc<str>, Target>,
    /// How much and how long.
    pub limits: Limits,
    /// Where every end is written.
    pub audit: Audit,
    /// The associations that live.
    pub live: Arc<Live>,
    /// The connections that live.
    pub slots: Arc<Slots>,
}

/// One of the ports.
pub struct Listener {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// Its TLS.
    pub tls: tls::Server,
}

impl Limits {
    /// The limits before anybody is known.
    #[must_use]
    pub const fn slots(&self) -> SlotLimits {
        SlotLimits {
            connections: self.connections,
            handshakes: self.handshakes,
            per_source: self.per_source,
        }
    }

    /// The limits of a PACS.
    #[must_use]
    pub const fn patience(&self) -> Patience {
        Patience { dial: self.dial, answer: self.answer, keepalive: self.keepalive }
    }

    /// The longest that the way to the PACS can take.
    #[must_use]
    pub const fn whole_dial(&self) -> Duration {
        self.dial.saturating_add(self.answer)
    }

    /// The limits of an association whose certificate ends at `expires`.
    #[must_use]
    pub const fn deadlines(&self, expires: Option<Instant>) -> Deadlines {
        Deadlines {
            idle: self.idle,
            operation: self.operation,
            progress: self.progress,
            write_stall: self.write_stall,
            close: self.close,
            expires,
            lifetime: self.lifetime,
        }
    }
}
