//! Every wait on a peer ends.

use crate::support::PATIENCE;
use crate::support::associate::{Associate, CT, EXPLICIT};
use crate::support::authority::{Profile, Validity};
use crate::support::dimse::{command, echo_rq, find_pending, identifier, image, store_rq, us};
use crate::support::exchange::{ask, assert_is_store_response, fragments, open, with_find};
use crate::support::pacs::{Accepted, Pacs};
use crate::support::pdu::{COMMAND, DATA, LAST, abort, behind_request, p_data, release_rq};
use crate::support::requestor::{Caller, Received, Requestor};
use crate::support::scenario::{
    Scenario, assert_aborted, assert_is_echo_response, assert_rejected, echo,
};
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, site};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn a_handshake_that_never_begins_is_closed() {
    let scenario = Scenario::with(|settings| settings.limit("handshake", "1s"));
    let mut socket = TcpStream::connect(scenario.gate.address).unwrap();
    assert_eq!(rest_of(&mut socket), b"");
    scenario.refused_once("failed", "handshake-timeout");
}

#[test]
fn a_handshake_that_stops_is_closed() {
    let scenario = Scenario::with(|settings| settings.limit("handshake", "1s"));
    let mut socket = TcpStream::connect(scenario.gate.address).unwrap();
    socket.write_all(&[22, 3, 1, 2, 0, 1, 0, 1]).unwrap();
    assert_eq!(rest_of(&mut socket), b"");
    scenario.refused_once("failed", "handshake-timeout");
}

#[test]
fn a_handshake_that_drips_is_closed() {
    let scenario = Scenario::with(|settings| settings.limit("handshake", "1s"));
    let mut socket = TcpStream::connect(scenario.gate.address).unwrap();
    socket.write_all(&[22, 3, 1, 2, 0]).unwrap();
    drip(|| socket.write_all(&[0]).is_ok());
    scenario.refused_once("failed", "handshake-timeout");
}

#[test]
fn a_request_that_never_comes_is_closed_without_an_abort() {
    let scenario = Scenario::with(|settings| settings.limit("request", "1s"));
    let mut requestor = scenario.ct1();
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.refused_once("refused", "request-timeout");
}

#[test]
fn a_request_that_stops_is_closed_without_an_abort() {
    let scenario = Scenario::with(|settings| settings.limit("request", "1s"));
    let mut requestor = scenario.ct1();
    let request = Associate::echo("CT1", "PACS").encode();
    requestor.send(&request[..request.len() - 1]);
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.refused_once("refused", "request-timeout");
}

#[test]
fn a_request_that_drips_is_closed() {
    let scenario = Scenario::with(|settings| settings.limit("request", "1s"));
    let mut requestor = scenario.ct1();
    let mut bytes = Associate::echo("CT1", "PACS").encode().into_iter();
    drip(|| bytes.next().is_some_and(|byte| requestor.try_send(&[byte]).is_ok()));
    scenario.refused_once("refused", "request-timeout");
}

#[test]
fn stalled_peers_do_not_delay_a_good_one() {
    let scenario = Scenario::usual();
    let _handshakes: Vec<_> =
        (0..50).map(|_| TcpStream::connect(scenario.gate.address).unwrap()).collect();
    let _requests: Vec<_> = (0..50).map(|_| scenario.ct1()).collect();
    let start = Instant::now();
    scenario.serves_a_good_peer();
    // Far below any deadline; the benchmark knows the delay exactly.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn an_association_without_an_operation_ends() {
    let pacs = Pacs::first_playing(listen);
    let scenario = Scenario::before(pacs, |settings| settings.limit("idle", "500ms"));
    let mut requestor = scenario.associated();
    assert_aborted(&mut requestor, 2, 0);
    assert_eq!(behind_request(&scenario.pacs.received()), abort(2, 0));
    scenario.ended("closed", "idle-timeout", 1, 1);
}

