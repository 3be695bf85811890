//! Which client certificates complete a handshake, in TLS 1.2 and TLS 1.3.

use crate::support::associate::Associate;
use crate::support::authority::{Algorithm, Authority, DAY, Identity, Profile, Usage, Validity};
use crate::support::requestor::{Caller, Received, TLS12, TLS13};
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, device, site};
use rustls::AlertDescription;
use serde_json::Value;
use std::time::SystemTime;

#[test]
fn refuses_a_requestor_without_certificate() {
    refused(&Caller::anonymous(), "certificate-missing", |settings| settings);
}

#[test]
fn refuses_a_certificate_of_an_unknown_authority() {
    let foreign = Authority::root("elsewhere").issue(&Profile::client(CT1_NAME));
    refused_identity(&foreign, "unknown-issuer");
}

#[test]
fn refuses_a_certificate_of_an_authority_with_the_same_name() {
    let foreign = Authority::root("radiology root").issue(&Profile::client(CT1_NAME));
    refused_identity(&foreign, "unknown-issuer");
}

#[test]
fn refuses_an_expired_certificate() {
    let profile = Profile { validity: Validity::Expired, ..Profile::client(CT1_NAME) };
    refused_identity(&site().root.issue(&profile), "certificate-expired");
}

#[test]
fn refuses_a_certificate_that_is_not_yet_valid() {
    let profile = Profile { validity: Validity::Early, ..Profile::client(CT1_NAME) };
    refused_identity(&site().root.issue(&profile), "certificate-not-yet-valid");
}

#[test]
fn refuses_a_certificate_for_servers() {
    let profile = Profile { usage: Usage::Server, ..Profile::client(CT1_NAME) };
    refused_identity(&site().root.issue(&profile), "key-usage-wrong");
}

#[test]
fn refuses_a_certificate_that_is_an_authority_without_a_pin() {
    let profile = Profile { ca: true, ..Profile::client(CT1_NAME) };
    refused_identity(&site().root.issue(&profile), "ca-certificate");
}

#[test]
fn refuses_a_self_signed_certificate_without_a_pin() {
    for (identity, reason) in [
        (Profile::client(CT1_NAME).self_signed(), "unknown-issuer"),
        (device(CT1_NAME).self_signed(), "ca-certificate"),
    ] {
        let line = refused_identity(&identity, reason);
        let advice = line["advice"].as_str().unwrap();
        // It may be anybody's.
        assert!(advice.starts_with("If you know the device"), "{advice}");
        assert!(advice.contains("cert_sha256"), "{advice}");
        assert_eq!(line["certificate"]["sha256"], identity.sha256());
    }
}

#[test]
fn refuses_a_certificate_whose_intermediate_is_missing() {
    let leaf = site().intermediate.issue(&Profile::client(CT1_NAME));
    refused_identity(&leaf.alone(), "unknown-issuer");
}

#[test]
fn refuses_the_right_certificate_with_the_wrong_key() {
    refused_identity(&site().ct1.with_key_of(&site().mr1), "wrong-key");
}

#[test]
fn refuses_a_pinned_certificate_with_the_wrong_key() {
    refused_identity(&site().mr1.with_key_of(&site().ct1), "wrong-key");
}

#[test]
fn refuses_an_expired_certificate_although_it_is_pinned() {
    let profile = Profile { validity: Validity::Expired, ..device(CT1_NAME) };
    let identity = profile.self_signed();
    let sha256 = identity.sha256();
    refused(&Caller::with(&identity), "certificate-expired", |settings| pinned(settings, &sha256));
}

#[test]
fn refuses_a_certificate_with_the_names_of_a_pinned_one() {
    refused_identity(&device("mr1.radiology.example").self_signed(), "ca-certificate");
}

#[test]
fn refuses_a_revoked_certificate() {
    let crl = site().root.crl(&[site().ct1.leaf()], next_month());
    refused(&Caller::with(&site().ct1), "certificate-revoked", |settings| {
        revoking(settings, &[crl])
    });
}

#[test]
fn refuses_a_certificate_whose_intermediate_is_revoked() {
    let leaf = site().intermediate.issue(&Profile::client(CT1_NAME));
    let root = site().root.crl(&[site().intermediate.certificate()], next_month());
    let intermediate = site().intermediate.crl(&[], next_month());
    refused(&Caller::with(&leaf), "certificate-revoked", |settings| {
        revoking(settings, &[root, intermediate])
    });
}

