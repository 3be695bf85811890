//! TLS towards a target: one gate before another, and what keeps them from talking.

use crate::reload::{edit, reload};
use crate::support::associate::Associate;
use crate::support::authority::{Authority, Identity, Profile, Usage, Validity};
use crate::support::configuration::Table;
use crate::support::gate::Gate;
use crate::support::pacs::Pacs;
use crate::support::pdu::abort;
use crate::support::requestor::Caller;
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, GATE_NAME, site};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

/// A gate whose target is the central one.
fn edge(central: SocketAddr, change: impl FnOnce(&mut Settings, &mut Table)) -> Gate {
    let mut settings = Settings::new(central);
    settings.archive.remove("ae_title");
    let ca = settings.file("target-ca.crt", &site().root.pem());
    let mut tls = Table::from([("ca", quoted(&ca)), ("name", format!("{GATE_NAME:?}"))]);
    shows(&settings, &mut tls, &site().ct1);
    change(&mut settings, &mut tls);
    settings.more.push(("pacs.archive.tls", tls));
    settings.start()
}

fn quoted(path: &Path) -> String {
    format!("{path:?}")
}

/// The certificate that the edge shows.
fn shows(settings: &Settings, tls: &mut Table, identity: &Identity) {
    let certificate = settings.file("shown.crt", &identity.chain_pem());
    let key = settings.file("shown.key", &identity.key_pem());
    tls.insert("certificate", quoted(&certificate));
    tls.insert("private_key", quoted(&key));
}

fn shows_nothing(tls: &mut Table) {
    tls.remove("certificate");
    tls.remove("private_key");
}

/// `ct1` gets its C-ECHO through an edge.
fn serves(edge: &Gate) {
    let mut ct1 = Caller::with(&site().ct1).call(edge.address).unwrap();
    ct1.associate(&Associate::echo("CT1", "PACS"));
    echo(&mut ct1, 1);
    ct1.release();
}

/// The edge does not reach its target, says why, and tells `ct1` to try again.
fn fails(edge: &Gate, reason: &str) -> Value {
    let mut ct1 = Caller::with(&site().ct1).call(edge.address).unwrap();
    ct1.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut ct1, [2, 3, 1]);
    let line = edge.audited("refused", reason);
    assert!(line["advice"].as_str().is_some_and(|advice| advice.len() > 10), "{line}");
    line
}

/// A central gate with another certificate, and an edge that does not take it.
/// The audit shows what there is to compare or to pin.
fn refuses(shown: &Identity, reason: &str) {
    let central = Scenario::with(|mut settings| {
        settings.serve(shown);
        settings
    });
    let line = fails(&edge(central.gate.address, |_, _| {}), reason);
    assert_eq!(line["target_certificate"]["sha256"], shown.sha256(), "{line}");
    assert_eq!(central.pacs.connections(), 0);
}

fn server(dns: &'static str) -> Profile {
    Profile { usage: Usage::Server, ..Profile::client(dns) }
}

#[test]
fn one_gate_reaches_another() {
    let central = Scenario::usual();
    let edge = edge(central.gate.address, |_, _| {});
    serves(&edge);
    let line = central.gate.audited("closed", "released");
    assert_eq!((&line["peer"], &line["calling"]), (&"ct1".into(), &"CT1".into()));
    assert_eq!(central.pacs.connections(), 1);
}

#[test]
fn a_pin_needs_neither_a_ca_nor_a_name() {
    let central = Scenario::usual();
    for (key, pin) in
        [("cert_sha256", site().gate.sha256()), ("spki_sha256", site().gate.spki_sha256())]
    {
        let edge = edge(central.gate.address, |_, tls| {
            tls.remove("ca");
            tls.remove("name");
            tls.insert(key, format!("{pin:?}"));
        });
        serves(&edge);
    }
}

#[test]
fn names_what_is_wrong_with_the_certificate_at_the_other_end() {
    refuses(&site().root.issue(&server("other.example")), "outgoing-other-name");
    refuses(&site().root.issue(&Profile::client(GATE_NAME)), "outgoing-key-usage");
    let expired = Profile { validity: Validity::Expired, ..server(GATE_NAME) };
    refuses(&site().root.issue(&expired), "outgoing-certificate-expired");
    refuses(&Authority::root("another root").issue(&server(GATE_NAME)), "outgoing-unknown-issuer");
}