#[test]
fn an_association_at_work_is_not_idle() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.receive().unwrap();
        // The slowness of the PACS is what is tested.
        thread::sleep(Duration::from_millis(900));
        pacs.answer_to(&question);
        pacs.answer();
    });
    let scenario = Scenario::before(pacs, |settings| settings.limit("idle", "500ms"));
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    assert_is_echo_response(&requestor.receive_pdu(), 1);
    requestor.release();
}

#[test]
fn an_operation_without_a_response_ends() {
    let pacs = Pacs::first_playing(listen);
    let scenario = Scenario::before(pacs, |settings| settings.limit("operation", "500ms"));
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    assert_aborted(&mut requestor, 2, 0);
    scenario.ended("closed", "operation-timeout", 1, 1);
}

#[test]
fn a_release_without_a_response_ends() {
    let pacs = Pacs::first_playing(listen);
    let scenario = Scenario::before(pacs, |settings| settings.limit("idle", "500ms"));
    let mut requestor = scenario.associated();
    requestor.send(&release_rq());
    assert_aborted(&mut requestor, 2, 0);
    // An A-ABORT behind the request would make an association of it that failed.
    assert_eq!(behind_request(&scenario.pacs.received()), release_rq());
    let line = scenario.ended("closed", "acceptor-release-timeout", 1, 1);
    assert!(line["advice"].as_str().unwrap().starts_with("Look at the PACS"), "{line}");
}

#[test]
fn a_release_without_a_response_of_the_requestor_ends() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.send(&release_rq());
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings.limit("idle", "500ms"));
    let mut requestor = scenario.associated();
    assert_eq!(requestor.receive_pdu().encode(), release_rq());
    assert_eq!(requestor.receive(), Received::Closed);
    assert_eq!(behind_request(&scenario.pacs.received()), abort(2, 0));
    scenario.ended("closed", "requestor-release-timeout", 1, 1);
}

#[test]
fn a_transfer_that_stands_still_inside_a_pdu_is_reset_at_the_pacs() {
    let scenario = Scenario::before(Pacs::first_playing(listen), in_a_hurry);
    let mut requestor = storing(&scenario);
    // More than what waits for the walk of the head, and a part of a PDU.
    let data = fragments(3, &image(200_000), 16_000);
    requestor.send(&data[..100_000]);
    assert_aborted(&mut requestor, 2, 0);
    let received = behind_request(&scenario.pacs.received());
    assert!(received.len() > 64 << 10, "{} bytes", received.len());
    let sent = [p_data(3, COMMAND | LAST, &store_rq(1)), data[..100_000].to_vec()].concat();
    // An A-ABORT in there would be stored as pixels.
    assert!(sent.starts_with(&received), "{} bytes", received.len());
    scenario.ended("closed", "requestor-progress-timeout", 1, 1);
}

#[test]
fn a_transfer_that_drips_ends() {
    let scenario = Scenario::before(Pacs::first_playing(listen), in_a_hurry);
    let mut requestor = storing(&scenario);
    let mut data = p_data(3, LAST, &image(8000)).into_iter();
    drip(|| data.next().is_some_and(|byte| requestor.try_send(&[byte]).is_ok()));
    scenario.ended("closed", "requestor-progress-timeout", 1, 1);
}

#[test]
fn a_message_in_tiny_fragments_is_as_idle_as_silence() {
    let scenario =
        Scenario::before(Pacs::first_playing(listen), |settings| settings.limit("idle", "1s"));
    let mut requestor = storing(&scenario);
    let began = Instant::now();
    drip(|| requestor.try_send(&p_data(3, DATA, &[7; 2])).is_ok());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let line = scenario.ended("closed", "idle-timeout", 1, 1);
    assert!(line["advice"].as_str().unwrap().contains("limits.idle"), "{line}");
}

