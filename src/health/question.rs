//! A PACS is asked how it is: an association of the gate's own, a C-ECHO, a release.
//!
//! What comes back is read by the parsers that judge every association: a rejection or an abort is an
//! answer of something that lives, whatever it says.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use pacsgate_core::wire::associate::{AssociateError, ReceivedAc};
use pacsgate_core::wire::reject::{Abort, Reject};
use pacsgate_core::wire::title::AeTitle;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant as Deadline;

use super::echo::{Echo, Echoed, Proposal};
use crate::config::{Address, Asking, Target};
use crate::dial::{self, Obstacle, Undialled};
use crate::net;
use crate::relay::target::{self, TargetFailure, Unanswered};
use crate::stream::proxy_protocol::{self, Ends};
use crate::stream::read_ahead::ReadAhead;
use crate::stream::sides::TargetStream;
use crate::stream::tls::{self, OutgoingFault};
use crate::timers::{timeout, timeout_at};

/// For the release at the longest, which nobody waits for.
const RELEASE: Duration = Duration::from_secs(2);
/// The first byte of a record of TLS with an alert (RFC 8446 section 5.1), where a PDU has its type.
const TLS_ALERT: u8 = 0x15;

/// What one question needs.
#[derive(Debug)]
pub(super) struct Question {
    address: Address,
    source: Option<IpAddr>,
    proxy_protocol: bool,
    tls: Option<tls::Client>,
    asking: Asking,
    keepalive: Duration,
    proposal: Proposal,
    /// The name that is looked up: a resolver that does not answer holds up one thread, not one more with
    /// each question.
    lookup: Option<JoinHandle<io::Result<Vec<SocketAddr>>>>,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Heard {
    /// It is alive; what is wrong there all the same.
    Alive(Duration, Option<Oddity>),
    /// It has not answered as anything that speaks DICOM does.
    Nothing(Silence),
    /// The gate could not ask, which says nothing of the PACS.
    Unasked(Hindrance),
}

/// Why the gate could not ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Hindrance {
    /// As every connection needs one.
    #[error("the process has no file descriptor left to ask a PACS how it is")]
    NoDescriptor,
}

/// Why it counts as not alive.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Silence {
    /// What is in the way.
    #[error("no TCP connection: {0}")]
    Unreachable(Obstacle),
    /// Nothing came back.
    #[error("no TCP connection within health_timeout")]
    NoConnection,
    /// TLS did not come up.
    #[error("no TLS: {0}")]
    Tls(OutgoingFault),
    /// No word on the request.
    #[error(
        "it took the connection and did not answer the association request within health_timeout"
    )]
    NoAnswer,
    /// It answered the request and nothing after it.
    #[error("it accepted the association and did not answer the C-ECHO within health_timeout")]
    NoEcho,
    /// An end instead of an answer.
    #[error("it closed the connection instead of answering the association request")]
    Closed,
    /// An alert of TLS.
    #[error("it speaks TLS; add a [pacs.NAME.tls] table")]
    WantsTls,
    /// Not DICOM.
    #[error("its answer to the association request breaks a rule: {0}")]
    Malformed(AssociateError),
}

/// What is wrong at one that lives.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Oddity {
    /// The gate's title is unknown there.
    #[error("the PACS rejects the gate's title {0}: it is alive")]
    Title(AeTitle),
    /// Its own title is another one.
    #[error(
        "the PACS rejects the title {0} as none of its own: it is alive, and other associations fail likewise"
    )]
    Called(AeTitle),
    /// Any other rejection.
    #[error("the PACS answered the gate's association request with {0}: it is alive")]
    Rejected(Reject),
    /// An abort instead of an answer.
    #[error("the PACS answered the gate's association request with {0}: it is alive")]
    Aborted(Abort),
    /// What came of the C-ECHO.
    #[error("the PACS accepted the gate's association, and {0}: it is alive")]
    Echo(Echoed),
}

impl Silence {
    /// Whether it is this machine's, from which nothing leads there.
    pub(super) const fn is_own_fault(&self) -> bool {
        matches!(self, Self::Unreachable(Obstacle::Source(..)))
    }
}

impl Question {
    /// `None` where the target is not asked.
    pub(super) fn new(target: &Target, address: &Address, keepalive: Duration) -> Option<Self> {
        let asking = target.health.clone()?;
        let proposal = Proposal::new(asking.calling, asking.called)?;
        Some(Self {
            address: address.clone(),
            source: target.source,
            proxy_protocol: target.proxy_protocol,
            tls: target.tls.clone(),
            asking,
            keepalive,
            proposal,
            lookup: None,
        })
    }

    /// From one question to the next.
    pub(super) const fn every(&self) -> Duration {
        self.asking.every
    }

