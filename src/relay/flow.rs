//! The writing half of a direction: judged bytes on their way into a stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use crate::stream::pool;

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
    pub(super) fn write<S: AsyncWrite>(
        &mut self,
        out: &mut Vec<u8>,
        mut stream: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) {
        while let Some(rest @ [_, ..]) = out.get(self.sent..) {
            if self.is_broken {
                break;
            }
            match stream.as_mut().poll_write(cx, rest) {
                Poll::Pending => return,
                Poll::Ready(Ok(0) | Err(_)) => self.is_broken = true,
                Poll::Ready(Ok(count)) => {
                    self.sent += count;
                    self.written += count as u64;
                    self.needs_flush = true;
                }
            }
        }
        self.release(out);
        if self.needs_flush && !self.is_broken {
            match stream.poll_flush(cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => self.needs_flush = false,
                Poll::Ready(Err(_)) => self.is_broken = true,
            }
        }
    }

    /// What is not written yet.
    pub(super) fn rest(self, mut bytes: Vec<u8>, at_boundary: bool) -> Remainder {
        bytes.drain(..self.sent.min(bytes.len()));
        Remainder { bytes, at_boundary }
    }

    fn release(&mut self, out: &mut Vec<u8>) {
        self.sent = 0;
        if out.capacity() > 0 {
            pool::give_write(std::mem::take(out));
        }
    }
}
