//! The target is asked for the association.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::pin::pin;

use pacsgate_core::policy::{Conclusion, Permit};
use pacsgate_core::wire::associate::ReceivedAc;
use pacsgate_core::wire::reject::Abort;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::{Limits, Target};
use crate::reason::Reason;
use crate::relay::farewell::Farewell;
use crate::relay::target::{self, TargetFailure, Unanswered};
use crate::site::Site;
use crate::stream::proxy_protocol::{self, Ends};
use crate::stream::sides::TargetStream;
use crate::stream::tls::{OutgoingFailure, OutgoingFault};

/// A target that did not open the association, and what is to be said of it and to it.
pub(super) struct Refused {
    pub(super) reason: Reason,
    /// What TLS knows of it besides.
    pub(super) tls: Option<Box<OutgoingFailure>>,
    pub(super) acceptor: Option<(TargetStream, Farewell)>,
}

impl Refused {
    pub(super) fn new(reason: impl Into<Reason>) -> Self {
        Self { reason: reason.into(), tls: None, acceptor: None }
    }

    fn by(reason: impl Into<Reason>, word: Option<Abort>, stream: TargetStream) -> Self {
        let farewell = word.map(|abort| Farewell::word(&abort.encode())).unwrap_or_default();
        Self { reason: reason.into(), tls: None, acceptor: Some((stream, farewell)) }
    }

    /// TLS 1.3 tells of a refused certificate only when the answer is awaited.
    fn late(error: &io::Error, stream: TargetStream) -> Self {
        let Some(fault) = OutgoingFault::of_read(error) else {
            return Self::by(TargetFailure::Closed, None, stream);
        };
        let said = Some(error.to_string());
        let refused = Self::from(OutgoingFailure { fault, presented: None, said });
        Self { acceptor: Some((stream, Farewell::default())), ..refused }
    }
}

impl From<OutgoingFailure> for Refused {
    fn from(failure: OutgoingFailure) -> Self {
        Self { reason: failure.fault.into(), tls: Some(Box::new(failure)), acceptor: None }
    }
}

/// Reaches the target and asks it, unless the requestor is `gone` first.
pub(super) async fn ask_target(
    site: &Site,
    permit: &Permit,
    ends: io::Result<Ends>,
    gone: impl Future<Output = ()>,
) -> Result<(TargetStream, Conclusion), Refused> {
    let request = permit.request().encode();
    let request = request.map_err(|_| Refused::new(TargetFailure::RequestTooLong))?;
    let Some(target) = site.target(permit) else {
        return Err(Refused::new(TargetFailure::Unreachable(ErrorKind::AddrNotAvailable)));
    };
    let header = if target.proxy_protocol {
        // A socket that has no address any more has no requestor.
        let header = ends.and_then(proxy_protocol::header);
        header.map_err(|_| Refused::new(TargetFailure::Abandoned))?
    } else {
        Vec::new()
    };
    let mut gone = pin!(gone);
    let mut stream = tokio::select! {
        reached = reach(permit, target, &site.limits, &header) => reached?,
        () = &mut gone => return Err(Refused::new(TargetFailure::Abandoned)),
    };
    let answer = tokio::select! {
        answer = timeout(site.limits.answer, target::ask(&mut stream, &request)) => {
            answer.unwrap_or(Err(Unanswered::Failed(TargetFailure::Silent)))
        }
        () = gone => Err(Unanswered::Failed(TargetFailure::Abandoned)),
    };
    conclude(permit, stream, answer)
}

/// Connects, says for whom if it is to be told, and shakes hands if it speaks TLS.
async fn reach(
    permit: &Permit,
    target: &Target,
    limits: &Limits,
    header: &[u8],
) -> Result<TargetStream, Refused> {
    let socket = target::connect(permit, &target.address, limits).await;
    let mut socket = socket.map_err(Refused::new)?;
    if !header.is_empty() {
        let told = timeout(limits.dial, socket.write_all(header)).await;
        if !matches!(told, Ok(Ok(()))) {
            return Err(Refused::new(TargetFailure::Closed));
        }
    }
    let Some(tls) = &target.tls else { return Ok(TargetStream::Plain(socket)) };
    let address = address(&socket);
    let shaken = timeout(limits.handshake, Box::pin(tls.connect(address, socket))).await;
    match shaken.unwrap_or_else(|_| Err(OutgoingFault::Timeout.into())) {
        Ok(stream) => Ok(TargetStream::Tls(Box::new(stream))),
        Err(failure) => Err(failure.into()),
    }
}

/// Without one it has gone, and the handshake says so.
fn address(socket: &TcpStream) -> IpAddr {
    socket.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip())
}

fn conclude(
    permit: &Permit,
    stream: TargetStream,
    answer: Result<ReceivedAc, Unanswered>,
) -> Result<(TargetStream, Conclusion), Refused> {
    let received = match answer {
        Ok(received) => received,
        Err(Unanswered::Failed(failure)) => {
            return Err(Refused::by(failure, failure.abort(), stream));
        }
        Err(Unanswered::Ended(error)) => return Err(Refused::late(&error, stream)),
    };
    match permit.conclude(received) {
        Ok(conclusion) => Ok((stream, conclusion)),
        Err(fault) => Err(Refused::by(fault, Some(fault.answer()), stream)),
    }
}
