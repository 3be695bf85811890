//! The relay over in-memory streams with paused time: no test waits for a clock.

use std::future::{pending, ready};
use std::time::Duration;

use pacsgate_core::inspector::{Context, Grants, Maxima};
use pacsgate_core::inspector::{Fault, Guarding, Mode};
use pacsgate_core::services::{Operation, Operations};
use pacsgate_core::side::PerSide;
use pacsgate_core::transfer_syntax::TransferSyntax;
use pacsgate_core::wire::associate::ContextId;
use pacsgate_core::wire::pdu::{RELEASE_RP, RELEASE_RQ};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::task::JoinHandle;

use super::*;
use crate::stream::lend::lend_of_buffer;

mod progress;
mod rules;
mod share;

const MAXIMUM: u32 = 16 * 1024;
const ABORT: [u8; 10] = [7, 0, 0, 0, 0, 4, 0, 0, 0, 0];
/// C-STORE-RQ, message id 1, with a data set, on context 1, in a PDU of its own.
const STORE: &[u8] = &[
    4, 0, 0, 0, 0, 104, 0, 0, 0, 100, 1, 3, // P-DATA-TF, one PDV: command, last
    0, 0, 0, 0, 4, 0, 0, 0, 86, 0, 0, 0, // group length
    0, 0, 2, 0, 26, 0, 0, 0, // affected SOP class: CT image
    b'1', b'.', b'2', b'.', b'8', b'4', b'0', b'.', b'1', b'0', b'0', b'0', b'8', //
    b'.', b'5', b'.', b'1', b'.', b'4', b'.', b'1', b'.', b'1', b'.', b'2', 0, //
    0, 0, 0, 1, 2, 0, 0, 0, 1, 0, // C-STORE-RQ
    0, 0, 0x10, 1, 2, 0, 0, 0, 1, 0, // message id
    0, 0, 0, 7, 2, 0, 0, 0, 0, 0, // priority
    0, 0, 0, 8, 2, 0, 0, 0, 1, 0, // a data set follows
    0, 0, 0, 0x10, 4, 0, 0, 0, b'1', b'.', b'2', 0, // affected SOP instance
];
/// A last data set fragment of two bytes.
const LAST: &[u8] = &[4, 0, 0, 0, 0, 8, 0, 0, 0, 4, 1, 2, 7, 7];

fn deadlines() -> Deadlines {
    Deadlines {
        idle: Duration::from_secs(600),
        operation: Duration::from_secs(7200),
        progress: Duration::from_secs(10),
        write_stall: Duration::from_secs(60),
        close: Duration::from_secs(2),
        expires: None,
        lifetime: Duration::from_secs(24 * 3600),
    }
}

fn inspector() -> Box<Inspector> {
    let context = |id, class: &str| Context {
        id: ContextId::new(id).unwrap(),
        abstract_syntax: class.parse().unwrap(),
        transfer_syntax: TransferSyntax::find(&"1.2.840.10008.1.2".parse().unwrap()).unwrap(),
        operations: Operations::NONE.and_by_requestor(&[Operation::CStore, Operation::CFind]),
    };
    let contexts = [(1, "1.2.840.10008.5.1.4.1.1.2"), (3, "1.2.840.10008.5.1.4.1.2.2.1")];
    let maxima = Maxima {
        to_acceptor: MAXIMUM,
        to_requestor: MAXIMUM,
        from_requestor: MAXIMUM,
        from_acceptor: MAXIMUM,
    };
    // What a data set is does not matter to the relay.
    let guarding = Guarding { mode: Mode::Report, ..Guarding::default() };
    let grants = Grants {
        direction: pacsgate_core::direction::Direction::Inward,
        move_to: [].into(),
        titles: [].into(),
        guarding: PerSide { requestor: guarding, acceptor: guarding },
    };
    let contexts = contexts.map(|(id, class)| context(id, class));
    Box::new(Inspector::new(Contexts::new(contexts.into(), maxima, grants)))
}