#[test]
fn refuses_a_certificate_whose_authority_has_no_crl_once_one_is_loaded() {
    let leaf = site().intermediate.issue(&Profile::client(CT1_NAME));
    let root = site().root.crl(&[], next_month());
    refused(&Caller::with(&leaf), "crl-missing", |settings| revoking(settings, &[root]));
}

#[test]
fn refuses_a_certificate_when_the_crl_is_past_its_grace() {
    let crl = site().root.crl(&[], SystemTime::now() - 8 * DAY);
    refused(&Caller::with(&site().ct1), "crl-expired", |settings| with_grace(settings, &[crl]));
}

#[test]
fn refuses_a_certificate_when_the_crl_has_expired_and_no_grace_is_set() {
    let crl = site().root.crl(&[], SystemTime::now() - 2 * DAY);
    let line =
        refused(&Caller::with(&site().ct1), "crl-expired", |settings| revoking(settings, &[crl]));
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.contains(" (it expired on 20"), "{detail}");
    assert!(detail.ends_with("Z and is of CN=radiology root)"), "{detail}");
    assert!(line["advice"].as_str().unwrap().contains("into client_crl"), "{line}");
}

#[test]
fn serves_with_a_crl_within_its_grace_and_still_refuses_the_revoked() {
    let revoked = site().root.issue(&Profile::client(CT1_NAME));
    let crl = site().root.crl(&[revoked.leaf()], SystemTime::now() - 2 * DAY);
    let scenario = Scenario::with(|settings| with_grace(settings, &[crl]));
    scenario.gate.wait_for_log("revocation list of \"CN=radiology root\" expired on");
    echo(&mut scenario.associated(), 1);
    scenario.gate.wait_for_log("revocation list is past its nextUpdate");
    let answer = Caller::with(&revoked).refused(scenario.gate.address);
    assert_eq!(answer, Received::Alert(AlertDescription::CertificateRevoked));
    scenario.gate.audited("failed", "certificate-revoked");
}

#[test]
fn takes_a_certificate_that_the_crl_does_not_list() {
    let retired = site().root.issue(&Profile::client("ct0.radiology.example"));
    let crl = site().root.crl(&[retired.leaf()], next_month());
    let scenario = Scenario::with(|settings| revoking(settings, &[crl]));
    echo(&mut scenario.associated(), 1);
}

#[test]
fn takes_a_chain_with_an_intermediate() {
    taken(&site().intermediate.issue(&Profile::client(CT1_NAME)), |settings| settings);
}

#[test]
fn takes_an_rsa_certificate() {
    let profile = Profile { algorithm: Algorithm::Rsa, ..Profile::client(CT1_NAME) };
    taken(&site().root.issue(&profile), |settings| settings);
}

#[test]
fn refuses_a_certificate_that_states_no_purpose() {
    let profile = Profile { usage: Usage::Unstated, ..Profile::client(CT1_NAME) };
    refused_identity(&site().root.issue(&profile), "key-usage-missing");
}

#[test]
fn takes_a_certificate_by_its_uri() {
    let uri = "urn:uuid:4f1f7c3a-6e1a-4d0a-9d5e-000000000001";
    let profile = Profile { dns: Vec::new(), uris: vec![uri], ..Profile::client("CT") };
    let identity = site().root.issue(&profile);
    taken(&identity, |mut settings| {
        settings.ct1.insert("certificate", format!("[{{ san_uri = {uri:?} }}]"));
        settings
    });
}

#[test]
fn takes_a_pinned_self_signed_certificate_of_a_device() {
    let identity = device("ct7.elsewhere.example").self_signed();
    taken(&identity, |settings| pinned(settings, &identity.sha256()));
}

#[test]
fn takes_a_pinned_public_key() {
    let identity = Profile::client("ct7.elsewhere.example").self_signed();
    taken(&identity, |mut settings| {
        let pin = identity.spki_sha256();
        settings.ct1.insert("certificate", format!("[{{ spki_sha256 = {pin:?} }}]"));
        settings
    });
}

