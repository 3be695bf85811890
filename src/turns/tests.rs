use std::net::Ipv4Addr;
use std::sync::Mutex;

use tokio::sync::Semaphore;
use tokio::task::{JoinSet, yield_now};

use super::*;

fn whose(last: u8, is_known: bool) -> Whose {
    Whose { source: Source::of(Ipv4Addr::new(192, 0, 2, last).into()), is_known }
}

/// Everybody asks while one computes that waits for nothing but `begin`: the order in which they
/// then come.
async fn order(asking: &[(u8, bool)]) -> Vec<u8> {
    let turns = Turns::new(1);
    let came = Arc::new(Mutex::new(Vec::new()));
    let holder = turns.hold(whose(0, false)).await;
    let mut tasks = JoinSet::new();
    for &(last, is_known) in asking {
        let (turns, came) = (Arc::clone(&turns), Arc::clone(&came));
        tasks.spawn(async move {
            let note = async { came.lock().unwrap().push(last) };
            turns.take(whose(last, is_known), note).await;
        });
        yield_now().await;
    }
    drop(holder);
    tasks.join_all().await;
    assert_eq!(turns.state().free, 1);
    let came = came.lock().unwrap();
    came.clone()
}

#[tokio::test]
async fn a_source_with_many_handshakes_delays_its_own() {
    let asking = [(1, false), (1, false), (1, false), (2, false), (3, false), (2, false)];
    assert_eq!(order(&asking).await, [1, 2, 3, 1, 2, 1]);
}

#[tokio::test]
async fn known_sources_have_every_other_turn() {
    let asking = [(1, false), (2, false), (3, false), (4, false), (5, true), (6, true), (6, true)];
    assert_eq!(order(&asking).await, [5, 1, 6, 2, 6, 3, 4]);
}

#[tokio::test]
async fn no_more_compute_at_a_time_than_may() {
    let turns = Turns::new(2);
    let mut tasks = JoinSet::new();
    let at_once = Arc::new(Semaphore::new(2));
    for last in 0..50 {
        let (turns, at_once) = (Arc::clone(&turns), Arc::clone(&at_once));
        tasks.spawn(async move {
            for _ in 0..10 {
                // A step that would be one too many finds nothing to take.
                let step = async { drop(at_once.try_acquire().unwrap()) };
                turns.take(whose(last % 7, last % 2 == 0), step).await;
                yield_now().await;
            }
        });
    }
    tasks.join_all().await;
    let state = turns.state();
    assert_eq!(state.free, 2);
    assert!(state.known.waiting.is_empty() && state.strangers.waiting.is_empty());
}

#[tokio::test]
async fn who_leaves_gives_the_turn_to_the_next() {
    let turns = Turns::new(1);
    let mut cx = Context::from_waker(Waker::noop());
    let turn = || Turn { turns: &turns, whose: whose(1, false), number: 0, at: At::Rest };
    let [mut first, mut second, mut third, mut fourth] = [turn(), turn(), turn(), turn()];
    assert!(first.poll(&mut cx).is_ready());
    let computing = Computing(&turns);
    let waits = |turn: &mut Turn<'_, Source>, cx: &mut Context<'_>| turn.poll(cx).is_pending();
    assert!([&mut second, &mut third, &mut fourth].into_iter().all(|turn| waits(turn, &mut cx)));
    drop(second);
    drop(computing);
    // It is the third's turn, which goes without taking it.
    drop(third);
    assert!(fourth.poll(&mut cx).is_ready());
    drop(Computing(&turns));
    assert_eq!(turns.state().free, 1);
}
