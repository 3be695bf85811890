//! What all connections share, whatever is loaded.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::audit::Audit;
use crate::live::Live;
use crate::quotas::Quotas;
use crate::site::Site;
use crate::slots::Slots;
use crate::turns::Turns;

/// The gate: what is in force, and what lives.
pub struct Gate {
    /// What the last load of the configuration has made.
    pub site: ArcSwap<Site>,
    /// Where every end is written.
    pub audit: Audit,
    /// The associations that live.
    pub live: Arc<Live>,
    /// What peers with caps have stored.
    pub quotas: Quotas,
    /// The connections that live.
    pub slots: Arc<Slots>,
    /// The handshakes that compute.
    pub turns: Arc<Turns>,
}
