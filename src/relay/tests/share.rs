//! One association holds no worker: it gives way although both its streams are always ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use tokio::task::yield_now;

use super::progress::{find, p_data, refused, result};
use super::*;
use crate::relay::share::SHARE;

/// What one poll may move: its share, and what one read had beyond it.
const MOST: usize = SHARE + pool::BUFFER;
const FRAGMENTS: usize = 1000;
/// What a record of TLS has at most.
const RECORD: usize = 16 * 1024;

/// Has always something to read until all is read, and takes whatever is written.
struct Eager<'a> {
    rest: &'a [u8],
    /// How much it lends at most.
    piece: usize,
    /// How much comes with each piece that is no data, and when all is read instead of one.
    around: u64,
    /// Whether it stays then, instead of closing.
    stays: bool,
    overhead: u64,
    written: Vec<u8>,
}

impl<'a> Eager<'a> {
    const fn new(rest: &'a [u8], piece: usize, around: u64) -> Self {
        Self { rest, piece, around, stays: false, overhead: 0, written: Vec::new() }
    }

    /// Says this and then nothing.
    fn silent_behind(rest: &'a [u8]) -> Self {
        Self { stays: true, ..Self::new(rest, RECORD, 0) }
    }
}

impl Lend for Eager<'_> {
    fn poll_lend(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        deal: &mut dyn FnMut(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>> {
        let length = self.rest.len().min(self.piece);
        let this = self.get_mut();
        this.overhead += this.around;
        if length == 0 && this.stays {
            return Poll::Pending;
        }
        if length > 0 {
            this.rest = &this.rest[deal(&this.rest[..length])..];
        }
        Poll::Ready(Ok(length))
    }

    fn overhead(&self) -> u64 {
        self.overhead
    }
}

impl AsyncWrite for Eager<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().written.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[derive(Default)]
struct Counted(AtomicUsize);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// How a relay went.
struct Rested {
    /// How much was read between two rests at most.
    most: u64,
    rests: usize,
    /// By the other side.
    heard: Vec<u8>,
}

/// Relays until this side has said all, and closes. Until then it is always ready: whoever rests gives
/// way, and is woken for it.
async fn relay_all(from: Side, mut requestor: Eager<'_>, mut pacs: Eager<'_>) -> Rested {
    let sent = if from == Side::Requestor { requestor.rest } else { pacs.rest }.len() as u64;
    let (mut moved, mut most, mut rests) = (0, 0, 0);
    let read = AtomicU64::new(0);
    let mut tell = |told: Told<'_>| {
        if let Told::Moved(now) = told {
            read.store(*now.bytes.get(from), Ordering::Relaxed);
        }
    };
    let outside = Outside { drain: pending, end: pending, rules: SAME };
    let relay = relay(&mut requestor, &mut pacs, inspector(), deadlines(), outside, &mut tell);
    let mut relay = Box::pin(relay);
    let wakes = Arc::new(Counted::default());
    let waker = Waker::from(Arc::clone(&wakes));
    loop {
        let polled = relay.as_mut().poll(&mut Context::from_waker(&waker));
        let now = read.load(Ordering::Relaxed);
        most = most.max(now - moved);
        moved = now;
        if let Poll::Ready(relayed) = polled {
            assert_eq!(relayed.ending, Loss::Closed.by(from).into());
            assert_eq!(*relayed.traffic.bytes.get(from), sent);
            drop(relay);
            let (mut heard, rest) = match from {
                Side::Requestor => (pacs.written, relayed.to_acceptor),
                Side::Acceptor => (requestor.written, relayed.to_requestor),
            };
            heard.extend(rest.bytes);
            return Rested { most, rests, heard };
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
    let Rested { most, rests, heard } =
        relay_all(Side::Requestor, Eager::new(&sent, RECORD, 0), Eager::silent_behind(&[])).await;
    assert!(most <= MOST as u64, "{most}");
    assert!(rests >= sent.len() / MOST, "{rests}");
    assert!(heard == sent);
}

#[tokio::test]
async fn gives_way_while_nothing_of_what_it_reads_passes() {
    let begun = refused();
    let end = begun.len() - p_data(1, 2, &[0; 8]).len();
    let sent = [begun[..end].to_vec(), p_data(1, 0, &[0; 0x2000]).repeat(FRAGMENTS)].concat();
    let Rested { most, rests, heard } =
        relay_all(Side::Requestor, Eager::new(&sent, RECORD, 0), Eager::silent_behind(&[])).await;
    assert!(most <= MOST as u64, "{most}");
    assert!(rests >= sent.len() / MOST, "{rests}");
    assert!(heard.is_empty());
}

#[tokio::test]
async fn who_sends_the_smallest_fragments_has_no_longer_turn() {
    let fragments = p_data(1, 0, &[0; 2]).repeat(40_000);
    let sent = [STORE.to_vec(), fragments].concat();
    let Rested { most, rests, heard } =
        relay_all(Side::Requestor, Eager::new(&sent, RECORD, 0), Eager::silent_behind(&[])).await;
    // To deal with one of them takes as long as to move half a KiB, and each has 14 bytes.
    assert!(most <= SHARE as u64 / 16, "{most}");
    assert!(rests >= sent.len() * 16 / SHARE, "{rests}");
    assert!(heard == sent);
}

#[tokio::test]
async fn who_changes_keys_between_bytes_has_no_longer_turn() {
    const KEY_UPDATES: u64 = 31 * 27;
    let sent = [STORE.to_vec(), p_data(1, 0, &[0; 0x2000])].concat();
    let Rested { most, rests, heard } =
        relay_all(Side::Requestor, Eager::new(&sent, 1, KEY_UPDATES), Eager::silent_behind(&[]))
            .await;
    assert!(most <= 8, "{most}");
    assert!(rests >= sent.len() / 8, "{rests}");
    assert!(heard == sent);
}

#[tokio::test]
async fn who_brings_nothing_but_keys_does_not_keep_the_other_from_being_heard() {
    let (asked, sent) = (find(), result(2000).repeat(200));
    let requestor = Eager { around: SHARE as u64, ..Eager::silent_behind(&asked) };
    let pacs = Eager::new(&sent, RECORD, 0);
    let Rested { heard, .. } = relay_all(Side::Acceptor, requestor, pacs).await;
    assert!(heard == sent);
}

#[tokio::test]
async fn a_turn_may_end_as_the_other_side_is_asked_and_says_nothing() {
    let asked = find();
    // After six rounds of some of these, less is left of a turn than it costs to ask.
    for length in (2600..2800).step_by(10) {
        let sent = result(length).repeat(500);
        let pacs = Eager::new(&sent, RECORD, 0);
        let requestor = Eager::silent_behind(&asked);
        let Rested { heard, .. } = relay_all(Side::Acceptor, requestor, pacs).await;
        assert!(heard == sent, "{length}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_side_that_sends_without_end_does_not_keep_the_other_from_being_heard() {
    for length in [2, 0x2000] {
        let fragment = p_data(1, 0, &vec![7; length]);
        let mut ends = start(deadlines(), 1 << 23);
        ends.requestor.write_all(STORE).await.unwrap();
        assert_eq!(read(&mut ends.pacs, STORE.len()).await, STORE);
        ends.requestor.write_all(&fragment.repeat((1 << 22) / fragment.len())).await.unwrap();
        ends.pacs.write_all(&ABORT).await.unwrap();
        let Relayed { ending, traffic, .. } = ends.relay.await.unwrap();
        assert_eq!(ending, Loss::Aborted.by(Side::Acceptor).into(), "{length}");
        assert!(traffic.bytes.requestor <= 2 * pool::BUFFER as u64, "{length}: {traffic:?}");
    }
}