/// Lends what a test has sent.
impl<S: AsyncRead + Unpin> Lend for BufReader<S> {
    fn poll_lend(
        self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        deal: &mut dyn FnMut(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>> {
        lend_of_buffer(self, cx, deal)
    }
}

trait Ready: Future<Output = ()> + Send + 'static {}
impl<F: Future<Output = ()> + Send + 'static> Ready for F {}

struct Ends {
    requestor: DuplexStream,
    pacs: DuplexStream,
    relay: JoinHandle<Relayed>,
}

/// Rules that never change.
const SAME: fn(&Contexts, &mut std::task::Context<'_>) -> Poll<Rules> = |_, _| Poll::Pending;

fn start(deadlines: Deadlines, room: usize) -> Ends {
    start_with(deadlines, room, Outside { drain: pending, end: pending, rules: SAME })
}

fn start_with<D: Ready, E: Ready, J>(
    deadlines: Deadlines,
    room: usize,
    outside: Outside<impl FnOnce() -> D + Send + 'static, impl FnOnce() -> E + Send + 'static, J>,
) -> Ends
where
    J: FnMut(&Contexts, &mut std::task::Context<'_>) -> Poll<Rules> + Send + 'static,
{
    let (requestor, inner_requestor) = duplex(room);
    let (pacs, inner_pacs) = duplex(room);
    let relay = tokio::spawn(async move {
        let mut inner_requestor = BufReader::with_capacity(pool::BUFFER, inner_requestor);
        let mut inner_pacs = BufReader::with_capacity(pool::BUFFER, inner_pacs);
        relay(&mut inner_requestor, &mut inner_pacs, inspector(), deadlines, outside, &mut |_| {})
            .await
    });
    Ends { requestor, pacs, relay }
}

async fn read(stream: &mut DuplexStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test(start_paused = true)]
async fn relays_until_both_sides_have_released() {
    let mut ends = start(deadlines(), 4096);
    ends.requestor.write_all(&[STORE, LAST, &RELEASE_RQ].concat()).await.unwrap();
    let passed = read(&mut ends.pacs, STORE.len() + LAST.len() + RELEASE_RQ.len()).await;
    assert_eq!(passed, [STORE, LAST, &RELEASE_RQ].concat());
    ends.pacs.write_all(&RELEASE_RP).await.unwrap();
    let relayed = ends.relay.await.unwrap();
    assert_eq!(relayed.ending, Over::Released.into());
    assert_eq!(relayed.traffic.pdus.requestor, 3);
    // It leaves with the end of TLS.
    assert_eq!(relayed.to_requestor.bytes, RELEASE_RP);
}

#[tokio::test(start_paused = true)]
async fn ends_what_is_idle() {
    let ends = start(deadlines(), 4096);
    assert_eq!(ends.relay.await.unwrap().ending, Over::Idle.into());
}

#[tokio::test(start_paused = true)]
async fn gives_an_outstanding_operation_more_time_than_an_idle_association() {
    let began = Instant::now();
    let mut ends = start(deadlines(), 4096);
    ends.requestor.write_all(&[STORE, LAST].concat()).await.unwrap();
    assert_eq!(ends.relay.await.unwrap().ending, Over::Operation.into());
    assert!(began.elapsed() >= deadlines().operation);
}

#[tokio::test(start_paused = true)]
async fn a_message_without_an_end_counts_as_idle() {
    let began = Instant::now();
    let mut ends = start(deadlines(), 4096);
    ends.requestor.write_all(STORE).await.unwrap();
    assert_eq!(ends.relay.await.unwrap().ending, Over::Idle.into());
    assert!(began.elapsed() < deadlines().operation);
}

#[tokio::test(start_paused = true)]
async fn ends_a_side_that_stands_still_inside_a_pdu() {
    for side in [Side::Requestor, Side::Acceptor] {
        let began = Instant::now();
        let mut ends = start(deadlines(), 4096);
        let stream = match side {
            Side::Requestor => &mut ends.requestor,
            Side::Acceptor => &mut ends.pacs,
        };
        stream.write_all(&STORE[..3]).await.unwrap();
        let relayed = ends.relay.await.unwrap();
        assert_eq!(relayed.ending, Loss::Progress.by(side).into());
        assert!(began.elapsed() < deadlines().idle);
    }
}

#[tokio::test(start_paused = true)]
async fn byte_by_byte_inside_a_pdu_is_no_progress() {
    let mut ends = start(deadlines(), 4096);
    let mut large = vec![4, 0, 0, 0, 0x20, 6, 0, 0, 0x20, 2, 1, 3];
    large.resize(12 + 0x2000, 0);
    let drip = tokio::spawn(async move {
        for byte in large {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if ends.requestor.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    });
    let relayed = ends.relay.await.unwrap();
    assert_eq!(relayed.ending, Loss::Progress.by(Side::Requestor).into());
    drip.abort();
}

#[tokio::test(start_paused = true)]
async fn ends_a_receiver_that_takes_nothing_and_reads_no_more_than_the_buffers_hold() {
    let mut ends = start(deadlines(), 4096);
    let piece = [&[4, 0, 0, 0, 0x20, 6, 0, 0, 0x20, 2, 1, 0][..], &[0; 0x2000]].concat();
    let sender = tokio::spawn(async move {
        ends.requestor.write_all(STORE).await.unwrap();
        let mut sent = 0;
        while ends.requestor.write_all(&piece).await.is_ok() {
            sent += piece.len();
        }
        sent
    });
    let relayed = ends.relay.await.unwrap();
    assert_eq!(relayed.ending, Loss::WriteStall.by(Side::Acceptor).into());
    assert!(relayed.to_acceptor.bytes.len() < 2 * pool::BUFFER);
    assert!(sender.await.unwrap() < 3 * pool::BUFFER);
}

#[tokio::test(start_paused = true)]
async fn a_certificates_end_is_the_associations_end() {
    for what in [Over::Certificate, Over::Token] {
        let expires = Some((Instant::now() + Duration::from_secs(5), what));
        let ends = start(Deadlines { expires, ..deadlines() }, 4096);
        assert_eq!(ends.relay.await.unwrap().ending, what.into());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_ends_an_association_however_busy() {
    let lifetime = Duration::from_secs(5);
    let ends = start(Deadlines { lifetime, ..deadlines() }, 4096);
    assert_eq!(ends.relay.await.unwrap().ending, Over::Lifetime.into());
}

#[tokio::test(start_paused = true)]
async fn stops_when_told_to() {
    let stop = Outside { drain: || ready(()), end: || ready(()), rules: SAME };
    let ends = start_with(deadlines(), 4096, stop);
    assert_eq!(ends.relay.await.unwrap().ending, Over::Shutdown.into());
}

fn start_draining() -> Ends {
    start_with(deadlines(), 4096, Outside { drain: || ready(()), end: pending, rules: SAME })
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_what_is_at_rest() {
    let began = Instant::now();
    assert_eq!(start_draining().relay.await.unwrap().ending, Over::Shutdown.into());
    assert_eq!(began.elapsed(), deadlines().close);
}

#[tokio::test(start_paused = true)]
async fn a_stop_leaves_an_operation_its_time_and_ends_what_comes_to_rest() {
    let mut ends = start_draining();
    ends.requestor.write_all(&[STORE, LAST].concat()).await.unwrap();
    read(&mut ends.pacs, STORE.len() + LAST.len()).await;
    tokio::time::sleep(10 * deadlines().close).await;
    ends.pacs.write_all(RESPONSE).await.unwrap();
    assert_eq!(read(&mut ends.requestor, RESPONSE.len()).await, RESPONSE);
    let rests = Instant::now();
    assert_eq!(ends.relay.await.unwrap().ending, Over::Shutdown.into());
    assert_eq!(rests.elapsed(), deadlines().close);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_cut_a_message_nor_a_release() {
    let mut ends = start_draining();
    ends.requestor.write_all(STORE).await.unwrap();
    tokio::time::sleep(10 * deadlines().close).await;
    ends.requestor.write_all(&[LAST, &RELEASE_RQ].concat()).await.unwrap();
    read(&mut ends.pacs, STORE.len() + LAST.len() + RELEASE_RQ.len()).await;
    tokio::time::sleep(10 * deadlines().close).await;
    ends.pacs.write_all(&RELEASE_RP).await.unwrap();
    assert_eq!(ends.relay.await.unwrap().ending, Over::Released.into());
}

#[tokio::test(start_paused = true)]
async fn delivers_what_a_side_said_before_it_closed() {
    let mut ends = start(deadlines(), 4096);
    ends.requestor.write_all(STORE).await.unwrap();
    drop(ends.requestor);
    let relayed = ends.relay.await.unwrap();
    assert_eq!(relayed.ending, Loss::Closed.by(Side::Requestor).into());
    assert!(relayed.to_acceptor.at_boundary);
    let already = read(&mut ends.pacs, STORE.len() - relayed.to_acceptor.bytes.len()).await;
    assert_eq!([already, relayed.to_acceptor.bytes].concat(), STORE);
}

#[tokio::test(start_paused = true)]
async fn a_requestor_that_closed_its_half_gets_its_answer() {
    let mut ends = start(deadlines(), 4096);
    ends.requestor.write_all(&[STORE, LAST].concat()).await.unwrap();
    ends.requestor.shutdown().await.unwrap();
    read(&mut ends.pacs, STORE.len() + LAST.len()).await;
    tokio::time::sleep(deadlines().idle / 2).await;
    ends.pacs.write_all(RESPONSE).await.unwrap();
    let relayed = ends.relay.await.unwrap();
    assert_eq!(relayed.ending, Loss::Closed.by(Side::Requestor).into());
    let already =
        read(&mut ends.requestor, RESPONSE.len() - relayed.to_requestor.bytes.len()).await;
    assert_eq!([already, relayed.to_requestor.bytes].concat(), RESPONSE);
}

#[tokio::test(start_paused = true)]
async fn an_abort_behind_a_request_that_waits_ends_the_association_at_once() {
    let two = [STORE, LAST, STORE, LAST].concat();
    for abort in [&ABORT[..], &[LAST, &ABORT].concat()] {
        let began = Instant::now();
        let mut ends = start(deadlines(), 4096);
        ends.requestor.write_all(&two).await.unwrap();
        // The PACS has the first and says nothing.
        read(&mut ends.pacs, STORE.len() + LAST.len()).await;
        ends.requestor.write_all(abort).await.unwrap();
        let relayed = ends.relay.await.unwrap();
        assert_eq!(relayed.ending, Loss::Aborted.by(Side::Requestor).into());
        assert!(began.elapsed() < deadlines().close);
        let already = read(&mut ends.pacs, ABORT.len() - relayed.to_acceptor.bytes.len()).await;
        assert_eq!([already, relayed.to_acceptor.bytes].concat(), ABORT);
    }
}

#[tokio::test(start_paused = true)]
async fn a_requestor_that_closed_its_half_behind_several_requests_gets_its_answers_or_ends_as_idle()
{
    for answers in [0, 1, 2] {
        let began = Instant::now();
        let mut ends = start(deadlines(), 4096);
        ends.requestor.write_all(&[STORE, LAST, STORE, LAST].concat()).await.unwrap();
        ends.requestor.shutdown().await.unwrap();
        for _ in 0..answers {
            read(&mut ends.pacs, STORE.len() + LAST.len()).await;
            ends.pacs.write_all(RESPONSE).await.unwrap();
        }
        let relayed = ends.relay.await.unwrap();
        assert_eq!(relayed.ending, Loss::Closed.by(Side::Requestor).into());
        assert_eq!(began.elapsed() < deadlines().idle, answers == 2);
        assert!(began.elapsed() < deadlines().operation);
        let rest = relayed.to_requestor.bytes;
        let already = read(&mut ends.requestor, answers * RESPONSE.len() - rest.len()).await;
        assert_eq!([already, rest].concat(), RESPONSE.repeat(answers));
    }
}

#[tokio::test(start_paused = true)]
async fn a_requestor_that_closed_its_half_hears_the_end_of_its_release() {
    let mut ends = start(deadlines(), 4096);
    ends.requestor.write_all(&RELEASE_RQ).await.unwrap();
    ends.requestor.shutdown().await.unwrap();
    assert_eq!(read(&mut ends.pacs, RELEASE_RQ.len()).await, RELEASE_RQ);
    ends.pacs.write_all(&RELEASE_RP).await.unwrap();
    assert_eq!(ends.relay.await.unwrap().ending, Over::Released.into());
}

#[tokio::test(start_paused = true)]
async fn half_an_association_ends_with_its_answer_or_as_idle() {
    let release = Loss::ClosedInRelease.by(Side::Requestor);
    let store = [STORE, LAST].concat();
    for (asked, ending) in
        [(&store[..], Loss::Closed.by(Side::Requestor)), (&RELEASE_RQ[..], release)]
    {
        let began = Instant::now();
        let mut ends = start(deadlines(), 4096);
        ends.requestor.write_all(asked).await.unwrap();
        ends.requestor.shutdown().await.unwrap();
        assert_eq!(ends.relay.await.unwrap().ending, ending.into());
        assert!((deadlines().idle..deadlines().operation).contains(&began.elapsed()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_requestor_that_asked_for_nothing_ends_with_its_half() {
    for asked in [&[][..], STORE, &[STORE, &LAST[..7]].concat()] {
        let began = Instant::now();
        let mut ends = start(deadlines(), 4096);
        ends.requestor.write_all(asked).await.unwrap();
        ends.requestor.shutdown().await.unwrap();
        assert_eq!(ends.relay.await.unwrap().ending, Loss::Closed.by(Side::Requestor).into());
        assert!(began.elapsed() < deadlines().close);
    }
}

#[tokio::test(start_paused = true)]
async fn a_side_that_takes_nothing_more_is_still_heard() {
    let mut ends = start(deadlines(), 4096);
    ends.pacs.write_all(&ABORT).await.unwrap();
    ends.requestor.write_all(STORE).await.unwrap();
    drop(ends.pacs);
    assert_eq!(ends.relay.await.unwrap().ending, Loss::Aborted.by(Side::Acceptor).into());
}

#[tokio::test(start_paused = true)]
async fn a_fault_leaves_the_judged_bytes_before_it_and_tells_the_boundary() {
    let mut ends = start(deadlines(), 4096);
    ends.requestor.write_all(&[STORE, &[9; 6]].concat()).await.unwrap();
    let relayed = ends.relay.await.unwrap();
    assert_eq!(relayed.ending, Ending::Fault(Fault::UnknownPdu(9).by(Side::Requestor)));
    assert_eq!(relayed.to_acceptor.bytes, STORE);
    assert!(relayed.to_acceptor.at_boundary && relayed.to_requestor.at_boundary);
}

#[tokio::test(start_paused = true)]
async fn half_a_fragment_is_no_boundary() {
    let mut ends = start(deadlines(), 4096);
    ends.requestor.write_all(&[STORE, &LAST[..13]].concat()).await.unwrap();
    drop(ends.requestor);
    let relayed = ends.relay.await.unwrap();
    assert_eq!(relayed.ending, Loss::Closed.by(Side::Requestor).into());
    assert!(!relayed.to_acceptor.at_boundary && relayed.to_requestor.at_boundary);
}

#[tokio::test(start_paused = true)]
async fn both_directions_move_at_once_through_small_pipes() {
    let mut ends = start(deadlines(), 64);
    let count = 200;
    let up = [STORE, LAST].concat();
    let writer = async {
        for _ in 0..count {
            ends.requestor.write_all(&up).await.unwrap();
            // C-STORE-RSP: success, no data set.
            let answer = read(&mut ends.requestor, RESPONSE.len()).await;
            assert_eq!(answer, RESPONSE);
        }
        ends.requestor.write_all(&RELEASE_RQ).await.unwrap();
    };
    let answerer = async {
        for _ in 0..count {
            assert_eq!(read(&mut ends.pacs, up.len()).await, up);
            ends.pacs.write_all(RESPONSE).await.unwrap();
        }
        assert_eq!(read(&mut ends.pacs, RELEASE_RQ.len()).await, RELEASE_RQ);
        ends.pacs.write_all(&RELEASE_RP).await.unwrap();
    };
    tokio::join!(writer, answerer);
    assert_eq!(ends.relay.await.unwrap().ending, Over::Released.into());
}

#[tokio::test(start_paused = true)]
async fn what_leaves_as_it_came_leaves_in_its_order_whatever_the_other_side_takes() {
    let fragment: Vec<u8> = (0..=250).cycle().take(0x2000).collect();
    let piece = [&[4, 0, 0, 0, 0x20, 6, 0, 0, 0x20, 2, 1, 0][..], &fragment].concat();
    let message = [STORE, &piece.repeat(40), LAST].concat();
    for room in [100, 50_000, 1 << 20] {
        let mut ends = start(deadlines(), room);
        let (sent, count) = (message.clone(), message.len());
        let sender = tokio::spawn(async move {
            ends.requestor.write_all(&sent).await.unwrap();
            ends.requestor
        });
        assert!(read(&mut ends.pacs, count).await == message, "{room}");
        drop(sender.await.unwrap());
        let relayed = ends.relay.await.unwrap();
        assert_eq!(relayed.traffic.bytes.requestor, count as u64);
        assert!(relayed.to_acceptor.bytes.is_empty());
    }
}

/// C-STORE-RSP to message id 1: success, no data set.
const RESPONSE: &[u8] = &[
    4, 0, 0, 0, 0, 58, 0, 0, 0, 54, 1, 3, // P-DATA-TF, one PDV: command, last
    0, 0, 0, 0, 4, 0, 0, 0, 40, 0, 0, 0, // group length
    0, 0, 0, 1, 2, 0, 0, 0, 1, 0x80, // C-STORE-RSP
    0, 0, 0x20, 1, 2, 0, 0, 0, 1, 0, // responds to message id 1
    0, 0, 0, 8, 2, 0, 0, 0, 1, 1, // no data set
    0, 0, 0, 9, 2, 0, 0, 0, 0, 0, // success
];
