//! What shows nothing is told as that: neither as a hole nor as protection.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Accepted, COMMAND, LAST, Pacs, Value, at, server, success};
use crate::support::dimse::find_failed;
use crate::support::pdu::p_data;
use std::io::{Read, Write};

/// A PACS that accepts, echoes, and does this with the query.
fn queried(play: impl Fn(&mut Accepted) + Send + Sync + 'static) -> SocketAddr {
    let pacs = Pacs::playing(move |connection: &mut Accepted| {
        connection.accept();
        let echo = connection.message();
        connection.send(&p_data(1, COMMAND | LAST, &success(&echo)));
        play(connection);
        connection.drain();
    });
    pacs.address
}

#[test]
fn a_query_without_an_answer_proves_nothing() {
    let silent = at(queried(|connection| {
        connection.message();
    }));
    assert_eq!(silent.severity("query-unanswered"), Some("low"), "{silent:?}");
    assert_eq!(silent.severity("dicom-anonymous"), Some("high"), "{silent:?}");
    assert!(silent.severity("query-refused").is_none());
    // It closes in the midst of it.
    let closed = at(queried(|connection| {
        connection.message();
        connection.send(&p_data(3, COMMAND, b"half"));
    }));
    assert_eq!(closed.severity("query-unanswered"), Some("low"), "{closed:?}");
}

#[test]
fn a_query_that_fails_is_no_query_that_is_refused() {
    let of_status = |status: u16| {
        at(queried(move |connection| {
            let query = connection.message();
            connection.send(&p_data(3, COMMAND | LAST, &find_failed(query.id, status)));
        }))
    };
    for (status, code, severity) in [
        (0x0124, "query-refused", "good"),
        (0x0122, "query-refused", "good"),
        (0xa700, "query-failed", "low"),
        (0xa900, "query-failed", "low"),
        (0xc001, "query-failed", "low"),
    ] {
        let found = of_status(status);
        assert_eq!(found.severity(code), Some(severity), "{status:04x}: {found:?}");
        assert_eq!(found.evidence(code), format!("status {status:04X}H"));
    }
}

/// Rejects with these codes, one connection after the other, and then with the last.
fn rejecting(codes: &'static [[u8; 3]]) -> SocketAddr {
    let requests = AtomicUsize::new(0);
    server(move |mut socket| {
        let mut kind = [0; 1];
        if socket.read_exact(&mut kind).is_err() || kind != [1] {
            return;
        }
        let _ = socket.read(&mut [0; 4096]);
        let number = requests.fetch_add(1, Ordering::Relaxed);
        let [result, source, reason] = *codes.get(number).or(codes.last()).unwrap();
        let _ = socket.write_all(&[3, 0, 0, 0, 0, 4, 0, result, source, reason]);
        let _ = socket.read_to_end(&mut Vec::new());
    })
}

#[test]
fn a_refusal_for_now_is_no_protection() {
    for codes in [[2, 3, 2], [2, 3, 1], [2, 1, 1], [2, 2, 1], [1, 3, 1]] {
        let codes: &'static [[u8; 3]] = Box::leak(Box::new([codes]));
        let found = at(rejecting(codes));
        assert_eq!(found.severity("dicom-busy"), Some("low"), "{codes:?}: {found:?}");
        assert!(found.severity("dicom-refused").is_none(), "{codes:?}: {found:?}");
        assert_eq!(found.severity("dicom-plain"), Some("high"), "{codes:?}: {found:?}");
    }
    // One that is busy for a moment only is judged.
    let found = at(rejecting(&[[2, 3, 2], [1, 1, 3]]));
    assert_eq!(found.severity("dicom-refused"), Some("low"), "{found:?}");
    assert!(found.severity("dicom-busy").is_none(), "{found:?}");
    // It is busy with the second title, and does not come to an end.
    let found = at(rejecting(&[[1, 1, 7], [2, 3, 2]]));
    assert_eq!(found.severity("dicom-busy"), Some("low"), "{found:?}");
}

#[test]
fn what_did_not_answer_in_time_is_said_to_be_that() {
    let silent = at(server(|mut socket| {
        let _ = socket.read_to_end(&mut Vec::new());
    }));
    let means = |found: &super::Found, code: &str| {
        let findings: &Vec<Value> = found.report["findings"].as_array().unwrap();
        let one = findings.iter().find(|it| it["code"] == code).unwrap();
        format!("{} {}", one["title"], one["meaning"])
    };
    let told = means(&silent, "port-silent");
    assert!(told.contains("did not answer in time"), "{told}");
    assert!(told.contains("not judged") && !told.contains("neither"), "{told}");
    assert_eq!(
        silent.evidence("port-silent"),
        "DICOM: no answer in time; TLS: no answer in time; HTTP: no answer in time"
    );
    // Something that talks is known to be something else.
    let talks = at(server(|mut socket| {
        let _ = socket.write_all(b"220 mail.example ESMTP\r\n");
        let _ = socket.read(&mut [0; 4096]);
    }));
    let told = means(&talks, "port-open");
    assert!(told.contains("neither in DICOM nor in TLS or HTTP"), "{told}");
    // And one that closes.
    let closes = at(server(drop));
    assert!(closes.evidence("port-open").starts_with("DICOM: closed without"), "{closes:?}");
}
