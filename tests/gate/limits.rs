//! Who takes too much gets no more, and others still get theirs.

use crate::support::PATIENCE;
use crate::support::associate::Associate;
use crate::support::configuration::peer;
use crate::support::pacs::Pacs;
use crate::support::pdu::abort;
use crate::support::requestor::{Caller, Requestor, connect_from, reset_when_dropped};
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::site;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn a_source_over_its_limit_is_closed_without_a_word() {
    let scenario = Scenario::with(|settings| settings.count("per_source", 3));
    let held: Vec<_> = (0..3).map(|_| scenario.associated()).collect();
    assert_closed_at_once(&scenario);
    release(held);
    let dialled = scenario.pacs.connections();
    scenario.ended("failed", "source-limit", 1, dialled);
}

#[test]
fn a_handshake_that_stands_still_gives_way_to_a_newer_connection() {
    let scenario = Scenario::with(|settings| settings.count("handshakes", 2));
    let mut held = [0; 2].map(|_| TcpStream::connect(scenario.gate.address).unwrap());
    scenario.serves_a_good_peer();
    scenario.gate.audited("failed", "handshake-limit");
    let [oldest, _] = &mut held;
    oldest.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(oldest.read(&mut [0]).unwrap(), 0, "closed without a word");
    assert_eq!(scenario.pacs.connections(), 1);
}

#[test]
fn stalled_handshakes_from_several_addresses_lock_nobody_out() {
    let scenario = Scenario::with(|settings| settings.count("handshakes", 8));
    let address = scenario.gate.address;
    let from = |number: u8| [127, 0, 0, 2 + number % 3];
    let stalled: Vec<_> = (0..24_u8).map(|it| connect_from(from(it), address).unwrap()).collect();
    for _ in 0..5 {
        scenario.serves_a_good_peer();
    }
    drop(stalled);
}

#[test]
fn garbage_from_several_addresses_locks_nobody_out_while_it_is_told_so() {
    let scenario = Scenario::with(|mut settings| {
        settings = settings.count("handshakes", 8).count("connections", 12);
        settings.limit("close", "1m")
    });
    let address = scenario.gate.address;
    let told: Vec<_> = (0..40)
        .map(|number| {
            let mut socket = connect_from([127, 0, 0, 2 + number], address).unwrap();
            socket.write_all(b"garbage!").unwrap();
            socket
        })
        .collect();
    scenario.gate.audited("failed", "not-tls");
    for _ in 0..5 {
        scenario.serves_a_good_peer();
    }
    drop(told);
}

#[test]
fn a_stolen_certificate_that_asks_for_nothing_locks_nobody_out() {
    let scenario = Scenario::with(|settings| settings.count("requests", 4).count("connections", 9));
    let stolen = Caller::with(&site().ct1);
    let held: Vec<_> = (0..30)
        .map(|number| stolen.call_from([127, 0, 0, 2 + number], scenario.gate.address).unwrap())
        .collect();
    let line = scenario.gate.audited("refused", "request-limit");
    assert_eq!((&line["peer"], &line["wire"]), (&"ct1".into(), &"close".into()));
    for _ in 0..5 {
        associated_mr1(&scenario).release();
        scenario.serves_a_good_peer();
    }
    drop(held);
}

#[test]
fn a_peers_connections_are_counted_before_they_ask() {
    let scenario = Scenario::with(|mut settings| {
        settings.ct1.insert("associations", "1".into());
        settings
    });
    // Twice its associations, and eight.
    // A client is done with TLS 1.3 before the gate is: which of them is one too many is open.
    let held: Vec<_> = (0..11).map(|_| scenario.ct1()).collect();
    let line = scenario.gate.audited("refused", "peer-limit");
    assert_eq!((&line["peer"], line.get("calling")), (&"ct1".into(), None));
    assert_eq!(line["wire"], "A-ASSOCIATE-RJ 2/3/2");
    drop(held);
}

#[test]
fn a_source_outside_the_peers_networks_hears_so_before_it_asks() {
    let scenario = Scenario::with(|mut settings| {
        settings.ct1.insert("from", r#"["127.0.0.1"]"#.into());
        settings
    });
    let stolen = Caller::with(&site().ct1);
    let mut requestor = stolen.call_from([127, 0, 0, 2], scenario.gate.address).unwrap();
    assert_rejected(&mut requestor, [1, 1, 1]);
    scenario.refused_once("refused", "wrong-network");
}

#[test]
fn what_is_still_open_at_the_pacs_counts_there() {
    // It never closes its side.
    let pacs = Pacs::playing(|pacs| {
        pacs.accept();
        while pacs.receive().is_ok() {}
        thread::sleep(PATIENCE);
    });
    let scenario = Scenario::before(pacs, |mut settings| {
        settings.archive.insert("associations", "2".into());
        settings.limit("close", "1m")
    });
    let mut first = scenario.ct1();
    first.associate(&Associate::echo("CT1", "PACS"));
    first.send(&abort(0, 0));
    scenario.gate.audited("closed", "requestor-aborted");
    let mut second = scenario.ct1();
    second.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut second, [2, 3, 2]);
    scenario.gate.audited("refused", "peer-share");
}

