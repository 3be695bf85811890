//! A socket with TLS on it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use rustls::{CommonState, Error};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use super::records::{Connection, Found, Records};
use crate::stream::lend::Lend;
use crate::stream::pool;
use crate::stream::read_ahead::ReadAhead;

/// What is read before the gate has answered: a ClientHello. Those of devices have 200 to 600 bytes,
/// one with two post-quantum key shares has 3.5 KiB; each empty extension costs 60 ns to read.
pub const HELLO: usize = 4 * 1024;
/// What is read of a handshake: 16 KiB of certificates, and what is around them.
pub const HANDSHAKE: usize = 20 * 1024;

/// What may be deciphered that is no data, before others have their turn: 150 changes of keys, at 3 us
/// each.
const FRUITLESS: u64 = 4 * 1024;

/// A stream of which the handshake is done. One task reads and writes it: a read sends what waits to be
/// sent, and would take the wake-up of a writer in another.
pub struct TlsStream<S, C> {
    socket: ReadAhead<S>,
    records: Records<C>,
    /// Nothing more is written.
    is_closed: bool,
    /// How much was no data when others had their turn last.
    yielded_at: u64,
}

/// A handshake that is not done, and never will be.
#[derive(Debug)]
pub(super) enum Unshaken {
    /// The peer has sent more than any honest handshake has.
    TooLarge,
    /// What TLS or the system says.
    Failed(io::Error),
}

impl<S: AsyncRead + AsyncWrite + Unpin, C: Connection> TlsStream<S, C> {
    /// Shakes hands. It waits as long as the peer likes: the caller sets the deadline.
    ///
    /// The stream is boxed before the first wait, as its thousand bytes would stand in every future
    /// around it.
    ///
    /// # Errors
    ///
    /// Why it is not done, and the socket. The alert has been written to it; the peer may still have to
    /// read it.
    pub(super) fn shake_hands(
        socket: S,
        connection: C,
    ) -> impl Future<Output = Result<Box<Self>, (Unshaken, ReadAhead<S>)>> {
        let (socket, records) = (ReadAhead::new(socket), Records::new(connection));
        let mut stream = Box::new(Self { socket, records, is_closed: false, yielded_at: 0 });
        let mut allowance = Allowance { left: HELLO, is_answered: false };
        async move {
            match poll_fn(|cx| stream.poll_handshake(&mut allowance, cx)).await {
                Ok(()) => Ok(stream),
                Err(error) => Err((error, (*stream).into_socket())),
            }
        }
    }

    fn poll_handshake(
        &mut self,
        allowance: &mut Allowance,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Unshaken>> {
        loop {
            let incoming = self.socket.incoming();
            let before = incoming.len();
            // What comes behind the handshake stays for later.
            let read = self.records.read(incoming, allowance.left, &mut |_| 0);
            allowance.left = allowance.left.saturating_sub(before - incoming.len());
            if let Err(error) = read {
                let _ = self.poll_send(cx);
                return Poll::Ready(Err(Unshaken::Failed(broken(error))));
            }
            if !self.records.outbox.is_empty() {
                allowance.answer();
                ready!(self.poll_send(cx)).map_err(Unshaken::Failed)?;
                continue;
            }
            if !self.records.state().is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            if self.socket.incoming().len() > allowance.left {
                return Poll::Ready(Err(Unshaken::TooLarge));
            }
            if ready!(self.socket.poll_more(pool::READ, cx)).map_err(Unshaken::Failed)? == 0 {
                return Poll::Ready(Err(Unshaken::Failed(io::ErrorKind::UnexpectedEof.into())));
            }
        }
    }
}

impl<S, C: Connection> TlsStream<S, C> {
    /// The socket below.
    pub const fn socket(&self) -> &S {
        self.socket.get_ref()
    }

    /// The socket below, with what was read of it.
    pub(super) fn into_socket(self) -> ReadAhead<S> {
        self.socket
    }

    /// How many bytes its buffers take.
    #[cfg(test)]
    pub(super) fn held(&mut self) -> usize {
        self.socket.incoming().held() + self.records.held()
    }

    /// What was agreed upon.
    pub fn state(&self) -> &CommonState {
        self.records.state()
    }
}

impl<S: AsyncWrite + Unpin, C> TlsStream<S, C> {
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.records.outbox.poll_send(&mut self.socket, cx)
    }
}

/// What may still be read of a handshake.
struct Allowance {
    left: usize,
    is_answered: bool,
}

impl Allowance {
    fn answer(&mut self) {
        if !self.is_answered {
            self.is_answered = true;
            self.left += HANDSHAKE - HELLO;
        }
    }
}

fn broken(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl<S: AsyncRead + AsyncWrite + Unpin, C: Connection + Unpin> Lend for TlsStream<S, C> {
    fn poll_lend(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        deal: &mut dyn FnMut(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        loop {
            let overhead = this.records.overhead();
            if overhead - this.yielded_at > FRUITLESS {
                this.yielded_at = overhead;
                let _ = pin!(tokio::task::yield_now()).poll(cx);
                return Poll::Pending;
            }
            match this.records.read(this.socket.incoming(), usize::MAX, deal) {
                Ok(Found::Data(count)) => return Poll::Ready(Ok(count)),
                Ok(Found::End) => return Poll::Ready(Ok(0)),
                Ok(Found::Nothing) => {}
                Err(error) => {
                    // The peer hears why, if it still listens.
                    let _ = this.poll_send(cx);
                    return Poll::Ready(Err(broken(error)));
                }
            }
            // A peer that takes nothing more may still have something to say.
            let _ = this.poll_send(cx);
            let come = ready!(this.socket.poll_more(pool::READ, cx));
            if come.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::InvalidData) {
                this.records.fail(Error::General("a message larger than any".to_owned()));
            }
            if come? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    fn overhead(&self) -> u64 {
        self.records.overhead()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, C: Connection + Unpin> AsyncRead for TlsStream<S, C> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut take = |piece: &[u8]| {
            let piece = piece.get(..out.remaining()).unwrap_or(piece);
            out.put_slice(piece);
            piece.len()
        };
        self.poll_lend(cx, &mut take).map_ok(|_| ())
    }
}

/// Each piece is copied here, which [`Lend`] spares.
impl<S: AsyncRead + AsyncWrite + Unpin, C: Connection + Unpin> AsyncBufRead for TlsStream<S, C> {
    fn poll_fill_buf(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        if self.records.unread().is_empty() {
            ready!(self.as_mut().poll_lend(cx, &mut |_| 0))?;
        }
        Poll::Ready(Ok(self.get_mut().records.unread()))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        self.get_mut().records.consume(count);
    }
}

/// What is written waits for the flush, the next write or the close, and leaves with what they say.
impl<S: AsyncRead + AsyncWrite + Unpin, C: Connection + Unpin> AsyncWrite for TlsStream<S, C> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.is_closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        ready!(this.poll_send(cx))?;
        let count = this.records.write(this.socket.incoming(), bytes).map_err(broken);
        if count.is_err() {
            // An alert.
            let _ = this.poll_send(cx)?;
        }
        Poll::Ready(count)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.is_closed {
            this.is_closed = true;
            // After a failure the peer has heard an alert already, or nothing more is said to it.
            let _ = this.records.close(this.socket.incoming());
        }
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.socket).poll_shutdown(cx)
    }
}

impl<S, C> fmt::Debug for TlsStream<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream").finish_non_exhaustive()
    }
}
