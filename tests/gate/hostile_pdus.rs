//! PDUs that break a rule after the association is open, from either side.
//!
//! The side at fault hears why, the other side hears A-ABORT 2/0, and nothing of what is
//! bad reaches it.

use crate::support::associate::{Associate, CT, EXPLICIT, Item};
use crate::support::dimse::{
    Request, bare_event_rq, command, echo_rq, element, event_rq, image, store_rq, success, uid, us,
};
use crate::support::pacs::Pacs;
use crate::support::pdu::{
    ABORT, COMMAND, DATA, LAST, P_DATA, RELEASE_RP, RELEASE_RQ, abort, behind_request, p_data, pdu,
    pdv, reject, release_rq,
};
use crate::support::requestor::Received;
use crate::support::scenario::{Scenario, assert_is_echo_response};

/// Each line is two tests, one for each side: the code, the reason that the side at fault hears,
/// what it sends that is good, and what it sends then.
macro_rules! faults {
    ($($name:ident: $code:literal, $heard:literal, $good:expr, $bad:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn from_the_requestor() {
                faulty_requestor($code, $heard, &$good, &$bad);
            }

            #[test]
            fn from_the_pacs() {
                faulty_pacs($code, $heard, &$good, &$bad);
            }
        }
    )*};
}

const NOTHING: [u8; 0] = [];

faults! {
    ends_with_an_unknown_pdu_type: "unknown-pdu", 1, NOTHING, pdu(0x42, &[0; 4]);
    ends_with_another_request: "unexpected-pdu", 2,
        NOTHING, Associate::echo("CT1", "PACS").encode();
    ends_with_another_acceptance: "unexpected-pdu", 2,
        NOTHING, Associate::echo("CT1", "PACS").acceptance().encode();
    ends_with_a_rejection: "unexpected-pdu", 2, NOTHING, reject(1, 1, 1);
    ends_with_a_release_of_another_length: "pdu-length", 6, NOTHING, pdu(RELEASE_RQ, &[0; 5]);
    ends_with_an_abort_of_another_length: "pdu-length", 6, NOTHING, pdu(ABORT, &[0; 3]);
    ends_with_a_pdu_over_the_maximum: "pdu-over-maximum", 6,
        NOTHING, [P_DATA, 0, 0, 0, 0x40, 0x01];
    ends_with_a_pdu_of_4_gib: "pdu-over-maximum", 6, NOTHING, [P_DATA, 0, 255, 255, 255, 255];
    ends_with_a_pdu_without_room_for_a_pdv: "pdu-too-short", 6, NOTHING, pdu(P_DATA, &[0; 5]);
    ends_with_an_empty_pdu: "pdu-too-short", 6, NOTHING, pdu(P_DATA, &[]);
    ends_with_a_pdv_shorter_than_its_header: "pdv-length", 6,
        NOTHING, pdu(P_DATA, &[0, 0, 0, 1, 3, 3]);
    ends_with_a_pdv_of_no_length: "pdv-length", 6, NOTHING, pdu(P_DATA, &[0, 0, 0, 0, 3, 3]);
    ends_with_a_pdv_longer_than_its_pdu: "pdv-length", 6,
        NOTHING, pdu(P_DATA, &[0, 0, 0, 8, 3, 3, 0, 0, 0, 0]);
    ends_with_a_pdv_of_4_gib: "pdv-length", 6,
        NOTHING, pdu(P_DATA, &[255, 255, 255, 254, 3, 3, 0, 0, 0, 0]);
    ends_with_bytes_behind_a_pdv: "pdv-length", 6,
        NOTHING, pdu(P_DATA, &[pdv(3, COMMAND, &[0; 8]).as_slice(), &[0; 3]].concat());
    ends_with_a_context_that_was_not_proposed: "context-not-accepted", 6,
        NOTHING, p_data(9, COMMAND | LAST, &store_rq(1));
    ends_with_a_context_that_was_rejected: "context-not-accepted", 6,
        NOTHING, p_data(5, COMMAND | LAST, &store_rq(1));
    ends_with_an_even_context: "context-not-accepted", 6,
        NOTHING, p_data(2, COMMAND | LAST, &store_rq(1));
    ends_with_a_message_that_changes_its_context: "interleaved-contexts", 6,
        p_data(3, COMMAND | LAST, &store_rq(1)), p_data(1, LAST, &image(2));
    ends_with_a_data_set_without_a_command: "data-without-command", 6,
        NOTHING, p_data(3, LAST, &image(2));
    ends_with_a_data_set_inside_a_command: "data-inside-command", 6,
        NOTHING, pdu(P_DATA, &[pdv(3, COMMAND, &store_rq(1)), pdv(3, LAST, &image(2))].concat());
    ends_with_a_command_inside_a_data_set: "command-inside-data", 6,
        p_data(3, COMMAND | LAST, &store_rq(1)), p_data(3, COMMAND | LAST, &store_rq(2));
    ends_with_a_command_over_64_kib: "command-too-long", 6,
        NOTHING, p_data(3, COMMAND, &[0; 16_376]).repeat(5);
    ends_with_empty_fragments_without_end: "empty-fragments", 6,
        p_data(3, COMMAND | LAST, &store_rq(1)), p_data(3, DATA, &[]).repeat(65);
    ends_with_a_command_of_another_group: "malformed-command", 6,
        NOTHING, p_data(1, COMMAND | LAST, &image(4));
    ends_with_a_command_that_is_cut: "malformed-command", 6,
        NOTHING, p_data(1, COMMAND | LAST, &echo_rq(1)[..66]);
    ends_with_a_command_without_its_command_field: "malformed-command", 6,
        NOTHING, p_data(1, COMMAND | LAST, &command(&[us(0x0110, 1), us(0x0800, 0x0101)]));
    ends_with_a_command_that_has_an_element_twice: "malformed-command", 6,
        NOTHING, p_data(1, COMMAND | LAST, &command(&[
            uid(0x0002, "1.2.840.10008.1.1"),
            us(0x0100, 0x0030),
            us(0x0110, 1),
            us(0x0110, 2),
            us(0x0800, 0x0101),
        ]));
    ends_with_a_response_that_nobody_asked_for: "unasked-response", 6,
        NOTHING, p_data(1, COMMAND | LAST, &unasked());
    ends_with_a_release_inside_a_message: "release-inside-message", 6,
        p_data(3, COMMAND | LAST, &store_rq(1)), release_rq();
    ends_with_data_after_release: "data-after-release", 2,
        release_rq(), p_data(1, COMMAND | LAST, &echo_rq(1));
    ends_with_a_second_release: "release-out-of-order", 2, release_rq(), release_rq();
    ends_with_a_release_response_that_nobody_asked_for: "release-out-of-order", 2,
        NOTHING, pdu(RELEASE_RP, &[0; 4]);
}

