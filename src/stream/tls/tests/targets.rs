//! A [`Outgoing`] client against servers that are bent out of shape.

use std::net::SocketAddr;
use std::sync::Arc;

use pacsgate_core::certificate::{Digest, Matcher};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::DnsName;
use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::super::{Client as Outgoing, OutgoingFault, OutgoingSettings, OutgoingStream};
use super::client::BOTH;
use super::pki::{self, Authority, Credentials, DAY, moment};
use super::{Duration, Pins, SettingsError};
use crate::net::reset_on_close;
use crate::relay::target::{Unanswered, ask};
use crate::x509::reading::sha256;

const NAME: &str = "pacs.hospital.example";

/// The CA of the servers, and that of the gate's own certificate.
struct Hospital {
    server_ca: Authority,
    gate_ca: Authority,
}

/// Which clients a server takes.
#[derive(Clone, Copy)]
enum Takes {
    Anybody,
    Certified,
}

impl Hospital {
    fn new() -> Self {
        Self { server_ca: Authority::root("Server CA"), gate_ca: Authority::root("Gate CA") }
    }

    fn server(&self) -> Credentials {
        self.server_ca.server(NAME)
    }

    fn settings(&self) -> OutgoingSettings {
        OutgoingSettings {
            ca: vec![self.server_ca.certificate()],
            name: Some(DnsName::try_from(NAME).unwrap()),
            pins: Pins::default(),
            identity: Some(self.gate_ca.client("gate.example").identity()),
            crls: Vec::new(),
            crl_grace: Duration::ZERO,
        }
    }

    fn config(
        &self,
        server: &Credentials,
        takes: Takes,
        version: &'static SupportedProtocolVersion,
    ) -> Arc<ServerConfig> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.gate_ca.certificate()).unwrap();
        let (roots, of_clients) = (Arc::new(roots), Arc::clone(&provider));
        let clients = match takes {
            Takes::Anybody => WebPkiClientVerifier::no_client_auth(),
            Takes::Certified => {
                let builder = WebPkiClientVerifier::builder_with_provider(roots, of_clients);
                builder.build().unwrap()
            }
        };
        let key = aws_lc_rs::default_provider().key_provider;
        let key = key.load_private_key(server.key.clone_key()).unwrap();
        let shown = rustls::sign::CertifiedKey::new(server.chain.clone(), key);
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)));
        Arc::new(config)
    }
}

/// Both ends of a new connection.
async fn pair() -> (TcpStream, TcpStream, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
    (near.unwrap(), far.unwrap().0, address)
}

/// What becomes of one connection: how TLS came up, if it did.
async fn connect(
    client: &Outgoing,
    config: Arc<ServerConfig>,
) -> Result<HandshakeKind, OutgoingFault> {
    let (near, far, address) = pair().await;
    let serve = async {
        let mut stream = TlsAcceptor::from(config).accept(far).await.ok()?;
        stream.write_all(b"!").await.ok()?;
        stream.flush().await.ok()?;
        // It stays until the client has gone.
        stream.read_u8().await.ok()
    };
    let visit = async {
        let mut stream = client.connect(address.ip(), near).await.map_err(|it| it.fault)?;
        first_read(&mut stream).await
    };
    tokio::join!(visit, serve).0
}

/// In TLS 1.3 the refusal comes with the first read.
async fn first_read(stream: &mut OutgoingStream) -> Result<HandshakeKind, OutgoingFault> {
    match stream.read_u8().await {
        Ok(_) => Ok(stream.state().handshake_kind().unwrap()),
        Err(error) => Err(OutgoingFault::of_read(&error).unwrap_or(OutgoingFault::Closed)),
    }
}

async fn assert_outcome(
    hospital: &Hospital,
    settings: impl Fn() -> OutgoingSettings,
    server: &Credentials,
    takes: Takes,
    fault: Option<OutgoingFault>,
) {
    for version in BOTH {
        let client = Outgoing::new(settings()).unwrap();
        let outcome = connect(&client, hospital.config(server, takes, version)).await;
        assert_eq!(outcome.err(), fault, "{version:?}");
    }
}

/// What the gate says of a server's certificate.
async fn judge(server: impl Fn(&Hospital) -> Credentials, fault: Option<OutgoingFault>) {
    let hospital = Hospital::new();
    let server = server(&hospital);
    assert_outcome(&hospital, || hospital.settings(), &server, Takes::Certified, fault).await;
}

