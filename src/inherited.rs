//! Ports that the service manager has opened for the gate, so that it needs no privilege for them
//! and they stay open while it restarts (sd_listen_fds(3), systemd.socket(5)).

use std::io;
use std::net::{self, SocketAddr};

use listenfd::ListenFd;
use socket2::SockRef;
use tokio::net::TcpListener;

use crate::host::words;

/// More ports than any gate has, and fewer descriptors than a mistake could name.
const MOST: usize = 64;

/// The ports; they are kept for as long as the gate lives, as a reload may give up one and take it
/// again.
#[derive(Debug)]
pub struct Inherited(Vec<(SocketAddr, net::TcpListener)>);

impl Inherited {
    /// None.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Those that the environment tells of. To be called before there are other threads, as it
    /// takes the variables away.
    pub fn of_environment() -> Self {
        let count = std::env::var("LISTEN_FDS").ok().and_then(|count| count.parse().ok());
        if count.is_some_and(|count: usize| count > MOST) {
            tracing::warn!("LISTEN_FDS is ignored: the gate takes {MOST} sockets at most");
            return Self::none();
        }
        let mut passed = ListenFd::from_env();
        let sockets = (0..passed.len()).filter_map(|index| {
            let socket = passed.take_tcp_listener(index).and_then(|socket| {
                let socket = socket.ok_or(io::ErrorKind::InvalidInput)?;
                if !SockRef::from(&socket).is_listener()? {
                    return Err(io::Error::other("it does not listen"));
                }
                socket.set_nonblocking(true)?;
                Ok((socket.local_addr()?, socket))
            });
            socket
                .inspect_err(|error| {
                    let why = words(error);
                    tracing::warn!("the service manager passes a socket that is no use: {why}");
                })
                .ok()
        });
        Self(sockets.collect())
    }

    /// The one with exactly this address. To be called inside a runtime.
    pub(crate) fn take(&self, address: SocketAddr) -> Option<io::Result<TcpListener>> {
        let socket = self.0.iter().find(|(own, _)| is_same(*own, address));
        socket.map(|(_, socket)| socket.try_clone().and_then(TcpListener::from_std))
    }

    /// Where somebody was let in, unless the gate listens on `used`, and nobody would answer.
    pub(crate) fn besides(&self, used: &[SocketAddr]) -> impl Iterator<Item = SocketAddr> {
        let is_used = |own: SocketAddr| used.iter().any(|address| is_same(own, *address));
        self.0.iter().map(|(own, _)| *own).filter(move |own| !is_used(*own))
    }

    /// The one with this port, if it has another address.
    pub(crate) fn at_port(&self, port: u16) -> Option<SocketAddr> {
        self.0.iter().map(|(own, _)| *own).find(|own| own.port() == port)
    }
}

/// Scope and flow of an IPv6 address are not of the port's address.
fn is_same(one: SocketAddr, other: SocketAddr) -> bool {
    (one.ip(), one.port()) == (other.ip(), other.port())
}
