//! A device that closes its half of the connection behind its last PDU, and waits for the answer.

use crate::support::dimse::{Request, echo_rq, find_pending, identifier, success};
use crate::support::exchange::{ask, open, with_find};
use crate::support::pacs::{Accepted, Pacs};
use crate::support::pdu::{
    COMMAND, LAST, P_DATA, RELEASE_RP, abort, behind_request, p_data, release_rp, release_rq,
};
use crate::support::requestor::{Received, Requestor};
use crate::support::scenario::{Scenario, assert_is_echo_response};

/// How a device may close its half.
const HALVES: [fn(&mut Requestor); 2] = [Requestor::close_half, Requestor::cut_half];

#[test]
fn a_device_that_closed_its_half_gets_its_response() {
    for close in HALVES {
        let pacs = Pacs::first_playing(|pacs| {
            pacs.accept();
            let question = pacs.receive().unwrap();
            pacs.answer_to(&question);
            pacs.drain();
        });
        let scenario = Scenario::before(pacs, |settings| settings);
        let mut requestor = scenario.associated();
        requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
        close(&mut requestor);
        assert_is_echo_response(&requestor.receive_pdu(), 1);
        assert_eq!(requestor.receive(), Received::Closed);
        let received = behind_request(&scenario.pacs.received());
        assert!(received.ends_with(&abort(2, 0)), "the association ends at the PACS as well");
        scenario.ended("closed", "requestor-closed", 1, 1);
    }
}

#[test]
fn a_device_that_closed_its_half_gets_all_that_it_asked_for() {
    for close in HALVES {
        let pacs = Pacs::first_playing(|pacs| {
            pacs.accept();
            let question = pacs.message();
            for _ in 0..50 {
                match_found(pacs, &question);
            }
            pacs.send(&p_data(5, COMMAND | LAST, &success(&question)));
            pacs.drain();
        });
        let scenario = Scenario::before(pacs, with_find);
        let mut requestor = open(&scenario, 0);
        ask(&mut requestor);
        close(&mut requestor);
        for _ in 0..2 * 50 {
            assert_eq!(requestor.receive_pdu().kind, P_DATA);
        }
        let last = Request::parse(&requestor.receive_pdu().pdvs()[0].data);
        assert_eq!(last.status, Some(0));
        assert_eq!(requestor.receive(), Received::Closed);
        scenario.ended("closed", "requestor-closed", 1, 1);
    }
}

#[test]
fn a_device_that_closed_its_half_behind_several_requests_gets_all_responses() {
    for close in HALVES {
        let scenario = Scenario::usual();
        let mut requestor = scenario.associated();
        let three = [1, 2, 3].map(|id| p_data(1, COMMAND | LAST, &echo_rq(id)));
        requestor.send(&[&three.concat()[..], &release_rq()].concat());
        close(&mut requestor);
        for id in [1, 2, 3] {
            assert_is_echo_response(&requestor.receive_pdu(), id);
        }
        assert_eq!(requestor.receive_pdu().kind, RELEASE_RP);
        assert_eq!(requestor.receive(), Received::Closed);
        scenario.serves_a_good_peer();
        assert_eq!(scenario.gate.stop().counted("closed", "released"), 2);
    }
}

#[test]
fn a_device_that_closed_its_half_behind_its_release_request_gets_the_response() {
    for close in HALVES {
        let pacs = Pacs::first_playing(|pacs| {
            pacs.accept();
            assert_eq!(pacs.receive().unwrap().encode(), release_rq());
            pacs.send(&release_rp());
            pacs.drain();
        });
        let scenario = Scenario::before(pacs, |settings| settings);
        let mut requestor = scenario.associated();
        requestor.send(&release_rq());
        close(&mut requestor);
        assert_eq!(requestor.receive_pdu().kind, RELEASE_RP);
        assert_eq!(requestor.receive(), Received::Closed);
        assert_eq!(behind_request(&scenario.pacs.received()), release_rq());
        scenario.gate.audited("closed", "released");
    }
}

#[test]
fn half_an_association_does_not_stay_for_ever() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings.limit("idle", "500ms"));
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    requestor.close_half();
    assert_eq!(requestor.receive(), Received::Closed);
    assert!(behind_request(&scenario.pacs.received()).ends_with(&abort(2, 0)));
    scenario.ended("closed", "requestor-closed", 1, 1);
}

#[test]
fn a_device_that_is_gone_altogether_is_answered_no_longer() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.message();
        // Until the gate has had enough, or else for as long as the test may last.
        let answer = [p_data(5, COMMAND | LAST, &find_pending(question.id)), found()].concat();
        pacs.send_without_end(&answer);
    });
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    ask(&mut requestor);
    requestor.receive_pdu();
    drop(requestor);
    scenario.ended("closed", "requestor-closed", 1, 1);
}

fn match_found(pacs: &mut Accepted, question: &Request) {
    pacs.send(&p_data(5, COMMAND | LAST, &find_pending(question.id)));
    pacs.send(&found());
}

fn found() -> Vec<u8> {
    p_data(5, LAST, &identifier())
}
