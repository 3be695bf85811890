//! What the service manager is told: systemd's notify protocol, and nothing where no
//! `NOTIFY_SOCKET` is in the environment.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

/// Tells that every port accepts, and begins to ping the watchdog where the manager wants it.
///
/// To be called inside a runtime. The pings show that its timers and threads turn, nothing more:
/// a PACS that does not answer is no reason to restart the gate.
pub fn ready() {
    tell(NotifyState::Ready);
    if let Some(limit) = sd_notify::watchdog_enabled() {
        tokio::spawn(ping(limit / 2));
    }
}

/// Tells that no connection is accepted any more. The pings go on until the process ends.
pub fn stopping() {
    tell(NotifyState::Stopping);
}

/// Pings twice in the time that the manager grants.
async fn ping(period: Duration) {
    // A period of nothing would panic; the manager's shortest is far longer than this.
    let mut tick = interval(period.max(Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        // The socket's queue may be full: that must not hold up a thread that serves peers.
        let _ = spawn_blocking(|| tell(NotifyState::Watchdog)).await;
    }
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!("cannot tell the service manager: {error}");
    }
}
