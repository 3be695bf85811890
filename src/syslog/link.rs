//! A connection to a collector.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::unacknowledged::Socket;
use crate::audit::PeerText;
use crate::config::Collector;
use crate::host::words;
use crate::net;
use crate::stream::read_ahead::ReadAhead;
use crate::stream::sides::TargetStream;
use crate::stream::tls::{OutgoingFailure, OutgoingFault};

/// How long a connection, and then the handshake, may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the collector's system may take to acknowledge something, or to say that it is there.
pub(super) const SILENCE: Duration = Duration::from_secs(60);

/// A connection, and its socket in the kernel's table.
pub(super) struct Link {
    pub(super) stream: TargetStream,
    pub(super) socket: Option<Socket>,
}

/// Why there is no connection, or no more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// No connection.
    #[error("no TCP connection: {}", words(.0))]
    Unreachable(io::Error),
    /// No connection in time.
    #[error("no TCP connection within {}s", PATIENCE.as_secs())]
    Silent,
    /// Its certificate is not trusted, or the gate's is not.
    #[error("no TLS: {0}{1}")]
    Tls(OutgoingFault, Said),
    /// It takes part in no handshake.
    #[error("no TLS: it did not answer the handshake within {}s", PATIENCE.as_secs())]
    SilentTls,
    /// It has ended the connection.
    #[error("it has closed the connection")]
    Closed,
    /// The connection is broken.
    #[error("the connection broke: {}", words(.0))]
    Broken(io::Error),
    /// It does not read.
    #[error("it took nothing for {}s", SILENCE.as_secs())]
    Stalled,
}

/// What else was said.
#[derive(Debug)]
pub(super) struct Said(Option<PeerText>);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_ref().map_or(Ok(()), |said| write!(f, " ({said})"))
    }
}

impl From<io::Error> for Trouble {
    /// Where a connection that is up breaks: in TLS 1.3 that is how a certificate is refused.
    fn from(error: io::Error) -> Self {
        let Some(fault) = OutgoingFault::of_read(&error) else { return Self::Broken(error) };
        let said = PeerText::from_bytes(error.to_string().as_bytes(), PeerText::SENTENCE);
        Self::Tls(fault, Said(Some(said)))
    }
}

impl From<OutgoingFailure> for Trouble {
    fn from(failure: OutgoingFailure) -> Self {
        let said = failure.said.as_deref();
        let said = said.map(|said| PeerText::from_bytes(said.as_bytes(), PeerText::SENTENCE));
        Self::Tls(failure.fault, Said(said))
    }
}

impl Link {
    /// Connects, with TLS where it has it.
    pub(super) async fn to(collector: &Collector) -> Result<Self, Trouble> {
        let address = &collector.address;
        let connect = TcpStream::connect((&*address.host, address.port));
        let stream = timeout(PATIENCE, connect).await.map_err(|_| Trouble::Silent)?;
        let stream = stream.map_err(Trouble::Unreachable)?;
        net::prepare(&stream, SILENCE);
        if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(SILENCE)) {
            tracing::debug!(%error, "a socket took no time-out");
        }
        let socket = Socket::of(&stream);
        let Some(tls) = &collector.tls else {
            return Ok(Self { stream: TargetStream::Plain(ReadAhead::new(stream)), socket });
        };
        let address = stream.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |it| it.ip());
        let shaken = timeout(PATIENCE, Box::pin(tls.connect(address, stream))).await;
        let shaken = shaken.map_err(|_| Trouble::SilentTls)?;
        Ok(Self { stream: TargetStream::Tls(shaken?), socket })
    }
}
