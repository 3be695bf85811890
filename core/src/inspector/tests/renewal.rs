//! Other rules for an association that lives.

use super::*;

fn command(id: u16) -> Vec<u8> {
    one(1, COMMAND | LAST, &set(&elements(ECHO_RQ, id, NO_DATA)))
}

fn store(id: u16) -> Vec<u8> {
    one(1, COMMAND | LAST, &set(&elements(STORE_RQ, id, DATA)))
}

fn answer(field: u16, id: u16) -> Vec<u8> {
    one(1, COMMAND | LAST, &response(field, id, NO_DATA, SUCCESS))
}

/// Under rules by which only C-ECHO may be sent.
fn bind_to_echo(inspector: &mut Inspector) {
    let operations = Operations::NONE.and_by_requestor(&[Operation::CEcho]);
    inspector.bind(inspector.contexts().under(|_| operations, reporting(&[])), Shared::default());
}

#[test]
fn a_narrower_rule_binds_the_next_request() {
    let (mut inspector, mut out) = (inspector(), Out::default());
    bind_to_echo(&mut inspector);
    inspector.feed(Side::Requestor, &store(1), &mut out).unwrap();
    inspector.feed(Side::Requestor, &one(1, LAST, &[1, 2]), &mut out).unwrap();
    assert!(out.to_acceptor.is_empty() && !out.to_requestor.is_empty());
    assert_eq!(inspector.ledger().forbidden()[0].why.what, Forbidden::Operation);
    inspector.feed(Side::Requestor, &command(2), &mut out).unwrap();
    assert!(!out.to_acceptor.is_empty());
}

#[test]
fn what_is_under_way_goes_on_as_it_was_judged() {
    let (mut inspector, mut out) = (inspector(), Out::default());
    inspector.feed(Side::Requestor, &store(1), &mut out).unwrap();
    inspector.feed(Side::Requestor, &one(1, 0, &[0; 100]), &mut out).unwrap();
    bind_to_echo(&mut inspector);
    inspector.feed(Side::Requestor, &one(1, LAST, &[1, 2]), &mut out).unwrap();
    inspector.feed(Side::Acceptor, &answer(STORE_RQ, 1), &mut out).unwrap();
    assert!(inspector.ledger().forbidden().is_empty());
    assert_eq!(inspector.ledger().operations()[0].status, Some(SUCCESS));
}

#[test]
fn a_context_that_would_not_be_asked_for_has_nothing_left() {
    let mut inspector = inspector();
    let rules = inspector.contexts().under(|_| Operations::NONE, reporting(&[]));
    inspector.bind(rules, Shared::default());
    let mut out = Out::default();
    inspector.feed(Side::Requestor, &command(1), &mut out).unwrap();
    assert_eq!(inspector.ledger().forbidden()[0].why.what, Forbidden::Operation);
}

#[test]
fn winding_up_waits_for_the_end_of_a_message_and_takes_nothing_behind_it() {
    let (mut inspector, mut out) = (inspector(), Out::default());
    inspector.feed(Side::Requestor, &store(1), &mut out).unwrap();
    inspector.feed(Side::Requestor, &one(1, 0, &[0; 100]), &mut out).unwrap();
    inspector.wind_up();
    assert!(!inspector.is_wound_up() && inspector.wants(Side::Requestor));
    let last = one(1, LAST, &[1, 2]);
    let both = [last.as_slice(), &command(2)].concat();
    assert_eq!(inspector.feed(Side::Requestor, &both, &mut out).unwrap(), last.len());
    assert!(inspector.is_wound_up() && !inspector.wants(Side::Requestor));
    assert_eq!(inspector.feed(Side::Acceptor, &RELEASE_RQ, &mut out).unwrap(), 0);
}

#[test]
fn winding_up_waits_for_a_pdu_that_has_begun() {
    let (mut inspector, mut out) = (inspector(), Out::default());
    inspector.feed(Side::Acceptor, &RELEASE_RQ[..3], &mut out).unwrap();
    inspector.wind_up();
    assert!(!inspector.is_wound_up());
    inspector.feed(Side::Acceptor, &RELEASE_RQ[3..], &mut out).unwrap();
    assert!(inspector.is_wound_up());
}

#[test]
fn what_is_at_rest_is_wound_up_at_once() {
    let mut inspector = inspector();
    assert!(!inspector.is_wound_up());
    inspector.wind_up();
    assert!(inspector.is_wound_up());
}