/// A certificate without extended key usage, which is usual of servers.
fn plain(change: impl Fn(&mut rcgen::CertificateParams)) -> impl Fn(&Hospital) -> Credentials {
    move |hospital| {
        let mut params = pki::device(NAME);
        params.extended_key_usages.clear();
        change(&mut params);
        hospital.server_ca.issue(&params)
    }
}

#[tokio::test]
async fn shakes_hands_with_the_named_server_and_never_resumes() {
    let hospital = Hospital::new();
    for version in BOTH {
        let client = Outgoing::new(hospital.settings()).unwrap();
        // The server would: it keeps sessions, and sends tickets.
        let mut config = hospital.config(&hospital.server(), Takes::Certified, version);
        Arc::get_mut(&mut config).unwrap().send_tls13_tickets = 2;
        for _ in 0..2 {
            let kind = connect(&client, Arc::clone(&config)).await.unwrap();
            assert_eq!(kind, HandshakeKind::Full, "{version:?}");
        }
    }
}

#[tokio::test]
async fn takes_alternative_names_only() {
    judge(|it| it.server_ca.server("other.hospital.example"), Some(OutgoingFault::OtherName)).await;
    judge(plain(|it| it.subject_alt_names.clear()), Some(OutgoingFault::OtherName)).await;
    judge(|it| it.server_ca.server("*.hospital.example"), None).await;
    judge(|it| it.server_ca.server("*.example"), Some(OutgoingFault::OtherName)).await;
}

#[tokio::test]
async fn judges_issuer_dates_and_purpose() {
    let stranger = |_: &Hospital| Authority::root("Server CA").server(NAME);
    judge(stranger, Some(OutgoingFault::UnknownIssuer)).await;
    let dated = |from, to| {
        plain(move |it| (it.not_before, it.not_after) = (moment(from).into(), moment(to).into()))
    };
    judge(dated(-DAY, DAY), None).await;
    judge(dated(-2 * DAY, -DAY), Some(OutgoingFault::Expired)).await;
    judge(dated(DAY, 2 * DAY), Some(OutgoingFault::NotYetValid)).await;
    judge(|it| it.server_ca.client(NAME), Some(OutgoingFault::Usage)).await;
    judge(|it| it.server_ca.issue_v1(), Some(OutgoingFault::Unusable)).await;
}

#[tokio::test]
async fn says_that_a_certificate_is_shown_by_one_without_its_key() {
    let another = pki::self_signed(&pki::device("another.example"));
    judge(|it| it.server().clone_with_key_of(&another), Some(OutgoingFault::WrongKey)).await;
}

#[tokio::test]
async fn says_that_a_chain_is_too_long_to_be_read() {
    let long = |it: &Hospital| {
        let mut server = it.server();
        let more = (0..10).map(|at| Authority::root(&format!("CA {at}")).certificate());
        server.chain.extend(more);
        server
    };
    judge(long, Some(OutgoingFault::TooLarge)).await;
}

#[tokio::test]
async fn asks_the_revocation_lists() {
    let hospital = Hospital::new();
    let server = hospital.server();
    let cases = [
        (DAY, false, None),
        (DAY, true, Some(OutgoingFault::Revoked)),
        (-DAY, false, Some(OutgoingFault::Lists)),
        (-DAY, true, Some(OutgoingFault::Revoked)),
    ];
    for (next_update, is_revoked, fault) in cases {
        let revoked: &[&Credentials] = if is_revoked { &[&server] } else { &[] };
        let settings = || OutgoingSettings {
            crls: vec![hospital.server_ca.crl(next_update, revoked)],
            ..hospital.settings()
        };
        assert_outcome(&hospital, settings, &server, Takes::Certified, fault).await;
    }
    let late = || OutgoingSettings {
        crls: vec![hospital.server_ca.crl(-DAY, &[])],
        crl_grace: Duration::from_secs(2 * 86_400),
        ..hospital.settings()
    };
    assert_outcome(&hospital, late, &server, Takes::Certified, None).await;
}