#[test]
fn a_certificate_that_is_revoked_at_the_other_end_is_named() {
    let central = Scenario::usual();
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    let revoking = |revoked: &[_]| site().root.crl(revoked, tomorrow);
    let with = |crl: String| {
        edge(central.gate.address, |settings, tls| {
            let path = settings.file("target.crl", &crl);
            tls.insert("crl", format!("[{}]", quoted(&path)));
        })
    };
    serves(&with(revoking(&[])));
    fails(&with(revoking(&[site().gate.leaf()])), "outgoing-certificate-revoked");
    let yesterday = SystemTime::now() - Duration::from_secs(86_400);
    let line = fails(&with(site().root.crl(&[], yesterday)), "outgoing-crl");
    assert!(line["detail"].as_str().unwrap().contains("(it expired on "), "{line}");
}

#[test]
fn the_other_end_may_refuse_the_certificate_of_the_gate() {
    let central = Scenario::usual();
    let stranger = Authority::root("another root").issue(&Profile::client(CT1_NAME));
    let shown = edge(central.gate.address, |settings, tls| shows(settings, tls, &stranger));
    fails(&shown, "outgoing-certificate-refused");
    let nothing = edge(central.gate.address, |_, tls| shows_nothing(tls));
    fails(&nothing, "outgoing-certificate-refused");
    assert_eq!(central.pacs.connections(), 0);
}

#[test]
fn who_speaks_no_tls_is_named() {
    // As DCMTK answers what is no PDU.
    let plain = Pacs::playing(|pacs| {
        pacs.send(&abort(2, 1));
        pacs.drain();
    });
    fails(&edge(plain.address, |_, _| {}), "outgoing-not-tls");
    let silent = Pacs::playing(|pacs| pacs.drain());
    let mut settings = Settings::new(silent.address).limit("handshake", "300ms");
    settings.more.push(("pacs.archive.tls", pinned()));
    fails(&settings.start(), "outgoing-timeout");
    let closing = Pacs::playing(|_| {});
    let mut settings = Settings::new(closing.address);
    settings.more.push(("pacs.archive.tls", pinned()));
    fails(&settings.start(), "outgoing-closed");
}

fn pinned() -> Table {
    Table::from([("cert_sha256", format!("{:?}", site().gate.sha256()))])
}

/// A server with the gate's certificate that asks for none.
fn asking_for_none() -> SocketAddr {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let config = ServerConfig::builder_with_provider(provider.into());
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(site().gate.chain(), site().gate.key()).unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, socket.unwrap());
            let _ = io::copy(&mut stream, &mut io::sink());
        }
    });
    address
}

#[test]
fn who_wants_to_show_a_certificate_wants_to_be_asked_for_it() {
    let server = asking_for_none();
    fails(&edge(server, |_, _| {}), "outgoing-asks-for-no-certificate");
    let nothing = edge(server, |_, tls| shows_nothing(tls));
    let mut ct1 = Caller::with(&site().ct1).call(nothing.address).unwrap();
    ct1.send(&Associate::echo("CT1", "PACS").encode());
    // TLS is up, and the request is on its way.
    ct1.vanish();
    nothing.audited("refused", "closed-before-answer");
}

#[test]
fn the_log_warns_of_what_the_edge_shows_before_it_ends() {
    let central = Scenario::usual();
    let ending = Profile { validity: Validity::Ending, ..Profile::client(CT1_NAME) };
    let edge = edge(central.gate.address, |settings, tls| {
        shows(settings, tls, &site().root.issue(&ending));
    });
    edge.wait_for_log("pacs.archive.tls.certificate");
    edge.wait_for_log("whoever verifies it refuses the gate; renew it");
}

#[test]
fn the_central_gate_hears_of_the_device_before_tls() {
    let central = Scenario::with(|mut settings| {
        settings.listener.insert("proxy_protocol_from", r#"["127.0.0.1"]"#.into());
        settings
    });
    let edge = edge(central.gate.address, |settings, _| {
        settings.archive.insert("proxy_protocol", "true".into());
    });
    let mut ct1 = Caller::with(&site().ct1).call(edge.address).unwrap();
    ct1.associate(&Associate::echo("CT1", "PACS"));
    ct1.release();
    let device = edge.audited("closed", "released")["source"].clone();
    let line = central.gate.audited("closed", "released");
    assert_eq!(line["source"], device, "{line}");
    assert!(line["proxy"].is_string(), "{line}");
}

#[test]
fn a_reload_takes_another_certificate() {
    let central = Scenario::usual();
    let stranger = Authority::root("another root").issue(&Profile::client(CT1_NAME));
    let edge = edge(central.gate.address, |settings, tls| {
        settings.file("good.crt", &site().ct1.chain_pem());
        settings.file("good.key", &site().ct1.key_pem());
        shows(settings, tls, &stranger);
    });
    fails(&edge, "outgoing-certificate-refused");
    edit(&edge, "shown.crt", "good.crt");
    edit(&edge, "shown.key", "good.key");
    reload(&edge);
    serves(&edge);
}
