//! Sound requests that are not permitted, from either side, and commands that are not sound.
//!
//! The gate answers a forbidden request itself; the other side hears nothing of it, and the
//! association goes on.

use crate::support::associate::{
    Associate, COMMITMENT, CT, EXPLICIT, IMPLICIT, MR, STUDY_FIND, STUDY_GET, STUDY_MOVE,
};
use crate::support::dimse::{
    Request, command, delete_rq, echo_rq, element, event_rq, find_rq, identifier, image, move_rq,
    store_rq, success, uid, us,
};
use crate::support::pacs::Pacs;
use crate::support::pdu::{
    COMMAND, DATA, LAST, Pdu, RELEASE_RP, abort, behind_request, p_data, release_rq,
};
use crate::support::requestor::{Received, Requestor};
use crate::support::scenario::{Scenario, echo};
use crate::support::settings::Settings;
use std::sync::Mutex;
use std::sync::mpsc::channel;

const NOT_AUTHORIZED: u16 = 0x0124;
const UNRECOGNIZED: u16 = 0x0211;

/// Contexts: 1 Verification, 3 CT, 5 MR, 7 find, 9 move, 11 get, 13 storage commitment.
fn request() -> Associate {
    Associate::echo("CT1", "PACS")
        .context(3, CT, &[EXPLICIT])
        .context(5, MR, &[EXPLICIT])
        .context(7, STUDY_FIND, &[EXPLICIT])
        .context(9, STUDY_MOVE, &[EXPLICIT])
        .context(11, STUDY_GET, &[EXPLICIT])
        .context(13, COMMITMENT, &[IMPLICIT])
}

