//! What comes to the port and is no TLS, or none that is spoken here.

use crate::support::PATIENCE;
use crate::support::associate::Associate;
use crate::support::scenario::Scenario;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

#[test]
fn names_plain_dicom() {
    refused(&Associate::echo("CT1", "PACS").encode(), "plain-dicom");
}

#[test]
fn names_http() {
    refused(b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n", "http");
}

#[test]
fn names_tls_1_0() {
    let line = refused(&client_hello([3, 1]), "tls-version");
    let detail = line["detail"].as_str().unwrap();
    let own = "the client speaks neither TLS 1.2 nor TLS 1.3 (peer is incompatible: ";
    assert!(detail.starts_with(own) && detail.ends_with(')'), "{detail}");
}

#[test]
fn names_tls_1_1() {
    refused(&client_hello([3, 2]), "tls-version");
}

#[test]
fn reads_no_more_of_a_client_hello_than_any_device_sends() {
    // A message of 60,000 bytes that never ends, in records that are sound.
    let mut hello = vec![1, 0, 0xea, 0x60];
    hello.resize(8_192, 0);
    let record = |piece: &[u8]| [&[22, 3, 1, 16, 0], piece].concat();
    let bytes = hello.chunks(4_096).flat_map(record).collect::<Vec<_>>();
    let line = refused(&bytes, "handshake-too-large");
    assert_eq!(line["wire"], "close");
}

#[test]
fn names_the_client_hello_of_ssl_2() {
    // As Java 6 offers TLS 1.0 in it, and as SSL 2.0 itself.
    for version in [[3, 1], [0, 2]] {
        refused(&ssl2_client_hello(version), "ssl-hello");
    }
}

#[test]
fn refuses_noise() {
    refused(b"\x80\x2e\x01noise that is no TLS and no DICOM, and long enough", "not-tls");
}

#[test]
fn a_load_balancer_that_connects_and_leaves_is_no_line() {
    let scenario = Scenario::usual();
    for _ in 0..3 {
        drop(TcpStream::connect(scenario.gate.address).unwrap());
    }
    scenario.serves_a_good_peer();
    assert_eq!(scenario.pacs.connections(), 1);
    let stopped = scenario.gate.stop();
    assert!(stopped.of_event("failed").is_empty(), "{}", stopped.stdout);
    assert_eq!(stopped.counted("failed", "closed-before-tls"), 3, "{}", stopped.stdout);
}

fn refused(bytes: &[u8], reason: &str) -> Value {
    let scenario = Scenario::usual();
    let mut socket = TcpStream::connect(scenario.gate.address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(bytes).unwrap();
    // The end comes while our side is still open: the gate does not wait for us.
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    assert!(answer.len() <= 7, "at most an alert: {answer:?}");
    let _ = socket.shutdown(Shutdown::Both);
    scenario.refused_once("failed", reason)
}

/// A ClientHello in the form of SSL 2: two suites, no session, a challenge.
fn ssl2_client_hello(version: [u8; 2]) -> Vec<u8> {
    let [major, minor] = version;
    let mut hello = vec![1, major, minor, 0, 6, 0, 0, 0, 16, 0, 0, 0x2f, 0, 0, 0x0a];
    hello.extend([0x5a; 16]);
    [&[0x80, u8::try_from(hello.len()).unwrap()], hello.as_slice()].concat()
}

/// A ClientHello as a device of 2006 sends it: one suite, no extensions.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    let mut hello = version.to_vec();
    hello.extend([0x5a; 32]);
    hello.push(0);
    hello.extend([0, 4, 0xc0, 0x13, 0, 0x2f]);
    hello.extend([1, 0]);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    record
}
