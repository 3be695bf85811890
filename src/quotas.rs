//! How many objects each peer has stored within the hour, by the clock of this machine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use pacsgate_core::data_set::DataSetError;
use pacsgate_core::inspector::{Caps, Quota, Stored};
use pacsgate_core::wire::uid::InstanceUid;

/// What the peers with caps have stored; as many as the configuration has.
#[derive(Debug)]
pub struct Quotas {
    began: Instant,
    peers: Mutex<HashMap<Arc<str>, Arc<Mutex<Stored>>>>,
}

/// The quota of one association, counted with those of its peer's others.
#[derive(Debug)]
struct OfPeer {
    caps: Caps,
    began: Instant,
    stored: Arc<Mutex<Stored>>,
}

impl Quotas {
    /// Nobody has stored anything.
    pub fn new() -> Self {
        Self { began: Instant::now(), peers: Mutex::default() }
    }

    /// For an association of this peer; `None` without a cap.
    pub fn of(&self, peer: &Arc<str>, caps: Caps) -> Option<Arc<dyn Quota>> {
        if caps.is_none() {
            return None;
        }
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = Arc::clone(peers.entry(Arc::clone(peer)).or_default());
        Some(Arc::new(OfPeer { caps, began: self.began, stored }))
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self::new()
    }
}

impl Quota for OfPeer {
    fn take(&self, study: Option<InstanceUid>) -> Result<(), DataSetError> {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.take(self.caps, study, self.began.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn associations_of_a_peer_share_its_cap_and_those_of_another_have_their_own() {
        let caps = Caps { per_hour: Some(2), per_study: None };
        let quotas = Quotas::new();
        let of = |peer: &str| quotas.of(&peer.into(), caps).unwrap();
        let (first, second) = (of("ct1"), of("ct1"));
        assert_eq!([first.take(None), second.take(None)], [Ok(()); 2]);
        assert_eq!(first.take(None), Err(DataSetError::ObjectsPerHour));
        drop((first, second));
        assert_eq!(of("ct1").take(None), Err(DataSetError::ObjectsPerHour));
        assert_eq!(of("mr1").take(None), Ok(()));
        assert!(quotas.of(&"us1".into(), Caps::default()).is_none());
    }
}
