//! The last words to each side of a connection, and how long the gate waits for the other to go.
//!
//! A PDU of the gate's own is written only where a PDU may stand; a side that has half a PDU gets
//! a reset instead, because it would read anything else as the rest of it. After its last word
//! the gate closes its half and reads on for a while: a close with unread bytes would reset the
//! connection and take the word away from the peer.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use pacsgate_core::side::Side;
use pacsgate_core::wire::reject::Abort;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::relay::{Ending, Remainder};
use crate::stream::pool;

/// What is still to be said to a side.
#[derive(Debug, Default)]
pub struct Farewell {
    /// Whole judged bytes, then the last word.
    pub bytes: Vec<u8>,
    /// How the connection goes.
    pub close: Close,
}

/// How a connection is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Close {
    /// Close our half, wait for the other side to close its own.
    #[default]
    Orderly,
    /// Wait for the other side to close first: it then keeps the port in TIME-WAIT, not we.
    AfterTheOther,
    /// Reset: the side must not take what it has for complete.
    Reset,
}

impl Farewell {
    /// Only this word.
    #[must_use]
    pub fn word(pdu: &[u8]) -> Self {
        Self { bytes: pdu.to_vec(), close: Close::Orderly }
    }

    /// What an association's end leaves to say to a side.
    #[must_use]
    pub fn after(ending: Ending, to: Side, rest: Remainder) -> Self {
        let Remainder { mut bytes, at_boundary } = rest;
        let close = match last_word(ending, to) {
            None if ending == Ending::Released && to == Side::Acceptor => Close::AfterTheOther,
            None if matches!(ending, Ending::ClosedInRelease(_)) && !at_boundary => Close::Reset,
            None => Close::Orderly,
            Some(abort) if at_boundary => {
                bytes.extend_from_slice(&abort.encode());
                Close::Orderly
            }
            Some(_) => Close::Reset,
        };
        Self { bytes, close }
    }

    /// Says it; returns when the other side has closed, or `patience` is over, and tells how the
    /// stream is to be closed now.
    pub async fn say<S>(self, stream: &mut S, patience: Duration) -> Close
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        // A peer that is gone, or does not take its last word in time, loses it.
        let _ = timeout(patience, async {
            stream.write_all(&self.bytes).await?;
            stream.flush().await?;
            match self.close {
                Close::Reset => return Ok(()),
                Close::AfterTheOther => {}
                Close::Orderly => stream.shutdown().await?,
            }
            drain(stream).await
        })
        .await;
        self.close
    }
}

/// The A-ABORT that this end means for a side; `None` where the side needs no word.
#[must_use]
pub const fn last_word(ending: Ending, to: Side) -> Option<Abort> {
    match ending {
        // A side that has asked for release has said all: for the other it is complete, and an
        // A-ABORT behind it would undo that.
        Ending::Released | Ending::Aborted(_) | Ending::ClosedInRelease(_) => None,
        // Nothing more can be said inside a TLS that is broken; the PACS is told.
        Ending::BrokenTls => match to {
            Side::Requestor => None,
            Side::Acceptor => Some(Abort::NO_REASON),
        },
        Ending::Closed(side) => match (side, to) {
            (Side::Requestor, Side::Requestor) | (Side::Acceptor, Side::Acceptor) => None,
            (Side::Requestor, Side::Acceptor) | (Side::Acceptor, Side::Requestor) => {
                Some(Abort::NO_REASON)
            }
        },
        Ending::Fault(side, fault) => match (side, to) {
            (Side::Requestor, Side::Requestor) | (Side::Acceptor, Side::Acceptor) => {
                Some(fault.abort())
            }
            (Side::Requestor, Side::Acceptor) | (Side::Acceptor, Side::Requestor) => {
                Some(Abort::NO_REASON)
            }
        },
        Ending::TimedOut(_) | Ending::Stopped(_) => Some(Abort::NO_REASON),
    }
}

/// Lets both sides go; the PACS is waited for only where it `waits` for a word of ours.
///
/// The PACS comes first: its bytes are on their way before the requestor's close ends the wait.
pub async fn both(
    acceptor: impl Future<Output = ()>,
    requestor: impl Future<Output = ()>,
    waits: bool,
) {
    let (mut acceptor, mut requestor) = (pin!(acceptor), pin!(requestor));
    tokio::select! {
        biased;
        () = &mut acceptor => requestor.await,
        () = &mut requestor => {
            if waits {
                acceptor.await;
            }
        }
    }
}

/// Reads and forgets until the other side closes.
async fn drain<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<()> {
    let mut buffer = pool::take_read();
    while stream.read(&mut buffer).await? > 0 {}
    pool::give_read(buffer);
    Ok(())
}
