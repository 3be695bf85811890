//! What the two sides agree on before any certificate is judged.

use rustls::{CipherSuite, ProtocolVersion, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::dated::Certificates;
use super::pki::{self, DAY, moment, rsa_key};
use super::*;

/// A gate with an ECDSA certificate, then an RSA one; and these two certificates.
fn two_identities(site: &Site) -> (Server, [CertificateDer<'static>; 2]) {
    let ecdsa = site.gate_ca.server("gate.example");
    let rsa = site.gate_ca.server_with("gate.example", rsa_key());
    let mut settings = site.settings(vec![site.client_ca.certificate()]);
    settings.identities = vec![ecdsa.identity(), rsa.identity()];
    (Server::new(settings).unwrap(), [ecdsa.leaf().clone(), rsa.leaf().clone()])
}

fn client(site: &Site) -> Client {
    site.client(&site.client_ca.client("ct1.example"))
}

fn is_ecdhe_rsa(suite: CipherSuite) -> bool {
    format!("{suite:?}").starts_with("TLS_ECDHE_RSA")
}

#[tokio::test]
async fn speaks_tls_1_2_and_1_3() {
    let site = Site::new();
    let versions = [ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3];
    for (offered, spoken) in BOTH.into_iter().zip(versions) {
        let outcome = connect(&site.server(), &client(&site).version(offered)).await;
        assert_eq!(outcome.version, Some(spoken));
    }
    let outcome = connect(&site.server(), &client(&site)).await;
    assert_eq!(outcome.version, Some(ProtocolVersion::TLSv1_3));
}

#[tokio::test]
async fn shows_the_preferred_certificate_to_a_client_that_can_verify_both() {
    let site = Site::new();
    let (server, [ecdsa, _]) = two_identities(&site);
    for version in BOTH {
        let outcome = connect(&server, &client(&site).version(version)).await;
        assert_eq!(outcome.shown_by_gate.as_ref(), Some(&ecdsa));
    }
}

#[tokio::test]
async fn shows_the_rsa_certificate_to_a_tls_1_2_client_with_rsa_suites_only() {
    let site = Site::new();
    let (server, [_, rsa]) = two_identities(&site);
    let client = client(&site).version(&rustls::version::TLS12).suites(is_ecdhe_rsa);
    let outcome = connect(&server, &client).await;
    assert_eq!(outcome.shown_by_gate, Some(rsa));
    outcome.gate.unwrap();
}

#[tokio::test]
async fn shows_the_certificate_whose_signatures_the_client_verifies() {
    let site = Site::new();
    let (server, [ecdsa, rsa]) = two_identities(&site);
    let offers =
        [(SignatureScheme::ECDSA_NISTP256_SHA256, ecdsa), (SignatureScheme::RSA_PSS_SHA256, rsa)];
    for (scheme, expected) in offers {
        for version in BOTH {
            let mut client = client(&site).version(version);
            client.schemes = Some(vec![scheme]);
            let outcome = connect(&server, &client).await;
            assert_eq!(outcome.shown_by_gate.as_ref(), Some(&expected), "{scheme:?}");
        }
    }
}

#[tokio::test]
async fn refuses_a_client_that_can_verify_no_certificate_of_the_gate() {
    let site = Site::new();
    let rsa_only = client(&site).version(&rustls::version::TLS12).suites(is_ecdhe_rsa);
    let fault = HandshakeFault::NoCommonCipher;
    let outcome = connect(&site.server(), &rsa_only).await;
    assert_eq!(outcome.gate.err(), Some(fault));
    assert_eq!(outcome.client.err().as_deref(), Some(fault.answer().to_string().as_str()));
    let mut rsa_only = client(&site);
    rsa_only.schemes = Some(vec![SignatureScheme::RSA_PSS_SHA256]);
    assert_refused(&site.server(), &rsa_only, fault).await;
}

#[tokio::test]
async fn needs_no_server_name() {
    let site = Site::new();
    let mut client = client(&site);
    client.sni = false;
    assert_accepted(&site.server(), &client).await;
}

#[tokio::test]
async fn accepts_the_application_protocol_dicom_among_others() {
    let site = Site::new();
    let mut client = client(&site);
    for alpn in [vec![b"dicom".to_vec()], vec![b"h2".to_vec(), b"dicom".to_vec()]] {
        client.alpn = alpn;
        assert_accepted(&site.server(), &client).await;
    }
}

#[tokio::test]
async fn refuses_other_application_protocols() {
    let site = Site::new();
    let mut client = client(&site);
    client.alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    assert_refused(&site.server(), &client, HandshakeFault::ApplicationProtocol).await;
}

#[tokio::test]
async fn names_no_ca_in_the_certificate_request() {
    let site = Site::new();
    let client = client(&site);
    assert_accepted(&site.server(), &client).await;
    assert_eq!(client.hints(), [Vec::<Vec<u8>>::new(), Vec::new()]);
}

#[tokio::test]
async fn names_a_gate_that_the_client_does_not_trust() {
    let site = Site::new();
    let client = Client::new(&site.client_ca).with(&site.client_ca.client("ct1.example"));
    for version in BOTH {
        let outcome = connect(&site.server(), &client.clone().version(version)).await;
        assert_eq!(outcome.gate.err(), Some(HandshakeFault::ServerCertificateRefused));
    }
}

/// A ClientHello of an older version, with one suite.
fn client_hello(minor: u8, extensions: &[u8]) -> Vec<u8> {
    let length = u8::try_from(extensions.len()).unwrap();
    let mut hello = vec![22, 3, 1, 0, 45 + length, 1, 0, 0, 41 + length, 3, minor];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0, 0x2f, 1, 0]);
    hello.extend(extensions);
    hello
}