#[tokio::test]
async fn trusts_a_pin_by_itself_but_for_its_dates() {
    let hospital = Hospital::new();
    let pinned = |digest: Digest| OutgoingSettings {
        ca: Vec::new(),
        name: None,
        pins: [Matcher::CertSha256(digest)].iter().collect(),
        ..hospital.settings()
    };
    let mut params = pki::device("anything.example");
    params.extended_key_usages.clear();
    let server = pki::self_signed(&params);
    let of = |server: &Credentials| sha256(server.leaf());
    let (its, another) = (|| pinned(of(&server)), || pinned(Digest([7; 32])));
    assert_outcome(&hospital, its, &server, Takes::Certified, None).await;
    let unknown = Some(OutgoingFault::UnknownIssuer);
    assert_outcome(&hospital, another, &server, Takes::Certified, unknown).await;
    (params.not_before, params.not_after) = (moment(-2 * DAY).into(), moment(-DAY).into());
    let ended = pki::self_signed(&params);
    let its = || pinned(of(&ended));
    assert_outcome(&hospital, its, &ended, Takes::Certified, Some(OutgoingFault::Expired)).await;
}

#[tokio::test]
async fn hears_that_the_server_refuses_its_certificate_or_misses_one() {
    let hospital = Hospital::new();
    let (server, refused) = (hospital.server(), Some(OutgoingFault::RefusesUs));
    let bare = || OutgoingSettings { identity: None, ..hospital.settings() };
    assert_outcome(&hospital, bare, &server, Takes::Certified, refused).await;
    assert_outcome(&hospital, bare, &server, Takes::Anybody, None).await;
    let stranger = Authority::root("Another CA").client("gate.example");
    let foreign =
        || OutgoingSettings { identity: Some(stranger.identity()), ..hospital.settings() };
    assert_outcome(&hospital, foreign, &server, Takes::Certified, refused).await;
    let not_asked = Some(OutgoingFault::AsksForNone);
    assert_outcome(&hospital, || hospital.settings(), &server, Takes::Anybody, not_asked).await;
}

#[tokio::test]
async fn names_what_answers_without_tls_and_what_gives_up() {
    let client = Outgoing::new(Hospital::new().settings()).unwrap();
    let alert = |description: u8| vec![0x15, 3, 3, 0, 2, 2, description];
    let answers = [
        // An A-ABORT, as a server without TLS answers.
        (vec![7, 0, 0, 0, 0, 4, 0, 0, 2, 0], OutgoingFault::NotTls),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), OutgoingFault::NotTls),
        (Vec::new(), OutgoingFault::Closed),
        (alert(70), OutgoingFault::NothingInCommon),
        // handshake_failure, before anything is in common.
        (alert(40), OutgoingFault::NothingInCommon),
        (alert(80), OutgoingFault::Alert),
    ];
    for (answer, fault) in answers {
        let (near, mut far, address) = pair().await;
        let serve = async {
            // All that the client says: what is left unread would reset the connection.
            let mut hello = vec![0; 64 * 1024];
            assert_ne!(far.read(&mut hello).await.unwrap(), 0);
            far.write_all(&answer).await.unwrap();
            drop(far);
        };
        let (outcome, ()) = tokio::join!(client.connect(address.ip(), near), serve);
        assert_eq!(outcome.err().map(|it| it.fault), Some(fault), "{answer:?}");
    }
}

/// Over a real connection: the alert waits to be read, behind it the reset that fails the request.
#[tokio::test]
async fn hears_a_refusal_behind_which_the_connection_was_reset() {
    let hospital = Hospital::new();
    let bare = OutgoingSettings { identity: None, ..hospital.settings() };
    let client = Outgoing::new(bare).unwrap();
    let config = hospital.config(&hospital.server(), Takes::Certified, &rustls::version::TLS13);
    let (near, far, address) = pair().await;
    reset_on_close(&far);
    let serve = async { assert!(TlsAcceptor::from(config).accept(far).await.is_err()) };
    let (stream, ()) = tokio::join!(client.connect(address.ip(), near), serve);
    let mut stream = stream.unwrap();
    let Err(Unanswered::Ended(error)) = ask(&mut stream, b"request").await else {
        panic!("an answer from a connection that was reset")
    };
    assert_eq!(OutgoingFault::of_read(&error), Some(OutgoingFault::RefusesUs), "{error:?}");
}

#[test]
fn does_not_load_where_nothing_is_trusted() {
    let nothing = OutgoingSettings { ca: Vec::new(), ..Hospital::new().settings() };
    assert_eq!(Outgoing::new(nothing).unwrap_err(), [SettingsError::NothingTrusted]);
}