#[test]
fn takes_pins_without_any_authority() {
    let identity = device("ct7.elsewhere.example").self_signed();
    taken(&identity, |settings| {
        let mut settings = pinned(settings, &identity.sha256());
        settings.tls.remove("client_ca");
        settings
    });
}

#[test]
fn takes_a_pin_written_with_colons_in_upper_case() {
    let identity = device("ct7.elsewhere.example").self_signed();
    let digits = identity.sha256().to_uppercase();
    let pairs: Vec<_> = digits.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
    taken(&identity, |settings| pinned(settings, &pairs.join(":")));
}

#[test]
fn tells_two_authorities_of_one_name_apart_and_their_devices_of_one_name() {
    let vendor = Authority::root("radiology root");
    let theirs = vendor.issue(&Profile::client(CT1_NAME));
    let scenario = Scenario::with(|settings| with_vendor(settings, &vendor));
    for (identity, own, foreign, ca) in
        [(&site().ct1, "CT1", "CT9", "hospital"), (&theirs, "CT9", "CT1", "vendor-x")]
    {
        let call = || Caller::with(identity).call(scenario.gate.address).unwrap();
        let mut requestor = call();
        requestor.associate(&Associate::echo(own, "PACS"));
        echo(&mut requestor, 1);
        requestor.release();
        let mut requestor = call();
        requestor.send(&Associate::echo(foreign, "PACS").encode());
        assert_rejected(&mut requestor, [1, 1, 3]);
        let refused =
            |line: &Value| line["reason"] == "calling-title" && line["calling"] == foreign;
        let line = scenario.gate.wait_for_audit(refused);
        assert_eq!(line["certificate"]["ca"], serde_json::json!([ca]));
    }
}

#[test]
fn a_name_of_another_authority_than_the_peers_is_unknown() {
    let vendor = Authority::root("vendor root");
    let theirs = vendor.issue(&Profile::client(CT1_NAME));
    let scenario = Scenario::with(|settings| {
        let mut settings = with_vendor(settings, &vendor);
        settings.more.clear();
        settings
    });
    let mut requestor = Caller::with(&theirs).call(scenario.gate.address).unwrap();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut requestor, [1, 1, 1]);
    scenario.refused_once("refused", "unknown-certificate");
}

#[test]
fn takes_the_old_certificate_of_a_device_and_the_new_one_while_they_overlap() {
    let [old, new] = [(); 2].map(|()| device(CT1_NAME).self_signed());
    let [named, other] = [CT1_NAME, "ct1-new.radiology.example"]
        .map(|name| site().root.issue(&Profile::client(name)));
    let scenario = Scenario::with(|mut settings| {
        let pins = [&old, &new].map(|one| format!("{{ cert_sha256 = {:?} }}", one.sha256()));
        let names =
            format!("{{ san_dns = {CT1_NAME:?} }}, {{ san_dns = \"ct1-new.radiology.example\" }}");
        settings.ct1.insert("certificate", format!("[{}, {names}]", pins.join(", ")));
        settings
    });
    for identity in [&old, &new, &named, &other] {
        let mut requestor = Caller::with(identity).call(scenario.gate.address).unwrap();
        requestor.associate(&Associate::echo("CT1", "PACS"));
        echo(&mut requestor, 1);
        requestor.release();
        let sha256 = identity.sha256();
        let opened = |line: &Value| {
            line["event"] == "opened" && line["certificate"]["sha256"] == sha256.as_str()
        };
        assert_eq!(scenario.gate.wait_for_audit(opened)["peer"], "ct1");
    }
}

#[test]
fn a_certificate_without_a_name_of_a_peer_is_unknown() {
    let nameless = Profile { dns: Vec::new(), ..Profile::client(CT1_NAME) };
    let wildcard = Profile { dns: vec!["*.radiology.example"], ..Profile::client(CT1_NAME) };
    for profile in [nameless, wildcard] {
        let scenario = Scenario::usual();
        let identity = site().root.issue(&profile);
        let mut requestor = Caller::with(&identity).call(scenario.gate.address).unwrap();
        requestor.send(&Associate::echo("CT1", "PACS").encode());
        assert_rejected(&mut requestor, [1, 1, 1]);
        let line = scenario.refused_once("refused", "unknown-certificate");
        assert_eq!(line["certificate"]["common_name"], CT1_NAME, "{line}");
    }
}

