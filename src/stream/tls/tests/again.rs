//! A chain that was judged before is judged anew, whatever is remembered of its signatures.

use rustls::pki_types::UnixTime;

use super::pki::{Authority, DAY, device, moment, self_signed};
use super::*;

fn at(seconds: i64) -> UnixTime {
    let since = moment(seconds).duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixTime::since_unix_epoch(since)
}

/// What one server makes of a chain at several moments.
fn judged(server: &Server, who: &Credentials, moments: &[i64]) -> Vec<Option<HandshakeFault>> {
    let (leaf, above) = who.chain.split_first().unwrap();
    let judge = |seconds: &i64| server.verifier.judge(leaf, above, at(*seconds)).err();
    moments.iter().map(judge).collect()
}

#[test]
fn its_dates_are() {
    let site = Site::new();
    let (server, client) = (site.server(), site.client_ca.client("ct1.example"));
    let (late, early) =
        (HandshakeFault::CertificateExpired, HandshakeFault::CertificateNotYetValid);
    let expected = [None, Some(late), None, Some(early), None];
    assert_eq!(judged(&server, &client, &[0, 2 * DAY, 0, -2 * DAY, 0]), expected);
}

#[test]
fn its_lists_are() {
    let mut site = Site::new();
    let mut lasting = device("ct1.example");
    lasting.not_after = moment(9 * DAY).into();
    let client = site.client_ca.issue(&lasting);
    site.crls = vec![site.client_ca.crl(DAY, &[])];
    let server = site.server();
    let ended = Some(HandshakeFault::CrlExpired);
    assert_eq!(judged(&server, &client, &[0, 2 * DAY, 0]), [None, ended, None]);
}

#[test]
fn a_certificate_with_a_signature_of_another_is_refused_before_and_after() {
    let site = Site::new();
    let (server, client) = (site.server(), site.client_ca.client("ct1.example"));
    let mut forged = client.chain[0].to_vec();
    // The last byte is of the signature.
    *forged.last_mut().unwrap() ^= 1;
    let forged = Credentials { chain: vec![forged.into()], key: client.key.clone_key() };
    let refused = judged(&server, &forged, &[0, 0]);
    assert!(refused.iter().all(Option::is_some), "{refused:?}");
    assert_eq!(judged(&server, &client, &[0, 0]), [None, None]);
    assert_eq!(judged(&server, &forged, &[0, 0]), refused);
}

#[test]
fn strangers_leave_nothing_behind_and_devices_their_chain_and_its_lists() {
    let mut site = Site::new();
    let intermediate = site.client_ca.intermediate("Issuing CA");
    site.crls = vec![site.client_ca.crl(DAY, &[]), intermediate.crl(DAY, &[])];
    let server = site.server();
    let impostor = Authority::root("Client CA");
    let mut strangers = vec![self_signed(&device("a.example")), impostor.client("ct1.example")];
    // Under a device's certificate, whose key its holder has, and with the rest of the true chain.
    let device_as_ca = intermediate.client("ct1.example");
    let below = impostor.intermediate("Issuing CA");
    for mut stranger in [impostor.client("ct2.example"), below.client("ct3.example")] {
        stranger.chain.extend(device_as_ca.chain.clone());
        strangers.push(stranger);
    }
    for stranger in &strangers {
        let refused = judged(&server, stranger, &[0, 2 * DAY]);
        assert!(refused.iter().all(Option::is_some), "{refused:?}");
    }
    // The true intermediate may be among what a stranger sends, and is the CA's.
    assert!(server.verifier.remembered() <= 2, "{}", server.verifier.remembered());
    for _ in 0..3 {
        assert_eq!(judged(&server, &device_as_ca, &[0]), [None]);
        // Two certificates and two lists.
        assert_eq!(server.verifier.remembered(), 4);
    }
}
