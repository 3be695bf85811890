//! One association holds no worker: it gives way although both its streams are always ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use tokio::task::yield_now;

use super::progress::{p_data, refused};
use super::*;

/// What one poll may move: its share, and what one read had beyond it.
const MOST: usize = SHARE + pool::BUFFER;
const FRAGMENTS: usize = 1000;

/// Has always something to read until all is read, and takes whatever is written.
struct Eager<'a> {
    rest: &'a [u8],
    written: usize,
}

/// Says nothing, and takes whatever is written.
struct Silent {
    written: Vec<u8>,
}

impl Lend for Eager<'_> {
    fn poll_lend(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        deal: &mut dyn FnMut(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>> {
        // As much as a record of TLS has.
        let length = self.rest.len().min(16 * 1024);
        let this = self.get_mut();
        if length > 0 {
            this.rest = &this.rest[deal(&this.rest[..length])..];
        }
        Poll::Ready(Ok(length))
    }
}

impl Lend for Silent {
    fn poll_lend(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut dyn FnMut(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
}

macro_rules! takes_whatever_is_written {
    ($stream:ty, $note:expr) => {
        impl AsyncWrite for $stream {
            fn poll_write(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                bytes: &[u8],
            ) -> Poll<io::Result<usize>> {
                $note(self.get_mut(), bytes);
                Poll::Ready(Ok(bytes.len()))
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }
    };
}
takes_whatever_is_written!(Eager<'_>, |this: &mut Eager<'_>, bytes: &[u8]| {
    this.written += bytes.len();
});
takes_whatever_is_written!(Silent, |this: &mut Silent, bytes: &[u8]| {
    this.written.extend_from_slice(bytes);
});

#[derive(Default)]
struct Counted(AtomicUsize);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Relays what the requestor sends; returns how much was read between two rests at most, and how often
/// it rested.
async fn relay_all(sent: &[u8], pacs: &mut Silent) -> (u64, usize) {
    let mut requestor = Eager { rest: sent, written: 0 };
    let (mut moved, mut most, mut rests) = (0, 0, 0);
    let read = AtomicU64::new(0);
    let mut tell = |told: Told<'_>| {
        if let Told::Moved(now) = told {
            read.store(now.bytes.requestor, Ordering::Relaxed);
        }
    };
    let outside = Outside { drain: pending, end: pending, rules: SAME };
    let relay = relay(&mut requestor, &mut *pacs, inspector(), deadlines(), outside, &mut tell);
    let mut relay = Box::pin(relay);
    let wakes = Arc::new(Counted::default());
    let waker = Waker::from(Arc::clone(&wakes));
    loop {
        let polled = relay.as_mut().poll(&mut Context::from_waker(&waker));
        let now = read.load(Ordering::Relaxed);
        most = most.max(now - moved);
        moved = now;
        if let Poll::Ready(relayed) = polled {
            assert_eq!(relayed.ending, Loss::Closed.by(Side::Requestor).into());
            assert_eq!(relayed.traffic.bytes_from_requestor, sent.len() as u64);
            drop(relay);
            pacs.written.extend(relayed.to_acceptor.bytes);
            return (most, rests);
        }
        rests += 1;
        // The runtime wakes it when all others have had their turn.
        yield_now().await;
        assert_eq!(wakes.0.load(Ordering::Relaxed), rests);
    }
}

#[tokio::test]
async fn gives_way_to_others_between_shares_and_moves_everything() {
    let fragment = [&[4, 0, 0, 0, 0x20, 6, 0, 0, 0x20, 2, 1, 0][..], &[0; 0x2000]].concat();
    let sent = [STORE.to_vec(), fragment.repeat(FRAGMENTS)].concat();
    let mut pacs = Silent { written: Vec::new() };
    let (most, rests) = relay_all(&sent, &mut pacs).await;
    assert!(most <= MOST as u64, "{most}");
    assert!(rests >= sent.len() / MOST, "{rests}");
    assert!(pacs.written == sent);
}

#[tokio::test]
async fn gives_way_while_nothing_of_what_it_reads_passes() {
    let begun = refused();
    let end = begun.len() - p_data(1, 2, &[0; 8]).len();
    let sent = [begun[..end].to_vec(), p_data(1, 0, &[0; 0x2000]).repeat(FRAGMENTS)].concat();
    let mut pacs = Silent { written: Vec::new() };
    let (most, rests) = relay_all(&sent, &mut pacs).await;
    assert!(most <= MOST as u64, "{most}");
    assert!(rests >= sent.len() / MOST, "{rests}");
    assert!(pacs.written.is_empty());
}
