//! Certificates that are, or are not, of a configured CA.

use pacsgate_core::certificate::AcceptedBy;
use rcgen::{BasicConstraints, CustomExtension, ExtendedKeyUsagePurpose, IsCa};
use tokio::io::DuplexStream;

use super::pki::{self, Authority, DAY, device, moment};
use super::*;
use crate::stream::tls::HandshakeFailure;

#[tokio::test]
async fn accepts_a_certificate_of_the_ca_with_its_names() {
    let site = Site::new();
    let client = site.client(&site.client_ca.client("CT1.Radiology.example"));
    for version in BOTH {
        let outcome = connect(&site.server(), &client.clone().version(version)).await;
        let accepted = outcome.gate.unwrap();
        let certificate = &accepted.certificate;
        assert_eq!(accepted.by, AcceptedBy::Chain(vec![Ca::Only]));
        assert_eq!(certificate.dns, ["ct1.radiology.example".into()]);
        assert_eq!(certificate.common_name.as_deref(), Some("CT1.Radiology.example"));
    }
}

#[tokio::test]
async fn accepts_an_rsa_certificate() {
    let site = Site::new();
    let credentials = site.client_ca.issue_with(&device("ct1.example"), pki::rsa_key());
    assert_accepted(&site.server(), &site.client(&credentials)).await;
}

#[tokio::test]
async fn accepts_a_chain_over_an_intermediate_without_extended_key_usage() {
    let site = Site::new();
    let intermediate = site.client_ca.intermediate("Issuing CA");
    assert_accepted(&site.server(), &site.client(&intermediate.client("ct1.example"))).await;
}

#[tokio::test]
async fn refuses_a_client_without_a_certificate() {
    let site = Site::new();
    let client = Client::new(&site.gate_ca);
    assert_refused(&site.server(), &client, HandshakeFault::CertificateMissing).await;
}

#[tokio::test]
async fn refuses_the_certificate_of_another_ca() {
    let site = Site::new();
    let stranger = Authority::root("Other CA").client("ct1.example");
    assert_refused(&site.server(), &site.client(&stranger), HandshakeFault::UnknownIssuer).await;
}

#[tokio::test]
async fn refuses_the_certificate_of_a_ca_that_only_has_the_name() {
    let site = Site::new();
    let stranger = Authority::root("Client CA").client("ct1.example");
    assert_refused(&site.server(), &site.client(&stranger), HandshakeFault::UnknownIssuer).await;
}

#[tokio::test]
async fn refuses_a_chain_without_its_intermediate() {
    let site = Site::new();
    let mut client = site.client_ca.intermediate("Issuing CA").client("ct1.example");
    client.chain.truncate(1);
    assert_refused(&site.server(), &site.client(&client), HandshakeFault::UnknownIssuer).await;
}

#[tokio::test]
async fn refuses_an_expired_certificate() {
    let site = Site::new();
    let mut params = device("ct1.example");
    params.not_after = moment(-60).into();
    let client = site.client(&site.client_ca.issue(&params));
    assert_refused(&site.server(), &client, HandshakeFault::CertificateExpired).await;
}

#[tokio::test]
async fn refuses_a_certificate_before_its_time() {
    let site = Site::new();
    let mut params = device("ct1.example");
    params.not_before = moment(60).into();
    let client = site.client(&site.client_ca.issue(&params));
    assert_refused(&site.server(), &client, HandshakeFault::CertificateNotYetValid).await;
}

#[tokio::test]
async fn refuses_a_certificate_for_servers_only() {
    let site = Site::new();
    let client = site.client(&site.client_ca.server("ct1.example"));
    assert_refused(&site.server(), &client, HandshakeFault::KeyUsageWrong).await;
}

#[tokio::test]
async fn refuses_a_certificate_for_any_purpose() {
    let site = Site::new();
    let mut params = device("ct1.example");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    let client = site.client(&site.client_ca.issue(&params));
    assert_refused(&site.server(), &client, HandshakeFault::KeyUsageWrong).await;
}

#[tokio::test]
async fn refuses_a_certificate_without_extended_key_usage() {
    let site = Site::new();
    let mut params = device("ct1.example");
    params.extended_key_usages = Vec::new();
    let client = site.client(&site.client_ca.issue(&params));
    assert_refused(&site.server(), &client, HandshakeFault::KeyUsageMissing).await;
}

#[tokio::test]
async fn refuses_an_intermediate_as_a_client() {
    let site = Site::new();
    let client = site.client(&site.client_ca.intermediate("Issuing CA").as_credentials());
    let outcome = connect(&site.server(), &client).await;
    assert_eq!(outcome.gate.err(), Some(HandshakeFault::CaCertificate));
}

#[tokio::test]
async fn refuses_a_certificate_issued_by_a_device() {
    let site = Site::new();
    let mut params = pki::authority("CT1");
    params.is_ca = IsCa::ExplicitNoCa;
    let client = site.client_ca.intermediate_with(params).client("pacs.example");
    assert_refused(&site.server(), &site.client(&client), HandshakeFault::ChainInvalid).await;
}

