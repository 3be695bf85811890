//! A rustls client that can be bent out of shape.

use std::sync::{Arc, Mutex};

use pacsgate_core::certificate::Accepted;
use rustls::client::ResolvesClientCert;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, CipherSuite, ClientConfig, DigitallySignedStruct, Error, ProtocolVersion,
    RootCertStore, SignatureScheme, SupportedProtocolVersion,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsConnector;

use super::super::{HandshakeFault, Server, Shown};
use super::pki::{Authority, Credentials};

pub(super) const BOTH: [&SupportedProtocolVersion; 2] =
    [&rustls::version::TLS12, &rustls::version::TLS13];

#[derive(Clone)]
pub(super) struct Client {
    pub(super) provider: CryptoProvider,
    pub(super) versions: Vec<&'static SupportedProtocolVersion>,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) sni: bool,
    /// Without: whatever the provider verifies.
    pub(super) schemes: Option<Vec<SignatureScheme>>,
    roots: Arc<RootCertStore>,
    shown: Arc<Resolver>,
}

/// What both sides make of a connection.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) gate: Result<Accepted, HandshakeFault>,
    /// The gate has let a client through that showed nothing.
    pub(super) is_bare: bool,
    /// The alert that came, in the audit's words, or another failure.
    pub(super) client: Result<(), String>,
    pub(super) shown_by_gate: Option<CertificateDer<'static>>,
    pub(super) version: Option<ProtocolVersion>,
    pub(super) resumed: bool,
}

impl Client {
    pub(super) fn new(trusts: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(trusts.certificate()).unwrap();
        Self {
            provider: aws_lc_rs::default_provider(),
            versions: BOTH.to_vec(),
            alpn: Vec::new(),
            sni: true,
            schemes: None,
            roots: Arc::new(roots),
            shown: Arc::default(),
        }
    }

    pub(super) fn with(mut self, credentials: &Credentials) -> Self {
        let key = self.provider.key_provider.load_private_key(credentials.key.clone_key());
        let key = CertifiedKey::new(credentials.chain.clone(), key.unwrap());
        self.shown = Arc::new(Resolver { key: Some(Arc::new(key)), ..Resolver::default() });
        self
    }

    pub(super) fn version(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    pub(super) fn suites(mut self, wanted: impl Fn(CipherSuite) -> bool) -> Self {
        self.provider.cipher_suites.retain(|suite| wanted(suite.suite()));
        self
    }

    /// The CA names of the certificate requests so far.
    pub(super) fn hints(&self) -> Vec<Vec<Vec<u8>>> {
        self.shown.hints.lock().unwrap().clone()
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        let provider = Arc::new(self.provider.clone());
        let inner = WebPkiServerVerifier::builder_with_provider(
            Arc::clone(&self.roots),
            Arc::clone(&provider),
        )
        .build()
        .unwrap();
        let verifier = Verifier { inner, schemes: self.schemes.clone() };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions)
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::clone(&self.shown) as Arc<dyn ResolvesClientCert>);
        config.alpn_protocols.clone_from(&self.alpn);
        config.enable_sni = self.sni;
        Arc::new(config)
    }
}

/// One connection of a client that keeps no session.
pub(super) async fn connect(server: &Server, client: &Client) -> Outcome {
    connect_with(server, client.config()).await
}

/// One connection; the configuration may hold sessions of earlier ones.
pub(super) async fn connect_with(server: &Server, client: Arc<ClientConfig>) -> Outcome {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (gate, (client, seen)) = tokio::join!(serve(server, near), visit(client, far));
    let is_bare = gate == Ok(Shown::Nothing);
    let gate = gate.and_then(|shown| match shown {
        Shown::Certificate(accepted) => Ok(accepted),
        Shown::Nothing => Err(HandshakeFault::CertificateMissing),
    });
    Outcome {
        gate,
        is_bare,
        client,
        shown_by_gate: seen.certificate,
        version: seen.version,
        resumed: seen.resumed,
    }
}

async fn serve(server: &Server, io: DuplexStream) -> Result<Shown, HandshakeFault> {
    let (mut stream, shown) = server.accept(io).await.map_err(|failure| failure.fault)?;
    stream.write_all(b"!").await.unwrap();
    stream.flush().await.unwrap();
    Ok(shown)
}

#[derive(Default)]
struct SeenByClient {
    certificate: Option<CertificateDer<'static>>,
    version: Option<ProtocolVersion>,
    resumed: bool,
}

/// In TLS 1.3 the refusal comes with the first read, after the client's own handshake.
async fn visit(config: Arc<ClientConfig>, io: DuplexStream) -> (Result<(), String>, SeenByClient) {
    let name = ServerName::try_from("gate.example").unwrap();
    let mut stream = match TlsConnector::from(config).connect(name, io).await {
        Ok(stream) => stream,
        Err(error) => return (Err(words(&error)), SeenByClient::default()),
    };
    let read = stream.read_u8().await;
    let connection = stream.get_ref().1;
    let seen = SeenByClient {
        certificate: connection
            .peer_certificates()
            .and_then(|chain| chain.first())
            .map(|leaf| leaf.clone().into_owned()),
        version: connection.protocol_version(),
        resumed: connection.handshake_kind() == Some(rustls::HandshakeKind::Resumed),
    };
    (read.map(|_| ()).map_err(|error| words(&error)), seen)
}

fn words(error: &std::io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::AlertReceived(alert)) => format!("TLS alert {}", snake(*alert)),
        Some(other) => other.to_string(),
        None => error.to_string(),
    }
}

/// `UnknownCA` as RFC 8446 writes it: `unknown_ca`.
fn snake(alert: AlertDescription) -> String {
    let mut out = String::new();
    let mut after_lower = false;
    for letter in format!("{alert:?}").chars() {
        if after_lower && letter.is_ascii_uppercase() {
            out.push('_');
        }
        after_lower = letter.is_ascii_lowercase();
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// Shows one certificate, whatever the gate asks for, and remembers what it asked for.
#[derive(Debug, Default)]
struct Resolver {
    key: Option<Arc<CertifiedKey>>,
    hints: Mutex<Vec<Vec<Vec<u8>>>>,
}

impl ResolvesClientCert for Resolver {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.hints.lock().unwrap().push(hints.iter().map(|hint| hint.to_vec()).collect());
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}

/// Verifies the gate, offering fewer signature schemes than it could.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    schemes: Option<Vec<SignatureScheme>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.inner.verify_server_cert(end_entity, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone().unwrap_or_else(|| self.inner.supported_verify_schemes())
    }
}