/// 3,000 connections from 100 addresses that say nothing, say garbage, or say nothing behind TLS, and
/// a stolen certificate from all of them, with the limits as they are by default.
#[test]
#[ignore = "opens thousands of connections: run tests/all"]
fn good_peers_get_in_within_a_second_beside_thousands_of_bad_connections() {
    let scenario = Scenario::with(|mut settings| {
        settings.limits.clear();
        settings
    });
    let address = scenario.gate.address;
    let stop = AtomicBool::new(false);
    let mut waits = thread::scope(|scope| {
        for part in 0..4_u8 {
            let stop = &stop;
            scope.spawn(move || {
                let stolen = Caller::with(&site().ct1);
                let mut held = VecDeque::new();
                for number in (0_u64..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                    let source = [127, 0, 1, u8::try_from(number % 100).unwrap()];
                    let bad = match part {
                        0 => {
                            stolen.call_from(source, address).ok().map(|it| Bad::Tls(Box::new(it)))
                        }
                        1 => connect_from(source, address).ok().map(|mut socket| {
                            let _ = socket.write_all(b"garbage!");
                            Bad::Plain(socket)
                        }),
                        _ => connect_from(source, address).ok().map(Bad::Plain),
                    };
                    if let Some(bad) = &bad {
                        bad.reset_when_dropped();
                    }
                    held.extend(bad);
                    if held.len() > 750 {
                        held.pop_front();
                    }
                }
            });
        }
        thread::sleep(Duration::from_secs(5));
        let waits: Vec<_> = (0..40)
            .map(|_| {
                let began = Instant::now();
                associated_mr1(&scenario).release();
                let wait = began.elapsed();
                thread::sleep(Duration::from_millis(100));
                wait
            })
            .collect();
        stop.store(true, Ordering::Relaxed);
        waits
    });
    waits.sort_unstable();
    println!("association of a good peer: median {:?}, most {:?}", waits[20], waits[39]);
    assert!(waits.len() == 40 && scenario.gate.peak_memory() < 256 * 1024);
}

/// A connection that is only held.
enum Bad {
    Tls(Box<Requestor>),
    Plain(TcpStream),
}

impl Bad {
    fn reset_when_dropped(&self) {
        match self {
            Self::Tls(requestor) => reset_when_dropped(requestor.socket()),
            Self::Plain(socket) => reset_when_dropped(socket),
        }
    }
}

#[test]
fn a_connection_over_the_limit_is_closed_without_a_word() {
    let scenario = Scenario::with(|settings| settings.count("connections", 2));
    let held: Vec<_> = (0..2).map(|_| scenario.associated()).collect();
    assert_closed_at_once(&scenario);
    release(held);
    let dialled = scenario.pacs.connections();
    scenario.ended("failed", "connection-limit", 1, dialled);
}

#[test]
fn an_association_over_the_peers_limit_is_rejected() {
    let scenario = Scenario::with(|mut settings| {
        settings.ct1.insert("associations", "2".into());
        settings
    });
    let held: Vec<_> = (0..2).map(|_| scenario.associated()).collect();
    rejected(&scenario);
    release(held);
    let line = scenario.ended("refused", "peer-limit", 1, 2);
    assert_eq!(line["peer"], "ct1");
}

#[test]
fn a_released_association_makes_room_for_the_next() {
    let scenario = Scenario::with(|settings| settings.count("peer_associations", 1));
    // None of them closes its connection: the association is over all the same.
    let mut open = Vec::new();
    for id in 1..=5 {
        let mut requestor = scenario.associated();
        echo(&mut requestor, id);
        requestor.release();
        open.push(requestor);
    }
}

#[test]
fn a_peer_gets_no_more_than_half_of_its_pacs() {
    let scenario = Scenario::with(|mut settings| {
        settings.archive.insert("associations", "4".into());
        settings
    });
    let held: Vec<_> = (0..2).map(|_| scenario.associated()).collect();
    rejected(&scenario);
    release(held);
    scenario.ended("refused", "peer-share", 1, 2);
}

#[test]
fn an_association_over_the_limit_of_the_pacs_is_rejected() {
    let third = site().root.issue(&crate::support::authority::Profile::client("ct3.example"));
    let scenario =
        Scenario::with(|settings| with_third_peer(settings.count("pacs_associations", 2)));
    let held = [scenario.associated(), associated_mr1(&scenario)];
    let mut requestor = Caller::with(&third).call(scenario.gate.address).unwrap();
    requestor.send(&Associate::echo("CT3", "PACS").encode());
    assert_rejected(&mut requestor, [2, 3, 2]);
    assert_eq!(scenario.pacs.connections(), 2);
    release(held);
    scenario.ended("refused", "pacs-limit", 1, 2);
}

#[test]
fn a_connection_to_the_pacs_that_fails_gives_its_place_back() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.request();
    });
    let scenario = Scenario::before(pacs, |settings| settings.count("peer_associations", 1));
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut requestor, [2, 3, 1]);
    drop(requestor);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut requestor = scenario.ct1();
        requestor.send(&Associate::echo("CT1", "PACS").encode());
        if requestor.receive_pdu().kind == crate::support::pdu::ASSOCIATE_AC {
            return;
        }
        assert!(Instant::now() < deadline, "the place is still taken");
    }
}

fn assert_closed_at_once(scenario: &Scenario) {
    let mut socket = TcpStream::connect(scenario.gate.address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    assert!(answer.is_empty());
}

fn rejected(scenario: &Scenario) {
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut requestor, [2, 3, 2]);
}

fn release(held: impl IntoIterator<Item = Requestor>) {
    held.into_iter().for_each(|mut requestor| requestor.release());
}

fn associated_mr1(scenario: &Scenario) -> Requestor {
    let mut requestor = Caller::with(&site().mr1).call(scenario.gate.address).unwrap();
    requestor.associate(&Associate::echo("MR1", "PACS"));
    requestor
}

fn with_third_peer(mut settings: Settings) -> Settings {
    let third = peer(&[("san_dns", "ct3.example")], &["CT3"], &["echo"]);
    settings.more.push(("peer.ct3", third));
    settings
}