#[tokio::test]
async fn refuses_a_chain_longer_than_its_ca_permits() {
    let site = Site::new();
    let mut params = pki::authority("Issuing CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let deep = site.client_ca.intermediate_with(params).intermediate("Deep CA");
    let client = site.client(&deep.client("ct1.example"));
    assert_refused(&site.server(), &client, HandshakeFault::ChainInvalid).await;
}

#[tokio::test]
async fn refuses_a_certificate_with_the_key_of_another() {
    let site = Site::new();
    let thief = site.client_ca.client("thief.example");
    let stolen = site.client_ca.client("ct1.example").clone_with_key_of(&thief);
    assert_refused(&site.server(), &site.client(&stolen), HandshakeFault::WrongKey).await;
}

#[tokio::test]
async fn shows_the_refused_certificate_to_the_caller() {
    let site = Site::new();
    let thief = site.client_ca.client("thief.example");
    let stolen = site.client_ca.client("ct1.example").clone_with_key_of(&thief);
    let stranger = Authority::root("Other CA").client("ct1.example");
    for credentials in [stolen, stranger] {
        let failure = failure(&site, &credentials).await;
        assert_eq!(failure.presented.unwrap().dns, ["ct1.example".into()]);
    }
}

async fn failure(site: &Site, credentials: &Credentials) -> HandshakeFailure<DuplexStream> {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let connector = tokio_rustls::TlsConnector::from(site.client(credentials).config());
    let name = rustls::pki_types::ServerName::try_from("gate.example").unwrap();
    let server = site.server();
    let (gate, _) = tokio::join!(server.accept(near), connector.connect(name, far));
    gate.unwrap_err()
}

#[tokio::test]
async fn tells_a_refused_certificate_of_the_ca_from_one_that_anybody_can_make() {
    let site = Site::new();
    let device = || device("ct1.example");
    let mut over = device();
    over.not_after = moment(-1).into();
    let thief = site.client_ca.client("thief.example");
    let below = site.client_ca.intermediate("Issuing CA");
    for issued in [
        site.client_ca.issue(&over),
        below.issue(&over),
        site.client_ca.server("ct1.example"),
        site.client_ca.client("ct1.example").clone_with_key_of(&thief),
    ] {
        assert!(failure(&site, &issued).await.is_vouched_for);
    }
    let namesake = Authority::root("Client CA");
    for made in [
        pki::self_signed(&device()),
        namesake.client("ct1.example"),
        namesake.issue(&over),
        namesake.intermediate("Issuing CA").server("ct1.example"),
    ] {
        assert!(!failure(&site, &made).await.is_vouched_for);
    }
}

#[tokio::test]
async fn refuses_a_version_1_certificate() {
    let site = Site::new();
    let old = site.client_ca.issue_v1();
    assert!(pki::is_readable(old.leaf()));
    let client = site.client(&old);
    assert_refused(&site.server(), &client, HandshakeFault::CertificateVersion).await;
}

#[tokio::test]
async fn refuses_a_short_rsa_key_and_one_that_is_too_long() {
    let site = Site::new();
    for (bytes, fault) in
        [(128, HandshakeFault::ShortRsaKey), (1025, HandshakeFault::UnsupportedAlgorithm)]
    {
        let client = site.client(&site.client_ca.issue_for(&pki::rsa_spki(bytes)));
        assert_refused(&site.server(), &client, fault).await;
    }
}

#[tokio::test]
async fn refuses_a_certificate_signed_with_sha1() {
    let mut site = Site::new();
    site.client_ca = Authority::root_with("RSA CA", pki::rsa_key());
    let mut client = site.client_ca.client("ct1.example");
    client.chain = vec![pki::with_sha1(client.leaf()).into()];
    assert!(pki::is_readable(client.leaf()));
    let client = site.client(&client);
    assert_refused(&site.server(), &client, HandshakeFault::WeakSignature).await;
}

#[tokio::test]
async fn refuses_an_unknown_critical_extension() {
    let site = Site::new();
    for extension in [pki::critical(&[1, 2, 3, 4], &[5, 0]), pki::critical_policies()] {
        let mut params = device("ct1.example");
        params.custom_extensions = vec![extension];
        let client = site.client(&site.client_ca.issue(&params));
        assert_refused(&site.server(), &client, HandshakeFault::CriticalExtension).await;
    }
}

#[tokio::test]
async fn refuses_an_intermediate_with_critical_policies() {
    let site = Site::new();
    let mut params = pki::authority("Issuing CA");
    params.custom_extensions = vec![pki::critical_policies()];
    let client = site.client_ca.intermediate_with(params).client("ct1.example");
    assert_refused(&site.server(), &site.client(&client), HandshakeFault::CriticalExtension).await;
}

#[tokio::test]
async fn refuses_what_is_no_certificate() {
    let site = Site::new();
    let mut client = site.client_ca.client("ct1.example");
    client.chain = vec![vec![0x30, 0x03, 0x02, 0x01, 0x01].into()];
    let client = site.client(&client);
    assert_refused(&site.server(), &client, HandshakeFault::CertificateUnparsable).await;
}

#[tokio::test]
async fn refuses_a_chain_that_would_fill_the_memory() {
    let site = Site::new();
    let mut client = site.client_ca.client("ct1.example");
    let filler = client.leaf().clone();
    client.chain.extend(std::iter::repeat_n(filler, 10));
    assert_refused(&site.server(), &site.client(&client), HandshakeFault::CertificateTooLarge)
        .await;
    let mut params = device("ct1.example");
    params.custom_extensions =
        vec![CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0; 16 * 1024])];
    let client = site.client(&site.client_ca.issue(&params));
    assert_refused(&site.server(), &client, HandshakeFault::CertificateTooLarge).await;
}

#[tokio::test]
async fn accepts_a_client_of_an_expired_ca() {
    let mut site = Site::new();
    let mut params = pki::authority("Old CA");
    params.not_before = moment(-20 * DAY).into();
    params.not_after = moment(-DAY).into();
    site.client_ca = Authority::root_from(params);
    assert_accepted(&site.server(), &site.client(&site.client_ca.client("ct1.example"))).await;
}
