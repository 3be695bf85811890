//! What was read of a socket and waits to be taken.
//!
//! The buffer is pooled and held only while bytes wait in it; a beginning that waits for its rest takes
//! no more room than it has bytes, so that neither silence nor a slow peer holds 64 KiB.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

use crate::stream::pool;

/// Bytes of one socket, in their order.
#[derive(Debug, Default)]
pub struct Incoming {
    /// Of the pool, or as small as what waits for its rest.
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Incoming {
    /// How many bytes wait.
    pub const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether none do.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the buffer takes.
    #[cfg(test)]
    pub(super) const fn held(&self) -> usize {
        self.buffer.len()
    }

    /// What waits.
    pub fn as_slice(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// What waits, to be deciphered where it lies.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.start..self.end).unwrap_or_default()
    }

    /// Forgets what was taken.
    pub fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start.saturating_add(count));
        if self.is_empty() {
            self.replace(Box::default(), 0);
        }
    }

    /// Reads once, behind what waits, until at most so much does; the bytes that have come, none at the
    /// end of the stream.
    ///
    /// # Errors
    ///
    /// What the stream says, or that as much waits for its rest, which no record does.
    pub fn poll_more<S: AsyncRead + Unpin>(
        &mut self,
        from: &mut S,
        most: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<&[u8]>> {
        let mut buffer = pool::take_read();
        let kept = self.len();
        let halves = buffer.get_mut(..most).and_then(|room| room.split_at_mut_checked(kept));
        let Some((front, room @ [_, ..])) = halves else {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        };
        let mut into = ReadBuf::new(room);
        let polled = Pin::new(from).poll_read(cx, &mut into);
        let count = into.filled().len();
        if count == 0 {
            pool::give_read(buffer);
            self.shrink();
            return polled.map_ok(|()| [].as_slice());
        }
        front.copy_from_slice(self.as_slice());
        self.replace(buffer, kept + count);
        Poll::Ready(Ok(self.buffer.get(kept..self.end).unwrap_or_default()))
    }

    /// What waits for its rest keeps no buffer of the pool.
    fn shrink(&mut self) {
        if self.len() < self.buffer.len() {
            let (kept, length) = (self.as_slice().into(), self.len());
            self.replace(kept, length);
        }
    }

    fn replace(&mut self, buffer: Box<[u8]>, end: usize) {
        let old = std::mem::replace(&mut self.buffer, buffer);
        (self.start, self.end) = (0, end);
        if old.len() == pool::READ {
            pool::give_read(old);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    async fn more(
        incoming: &mut Incoming,
        from: &mut tokio::io::DuplexStream,
    ) -> io::Result<usize> {
        poll_fn(|cx| incoming.poll_more(from, pool::READ, cx).map_ok(<[u8]>::len)).await
    }

    #[tokio::test]
    async fn keeps_what_waits_for_its_rest_in_as_much_room() {
        let (mut far, mut near) = duplex(1 << 20);
        let mut incoming = Incoming::default();
        far.write_all(b"taken, left").await.unwrap();
        assert_eq!(more(&mut incoming, &mut near).await.unwrap(), 11);
        incoming.consume(7);
        let polled =
            poll_fn(|cx| Poll::Ready(incoming.poll_more(&mut near, pool::READ, cx).is_pending()))
                .await;
        assert!(polled);
        assert_eq!((incoming.as_slice(), incoming.held()), (&b"left"[..], 4));
        far.write_all(b" over").await.unwrap();
        assert_eq!(more(&mut incoming, &mut near).await.unwrap(), 5);
        assert_eq!(incoming.as_slice(), b"left over");
        incoming.consume(usize::MAX);
        assert_eq!((incoming.as_slice(), incoming.held()), (&b""[..], 0));
        drop(far);
        assert_eq!(more(&mut incoming, &mut near).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_whole_buffer_that_waits_for_its_rest_is_an_error() {
        let (mut far, mut near) = duplex(1 << 20);
        let mut incoming = Incoming::default();
        far.write_all(&vec![7; 2 * pool::READ]).await.unwrap();
        assert_eq!(more(&mut incoming, &mut near).await.unwrap(), pool::READ);
        let error = more(&mut incoming, &mut near).await.unwrap_err();
        assert_eq!((error.kind(), incoming.len()), (io::ErrorKind::InvalidData, pool::READ));
    }
}
