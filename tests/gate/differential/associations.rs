//! Association requests are read by each reader with the values that were judged.

use super::random::Random;
use super::said::{Said, hex};
use super::{requests, storescp};
use crate::matrix::installed::{python, run, script};
use crate::support::dcmtk::words;
use pacsgate_core::wire::associate::AssociateRq;
use std::process::Command;
use tempfile::TempDir;

const LOOSE: usize = 1000;
/// So many requests go on, as they are and as the policy leaves them.
const ENOUGH: usize = 1500;
/// Each is an association of its own with a real server.
const OF_STORESCP: usize = 120;

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn requests_are_read_by_dicom_ul_and_pynetdicom_as_they_were_judged() {
    let requests = forwarded();
    assert!(requests.len() >= ENOUGH, "{} requests", requests.len());
    let encoded: Vec<_> = requests.iter().map(|request| request.encode().unwrap()).collect();
    let by_pynetdicom = by_pynetdicom(&encoded);
    assert_eq!(by_pynetdicom.len(), requests.len());
    for ((request, bytes), by_pynetdicom) in requests.iter().zip(&encoded).zip(by_pynetdicom) {
        let judged = Said::judged(request);
        assert_eq!(Said::by_dicom_ul(bytes), judged, "dicom-ul: {}", hex(bytes));
        assert_eq!(by_pynetdicom, judged, "pynetdicom: {}", hex(bytes));
    }
    println!("{} requests", requests.len());
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn requests_are_read_by_storescp_as_they_were_judged() {
    let mut requests = forwarded();
    // The many, evenly: vectors and short requests stand at the front.
    let step = requests.len() / OF_STORESCP;
    let mut place = 0;
    requests.retain(|_| {
        place += 1;
        place % step == 0
    });
    assert!(requests.len() >= OF_STORESCP, "{} requests", requests.len());
    let encoded: Vec<_> = requests.iter().map(|request| request.encode().unwrap()).collect();
    let read = storescp::read(&encoded);
    assert_eq!(read.len(), requests.len());
    for (request, read) in requests.iter().zip(read) {
        let judged = storescp::words_of(&Said::judged(request));
        let differing = read.iter().zip(&judged).find(|(read, judged)| read != judged);
        assert!(differing.is_none(), "{differing:?} in {request:?}");
        assert_eq!(read.len(), judged.len(), "{request:?}");
    }
    println!("{} requests", requests.len());
}

/// What the parser takes, and what the policy makes of it.
fn forwarded() -> Vec<AssociateRq> {
    let mut random = Random::new(20);
    let mut requests = Vec::new();
    let loose = (0..LOOSE).map(|_| requests::loose(&mut random));
    for pdu in requests::vectors().into_iter().chain(loose) {
        let Some(received) = requests::parse(&pdu) else { continue };
        requests.extend(requests::permitted(&received));
        if !received.request.contexts.is_empty() {
            requests.push(received.request);
        }
    }
    requests
}

fn by_pynetdicom(encoded: &[Vec<u8>]) -> Vec<Said> {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("requests");
    let lines: Vec<_> = encoded.iter().map(|bytes| hex(bytes)).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let mut command = Command::new(python());
    let output = run(command.arg(script("readers.py")).arg("requests").arg(&file));
    assert!(output.status.success(), "{}", words(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
