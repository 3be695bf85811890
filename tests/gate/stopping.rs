//! SIGTERM and SIGINT: no new connections, time for operations that are under way, exit code 0.

use crate::support::associate::Associate;
use crate::support::dimse::echo_rq;
use crate::support::pacs::Pacs;
use crate::support::pdu::{COMMAND, LAST, abort, behind_request, p_data};
use crate::support::requestor::Received;
use crate::support::scenario::{Scenario, assert_aborted, assert_is_echo_response};
use serde_json::Value;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

#[test]
fn stops_on_either_signal() {
    for signal in ["TERM", "INT"] {
        let scenario = Scenario::usual();
        scenario.serves_a_good_peer();
        scenario.gate.signal(signal);
        let stopped = scenario.gate.wait();
        assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
        assert_eq!(stopped.counted("closed", "released"), 1);
        assert_eq!(stopped.audit.last().unwrap()["event"], "counters");
    }
}

#[test]
fn an_outstanding_operation_gets_its_time() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.receive().unwrap();
        // Far longer than an idle association has; the slowness of the PACS is what is tested.
        thread::sleep(Duration::from_secs(1));
        pacs.answer_to(&question);
        pacs.answer();
    });
    let scenario = Scenario::before(pacs, |settings| settings.limit("drain", "10s"));
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    scenario.gate.signal("TERM");
    scenario.gate.wait_for_log("stopping");
    while TcpStream::connect(scenario.gate.address).is_ok() {
        thread::yield_now();
    }
    assert_is_echo_response(&requestor.receive_pdu(), 1);
    requestor.release();
    let stopped = scenario.gate.wait();
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.counted("closed", "released"), 1);
}

#[test]
fn an_idle_association_does_not_hold_up_the_stop() {
    let scenario = Scenario::before(silent(), |settings| settings.limit("drain", "1h"));
    let mut requestor = scenario.associated();
    scenario.gate.signal("TERM");
    assert_aborted(&mut requestor, 2, 0);
    drop(requestor);
    assert_eq!(behind_request(&scenario.pacs.received()), abort(2, 0));
    let stopped = scenario.gate.wait();
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.counted("closed", "shutdown"), 1);
}

#[test]
fn an_operation_that_outlasts_the_drain_is_aborted_on_both_sides() {
    let scenario = Scenario::before(silent(), |settings| settings.limit("drain", "300ms"));
    let mut requestor = scenario.associated();
    let question = p_data(1, COMMAND | LAST, &echo_rq(1));
    requestor.send(&question);
    scenario.gate.signal("TERM");
    assert_aborted(&mut requestor, 2, 0);
    drop(requestor);
    let received = behind_request(&scenario.pacs.received());
    assert_eq!(received, [question, abort(2, 0)].concat());
    let line = scenario.gate.audited("closed", "shutdown-in-operation");
    assert!(
        line["advice"].as_str().unwrap().starts_with("Repeat at the device what has no status")
    );
    assert_eq!(line["operations"][0]["status"], Value::Null);
    let stopped = scenario.gate.wait();
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.counted("closed", "shutdown-in-operation"), 1);
}

#[test]
fn a_second_signal_ends_an_operation_at_once() {
    for signal in ["TERM", "INT"] {
        let scenario = Scenario::before(silent(), |settings| settings.limit("drain", "1h"));
        let mut requestor = scenario.associated();
        requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
        scenario.gate.signal("TERM");
        scenario.gate.wait_for_log("stopping");
        scenario.gate.signal(signal);
        assert_aborted(&mut requestor, 2, 0);
        let stopped = scenario.gate.wait();
        assert_eq!(stopped.code, Some(0));
        assert_eq!(stopped.counted("closed", "shutdown-in-operation"), 1);
    }
}

#[test]
fn what_is_not_yet_an_association_does_not_hold_up_the_stop() {
    let scenario = Scenario::with(|settings| {
        settings.limit("drain", "1h").limit("handshake", "10m").limit("request", "10m")
    });
    let _silent = TcpStream::connect(scenario.gate.address).unwrap();
    let mut asking = scenario.ct1();
    asking.send(&Associate::echo("CT1", "PACS").encode()[..50]);
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.code, Some(0));
    assert!(matches!(asking.receive(), Received::Closed | Received::Reset));
    assert_eq!(scenario.pacs.connections(), 0);
}

/// A PACS that accepts and answers nothing.
fn silent() -> Pacs {
    Pacs::playing(|pacs| {
        pacs.accept();
        pacs.drain();
    })
}
