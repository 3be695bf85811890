//! The way to the PACS: dialled with a permit only, asked with the permit's own request.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use pacsgate_core::policy::{AcFault, Permit};
use pacsgate_core::wire::associate::{AnswerHeader, AssociateError, ReceivedAc, answer_header};
use pacsgate_core::wire::pdu::Header;
use pacsgate_core::wire::reject::{Abort, RefusalBody, Reject};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::net;

/// A PACS as the gate reaches it.
#[derive(Clone, Debug)]
pub struct Target {
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
pub enum TargetFailure {
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
    pub failure: TargetFailure,
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
    target: &Target,
    patience: Patience,
    gone: impl Future<Output = ()>,
) -> Result<(TcpStream, ReceivedAc), Undialled> {
    debug_assert!(!permit.request().contexts.is_empty(), "a permit without a context");
    let mut gone = pin!(gone);
    let connect = TcpStream::connect((&*target.host, target.port));
    let connected = tokio::select! {
        connected = timeout(patience.dial, connect) => connected,
        () = &mut gone => return Err(TargetFailure::Abandoned.into()),
    };
    let mut stream = match connected {
        Err(_elapsed) => return Err(TargetFailure::DialTimeout.into()),
        Ok(Err(error)) if net::is_out_of_descriptors(&error) => {
            return Err(TargetFailure::NoDescriptor.into());
        }
        Ok(Err(error)) => return Err(TargetFailure::Unreachable(error.kind()).into()),
        Ok(Ok(stream)) => stream,
    };
    net::prepare(&stream, patience.keepalive);
    let answer = tokio::select! {
        answer = timeout(patience.answer, ask(&mut stream, request)) => {
            answer.unwrap_or(Err(TargetFailure::Silent))
        }
        () = gone => Err(TargetFailure::Abandoned),
    };
    match answer {
        Ok(answer) => Ok((stream, answer)),
        Err(failure) => Err(Undialled { failure, stream: Some(stream) }),
    }
}

/// Reads exactly the answer: what the PACS sends behind it waits for the relay.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> Result<ReceivedAc, TargetFailure> {
    stream.write_all(request).await.map_err(|_| TargetFailure::Closed)?;
    let mut header = [0; Header::LEN];
    stream.read_exact(&mut header).await.map_err(|_| TargetFailure::Closed)?;
    match answer_header(header).map_err(TargetFailure::Malformed)? {
        AnswerHeader::Accept(length) => {
            let body = accept_body(stream, length).await?;
            ReceivedAc::parse(&body).map_err(TargetFailure::Malformed)
        }
        AnswerHeader::Reject => {
            Err(TargetFailure::Rejected(Reject::parse(refusal_body(stream).await?)))
        }
        AnswerHeader::Abort => {
            Err(TargetFailure::Aborted(Abort::parse(refusal_body(stream).await?)))
        }
    }
}

async fn accept_body(stream: &mut TcpStream, length: usize) -> Result<Vec<u8>, TargetFailure> {
    // Grows as the bytes arrive, up to the length that was judged.
    let mut body = Vec::new();
    let read = stream.take(length as u64).read_to_end(&mut body).await;
    if !read.is_ok_and(|read| read == length) {
        return Err(TargetFailure::Closed);
    }
    Ok(body)
}

async fn refusal_body(stream: &mut TcpStream) -> Result<RefusalBody, TargetFailure> {
    let mut body = RefusalBody::default();
    stream.read_exact(&mut body).await.map_err(|_| TargetFailure::Closed)?;
    Ok(body)
}

impl TargetFailure {
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
            Self::Malformed(error) => Some(error.abort_to_acceptor()),
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

impl From<TargetFailure> for Undialled {
    fn from(failure: TargetFailure) -> Self {
        Self { failure, stream: None }
    }
}
