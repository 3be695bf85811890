//! The requestor's side of a connection: over TLS or, at a plain port, over TCP alone.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::read_ahead::ReadAhead;

/// A stream to a requestor. Each call goes straight to the one that it is.
#[derive(Debug)]
pub enum RequestorStream {
    /// TLS is up.
    Tls(Box<TlsStream<ReadAhead<TcpStream>>>),
    /// There is none.
    Plain(ReadAhead<TcpStream>),
}

impl RequestorStream {
    /// The socket below.
    pub fn socket(&self) -> &TcpStream {
        match self {
            Self::Tls(stream) => stream.get_ref().0.get_ref(),
            Self::Plain(stream) => stream.get_ref(),
        }
    }

    /// The certificates that were shown, the requestor's own first.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        match self {
            Self::Tls(stream) => stream.get_ref().1.peer_certificates().unwrap_or_default(),
            Self::Plain(_) => &[],
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

impl AsyncRead for RequestorStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        of_either!(self, stream => stream.poll_read(cx, out))
    }
}

impl AsyncBufRead for RequestorStream {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        of_either!(self, stream => stream.poll_fill_buf(cx))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        of_either!(self, stream => stream.consume(count));
    }
}

impl AsyncWrite for RequestorStream {
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
