//! A device that comes again: that its certificate was good before says nothing of now.

use crate::reload::{edit, reload};
use crate::support::associate::Associate;
use crate::support::authority::{Authority, DAY, Identity, Profile, Validity};
use crate::support::requestor::{Caller, Received, TLS12, TLS13};
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::site::{CT1_NAME, site};
use std::fs;
use std::thread;
use std::time::{Duration, SystemTime};

/// It comes by both versions of TLS, twice, and is served.
fn comes(scenario: &Scenario, device: &Identity) {
    for versions in [TLS12, TLS13, TLS12, TLS13] {
        let caller = Caller { versions, ..Caller::with(device) };
        let mut requestor = caller.call(scenario.gate.address).unwrap();
        requestor.associate(&Associate::echo("CT1", "PACS"));
        echo(&mut requestor, 1);
        requestor.release();
    }
}

/// It comes again, and is refused by both versions, twice.
fn is_refused(scenario: &Scenario, device: &Identity, reason: &str) {
    for versions in [TLS12, TLS13, TLS12, TLS13] {
        let answer = Caller { versions, ..Caller::with(device) }.refused(scenario.gate.address);
        assert!(matches!(answer, Received::Alert(_)), "{answer:?}");
    }
    scenario.gate.audited("failed", reason);
}

/// A gate that has a revocation list, in which nobody is named.
fn with_list() -> Scenario {
    Scenario::with(|mut settings| {
        settings.revoke(&[site().root.crl(&[], SystemTime::now() + DAY)]);
        settings
    })
}

#[test]
fn with_a_certificate_that_has_expired_meanwhile() {
    let scenario = with_list();
    let ending = Profile { validity: Validity::Ending, ..Profile::client(CT1_NAME) };
    let device = site().root.issue(&ending);
    comes(&scenario, &device);
    // It counts to the end of its last second.
    thread::sleep(Duration::from_secs(5));
    is_refused(&scenario, &device, "certificate-expired");
}

#[test]
fn with_a_certificate_that_has_been_revoked_meanwhile() {
    let (scenario, device) = (with_list(), site().root.issue(&Profile::client(CT1_NAME)));
    comes(&scenario, &device);
    let list = site().root.crl(&[device.leaf()], SystemTime::now() + DAY);
    fs::write(scenario.gate.directory.path().join("0.crl"), list).unwrap();
    reload(&scenario.gate);
    is_refused(&scenario, &device, "certificate-revoked");
    comes(&scenario, &site().ct1);
}

#[test]
fn with_a_list_that_has_ended_meanwhile() {
    let scenario = Scenario::with(|mut settings| {
        let soon = SystemTime::now() + Duration::from_secs(6);
        settings.revoke(&[site().root.crl(&[], soon)]);
        settings.tls.insert("crl_grace", "\"0s\"".into());
        settings
    });
    comes(&scenario, &site().ct1);
    thread::sleep(Duration::from_secs(8));
    is_refused(&scenario, &site().ct1, "crl-expired");
}

#[test]
fn with_a_certificate_whose_authority_is_gone() {
    let scenario = Scenario::usual();
    comes(&scenario, &site().ct1);
    let other = Authority::root("radiology root");
    fs::write(scenario.gate.directory.path().join("client-ca.crt"), other.pem()).unwrap();
    reload(&scenario.gate);
    is_refused(&scenario, &site().ct1, "unknown-issuer");
    comes(&scenario, &other.issue(&Profile::client(CT1_NAME)));
}

#[test]
fn with_a_certificate_whose_name_is_no_peers_any_more() {
    let scenario = Scenario::usual();
    comes(&scenario, &site().ct1);
    edit(&scenario.gate, "\"ct1.radiology.example\"", "\"ct7.radiology.example\"");
    reload(&scenario.gate);
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut requestor, [1, 1, 1]);
    scenario.gate.audited("refused", "unknown-certificate");
}

#[test]
fn without_its_key_or_with_a_certificate_that_its_authority_has_not_signed() {
    let scenario = with_list();
    comes(&scenario, &site().ct1);
    let without_key = site().ct1.with_key_of(&site().mr1);
    is_refused(&scenario, &without_key, "wrong-key");
    let forged = Authority::root("radiology root").issue(&Profile::client(CT1_NAME));
    is_refused(&scenario, &forged, "unknown-issuer");
    comes(&scenario, &site().ct1);
}
