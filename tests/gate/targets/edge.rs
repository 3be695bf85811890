//! A gate whose PACS is another gate, over TLS: asked like any PACS.

use super::{ASKED, before, changed, served, told};
use crate::support::authority::Authority;
use crate::support::configuration::Table;
use crate::support::gate::Gate;
use crate::support::pacs::{Accepted, Pacs};
use crate::support::scenario::Scenario;
use crate::support::settings::Settings;
use crate::support::site::{GATE_NAME, site};
use std::net::SocketAddr;

/// A gate before this one, which shows the certificate of `ct1` and has this title; it trusts a CA.
fn edge(central: SocketAddr, title: &str, trusted: &Authority) -> Gate {
    changed(&[central], &[ASKED], |mut settings: Settings| {
        settings.archive.insert("ae_title", r#""PACS""#.into());
        let file = |name, content: &str| format!("{:?}", settings.file(name, content));
        let tls = Table::from([
            ("ca", file("target-ca.crt", &trusted.pem())),
            ("name", format!("{GATE_NAME:?}")),
            ("certificate", file("shown.crt", &site().ct1.chain_pem())),
            ("private_key", file("shown.key", &site().ct1.key_pem())),
        ]);
        settings.more.push(("pacs.archive.tls", tls));
        settings.more.push(("gate", Table::from([("ae_title", format!("{title:?}"))])));
        settings
    })
}

#[test]
fn an_edge_with_the_title_of_its_device_is_answered() {
    let Scenario { pacs: _pacs, gate: central } = Scenario::usual();
    let edge = edge(central.address, "CT1", &site().root);
    let line = told(&edge, central.address, "alive");
    assert!(line.get("detail").is_none(), "{line}");
    assert_eq!(served(&edge, &mut 0), "");
    // It left in good order.
    let line = central.audited("closed", "released");
    assert_eq!(line["operations"][0]["operation"], "c-echo", "{line}");
}

#[test]
fn an_edge_with_another_title_is_told_so_and_knows_that_the_gate_lives() {
    let Scenario { pacs, gate: central } = Scenario::usual();
    let edge = edge(central.address, "EDGE", &site().root);
    let line = told(&edge, central.address, "alive");
    let sentence = "the PACS rejects the gate's title EDGE: it is alive";
    assert_eq!(line["detail"], sentence, "{line}");
    central.audited("refused", "calling-title");
    assert_eq!(pacs.connections(), 0);
}

#[test]
fn a_target_whose_certificate_is_not_trusted_is_down() {
    let Scenario { pacs: _pacs, gate: central } = Scenario::usual();
    let edge = edge(central.address, "CT1", &Authority::root("another"));
    let line = told(&edge, central.address, "down");
    assert!(line["detail"].as_str().unwrap().starts_with("no TLS: "), "{line}");
}

#[test]
fn a_target_that_does_not_answer_the_handshake_is_down() {
    let hung = Pacs::playing(Accepted::drain);
    let edge = edge(hung.address, "CT1", &site().root);
    let line = told(&edge, hung.address, "down");
    assert!(line["detail"].as_str().unwrap().starts_with("no TLS: "), "{line}");
}

#[test]
fn a_target_with_tls_that_is_asked_without_it_is_down() {
    let pacs = Pacs::good();
    let central = before(&[pacs.address], &[ASKED]);
    let edge = before(&[central.address], &[ASKED]);
    assert!(told(&edge, central.address, "down")["detail"].is_string());
    told(&central, pacs.address, "alive");
}
