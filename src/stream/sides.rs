//! The two sides of a connection, each over TLS or over TCP alone.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::lend::Lend;
use super::read_ahead::ReadAhead;
use super::tls::{IncomingStream, OutgoingStream};

/// A stream over TLS, or without it. Each call goes straight to the one that it is.
#[derive(Debug)]
pub enum MaybeTls<T, P> {
    /// TLS is up.
    Tls(Box<T>),
    /// There is none.
    Plain(P),
}

/// A stream to a requestor.
pub type RequestorStream = MaybeTls<IncomingStream<TcpStream>, ReadAhead<TcpStream>>;

/// A stream to a target.
pub type TargetStream = MaybeTls<OutgoingStream, ReadAhead<TcpStream>>;

impl RequestorStream {
    /// The socket below.
    pub fn socket(&self) -> &TcpStream {
        match self {
            Self::Tls(stream) => stream.socket(),
            Self::Plain(stream) => stream.get_ref(),
        }
    }

    /// The certificates that were shown, the requestor's own first.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        match self {
            Self::Tls(stream) => stream.state().peer_certificates().unwrap_or_default(),
            Self::Plain(_) => &[],
        }
    }
}

impl TargetStream {
    /// The socket below.
    pub fn socket(&self) -> &TcpStream {
        match self {
            Self::Tls(stream) => stream.socket(),
            Self::Plain(stream) => stream.get_ref(),
        }
    }
}

/// Calls a method of whichever stream it is.
macro_rules! of_either {
    ($this:ident, $stream:ident => $call:expr) => {
        match $this.get_mut() {
            Self::Tls(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Self::Plain(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
        }
    };
}

impl<T: AsyncRead + Unpin, P: AsyncRead + Unpin> AsyncRead for MaybeTls<T, P> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        of_either!(self, stream => stream.poll_read(cx, out))
    }
}

impl<T: AsyncBufRead + Unpin, P: AsyncBufRead + Unpin> AsyncBufRead for MaybeTls<T, P> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        of_either!(self, stream => stream.poll_fill_buf(cx))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        of_either!(self, stream => stream.consume(count));
    }
}

impl<T: Lend + Unpin, P: Lend + Unpin> Lend for MaybeTls<T, P> {
    fn poll_lend(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        deal: &mut dyn FnMut(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>> {
        of_either!(self, stream => stream.poll_lend(cx, deal))
    }

    fn overhead(&self) -> u64 {
        match self {
            Self::Tls(stream) => stream.overhead(),
            Self::Plain(stream) => stream.overhead(),
        }
    }
}

impl<T: AsyncWrite + Unpin, P: AsyncWrite + Unpin> AsyncWrite for MaybeTls<T, P> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        of_either!(self, stream => stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        of_either!(self, stream => stream.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tls(stream) => stream.is_write_vectored(),
            Self::Plain(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_either!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_either!(self, stream => stream.poll_shutdown(cx))
    }
}
