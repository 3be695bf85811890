//! The association for a C-ECHO (PS3.4 annex A), and what comes back in it.
//!
//! The inspector that judges every association judges this one, in which the gate is the requestor.

use std::io;
use std::sync::Arc;

use pacsgate_core::direction::Direction;
use pacsgate_core::inspector::{
    Context, Contexts, Fault, Grants, Guarding, Inspector, Maxima, Out, Phase,
};
use pacsgate_core::services::{Operation, Operations};
use pacsgate_core::side::{PerSide, Side};
use pacsgate_core::transfer_syntax::TransferSyntax;
use pacsgate_core::wire::associate::{
    AssociateRq, ContextAnswer, ContextId, ProposedContext, ReceivedAc, UserInformation,
    VersionName, implementation_class,
};
use pacsgate_core::wire::pdu::{Header, PduType, RELEASE_RQ};
use pacsgate_core::wire::reject::Abort;
use pacsgate_core::wire::title::AeTitle;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const VERIFICATION: &str = "1.2.840.10008.1.1";
/// Every application entity takes it (PS3.5 section 10.1).
const IMPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2";
const VERSION: &[u8] = b"PACSGATE";
const CONTEXT: u8 = 1;
/// The longest PDU that is announced: more than any response to a C-ECHO has.
const MAXIMUM: u32 = 16 * 1024;
/// All that is read for an answer: a response may come in pieces, and be preceded by nothing.
const ALL: usize = 4 * MAXIMUM as usize;
/// A whole command in one fragment (PS3.8 annex E.2).
const LAST_OF_COMMAND: u8 = 3;

/// A request for an association.
#[derive(Clone, Debug)]
pub(super) struct Proposal(Arc<[u8]>);

/// What came of a C-ECHO, short of a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Echoed {
    /// The context is not accepted.
    #[error("takes no C-ECHO in it")]
    NotAccepted,
    /// The status of the response.
    #[error("answered the C-ECHO with the status {0:04x}")]
    Status(u16),
    /// An end instead of a response.
    #[error("closed the connection instead of answering the C-ECHO")]
    Closed,
    /// An abort.
    #[error("answered the C-ECHO with {0}")]
    Aborted(Abort),
    /// A release, or bytes without end.
    #[error("answered the C-ECHO with something else")]
    Other,
    /// What an association would be ended for.
    #[error("its answer to the C-ECHO breaks a rule ({0})")]
    Faulty(Fault),
}

/// An association that is open for a C-ECHO.
pub(super) struct Echo(Inspector);

impl Proposal {
    /// `None` only where a text of this file is no UID.
    pub(super) fn new(calling: AeTitle, called: AeTitle) -> Option<Self> {
        let context = ProposedContext {
            id: ContextId::new(CONTEXT)?,
            abstract_syntax: VERIFICATION.parse().ok()?,
            transfer_syntaxes: vec![IMPLICIT_VR_LITTLE_ENDIAN.parse().ok()?],
        };
        let user = UserInformation {
            maximum_length: MAXIMUM,
            implementation_class: implementation_class(),
            implementation_version: VersionName::parse(VERSION),
            roles: Vec::new(),
            extended: Vec::new(),
        };
        let request = AssociateRq { called, calling, contexts: vec![context], user };
        Some(Self(request.encode().ok()?.into()))
    }

    /// The whole PDU.
    pub(super) fn request(&self) -> &[u8] {
        &self.0
    }
}

impl Echo {
    /// `None` where the answer does not accept the context as it was proposed.
    pub(super) fn new(accepted: &ReceivedAc) -> Option<Self> {
        let id = ContextId::new(CONTEXT)?;
        let mut results = accepted.answer.results.iter().filter(|result| result.id == id);
        let first = results.next()?;
        let is_accepted = |answer: &ContextAnswer| match answer {
            ContextAnswer::Accepted(syntax) => syntax.as_str() == IMPLICIT_VR_LITTLE_ENDIAN,
            ContextAnswer::Rejected(_) => false,
        };
        if !is_accepted(&first.answer) || results.any(|other| other.answer != first.answer) {
            return None;
        }
        let context = Context {
            id,
            abstract_syntax: VERIFICATION.parse().ok()?,
            transfer_syntax: TransferSyntax::find(&IMPLICIT_VR_LITTLE_ENDIAN.parse().ok()?)?,
            operations: Operations::NONE.and_by_requestor(&[Operation::CEcho]),
        };
        let announced = accepted.answer.user.maximum_length;
        let maxima = Maxima {
            to_acceptor: if announced == 0 { u32::MAX } else { announced },
            to_requestor: MAXIMUM,
            from_requestor: MAXIMUM,
            from_acceptor: MAXIMUM,
        };
        let grants = Grants {
            direction: Direction::Inward,
            move_to: [].into(),
            titles: [].into(),
            guarding: PerSide { requestor: Guarding::default(), acceptor: Guarding::default() },
        };
        Some(Self(Inspector::new(Contexts::new(vec![context], maxima, grants))))
    }