#[test]
fn a_message_that_comes_too_slowly_ends() {
    let scenario = Scenario::before(Pacs::first_playing(listen), |settings| {
        settings.limit("operation", "1s").limit("progress", "500ms")
    });
    let mut requestor = storing(&scenario);
    drip(|| requestor.try_send(&p_data(3, DATA, &[7; 2])).is_ok());
    let line = scenario.ended("closed", "requestor-message-timeout", 1, 1);
    assert!(line["advice"].as_str().unwrap().contains("limits.operation"), "{line}");
}

#[test]
fn a_long_message_at_an_honest_rate_outlasts_the_time_of_an_operation() {
    let scenario = Scenario::with(|settings| {
        settings.limit("operation", "700ms").limit("idle", "1s").limit("progress", "600ms")
    });
    let mut requestor = storing(&scenario);
    for part in fragments(3, &image(400_000), 16_000).chunks(16_012) {
        requestor.send(part);
        // The slowness of the requestor is what is tested.
        thread::sleep(Duration::from_millis(80));
    }
    assert_is_store_response(&requestor.receive_pdu());
    requestor.release();
}

#[test]
fn a_cancel_that_is_dropped_keeps_nothing_alive() {
    let pacs = Pacs::first_playing(listen);
    let scenario = Scenario::before(pacs, |settings| with_find(settings).limit("idle", "1s"));
    let mut requestor = open(&scenario, 16_384);
    let cancel = command(&[us(0x0100, 0x0fff), us(0x0120, 1), us(0x0800, 0x0101)]);
    drip(|| requestor.try_send(&p_data(5, COMMAND | LAST, &cancel)).is_ok());
    scenario.ended("closed", "idle-timeout", 1, 1);
}

#[test]
fn a_query_lives_by_its_responses_and_not_by_its_cancels() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.message();
        for _ in 0..6 {
            // The slowness of the PACS is what is tested.
            thread::sleep(Duration::from_millis(300));
            pacs.send(
                &[p_data(5, COMMAND | LAST, &find_pending(9)), p_data(5, LAST, &identifier())]
                    .concat(),
            );
        }
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| with_find(settings).limit("operation", "1s"));
    let mut requestor = open(&scenario, 16_384);
    ask(&mut requestor);
    for _ in 0..6 {
        assert_eq!(requestor.receive_pdu().pdvs()[0].control, COMMAND | LAST);
        assert_eq!(requestor.receive_pdu().pdvs()[0].control, LAST);
    }
    let cancel = command(&[us(0x0100, 0x0fff), us(0x0120, 9), us(0x0800, 0x0101)]);
    drip(|| requestor.try_send(&p_data(5, COMMAND | LAST, &cancel)).is_ok());
    let line = scenario.ended("closed", "operation-timeout", 1, 1);
    assert!(line["advice"].as_str().unwrap().contains("limits.operation"), "{line}");
}

#[test]
fn a_pacs_that_stands_still_inside_a_pdu_is_ended() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.send(&p_data(1, COMMAND | LAST, &echo_rq(1))[..20]);
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, in_a_hurry);
    let mut requestor = scenario.associated();
    assert_aborted(&mut requestor, 2, 0);
    assert_eq!(behind_request(&scenario.pacs.received()), abort(2, 0));
    scenario.ended("closed", "acceptor-progress-timeout", 1, 1);
}

#[test]
fn a_requestor_that_does_not_read_is_ended() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.flood();
    });
    let scenario = Scenario::before(pacs, |settings| {
        settings.services(r#"["echo", "find"]"#).limit("write_stall", "500ms")
    });
    let mut requestor = scenario.ct1();
    let find = crate::support::associate::STUDY_FIND;
    requestor.associate(&Associate::echo("CT1", "PACS").context(5, find, &[EXPLICIT]));
    requestor.send(&p_data(5, COMMAND | LAST, &crate::support::dimse::find_rq(1)));
    requestor.send(&p_data(5, LAST, &identifier()));
    scenario.gate.audited("closed", "requestor-write-stall");
    assert!(scenario.gate.peak_memory() < 50 * 1024, "{} KiB", scenario.gate.peak_memory());
    drop(requestor);
    scenario.ended("closed", "requestor-write-stall", 1, 1);
}