fn with_all(settings: Settings) -> Settings {
    settings.services(r#"["echo", "find", "move", "get", "storage-commitment"]"#)
}

fn open(scenario: &Scenario) -> Requestor {
    let mut requestor = scenario.ct1();
    requestor.associate(&request());
    requestor
}

fn message(context: u8, command: &[u8]) -> Vec<u8> {
    let data = if Request::parse(command).has_data_set {
        p_data(context, LAST, &identifier())
    } else {
        Vec::new()
    };
    [p_data(context, COMMAND | LAST, command), data].concat()
}

/// The only PDV of the PDU is the response to message 1 on this context.
fn assert_refuses(pdu: &Pdu, context: u8, response: u16, status: u16) {
    let pdvs = pdu.pdvs();
    assert_eq!((pdvs.len(), pdvs[0].context, pdvs[0].control), (1, context, COMMAND | LAST));
    let told = Request::parse(&pdvs[0].data);
    assert_eq!((told.command, told.id, told.status), (response, 1, Some(status)));
    assert!(!told.has_data_set);
}

/// Each line is a test: the context, the command, and what the gate makes of it.
macro_rules! forbidden {
    ($($name:ident: $reason:literal, $context:literal, $command:expr, $status:expr;)*) => {$(
        #[test]
        fn $name() {
            forbids($reason, $context, &$command, $status);
        }
    )*};
}

forbidden! {
    answers_a_move_to_a_foreign_destination: "requestor-move-destination", 9,
        move_rq(1, b"EVIL"), NOT_AUTHORIZED;
    answers_a_move_to_a_listed_title_in_another_case: "requestor-move-destination", 9,
        move_rq(1, b"ct1 "), NOT_AUTHORIZED;
    answers_a_move_to_a_longer_title: "requestor-move-destination", 9,
        move_rq(1, b"CT1X"), NOT_AUTHORIZED;
    answers_a_store_where_only_get_is_granted: "requestor-operation", 3,
        store_rq(1), NOT_AUTHORIZED;
    answers_a_deletion_on_a_storage_class: "requestor-operation", 3,
        delete_rq(1, CT), NOT_AUTHORIZED;
    answers_a_query_that_names_another_class: "requestor-foreign-sop-class", 9,
        find_rq(1), NOT_AUTHORIZED;
    answers_a_query_on_a_context_for_moving: "requestor-operation", 9,
        command(&[
            uid(0x0002, STUDY_MOVE), us(0x0100, 0x0020), us(0x0110, 1), us(0x0700, 0),
            us(0x0800, 1),
        ]), NOT_AUTHORIZED;
    answers_an_event_report_of_a_requestor: "requestor-operation", 13,
        event_rq(1, COMMITMENT), NOT_AUTHORIZED;
    answers_a_command_that_does_not_exist: "requestor-unknown-command", 3,
        command(&[us(0x0100, 0x0ffe), us(0x0110, 1), us(0x0800, 1)]), UNRECOGNIZED;
}

#[test]
fn the_advice_names_the_service_that_covers_what_was_asked() {
    let scenario = Scenario::with(with_all);
    let mut requestor = open(&scenario);
    requestor.send(&message(3, &store_rq(1)));
    assert_refuses(&requestor.receive_pdu(), 3, 0x8001, NOT_AUTHORIZED);
    let line = scenario.gate.audited("forbidden", "requestor-operation");
    assert!(line["advice"].as_str().unwrap().contains("add `store` to `services`"), "{line}");
}

fn forbids(reason: &str, context: u8, command: &[u8], status: u16) {
    let scenario = Scenario::with(with_all);
    let mut requestor = open(&scenario);
    requestor.send(&message(context, command));
    let response = Request::parse(command).command | 0x8000;
    assert_refuses(&requestor.receive_pdu(), context, response, status);
    let line = scenario.gate.audited("forbidden", reason);
    assert_eq!(line["peer"], "ct1");
    assert_eq!(line["wire"], format!("response {status:04x}"));
    assert!(line["request"]["operation"].is_string(), "{line}");
    // The association lives on, and the PACS has heard of nothing else.
    echo(&mut requestor, 2);
    requestor.release();
    let heard = [p_data(1, COMMAND | LAST, &echo_rq(2)), release_rq()].concat();
    assert_eq!(behind_request(&scenario.pacs.received()), heard);
    let closed = scenario.gate.audited("closed", "released");
    assert_eq!(closed["forbidden"][0]["why"], reason, "{closed}");
    assert_eq!(closed["forbidden"][0]["count"], 1);
    assert_eq!(closed["operations"][0]["operation"], "c-echo");
    scenario.ended("forbidden", reason, 1, 1);
}

#[test]
fn drops_a_cancel_where_nothing_can_be_cancelled() {
    let scenario = Scenario::with(with_all);
    let mut requestor = open(&scenario);
    let cancel = command(&[us(0x0100, 0x0fff), us(0x0120, 1), us(0x0800, 0x0101)]);
    requestor.send(&p_data(3, COMMAND | LAST, &cancel));
    echo(&mut requestor, 2);
    requestor.release();
    let heard = [p_data(1, COMMAND | LAST, &echo_rq(2)), release_rq()].concat();
    assert_eq!(behind_request(&scenario.pacs.received()), heard);
    scenario.ended("forbidden", "requestor-cancel", 1, 1);
}

#[test]
fn moves_to_the_titles_of_the_peer_itself_where_none_are_listed() {
    let scenario = Scenario::with(with_all);
    let mut requestor = open(&scenario);
    // A NUL pads the title as real devices do; the PACS gets the space of the standard.
    requestor.send(&message(9, &move_rq(1, b"CT1\0")));
    assert_eq!(Request::parse(&requestor.receive_pdu().pdvs()[0].data).status, Some(0));
    requestor.release();
    let heard = [message(9, &move_rq(1, b"CT1 ")), release_rq()].concat();
    assert_eq!(behind_request(&scenario.pacs.received()), heard);
    let closed = scenario.gate.audited("closed", "released");
    assert_eq!(closed["moved_to"][0]["title"], "CT1");
    assert_eq!(closed["operations"][0]["status"], "0000");
    assert_eq!(closed["operations"][0]["sop_class"], "StudyRootQueryRetrieveInformationModelMove");
}

#[test]
fn moves_to_listed_titles_only() {
    let scenario = Scenario::with(|mut settings| {
        settings.ct1.insert("move_to", r#"["VIEWER"]"#.into());
        with_all(settings)
    });
    let mut requestor = open(&scenario);
    requestor.send(&message(9, &move_rq(1, b"CT1 ")));
    assert_refuses(&requestor.receive_pdu(), 9, 0x8021, NOT_AUTHORIZED);
    requestor.send(&message(9, &move_rq(1, b"VIEWER")));
    assert_eq!(Request::parse(&requestor.receive_pdu().pdvs()[0].data).status, Some(0));
    requestor.release();
}

#[test]
fn nothing_is_moved_to_what_is_no_title() {
    let odd: [&[u8]; 5] = [b"CT1\0EV", b"CT1\\EV", b"CT1\n", b"CT1\0\0E", b"  "];
    for destination in odd {
        let scenario = Scenario::with(with_all);
        let mut requestor = open(&scenario);
        requestor.send(&message(9, &move_rq(1, destination)));
        assert_refuses(&requestor.receive_pdu(), 9, 0x8021, NOT_AUTHORIZED);
        requestor.release();
        scenario.ended("forbidden", "requestor-move-destination", 1, 1);
    }
}

#[test]
fn two_move_destinations_end_the_association() {
    let twice = command(&[
        uid(0x0002, STUDY_MOVE),
        us(0x0100, 0x0021),
        us(0x0110, 1),
        element(0x0600, b"CT1 "),
        element(0x0600, b"EVIL"),
        us(0x0700, 0),
        us(0x0800, 1),
    ]);
    let scenario = Scenario::with(with_all);
    let mut requestor = open(&scenario);
    requestor.send(&message(9, &twice));
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 6));
    let line = scenario.ended("closed", "requestor-malformed-command", 1, 1);
    assert!(line["detail"].as_str().unwrap().contains("(0000,0600) twice"), "{line}");
}

