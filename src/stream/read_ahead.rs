//! A socket that is read in large pieces, which are lent as they lie, and the first bytes that a
//! stranger sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::incoming::Incoming;
use crate::stream::pool;

/// The adapter. Writes pass straight through.
#[derive(Debug)]
pub struct ReadAhead<S> {
    inner: S,
    incoming: Incoming,
    first: FirstBytes,
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
    pub fn new(inner: S) -> Self {
        Self { inner, incoming: Incoming::default(), first: FirstBytes::default() }
    }

    /// Gives the socket back; what was read ahead of it is lost.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// The socket.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// What has come and was not taken.
    pub(super) const fn incoming(&mut self) -> &mut Incoming {
        &mut self.incoming
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

impl<S: AsyncRead + Unpin> ReadAhead<S> {
    /// Reads once, behind what waits, until at most so much does; how much has come, 0 at the end.
    ///
    /// # Errors
    ///
    /// Those of [`Incoming::poll_more`].
    pub(super) fn poll_more(
        &mut self,
        most: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let come = ready!(self.incoming.poll_more(&mut self.inner, most, cx))?;
        self.first.note(come);
        Poll::Ready(Ok(come.len()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let come = ready!(self.as_mut().poll_fill_buf(cx))?;
        let piece = come.get(..out.remaining()).unwrap_or(come);
        out.put_slice(piece);
        let taken = piece.len();
        self.consume(taken);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncBufRead for ReadAhead<S> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.incoming.is_empty() {
            // No more than TLS puts into one write towards the other side.
            ready!(this.poll_more(pool::BUFFER, cx))?;
        }
        Poll::Ready(Ok(this.incoming.as_slice()))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        self.get_mut().incoming.consume(count);
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(cx, slices)
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

    use super::*;

    #[tokio::test]
    async fn reads_no_more_than_is_written_at_once() {
        let (mut client, server) = duplex(1 << 20);
        let mut server = ReadAhead::new(server);
        client.write_all(&vec![7; 2 * pool::READ]).await.unwrap();
        assert_eq!(server.fill_buf().await.unwrap().len(), pool::BUFFER);
        server.consume(pool::BUFFER);
        assert_eq!(server.fill_buf().await.unwrap().len(), pool::BUFFER);
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
        assert!(server.incoming.is_empty());
        drop(client);
        assert!(server.fill_buf().await.unwrap().is_empty());
        assert!(server.incoming.is_empty());
    }
}
