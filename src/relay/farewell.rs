//! The last words to each side of a connection, and how long the gate waits for the other to go.
//!
//! A PDU of the gate's own is written only where a PDU may stand; a side that has half a PDU gets
//! a reset instead, because it would read anything else as the rest of it. After its last word
//! the gate closes its half and reads on for a while: a close with unread bytes would reset the
//! connection and take the word away from the peer.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use pacsgate_core::reason::{Answer, Sided};
use pacsgate_core::side::Side;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::ending::{Ending, Loss, Over};
use super::flow::Remainder;
use crate::timers::timeout;

/// What a side may have sent before it could know of our last word: what Linux lets a socket receive
/// (6 MiB, `net.ipv4.tcp_rmem`) and one at the other end hold (4 MiB, `tcp_wmem`), and half as much
/// again for other systems. Whoever sends more does not listen, and has us decrypt for nothing.
const UNDER_WAY: usize = 16 << 20;

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
    pub fn word(pdu: &[u8]) -> Self {
        Self { bytes: pdu.to_vec(), close: Close::Orderly }
    }

    /// What a requestor hears whose association is not opened.
    pub fn answering(answer: Answer) -> Self {
        match answer {
            Answer::Reject(reject) | Answer::Relayed(reject) => Self::word(&reject.encode()),
            Answer::Abort(abort) => Self::word(&abort.encode()),
            Answer::RelayedAbort | Answer::Alert(_) | Answer::Close => Self::default(),
            Answer::Reset => Self { bytes: Vec::new(), close: Close::Reset },
        }
    }

    /// What an association's end leaves to say to a side.
    pub fn after(ending: Ending, to: Side, rest: Remainder) -> Self {
        let Remainder { mut bytes, at_boundary } = rest;
        let close = match ending.last_word(to) {
            None if ending == Over::Released.into() && to == Side::Acceptor => Close::AfterTheOther,
            None if is_half_released(ending) && !at_boundary => Close::Reset,
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
            // Where the last word finds no way, the end is still to be told.
            let _ = stream.write_all(&self.bytes).await;
            if self.close == Close::Orderly {
                // It flushes, too: the word and the end of TLS leave together.
                stream.shutdown().await?;
            } else {
                let _ = stream.flush().await;
            }
            if self.close == Close::Reset {
                return Ok(());
            }
            drain(stream).await
        })
        .await;
        self.close
    }
}

const fn is_half_released(ending: Ending) -> bool {
    matches!(ending, Ending::Lost(Sided { what: Loss::ClosedInRelease, .. }))
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

/// Reads and forgets until the other side closes, or has sent more than can have been under way.
/// A stranger can have many connections wait here: they hold no buffer meanwhile.
async fn drain<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<()> {
    let mut left = UNDER_WAY;
    while left > 0 {
        match poll_fn(|cx| forget(Pin::new(&mut *stream), cx)).await? {
            0 => break,
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}

/// Reads once; how much that was.
fn forget<S: AsyncRead>(stream: Pin<&mut S>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut buffer = [0; 1024];
    let mut into = ReadBuf::new(&mut buffer);
    stream.poll_read(cx, &mut into).map_ok(|()| into.filled().len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, join, repeat, sink};

    #[tokio::test]
    async fn whoever_sends_without_listening_is_read_for_so_many_bytes() {
        let sent = 2 * UNDER_WAY as u64;
        let mut stream = join(repeat(0).take(sent), sink());
        let close = Farewell::word(b"abort").say(&mut stream, Duration::from_secs(60)).await;
        assert_eq!((close, stream.reader().limit()), (Close::Orderly, sent - UNDER_WAY as u64));
    }
}