#[test]
fn ten_thousand_forbidden_requests_are_counted_and_leave_little_audit() {
    const ASSOCIATIONS: usize = 625;
    const EACH: usize = 16;
    let scenario = Scenario::with(with_all);
    for _ in 0..ASSOCIATIONS {
        let mut requestor = open(&scenario);
        for _ in 0..EACH {
            requestor.send(&message(9, &move_rq(1, b"EVIL")));
            assert_refuses(&requestor.receive_pdu(), 9, 0x8021, NOT_AUTHORIZED);
        }
        requestor.release();
        assert_eq!(behind_request(&scenario.pacs.received()), release_rq());
    }
    let Scenario { gate, .. } = scenario;
    let stopped = gate.stop();
    assert_eq!(stopped.counted("forbidden", "requestor-move-destination"), 10_000);
    // A flood of one peer: 60 lines a minute of one reason, and the sum of the others.
    let lines = stopped.of_event("forbidden").len();
    assert!((60..ASSOCIATIONS).contains(&lines), "{lines}");
    assert!(stopped.stdout.len() < ASSOCIATIONS * 1500, "{}", stopped.stdout.len());
}

#[test]
fn the_seventeenth_forbidden_request_ends_the_association() {
    let scenario = Scenario::with(with_all);
    let mut requestor = open(&scenario);
    for _ in 0..16 {
        requestor.send(&message(3, &delete_rq(1, CT)));
        assert_refuses(&requestor.receive_pdu(), 3, 0x8150, NOT_AUTHORIZED);
    }
    requestor.send(&message(3, &delete_rq(1, CT)));
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 0));
    assert_eq!(requestor.receive(), Received::Closed);
    let line = scenario.gate.audited("closed", "requestor-forbidden-requests");
    assert_eq!(line["forbidden"][0]["count"], 17);
    let line = scenario.ended("closed", "requestor-forbidden-requests", 1, 1);
    assert!(line["advice"].as_str().unwrap().contains("forbidden"), "{line}");
}

#[test]
fn the_data_set_of_a_forbidden_request_is_swallowed_up_to_a_limit() {
    let scenario = Scenario::with(with_all);
    let mut requestor = open(&scenario);
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    let piece = p_data(3, DATA, &[0; 16_376]);
    while requestor.try_send(&piece).is_ok() {}
    let line = scenario.gate.audited("closed", "requestor-swallowed-too-much");
    assert_eq!(line["bytes"]["from_requestor"].as_u64().unwrap() >> 20, 64);
    assert!(scenario.gate.peak_memory() < 50 * 1024);
    scenario.ended("closed", "requestor-swallowed-too-much", 1, 1);
}

#[test]
fn the_data_set_of_a_forbidden_request_of_the_pacs_is_swallowed_up_to_a_limit() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
        pacs.send_without_end(&p_data(3, DATA, &[0; 16_376]));
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, with_all);
    let mut requestor = open(&scenario);
    assert_eq!(requestor.receive_rest(), (abort(2, 0), Received::Closed));
    let line = scenario.gate.audited("closed", "acceptor-swallowed-too-much");
    assert_eq!(line["bytes"]["from_acceptor"].as_u64().unwrap() >> 20, 64);
    assert_eq!(line["wire"], "A-ABORT 2/0", "{line}");
    assert!(scenario.gate.peak_memory() < 50 * 1024);
    scenario.ended("closed", "acceptor-swallowed-too-much", 1, 1);
}

