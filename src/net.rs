//! Socket options, in one place.

use std::time::Duration;

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
