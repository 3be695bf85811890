//! What holds for any traffic.

use pacsgate_core::data_set::Deviation;
use pacsgate_core::inspector::Maxima;
use pacsgate_core::inspector::{Guarding, HEAD, Mode};
use pacsgate_core::side::Side;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::build::{PRINTS, Sent, contexts, maxima};
use crate::framing;
use crate::play::Run;
use crate::traffic::{around_the_head, traffic};

fn guarding() -> impl Strategy<Value = Guarding> {
    let mode = select(vec![Mode::Refuse, Mode::Refuse, Mode::Report]);
    let tolerated = subsequence(Deviation::TOLERABLE.to_vec(), 0..=Deviation::TOLERABLE.len());
    (mode, tolerated).prop_map(|(mode, it)| Guarding {
        mode,
        tolerated: it.into_iter().collect(),
        ..Guarding::default()
    })
}

/// What a side takes is at least what the other may send.
fn any_maxima() -> impl Strategy<Value = Maxima> {
    let one = || {
        let told = select(vec![1024, 16_384, 16_384, 1 << 20, u32::MAX]);
        told.prop_map(|told: u32| (told, told.min(1 << 20)))
    };
    (one(), one()).prop_map(|((to_acceptor, from_requestor), (to_requestor, from_acceptor))| {
        Maxima { to_acceptor, to_requestor, from_requestor, from_acceptor }
    })
}

/// What is sent without a break by one side, in one piece.
fn joined(traffic: &[Sent]) -> Vec<Sent> {
    traffic
        .chunk_by(|one, next| one.0 == next.0)
        .map(|same| (same[0].0, same.iter().flat_map(|(_, bytes)| bytes.clone()).collect()))
        .collect()
}

fn play(mut run: Run, traffic: &[Sent]) -> Run {
    traffic.iter().for_each(|(side, bytes)| run.feed(*side, bytes));
    run
}

fn play_in_pieces(mut run: Run, traffic: &[Sent], sizes: &[usize]) -> Run {
    let mut sizes = sizes.iter().copied().cycle();
    for (side, bytes) in traffic {
        let mut rest = &bytes[..];
        while let Some(size) = sizes.next().filter(|_| !rest.is_empty()) {
            let (piece, tail) = rest.split_at(size.min(rest.len()));
            run.feed(*side, piece);
            rest = tail;
        }
    }
    run
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_cut_changes_nothing_that_can_be_seen(
        traffic in prop_oneof![3 => traffic(), 1 => around_the_head()],
        guarding in guarding(),
        maxima in any_maxima(),
        sizes in prop_oneof![
            prop::collection::vec(1_usize..9, 1..9),
            prop::collection::vec(1_usize..3000, 1..9),
        ],
    ) {
        let new = || Run::new(contexts(maxima, guarding));
        let whole = play(new(), &joined(&traffic));
        play(new(), &traffic).compare(&whole)?;
        let cut = play_in_pieces(new(), &traffic, &sizes);
        cut.compare(&whole)?;
        play_in_pieces(Run::copying(contexts(maxima, guarding)), &traffic, &sizes).compare(&whole)?;
        let ledgers = [cut, whole].map(|run| format!("{:?}", run.inspector.into_ledger()));
        prop_assert_eq!(&ledgers[0], &ledgers[1]);
    }

    #[test]
    fn what_goes_out_is_whole_messages_in_pdus_of_one_pdv(
        traffic in traffic(),
        guarding in guarding(),
        maxima in any_maxima(),
        end in any::<Index>(),
    ) {
        let (head, tail) = traffic.split_at(end.index(traffic.len()));
        let mut run = play(Run::new(contexts(maxima, guarding)), head);
        for (side, bytes) in tail.iter().take(1) {
            run.feed(*side, &bytes[..end.index(bytes.len())]);
        }
        let sides = [
            (Side::Acceptor, &run.to_acceptor, maxima.to_acceptor),
            (Side::Requestor, &run.to_requestor, maxima.to_requestor),
        ];
        for (to, out, longest) in sides {
            let read = framing::read(out, longest, PRINTS.0).map_err(TestCaseError::fail)?;
            prop_assert_eq!(read.is_cut, !run.inspector.at_boundary(to), "to {:?}", to);
        }
    }

    #[test]
    fn what_passed_passes_a_second_gate_as_it_is(traffic in traffic(), maxima in any_maxima()) {
        let new = || Run::new(contexts(maxima, Guarding::default()));
        let (mut first, mut second) = (new(), new());
        for (side, bytes) in &traffic {
            let before = [first.to_acceptor.len(), first.to_requestor.len()];
            first.feed(*side, bytes);
            if !first.news.is_empty() {
                // What the gate itself answers, the PACS has not sent.
                return Ok(());
            }
            second.feed(Side::Requestor, &first.to_acceptor[before[0]..]);
            second.feed(Side::Acceptor, &first.to_requestor[before[1]..]);
        }
        prop_assert_eq!(second.verdict, Ok(()));
        prop_assert!(second.to_acceptor == first.to_acceptor, "to the PACS");
        prop_assert!(second.to_requestor == first.to_requestor, "to the requestor");
    }
}

/// A generator that never gets anywhere would let every property hold.
#[test]
fn the_traffic_reaches_what_there_is_to_reach() {
    let mut runner = TestRunner::deterministic();
    let mut reached = [0; 9];
    for _ in 0..150 {
        let sent = traffic().new_tree(&mut runner).unwrap().current();
        let guarding = guarding().new_tree(&mut runner).unwrap().current();
        let run = play(Run::new(contexts(maxima(1 << 20), guarding)), &sent);
        let is_sound = run.verdict.is_ok();
        let is_large = run.most.output > HEAD;
        let ledger = run.inspector.into_ledger();
        let now = [
            usize::from(is_sound),
            usize::from(!is_sound),
            usize::from(is_large),
            ledger.operations().len(),
            ledger.forbidden().len(),
            ledger.unsound().len(),
            ledger.destinations().len(),
            ledger.deviations().iter().count(),
            usize::try_from(ledger.late_cancels()).unwrap(),
        ];
        reached.iter_mut().zip(now).for_each(|(all, now)| *all += now);
    }
    assert!(reached.iter().all(|&count| count >= 3), "{reached:?}");
}