/// What the gate makes of raw bytes followed by the end, and what it answers.
async fn raw(server: &Server, bytes: &[u8]) -> (HandshakeFault, Vec<u8>) {
    let (near, mut far) = tokio::io::duplex(64 * 1024);
    far.write_all(bytes).await.unwrap();
    far.shutdown().await.unwrap();
    let failure = server.accept(near).await.unwrap_err();
    drop(failure.socket);
    let mut answer = Vec::new();
    far.read_to_end(&mut answer).await.unwrap();
    (failure.fault, answer)
}

#[tokio::test]
async fn refuses_tls_1_0_and_1_1_by_name() {
    let server = Site::new().server();
    let signature_algorithms = [0, 8, 0, 13, 0, 4, 0, 2, 4, 1];
    for minor in [1, 2] {
        let (fault, answer) = raw(&server, &client_hello(minor, &[])).await;
        assert_eq!(fault, HandshakeFault::ProtocolVersion);
        assert_eq!(answer, [21, 3, 3, 0, 2, 2, 40], "handshake_failure");
        let (fault, answer) = raw(&server, &client_hello(minor, &signature_algorithms)).await;
        assert_eq!(fault, HandshakeFault::ProtocolVersion);
        assert_eq!(answer, [21, 3, 3, 0, 2, 2, 70], "protocol_version");
    }
}

#[tokio::test]
async fn tells_a_closed_connection_from_one_that_speaks_no_tls() {
    let server = Site::new().server();
    assert_eq!(raw(&server, b"").await.0, HandshakeFault::Closed);
    assert_eq!(raw(&server, &client_hello(3, &[])[..20]).await.0, HandshakeFault::Closed);
    assert_eq!(raw(&server, b"GET / HTTP/1.1\r\n\r\n").await.0, HandshakeFault::Malformed);
    assert_eq!(raw(&server, &[1, 0, 0, 0, 0, 68, 0, 1]).await.0, HandshakeFault::Malformed);
}

#[tokio::test]
async fn names_an_alert_that_ends_the_handshake() {
    let server = Site::new().server();
    let internal_error = [21, 3, 3, 0, 2, 2, 80];
    assert_eq!(raw(&server, &internal_error).await.0, HandshakeFault::ClientAlert);
}

#[test]
fn tells_of_its_own_certificates_from_thirty_days_before_their_end() {
    let site = Site::new();
    let mut params = pki::device("gate.example");
    params.not_after = moment(100 * DAY).into();
    let mut identity = site.gate_ca.issue(&params).identity();
    params.not_after = moment(50 * DAY).into();
    identity.chain.extend(site.gate_ca.issue(&params).chain);
    let own = Certificates::of_gate(&[identity]);
    let told = |days: i64| own.dates(moment(days * DAY + 60)).collect::<Vec<_>>();
    assert_eq!(told(19), [""; 0]);
    let [chain] = &told(20)[..] else { panic!("one is near its end") };
    assert!(
        chain.starts_with("the certificate \"CN=gate.example\" of the chain expires on "),
        "{chain}"
    );
    let [server, chain] = &told(71)[..] else { panic!("both are to be renewed") };
    assert!(server.ends_with("in 28 days; renew it"), "{server}");
    assert!(chain.contains(" expired on "), "{chain}");
    let ends: Vec<_> = own.ends().map(|end| end.duration_since(moment(0)).unwrap()).collect();
    assert!(ends[0] > ends[1] && ends[1].as_secs().abs_diff(50 * 86_400) < 10, "{ends:?}");
}

#[test]
fn tells_of_cas_near_their_end_and_of_no_others() {
    let mut site = Site::new();
    let ca = |name, days: i64| {
        let mut params = pki::authority(name);
        params.not_after = moment(days * DAY + 60).into();
        Authority::root_from(params)
    };
    site.gate = Authority::root("Other CA").issue(&{
        let mut params = pki::device("gate.example");
        params.not_after = moment(100 * DAY).into();
        params
    });
    let all = [ca("CA of 29 days", 29), ca("CA of 31 days", 31), ca("CA that has ended", -1)];
    let cas = all.iter().map(Authority::certificate).collect();
    let server = Server::new(site.settings(cas)).unwrap();
    let told: Vec<_> = server.dates(moment(0)).collect();
    let [soon, ended] = &told[..] else { panic!("{told:?}") };
    assert!(soon.starts_with("the CA \"CN=CA of 29 days\" expires on "), "{soon}");
    assert!(soon.ends_with(", in 29 days; renew it"), "{soon}");
    assert!(ended.starts_with("the CA \"CN=CA that has ended\" expired on "), "{ended}");
}

#[test]
fn a_client_that_does_not_say_why_it_refuses_an_ended_certificate_is_understood() {
    let site = Site::new();
    let mut params = pki::device("gate.example");
    params.not_after = moment(-60).into();
    let ended = Certificates::of_gate(&[site.gate_ca.issue(&params).identity()]);
    let good = Certificates::of_gate(&[site.gate.identity()]);
    let refused = HandshakeFault::ServerCertificateRefused;
    assert_eq!(ended.explain(refused), HandshakeFault::ServerCertificateExpired);
    assert_eq!(good.explain(refused), refused);
    assert_eq!(ended.explain(HandshakeFault::Closed), HandshakeFault::Closed);
}
