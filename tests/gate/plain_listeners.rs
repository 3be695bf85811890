//! Listeners without TLS: what comes there, how long it may stay, and what a reload makes of it.

use crate::reload::{configuration, edit, reload};
use crate::support::PATIENCE;
use crate::support::associate::{Associate, Item};
use crate::support::configuration::Table;
use crate::support::dcmtk::{Credentials, Storescp, call, objects, words};
use crate::support::dimse::echo_rq;
use crate::support::gate::{Gate, listening};
use crate::support::pacs::Pacs;
use crate::support::pdu::{
    ASSOCIATE_AC, COMMAND, LAST, Pdu, abort, p_data, release_rp, release_rq,
};
use crate::support::requestor::{Caller, Received, connect_from, reset_when_dropped};
use crate::support::scenario::{Scenario, assert_is_echo_response, assert_rejected};
use crate::support::settings::Settings;
use crate::support::site::site;
use crate::support::stage::said as said_by;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use tempfile::TempDir;

/// The one address of the device without TLS.
const US1: [u8; 4] = [127, 0, 0, 20];
/// Where nobody is a peer.
const STRANGER: [u8; 4] = [127, 0, 0, 21];

/// A gate with a plain listener beside the usual one, and `us1`, which has no TLS.
fn with_plain(change: impl FnOnce(Settings) -> Settings) -> (Scenario, SocketAddr) {
    let scenario = Scenario::with(|settings| change(plain(settings)));
    let address = address(&scenario.gate);
    (scenario, address)
}

/// The same settings with both.
pub(crate) fn plain(mut settings: Settings) -> Settings {
    let bind = r#"["127.0.0.3:0"]"#.into();
    let plain = Table::from([("bind", bind), ("plain", "true".into())]);
    settings.more.push(("listener.plain", plain));
    settings.more.push(("peer.us1", us1()));
    settings
}

