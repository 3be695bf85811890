//! How an open association ends: release, abort, or a side that is gone.

use crate::support::associate::Associate;
use crate::support::dimse::{echo_rq, find_pending, image, store_rq, success};
use crate::support::exchange::{ask, fragments, open, with_find};
use crate::support::pacs::Pacs;
use crate::support::pdu::{
    ABORT, COMMAND, LAST, P_DATA, RELEASE_RP, RELEASE_RQ, abort, behind_request, p_data, pdu,
    release_rp, release_rq,
};
use crate::support::requestor::Received;
use crate::support::scenario::{Scenario, assert_is_echo_response};

#[test]
fn a_release_passes_from_the_pacs() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.send(&release_rq());
        assert_eq!(pacs.receive().unwrap().encode(), release_rp());
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RQ);
    requestor.send(&release_rp());
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.gate.audited("closed", "released");
}

#[test]
fn the_pacs_may_still_send_data_after_the_requestors_release() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.message();
        assert_eq!(pacs.receive().unwrap().kind, RELEASE_RQ);
        pacs.send(&p_data(5, COMMAND | LAST, &success(&question)));
        pacs.send(&release_rp());
    });
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    ask(&mut requestor);
    requestor.send(&release_rq());
    assert_eq!(requestor.receive_pdu().kind, P_DATA);
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RP);
    assert_eq!(requestor.receive(), Received::Closed);
}

#[test]
fn releases_that_cross_each_other_end_the_association() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        assert_eq!(pacs.receive().unwrap().kind, RELEASE_RQ);
        // As if it had not seen the requestor's yet (PS3.8 section 9.2, states 9 to 12).
        pacs.send(&release_rq());
        assert_eq!(pacs.receive().unwrap().kind, RELEASE_RP);
        pacs.send(&release_rp());
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&release_rq());
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RQ);
    requestor.send(&release_rp());
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RP);
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.gate.audited("closed", "released");
}

#[test]
fn an_abort_passes_from_the_requestor() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&abort(0, 0));
    assert_eq!(requestor.receive(), Received::Closed);
    assert_eq!(behind_request(&scenario.pacs.received()), abort(0, 0));
    scenario.ended("closed", "requestor-aborted", 1, 1);
}

#[test]
fn an_abort_passes_from_the_pacs() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.receive().unwrap();
        pacs.send(&abort(2, 1));
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 1));
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.ended("closed", "acceptor-aborted", 1, 1);
}

#[test]
fn an_abort_passes_with_codes_of_the_standard_alone() {
    for (codes, heard) in [([1, 9], [0, 0]), ([2, 3], [2, 0]), ([0x41, 0x42], [0, 0])] {
        let pacs = Pacs::first_playing(move |pacs| {
            pacs.accept();
            pacs.receive().unwrap();
            pacs.send(&pdu(ABORT, &[0x43, 0x44, codes[0], codes[1]]));
            pacs.drain();
        });
        let scenario = Scenario::before(pacs, |settings| settings);
        let mut requestor = scenario.associated();
        requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
        assert_eq!(requestor.receive_pdu().encode(), abort(heard[0], heard[1]));
        let scenario = Scenario::before(
            Pacs::first_playing(|pacs| {
                pacs.accept();
                pacs.drain();
            }),
            |settings| settings,
        );
        let mut requestor = scenario.associated();
        requestor.send(&pdu(ABORT, &[0x43, 0x44, codes[0], codes[1]]));
        assert_eq!(requestor.receive(), Received::Closed);
        assert_eq!(behind_request(&scenario.pacs.received()), abort(heard[0], heard[1]));
    }
}

#[test]
fn the_reserved_bytes_of_a_release_are_written_as_zero() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.receive().unwrap();
        pacs.send(&pdu(RELEASE_RP, b"PACS"));
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&pdu(RELEASE_RQ, b"CT 1"));
    assert_eq!(requestor.receive_pdu().encode(), release_rp());
    drop(requestor);
    assert_eq!(behind_request(&scenario.pacs.received()), release_rq());
}

#[test]
fn a_requestor_that_vanishes_ends_the_association_at_the_pacs() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    scenario.associated().vanish();
    let received = behind_request(&scenario.pacs.received());
    assert_eq!(received, abort(2, 0), "the PACS is told");
    scenario.ended("closed", "requestor-closed", 1, 1);
}

