//! No session outlives its connection: a resumed one would skip the verifier.

use std::sync::Arc;

use rustls::server::ServerSessionMemoryCache;

use super::client::connect_with;
use super::pki::DAY;
use super::*;

#[tokio::test]
async fn judges_a_client_that_wants_to_resume_anew() {
    let mut site = Site::new();
    let credentials = site.client_ca.client("ct1.example");
    for version in BOTH {
        let client = site.client(&credentials).version(version).config();
        site.crls = Vec::new();
        let server = site.server();
        for _ in 0..2 {
            let outcome = connect_with(&server, Arc::clone(&client)).await;
            outcome.gate.unwrap();
            assert!(!outcome.resumed);
        }
        site.crls = vec![site.client_ca.crl(DAY, &[&credentials])];
        let outcome = connect_with(&site.server(), client).await;
        assert_eq!(outcome.gate.err(), Some(HandshakeFault::CertificateRevoked), "{version:?}");
    }
}

#[tokio::test]
async fn lets_no_resumed_session_through_even_if_rustls_resumed_one() {
    let site = Site::new();
    let credentials = site.client_ca.client("ct1.example");
    for version in BOTH {
        let client = site.client(&credentials).version(version).config();
        let mut server = site.server();
        let config = Arc::make_mut(&mut server.config);
        config.session_storage = ServerSessionMemoryCache::new(16);
        config.send_tls13_tickets = 2;
        connect_with(&server, Arc::clone(&client)).await.gate.unwrap();
        let outcome = connect_with(&server, client).await;
        assert_eq!(outcome.gate.err(), Some(HandshakeFault::Unverified), "{version:?}");
    }
}
