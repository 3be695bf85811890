//! A read-ahead between the socket and TLS, or DICOM where there is none, and the first bytes that a
//! stranger sent.
//!
//! rustls reads its socket in pieces of 4 KiB; behind this adapter the socket is read in pieces
//! of 64 KiB, and without TLS they are lent as they lie. The buffer is pooled: it is held only while it has bytes in it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use crate::stream::pool;

/// What is read before the gate has answered: a ClientHello. Those of devices have 200 to 600 bytes,
/// one with two post-quantum key shares has 3.5 KiB; each empty extension costs 60 ns to read.
pub const HELLO: usize = 4 * 1024;
/// What is read of a handshake: 16 KiB of certificates, and what is around them.
pub const HANDSHAKE: usize = 20 * 1024;

/// The adapter. Writes pass straight through.
#[derive(Debug)]
pub struct ReadAhead<S> {
    inner: S,
    held: Option<Held>,
    first: FirstBytes,
    allowance: Option<Allowance>,
}

/// What may still be read of a handshake.
#[derive(Debug)]
struct Allowance {
    left: usize,
    is_answered: bool,
    over: Arc<Notify>,
}

impl Allowance {
    fn answer(&mut self) {
        if !self.is_answered {
            self.is_answered = true;
            self.left += HANDSHAKE - HELLO;
        }
    }
}

/// The first bytes: enough to tell one protocol from another.
#[derive(Debug, Default)]
struct FirstBytes {
    bytes: [u8; 5],
    count: usize,
}

impl FirstBytes {
    fn note(&mut self, piece: &[u8]) {
        for (slot, byte) in self.bytes.iter_mut().skip(self.count).zip(piece) {
            *slot = *byte;
            self.count += 1;
        }
    }
}

#[derive(Debug)]
struct Held {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Held {
    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }
}

/// What a connection's first bytes look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Nothing came.
    Nothing,
    /// A TLS record with a handshake message.
    Tls,
    /// A ClientHello in the form of SSL 2, for SSL 2.0 itself or for a later version.
    Ssl2,
    /// An A-ASSOCIATE-RQ without TLS.
    PlainDicom,
    /// A browser, a scanner or a health check.
    Http,
    /// A header of the PROXY protocol, in version 1 or 2.
    ProxyHeader,
    /// Anything else.
    Unknown,
}

impl<S> ReadAhead<S> {
    /// Wraps a socket.
    pub const fn new(inner: S) -> Self {
        let first = FirstBytes { bytes: [0; 5], count: 0 };
        Self { inner, held: None, first, allowance: None }
    }

    /// Wraps a socket of which at most [`HELLO`] and [`HANDSHAKE`] are read, until
    /// [`Self::handshake_done`]. What comes beyond is not read, and the caller is told.
    pub fn for_handshake(inner: S) -> (Self, Arc<Notify>) {
        let over = Arc::new(Notify::new());
        let mut this = Self::new(inner);
        this.allowance =
            Some(Allowance { left: HELLO, is_answered: false, over: Arc::clone(&over) });
        (this, over)
    }

    /// From here on it is read without end. What TLS has left unread waits.
    pub fn handshake_done(&mut self) {
        self.allowance = None;
    }

    /// Gives the socket back; what was read ahead of it is lost.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// The socket.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// What the first bytes look like; for the log, never for a decision.
    pub fn opening(&self) -> Opening {
        Opening::of(self.first.bytes.get(..self.first.count).unwrap_or_default())
    }
}