#[test]
fn a_pacs_that_vanishes_ends_the_association_at_the_requestor() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.receive().unwrap();
        pacs.reset();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 0));
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.ended("closed", "acceptor-closed", 1, 1);
}

#[test]
fn a_pacs_that_vanishes_inside_a_pdu_ends_the_connection_without_an_abort() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.message();
        pacs.send(&p_data(5, COMMAND | LAST, &find_pending(question.id)));
        let answer = fragments(5, &image(100_000), 65_000);
        pacs.send(&answer[..80_000]);
    });
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    ask(&mut requestor);
    let (received, end) = requestor.receive_rest();
    let expected = [
        p_data(5, COMMAND | LAST, &find_pending(9)),
        fragments(5, &image(100_000), 65_000)[..80_000].to_vec(),
    ];
    // An A-ABORT in there would be read as a part of the data set.
    assert!(expected.concat().starts_with(&received), "{} bytes", received.len());
    assert!(matches!(end, Received::Closed | Received::Reset), "{end:?}");
}

#[test]
fn what_the_pacs_said_before_it_closed_arrives() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.message();
        pacs.send(&p_data(1, COMMAND | LAST, &success(&question)));
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    assert_is_echo_response(&requestor.receive_pdu(), 1);
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 0));
}

#[test]
fn what_the_requestor_said_before_it_closed_arrives() {
    let sent = [p_data(3, COMMAND | LAST, &store_rq(1)), fragments(3, &image(4 << 20), 16_376)];
    let sent = sent.concat();
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.drain();
    });
    // It may have closed its half only, so the answer is waited for.
    let scenario = Scenario::before(pacs, |settings| with_find(settings).limit("idle", "500ms"));
    let mut requestor = open(&scenario, 0);
    requestor.send(&sent);
    drop(requestor);
    let received = behind_request(&scenario.pacs.received());
    assert!(received == [sent, abort(2, 0)].concat(), "{} bytes", received.len());
    scenario.ended("closed", "requestor-closed", 1, 1);
}

#[test]
fn a_requestor_that_closes_behind_its_release_request_is_not_aborted_at_the_pacs() {
    // Some devices do not wait for the response; for the PACS the study is complete.
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        assert_eq!(pacs.receive().unwrap().kind, RELEASE_RQ);
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings.limit("idle", "500ms"));
    let mut requestor = scenario.associated();
    requestor.send(&release_rq());
    drop(requestor);
    assert_eq!(behind_request(&scenario.pacs.received()), release_rq());
    scenario.ended("closed", "requestor-closed-in-release", 1, 1);
}

#[test]
fn a_pacs_that_closes_instead_of_answering_a_release_request_is_no_abort() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        assert_eq!(pacs.receive().unwrap().kind, RELEASE_RQ);
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&release_rq());
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.ended("closed", "acceptor-closed-in-release", 1, 1);
}

#[test]
fn an_abort_of_a_requestor_that_resets_at_once_reaches_the_pacs() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&abort(0, 0));
    requestor.vanish();
    assert_eq!(behind_request(&scenario.pacs.received()), abort(0, 0));
}

#[test]
fn an_abort_that_crosses_the_acceptance_reaches_the_pacs() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.ct1();
    requestor.send(&[Associate::echo("CT1", "PACS").encode(), abort(0, 0)].concat());
    assert_eq!(behind_request(&scenario.pacs.received()), abort(0, 0));
    scenario.gate.audited("closed", "requestor-aborted");
}

#[test]
fn an_abort_of_a_pacs_that_stops_reading_reaches_the_requestor() {
    // It closes with bytes unread, so its system resets the connection behind the A-ABORT.
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.receive().unwrap();
        pacs.receive().unwrap();
        pacs.send(&abort(0, 0));
    });
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    for pdu in fragments(3, &image(4 << 20), 16_376).chunks(16_376 + 12) {
        if requestor.try_send(pdu).is_err() {
            break;
        }
    }
    assert_eq!(requestor.receive_pdu().encode(), abort(0, 0));
    scenario.ended("closed", "acceptor-aborted", 1, 1);
}
