//! The way to a target: dialled with a permit only, asked with the permit's own request.

use std::io;
use std::net::IpAddr;

use pacsgate_core::policy::Permit;
use pacsgate_core::reason::Answer;
use pacsgate_core::wire::associate::{AnswerHeader, AssociateError, ReceivedAc, answer_header};
use pacsgate_core::wire::pdu::Header;
use pacsgate_core::wire::reject::{Abort, RefusalBody, Reject};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::ending::BROKEN_TLS;
use crate::config::{Address, Limits};
use crate::dial::{self, Obstacle, Undialled};
use crate::net;

const CONGESTION: Answer = Answer::Reject(Reject::CONGESTION);

const CHECK_ADDRESS: &str = "Check that the PACS is running, that pacs.NAME.address is right (and its name resolves), and \
     the firewall in between.";
const CHECK_WAY: &str = "Check that the PACS is running, that pacs.NAME.address is right (and its name resolves), and \
     the firewall in between. If source_address is named: that this machine has that address, and a way from it \
     to the PACS.";
const ENDED_INSTEAD: &str = "Look at the PACS's log: it ended the connection instead of answering. With \
     pacs.NAME.proxy_protocol it must read the PROXY protocol; take that out if it does not.";

pacsgate_core::reasons! {
    /// Why the target did not open the association, with what the requestor hears.
    pub enum TargetFailure -> Answer {
        Unreachable(Obstacle = Obstacle::System(io::ErrorKind::ConnectionRefused)): "target-unreachable",
            "no TCP connection to the PACS: {0}", CHECK_WAY => CONGESTION;
        DialTimeout: "target-dial-timeout",
            "no TCP connection to the PACS within limits.dial", CHECK_ADDRESS => CONGESTION;
        Down: "target-down",
            "no address of the PACS is alive",
            "Look at the PACS: none of the addresses in pacs.NAME.address answers the gate's own C-ECHO \
             (pacs.NAME.health). The lines `health` of the audit say since when and why." => CONGESTION;
        NoDescriptor: "out-of-descriptors",
            "the process had no file descriptor left for the connection",
            "Raise the limit of open files (LimitNOFILE in the unit): the gate had none left to \
             reach the PACS." => CONGESTION;
        Abandoned: "closed-before-answer",
            "the requestor left before the PACS had answered",
            "Raise the association time-out of the device: it left before the PACS answered."
            => Answer::Close;
        BrokenTls: "broken-tls-before-answer",
            "what came from the requestor before the PACS had answered broke the rules of TLS", BROKEN_TLS
            => Answer::Alert("");
        Silent: "target-silent",
            "no answer from the PACS within limits.answer",
            "Look at the PACS: it took the connection and did not answer within limits.answer."
            => CONGESTION;
        Closed: "target-closed",
            "the PACS closed the connection instead of answering", ENDED_INSTEAD => CONGESTION;
        Rejected(Reject = Reject::NO_REASON): "target-rejected",
            "the PACS answered {0}",
            "Look at the PACS's log: it must know the calling title, its own called title \
             (pacs.NAME.ae_title) and the gate's address." => Answer::Relayed(Reject::NO_REASON);
        Aborted(Abort = Abort::NO_REASON): "target-aborted",
            "the PACS answered {0}", ENDED_INSTEAD => CONGESTION;
        Malformed(AssociateError = AssociateError::CutItemHeader): "target-malformed-answer",
            "the PACS's answer breaks a rule: {0}",
            "If the PDU type is 15, that is an alert of TLS: the PACS wants TLS, so add a [pacs.NAME.tls] table. \
             Otherwise look at the PACS: its answer breaks the DICOM standard. Is it the server you think?"
            => CONGESTION;
        /// The gate's own request does not fit into the fields of its PDU.
        RequestTooLong: "request-too-long",
            "the request that the gate would send is too long for its own fields",
            "Configure fewer presentation contexts or extended negotiations at the device."
            => Answer::Reject(Reject::LOCAL_LIMIT);
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// It was one of these.
    Failed(TargetFailure),
    /// The connection ended; what it says may be TLS's.
    Ended(io::Error),
}

/// Connects to the target, from an address of this machine if one is given; only a [`Permit`] leads here.
///
/// # Errors
///
/// Why there is no connection.
pub async fn connect(
    permit: &Permit,
    target: &Address,
    source: Option<IpAddr>,
    limits: &Limits,
) -> Result<TcpStream, TargetFailure> {
    debug_assert!(!permit.request().contexts.is_empty(), "a permit without a context");
    match dial::connect(target, source, limits.dial).await {
        Err(Undialled::TimedOut) => Err(TargetFailure::DialTimeout),
        Err(Undialled::NoDescriptor) => Err(TargetFailure::NoDescriptor),
        Err(Undialled::Failed(obstacle)) => Err(TargetFailure::Unreachable(obstacle)),
        Ok(stream) => {
            net::prepare(&stream, limits.keepalive);
            Ok(stream)
        }
    }
}

/// Asks for the association, and reads exactly the answer: what the target sends behind it waits for
/// the relay. The caller sets the deadline.
///
/// # Errors
///
/// Everything short of a well-formed A-ASSOCIATE-AC. What the answer accepts is for
/// [`Permit::conclude`] to judge.
pub async fn ask<S>(stream: &mut S, request: &[u8]) -> Result<ReceivedAc, Unanswered>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let failed = Unanswered::Failed;
    let asked = async {
        stream.write_all(request).await?;
        stream.flush().await
    };
    // A target that refuses says why before it closes: where nothing can be written any more, the
    // reason (in TLS an alert) may still wait to be read.
    let _ = asked.await;
    let mut header = [0; Header::LEN];
    stream.read_exact(&mut header).await?;
    match answer_header(header).map_err(|error| failed(TargetFailure::Malformed(error)))? {
        AnswerHeader::Accept(length) => {
            let mut body = Vec::new();
            net::read_body(stream, length, &mut body).await?;
            ReceivedAc::parse(&body).map_err(|error| failed(TargetFailure::Malformed(error)))
        }
        AnswerHeader::Reject => {
            Err(failed(TargetFailure::Rejected(Reject::parse(refusal_body(stream).await?))))
        }
        AnswerHeader::Abort => {
            Err(failed(TargetFailure::Aborted(Abort::parse(refusal_body(stream).await?))))
        }
    }
}

async fn refusal_body<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<RefusalBody> {
    let mut body = RefusalBody::default();
    stream.read_exact(&mut body).await?;
    Ok(body)
}

impl From<io::Error> for Unanswered {
    fn from(error: io::Error) -> Self {
        Self::Ended(error)
    }
}

impl TargetFailure {
    /// What the requestor is told: a rejection of the target is passed on, as the standard has it.
    pub const fn passed_on(self) -> Answer {
        if let Self::Rejected(reject) = self {
            return Answer::Relayed(reject.standard());
        }
        self.answer()
    }

    /// What the target itself is told, where it waits for a word of ours (PS3.8 section 9.2,
    /// state 5).
    pub const fn abort(self) -> Option<Abort> {
        match self {
            Self::Malformed(error) => Some(error.abort_to_acceptor()),
            Self::Silent | Self::Abandoned | Self::BrokenTls => Some(Abort::NO_REASON),
            Self::Unreachable(_)
            | Self::DialTimeout
            | Self::Down
            | Self::NoDescriptor
            | Self::Closed
            | Self::Rejected(_)
            | Self::Aborted(_)
            | Self::RequestTooLong => None,
        }
    }
}

#[cfg(test)]
mod tests;
