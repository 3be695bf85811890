//! The sockets of the endpoint.

use std::fmt;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

use super::host::Over;
use crate::config::Endpoint;
use crate::host::ports;
use crate::host::sockets::{self, Name};
use crate::listener;

/// Those of the gate's group may ask, besides root.
const MODE: u32 = 0o660;

/// A socket on which requests are accepted.
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, Name),
}

/// A connection of either kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Socket {
    /// To be called inside the runtime that will serve it.
    pub(super) fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        match endpoint {
            Endpoint::Tcp(address) => listener::bind(*address, None).map(Self::Tcp),
            Endpoint::Unix(path) => {
                let (socket, name) = sockets::listen(path, MODE)?;
                socket.set_nonblocking(true)?;
                UnixListener::from_std(socket).map(|socket| Self::Unix(socket, name))
            }
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(socket) => Box::new(socket.accept().await?.0),
            Self::Unix(socket, _) => Box::new(socket.accept().await?.0),
        })
    }

    pub(super) const fn over(&self) -> Over {
        match self {
            Self::Tcp(_) => Over::Tcp,
            Self::Unix(..) => Over::Unix,
        }
    }

    /// Whether those who dial its address still get to it: the name of a Unix socket may be taken away.
    pub(super) fn is_found(&self) -> bool {
        match self {
            Self::Tcp(_) => true,
            Self::Unix(_, name) => name.leads_there(),
        }
    }

    /// Takes the name of a Unix socket away.
    pub(super) fn remove(&self) {
        let Self::Unix(_, name) = self else { return };
        if let Err(error) = name.remove() {
            tracing::debug!(%error, "a socket of the admin endpoint is left behind");
        }
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(socket) => match socket.local_addr() {
                Ok(address) => write!(f, "http://{address}/"),
                Err(_gone) => f.write_str("a port that is gone"),
            },
            Self::Unix(_, name) => name.path().display().fmt(f),
        }
    }
}

/// What to do about an address that the system does not give.
pub(super) fn cure(endpoint: &Endpoint, error: &io::Error) -> &'static str {
    match (endpoint, error.kind()) {
        (Endpoint::Tcp(_), _) => ports::cure(error),
        (Endpoint::Unix(_), io::ErrorKind::AddrInUse) => {
            "; another program answers there, maybe another pacsgate: give each a path of its own"
        }
        (Endpoint::Unix(_), io::ErrorKind::ResourceBusy) => {
            "; another program has a socket there and takes no connections: end it, or choose another path"
        }
        (Endpoint::Unix(_), io::ErrorKind::AlreadyExists) => {
            "; there is a file that is no socket: choose another path, or take it away"
        }
        (Endpoint::Unix(_), io::ErrorKind::NotFound) => {
            "; the folder has to be there: systemd makes /run/pacsgate (RuntimeDirectory=pacsgate)"
        }
        (Endpoint::Unix(_), io::ErrorKind::PermissionDenied) => {
            "; the gate's user has to be the owner of the folder, as it is of /run/pacsgate, and of a socket in it"
        }
        (Endpoint::Unix(_), _) => "",
    }
}
