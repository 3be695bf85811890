//! How many associations a peer and a PACS may have.

use pacsgate_core::policy::{Denial, Occupancy, Pacs, Peer, Policy};
use pacsgate_core::reason::Answer;
use pacsgate_core::wire::reject::Reject;

use crate::fixtures::*;

fn judged(peer_limit: u32, pacs_limit: u32, occupancy: Occupancy) -> Result<(), Denial> {
    let peer = Peer { associations: peer_limit, ..peer("ct1") };
    let pacs = Pacs { associations: pacs_limit, ..pacs("archive", "PACS") };
    let policy = Policy::new(vec![peer], vec![pacs]).unwrap();
    let candidate = identify(&policy, &echo_request()).unwrap();
    candidate.admit(occupancy).map(drop).map_err(|refusal| refusal.denial)
}

fn alone(count: u32) -> Occupancy {
    Occupancy { peer: count, pacs: count, peer_at_pacs: count }
}

#[test]
fn a_peer_fills_its_own_limit_and_no_more() {
    assert_eq!(judged(3, 100, alone(2)), Ok(()));
    assert_eq!(judged(3, 100, alone(3)), Err(Denial::PeerLimit));
}

#[test]
fn a_peer_never_has_more_than_half_of_its_pacs() {
    assert_eq!(judged(32, 10, alone(4)), Ok(()));
    assert_eq!(judged(32, 10, alone(5)), Err(Denial::PeerShare));
    assert_eq!(judged(32, 11, alone(5)), Err(Denial::PeerShare));
}

#[test]
fn the_share_of_a_small_pacs_is_one() {
    assert_eq!(judged(32, 1, alone(0)), Ok(()));
    assert_eq!(judged(32, 1, alone(1)), Err(Denial::PeerShare));
}

#[test]
fn associations_to_another_pacs_do_not_count_for_the_share() {
    let elsewhere = Occupancy { peer: 20, pacs: 0, peer_at_pacs: 0 };
    assert_eq!(judged(32, 10, elsewhere), Ok(()));
}

#[test]
fn a_full_pacs_takes_nobody() {
    let full = Occupancy { peer: 0, pacs: 10, peer_at_pacs: 0 };
    assert_eq!(judged(32, 10, full), Err(Denial::PacsLimit));
    assert_eq!(judged(32, 10, Occupancy { pacs: 9, ..full }), Ok(()));
}

#[test]
fn a_limit_is_said_to_pass_and_names_peer_and_pacs() {
    let candidate = identify(&policy(peer("ct1")), &echo_request()).unwrap();
    let refusal = candidate.admit(alone(1000)).unwrap_err();
    assert_eq!(refusal.denial.answer(), Answer::Reject(Reject::LOCAL_LIMIT));
    assert_eq!(refusal.peer.as_deref(), Some("ct1"));
    assert_eq!(refusal.pacs.as_deref(), Some("archive"));
    assert_eq!(refusal.trace.iter().count(), 6);
}
