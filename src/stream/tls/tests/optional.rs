//! A listener at which a client may show no certificate.

use std::sync::Arc;

use rustls::server::ServerSessionMemoryCache;

use super::client::connect_with;
use super::pki::{self, DAY, device, moment};
use super::*;

fn optional() -> Site {
    Site { client_certificate: ClientCertificate::Optional, ..Site::new() }
}

#[tokio::test]
async fn a_client_that_shows_nothing_is_told_as_that() {
    let site = optional();
    let client = Client::new(&site.gate_ca);
    for server in [site.server(), site.server_without_ca()] {
        for version in BOTH {
            let outcome = connect(&server, &client.clone().version(version)).await;
            assert!(outcome.is_bare, "{version:?}: {:?}", outcome.gate);
            assert_eq!(outcome.client, Ok(()), "{version:?}");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_is_shown_is_judged_as_ever() {
    let site = optional();
    let good = site.client(&site.client_ca.client("ct1.example"));
    assert_accepted(&site.server(), &good).await;
    for version in BOTH {
        assert!(!connect(&site.server(), &good.clone().version(version)).await.is_bare);
    }
}

#[tokio::test]
async fn a_certificate_that_fails_is_an_alert_and_never_nothing() {
    let mut site = optional();
    let device = || device("ct1.example");
    let mut late = device();
    late.not_after = moment(-60).into();
    let revoked = site.client_ca.client("ct2.example");
    let thief = site.client_ca.client("thief.example");
    let stolen = site.client_ca.client("ct1.example").clone_with_key_of(&thief);
    let mut garbage = site.client_ca.client("ct1.example");
    garbage.chain = vec![vec![0x30, 0x03, 0x02, 0x01, 0x01].into()];
    site.crls = vec![site.client_ca.crl(DAY, &[&revoked])];
    for (credentials, fault) in [
        (site.client_ca.issue(&late), HandshakeFault::CertificateExpired),
        (revoked, HandshakeFault::CertificateRevoked),
        (stolen, HandshakeFault::WrongKey),
        (pki::self_signed(&device()), HandshakeFault::UnknownIssuer),
        (Authority::root("Other").client("ct1.example"), HandshakeFault::UnknownIssuer),
        (site.client_ca.server("ct1.example"), HandshakeFault::KeyUsageWrong),
        (site.client_ca.issue_v1(), HandshakeFault::CertificateVersion),
        (garbage, HandshakeFault::CertificateUnparsable),
    ] {
        assert_refused(&site.server(), &site.client(&credentials), fault).await;
    }
}

#[tokio::test]
async fn a_session_that_is_resumed_is_not_one_that_shows_nothing() {
    let site = optional();
    let nothing = Client::new(&site.gate_ca);
    let known = site.client(&site.client_ca.client("ct1.example"));
    for (client, version) in BOTH.iter().flat_map(|it| [(&nothing, *it), (&known, *it)]) {
        let client = client.clone().version(version).config();
        let mut server = site.server();
        let config = Arc::make_mut(&mut server.config);
        config.session_storage = ServerSessionMemoryCache::new(16);
        config.send_tls13_tickets = 2;
        connect_with(&server, Arc::clone(&client)).await.client.unwrap();
        let outcome = connect_with(&server, client).await;
        assert_eq!(outcome.gate.err(), Some(HandshakeFault::Unverified), "{version:?}");
    }
}
