//! Hostile traffic: what an inspector holds and gives is bounded whatever comes.

use pacsgate_core::inspector::{Fault, Guarding, HEAD, Mode};
use pacsgate_core::side::Side;

use crate::build::*;
use crate::limits::{HELD_OUTPUT, INSPECTOR, LEDGER};
use crate::play::Run;

/// So much as is read at once.
const READ: usize = 64 * 1024;

fn run() -> Run {
    Run::new(contexts(maxima(u32::MAX), Guarding::default()))
}

fn begin_store() -> Bytes {
    pdata(CT.0, COMMAND | LAST, &set(&request(STORE, CT.1, 1, true)))
}

/// Fragments of two bytes that are the whole of a head, but for so many bytes.
fn smallest(but: usize) -> Bytes {
    let object = object(CT.1, 2 * HEAD);
    object[..HEAD - but].chunks(2).flat_map(|piece| pdata(CT.0, 0, piece)).collect()
}

fn feed(run: &mut Run, side: Side, bytes: &[u8]) {
    bytes.chunks(READ).for_each(|piece| run.feed(side, piece));
}

#[test]
fn a_head_in_the_smallest_fragments_is_the_most_that_a_feed_gives() {
    let mut run = run();
    feed(&mut run, Side::Requestor, &[begin_store(), smallest(2)].concat());
    assert_eq!((run.verdict, run.most.output), (Ok(()), 0));
    run.feed(Side::Requestor, &pdata(CT.0, 0, &[0; 2]));
    assert!((HELD_OUTPUT - 1024..=HELD_OUTPUT).contains(&run.most.output), "{:?}", run.most);
    assert!(usize::try_from(run.held).unwrap() <= LEDGER, "{:?}", run.most);
}

#[test]
fn a_held_head_and_the_longest_command_are_the_most_that_is_held() {
    let mut run = run();
    feed(&mut run, Side::Requestor, &[begin_store(), smallest(2)].concat());
    let command = pdata(PRINTS.0, COMMAND, &[0; 1024]).repeat(63);
    feed(&mut run, Side::Acceptor, &command);
    run.feed(Side::Acceptor, &pdata(PRINTS.0, COMMAND, &[0; 1020]));
    assert_eq!(run.verdict, Ok(()));
    let held = usize::try_from(run.most.held).unwrap();
    assert!((INSPECTOR * 3 / 4..=INSPECTOR).contains(&held), "{held} bytes");
}

#[test]
fn a_small_object_in_pieces_is_held_in_as_much_room() {
    let mut run = run();
    let message = [begin_store(), pdata(CT.0, LAST, &object(CT.1, 4096))].concat();
    message.chunks(1000).for_each(|piece| run.feed(Side::Requestor, piece));
    assert_eq!((run.verdict, run.to_acceptor == message), (Ok(()), true));
    let held = usize::try_from(run.most.held).unwrap();
    assert!(held < 2 * message.len(), "{:?}", run.most);
}

#[test]
fn lying_lengths_hold_nothing() {
    for kind in [0, COMMAND, LAST, COMMAND | LAST] {
        for length in [u32::MAX, u32::MAX - 6, 1 << 31, 70_000] {
            let lengths = [length, length - 4].map(u32::to_be_bytes).concat();
            let lying = [&[4, 0], &lengths[..], &[CT.0, kind], &[0; 500]].concat();
            for before in [Bytes::new(), begin_store()] {
                for side in [Side::Requestor, Side::Acceptor] {
                    let mut run = run();
                    feed(&mut run, side, &[&before[..], &lying].concat());
                    assert!(run.most.held <= 2 * 64 * 1024, "{:?}", run.most);
                }
            }
        }
    }
}

#[test]
fn commands_without_end_are_ended() {
    for (size, count, expected) in [
        (0, 100, Fault::EmptyFragments),
        (1, 70_000, Fault::CommandTooLong),
        (8192, 100, Fault::CommandTooLong),
    ] {
        for side in [Side::Requestor, Side::Acceptor] {
            let mut run = run();
            feed(&mut run, side, &pdata(CT.0, COMMAND, &vec![0; size]).repeat(count));
            assert_eq!(run.verdict, Err(expected));
        }
    }
}

#[test]
fn thousands_of_unsound_objects_leave_no_more_than_some() {
    for mode in [Mode::Refuse, Mode::Report] {
        let mut run =
            Run::new(contexts(maxima(u32::MAX), Guarding { mode, ..Guarding::default() }));
        let unsound = [begin_store(), pdata(CT.0, LAST, &[0xff; 2])].concat();
        let answer = pdata(CT.0, COMMAND | LAST, &response(STORE, 1, false, 0));
        for _ in 0..20 {
            if mode == Mode::Refuse {
                feed(&mut run, Side::Requestor, &unsound.repeat(400));
                continue;
            }
            for _ in 0..100 {
                run.feed(Side::Requestor, &unsound);
                run.feed(Side::Acceptor, &answer);
            }
        }
        assert_eq!(run.verdict, Ok(()));
        assert!(run.news.len() >= 2000);
        assert!(usize::try_from(run.held).unwrap() <= LEDGER, "{:?}", run.most);
    }
}

#[test]
fn operations_of_every_kind_leave_no_more_than_some() {
    let mut run = run();
    for number in 0..2000_u16 {
        let id = number % 7;
        let mut moved = request(MOVE, MOVES.1, id, true);
        moved[3].1 = format!("A{:<3}", number % DESTINATIONS).into_bytes();
        let query = pdata(MOVES.0, LAST, &element(0x20, 0x0d, b"1.2.3\0"));
        run.feed(Side::Requestor, &[pdata(MOVES.0, 3, &set(&moved)), query].concat());
        run.feed(Side::Acceptor, &pdata(MOVES.0, 3, &response(MOVE, id, false, 0xc000 + number)));
        run.feed(Side::Requestor, &pdata(FINDS.0, 3, &cancel(id)));
    }
    assert_eq!(run.verdict, Ok(()));
    assert!(usize::try_from(run.held).unwrap() <= LEDGER, "{:?}", run.most);
    for number in 0..20 {
        let unknown = set(&request(0x0200 + number, CT.1, 1, false));
        run.feed(Side::Requestor, &pdata(CT.0, 3, &unknown));
    }
    assert_eq!(run.verdict, Err(Fault::ForbiddenRequests));
    assert!(usize::try_from(run.held).unwrap() <= LEDGER, "{:?}", run.most);
}
