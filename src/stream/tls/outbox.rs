//! What is enciphered and not yet sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::Error;
use tokio::io::AsyncWrite;

use crate::stream::pool;

/// What may wait to be sent: more than a handshake of the gate's has, and than one write and what TLS
/// adds of its own.
pub const OUTBOX: usize = 128 * 1024;

/// Bytes on their way into the socket, in a pooled buffer that is held only while they wait.
#[derive(Default)]
pub(super) struct Outbox {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

/// Why something was not put in.
pub(super) enum Misfit {
    /// It needs so much room.
    Needs(usize),
    /// It cannot be sent at all.
    Never,
}

impl Outbox {
    pub(super) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How many bytes its buffer takes.
    #[cfg(test)]
    pub(super) const fn held(&self) -> usize {
        self.buffer.len()
    }

    /// Puts something in behind what waits: `write` tells how long it is in the room it was given.
    ///
    /// # Errors
    ///
    /// That too much waits already, or that it cannot be sent.
    pub(super) fn put(
        &mut self,
        mut write: impl FnMut(&mut [u8]) -> Result<usize, Misfit>,
    ) -> Result<(), Error> {
        if self.buffer.is_empty() {
            self.buffer = pool::take_read();
        }
        let written = match write(self.room()) {
            Err(Misfit::Needs(room)) => {
                self.grow(room)?;
                write(self.room())
            }
            other => other,
        };
        let never = || Error::General("TLS has no more to send".to_owned());
        self.end += written.map_err(|_| never())?;
        Ok(())
    }

    /// Sends what waits.
    ///
    /// # Errors
    ///
    /// What the socket says.
    pub(super) fn poll_send<S: AsyncWrite + Unpin>(
        &mut self,
        socket: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.buffer.get(self.start..self.end) {
            match ready!(Pin::new(&mut *socket).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.start += count,
            }
        }
        self.replace(Box::default(), 0);
        Poll::Ready(Ok(()))
    }

    fn room(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    fn grow(&mut self, room: usize) -> Result<(), Error> {
        let waiting = self.buffer.get(self.start..self.end).unwrap_or_default();
        let length = waiting.len();
        if length + room > OUTBOX {
            return Err(Error::General("the peer takes nothing of what TLS says".to_owned()));
        }
        let mut larger = vec![0; length + room].into_boxed_slice();
        larger.iter_mut().zip(waiting).for_each(|(to, from)| *to = *from);
        self.replace(larger, length);
        Ok(())
    }

    fn replace(&mut self, buffer: Box<[u8]>, end: usize) {
        let old = std::mem::replace(&mut self.buffer, buffer);
        (self.start, self.end) = (0, end);
        if old.len() == pool::READ {
            pool::give_read(old);
        }
    }
}
