//! The way to the PACS: dialled with a permit only, asked with the permit's own request.

use std::future::Future;
use std::io;
use std::pin::pin;

use pacsgate_core::policy::Permit;
use pacsgate_core::reason::Answer;
use pacsgate_core::wire::associate::{AnswerHeader, AssociateError, ReceivedAc, answer_header};
use pacsgate_core::wire::pdu::Header;
use pacsgate_core::wire::reject::{Abort, RefusalBody, Reject};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::{Address, Limits};
use crate::net;

const CONGESTION: Answer = Answer::Reject(Reject::CONGESTION);

const CHECK_ADDRESS: &str = "Check that the PACS is running, that pacs.NAME.address is right (and its name resolves), and \
     the firewall in between.";
const ENDED_INSTEAD: &str = "Look at the PACS's log: it ended the connection instead of answering. With \
     pacs.NAME.proxy_protocol it must read the PROXY protocol; take that out if it does not.";

pacsgate_core::reasons! {
    /// Why the target did not open the association, with what the requestor hears.
    pub enum TargetFailure -> Answer {
        Unreachable(io::ErrorKind = io::ErrorKind::ConnectionRefused): "target-unreachable",
            "no TCP connection to the PACS: {0}", CHECK_ADDRESS => CONGESTION;
        DialTimeout: "target-dial-timeout",
            "no TCP connection to the PACS within limits.dial", CHECK_ADDRESS => CONGESTION;
        NoDescriptor: "out-of-descriptors",
            "the process had no file descriptor left for the connection",
            "Raise the limit of open files (LimitNOFILE in the unit): the gate had none left to \
             reach the PACS." => CONGESTION;
        Abandoned: "closed-before-answer",
            "the requestor left before the PACS had answered",
            "Raise the association time-out of the device: it left before the PACS answered."
            => Answer::Close;
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
            "Look at the PACS: its answer breaks the DICOM standard. Is it the server you think?"
            => CONGESTION;
        /// The gate's own request does not fit into the fields of its PDU.
        RequestTooLong: "request-too-long",
            "the request that the gate would send is too long for its own fields",
            "Configure fewer presentation contexts or extended negotiations at the device."
            => Answer::Reject(Reject::LOCAL_LIMIT);
    }
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

/// Connects to the PACS and asks it for the association, unless the requestor is `gone` first. Before
/// the `request` there may be word of who that is.
///
/// # Errors
///
/// Everything short of a well-formed A-ASSOCIATE-AC. What the answer accepts is for
/// [`Permit::conclude`] to judge.
pub async fn dial(
    permit: &Permit,
    request: &[u8],
    target: &Address,
    limits: &Limits,
    gone: impl Future<Output = ()>,
) -> Result<(TcpStream, ReceivedAc), Undialled> {
    debug_assert!(!permit.request().contexts.is_empty(), "a permit without a context");
    let mut gone = pin!(gone);
    let connect = TcpStream::connect((&*target.host, target.port));
    let connected = tokio::select! {
        connected = timeout(limits.dial, connect) => connected,
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
    net::prepare(&stream, limits.keepalive);
    let answer = tokio::select! {
        answer = timeout(limits.answer, ask(&mut stream, request)) => {
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
            let mut body = Vec::new();
            let read = net::read_body(stream, length, &mut body).await;
            read.map_err(|_| TargetFailure::Closed)?;
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

async fn refusal_body(stream: &mut TcpStream) -> Result<RefusalBody, TargetFailure> {
    let mut body = RefusalBody::default();
    stream.read_exact(&mut body).await.map_err(|_| TargetFailure::Closed)?;
    Ok(body)
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
            Self::Silent | Self::Abandoned => Some(Abort::NO_REASON),
            Self::Unreachable(_)
            | Self::DialTimeout
            | Self::NoDescriptor
            | Self::Closed
            | Self::Rejected(_)
            | Self::Aborted(_)
            | Self::RequestTooLong => None,
        }
    }
}

impl From<TargetFailure> for Undialled {
    fn from(failure: TargetFailure) -> Self {
        Self { failure, stream: None }
    }
}
