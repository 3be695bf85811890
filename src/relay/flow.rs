//! The writing half of a direction: judged bytes on their way into a stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use crate::stream::pool;

/// The shortest piece that is written from where it lies; shorter ones are gathered, as a write costs
/// more than to copy them.
const LONG: usize = pool::BUFFER / 2;

/// How far the output towards one side has been written.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// How much of the output buffer is written.
    sent: usize,
    /// Everything that was ever written.
    written: u64,
    /// Written bytes may still stand in the stream's own buffer (TLS).
    needs_flush: bool,
    /// The stream takes no more. What it sent before is still read to its end.
    is_broken: bool,
}

/// The end of a direction's output.
#[derive(Debug)]
pub struct Remainder {
    /// Judged bytes not yet written.
    pub bytes: Vec<u8>,
    /// Behind them a PDU of the gate's own may stand.
    pub at_boundary: bool,
}

impl Flow {
    /// Gives the output buffer its room before the inspector writes into it.
    pub(super) fn prepare(&self, out: &mut Vec<u8>) {
        if out.capacity() == 0 {
            *out = pool::take_write();
        }
    }

    pub(super) const fn waiting(&self, out: &[u8]) -> usize {
        out.len() - self.sent
    }

    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// Whether the receiver owes progress.
    pub(super) const fn is_waiting(&self, out: &[u8]) -> bool {
        self.waiting(out) > 0 || self.needs_flush
    }

    pub(super) const fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Writes what it can and flushes before the task may sleep.
    pub(super) fn write<S: AsyncWrite + Unpin>(
        &mut self,
        out: &mut Vec<u8>,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) {
        let rest = out.get(self.sent..).unwrap_or_default();
        self.sent += self.write_some(rest, stream, cx);
        if self.sent >= out.len() || self.is_broken {
            self.sent = 0;
            if out.capacity() > 0 {
                pool::give_write(std::mem::take(out));
            }
            self.flush(stream, cx);
        }
    }

    /// Writes a piece before which nothing waits, as far as the stream takes it at once; the rest waits.
    pub(super) fn pass_on<S: AsyncWrite + Unpin>(
        &mut self,
        piece: &[u8],
        out: &mut Vec<u8>,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) {
        let mut written = 0;
        if piece.len() >= LONG {
            written = self.write_some(piece, stream, cx);
            self.flush(stream, cx);
        }
        out.extend_from_slice(piece.get(written..).unwrap_or_default());
    }

    /// Writes until the stream takes no more for now; how much it took.
    fn write_some<S: AsyncWrite + Unpin>(
        &mut self,
        bytes: &[u8],
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> usize {
        let mut sent = 0;
        while let Some(rest @ [_, ..]) = bytes.get(sent..)
            && !self.is_broken
        {
            match Pin::new(&mut *stream).poll_write(cx, rest) {
                Poll::Pending => break,
                Poll::Ready(Ok(0) | Err(_)) => self.is_broken = true,
                Poll::Ready(Ok(count)) => {
                    sent += count;
                    self.written += count as u64;
                    self.needs_flush = true;
                }
            }
        }
        sent
    }

    fn flush<S: AsyncWrite + Unpin>(&mut self, stream: &mut S, cx: &mut Context<'_>) {
        if self.needs_flush
            && !self.is_broken
            && let Poll::Ready(flushed) = Pin::new(stream).poll_flush(cx)
        {
            self.needs_flush = false;
            self.is_broken = flushed.is_err();
        }
    }

    /// What is not written yet.
    pub(super) fn rest(self, mut bytes: Vec<u8>, at_boundary: bool) -> Remainder {
        bytes.drain(..self.sent.min(bytes.len()));
        Remainder { bytes, at_boundary }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    /// What is left of a piece when it was passed on, and how much of it was written.
    fn left(piece: &[u8], stream: &mut DuplexStream) -> (Vec<u8>, Flow) {
        let (mut flow, mut out) = (Flow::default(), Vec::new());
        let cx = &mut Context::from_waker(Waker::noop());
        flow.pass_on(piece, &mut out, stream, cx);
        (out, flow)
    }

    #[tokio::test]
    async fn a_long_piece_is_written_from_where_it_lies_and_a_short_one_waits_for_more() {
        let (mut near, mut far) = duplex(2 * LONG);
        let piece: Vec<u8> = (0..=250).cycle().take(LONG).collect();
        let (out, flow) = left(&piece, &mut near);
        assert_eq!((out.len(), flow.written()), (0, LONG as u64));
        assert!(!flow.is_waiting(&out), "it is not flushed");
        let short = &piece[1..];
        let (out, flow) = left(short, &mut near);
        assert_eq!((&*out, flow.written()), (short, 0));
        near.shutdown().await.unwrap();
        let mut come = Vec::new();
        far.read_to_end(&mut come).await.unwrap();
        assert_eq!(come, piece);
    }

    #[tokio::test]
    async fn what_a_stream_does_not_take_at_once_waits() {
        let (mut near, far) = duplex(1000);
        let piece: Vec<u8> = (0..=250).cycle().take(LONG).collect();
        let (mut out, mut flow) = left(&piece, &mut near);
        assert_eq!((&out[..], flow.written()), (&piece[1000..], 1000));
        assert_eq!(flow.waiting(&out), LONG - 1000);
        drop(far);
        flow.write(&mut out, &mut near, &mut Context::from_waker(Waker::noop()));
        assert!(flow.is_broken() && out.is_empty());
    }
}
