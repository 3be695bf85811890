//! Certificates that are trusted by themselves.

use pacsgate_core::certificate::{AcceptedBy, Digest, Matcher};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};

use super::pki::{self, DAY, device, moment, self_signed};
use super::*;

/// What an administrator would read from `openssl x509 -fingerprint -sha256`.
pub(super) fn pin(credentials: &Credentials) -> Matcher {
    Matcher::CertSha256(sha256(credentials.leaf()))
}

fn pin_key(credentials: &Credentials) -> Matcher {
    let (_, leaf) = x509_parser::parse_x509_certificate(credentials.leaf()).unwrap();
    Matcher::SpkiSha256(sha256(leaf.public_key().raw))
}

fn sha256(bytes: &[u8]) -> Digest {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    Digest(digest.as_ref().try_into().unwrap())
}

#[tokio::test]
async fn accepts_a_pinned_self_signed_certificate_without_any_ca() {
    let mut site = Site::new();
    let client = self_signed(&device("ct1.example"));
    for pin in [pin(&client), pin_key(&client)] {
        site.pins = [&pin].into_iter().collect();
        let server = site.server_without_ca();
        for version in BOTH {
            let outcome = connect(&server, &site.client(&client).version(version)).await;
            assert_eq!(outcome.gate.unwrap().by, AcceptedBy::Pin);
        }
    }
}

#[tokio::test]
async fn takes_a_pinned_certificate_of_the_ca_as_pinned() {
    let mut site = Site::new();
    let client = site.client_ca.client("ct1.example");
    site.pins = [&pin(&client)].into_iter().collect();
    let outcome = connect(&site.server(), &site.client(&client)).await;
    assert_eq!(outcome.gate.unwrap().by, AcceptedBy::Pin);
}

#[tokio::test]
async fn accepts_a_pinned_certificate_marked_as_ca() {
    let mut site = Site::new();
    let mut params = device("ct1.example");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.extended_key_usages = Vec::new();
    let client = self_signed(&params);
    site.pins = [&pin(&client)].into_iter().collect();
    assert_accepted(&site.server(), &site.client(&client)).await;
}

#[tokio::test]
async fn accepts_a_pinned_certificate_with_critical_extensions() {
    let mut site = Site::new();
    for extension in [pki::critical_policies(), pki::critical(&[1, 2, 3, 4], &[5, 0])] {
        let mut params = device("ct1.example");
        params.custom_extensions = vec![extension];
        for key in [KeyPair::generate().unwrap(), pki::rsa_key()] {
            let client = site.client_ca.issue_with(&params, key);
            for pin in [pin(&client), pin_key(&client)] {
                site.pins = [&pin].into_iter().collect();
                assert_accepted(&site.server(), &site.client(&client)).await;
            }
        }
    }
}

#[tokio::test]
async fn accepts_a_pinned_certificate_below_an_intermediate_with_critical_policies() {
    let mut site = Site::new();
    let mut params = pki::authority("Issuing CA");
    params.custom_extensions = vec![pki::critical_policies()];
    let client = site.client_ca.intermediate_with(params).client("ct1.example");
    site.pins = [&pin(&client)].into_iter().collect();
    site.crls = vec![site.client_ca.crl(DAY, &[])];
    assert_accepted(&site.server(), &site.client(&client)).await;
}

#[tokio::test]
async fn refuses_a_pinned_certificate_with_critical_extensions_and_the_key_of_another() {
    let mut site = Site::new();
    let mut params = device("ct1.example");
    params.custom_extensions = vec![pki::critical_policies()];
    let client = self_signed(&params);
    site.pins = [&pin(&client)].into_iter().collect();
    let keys = [
        (KeyPair::generate().unwrap(), HandshakeFault::WrongKey),
        (pki::rsa_key(), HandshakeFault::UnsupportedAlgorithm),
    ];
    for (key, fault) in keys {
        let thief = site.client_ca.issue_with(&device("thief.example"), key);
        let stolen = site.client(&client.clone_with_key_of(&thief));
        assert_refused(&site.server_without_ca(), &stolen, fault).await;
    }
}