#[test]
fn the_requestors_stream_parses_while_the_pacs_sends_slowly() {
    // An event report in many pieces; the gate's answer may come behind the last one only.
    let (go, gate) = channel();
    let gate = Mutex::new(gate);
    // One element, of which more than the head that is held comes in the first piece.
    let report = move |number: u8| {
        if number > 0 {
            return p_data(13, if number == 9 { LAST } else { DATA }, &[number; 100]);
        }
        let mut piece = vec![0; 70_000];
        let length: u32 = 70_000 - 8 + 9 * 100;
        piece[..4].copy_from_slice(&[9, 0, 1, 0]);
        piece[4..8].copy_from_slice(&length.to_le_bytes());
        piece.chunks(14_000).flat_map(|piece| p_data(13, DATA, piece)).collect()
    };
    let pacs = Pacs::first_playing(move |pacs| {
        pacs.accept();
        pacs.send(&p_data(13, COMMAND | LAST, &event_rq(7, COMMITMENT)));
        for number in 0..10 {
            gate.lock().unwrap().recv().unwrap();
            // Cut inside a PDU, too.
            let (head, tail) = (report(number)[..50].to_vec(), report(number)[50..].to_vec());
            pacs.send(&head);
            gate.lock().unwrap().recv().unwrap();
            pacs.send(&tail);
        }
        // The response to the report; what comes then is answered.
        pacs.receive().unwrap();
        pacs.answer();
    });
    let scenario = Scenario::before(pacs, with_all);
    let mut requestor = open(&scenario);
    (0..2).for_each(|_| go.send(()).unwrap());
    let begun = requestor.receive_pdu();
    assert_eq!(begun.encode(), p_data(13, COMMAND | LAST, &event_rq(7, COMMITMENT)));
    let five: Vec<u8> = (0..5).flat_map(|_| requestor.receive_pdu().encode()).collect();
    assert!(five == report(0));
    go.send(()).unwrap();
    requestor.send(&message(9, &move_rq(1, b"EVIL")));
    scenario.gate.audited("forbidden", "requestor-move-destination");
    (0..17).for_each(|_| go.send(()).unwrap());
    for number in 1..10 {
        assert_eq!(requestor.receive_pdu().encode(), report(number));
    }
    assert_refuses(&requestor.receive_pdu(), 9, 0x8021, NOT_AUTHORIZED);
    let event = Request { command: 0x0100, ..Request::parse(&event_rq(7, COMMITMENT)) };
    requestor.send(&p_data(13, COMMAND | LAST, &success(&event)));
    requestor.send(&release_rq());
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RP);
    scenario.ended("forbidden", "requestor-move-destination", 1, 1);
}

#[test]
fn a_forbidden_request_of_the_pacs_is_answered_and_the_requestor_hears_nothing() {
    let unknown = command(&[us(0x0100, 0x0ffe), us(0x0110, 1), us(0x0800, 1)]);
    for (reason, context, request, status) in [
        ("acceptor-store-outside-get", 3, message(3, &store_rq(1)), NOT_AUTHORIZED),
        ("acceptor-operation", 7, message(7, &find_rq(1)), NOT_AUTHORIZED),
        ("acceptor-operation", 3, message(3, &event_rq(1, CT)), NOT_AUTHORIZED),
        ("acceptor-foreign-sop-class", 3, message(3, &event_rq(1, COMMITMENT)), NOT_AUTHORIZED),
        ("acceptor-unknown-command", 3, message(3, &unknown), UNRECOGNIZED),
    ] {
        let (heard, hears) = channel();
        let heard = Mutex::new(heard);
        let asked = request.clone();
        let pacs = Pacs::first_playing(move |pacs| {
            pacs.accept();
            pacs.send(&asked);
            heard.lock().unwrap().send(pacs.receive().unwrap()).unwrap();
            pacs.answer();
        });
        let scenario = Scenario::before(pacs, with_all);
        let mut requestor = open(&scenario);
        let answer = hears.recv().unwrap();
        let told = Request::parse(&answer.pdvs()[0].data);
        assert_eq!((answer.pdvs()[0].context, told.status), (context, Some(status)));
        echo(&mut requestor, 2);
        requestor.release();
        let line = scenario.ended("forbidden", reason, 1, 1);
        assert_eq!(line["wire"], format!("response {status:04x}"), "{line}");
    }
}

#[test]
fn the_pacs_ends_the_association_with_forbidden_requests_without_end() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        for _ in 0..17 {
            pacs.send(&message(3, &store_rq(1)));
            if pacs.receive().is_err() {
                return;
            }
        }
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, with_all);
    let mut requestor = open(&scenario);
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 0));
    scenario.ended("closed", "acceptor-forbidden-requests", 1, 1);
}

#[test]
fn a_second_message_smuggled_into_a_data_set_is_data() {
    let scenario = Scenario::with(|settings| settings.services(r#"["echo", "store"]"#));
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]));
    // A whole P-DATA-TF with a command, as the pixels of an object.
    let smuggled = p_data(3, COMMAND | LAST, &delete_rq(9, CT));
    let mut object = image(smuggled.len());
    let end = object.len() - smuggled.len();
    object.truncate(end);
    object.extend(&smuggled);
    let sent = [p_data(3, COMMAND | LAST, &store_rq(1)), p_data(3, LAST, &object)].concat();
    requestor.send(&sent);
    let told = Request::parse(&requestor.receive_pdu().pdvs()[0].data);
    assert_eq!((told.command, told.status), (0x8001, Some(0)));
    requestor.release();
    let heard = behind_request(&scenario.pacs.received());
    assert_eq!(heard, [sent, release_rq()].concat());
}
