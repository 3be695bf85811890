//! TLS itself: versions, ALPN, resumption, the gate's own certificates.

use crate::support::associate::Associate;
use crate::support::authority::{Algorithm, DAY, Profile, Usage, Validity};
use crate::support::requestor::{Caller, Received, Requestor, TLS12, TLS13};
use crate::support::scenario::{Scenario, echo};
use crate::support::site::{GATE_NAME, gate_rsa, site};
use rustls::{AlertDescription, HandshakeKind, ProtocolVersion};
use std::time::SystemTime;

#[test]
fn speaks_tls_1_2_and_tls_1_3() {
    let scenario = Scenario::usual();
    let expected = [(TLS12, ProtocolVersion::TLSv1_2), (TLS13, ProtocolVersion::TLSv1_3)];
    for (versions, expected) in expected {
        let requestor = echoing(&scenario, &Caller { versions, ..ct1() });
        assert_eq!(requestor.version(), Some(expected));
    }
}

#[test]
fn says_that_its_own_certificate_ends_and_has_ended() {
    let ending =
        Profile { usage: Usage::Server, validity: Validity::Ending, ..Profile::client(GATE_NAME) };
    let scenario = Scenario::with(|mut settings| {
        settings.serve(&site().root.issue(&ending));
        settings
    });
    scenario.gate.wait_for_log("the certificate \"CN=gate.radiology.example\" expires on ");
    echoing(&scenario, &ct1());
    let line = scenario.gate.wait_for_log("gate.radiology.example\" expired on ");
    assert!(line.contains("whoever verifies it refuses the gate; renew it"), "{line}");
    assert!(line.contains("listener=front"), "{line}");
}

#[test]
fn a_device_that_refuses_an_expired_gate_leads_to_the_gates_own_certificate() {
    let expired =
        Profile { usage: Usage::Server, validity: Validity::Expired, ..Profile::client(GATE_NAME) };
    let expired = site().root.issue(&expired);
    for versions in [TLS12, TLS13] {
        let scenario = Scenario::with(|mut settings| {
            settings.serve(&expired);
            settings
        });
        assert!(Caller { versions, ..ct1() }.call(scenario.gate.address).is_err());
        let line = scenario.gate.audited("failed", "server-certificate-expired");
        let advice = line["advice"].as_str().unwrap();
        assert!(advice.contains("the gate's own certificate"), "{advice}");
    }
}

#[test]
fn needs_no_server_name() {
    let scenario = Scenario::usual();
    echoing(&scenario, &Caller { sni: false, ..ct1() });
}

#[test]
fn takes_dicom_as_application_protocol() {
    let scenario = Scenario::usual();
    let caller = Caller { alpn: vec!["acr-nema", "dicom"], ..ct1() };
    assert_eq!(echoing(&scenario, &caller).alpn(), Some(b"dicom".as_slice()));
    assert_eq!(echoing(&scenario, &ct1()).alpn(), None);
}

#[test]
fn refuses_another_application_protocol() {
    let scenario = Scenario::usual();
    let answer = Caller { alpn: vec!["h2", "http/1.1"], ..ct1() }.refused(scenario.gate.address);
    assert_eq!(answer, Received::Alert(AlertDescription::NoApplicationProtocol));
    scenario.refused_once("failed", "application-protocol");
}

#[test]
fn names_no_authorities_in_the_certificate_request() {
    let scenario = Scenario::usual();
    for versions in [TLS12, TLS13] {
        let caller = Caller { versions, ..ct1() };
        echoing(&scenario, &caller);
        assert_eq!(caller.certificate.hints(), 0);
    }
}

#[test]
fn offers_no_session_for_resumption() {
    let scenario = Scenario::usual();
    for versions in [TLS12, TLS13] {
        let caller = Caller { versions, ..ct1() };
        for _ in 0..2 {
            let requestor = echoing(&scenario, &caller);
            assert_eq!(requestor.handshake(), Some(HandshakeKind::Full));
        }
        assert_eq!(caller.sessions.offered(), 0);
    }
}

#[test]
fn a_requestor_with_a_session_is_refused_once_its_certificate_is_revoked() {
    let before = Scenario::usual();
    let callers = [TLS12, TLS13].map(|versions| Caller { versions, ..ct1() });
    for caller in &callers {
        echoing(&before, caller);
    }
    let crl = site().root.crl(&[site().ct1.leaf()], SystemTime::now() + DAY);
    let after = Scenario::with(|mut settings| {
        settings.revoke(&[crl]);
        settings
    });
    for caller in &callers {
        let answer = caller.refused(after.gate.address);
        assert_eq!(answer, Received::Alert(AlertDescription::CertificateRevoked));
    }
    after.refused("failed", "certificate-revoked", 2);
}

#[test]
fn shows_the_certificate_that_the_requestor_can_verify() {
    let scenario = Scenario::with(|mut settings| {
        settings.serve_both(gate_rsa(), &site().gate);
        settings
    });
    for versions in [TLS12, TLS13] {
        for (algorithm, identity) in
            [(Algorithm::Rsa, gate_rsa()), (Algorithm::Ecdsa, &site().gate)]
        {
            let caller = Caller { versions, verifies: Some(algorithm), ..ct1() };
            let requestor = echoing(&scenario, &caller);
            assert_eq!(requestor.gate_certificate(), identity.chain()[0].as_ref());
        }
    }
}

#[test]
fn refuses_a_requestor_that_can_verify_no_certificate_of_the_gate() {
    let scenario = Scenario::usual();
    let caller = Caller { versions: TLS13, verifies: Some(Algorithm::Rsa), ..ct1() };
    let answer = caller.refused(scenario.gate.address);
    assert_eq!(answer, Received::Alert(AlertDescription::HandshakeFailure));
    let line = scenario.refused_once("failed", "no-common-cipher");
    let advice = line["advice"].as_str().unwrap();
    assert!(advice.contains("ECDSA server certificate") && advice.contains("RSA"), "{advice}");
}

#[test]
fn takes_a_handshake_and_an_association_byte_by_byte() {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    requestor.send_bytewise(&Associate::echo("CT1", "PACS").encode());
    assert_eq!(requestor.receive_pdu().kind, crate::support::pdu::ASSOCIATE_AC);
    echo(&mut requestor, 1);
    requestor.release();
}

fn ct1() -> Caller {
    Caller::with(&site().ct1)
}

fn echoing(scenario: &Scenario, caller: &Caller) -> Requestor {
    let mut requestor = caller.call(scenario.gate.address).unwrap();
    requestor.associate(&Associate::echo("CT1", "PACS"));
    echo(&mut requestor, 1);
    requestor.release();
    requestor
}