    /// Asks, and reads the response. The caller sets the deadline.
    pub(super) async fn exchange<S>(mut self, stream: &mut S) -> Result<(), Echoed>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut out = Out::default();
        self.feed(Side::Requestor, &question(), &mut out)?;
        let asked = async {
            stream.write_all(&out.to_acceptor).await?;
            stream.flush().await
        };
        // Where nothing can be written any more, why may still wait to be read.
        let _ = asked.await;
        out.to_acceptor.clear();
        let mut buffer = Vec::with_capacity(Header::LEN + MAXIMUM as usize);
        let mut read = 0;
        while read < ALL {
            buffer.clear();
            let count = stream.read_buf(&mut buffer).await.map_err(|_| Echoed::Closed)?;
            if count == 0 {
                return Err(Echoed::Closed);
            }
            read += count;
            out.to_requestor.clear();
            self.feed(Side::Acceptor, &buffer, &mut out)?;
            if let Some(outcome) = self.outcome() {
                return outcome;
            }
            // A request of its own, which the inspector has answered.
            if !out.to_acceptor.is_empty() {
                return Err(Echoed::Other);
            }
        }
        Err(Echoed::Other)
    }

    fn feed(&mut self, from: Side, input: &[u8], out: &mut Out) -> Result<(), Echoed> {
        let fed = self.0.feed(from, input, out);
        fed.map(drop).map_err(|fault| Echoed::Faulty(fault.what))
    }

    /// `None` as long as nothing is clear.
    fn outcome(&self) -> Option<Result<(), Echoed>> {
        match self.0.phase() {
            Phase::Open | Phase::Operating => {}
            Phase::Releasing(_) | Phase::Released => return Some(Err(Echoed::Other)),
            Phase::Aborted(_) => return Some(Err(Echoed::Aborted(Abort::NO_REASON))),
        }
        let performed = self.0.ledger().operations().first()?;
        Some(match performed.status? {
            0 => Ok(()),
            status => Err(Echoed::Status(status)),
        })
    }
}

/// Releases the association, and ends the connection. The caller sets the deadline.
pub(super) async fn release<S>(stream: &mut S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(&RELEASE_RQ).await?;
    stream.flush().await?;
    // Whatever it is: the gate ends the connection behind it.
    let mut answer = [0; RELEASE_RQ.len()];
    stream.read_exact(&mut answer).await?;
    stream.shutdown().await
}

/// A C-ECHO-RQ in a PDU of its own (PS3.7 table 9.3-12).
fn question() -> Vec<u8> {
    let element = |number: u16, value: &[u8]| {
        let length = u32::try_from(value.len()).unwrap_or_default();
        [&[0, 0], &number.to_le_bytes()[..], &length.to_le_bytes(), value].concat()
    };
    let uid = [VERIFICATION.as_bytes(), &[0]].concat();
    let number = |number: u16, value: u16| element(number, &value.to_le_bytes());
    let rest = [
        element(0x0002, &uid),
        number(0x0100, Operation::CEcho.command_field()),
        number(0x0110, 1),
        // No data set follows.
        number(0x0800, 0x0101),
    ];
    let rest = rest.concat();
    let length = u32::try_from(rest.len()).unwrap_or_default();
    let command = [element(0x0000, &length.to_le_bytes()), rest].concat();
    let length = u32::try_from(command.len()).unwrap_or_default() + 2;
    let value = [&length.to_be_bytes()[..], &[CONTEXT, LAST_OF_COMMAND], &command].concat();
    let length = u32::try_from(value.len()).unwrap_or_default();
    [&Header { kind: PduType::Data, length }.encode()[..], &value].concat()
}

#[cfg(test)]
mod tests;