    /// Asks once: not longer than the time for an answer, and for the release behind it.
    pub(super) async fn ask(&mut self) -> Heard {
        let began = Instant::now();
        let end = Deadline::now() + self.asking.timeout;
        let mut stream = match Box::pin(self.reach(end)).await {
            Ok(stream) => stream,
            Err(heard) => return heard,
        };
        let asked = timeout_at(end, target::ask(&mut stream, self.proposal.request())).await;
        let Ok(asked) = asked else { return Heard::Nothing(Silence::NoAnswer) };
        let accepted = match asked {
            Ok(accepted) => accepted,
            Err(unanswered) => return self.unanswered(unanswered, began),
        };
        let heard = match timeout_at(end, self.echo(&mut stream, &accepted)).await {
            Err(_elapsed) => Heard::Nothing(Silence::NoEcho),
            Ok(Ok(())) => Heard::Alive(began.elapsed(), None),
            Ok(Err(echoed)) => Heard::Alive(began.elapsed(), Some(Oddity::Echo(echoed))),
        };
        leave(stream, matches!(heard, Heard::Alive(_, None)), self.asking.timeout).await;
        heard
    }

    /// TCP, for whom it is where that is to be told, and TLS.
    async fn reach(&mut self, end: Deadline) -> Result<TargetStream, Heard> {
        let nothing = Heard::Nothing;
        let dialled = timeout_at(end, self.dial()).await;
        let dialled = dialled.map_err(|_elapsed| nothing(Silence::NoConnection))?;
        let mut socket = dialled.map_err(|undialled| match undialled {
            Undialled::NoDescriptor => Heard::Unasked(Hindrance::NoDescriptor),
            Undialled::TimedOut => nothing(Silence::NoConnection),
            Undialled::Failed(obstacle) => nothing(Silence::Unreachable(obstacle)),
        })?;
        net::prepare(&socket, self.keepalive);
        let closed = |_| nothing(Silence::Closed);
        let peer = socket.peer_addr().map_err(closed)?;
        if self.proxy_protocol {
            // The gate asks for itself.
            let source = socket.local_addr().map_err(closed)?;
            let header = proxy_protocol::header(Ends { source, destination: peer });
            let header = header.map_err(closed)?;
            let told = timeout_at(end, socket.write_all(&header)).await;
            told.map_err(|_elapsed| nothing(Silence::NoAnswer))?.map_err(closed)?;
        }
        let Some(tls) = &self.tls else { return Ok(TargetStream::Plain(ReadAhead::new(socket))) };
        let no_tls = |fault| nothing(Silence::Tls(fault));
        let shaken = timeout_at(end, tls.connect(peer.ip(), socket)).await;
        let shaken = shaken.map_err(|_elapsed| no_tls(OutgoingFault::Timeout))?;
        let stream = shaken.map_err(|failure| no_tls(failure.fault))?;
        Ok(TargetStream::Tls(stream))
    }

    async fn dial(&mut self) -> Result<TcpStream, Undialled> {
        let address = self.address.clone();
        let start = || tokio::spawn(async move { dial::resolve(&address).await });
        let found = self.lookup.get_or_insert_with(start).await;
        self.lookup = None;
        let found = found.unwrap_or_else(|error| Err(error.into()));
        let found = found.map_err(|error| Undialled::unresolved(&error))?;
        dial::connect_any(found, self.source, self.asking.timeout).await
    }

    fn unanswered(&self, unanswered: Unanswered, began: Instant) -> Heard {
        let alive = |oddity| Heard::Alive(began.elapsed(), Some(oddity));
        let failure = match unanswered {
            Unanswered::Failed(failure) => failure,
            // TLS 1.3 tells of a refused certificate only when the answer is awaited.
            Unanswered::Ended(error) => {
                let fault = OutgoingFault::of_read(&error);
                return Heard::Nothing(fault.map_or(Silence::Closed, Silence::Tls));
            }
        };
        match failure {
            TargetFailure::Rejected(reject) => alive(self.rejected(reject)),
            TargetFailure::Aborted(abort) => alive(Oddity::Aborted(abort)),
            TargetFailure::Malformed(AssociateError::UnknownPdu(TLS_ALERT)) => {
                Heard::Nothing(Silence::WantsTls)
            }
            TargetFailure::Malformed(error) => Heard::Nothing(Silence::Malformed(error)),
            TargetFailure::Unreachable(_)
            | TargetFailure::DialTimeout
            | TargetFailure::NoDescriptor
            | TargetFailure::Abandoned
            | TargetFailure::BrokenTls
            | TargetFailure::Silent
            | TargetFailure::Closed
            | TargetFailure::Down
            | TargetFailure::RequestTooLong => Heard::Nothing(Silence::Closed),
        }
    }

    fn rejected(&self, reject: Reject) -> Oddity {
        if reject == Reject::CALLING_TITLE {
            Oddity::Title(self.asking.calling)
        } else if reject == Reject::CALLED_TITLE {
            Oddity::Called(self.asking.called)
        } else {
            Oddity::Rejected(reject)
        }
    }

    async fn echo(&self, stream: &mut TargetStream, accepted: &ReceivedAc) -> Result<(), Echoed> {
        Echo::new(accepted).ok_or(Echoed::NotAccepted)?.exchange(stream).await
    }
}

/// Ends the association: in good order if all was well, and otherwise by an abort.
async fn leave(mut stream: TargetStream, is_well: bool, patience: Duration) {
    let leaving = async {
        if is_well {
            super::echo::release(&mut stream).await
        } else {
            stream.write_all(&Abort::NO_REASON.encode()).await?;
            stream.shutdown().await
        }
    };
    // It has answered, and that is what was asked.
    let _ = timeout(patience.min(RELEASE), leaving).await;
}
