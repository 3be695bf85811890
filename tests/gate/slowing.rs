//! Who is refused again and again is told so later, and nobody else waits.

use crate::support::associate::Associate;
use crate::support::pdu::ASSOCIATE_AC;
use crate::support::requestor::{Caller, connect_from};
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::site::site;
use serde_json::Value;
use std::io::{Read, Write};

/// One more than is free.
const SLOWED: usize = 6;

#[test]
fn delays_the_word_of_a_refusal_and_no_permitted_request_of_the_same_certificate() {
    let scenario = Scenario::usual();
    for number in 0..SLOWED {
        let mut requestor = scenario.ct1();
        // One title after the other counts together.
        let title = format!("GUESS{number}");
        requestor.send(&Associate::echo(&title, "PACS").encode());
        assert_rejected(&mut requestor, [1, 1, 3]);
    }
    let line = scenario.gate.wait_for_audit(|line| line["calling"] == "GUESS5");
    assert_eq!(line["delayed_ms"], 100, "{line}");
    let told = scenario.gate.wait_for_log("requests with this certificate are refused again");
    assert!(told.contains(&site().ct1.sha256()), "{told}");

    // A title of its own for what does not exist counts for itself, and is permitted at once.
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("CT1", "OTHER").encode());
    assert_rejected(&mut requestor, [1, 1, 7]);
    let line = scenario.gate.audited("refused", "called-title");
    assert!(line.get("delayed_ms").is_none(), "{line}");
    echo(&mut scenario.associated(), 1);
    let line = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    assert!(line.get("delayed_ms").is_none(), "{line}");

    let stopped = scenario.gate.stop();
    assert_eq!(stopped.counted("refused", "calling-title"), SLOWED as u64);
    assert_eq!(stopped.counted("delayed", "calling-title"), 1);
    assert_eq!(stopped.counted("delayed", "none"), 0);
}

#[test]
fn delays_handshakes_from_an_address_that_fails_until_a_peer_has_come_from_there() {
    let scenario = Scenario::usual();
    let from = [127, 0, 0, 9];
    for _ in 0..SLOWED {
        garbage(&scenario, from);
    }
    let told =
        scenario.gate.wait_for_log("handshakes or requests from this address fail again and again");
    assert!(told.contains("source=127.0.0.9"), "{told}");

    // Another one does not wait.
    scenario.serves_a_good_peer();
    // A peer behind the same address waits once, and is let in.
    assert_eq!(opened_from(&scenario, from)["delayed_ms"], 200);
    for _ in 0..SLOWED {
        garbage(&scenario, from);
    }
    assert!(opened_from(&scenario, from).get("delayed_ms").is_none());

    let stopped = scenario.gate.stop();
    assert_eq!(stopped.counted("failed", "not-tls"), 2 * SLOWED as u64);
    assert_eq!(stopped.counted("delayed", "not-tls"), 1);
}

#[test]
fn a_delay_ends_within_the_deadline_of_the_handshake() {
    let scenario = Scenario::with(|settings| settings.limit("handshake", "5s"));
    let from = [127, 0, 0, 9];
    for _ in 0..2 * SLOWED {
        garbage(&scenario, from);
    }
    assert_eq!(opened_from(&scenario, from)["delayed_ms"], 2000);
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.counted("failed", "not-tls"), 2 * SLOWED as u64);
}

#[test]
fn a_probe_that_sends_nothing_is_no_failure() {
    let scenario = Scenario::usual();
    let from = [127, 0, 0, 9];
    for _ in 0..2 * SLOWED {
        drop(connect_from(from, scenario.gate.address).unwrap());
    }
    assert!(opened_from(&scenario, from).get("delayed_ms").is_none());
}

fn garbage(scenario: &Scenario, from: [u8; 4]) {
    let mut socket = connect_from(from, scenario.gate.address).unwrap();
    socket.write_all(b"garbage!").unwrap();
    let _ = socket.read_to_end(&mut Vec::new());
}

/// The audit line of an association from there.
fn opened_from(scenario: &Scenario, from: [u8; 4]) -> Value {
    let mut requestor = Caller::with(&site().ct1).call_from(from, scenario.gate.address).unwrap();
    let port = requestor.socket().local_addr().unwrap().port();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_eq!(requestor.receive_pdu().kind, ASSOCIATE_AC);
    let source = format!("{}:{port}", std::net::Ipv4Addr::from(from));
    scenario.gate.wait_for_audit(|line| line["event"] == "opened" && line["source"] == *source)
}