#[tokio::test]
async fn refuses_a_pinned_certificate_with_critical_extensions_that_its_ca_has_revoked() {
    let mut site = Site::new();
    let mut params = device("ct1.example");
    params.custom_extensions = vec![pki::critical_policies()];
    let [client, other] = [(); 2].map(|()| site.client_ca.issue(&params));
    site.pins = [&pin(&client)].into_iter().collect();
    site.crls = vec![site.client_ca.crl(DAY, &[&other])];
    assert_accepted(&site.server(), &site.client(&client)).await;
    site.crls = vec![site.client_ca.crl(DAY, &[&other, &client])];
    let fault = HandshakeFault::CertificateRevoked;
    assert_refused(&site.server(), &site.client(&client), fault).await;
}

#[tokio::test]
async fn refuses_a_pinned_certificate_whose_key_has_a_critical_period_of_its_own() {
    let mut site = Site::new();
    let mut params = device("ct1.example");
    let from = [0x30, 17, 0x80, 15, b'2', b'0', b'2', b'0', b'0', b'1', b'0', b'1'];
    let period = [&from[..], b"000000Z"].concat();
    params.custom_extensions = vec![pki::critical(&[2, 5, 29, 16], &period)];
    let client = self_signed(&params);
    site.pins = [&pin(&client)].into_iter().collect();
    let fault = HandshakeFault::CriticalExtension;
    assert_refused(&site.server_without_ca(), &site.client(&client), fault).await;
}

#[tokio::test]
async fn accepts_a_pinned_certificate_for_servers_only() {
    let mut site = Site::new();
    let client = site.client_ca.server("ct1.example");
    site.pins = [&pin(&client)].into_iter().collect();
    assert_accepted(&site.server(), &site.client(&client)).await;
}

/// What each of these says is for whoever trusts a CA.
#[tokio::test]
async fn accepts_a_pinned_certificate_whatever_it_says_of_its_use() {
    let with = |change: fn(&mut CertificateParams)| {
        let mut params = device("ct1.example");
        change(&mut params);
        params
    };
    let odd = [
        with(|params| params.extended_key_usages = Vec::new()),
        with(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]),
        with(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning]),
        with(|params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]),
        with(|params| params.key_usages = vec![KeyUsagePurpose::KeyEncipherment]),
        with(|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))),
        with(|params| params.subject_alt_names = Vec::new()),
        with(|params| params.custom_extensions = vec![pki::critical_policies()]),
        // Name constraints that permit no DNS name but those of b.example.
        with(|params| {
            let permitted = b"\x30\x0f\xa0\x0d\x30\x0b\x82\x09b.example";
            params.custom_extensions = vec![pki::critical(&[2, 5, 29, 30], permitted)];
        }),
        // Policy constraints, and an extension of nobody's.
        with(|params| {
            let policy = pki::critical(&[2, 5, 29, 36], &[0x30, 3, 0x80, 1, 0]);
            params.custom_extensions = vec![policy, pki::critical(&[1, 2, 3, 4], &[5, 0])];
        }),
    ];
    let mut site = Site::new();
    for params in odd {
        for client in [self_signed(&params), site.client_ca.issue(&params)] {
            for pin in [pin(&client), pin_key(&client)] {
                site.pins = [&pin].into_iter().collect();
                assert_accepted(&site.server(), &site.client(&client)).await;
            }
        }
    }
}

#[tokio::test]
async fn accepts_a_pinned_certificate_whose_own_signature_is_weak_or_wrong() {
    let mut site = Site::new();
    let of_ca = Authority::root_with("RSA CA", pki::rsa_key()).client("ct1.example");
    let params = device("ct1.example");
    let own = crate::pki::Identity::self_signed(&params, pki::rsa_key()).unwrap().into();
    for mut client in [of_ca, own] {
        client.chain = vec![pki::with_sha1(client.leaf()).into()];
        site.pins = [&pin(&client)].into_iter().collect();
        assert_accepted(&site.server_without_ca(), &site.client(&client)).await;
    }
}

