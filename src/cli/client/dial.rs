//! Name resolution and TCP.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::config::Address;
use crate::host::words;

/// How many addresses of a name are tried.
const ADDRESSES: usize = 8;

/// Why a name has no address.
#[derive(Debug)]
pub(in crate::cli) enum Unresolved {
    /// The resolver did not answer in time.
    TimedOut,
    /// The resolver's error.
    Failed(io::Error),
    /// The name is known and has no address.
    Empty,
}

/// Why TCP did not connect.
#[derive(Debug)]
pub(in crate::cli) enum Unconnected {
    /// Nothing came back in time.
    TimedOut,
    /// The system's error.
    Failed(io::Error),
}

/// The addresses of a host.
pub(in crate::cli) async fn resolve(
    address: &Address,
    patience: Duration,
) -> Result<Vec<SocketAddr>, Unresolved> {
    match timeout(patience, lookup_host((&*address.host, address.port))).await {
        Err(_elapsed) => Err(Unresolved::TimedOut),
        Ok(Err(error)) => Err(Unresolved::Failed(error)),
        Ok(Ok(found)) => {
            let found: Vec<_> = found.take(ADDRESSES).collect();
            if found.is_empty() { Err(Unresolved::Empty) } else { Ok(found) }
        }
    }
}

/// Opens a connection.
pub(in crate::cli) async fn connect(
    address: SocketAddr,
    patience: Duration,
) -> Result<TcpStream, Unconnected> {
    match timeout(patience, TcpStream::connect(address)).await {
        Err(_elapsed) => Err(Unconnected::TimedOut),
        Ok(connected) => connected.map_err(Unconnected::Failed),
    }
}

/// Whether an open connection failed because the other side has gone.
pub(super) const fn is_an_end(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// What an attempt in vain shows of the way to the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Shown {
    /// The network, or the other side, refuses or swallows it.
    Closed,
    /// This machine has no route, so no firewall was asked.
    NoRoute,
    /// Nothing: this machine could not even try.
    Nothing,
}

impl Unconnected {
    /// What it shows.
    pub(in crate::cli) fn shows(&self) -> Shown {
        let Self::Failed(error) = self else { return Shown::Closed };
        let closed = [
            ErrorKind::ConnectionRefused,
            ErrorKind::ConnectionReset,
            ErrorKind::HostUnreachable,
            ErrorKind::TimedOut,
        ];
        if closed.contains(&error.kind()) {
            Shown::Closed
        } else if error.kind() == ErrorKind::NetworkUnreachable {
            Shown::NoRoute
        } else {
            Shown::Nothing
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::NoRoute => "no route",
            Self::Nothing => "not tried",
        })
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("the name server does not answer in time"),
            Self::Failed(error) => write!(f, "the name cannot be resolved: {}", words(error)),
            Self::Empty => f.write_str("the name has no address"),
        }
    }
}

impl fmt::Display for Unconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match self {
            Self::TimedOut => return f.write_str(FILTERED),
            Self::Failed(error) => error,
        };
        if error.kind() == ErrorKind::TimedOut {
            return f.write_str(FILTERED);
        }
        let known = [
            (ErrorKind::ConnectionRefused, "refused: nothing listens there, or a firewall rejects"),
            (ErrorKind::ConnectionReset, "reset while connecting"),
            (ErrorKind::HostUnreachable, "no way to this host, or a firewall forbids it"),
            (ErrorKind::NetworkUnreachable, "no way to this network from here"),
        ];
        match known.iter().find(|(kind, _)| *kind == error.kind()) {
            Some((_, words)) => f.write_str(words),
            None => write!(f, "this machine cannot connect: {}", words(error)),
        }
    }
}

const FILTERED: &str = "no answer in time: a firewall drops it, or the host is down";
