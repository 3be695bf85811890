//! Connections that a balancer passes on, and what only looks like them.

mod haproxy;
mod header;

use crate::reload::{edit, reload};
use crate::support::PATIENCE;
use crate::support::associate::Associate;
use crate::support::authority::Identity;
use crate::support::configuration::Table;
use crate::support::dcmtk::Storescp;
use crate::support::pacs::Pacs;
use crate::support::pdu::abort;
use crate::support::requestor::{Caller, Received, Requestor, connect_from};
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::site;
use header::{Header, LOCAL, PROXY, checksum, value};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The one address from which a header is read; good peers connect from 127.0.0.1.
const BALANCER: [u8; 4] = [127, 0, 0, 2];

fn balanced(change: impl FnOnce(Settings) -> Settings) -> Scenario {
    Scenario::with(|mut settings| {
        settings.listener.insert("proxy_protocol_from", r#"["127.0.0.2"]"#.into());
        change(settings)
    })
}

/// A connection of the balancer that begins with these bytes.
fn passing_on(gate: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut socket = connect_from(BALANCER, gate).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = socket.write_all(bytes);
    socket
}

/// A device that comes through the balancer.
fn through(gate: SocketAddr, device: &Identity, header: &[u8]) -> Requestor {
    Caller::with(device).call_over(passing_on(gate, header)).unwrap()
}

/// A header that names this source.
fn from(source: &str) -> Vec<u8> {
    Header::naming(source, "10.0.0.8:2762").encode()
}

#[test]
fn the_source_that_a_balancer_names_is_the_one_that_is_judged_and_written() {
    let scenario = balanced(|mut settings| {
        settings.ct1.insert("from", r#"["192.0.2.7", "2001:db8::7"]"#.into());
        settings
    });
    let gate = scenario.gate.address;
    for source in ["192.0.2.7:4711", "[2001:db8::7]:4711", "[::ffff:192.0.2.7]:4711"] {
        let mut requestor = through(gate, &site().ct1, &from(source));
        requestor.associate(&Associate::echo("CT1", "PACS"));
        echo(&mut requestor, 1);
        requestor.release();
        let shown = source.replace("[::ffff:192.0.2.7]", "192.0.2.7");
        let line = scenario
            .gate
            .wait_for_audit(|line| line["event"] == "opened" && line["source"] == shown.as_str());
        assert!(line["proxy"].as_str().unwrap().starts_with("127.0.0.2:"), "{line}");
    }
    let mut elsewhere = through(gate, &site().ct1, &from("192.0.2.8:4711"));
    assert_rejected(&mut elsewhere, [1, 1, 1]);
    let line = scenario.gate.audited("refused", "wrong-network");
    assert_eq!(line["source"], "192.0.2.8:4711");
    // Directly, a device has its own address and no header.
    scenario.serves_a_good_peer();
    let opened = scenario.gate.wait_for_audit(|line| line["peer"] == "mr1");
    assert!(opened.get("proxy").is_none(), "{opened}");
    assert!(opened["source"].as_str().unwrap().starts_with("127.0.0.1:"), "{opened}");
}

#[test]
fn a_header_in_pieces_and_with_values_is_a_header() {
    let scenario = balanced(|settings| settings);
    let bytes = checksum(Header::naming("192.0.2.7:4711", "10.0.0.8:2762"), b"some identifier");
    let mut socket = connect_from(BALANCER, scenario.gate.address).unwrap();
    socket.set_nodelay(true).unwrap();
    for byte in &bytes {
        socket.write_all(&[*byte]).unwrap();
    }
    let mut requestor = Caller::with(&site().ct1).call_over(socket).unwrap();
    requestor.associate(&Associate::echo("CT1", "PACS"));
    requestor.release();
    let line = scenario.gate.audited("closed", "released");
    assert_eq!(line["source"], "192.0.2.7:4711");
}

#[test]
fn a_balancer_that_connects_for_itself_has_its_own_address() {
    let scenario = balanced(|settings| settings);
    for local in [Header::empty(LOCAL, 0), Header { command: LOCAL, ..Header::usual() }] {
        let mut requestor = through(scenario.gate.address, &site().ct1, &local.encode());
        requestor.associate(&Associate::echo("CT1", "PACS"));
        requestor.release();
    }
    let line = scenario.gate.audited("closed", "released");
    assert!(line["source"].as_str().unwrap().starts_with("127.0.0.2:"), "{line}");
    assert!(line.get("proxy").is_none(), "{line}");
    assert_eq!(scenario.gate.stop().counted("closed", "released"), 2);
}

/// The connection is closed without a word, and the balancer is the source.
fn refused(bytes: &[u8], reason: &str) -> Value {
    let scenario = balanced(|settings| settings);
    let mut socket = passing_on(scenario.gate.address, bytes);
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{answer:?}");
    let line = scenario.refused_once("failed", reason);
    assert_eq!(line["wire"], "close");
    assert!(line["source"].as_str().unwrap().starts_with("127.0.0.2:"), "{line}");
    assert!(line.get("proxy").is_none(), "{line}");
    line
}

#[test]
fn refuses_a_balancer_that_names_no_source() {
    refused(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "proxy-header-missing");
}

#[test]
fn refuses_a_wrong_signature() {
    let mut bytes = from("192.0.2.7:4711");
    bytes[11] = b'\r';
    refused(&bytes, "proxy-header-missing");
}

#[test]
fn refuses_version_1_and_says_so() {
    let line = refused(b"PROXY TCP4 192.0.2.7 10.0.0.8 4711 2762\r\n", "proxy-header-version");
    assert!(line["advice"].as_str().unwrap().contains("send-proxy-v2"), "{line}");
}

#[test]
fn refuses_headers_that_break_a_rule() {
    let usual = Header::usual;
    let wrong = checksum(usual(), b"").into_iter();
    let wrong = wrong.enumerate().map(|(at, byte)| byte ^ u8::from(at == 16)).collect();
    for (bytes, rule) in [
        (Header { command: 0x11, ..usual() }.encode(), "its version is not 2"),
        (Header { command: 0x22, ..usual() }.encode(), "its command is unknown"),
        (Header { family: 0x51, ..usual() }.encode(), "its address family or transport is unknown"),
        (Header { family: 0x21, ..usual() }.encode(), "it has no room for its addresses"),
        (usual().with(&[4, 0, 9, 0]).encode(), "a value in it is longer than what is left of it"),
        (wrong, "its checksum is wrong"),
    ] {
        let line = refused(&bytes, "proxy-header-invalid");
        let detail = format!("the PROXY protocol header breaks a rule: {rule}");
        assert_eq!(line["detail"], detail.as_str());
    }
}

#[test]
fn refuses_a_header_that_is_too_long_before_the_rest_of_it_has_come() {
    let mut bytes = Header::usual().with(&value(4, &[0; 4066])).encode();
    bytes.truncate(16);
    refused(&bytes, "proxy-header-too-long");
}

#[test]
fn refuses_what_is_no_source_over_tcp() {
    for family in [0x00, 0x12, 0x22, 0x31] {
        let bytes = Header { body: vec![0; 216], command: PROXY, family }.encode();
        refused(&bytes, "proxy-header-source");
    }
}

#[test]
fn a_header_that_drips_in_meets_its_own_deadline() {
    let scenario = balanced(|settings| settings.limit("proxy_header", "300ms"));
    let mut socket = connect_from(BALANCER, scenario.gate.address).unwrap();
    let began = Instant::now();
    for byte in from("192.0.2.7:4711") {
        std::thread::sleep(Duration::from_millis(50));
        if socket.write_all(&[byte]).is_err() {
            break;
        }
    }
    assert!(began.elapsed() < PATIENCE);
    let line = scenario.refused_once("failed", "proxy-header-timeout");
    assert_eq!(line["wire"], "close");
}

#[test]
fn a_header_from_elsewhere_is_not_read() {
    for bytes in [from("192.0.2.7:4711"), b"PROXY TCP4 192.0.2.7 10.0.0.8 4711 2762\r\n".into()] {
        for from in [[127, 0, 0, 1], [127, 0, 0, 3]] {
            let scenario = balanced(|settings| settings);
            let mut socket = connect_from(from, scenario.gate.address).unwrap();
            socket.write_all(&bytes).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            let _ = socket.read_to_end(&mut Vec::new());
            let line = scenario.refused_once("failed", "unexpected-proxy-header");
            assert!(!line["source"].as_str().unwrap().starts_with("192.0.2.7"), "{line}");
            assert!(line["advice"].as_str().unwrap().contains("proxy_protocol_from"), "{line}");
        }
    }
}

#[test]
fn a_second_header_is_not_read() {
    let scenario = balanced(|settings| settings);
    let twice = [from("192.0.2.7:4711"), from("192.0.2.8:4711")].concat();
    let _ = passing_on(scenario.gate.address, &twice).read_to_end(&mut Vec::new());
    let line = scenario.refused_once("failed", "unexpected-proxy-header");
    assert_eq!(line["source"], "192.0.2.7:4711");
}

#[test]
fn a_listener_without_balancers_reads_no_header() {
    let scenario = balanced(|mut settings| {
        let side = Table::from([("bind", settings.listener["bind"].clone())]);
        settings.more.push(("listener.side", side));
        settings.more.push(("listener.side.tls", settings.tls.clone()));
        settings
    });
    let [front, side] = ["front", "side"].map(|name| {
        let log = scenario.gate.wait_for_log(&format!("listener={name}"));
        crate::support::gate::listening(&log).unwrap()
    });
    through(front, &site().ct1, &from("192.0.2.7:4711")).associate(&Associate::echo("CT1", "PACS"));
    let _ = passing_on(side, &from("192.0.2.7:4711")).read_to_end(&mut Vec::new());
    let line = scenario.gate.audited("failed", "unexpected-proxy-header");
    assert_eq!(line["listener"], "side");
    let mut direct = Caller::with(&site().ct1).call_from(BALANCER, side).unwrap();
    direct.associate(&Associate::echo("CT1", "PACS"));
}

#[test]
fn probes_that_leave_are_no_line() {
    let scenario = balanced(|settings| settings);
    let header = from("192.0.2.7:4711");
    let local = Header::empty(LOCAL, 0).encode();
    for bytes in [&[][..], &header[..1], &header[..20], &header, &local, &local[..12]] {
        drop(passing_on(scenario.gate.address, bytes));
    }
    // By a reset, as HAProxy ends its checks.
    let probe = passing_on(scenario.gate.address, &[]);
    crate::support::requestor::reset_when_dropped(&probe);
    drop(probe);
    scenario.serves_a_good_peer();
    let stopped = scenario.gate.stop();
    assert!(stopped.of_event("failed").is_empty(), "{}", stopped.stdout);
    assert_eq!(stopped.counted("failed", "closed-in-proxy-header"), 5, "{}", stopped.stdout);
    assert_eq!(stopped.counted("failed", "closed-before-tls"), 2, "{}", stopped.stdout);
}

#[test]
fn each_source_behind_a_balancer_has_a_limit_of_its_own() {
    let scenario = balanced(|settings| settings.count("per_source", 1));
    let gate = scenario.gate.address;
    let held: Vec<_> = (1..5)
        .map(|last| {
            let mut requestor = through(gate, &site().ct1, &from(&format!("192.0.2.{last}:4711")));
            requestor.associate(&Associate::echo("CT1", "PACS"));
            requestor
        })
        .collect();
    let mut again = passing_on(gate, &from("192.0.2.1:4712"));
    assert_eq!(again.read(&mut [0]).unwrap_or(0), 0);
    let line = scenario.gate.audited("failed", "source-limit");
    assert_eq!(line["source"], "192.0.2.1:4712");
    assert!(line["proxy"].as_str().unwrap().starts_with("127.0.0.2:"), "{line}");
    drop(held);
}

#[test]
fn connections_without_a_header_give_way_and_lock_nobody_out() {
    let scenario = balanced(|settings| settings.count("handshakes", 8).count("connections", 12));
    let gate = scenario.gate.address;
    let silent: Vec<_> = (0..40).map(|_| passing_on(gate, b"\r\n\r\n")).collect();
    scenario.gate.audited("failed", "handshake-limit");
    for _ in 0..5 {
        scenario.serves_a_good_peer();
        let mut requestor = through(gate, &site().ct1, &from("192.0.2.7:4711"));
        requestor.associate(&Associate::echo("CT1", "PACS"));
        requestor.release();
    }
    drop(silent);
}

#[test]
fn a_balancer_is_known_by_its_ipv4_address_at_a_socket_for_ipv6() {
    let scenario = balanced(|mut settings| {
        settings.listener.insert("bind", r#"["[::]:0"]"#.into());
        settings.ct1.insert("from", r#"["192.0.2.7"]"#.into());
        settings.mr1.insert("from", r#"["127.0.0.1"]"#.into());
        settings
    });
    let gate = SocketAddr::from(([127, 0, 0, 1], scenario.gate.address.port()));
    through(gate, &site().ct1, &from("192.0.2.7:4711")).associate(&Associate::echo("CT1", "PACS"));
    let mut direct = Caller::with(&site().mr1).call(gate).unwrap();
    direct.associate(&Associate::echo("MR1", "PACS"));
    let line = scenario.gate.wait_for_audit(|line| line["peer"] == "ct1");
    assert!(line["proxy"].as_str().unwrap().starts_with("127.0.0.2:"), "{line}");
}

/// A PACS that begins with this header.
fn told(header: Header) -> Pacs {
    Pacs::playing(move |pacs| {
        let expected = header.encode();
        let mut bytes = vec![0; expected.len()];
        pacs.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, expected);
        pacs.serve();
    })
}

fn telling(pacs: Pacs) -> Scenario {
    Scenario::before(pacs, |mut settings| {
        settings.listener.insert("proxy_protocol_from", r#"["127.0.0.2"]"#.into());
        settings.archive.insert("proxy_protocol", "true".into());
        settings
    })
}

#[test]
fn a_pacs_is_told_who_a_balancer_speaks_for() {
    for (named, told_as) in [
        (Header::usual(), Header::usual()),
        (
            Header::naming("[2001:db8::7]:4711", "[2001:db8::8]:2762"),
            Header::naming("[2001:db8::7]:4711", "[2001:db8::8]:2762"),
        ),
        (Header::naming("[::ffff:192.0.2.7]:4711", "10.0.0.8:2762"), Header::usual()),
        (
            Header::naming("[::ffff:192.0.2.7]:4711", "[2001:db8::8]:2762"),
            Header::naming("[::ffff:192.0.2.7]:4711", "[2001:db8::8]:2762"),
        ),
    ] {
        let scenario = telling(told(told_as));
        let mut requestor = through(scenario.gate.address, &site().ct1, &named.encode());
        requestor.associate(&Associate::echo("CT1", "PACS"));
        echo(&mut requestor, 1);
        requestor.release();
    }
}

#[test]
fn a_pacs_is_told_the_address_of_a_device_that_connects_by_itself() {
    let scenario = telling(Pacs::playing(|pacs| {
        pacs.read_exact(&mut [0; 28]).unwrap();
        pacs.serve();
    }));
    for from in [[127, 0, 0, 1], [127, 0, 0, 9]] {
        let mut device = Caller::with(&site().ct1).call_from(from, scenario.gate.address).unwrap();
        let source = device.socket().local_addr().unwrap().to_string();
        device.associate(&Associate::echo("CT1", "PACS"));
        device.release();
        let expected = Header::naming(&source, &scenario.gate.address.to_string()).encode();
        assert_eq!(scenario.pacs.received()[..28], expected);
    }
}

#[test]
fn nothing_is_told_to_a_pacs_before_the_permit() {
    let scenario = telling(Pacs::good());
    let mut foreign = through(scenario.gate.address, &site().ct1, &from("192.0.2.7:4711"));
    foreign.send(&Associate::echo("MR1", "PACS").encode());
    assert_rejected(&mut foreign, [1, 1, 3]);
    assert_eq!(scenario.pacs.connections(), 0);
}

/// Takes the balancer out of the listener's networks, and waits until that is in force.
fn distrust(scenario: &Scenario) {
    edit(&scenario.gate, r#"["127.0.0.2"]"#, r#"["127.0.0.5"]"#);
    reload(&scenario.gate);
}

#[test]
fn a_source_that_crosses_a_reload_is_believed_by_what_is_in_force() {
    let scenario = balanced(|settings| settings);
    let gate = scenario.gate.address;
    let mut named = through(gate, &site().ct1, &from("192.0.2.7:4711"));
    let mut itself = through(gate, &site().ct1, &Header::empty(LOCAL, 0).encode());
    distrust(&scenario);
    named.send(&Associate::echo("CT1", "PACS").encode());
    assert_eq!(named.receive(), Received::Closed);
    let line = scenario.gate.audited("refused", "balancer-gone");
    assert_eq!((&line["wire"], &line["source"]), (&"close".into(), &"192.0.2.7:4711".into()));
    assert!(line["advice"].as_str().unwrap().contains("proxy_protocol_from"), "{line}");
    assert_eq!(scenario.pacs.connections(), 0);
    // Its own address is what the socket says.
    itself.associate(&Associate::echo("CT1", "PACS"));
    let _ = passing_on(gate, &from("192.0.2.7:4711")).read_to_end(&mut Vec::new());
    scenario.gate.audited("failed", "unexpected-proxy-header");
}

#[test]
fn an_association_ends_when_the_balancer_that_named_its_source_is_believed_no_more() {
    let scenario = balanced(|settings| settings);
    let gate = scenario.gate.address;
    let mut open = [from("192.0.2.7:4711"), Header::empty(LOCAL, 0).encode()].map(|header| {
        let mut requestor = through(gate, &site().ct1, &header);
        requestor.associate(&Associate::echo("CT1", "PACS"));
        requestor
    });
    // Another balancer beside it changes nothing.
    edit(&scenario.gate, r#"["127.0.0.2"]"#, r#"["127.0.0.2", "127.0.0.6"]"#);
    reload(&scenario.gate);
    open.iter_mut().for_each(|requestor| echo(requestor, 1));
    edit(&scenario.gate, r#"["127.0.0.2", "127.0.0.6"]"#, r#"["127.0.0.6"]"#);
    scenario.gate.signal("HUP");
    let [named, itself] = &mut open;
    assert_eq!(named.receive_pdu().encode(), abort(2, 0));
    assert_eq!(named.receive(), Received::Closed);
    let line = scenario.gate.audited("closed", "withdrawn");
    assert_eq!(line["source"], "192.0.2.7:4711");
    assert!(line["detail"].as_str().unwrap().contains("believed no more"), "{line}");
    assert!(line["advice"].as_str().unwrap().contains("proxy_protocol_from"), "{line}");
    echo(itself, 2);
    itself.release();
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn a_pacs_that_reads_no_header_says_so_in_its_way() {
    let pacs = Storescp::start();
    let mut settings = Settings::new(pacs.address);
    settings.archive.insert("proxy_protocol", "true".into());
    let gate = settings.start();
    let mut device = Caller::with(&site().ct1).call(gate.address).unwrap();
    device.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut device, [2, 3, 1]);
    let line = gate.audited("refused", "target-closed");
    assert!(line["advice"].as_str().unwrap().contains("proxy_protocol"), "{line}");
}