fn us1() -> Table {
    Table::from([
        ("certificate", r#""none""#.into()),
        ("from", r#"["127.0.0.20"]"#.into()),
        ("calling_ae", r#"["US1"]"#.into()),
        ("pacs", r#"["archive"]"#.into()),
        ("services", r#"["echo"]"#.into()),
    ])
}

/// That of the plain listener.
pub(crate) fn address(gate: &Gate) -> SocketAddr {
    listening(&gate.wait_for_log("listener=plain")).unwrap()
}

fn from(source: [u8; 4], address: SocketAddr) -> TcpStream {
    let socket = connect_from(source, address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// All that is said until the end.
fn said(mut socket: &TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    // What was not read yet makes a close a reset.
    let _ = socket.read_to_end(&mut said);
    said
}

fn asked(source: [u8; 4], address: SocketAddr, request: &Associate) -> TcpStream {
    let mut socket = from(source, address);
    socket.write_all(&request.encode()).unwrap();
    socket
}

/// An association of `us1`.
pub(crate) fn associated(address: SocketAddr) -> TcpStream {
    let mut socket = asked(US1, address, &Associate::echo("US1", "PACS"));
    assert_eq!(Pdu::read(&mut socket).unwrap().kind, ASSOCIATE_AC);
    socket
}

fn echo(socket: &mut TcpStream, id: u16) {
    socket.write_all(&p_data(1, COMMAND | LAST, &echo_rq(id))).unwrap();
    assert_is_echo_response(&Pdu::read(socket).unwrap(), id);
}

/// What comes there is named, and hears nothing.
fn named(bytes: &[u8], reason: &str) -> Value {
    let (scenario, address) = with_plain(|settings| settings);
    let mut socket = from(STRANGER, address);
    socket.write_all(bytes).unwrap();
    assert_eq!(said(&socket), b"");
    let line = scenario.refused_once("failed", reason);
    assert_eq!(line["wire"], "close");
    assert_eq!((&line["plain"], &line["direction"]), (&true.into(), &"inward".into()));
    assert_eq!(line["listener"], "plain");
    line
}

#[test]
fn names_tls_before_anything_is_parsed() {
    let mut hello = vec![22, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3];
    hello.resize(600, 0);
    let line = named(&hello, "tls-on-plain-port");
    assert!(line["advice"].as_str().unwrap().contains("a listener with TLS"), "{line}");
    // The form of SSL 2.
    named(&[0x80, 0x2e, 1, 3, 1, 0, 0, 0, 0, 0], "tls-on-plain-port");
}

#[test]
fn a_peer_with_tls_is_told_nothing_at_the_plain_port() {
    let (scenario, address) = with_plain(|settings| settings);
    assert!(Caller::with(&site().ct1).call(address).is_err());
    scenario.refused_once("failed", "tls-on-plain-port");
}

#[test]
fn names_http_and_the_proxy_protocol() {
    named(b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n", "http");
    named(b"PROXY TCP4 192.0.2.7 10.0.0.8 4711 104\r\n", "unexpected-proxy-header");
    named(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\0", "unexpected-proxy-header");
}

#[test]
fn answers_what_is_neither_as_it_answers_behind_tls() {
    let (scenario, address) = with_plain(|settings| settings);
    let mut socket = from(STRANGER, address);
    socket.write_all(b"SSH-2.0-scanner\r\n").unwrap();
    assert_eq!(said(&socket), abort(0, 0));
    let line = scenario.gate.wait_for_audit(|line| line["event"] == "failed");
    assert_eq!(line["plain"], true, "{line}");
    assert_eq!(scenario.pacs.connections(), 0);
}

#[test]
fn a_monitor_that_connects_and_leaves_is_no_line() {
    let (scenario, address) = with_plain(|settings| settings);
    for _ in 0..3 {
        drop(from(STRANGER, address));
    }
    let socket = from(STRANGER, address);
    reset_when_dropped(&socket);
    drop(socket);
    scenario.serves_a_good_peer();
    echo(&mut associated(address), 1);
    let stopped = scenario.gate.stop();
    assert!(stopped.of_event("failed").is_empty(), "{}", stopped.stdout);
    assert_eq!(stopped.counted("failed", "passed-by"), 4, "{}", stopped.stdout);
}

#[test]
fn a_request_that_does_not_come_or_does_not_end_is_closed_in_time() {
    let (scenario, address) = with_plain(|settings| settings.limit("request", "300ms"));
    let silent = from(STRANGER, address);
    let mut slow = from(STRANGER, address);
    slow.write_all(&Associate::echo("US1", "PACS").encode()[..40]).unwrap();
    assert_eq!((said(&silent), said(&slow)), (Vec::new(), Vec::new()));
    let mut read = 0;
    let late = |line: &Value| line["reason"] == "request-timeout" && line["event"] == "failed";
    scenario.gate.wait_for_next(&mut read, late);
    scenario.gate.wait_for_next(&mut read, late);
    assert_eq!(scenario.pacs.connections(), 0);
}

#[test]
fn a_request_that_is_left_is_named() {
    let (scenario, address) = with_plain(|settings| settings);
    let mut socket = from(STRANGER, address);
    socket.write_all(&Associate::echo("US1", "PACS").encode()[..40]).unwrap();
    drop(socket);
    scenario.refused_once("failed", "closed-in-request");
}

#[test]
fn silent_connections_give_way_and_lock_nobody_out() {
    let (scenario, address) = with_plain(|settings| {
        settings.count("requests", 4).count("handshakes", 4).count("connections", 8)
    });
    let held: Vec<_> = (0..24_u8).map(|number| from([127, 0, 3, number + 1], address)).collect();
    let line = scenario.gate.audited("failed", "request-limit");
    assert_eq!((&line["plain"], &line["wire"]), (&true.into(), &"close".into()));
    assert!(line["advice"].as_str().unwrap().contains("the address"), "{line}");
    for id in 0..5 {
        scenario.serves_a_good_peer();
        echo(&mut associated(address), id);
    }
    drop(held);
}

#[test]
fn an_address_has_so_many_connections_and_no_more() {
    let (scenario, address) = with_plain(|settings| settings.count("per_source", 2));
    let held = [(); 2].map(|()| from(STRANGER, address));
    let socket = from(STRANGER, address);
    assert_eq!(said(&socket), b"");
    let line = scenario.gate.audited("failed", "source-limit");
    assert_eq!((&line["plain"], &line["listener"]), (&true.into(), &"plain".into()));
    echo(&mut associated(address), 1);
    drop(held);
}

#[test]
fn an_address_that_fails_again_and_again_waits_until_a_peer_has_come_from_there() {
    let (scenario, address) = with_plain(|settings| settings);
    let fail = || {
        for _ in 0..6 {
            let mut socket = from(US1, address);
            socket.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
            assert_eq!(said(&socket), b"");
        }
    };
    fail();
    scenario.gate.wait_for_log("handshakes or requests from this address fail again and again");
    // Others do not.
    scenario.serves_a_good_peer();
    echo(&mut associated(address), 1);
    let mut read = 0;
    let opened = |line: &Value| line["event"] == "opened" && line["peer"] == "us1";
    let line = scenario.gate.wait_for_next(&mut read, opened);
    assert_eq!(line["delayed_ms"], 200, "{line}");
    fail();
    echo(&mut associated(address), 2);
    let line = scenario.gate.wait_for_next(&mut read, opened);
    assert!(line.get("delayed_ms").is_none(), "{line}");
}

#[test]
fn an_address_that_sends_nothing_again_and_again_waits() {
    let (scenario, address) = with_plain(|settings| settings.limit("request", "100ms"));
    let silent = [(); 6].map(|()| from(STRANGER, address));
    for socket in &silent {
        assert_eq!(said(socket), b"");
    }
    scenario.gate.wait_for_log("handshakes or requests from this address fail again and again");
}

#[test]
fn a_device_without_tls_is_let_in_by_its_address_and_title() {
    let (scenario, address) = with_plain(|settings| settings);
    let mut socket = associated(address);
    echo(&mut socket, 1);
    socket.write_all(&release_rq()).unwrap();
    assert_eq!(Pdu::read(&mut socket).unwrap().encode(), release_rp());
    assert_eq!(said(&socket), b"");
    for event in ["opened", "closed"] {
        let line = scenario.gate.wait_for_audit(|line| line["event"] == event);
        assert_eq!((&line["peer"], &line["plain"]), (&"us1".into(), &true.into()), "{line}");
        assert!(line.get("certificate").is_none(), "{line}");
        assert!(line["source"].as_str().unwrap().starts_with("127.0.0.20:"), "{line}");
    }
    let line = scenario.gate.audited("closed", "released");
    assert_eq!(line["direction"], "inward");
    scenario.serves_a_good_peer();
    let line = scenario.gate.wait_for_audit(|line| line["peer"] == "mr1");
    assert_eq!(line["direction"], "inward");
    assert!(line.get("plain").is_none(), "{line}");
}

/// What is refused there, with its answer.
fn refused(source: [u8; 4], request: &Associate) -> Value {
    let (scenario, address) = with_plain(|settings| settings);
    let mut socket = asked(source, address, request);
    let answer = Pdu::read(&mut socket).unwrap().encode();
    assert_eq!(said(&socket), b"");
    let line = scenario.gate.wait_for_audit(|line| line["event"] == "refused");
    let [_, _, _, _, _, _, _, result, by, why] = answer[..] else { panic!("{answer:?}") };
    assert_eq!(line["wire"].as_str().unwrap(), format!("A-ASSOCIATE-RJ {result}/{by}/{why}"));
    assert_eq!(line["plain"], true, "{line}");
    let reason = line["reason"].as_str().unwrap().to_owned();
    scenario.refused_once("refused", &reason)
}

#[test]
fn a_plain_address_with_another_title_is_refused() {
    let line = refused(US1, &Associate::echo("US2", "PACS"));
    assert_eq!(line["reason"], "calling-title", "{line}");
}

#[test]
fn a_plain_title_from_another_address_is_refused() {
    let line = refused(STRANGER, &Associate::echo("US1", "PACS"));
    assert_eq!(line["calling"], "US1", "{line}");
    assert!(line["nearest"].is_string() || line["trace"].is_array(), "{line}");
}

#[test]
fn a_peer_with_a_certificate_is_not_let_in_without_it() {
    refused(US1, &Associate::echo("CT1", "PACS"));
    refused(STRANGER, &Associate::echo("CT1", "PACS"));
}

#[test]
fn the_user_identity_of_a_device_without_tls_is_not_looked_at() {
    let (scenario, address) = with_plain(|settings| settings);
    let identity = Item::identity(2, b"somebody", b"secret");
    let request = Associate::echo("US1", "PACS").with_user(identity);
    let mut socket = asked(US1, address, &request);
    assert_eq!(Pdu::read(&mut socket).unwrap().kind, ASSOCIATE_AC);
    echo(&mut socket, 1);
    let line = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    assert!(line.get("user").is_none(), "{line}");
}

#[test]
fn a_device_without_tls_is_not_let_in_at_the_tls_port() {
    let (scenario, _) = with_plain(|mut settings| {
        settings.tls.insert("client_certificate", "\"optional\"".into());
        settings.mr1.insert("certificate", "\"none\"".into());
        settings.mr1.insert("user_identity", "\"password\"".into());
        settings.mr1.insert("users", r#"["somebody"]"#.into());
        let users = settings.file("passwords", "");
        settings.more.push(("passwords", Table::from([("file", format!("{users:?}"))])));
        settings
    });
    let mut with_tls = Caller::anonymous().call_from(US1, scenario.gate.address).unwrap();
    with_tls.send(&Associate::echo("US1", "PACS").encode());
    assert_rejected(&mut with_tls, [1, 2, 1]);
    let without = asked(US1, scenario.gate.address, &Associate::echo("US1", "PACS"));
    assert!(said(&without).starts_with(&[21, 3]), "an alert of TLS");
    scenario.gate.audited("failed", "plain-dicom");
    assert_eq!(scenario.pacs.connections(), 0);
}

#[test]
fn a_balancer_names_the_source_at_a_plain_port() {
    let (scenario, address) = with_plain(|mut settings| {
        let (_, plain) = settings.more.iter_mut().find(|it| it.0 == "listener.plain").unwrap();
        plain.insert("proxy_protocol_from", r#"["127.0.0.2"]"#.into());
        settings
    });
    let header =
        [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..], &US1, &[10, 0, 0, 8, 18, 103, 0, 104]];
    let mut socket = from([127, 0, 0, 2], address);
    socket.write_all(&header.concat()).unwrap();
    socket.write_all(&Associate::echo("US1", "PACS").encode()).unwrap();
    assert_eq!(Pdu::read(&mut socket).unwrap().kind, ASSOCIATE_AC);
    let line = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    assert_eq!(line["source"], "127.0.0.20:4711", "{line}");
    assert!(line["proxy"].as_str().unwrap().starts_with("127.0.0.2:"), "{line}");
}

#[test]
fn an_association_lives_through_a_reload_that_leaves_its_listener_plain() {
    let (scenario, address) = with_plain(|settings| settings);
    let mut socket = associated(address);
    edit(&scenario.gate, "\"CT1\"", "\"CT9\"");
    reload(&scenario.gate);
    echo(&mut socket, 1);
}

#[test]
fn a_listener_that_gets_tls_and_loses_it_ends_what_came_before() {
    let (scenario, address) = with_plain(|settings| settings);
    let mut open = associated(address);
    let mut waiting = from(US1, address);
    // A byte of it, so that the gate has taken it.
    waiting.write_all(&[1]).unwrap();
    echo(&mut open, 1);

    let path = configuration(&scenario.gate);
    let plain = fs::read_to_string(&path).unwrap();
    let (_, rest) = plain.split_once("[listener.front.tls]").unwrap();
    let (tls, _) = rest.split_once('[').unwrap();
    let secured = plain.replace("plain = true\n", &format!("[listener.plain.tls]{tls}"));
    fs::write(&path, &secured).unwrap();
    reload(&scenario.gate);
    assert_eq!(Pdu::read(&mut open).unwrap().encode(), abort(2, 0));
    let line = scenario.gate.audited("closed", "withdrawn");
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.ends_with("its listener is inward and with TLS now"), "{line}");
    assert!(line["advice"].as_str().unwrap().contains("`plain`"), "{line}");
    waiting.write_all(&Associate::echo("US1", "PACS").encode()[1..]).unwrap();
    assert_eq!(said(&waiting), b"");
    let line = scenario.gate.audited("refused", "listener-changed");
    assert_eq!((&line["wire"], &line["plain"]), (&"close".into(), &true.into()));

    let mut open = Caller::with(&site().ct1).call(address).unwrap();
    open.associate(&Associate::echo("CT1", "PACS"));
    let mut waiting = Caller::with(&site().mr1).call(address).unwrap();
    fs::write(&path, &plain).unwrap();
    let mut read = 0;
    let applied = |line: &Value| line["event"] == "reload" && line["reason"] == "applied";
    scenario.gate.wait_for_next(&mut read, applied);
    scenario.gate.signal("HUP");
    scenario.gate.wait_for_next(&mut read, applied);
    assert_eq!(open.receive_pdu().encode(), abort(2, 0));
    let line = scenario.gate.wait_for_audit(|it| it["peer"] == "ct1" && it["event"] == "closed");
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.ends_with("its listener is inward and plain now"), "{line}");
    waiting.send(&Associate::echo("MR1", "PACS").encode());
    assert_eq!(waiting.receive(), Received::Closed);
    echo(&mut associated(address), 2);
    scenario.serves_a_good_peer();
}

/// A device without TLS on this machine, before this PACS.
fn of_dcmtk(pacs: SocketAddr) -> (Gate, SocketAddr) {
    let mut settings = Settings::new(pacs);
    // DCMTK connects from 127.0.0.1, and the other listener has an address of its own.
    settings.listener.insert("bind", r#"["127.0.0.3:0"]"#.into());
    let mut device = us1();
    device.insert("from", r#"["127.0.0.1"]"#.into());
    device.insert("services", r#"["echo", "store", "find"]"#.into());
    let bind = r#"["127.0.0.1:0"]"#.into();
    let plain = Table::from([("bind", bind), ("plain", "true".into())]);
    settings.more.push(("listener.plain", plain));
    settings.more.push(("peer.us1", device));
    let gate = settings.start();
    let address = address(&gate);
    (gate, address)
}

const TITLES: [&str; 2] = ["US1", "PACS"];

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn storescu_without_tls_stores_what_it_stores_directly() {
    let directory = TempDir::new().unwrap();
    let file = [objects(directory.path()).remove(0).1];
    let options = ["-xe".into(), "-R".into()];
    let (direct, pacs) = (Storescp::start(), Storescp::start());
    let output = call("storescu", &options, TITLES, direct.address, &file);
    assert!(output.status.success(), "{}", words(&output));
    let (gate, address) = of_dcmtk(pacs.address);
    let output = call("storescu", &options, TITLES, address, &file);
    assert!(output.status.success(), "{}", words(&output));
    assert!(pacs.stored() == direct.stored(), "not what a direct store stores");
    let output = call("echoscu", &[], TITLES, address, &[]);
    assert!(output.status.success(), "{}", words(&output));
    // With a title of somebody else, even one who has a certificate.
    for calling in ["US2", "CT1"] {
        let output = call("storescu", &options, [calling, "PACS"], address, &file);
        assert!(!output.status.success(), "{}", words(&output));
    }
    assert_eq!(pacs.connections(), 2);
    assert_eq!(gate.stop().counted("closed", "released"), 2);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn findscu_without_tls_asks_the_pacs() {
    let pacs = Pacs::good();
    let (gate, address) = of_dcmtk(pacs.address);
    let options = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=4711"];
    let output = call("findscu", &options.map(Into::into), TITLES, address, &[]);
    assert!(output.status.success(), "{}", words(&output));
    let line = gate.audited("closed", "released");
    assert_eq!(line["operations"][0]["operation"], "c-find", "{line}");
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn storescu_with_tls_at_the_plain_port_is_named() {
    let directory = TempDir::new().unwrap();
    let file = [objects(directory.path()).remove(0).1];
    let pacs = Storescp::start();
    let (gate, address) = of_dcmtk(pacs.address);
    let credentials = Credentials::of(&site().ct1);
    let output = call("storescu", &credentials.options(), ["CT1", "PACS"], address, &file);
    assert!(!output.status.success(), "{}", words(&output));
    gate.audited("failed", "tls-on-plain-port");
    assert_eq!(pacs.connections(), 0);
}

#[test]
fn probe_asks_as_a_device_without_tls() {
    let (scenario, address) = with_plain(|mut settings| {
        let us1 = settings.more.iter_mut().find(|(name, _)| *name == "peer.us1").unwrap();
        us1.1.insert("from", r#"["127.0.0.1"]"#.into());
        settings
    });
    let target = address.to_string();
    let probe = ["probe", &target, "--without-tls", "--called", "PACS", "--calling"];
    let right = said_by(&[&probe[..], &["US1"]].concat());
    assert_eq!(right.code, Some(0), "{right:?}");
    assert!(right.text.contains("status 0000H") && !right.text.contains("TLS "), "{right:?}");
    let wrong = said_by(&[&probe[..], &["CT1"]].concat());
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.text.contains("A-ASSOCIATE-RJ 1/1/3"), "{wrong:?}");
    scenario.gate.audited("refused", "calling-title");
}
