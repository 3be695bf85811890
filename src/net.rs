//! Socket options and the limit of open files, in one place.

use std::io;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// Sets what every socket of the gate has: no delay, keepalive probes.
///
/// A socket that takes an option no more is on its way out; the next read or write says so.
pub fn prepare(stream: &TcpStream, keepalive: Duration) {
    let probes = TcpKeepalive::new().with_time(keepalive).with_interval(keepalive);
    let set =
        stream.set_nodelay(true).and_then(|()| SockRef::from(stream).set_tcp_keepalive(&probes));
    if let Err(error) = set {
        tracing::debug!(%error, "a socket took no options");
    }
}

/// Makes the coming close a reset: the receiver must not take what it has for complete.
pub fn reset_on_close(stream: &TcpStream) {
    if let Err(error) = SockRef::from(stream).set_linger(Some(Duration::ZERO)) {
        tracing::debug!(%error, "a socket took no linger option");
    }
}

/// Whether the process, or the whole system, has no file descriptor left.
#[must_use]
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE))
}

/// Raises the limit of open files to what the service manager allows, and warns where that is less
/// than `connections` need: two each, and some for everything else.
pub fn raise_open_files(connections: u32) {
    /// Listeners, logs, the runtime, files that are read.
    const OTHERS: u64 = 64;
    let needed = 2 * u64::from(connections) + OTHERS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let allowed = if raised { maximum } else { current };
    if let Some(allowed) = allowed.filter(|&allowed| allowed < needed) {
        tracing::warn!(
            allowed,
            needed,
            "limits.connections needs more open files than are allowed: raise LimitNOFILE"
        );
    }
}
