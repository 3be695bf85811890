//! Streams that lend what has come instead of copying it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead};

use super::read_ahead::ReadAhead;

/// A stream of which pieces are lent as they lie.
pub trait Lend {
    /// Lends the next piece to `deal`, which tells how many bytes of it it has taken: the others come
    /// again. The length of the piece, 0 at the end of the stream, where nothing is lent.
    ///
    /// # Errors
    ///
    /// What the stream says.
    fn poll_lend(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        deal: &mut dyn FnMut(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>>;

    /// How many bytes have come so far that were nothing for `deal`, and took time.
    fn overhead(&self) -> u64 {
        0
    }
}

impl<S: AsyncRead + Unpin> Lend for ReadAhead<S> {
    fn poll_lend(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        deal: &mut dyn FnMut(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>> {
        lend_of_buffer(self, cx, deal)
    }
}

impl<L: Lend + Unpin + ?Sized> Lend for Box<L> {
    fn poll_lend(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        deal: &mut dyn FnMut(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut **self).poll_lend(cx, deal)
    }

    fn overhead(&self) -> u64 {
        (**self).overhead()
    }
}

/// Lends what a stream has buffered.
pub(crate) fn lend_of_buffer<S: AsyncBufRead>(
    mut stream: Pin<&mut S>,
    cx: &mut Context<'_>,
    deal: &mut dyn FnMut(&[u8]) -> usize,
) -> Poll<io::Result<usize>> {
    let piece = ready!(stream.as_mut().poll_fill_buf(cx))?;
    let length = piece.len();
    if length > 0 {
        let taken = deal(piece);
        stream.consume(taken);
    }
    Poll::Ready(Ok(length))
}
