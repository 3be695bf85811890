//! What the service manager is told: systemd's notify protocol, and nothing where no
//! `NOTIFY_SOCKET` is in the environment.

use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::thread;

use sd_notify::NotifyState;

use crate::host::words;
use crate::pulse::Pulse;

/// systemd, or whoever speaks its protocol.
#[derive(Clone, Debug)]
pub struct ServiceManager {
    socket: Option<Arc<UnixDatagram>>,
}

impl ServiceManager {
    /// Tells that every port accepts, and pings the watchdog from then on, where the manager wants it.
    ///
    /// A ping shows that the accept loops and the workers have answered, nothing more: a PACS that
    /// does not answer is no reason to restart the gate. They are asked without a watchdog as well:
    /// the log tells when they are late.
    pub fn ready(pulse: Pulse, status: &str) -> Self {
        let manager = Self { socket: open().map(Arc::new) };
        manager.tell(&[NotifyState::Ready, NotifyState::Status(status)]);
        let limit = sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero());
        let pinged = manager.clone();
        let watch = move || {
            pulse.watch(limit, || {
                if limit.is_some() {
                    pinged.tell(&[NotifyState::Watchdog]);
                }
            });
        };
        // One of the system's threads, as it may wait for the manager. It ends with the process:
        // while the last associations are given their time, the pings go on.
        if let Err(error) = thread::Builder::new().name("pulse".to_owned()).spawn(watch) {
            tracing::error!("cannot watch the accept loops and the workers: {}", words(&error));
        }
        manager
    }

    /// Tells that the configuration is being loaded anew.
    pub fn reloading(&self) {
        let time = NotifyState::monotonic_usec_now();
        match time {
            Ok(time) => self.tell(&[NotifyState::Reloading, time]),
            Err(error) => {
                tracing::warn!("cannot tell the service manager of the reload: {}", words(&error));
            }
        }
    }

    /// Tells that the loading is over, well or not.
    pub fn reloaded(&self, status: &str) {
        self.tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// Tells what serves now, where that has changed by itself.
    pub fn serving(&self, status: &str) {
        self.tell(&[NotifyState::Status(status)]);
    }

    /// Tells that no connection is accepted any more. The pings go on until the process ends.
    pub fn stopping(&self) {
        self.tell(&[NotifyState::Stopping]);
    }

    fn tell(&self, states: &[NotifyState<'_>]) {
        let lines: String = states.iter().map(|state| format!("{state}\n")).collect();
        if self.socket.as_ref().is_some_and(|socket| socket.send(lines.as_bytes()).is_ok()) {
            return;
        }
        // A manager that was replaced listens on a new socket.
        if let Err(error) = sd_notify::notify(states) {
            tracing::warn!("cannot tell the service manager: {error}");
        }
    }
}

/// Opened while there are descriptors: a gate that has run out of them waits for connections to end,
/// and would not live to see it if each ping needed one.
fn open() -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect(std::env::var_os("NOTIFY_SOCKET")?).ok()?;
    Some(socket)
}
