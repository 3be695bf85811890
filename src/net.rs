//! Sources of connections, reading from sockets and their options, and the limit of open files.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::io::Errno;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpStream;

/// A body of this size is read at once.
const AT_ONCE: usize = 4 * 1024;

/// Reads the body of a PDU into an empty buffer, which grows as the bytes arrive, up to the length
/// that was judged. The caller sets the deadline.
///
/// # Errors
///
/// What reading says, and `UnexpectedEof` where the stream ends before the body.
pub async fn read_body<S>(stream: &mut S, length: usize, body: &mut Vec<u8>) -> io::Result<()>
where
    S: AsyncRead + Unpin,
{
    // As much as commonly comes at once: a buffer that grows from nothing is read into piece by piece.
    body.reserve(length.min(AT_ONCE));
    let read = stream.take(length as u64).read_to_end(body).await?;
    if read == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The address as IPv4 where it is that, mapped into IPv6: one system has one address, by whichever
/// socket it came.
pub const fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// What counts as one source of connections, for limits and for the audit's sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source(IpAddr);

impl Source {
    /// An IPv4 address, mapped ones included, counts for itself; an IPv6 address counts for its
    /// /64, which one host or one customer commonly has to itself.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

/// Sets what every socket of the gate has: no delay, keepalive probes. A port that has them before it
/// listens hands them on to whoever comes to it (tcp(7), socket(7)).
///
/// A socket that takes an option no more is on its way out; the next read or write says so.
pub fn prepare(socket: &impl AsFd, keepalive: Duration) {
    let probes = TcpKeepalive::new().with_time(keepalive).with_interval(keepalive);
    let socket = SockRef::from(socket);
    let set = socket.set_tcp_nodelay(true).and_then(|()| socket.set_tcp_keepalive(&probes));
    if let Err(error) = set {
        tracing::debug!(%error, "a socket took no options");
    }
}

/// The time between keepalive probes of a socket that is prepared.
pub fn prepared(socket: &impl AsFd) -> Option<Duration> {
    let socket = SockRef::from(socket);
    let is_set = socket.tcp_nodelay().ok()? && socket.keepalive().ok()?;
    let time = socket.tcp_keepalive_time().ok()?;
    (is_set && socket.tcp_keepalive_interval().ok()? == time).then_some(time)
}

/// Makes the coming close a reset: the receiver must not take what it has for complete.
pub fn reset_on_close(stream: &TcpStream) {
    if let Err(error) = SockRef::from(stream).set_linger(Some(Duration::ZERO)) {
        tracing::debug!(%error, "a socket took no linger option");
    }
}

/// Whether the process, or the whole system, has no file descriptor left.
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE))
}

/// Warns where fewer open files are allowed than `connections` need.
pub fn warn_of_few_descriptors(connections: u32) {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    if let Some(warning) = few_descriptors(connections, &limits) {
        tracing::warn!("{warning}");
    }
}

/// How many open files so many connections need: two for each, and some for everything else.
pub const fn descriptors(connections: u32) -> u64 {
    /// Listeners, logs, the runtimes, files that are read, and the connections of the admin endpoint.
    const OTHERS: u64 = 112;
    2 * (connections as u64) + OTHERS
}

fn few_descriptors(connections: u32, limits: &str) -> Option<String> {
    let needed = descriptors(connections);
    let allowed = open_files(limits).filter(|&allowed| allowed < needed)?;
    Some(format!(
        "limits.connections needs more open files than are allowed ({needed} are needed, {allowed} \
         allowed): raise LimitNOFILE in the unit, or `ulimit -n`"
    ))
}

/// The soft limit of open files in the text of `/proc/self/limits` (proc(5)); `None` if unlimited.
fn open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_ipv6_by_its_64_and_mapped_addresses_as_ipv4() {
        let of = |text: &str| Source::of(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn reads_the_soft_limit_of_open_files() {
        let limits = "Limit       Soft Limit  Hard Limit  Units\n\
                      Max processes  95  95  processes\n\
                      Max open files  1024  524288  files\n";
        assert_eq!(open_files(limits), Some(1024));
        assert_eq!(open_files("Max open files  unlimited  unlimited  files"), None);
        assert_eq!(open_files(""), None);
        assert_eq!(few_descriptors(456, limits), None);
        assert_eq!(
            few_descriptors(2048, limits).as_deref(),
            Some(
                "limits.connections needs more open files than are allowed (4208 are needed, 1024 \
                 allowed): raise LimitNOFILE in the unit, or `ulimit -n`"
            )
        );
    }

    #[test]
    fn knows_when_there_is_no_descriptor_left() {
        assert!(is_out_of_descriptors(&Errno::MFILE.into()));
        assert!(!is_out_of_descriptors(&Errno::CONNREFUSED.into()));
    }
}