#[tokio::test]
async fn refuses_a_self_signed_certificate_that_is_not_pinned() {
    let mut site = Site::new();
    site.pins = [&pin(&self_signed(&device("ct1.example")))].into_iter().collect();
    let stranger = site.client(&self_signed(&device("ct1.example")));
    assert_refused(&site.server(), &stranger, HandshakeFault::UnknownIssuer).await;
    assert_refused(&site.server_without_ca(), &stranger, HandshakeFault::UnknownIssuer).await;
}

#[tokio::test]
async fn takes_no_name_for_a_pin() {
    let names = [Matcher::san_dns("ct1.example").unwrap(), Matcher::san_uri("urn:ct1").unwrap()];
    assert!(names.iter().collect::<Pins>().is_empty());
}

#[tokio::test]
async fn refuses_a_pinned_certificate_out_of_its_time() {
    let mut site = Site::new();
    let mut params = device("ct1.example");
    params.not_after = moment(-60).into();
    let expired = self_signed(&params);
    params.not_before = moment(DAY).into();
    params.not_after = moment(2 * DAY).into();
    let early = self_signed(&params);
    site.pins = [&pin(&expired), &pin_key(&early)].into_iter().collect();
    let server = site.server_without_ca();
    assert_refused(&server, &site.client(&expired), HandshakeFault::CertificateExpired).await;
    assert_refused(&server, &site.client(&early), HandshakeFault::CertificateNotYetValid).await;
}

#[tokio::test]
async fn refuses_a_pinned_certificate_without_its_key() {
    let mut site = Site::new();
    let client = self_signed(&device("ct1.example"));
    let thief = client.clone_with_key_of(&self_signed(&device("thief.example")));
    for pin in [pin(&client), pin_key(&client)] {
        site.pins = [&pin].into_iter().collect();
        let server = site.server_without_ca();
        assert_refused(&server, &site.client(&thief), HandshakeFault::WrongKey).await;
    }
}

#[tokio::test]
async fn refuses_a_pinned_certificate_that_its_ca_has_revoked() {
    let mut site = Site::new();
    // Without clientAuth, and on a list long past its time: revoked is revoked.
    let client = site.client_ca.server("ct1.example");
    site.pins = [&pin(&client)].into_iter().collect();
    site.crls = vec![site.client_ca.crl(-DAY, &[&client])];
    let server = site.server();
    assert_refused(&server, &site.client(&client), HandshakeFault::CertificateRevoked).await;
}

#[tokio::test]
async fn accepts_a_pinned_certificate_of_unknown_revocation_status() {
    let mut site = Site::new();
    let client = self_signed(&device("ct1.example"));
    site.pins = [&pin(&client)].into_iter().collect();
    site.crls = vec![site.client_ca.crl(DAY, &[])];
    assert_accepted(&site.server(), &site.client(&client)).await;
}

#[tokio::test]
async fn refuses_a_pinned_version_1_certificate() {
    let mut site = Site::new();
    let client = site.client_ca.issue_v1();
    site.pins = [&pin(&client)].into_iter().collect();
    let server = site.server_without_ca();
    assert_refused(&server, &site.client(&client), HandshakeFault::CertificateVersion).await;
}

#[tokio::test]
async fn refuses_a_pinned_key_that_is_too_short() {
    let mut site = Site::new();
    let client = site.client_ca.issue_for(&pki::rsa_spki(128));
    site.pins = [&pin(&client)].into_iter().collect();
    let server = site.server_without_ca();
    assert_refused(&server, &site.client(&client), HandshakeFault::ShortRsaKey).await;
}
