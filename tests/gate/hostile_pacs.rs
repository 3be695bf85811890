//! Every way in which a PACS can fail to open an association: bytes from the PACS are peer
//! bytes, too.

use crate::support::associate::{Associate, CT, EXPLICIT, IMPLICIT, Item, MR};
use crate::support::configuration::pacs;
use crate::support::dimse::echo_rq;
use crate::support::pacs::{Accepted, Pacs};
use crate::support::pdu::{
    ASSOCIATE_RJ, COMMAND, LAST, Pdu, abort, p_data, pdu, reject, release_rq,
};
use crate::support::requestor::Requestor;
use crate::support::scenario::{Scenario, assert_aborted, assert_rejected};
use crate::support::settings::Settings;
use socket2::{Domain, SockAddr, Socket, Type};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Each line is a test: how the PACS answers the request, and the reason in the audit. The
/// requestor hears A-ASSOCIATE-RJ 2/3/1: it may try again later.
macro_rules! congestion {
    ($($name:ident: $reason:literal, $answer:expr;)*) => {$(
        #[test]
        fn $name() {
            let answer: fn(&mut Accepted) = $answer;
            congested(Pacs::first_playing(answer), $reason);
        }
    )*};
}

congestion! {
    reports_a_pacs_that_closes_without_a_word: "target-closed", |pacs| { pacs.request(); };
    reports_a_pacs_that_resets: "target-closed", |pacs| { pacs.request(); pacs.reset(); };
    reports_a_pacs_that_closes_inside_its_answer: "target-closed", |pacs| {
        let answer = pacs.request().acceptance().encode();
        pacs.send(&answer[..answer.len() - 1]);
    };
    reports_a_pacs_that_aborts: "target-aborted", |pacs| {
        pacs.request();
        pacs.send(&abort(2, 0));
        pacs.drain();
    };
    reports_a_pacs_that_speaks_another_protocol: "target-malformed-answer", |pacs| {
        pacs.request();
        pacs.send(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        pacs.drain();
    };
    reports_p_data_before_the_acceptance: "target-malformed-answer", |pacs| {
        pacs.request();
        pacs.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
        pacs.drain();
    };
    reports_a_release_instead_of_an_answer: "target-malformed-answer", |pacs| {
        pacs.request();
        pacs.send(&release_rq());
        pacs.drain();
    };
    reports_the_request_sent_back: "target-malformed-answer", |pacs| {
        let request = pacs.request().encode();
        pacs.send(&request);
        pacs.drain();
    };
    reports_an_acceptance_of_what_was_not_proposed: "target-accepts-unproposed", |pacs| {
        answer(pacs, |it| it.contexts.push(Item::result(9, 0, Some(IMPLICIT))));
    };
    reports_an_acceptance_of_a_context_that_was_taken_out: "target-accepts-unproposed",
        |pacs| answer(pacs, |it| it.contexts.push(Item::result(7, 0, Some(IMPLICIT))));
    reports_two_different_results_for_a_context: "target-answers-twice", |pacs| {
        answer(pacs, |it| it.contexts.push(Item::result(1, 3, Some(IMPLICIT))));
    };
    reports_two_user_informations_of_the_pacs: "target-malformed-answer", |pacs| {
        answer(pacs, |it| it.user.push(it.user[0].clone()));
    };
    reports_a_tiny_maximum_length_of_the_pacs: "target-malformed-answer", |pacs| {
        answer(pacs, |it| it.user[0][0] = Item::maximum_length(7));
    };
    reports_a_lying_length_in_the_acceptance: "target-malformed-answer", |pacs| {
        answer(pacs, |it| it.contexts[0] = Item::result(1, 0, Some(IMPLICIT)).lying(4000));
    };
    reports_bytes_behind_the_acceptance_inside_its_length: "target-malformed-answer", |pacs| {
        answer(pacs, |it| it.behind = vec![0; 2]);
    };
    reports_an_acceptance_of_4_gib: "target-malformed-answer", |pacs| {
        pacs.request();
        pacs.send(&[2, 0, 0xff, 0xff, 0xff, 0xff]);
        pacs.drain();
    };
    reports_an_acceptance_without_titles: "target-malformed-answer", |pacs| {
        pacs.request();
        pacs.send(&pdu(2, &[0, 1, 0, 0]));
        pacs.drain();
    };
    reports_a_rejection_of_a_wrong_length: "target-malformed-answer", |pacs| {
        pacs.request();
        pacs.send(&pdu(ASSOCIATE_RJ, &[0, 1, 1, 1, 0, 0]));
        pacs.drain();
    };
}

/// Each line is a test: an untidy answer of the PACS, and the note in the audit. The requestor gets a
/// canonical one, in which context 1 is accepted and context 3 is not.
macro_rules! passes {
    ($($name:ident: $note:literal, $change:expr;)*) => {$(
        #[test]
        fn $name() {
            let change: fn(&mut Associate) = $change;
            passed(change, $note);
        }
    )*};
}

passes! {
    rejects_a_context_with_a_foreign_transfer_syntax:
        "answer: the PACS chose a transfer syntax that was not proposed for a context",
        |it| it.contexts[1] = Item::result(3, 0, Some("1.2.840.10008.1.2.1.99"));
    rejects_an_accepted_context_without_transfer_syntax:
        "answer: accepted context without exactly one transfer syntax (item 40)",
        |it| it.contexts[1] = Item::result(3, 0, None);
    rejects_an_undefined_result: "answer: undefined context result 9",
        |it| it.contexts[1] = Item::result(3, 9, Some(IMPLICIT));
    drops_an_even_context_id_in_the_acceptance:
        "answer: result for the even context id 2 dropped",
        |it| it.contexts[1] = Item::result(2, 0, Some(IMPLICIT));
    takes_the_same_result_twice_for_one:
        "answer: the PACS gave the same result for a context twice", |it| {
            it.contexts[1] = Item::result(3, 3, None);
            it.contexts.push(Item::result(1, 0, Some(IMPLICIT)));
        };
    supplies_the_user_information_of_the_pacs:
        "answer: user information (item 50) missing, an own one used", |it| {
            it.contexts[1] = Item::result(3, 3, None);
            it.user.clear();
        };
    supplies_the_application_context_of_the_pacs:
        "answer: application context (item 10) missing in the answer", |it| {
            it.contexts[1] = Item::result(3, 3, None);
            it.application.clear();
        };
    drops_a_version_name_with_a_command_in_it:
        "answer: bad implementation version name (item 55) dropped", |it| {
            it.contexts[1] = Item::result(3, 3, None);
            it.user[0].push(Item::uid(0x55, "PACS;`reboot`"));
        };
    drops_an_extended_negotiation_of_another_form:
        "answer: extended negotiation (item 56) of a form that its SOP class does not have dropped",
        |it| {
            it.contexts[1] = Item::result(3, 3, None);
            it.user[0].push(Item::extended(CT, &[9]));
        };
    drops_an_abstract_syntax_in_a_result: "answer: misplaced item 30 dropped", |it| {
        it.contexts[1] = Item::result(3, 3, None);
        it.contexts[1].body.extend(Item::uid(0x30, CT).encode());
    };
}

fn passed(change: fn(&mut Associate), note: &str) {
    let pacs = Pacs::first_playing(move |pacs| {
        answer(pacs, change);
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.ct1();
    let request = Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]);
    requestor.send(&request.encode());
    let received = Associate::parse(&requestor.receive_pdu());
    let results: Vec<_> = received.results().into_iter().map(|(id, it, _)| (id, it == 0)).collect();
    assert_eq!(results, [(1, true), (3, false)]);
    drop(requestor);
    let stopped = scenario.gate.stop();
    let opened = stopped.of_event("opened");
    assert!(opened[0]["notes"].to_string().contains(note), "{}", opened[0]);
}

#[test]
fn passes_the_rejection_of_the_pacs_on_as_the_standard_has_it() {
    for (codes, heard) in [
        ([1, 1, 7], [1, 1, 7]),
        ([2, 3, 2], [2, 3, 2]),
        ([1, 2, 1], [1, 2, 1]),
        ([9, 8, 7], [1, 1, 1]),
        ([2, 3, 0], [2, 1, 1]),
    ] {
        let pacs = Pacs::first_playing(move |pacs| {
            pacs.request();
            pacs.send(&reject(codes[0], codes[1], codes[2]));
            pacs.drain();
        });
        let scenario = Scenario::before(pacs, |settings| settings);
        let mut requestor = scenario.ct1();
        requestor.send(&Associate::echo("CT1", "PACS").encode());
        assert_rejected(&mut requestor, heard);
        let line = scenario.ended("refused", "target-rejected", 1, 1);
        let words = |[result, source, reason]: [u8; 3]| {
            format!("A-ASSOCIATE-RJ {result}/{source}/{reason}")
        };
        // The administrator looks for what the PACS itself said.
        assert!(line["detail"].as_str().unwrap().contains(&words(codes)), "{line}");
        assert_eq!(line["wire"], words(heard));
    }
}

#[test]
fn reports_a_pacs_that_says_nothing() {
    let pacs = Pacs::first_playing(Accepted::drain);
    let scenario = Scenario::before(pacs, |settings| settings.limit("answer", "500ms"));
    asked_and_congested(scenario, "target-silent", 1);
}

#[test]
fn reports_a_pacs_whose_answer_drips() {
    let pacs = Pacs::first_playing(|pacs| {
        let answer = pacs.request().acceptance().encode();
        pacs.send(&answer[..10]);
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings.limit("answer", "500ms"));
    asked_and_congested(scenario, "target-silent", 1);
}

#[test]
fn reports_a_pacs_that_is_not_there() {
    // Bound and never listening: the kernel refuses, and nobody else gets the port.
    let nobody = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    nobody.bind(&loopback()).unwrap();
    let address = nobody.local_addr().unwrap().as_socket().unwrap();
    unreachable(address, "target-unreachable");
}

#[test]
fn reports_a_pacs_whose_host_does_not_answer() {
    // A backlog that is full: further connection attempts go unanswered.
    let deaf = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    deaf.bind(&loopback()).unwrap();
    deaf.listen(0).unwrap();
    let address = deaf.local_addr().unwrap().as_socket().unwrap();
    let wait = Duration::from_millis(100);
    let waiting: Vec<_> = (0..4).map(|_| TcpStream::connect_timeout(&address, wait)).collect();
    unreachable(address, "target-dial-timeout");
    drop(waiting);
}

#[test]
fn an_abort_right_behind_the_acceptance_reaches_the_requestor() {
    let pacs = Pacs::first_playing(|pacs| {
        let answer = pacs.request().acceptance().encode();
        pacs.send(&[answer, abort(2, 0)].concat());
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS"));
    assert_aborted(&mut requestor, 2, 0);
    scenario.ended("closed", "acceptor-aborted", 1, 1);
}

#[test]
fn a_requestor_that_left_before_the_acceptance_is_reported_to_the_pacs() {
    let (asked, wait_for_request) = channel();
    let (leave, wait_for_leave) = channel();
    let wait_for_leave = Mutex::new(wait_for_leave);
    let pacs = Pacs::first_playing(move |pacs| {
        let answer = pacs.request().acceptance().encode();
        asked.send(()).unwrap();
        wait_for_leave.lock().unwrap().recv().unwrap();
        pacs.send(&answer);
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    wait_for_request.recv().unwrap();
    requestor.vanish();
    leave.send(()).unwrap();
    let received = scenario.pacs.received();
    let mut rest = received.as_slice();
    Pdu::read(&mut rest).unwrap();
    assert_eq!(rest, abort(2, 0));
    scenario.ended("refused", "closed-before-answer", 1, 1);
}

#[test]
fn a_requestor_that_leaves_while_a_pacs_is_silent_is_noticed_at_once() {
    let (scenario, requestor) = asked_of_a_silent_pacs();
    requestor.vanish();
    scenario.gate.audited("refused", "closed-before-answer");
}

#[test]
fn a_requestor_whose_tls_breaks_before_the_answer_has_not_just_left() {
    let (scenario, mut requestor) = asked_of_a_silent_pacs();
    requestor.break_tls();
    scenario.gate.audited("refused", "broken-tls-before-answer");
}

/// A requestor whose request a PACS has and does not answer.
fn asked_of_a_silent_pacs() -> (Scenario, Requestor) {
    let (pacs, wait_for_request) = Pacs::silent();
    let scenario = Scenario::before(pacs, |settings| settings.limit("answer", "10m"));
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    wait_for_request.recv().unwrap();
    (scenario, requestor)
}

/// Takes the request and sends a damaged acceptance.
fn answer(pacs: &mut Accepted, damage: impl FnOnce(&mut Associate)) {
    let mut answer = pacs.request().acceptance();
    damage(&mut answer);
    pacs.send(&answer.encode());
    pacs.drain();
}

fn congested(pacs: Pacs, reason: &str) {
    asked_and_congested(Scenario::before(pacs, |settings| settings), reason, 1);
}

fn asked_and_congested(scenario: Scenario, reason: &str, dialled: usize) {
    let mut requestor = scenario.ct1();
    // Context 3 goes to the PACS, context 7 does not: its class is not among ct1's.
    let request = Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]).context(
        7,
        "1.2.840.113532.3500.7",
        &[IMPLICIT],
    );
    requestor.send(&request.encode());
    assert_rejected(&mut requestor, [2, 3, 1]);
    scenario.ended("refused", reason, 1, dialled);
}

/// `ct1` calls a PACS that cannot be reached; `archive` stays there for the next peer.
fn unreachable(address: SocketAddr, reason: &str) {
    let scenario = Scenario::with(|settings| with_lost_pacs(settings, address));
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::request("CT1", "LOST").context(1, MR, &[EXPLICIT]).encode());
    assert_rejected(&mut requestor, [2, 3, 1]);
    scenario.ended("refused", reason, 1, 0);
}

fn with_lost_pacs(settings: Settings, address: SocketAddr) -> Settings {
    let mut settings = settings.limit("dial", "300ms");
    settings.ct1.insert("pacs", r#"["archive", "lost"]"#.into());
    settings.more.push(("pacs.lost", pacs(address, &["LOST"])));
    settings
}

fn loopback() -> SockAddr {
    SocketAddr::from(([127, 0, 0, 1], 0)).into()
}