#[test]
fn an_association_ends_with_its_lifetime() {
    let scenario = Scenario::with(|settings| settings.limit("lifetime", "600ms"));
    let mut requestor = scenario.associated();
    echo(&mut requestor, 1);
    assert_aborted(&mut requestor, 2, 0);
    scenario.gate.audited("closed", "lifetime");
}

#[test]
fn an_association_ends_with_its_certificate() {
    let profile = Profile { validity: Validity::Ending, ..Profile::client(CT1_NAME) };
    let scenario = Scenario::usual();
    let caller = Caller::with(&site().root.issue(&profile));
    let mut requestor = caller.call(scenario.gate.address).unwrap();
    requestor.associate(&Associate::echo("CT1", "PACS"));
    echo(&mut requestor, 1);
    assert_aborted(&mut requestor, 2, 0);
    scenario.ended("closed", "certificate-ended", 1, 1);
}

#[test]
fn a_rejected_requestor_that_stays_gives_its_slot_back() {
    let scenario = Scenario::with(|settings| settings.count("connections", 1));
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("MR1", "PACS").encode());
    assert_eq!(requestor.receive_pdu().kind, crate::support::pdu::ASSOCIATE_RJ);
    scenario.until_it_takes_a_connection();
    drop(requestor);
}

#[test]
fn a_rejection_has_time_to_arrive() {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    let request = Associate::echo("MR1", "PACS").encode();
    // What stands behind the request is never read; it must not turn the answer into a reset.
    requestor.send(&[request, vec![4; 200_000]].concat());
    assert_rejected(&mut requestor, [1, 1, 3]);
}

fn listen(pacs: &mut Accepted) {
    pacs.accept();
    pacs.drain();
}

fn in_a_hurry(settings: Settings) -> Settings {
    settings.limit("progress", "500ms")
}

/// An association in which a C-STORE-RQ has been sent and its data set has not.
fn storing(scenario: &Scenario) -> Requestor {
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]));
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    requestor
}

/// Sends byte after byte until the gate has had enough.
fn drip(mut send: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while send() {
        assert!(Instant::now() < deadline, "the gate has endless patience");
        // The slowness of the requestor is what is tested.
        thread::sleep(Duration::from_millis(10));
    }
}

fn rest_of(socket: &mut TcpStream) -> Vec<u8> {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).unwrap();
    rest
}

/// A time-out would cost each C-ECHO two timers of the kernel's.
#[test]
fn workers_wait_for_sockets_without_a_time_out() {
    let scenario = Scenario::with(|settings| settings);
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS"));
    echo(&mut requestor, 1);
    // While the pulse asks they have one for a moment.
    let is_patient = || waits_for_sockets(scenario.gate.process()) == [u32::MAX];
    let deadline = Instant::now() + PATIENCE;
    while !is_patient() {
        assert!(Instant::now() < deadline, "{:?}", waits_for_sockets(scenario.gate.process()));
        thread::sleep(Duration::from_millis(10));
    }
    // Longer than anything waits that is due soon.
    let often = (0..60).filter(|_| {
        thread::sleep(Duration::from_millis(10));
        is_patient()
    });
    assert!(often.count() > 50);
}

/// How long each worker waits that waits for sockets, in milliseconds: the fourth argument of
/// epoll_wait(2), of which the third is tokio's.
fn waits_for_sockets(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let workers = threads
        .map(|thread| thread.unwrap().path())
        .filter(|thread| fs::read_to_string(thread.join("comm")).unwrap().starts_with("tokio-rt"));
    let waits = workers.filter_map(|thread| {
        let call = fs::read_to_string(thread.join("syscall")).unwrap();
        let words: Vec<_> = call.split_whitespace().collect();
        let wait = u32::from_str_radix(words.get(4)?.trim_start_matches("0x"), 16);
        (words.get(3) == Some(&"0x400")).then_some(wait.unwrap())
    });
    waits.collect()
}
