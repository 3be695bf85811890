//! What of a client's certificates counts, and what a revoked one cannot hide behind.

use pacsgate_core::certificate::AcceptedBy;
use rustls::pki_types::CertificateDer;

use super::super::path::{MOST, Path};
use super::pins::pin;
use super::pki::{Authority, Credentials, DAY, device, self_signed};
use super::*;
use crate::x509::reading;

/// Authorities below each other, the root first.
fn line(root: &Authority, below: usize) -> Vec<Authority> {
    let mut line: Vec<Authority> = Vec::new();
    for number in 0..below {
        let above = line.last().unwrap_or(root);
        line.push(above.intermediate(&format!("Issuing CA {number}")));
    }
    line
}

/// A client of the last one, with everything above it, the root left out.
fn client_below(root: &Authority, below: usize) -> Credentials {
    let line = line(root, below);
    let mut client = line.last().unwrap_or(root).client("ct1.example");
    client.chain.truncate(1);
    client.chain.extend(line.iter().rev().map(Authority::certificate));
    client
}

/// The subjects of the path that is made of a leaf and of what was sent with it.
fn subjects(chain: &[CertificateDer<'static>]) -> Vec<String> {
    let path = Path::new(reading::whole(&chain[0]).unwrap(), &chain[1..]);
    path.certificates().map(|it| it.subject().to_string()).collect()
}

#[tokio::test]
async fn takes_a_chain_in_any_order_and_leaves_out_what_does_not_belong_to_it() {
    let site = Site::new();
    let mut client = client_below(&site.client_ca, 2);
    let stranger = Authority::root("Another CA").certificate();
    client.chain[1..].reverse();
    client.chain.insert(1, stranger);
    client.chain.push(site.client_ca.certificate());
    assert_accepted(&site.server(), &site.client(&client)).await;
}

#[tokio::test]
async fn a_path_has_four_certificates_at_most() {
    let site = Site::new();
    assert_accepted(&site.server(), &site.client(&client_below(&site.client_ca, MOST - 1))).await;
    let long = site.client(&client_below(&site.client_ca, MOST));
    assert_refused(&site.server(), &long, HandshakeFault::CertificateTooLarge).await;
    // A root beyond that need not have been sent.
    let mut client = client_below(&site.client_ca, MOST - 1);
    client.chain.push(site.client_ca.certificate());
    assert_accepted(&site.server(), &site.client(&client)).await;
}

#[test]
fn a_name_comes_once_however_many_certificates_have_it() {
    let root = Authority::root("CA");
    let mut chain = root.client("ct1.example").chain;
    chain.extend((0..9).map(|_| root.intermediate("CA").certificate()));
    assert_eq!(subjects(&chain)[1..], ["CN=CA"]);
    let [one, other] = ["One", "Other"].map(Authority::root);
    let cross = |of: &Authority, by: &Authority| by.certificate_for(of);
    let mut chain = one.client("ct1.example").chain;
    chain.extend([cross(&one, &other), cross(&other, &one)]);
    assert_eq!(subjects(&chain)[1..], ["CN=One", "CN=Other"]);
}

#[test]
fn among_several_of_a_name_the_key_says_which() {
    let [root, renewed] = [(); 2].map(|()| Authority::root("Root"));
    let [old, new] = [&root, &renewed].map(|root| root.intermediate("Issuing CA"));
    for issuer in [&old, &new] {
        let client = issuer.client("ct1.example");
        let others = [old.certificate(), new.certificate()];
        let path = Path::new(reading::whole(client.leaf()).unwrap(), &others);
        assert_eq!(path.intermediates(), [issuer.certificate()]);
    }
}

#[tokio::test]
async fn a_revoked_certificate_stays_revoked_whatever_is_sent_with_it() {
    let mut site = Site::new();
    let issuing = site.client_ca.intermediate("Issuing CA");
    let mut client = issuing.client("ct1.example");
    site.crls = vec![issuing.crl(DAY, &[&client]), site.client_ca.crl(DAY, &[])];
    let of_same_name = Authority::root("Issuing CA").certificate();
    let filler = Authority::root("Another CA").certificate();
    for sent in [
        vec![],
        vec![issuing.certificate()],
        vec![of_same_name.clone()],
        [vec![of_same_name; 3], vec![filler; 4], vec![issuing.certificate()]].concat(),
    ] {
        client.chain.truncate(1);
        client.chain.extend(sent);
        for pins in [Pins::default(), [&pin(&client)].into_iter().collect()] {
            site.pins = pins;
            for version in BOTH {
                let client = site.client(&client).version(version);
                let fault = connect(&site.server(), &client).await.gate.unwrap_err();
                let is_pinned = !site.pins.is_empty();
                assert!(!is_pinned || fault == HandshakeFault::CertificateRevoked, "{fault:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_configured_ca_that_is_revoked_lets_nobody_in() {
    let mut site = Site::new();
    let issuing = site.client_ca.intermediate("Issuing CA");
    let mut client = issuing.client("ct1.example");
    client.chain.truncate(1);
    let trusted = vec![site.client_ca.certificate(), issuing.certificate()];
    let server = |site: &Site| Server::new(site.settings(trusted.clone())).unwrap();
    for pins in [Pins::default(), [&pin(&client)].into_iter().collect()] {
        site.pins = pins;
        site.crls = vec![issuing.crl(DAY, &[]), site.client_ca.crl(DAY, &[])];
        assert_accepted(&server(&site), &site.client(&client)).await;
        let named = site.client_ca.crl(DAY, &[&issuing.as_credentials()]);
        site.crls = vec![issuing.crl(DAY, &[]), named];
        let fault = HandshakeFault::CertificateRevoked;
        assert_refused(&server(&site), &site.client(&client), fault).await;
    }
}

#[tokio::test]
async fn tells_of_a_pinned_certificate_for_which_there_is_no_list() {
    let mut site = Site::new();
    let own = self_signed(&device("ct1.example"));
    let of_ca = site.client_ca.client("ct2.example");
    site.pins = [&pin(&own), &pin(&of_ca)].into_iter().collect();
    let by = async |site: &Site, client: &Credentials| {
        connect(&site.server(), &site.client(client)).await.gate.unwrap().by
    };
    assert_eq!(by(&site, &own).await, AcceptedBy::Pin);
    site.crls = vec![site.client_ca.crl(DAY, &[])];
    assert_eq!(by(&site, &own).await, AcceptedBy::UnlistedPin);
    assert_eq!(by(&site, &of_ca).await, AcceptedBy::Pin);
}
