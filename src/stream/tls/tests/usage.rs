//! Certificates that are not made for clients, of a peer that may have such a one.

use pacsgate_core::certificate::{AcceptedBy, Matcher, Usage};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose as Purpose};

use super::pki::{self, DAY, device, moment};
use super::*;

fn exempt(name: &str) -> Matcher {
    Matcher::san_dns(name).unwrap().made_for(Usage::Any)
}

fn made_for(purposes: &[Purpose]) -> CertificateParams {
    let mut params = device("ct1.example");
    params.extended_key_usages = purposes.to_vec();
    params
}

const OTHERS: [&[Purpose]; 3] = [&[], &[Purpose::ServerAuth], &[Purpose::Any]];

#[tokio::test]
async fn takes_any_usage_of_an_exempt_name() {
    let mut site = Site::new();
    site.exempt = [&exempt("ct1.example")].into_iter().collect();
    let server = site.server();
    for purposes in OTHERS {
        let client = site.client_ca.issue(&made_for(purposes));
        for version in BOTH {
            let outcome = connect(&server, &site.client(&client).version(version)).await;
            let by = AcceptedBy::ChainForAnything(vec![Ca::Only]);
            assert_eq!(outcome.gate.unwrap().by, by, "{purposes:?}");
        }
    }
    let outcome = connect(&server, &site.client(&site.client_ca.client("ct1.example"))).await;
    assert_eq!(outcome.gate.unwrap().by, AcceptedBy::Chain(vec![Ca::Only]));
}

#[tokio::test]
async fn another_name_does_not_profit() {
    let mut site = Site::new();
    let strict = Matcher::san_dns("ct1.example").unwrap();
    site.exempt = [&exempt("ct2.example"), &strict].into_iter().collect();
    for purposes in OTHERS {
        let fault = match purposes {
            [] => HandshakeFault::KeyUsageMissing,
            _ => HandshakeFault::KeyUsageWrong,
        };
        let client = site.client(&site.client_ca.issue(&made_for(purposes)));
        assert_refused(&site.server(), &client, fault).await;
    }
}

#[tokio::test]
async fn a_name_is_exempt_where_its_own_ca_vouches_for_it() {
    let mut site = Site::new();
    let vendor = Authority::root("Vendor CA");
    let [hospital, vendor_x] = ["hospital", "vendor-x"].map(|name| Ca::Named(name.into()));
    let of = |name: &Ca, of: &Authority| ClientCa {
        name: name.clone(),
        certificates: vec![of.certificate()],
    };
    let cas = vec![of(&hospital, &site.client_ca), of(&vendor_x, &vendor)];
    site.exempt = [&exempt("ct1.example").vouched_for_by(vendor_x.clone())].into_iter().collect();
    let server = Server::new(site.settings_of(cas)).unwrap();
    let outcome = connect(&server, &site.client(&vendor.server("ct1.example"))).await;
    assert_eq!(outcome.gate.unwrap().by, AcceptedBy::ChainForAnything(vec![vendor_x]));
    let other = site.client(&site.client_ca.server("ct1.example"));
    assert_refused(&server, &other, HandshakeFault::KeyUsageWrong).await;
}

#[tokio::test]
async fn an_exempt_name_is_exempt_from_nothing_else() {
    let mut site = Site::new();
    site.exempt = [&exempt("ct1.example")].into_iter().collect();
    let mut late = made_for(&[Purpose::ServerAuth]);
    late.not_after = moment(-60).into();
    let late = site.client(&site.client_ca.issue(&late));
    assert_refused(&site.server(), &late, HandshakeFault::CertificateExpired).await;
    let stranger = site.client(&Authority::root("Other CA").server("ct1.example"));
    assert_refused(&site.server(), &stranger, HandshakeFault::UnknownIssuer).await;
    let own = site.client(&pki::self_signed(&made_for(&[Purpose::ServerAuth])));
    assert_refused(&site.server(), &own, HandshakeFault::UnknownIssuer).await;
    let named = site.client_ca.server("ct1.example");
    site.crls = vec![site.client_ca.crl(DAY, &[&named])];
    let revoked = site.client(&named);
    assert_refused(&site.server(), &revoked, HandshakeFault::CertificateRevoked).await;
}

#[tokio::test]
async fn the_chain_of_an_exempt_name_may_be_for_servers_as_well() {
    let mut site = Site::new();
    let mut params = pki::authority("Server CA");
    params.extended_key_usages = vec![Purpose::ServerAuth];
    let issuing = site.client_ca.intermediate_with(params);
    let client = issuing.server("ct1.example");
    assert_refused(&site.server(), &site.client(&client), HandshakeFault::KeyUsageWrong).await;
    site.exempt = [&exempt("ct1.example")].into_iter().collect();
    assert_accepted(&site.server(), &site.client(&client)).await;
}