#[test]
fn a_response_passes_without_a_foreign_sop_class() {
    let pacs = Pacs::first_playing(|pacs| {
        let answer = acceptance(&pacs.request());
        pacs.send(&answer);
        pacs.receive().unwrap();
        pacs.send(&p_data(1, COMMAND | LAST, &answer_for(CT, &echo_rq(1))));
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.ct1();
    requestor.associate(&request());
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    let answer = Request::parse(&requestor.receive_pdu().pdvs()[0].data);
    assert_eq!((answer.status, &*answer.sop_class), (Some(0), ""));
    drop(requestor);
    let stopped = scenario.gate.stop();
    let closed = &stopped.of_event("closed")[0];
    assert_eq!(closed["tidied"]["response-class"], 1, "{closed}");
}

#[test]
fn a_peer_names_none_but_itself_as_the_originator_of_a_move() {
    for (title, passes) in [(&b"CT1 "[..], true), (b"WORKST", false)] {
        let scenario = Scenario::usual();
        let mut requestor = scenario.ct1();
        requestor.associate(&request());
        let about = [element(0x1030, title), us(0x1031, 7)].concat();
        let stored = command(&[store_rq(1).split_off(12), about.clone()]);
        requestor.send(&p_data(3, COMMAND | LAST, &stored));
        requestor.send(&p_data(3, LAST, &image(1000)));
        assert_eq!(Request::parse(&requestor.receive_pdu().pdvs()[0].data).status, Some(0));
        requestor.release();
        let received = scenario.pacs.received();
        let set = if passes { stored } else { store_rq(1) };
        let heard = p_data(3, COMMAND | LAST, &set);
        assert!(received.windows(heard.len()).any(|window| window == heard), "{title:?}");
        let stopped = scenario.gate.stop();
        let closed = &stopped.of_event("closed")[0];
        assert_eq!(closed["tidied"]["move-originator"] == 1, !passes, "{closed}");
    }
}

#[test]
fn an_early_request_waits_for_the_response_to_the_one_before() {
    let scenario = Scenario::usual();
    let mut requestor = scenario.associated();
    let three = [1, 2, 3].map(|id| p_data(1, COMMAND | LAST, &echo_rq(id)));
    requestor.send(&three.concat());
    for id in [1, 2, 3] {
        assert_is_echo_response(&requestor.receive_pdu(), id);
    }
    requestor.release();
    let heard = scenario.pacs.received();
    assert!(
        heard.windows(three[0].len()).filter(|it| three.iter().any(|one| one == it)).count() == 3
    );
    let stopped = scenario.gate.stop();
    let closed = &stopped.of_event("closed")[0];
    assert_eq!(closed["tidied"]["early-request"], 2, "{closed}");
}

#[test]
fn fragments_of_odd_length_reach_the_pacs_as_even_ones() {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    requestor.associate(&request());
    let image = image(1000);
    let (head, tail) = image.split_at(333);
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    requestor.send(&[p_data(3, DATA, head), p_data(3, LAST, tail)].concat());
    assert_eq!(Request::parse(&requestor.receive_pdu().pdvs()[0].data).status, Some(0));
    requestor.release();
    let (head, tail) = image.split_at(332);
    let even = [p_data(3, DATA, head), p_data(3, LAST, tail)].concat();
    assert!(scenario.pacs.received().windows(even.len()).any(|window| window == even));
    let stopped = scenario.gate.stop();
    let closed = &stopped.of_event("closed")[0];
    assert_eq!(closed["tidied"]["odd-fragment"], 1, "{closed}");
}

#[test]
fn two_messages_in_a_pdu_end_after_the_first() {
    let scenario = Scenario::before(keeping_still(), |settings| settings);
    let mut requestor = scenario.ct1();
    requestor.associate(&request());
    let echo = pdv(1, COMMAND | LAST, &echo_rq(1));
    requestor.send(&pdu(P_DATA, &[echo.as_slice(), &echo].concat()));
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 6));
    let received = behind_request(&scenario.pacs.received());
    assert_eq!(received, [p_data(1, COMMAND | LAST, &echo_rq(1)), abort(2, 0)].concat());
    scenario.ended("closed", "requestor-second-message-in-pdu", 1, 1);
}

