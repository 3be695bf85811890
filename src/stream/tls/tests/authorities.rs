//! Several CAs, each with a name: to which of them a chain leads.

use pacsgate_core::certificate::AcceptedBy;

use super::pki::DAY;
use super::*;

fn ca(name: &str, of: &[&Authority]) -> ClientCa {
    let certificates = of.iter().map(|authority| authority.certificate()).collect();
    ClientCa { name: named(name), certificates }
}

fn named(name: &str) -> Ca {
    Ca::Named(name.into())
}

/// Which CAs vouch for the client, the same in both versions of TLS.
async fn vouching(site: &Site, cas: &[ClientCa], client: &Credentials) -> Vec<Ca> {
    let server = Server::new(site.settings_of(cas.to_vec())).unwrap();
    let mut both = Vec::new();
    for version in BOTH {
        let outcome = connect(&server, &site.client(client).version(version)).await;
        let AcceptedBy::Chain(cas) = outcome.gate.unwrap().by else { panic!("not by a chain") };
        both.push(cas);
    }
    assert_eq!(both[0], both[1]);
    both.remove(0)
}

#[tokio::test]
async fn says_which_ca_has_vouched() {
    let site = Site::new();
    let vendor = Authority::root("Vendor CA");
    let cas = [ca("hospital", &[&site.client_ca]), ca("vendor", &[&vendor])];
    for (authority, name) in [(&site.client_ca, "hospital"), (&vendor, "vendor")] {
        for issuer in [authority, &authority.intermediate("Issuing CA")] {
            let client = issuer.client("ct1.example");
            assert_eq!(vouching(&site, &cas, &client).await, [named(name)]);
        }
    }
}

#[tokio::test]
async fn tells_two_cas_of_one_name_apart_by_their_keys() {
    let site = Site::new();
    let [one, other] = [(); 2].map(|()| Authority::root("Device CA"));
    let cas = [ca("one", &[&one]), ca("other", &[&other])];
    assert_eq!(vouching(&site, &cas, &one.client("ct1.example")).await, [named("one")]);
    assert_eq!(vouching(&site, &cas, &other.client("ct1.example")).await, [named("other")]);
    let server = Server::new(site.settings_of(cas.to_vec())).unwrap();
    let third = site.client(&Authority::root("Device CA").client("ct1.example"));
    assert_refused(&server, &third, HandshakeFault::UnknownIssuer).await;
}

#[tokio::test]
async fn a_ca_of_two_files_vouches_by_both_names() {
    let site = Site::new();
    let (vendor, issuing) = (Authority::root("Vendor CA"), site.client_ca.intermediate("Issuing"));
    let cas = [
        ca("root", &[&site.client_ca]),
        ca("issuing", &[&issuing]),
        ca("all", &[&vendor, &site.client_ca]),
        ca("vendor", &[&vendor]),
    ];
    let mut both = vouching(&site, &cas, &issuing.client("ct1.example")).await;
    both.sort_by_key(|ca| format!("{ca:?}"));
    assert_eq!(both, ["all", "issuing", "root"].map(named));
    // Without its issuer, only the CA that need not be sent is left.
    let mut alone = issuing.client("ct1.example");
    alone.chain.truncate(1);
    assert_eq!(vouching(&site, &cas, &alone).await, [named("issuing")]);
}

#[tokio::test]
async fn the_lists_of_each_ca_count_by_name_and_key() {
    let mut site = Site::new();
    let [one, other] = [(); 2].map(|()| Authority::root("Device CA"));
    let cas = [ca("one", &[&one]), ca("other", &[&other])];
    let [good, bad] = [&one, &other].map(|authority| authority.client("ct1.example"));
    site.crls = vec![one.crl(DAY, &[]), other.crl(DAY, &[&bad])];
    assert_eq!(vouching(&site, &cas, &good).await, [named("one")]);
    let server = Server::new(site.settings_of(cas.to_vec())).unwrap();
    assert_refused(&server, &site.client(&bad), HandshakeFault::CertificateRevoked).await;
}

#[tokio::test]
async fn a_ca_without_a_list_vouches_for_nobody_beside_one_that_has_one() {
    let mut site = Site::new();
    let issuing = site.client_ca.intermediate("Issuing");
    let cas = [ca("root", &[&site.client_ca]), ca("issuing", &[&issuing])];
    let client = issuing.client("ct1.example");
    site.crls = vec![issuing.crl(DAY, &[])];
    assert_eq!(vouching(&site, &cas, &client).await, [named("issuing")]);
    site.crls = vec![issuing.crl(DAY, &[]), site.client_ca.crl(-DAY, &[])];
    assert_eq!(vouching(&site, &cas, &client).await, [named("issuing")]);
}

#[tokio::test]
async fn many_cas_of_one_name_are_all_tried_within_one_budget() {
    let site = Site::new();
    let many: Vec<_> = (0..150).map(|_| Authority::root("Device CA")).collect();
    let cas: Vec<_> = (0..).zip(&many).map(|(at, of)| ca(&format!("ca{at}"), &[of])).collect();
    let last = many.last().unwrap().client("ct1.example");
    let few = Server::new(site.settings_of(cas[..50].to_vec())).unwrap();
    assert_refused(&few, &site.client(&last), HandshakeFault::UnknownIssuer).await;
    assert_eq!(vouching(&site, &cas[100..], &last).await, [named("ca149")]);
    // webpki verifies a hundred signatures for one certificate, however many CAs there are.
    let all = Server::new(site.settings_of(cas)).unwrap();
    for client in [&last, &many[0].client("ct1.example")] {
        assert_refused(&all, &site.client(client), HandshakeFault::ChainInvalid).await;
    }
}
