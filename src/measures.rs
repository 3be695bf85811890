//! What is measured while the gate works: how long things take, and how much has come of whom.
//!
//! What is counted by reasons is in the audit's counters, and who is connected in the register; both are
//! read when somebody asks. All labels are names of the configuration or words of the program, so that
//! no peer can make a series more.
//!
//! - `labels`: by what it is told apart; `buckets`: into which lengths; `meter`: what an association
//!   measures of itself.

mod buckets;
mod labels;
mod meter;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};

use self::buckets::{Histograms, computation, network};
use self::labels::Listener;
use self::meter::Series;
use crate::audit::ConnectionId;

pub use labels::Parties;
pub use meter::{Flow, Meter};

/// All measurements of a gate, since its start.
#[derive(Debug)]
pub struct Measures {
    /// When the gate started.
    pub started: SystemTime,
    handshake: Histograms<Listener>,
    decision: Histograms<Listener>,
    dial: Histograms<Parties>,
    series: Series,
    /// When the configuration was to be loaded anew last, and whether it was.
    last_reload: Mutex<Option<(SystemTime, bool)>>,
}

impl Default for Measures {
    fn default() -> Self {
        Self {
            started: SystemTime::now(),
            handshake: Family::new_with_constructor(network),
            decision: Family::new_with_constructor(computation),
            dial: Family::new_with_constructor(network),
            series: Series::default(),
            last_reload: Mutex::default(),
        }
    }
}

impl Measures {
    /// A TLS handshake is done.
    pub fn handshake(&self, listener: &Arc<str>, took: Duration) {
        let labels = Listener { listener: Arc::clone(listener) };
        self.handshake.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// The policy has judged a request.
    pub fn decision(&self, listener: &Arc<str>, took: Duration) {
        let labels = Listener { listener: Arc::clone(listener) };
        self.decision.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// The target was reached and has accepted an association.
    pub fn dial(&self, parties: &Parties, took: Duration) {
        self.dial.get_or_create(parties).observe(took.as_secs_f64());
    }

    /// An association is open.
    pub fn meter(&self, parties: Parties, id: ConnectionId) -> Box<Meter> {
        Box::new(Meter::new(&self.series, parties, id))
    }

    /// The configuration was loaded anew, or was to be.
    pub fn reloaded(&self, is_applied: bool) {
        let mut last = self.last_reload.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((SystemTime::now(), is_applied));
    }

    /// When that was last, and whether it was applied; `None` if it never was.
    pub fn last_reload(&self) -> Option<(SystemTime, bool)> {
        *self.last_reload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds all that is measured here.
    pub fn register(&self, to: &mut Registry) {
        let seconds = || Unit::Seconds;
        let Series { association, store, received, objects, operations } = &self.series;
        let help = "TLS handshakes that were done, with the waiting for a processor";
        to.register_with_unit("handshake", help, seconds(), self.handshake.clone());
        let help = "Judgements of the policy, whatever it said";
        to.register_with_unit("decision", help, seconds(), self.decision.clone());
        let help = "From dialling a target to its A-ASSOCIATE-AC";
        to.register_with_unit("dial", help, seconds(), self.dial.clone());
        let help = "Associations from their A-ASSOCIATE-AC to their end";
        to.register_with_unit("association", help, seconds(), association.clone());
        let help = "C-STORE operations from the request to the response, the transfer included";
        to.register_with_unit("store", help, seconds(), store.clone());
        let help = "Received from this side of associations";
        to.register_with_unit("received", help, Unit::Bytes, received.clone());
        let help = "Objects of this side that the other one has taken, with a warning or without";
        to.register("objects", help, objects.clone());
        let help = "Operations that this side asked for, counted when their association ends";
        to.register("operations", help, operations.clone());
    }
}