#[test]
fn takes_a_certificate_for_servers_of_the_one_peer_that_accepts_any_usage() {
    for usage in [Usage::Server, Usage::Unstated] {
        let profile = Profile { usage, ..Profile::client(CT1_NAME) };
        taken(&site().root.issue(&profile), |mut settings| {
            settings.ct1.insert("accept_eku", "\"any\"".into());
            settings
        });
    }
}

#[test]
fn refuses_a_certificate_for_servers_of_another_peer_than_that_which_accepts_any_usage() {
    let other = "ct9.radiology.example";
    let profile = Profile { usage: Usage::Server, ..Profile::client(other) };
    let theirs = site().root.issue(&profile);
    let line = refused(&Caller::with(&theirs), "key-usage-wrong", |mut settings| {
        let mut ct9 = settings.ct1.clone();
        ct9.insert("certificate", format!("[{{ san_dns = {other:?} }}]"));
        ct9.insert("calling_ae", "[\"CT9\"]".into());
        settings.ct1.insert("accept_eku", "\"any\"".into());
        settings.more.push(("peer.ct9", ct9));
        settings
    });
    assert!(line["advice"].as_str().unwrap().contains("accept_eku = \"any\""), "{line}");
}

/// The CAs have names, and a device of the vendor's is the peer `ct9`.
fn with_vendor(mut settings: Settings, vendor: &Authority) -> Settings {
    let file = settings.file("vendor-ca.crt", &vendor.pem());
    let hospital = settings.tls["client_ca"].clone();
    let cas = format!("{{ hospital = {hospital}, vendor-x = {file:?} }}");
    settings.tls.insert("client_ca", cas);
    let named = |ca| format!("[{{ san_dns = {CT1_NAME:?}, ca = {ca:?} }}]");
    let mut ct9 = settings.ct1.clone();
    settings.ct1.insert("certificate", named("hospital"));
    ct9.insert("certificate", named("vendor-x"));
    ct9.insert("calling_ae", "[\"CT9\"]".into());
    settings.more.push(("peer.ct9", ct9));
    settings
}

fn revoking(mut settings: Settings, crls: &[String]) -> Settings {
    settings.revoke(crls);
    settings
}

fn with_grace(settings: Settings, crls: &[String]) -> Settings {
    let mut settings = revoking(settings, crls);
    settings.tls.insert("crl_grace", "\"7d\"".into());
    settings
}

fn pinned(mut settings: Settings, sha256: &str) -> Settings {
    settings.ct1.insert("certificate", format!("[{{ cert_sha256 = {sha256:?} }}]"));
    settings
}

fn next_month() -> SystemTime {
    SystemTime::now() + 30 * DAY
}

fn taken(identity: &Identity, change: impl FnOnce(Settings) -> Settings) {
    let scenario = Scenario::with(change);
    for versions in [TLS12, TLS13] {
        let caller = Caller { versions, ..Caller::with(identity) };
        let mut requestor = caller.call(scenario.gate.address).unwrap();
        requestor.associate(&Associate::echo("CT1", "PACS"));
        echo(&mut requestor, 1);
        requestor.release();
    }
    let opened = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    assert_eq!(opened["certificate"]["sha256"], identity.sha256());
    assert_eq!(opened["certificate"]["spki_sha256"], identity.spki_sha256());
    assert_eq!(opened["peer"], "ct1");
}

fn refused_identity(identity: &Identity, reason: &str) -> Value {
    refused(&Caller::with(identity), reason, |settings| settings)
}

/// Refused with an alert in both versions.
fn refused(caller: &Caller, reason: &str, change: impl FnOnce(Settings) -> Settings) -> Value {
    let scenario = Scenario::with(change);
    for versions in [TLS12, TLS13] {
        let answer = Caller { versions, ..caller.clone() }.refused(scenario.gate.address);
        assert!(matches!(answer, Received::Alert(_)), "{answer:?}");
    }
    let line = scenario.refused("failed", reason, 2);
    assert!(line["wire"].as_str().is_some_and(|wire| wire.starts_with("TLS alert")), "{line}");
    line
}
