//! DCMTK's programs on both sides of the gate.
//!
//! Plain `cargo test` names these tests as ignored; `tests/all` installs DCMTK and runs them.

use crate::support::associate::{Associate, CT, EXPLICIT, IMPLICIT, VERIFICATION};
use crate::support::authority::{Profile, Validity};
use crate::support::dcmtk::{Credentials, Storescp, call, objects, proposing, settings, words};
use crate::support::dimse::echo_rq;
use crate::support::gate::Gate;
use crate::support::pdu::{COMMAND, LAST, Pdu, RELEASE_RP, p_data, release_rq};
use crate::support::scenario::assert_is_echo_response;
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, site};
use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;

const TITLES: [&str; 2] = ["CT1", "PACS"];

/// TLS 1.3 by default; the extended profile knows TLS 1.2 alone.
const PROFILES: [(&str, &str); 2] = [("+py", "TLSv1.3"), ("+pz", "TLSv1.2")];

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn the_requests_of_this_harness_are_good_enough_for_dcmtk() {
    let pacs = Storescp::start();
    let mut socket = TcpStream::connect(pacs.address).unwrap();
    let request = Associate::echo("CT1", "ARCHIVE").context(3, CT, &[EXPLICIT, IMPLICIT]);
    socket.write_all(&request.encode()).unwrap();
    let answer = Associate::parse(&Pdu::read(&mut socket).unwrap());
    let results: Vec<_> = answer.results().iter().map(|(id, result, _)| (*id, *result)).collect();
    assert_eq!(results, [(1, 0), (3, 0)]);
    socket.write_all(&p_data(1, COMMAND | LAST, &echo_rq(1))).unwrap();
    assert_is_echo_response(&Pdu::read(&mut socket).unwrap(), 1);
    socket.write_all(&release_rq()).unwrap();
    assert_eq!(Pdu::read(&mut socket).unwrap().kind, RELEASE_RP);
    assert_eq!(request.proposed()[0].abstract_syntax, VERIFICATION);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn echoscu_reaches_storescp() {
    let (pacs, gate) = gated();
    let credentials = Credentials::of(&site().ct1);
    for (profile, version) in PROFILES {
        let options = [credentials.options(), vec![profile.into(), "-d".into()]].concat();
        let output = call("echoscu", &options, TITLES, gate.address, &[]);
        assert!(output.status.success(), "{}", words(&output));
        assert!(words(&output).contains("Received Echo Response (Success)"), "{}", words(&output));
        assert!(words(&output).contains(version), "{}", words(&output));
    }
    assert_eq!(pacs.connections(), 2);
    assert_eq!(gate.stop().counted("closed", "released"), 2);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn objects_arrive_as_by_a_direct_store() {
    let directory = TempDir::new().unwrap();
    let credentials = Credentials::of(&site().ct1);
    for (name, file) in objects(directory.path()) {
        let direct = Storescp::start();
        let plain = proposing(name);
        let output = call("storescu", &plain, TITLES, direct.address, std::slice::from_ref(&file));
        assert!(output.status.success(), "{name}: {}", words(&output));
        let expected = direct.stored();
        assert_eq!(expected.len(), 1, "{name}");
        for (profile, _) in PROFILES {
            let (pacs, gate) = gated();
            let options = [credentials.options(), plain.clone(), vec![profile.into()]].concat();
            let output =
                call("storescu", &options, TITLES, gate.address, std::slice::from_ref(&file));
            assert!(output.status.success(), "{name}: {}", words(&output));
            assert!(pacs.stored() == expected, "{name} is not what a direct store stores");
            assert_eq!(gate.stop().counted("closed", "released"), 1);
        }
    }
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn all_objects_arrive_over_one_association() {
    let directory = TempDir::new().unwrap();
    let all = ["explicit", "implicit", "big-endian"];
    let made = objects(directory.path());
    let made = made.into_iter().filter(|(name, _)| all.contains(name));
    let files: Vec<_> = made.map(|(_, path)| path).collect();
    let (pacs, gate) = gated();
    let credentials = Credentials::of(&site().ct1);
    let output = call("storescu", &credentials.options(), TITLES, gate.address, &files);
    assert!(output.status.success(), "{}", words(&output));
    assert_eq!((pacs.stored().len(), pacs.connections()), (3, 1));
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn storescu_with_a_foreign_title_is_told_so() {
    let output = refused(&Credentials::of(&site().ct1).options(), ["MR1", "PACS"], "calling-title");
    assert!(words(&output).contains("Calling AE Title Not Recognized"), "{}", words(&output));
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn storescu_with_a_wrong_called_title_is_told_so() {
    let output =
        refused(&Credentials::of(&site().ct1).options(), ["CT1", "NOBODY"], "called-title");
    assert!(words(&output).contains("Called AE Title Not Recognized"), "{}", words(&output));
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn storescu_without_a_certificate_does_not_get_through() {
    refused(&Credentials::of(&site().ct1).anonymous(), TITLES, "certificate-missing");
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn storescu_without_tls_does_not_get_through() {
    refused(&[], TITLES, "plain-dicom");
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn storescu_with_an_expired_certificate_does_not_get_through() {
    let profile = Profile { validity: Validity::Expired, ..Profile::client(CT1_NAME) };
    let expired = Credentials::of(&site().root.issue(&profile));
    refused(&expired.options(), TITLES, "certificate-expired");
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn storescu_that_aborts_ends_the_association() {
    let directory = TempDir::new().unwrap();
    let (pacs, gate) = gated();
    let credentials = Credentials::of(&site().ct1);
    let output = call(
        "storescu",
        &[credentials.options(), vec!["--abort".into()]].concat(),
        TITLES,
        gate.address,
        &[objects(directory.path()).remove(0).1],
    );
    assert!(output.status.success(), "{}", words(&output));
    assert_eq!(pacs.stored().len(), 1);
    gate.audited("closed", "requestor-aborted");
}

fn gated() -> (Storescp, Gate) {
    let pacs = Storescp::start();
    let gate = settings(Settings::new(pacs.address)).start();
    (pacs, gate)
}

/// storescu fails, the audit says why, and nothing reaches the PACS.
fn refused(options: &[PathBuf], titles: [&str; 2], reason: &str) -> Output {
    let directory = TempDir::new().unwrap();
    let object = objects(directory.path()).remove(0).1;
    let (pacs, gate) = gated();
    let output = call("storescu", options, titles, gate.address, &[object]);
    assert!(!output.status.success(), "{}", words(&output));
    gate.wait_for_audit(|line| line["reason"] == reason && line["advice"].is_string());
    assert_eq!(pacs.connections(), 0);
    let after = call("echoscu", &Credentials::of(&site().ct1).options(), TITLES, gate.address, &[]);
    assert!(after.status.success(), "{}", words(&after));
    assert_eq!(pacs.connections(), 1);
    output
}
