//! The way to the PACS: dialled with a permit only, asked with the permit's own request.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use pacsgate_core::policy::{AcFault, Permit};
use pacsgate_core::wire::associate::{AssociateError, ReceivedAc, answer_length};
use pacsgate_core::wire::pdu::{Header, PduType};
use pacsgate_core::wire::reject::{Abort, Reject};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::net;

/// A PACS as the gate reaches it.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Host name or address, as written.
    pub host: Arc<str>,
    /// TCP port.
    pub port: u16,
}

/// How long the PACS may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// To take the TCP connection, name resolution included.
    pub dial: Duration,
    /// To answer the association request.
    pub answer: Duration,
    /// Between keepalive probes on a silent connection.
    pub keepalive: Duration,
}

/// Why the PACS did not open the association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacsFailure {
    /// No TCP connection.
    Unreachable(io::ErrorKind),
    /// No TCP connection within [`Patience::dial`].
    DialTimeout,
    /// The process had no file descriptor left for the connection.
    NoDescriptor,
    /// The requestor left before the PACS had answered.
    Abandoned,
    /// No answer within [`Patience::answer`].
    Silent,
    /// It closed the connection instead of answering.
    Closed,
    /// Its own A-ASSOCIATE-RJ, relayed as it is.
    Rejected(Reject),
    /// It sent an A-ABORT instead of an answer.
    Aborted(Abort),
    /// Its answer does not parse.
    Malformed(AssociateError),
    /// Its answer accepts what it was not asked.
    Overreaching(AcFault),
}

/// A PACS that did not open the association, with the connection if there is one: an A-ABORT is
/// still owed to it.
#[derive(Debug)]
pub struct Undialled {
    /// Why.
    pub failure: PacsFailure,
    /// The connection.
    pub stream: Option<TcpStream>,
}

/// Connects to the PACS and asks it for the association, unless the requestor is `gone` first.
///
/// # Errors
///
/// Everything short of a well-formed A-ASSOCIATE-AC. What the answer accepts is for
/// [`Permit::conclude`] to judge.
pub async fn dial(
    permit: &Permit,
    request: &[u8],
    backend: &Backend,
    patience: Patience,
    gone: impl Future<Output = ()>,
) -> Result<(TcpStream, ReceivedAc), Undialled> {
    debug_assert!(!permit.request().contexts.is_empty(), "a permit without a context");
    let mut gone = pin!(gone);
    let connect = TcpStream::connect((&*backend.host, backend.port));
    let connected = tokio::select! {
        connected = timeout(patience.dial, connect) => connected,
        () = &mut gone => return Err(PacsFailure::Abandoned.into()),
    };
    let mut stream = match connected {
        Err(_elapsed) => return Err(PacsFailure::DialTimeout.into()),
        Ok(Err(error)) if net::is_out_of_descriptors(&error) => {
            return Err(PacsFailure::NoDescriptor.into());
        }
        Ok(Err(error)) => return Err(PacsFailure::Unreachable(error.kind()).into()),
        Ok(Ok(stream)) => stream,
    };
    net::prepare(&stream, patience.keepalive);
    let answer = tokio::select! {
        answer = timeout(patience.answer, ask(&mut stream, request)) => {
            answer.unwrap_or(Err(PacsFailure::Silent))
        }
        () = gone => Err(PacsFailure::Abandoned),
    };
    match answer {
        Ok(answer) => Ok((stream, answer)),
        Err(failure) => Err(Undialled { failure, stream: Some(stream) }),
    }
}

/// Reads exactly the answer: what the PACS sends behind it waits for the relay.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> Result<ReceivedAc, PacsFailure> {
    stream.write_all(request).await.map_err(|_| PacsFailure::Closed)?;
    let mut header = [0; Header::LEN];
    stream.read_exact(&mut header).await.map_err(|_| PacsFailure::Closed)?;
    let (kind, length) = answer_length(header).map_err(PacsFailure::Malformed)?;
    // Grows as the bytes arrive, up to the length that was judged.
    let mut body = Vec::new();
    let read = stream.take(length as u64).read_to_end(&mut body).await;
    if !read.is_ok_and(|read| read == length) {
        return Err(PacsFailure::Closed);
    }
    match kind {
        PduType::AssociateAc => ReceivedAc::parse(&body).map_err(PacsFailure::Malformed),
        PduType::AssociateRj => {
            Err(Reject::parse(&body).map_or_else(PacsFailure::Malformed, PacsFailure::Rejected))
        }
        PduType::Abort => {
            Err(Abort::parse(&body).map_or_else(PacsFailure::Malformed, PacsFailure::Aborted))
        }
        PduType::AssociateRq | PduType::Data | PduType::ReleaseRq | PduType::ReleaseRp => {
            Err(PacsFailure::Malformed(AssociateError::UnexpectedPdu(kind)))
        }
    }
}

impl PacsFailure {
    /// What the requestor is told.
    #[must_use]
    pub const fn reject(self) -> Reject {
        match self {
            Self::Rejected(reject) => reject,
            Self::Unreachable(_)
            | Self::DialTimeout
            | Self::NoDescriptor
            | Self::Abandoned
            | Self::Silent
            | Self::Closed
            | Self::Aborted(_)
            | Self::Malformed(_)
            | Self::Overreaching(_) => Reject::CONGESTION,
        }
    }

    /// What the PACS itself is told, where it waits for a word of ours (PS3.8 section 9.2,
    /// state 5).
    #[must_use]
    pub const fn abort(self) -> Option<Abort> {
        match self {
            Self::Malformed(error) => Some(error.abort_to_pacs()),
            Self::Silent | Self::Abandoned => Some(Abort::NO_REASON),
            Self::Overreaching(_) => Some(Abort::INVALID_PARAMETER),
            Self::Unreachable(_)
            | Self::DialTimeout
            | Self::NoDescriptor
            | Self::Closed
            | Self::Rejected(_)
            | Self::Aborted(_) => None,
        }
    }
}

impl From<PacsFailure> for Undialled {
    fn from(failure: PacsFailure) -> Self {
        Self { failure, stream: None }
    }
}
