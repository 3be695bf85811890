//! Who takes too much gets no more, and others still get theirs.

use crate::support::PATIENCE;
use crate::support::associate::Associate;
use crate::support::configuration::peer;
use crate::support::requestor::{Caller, Requestor};
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::site;
use socket2::{Domain, Socket, Type};
use std::io::Read;
use std::net::{SocketAddr, TcpStream};

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
    let stalled: Vec<_> = (0..24)
        .map(|number| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            let source = SocketAddr::from(([127, 0, 0, 2 + number % 3], 0));
            socket.bind(&source.into()).unwrap();
            socket.connect(&address.into()).unwrap();
            socket
        })
        .collect();
    for _ in 0..5 {
        scenario.serves_a_good_peer();
    }
    drop(stalled);
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
    let pacs = crate::support::pacs::Pacs::first_playing(|pacs| {
        pacs.request();
    });
    let scenario = Scenario::before(pacs, |settings| settings.count("peer_associations", 1));
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut requestor, [2, 3, 1]);
    drop(requestor);
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let mut requestor = scenario.ct1();
        requestor.send(&Associate::echo("CT1", "PACS").encode());
        if requestor.receive_pdu().kind == crate::support::pdu::ASSOCIATE_AC {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "the place is still taken");
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
