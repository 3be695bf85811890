//! Whether ports wait for the system: no connection can be accepted, for want of descriptors or memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// How many ports wait, and who is told where that begins or ends.
#[derive(Debug, Default)]
pub struct Shortage {
    ports: AtomicUsize,
    changed: Arc<Notify>,
}

/// A port that waits, as long as this lives.
#[derive(Debug)]
pub struct Short<'a>(&'a Shortage);

impl Shortage {
    /// `changed` is told.
    pub const fn new(changed: Arc<Notify>) -> Self {
        Self { ports: AtomicUsize::new(0), changed }
    }

    /// A port waits from now on.
    pub fn begin(&self) -> Short<'_> {
        if self.ports.fetch_add(1, Ordering::Relaxed) == 0 {
            self.changed.notify_one();
        }
        Short(self)
    }

    /// What the status says of it.
    pub fn status(&self) -> Option<&'static str> {
        let waits = self.ports.load(Ordering::Relaxed) > 0;
        waits.then_some("CANNOT ACCEPT all connections: descriptors or memory run out, see the log")
    }
}

impl Drop for Short<'_> {
    fn drop(&mut self) {
        if self.0.ports.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.changed.notify_one();
        }
    }
}