/// Contexts 1 and 3 are accepted, 5 is rejected.
fn request() -> Associate {
    Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]).context(5, CT, &[EXPLICIT])
}

fn acceptance(request: &Associate) -> Vec<u8> {
    let mut answer = request.acceptance();
    answer.contexts[2] = Item::result(5, 1, None);
    answer.encode()
}

/// A PACS that opens the association and only listens.
fn keeping_still() -> Pacs {
    Pacs::first_playing(|pacs| {
        let answer = acceptance(&pacs.request());
        pacs.send(&answer);
        pacs.drain();
    })
}

fn faulty_requestor(code: &str, heard: u8, good: &[u8], bad: &[u8]) {
    let scenario = Scenario::before(keeping_still(), |settings| settings);
    let mut requestor = scenario.ct1();
    requestor.associate(&request());
    requestor.send(&[good, bad].concat());
    assert_eq!(requestor.receive_pdu().encode(), abort(2, heard));
    assert_eq!(requestor.receive(), Received::Closed);
    // A request waits for the head of its data set, so nothing of it has left.
    let is_held = good == p_data(3, COMMAND | LAST, &store_rq(1));
    let left = if is_held { &[] } else { good };
    let received = behind_request(&scenario.pacs.received());
    assert_eq!(received, [left, &abort(2, 0)].concat(), "at the PACS");
    let line = scenario.ended("closed", &format!("requestor-{code}"), 1, 1);
    assert_eq!(line["wire"], format!("A-ABORT 2/{heard}"), "{line}");
}

fn faulty_pacs(code: &str, heard: u8, good: &[u8], bad: &[u8]) {
    let (good, bad) = (as_the_pacs_may(good), as_the_pacs_may(bad));
    let bytes = [&good[..], &bad].concat();
    let pacs = Pacs::first_playing(move |pacs| {
        let answer = acceptance(&pacs.request());
        pacs.send(&answer);
        pacs.send(&bytes);
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings.services(&with_reports()));
    let mut requestor = scenario.ct1();
    requestor.associate(&request());
    let (received, end) = requestor.receive_rest();
    assert_eq!(end, Received::Closed);
    // A request of the PACS waits for the head of its data set as well.
    let is_held = good == as_the_pacs_may(&p_data(3, COMMAND | LAST, &store_rq(1)));
    let left = if is_held { &[] } else { &good[..] };
    assert_eq!(received, [left, &abort(2, 0)].concat(), "at the requestor");
    drop(requestor);
    assert_eq!(behind_request(&scenario.pacs.received()), abort(2, heard));
    scenario.ended("closed", &format!("acceptor-{code}"), 1, 1);
}

/// Lets the PACS send event reports on the context for CT images.
fn with_reports() -> String {
    let sop_class = format!("{{ sop_class = \"{CT}\", operations = [\"n-event-report\"] }}");
    format!("[\"echo\", \"store\", {sop_class}]")
}

/// Event reports, which a PACS may send, in the place of a requestor's requests.
fn as_the_pacs_may(bytes: &[u8]) -> Vec<u8> {
    let report = |id| p_data(3, COMMAND | LAST, &event_rq(id, CT));
    let bare = |id| p_data(3, COMMAND | LAST, &bare_event_rq(id, CT));
    if bytes == p_data(3, COMMAND | LAST, &store_rq(1)) {
        return report(1);
    }
    for id in [1, 2] {
        if bytes == p_data(1, COMMAND | LAST, &echo_rq(id)) {
            return bare(id);
        }
    }
    bytes.to_vec()
}

fn unasked() -> Vec<u8> {
    success(&Request::parse(&echo_rq(7)))
}

/// A successful response to this request that names another SOP class.
fn answer_for(sop_class: &str, request: &[u8]) -> Vec<u8> {
    success(&Request { sop_class: sop_class.to_owned(), ..Request::parse(request) })
}
