//! Waits on peers: each has a limit, and none outlasts the daemon.

use std::future::Future;
use std::time::Duration;

use crate::reason::{Early, Reason};
use crate::timers::timeout;

/// Why a wait was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The deadline passed.
    Deadline,
    /// The daemon stops.
    Stopped,
}

impl Cut {
    /// The reason of the end, where the deadline means this one.
    pub fn or(self, deadline: impl Into<Reason>) -> Reason {
        match self {
            Self::Deadline => deadline.into(),
            Self::Stopped => Early::Stopped.into(),
        }
    }
}

/// Waits for a peer: not longer than `limit`, and not beyond a stop of the daemon, which is the
/// first one for those of whom nothing is known yet, and the last one for what is under way.
///
/// # Errors
///
/// What cut the wait short.
pub async fn within<T>(
    stop: impl Future<Output = ()>,
    limit: Duration,
    future: impl Future<Output = T>,
) -> Result<T, Cut> {
    tokio::select! {
        () = stop => Err(Cut::Stopped),
        outcome = timeout(limit, future) => outcome.map_err(|_elapsed| Cut::Deadline),
    }
}