impl Opening {
    /// What these first bytes look like.
    pub fn of(first: &[u8]) -> Self {
        let is_one_of = |all: &[&[u8]]| all.iter().any(|start| first.starts_with(start));
        match first {
            [] => Self::Nothing,
            [0x16, 0x03, ..] => Self::Tls,
            // A length with its first bit set, the message's type, and the version's first byte.
            [0x80..=0xff, _, 0x01, 0x00 | 0x03, ..] => Self::Ssl2,
            [0x01, 0x00, ..] => Self::PlainDicom,
            _ if is_one_of(&[b"GET ", b"POST", b"HEAD", b"PUT ", b"OPTI", b"CONN"]) => Self::Http,
            _ if is_one_of(&[b"PROXY", b"\r\n\r\n\0"]) => Self::ProxyHeader,
            _ => Self::Unknown,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut held = match this.held.take() {
            Some(held) => held,
            None => match ready!(fill(&mut this.inner, cx)) {
                Ok(held) => held,
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        let bytes = held.rest();
        let mut most = out.remaining();
        if let Some(allowance) = &mut this.allowance {
            // TLS reads on when its handshake is done, so that this is no error of the stream.
            if allowance.left == 0 && !bytes.is_empty() {
                allowance.over.notify_one();
                this.held = Some(held);
                return Poll::Pending;
            }
            most = most.min(allowance.left);
            allowance.left -= bytes.len().min(most);
        }
        let piece = bytes.get(..most).unwrap_or(bytes);
        this.first.note(piece);
        out.put_slice(piece);
        held.start += piece.len();
        if held.start < held.end {
            this.held = Some(held);
        } else {
            pool::give_read(held.buffer);
        }
        Poll::Ready(Ok(()))
    }
}

/// For streams of which no TLS handshake is read: no allowance counts here.
impl<S: AsyncRead + Unpin> AsyncBufRead for ReadAhead<S> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.held.is_none() {
            let held = ready!(fill(&mut this.inner, cx))?;
            if held.rest().is_empty() {
                pool::give_read(held.buffer);
                return Poll::Ready(Ok(&[]));
            }
            this.held = Some(held);
        }
        Poll::Ready(Ok(this.held.as_ref().map_or(&[], Held::rest)))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        let this = self.get_mut();
        let Some(mut held) = this.held.take() else { return };
        held.start = held.end.min(held.start.saturating_add(count));
        if held.start < held.end {
            this.held = Some(held);
        } else {
            pool::give_read(held.buffer);
        }
    }
}

/// Reads once into a pooled buffer, which goes back if nothing came.
fn fill<S: AsyncRead + Unpin>(inner: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<Held>> {
    let mut buffer = pool::take_read();
    let mut into = ReadBuf::new(&mut buffer);
    let polled = Pin::new(inner).poll_read(cx, &mut into);
    let end = into.filled().len();
    match polled {
        Poll::Ready(Ok(())) => Poll::Ready(Ok(Held { buffer, start: 0, end })),
        Poll::Ready(Err(error)) => {
            pool::give_read(buffer);
            Poll::Ready(Err(error))
        }
        Poll::Pending => {
            pool::give_read(buffer);
            Poll::Pending
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.allowance.iter_mut().for_each(Allowance::answer);
        Pin::new(&mut this.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.allowance.iter_mut().for_each(Allowance::answer);
        Pin::new(&mut this.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::timeout;

    use super::*;

    /// Reads until nothing more comes; how much that was, and whether more was there.
    async fn read_all<S: AsyncRead + Unpin>(from: &mut S, over: &Notify) -> (usize, bool) {
        let mut count = 0;
        let mut buffer = [0; 4096];
        let soon = std::time::Duration::from_secs(1);
        while let Ok(read) = timeout(soon, from.read(&mut buffer)).await {
            count += read.unwrap();
        }
        (count, timeout(soon, over.notified()).await.is_ok())
    }

    #[tokio::test(start_paused = true)]
    async fn reads_a_hello_then_a_handshake_then_everything() {
        let (mut client, server) = duplex(1024 * 1024);
        let (mut server, over) = ReadAhead::for_handshake(server);
        client.write_all(&vec![7; HELLO]).await.unwrap();
        assert_eq!(read_all(&mut server, &over).await, (HELLO, false));
        client.write_all(&vec![7; 40_000]).await.unwrap();
        assert_eq!(read_all(&mut server, &over).await, (0, true));
        server.write_all(b"answer").await.unwrap();
        assert_eq!(read_all(&mut server, &over).await, (HANDSHAKE - HELLO, true));
        server.write_all(b"again").await.unwrap();
        assert_eq!(read_all(&mut server, &over).await, (0, true));
        server.handshake_done();
        assert_eq!(read_all(&mut server, &over).await, (40_000 - HANDSHAKE + HELLO, false));
    }

    #[tokio::test]
    async fn lends_what_it_has_read_and_holds_no_buffer_when_that_is_consumed() {
        let (mut client, server) = duplex(1024);
        let mut server = ReadAhead::new(server);
        client.write_all(b"request").await.unwrap();
        assert_eq!(server.fill_buf().await.unwrap(), b"request");
        server.consume(3);
        assert_eq!(server.fill_buf().await.unwrap(), b"uest");
        let mut two = [0; 2];
        server.read_exact(&mut two).await.unwrap();
        assert_eq!((&two, server.fill_buf().await.unwrap()), (b"ue", b"st".as_slice()));
        server.consume(9);
        assert!(server.held.is_none());
        drop(client);
        assert!(server.fill_buf().await.unwrap().is_empty());
        assert!(server.held.is_none());
    }
}
