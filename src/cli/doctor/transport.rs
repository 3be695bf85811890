//! TLS at a port: which versions, which certificate, and whether one of ours is asked for.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme, crypto::WebPkiSupportedAlgorithms,
};

use super::door::Silence;
use super::hello::{self, Answer, OLD};
use crate::cli::client::dial;
use crate::cli::client::tls::{self, TlsTrouble};

/// What was seen.
#[derive(Debug)]
pub(super) struct Seen {
    /// Versions that are spoken, and should not be.
    pub(super) old: Vec<&'static str>,
    /// The one that this side agreed on with it.
    pub(super) version: Option<&'static str>,
    pub(super) certificate: Option<CertificateDer<'static>>,
    /// Whether it asks for a certificate of the client.
    pub(super) asks: bool,
    /// What the connections after this one use.
    pub(super) config: Arc<ClientConfig>,
    pub(super) name: ServerName<'static>,
}

/// Looks.
///
/// # Errors
///
/// No TLS is spoken.
pub(super) async fn look(at: SocketAddr, host: &str, patience: Duration) -> Result<Seen, Silence> {
    let recorder = Arc::new(Recorder::new());
    let config = config(&recorder).ok_or(Silence::Other)?;
    let name = ServerName::try_from(host.to_owned()).unwrap_or_else(|_| at.ip().into());
    let socket = dial::connect(at, patience).await.map_err(|_unconnected| Silence::Closed)?;
    let shaken = tls::handshake(Arc::clone(&config), name.clone(), socket, patience).await;
    let (version, silence) = match &shaken {
        Ok(stream) => (Some(version(stream.get_ref().1.protocol_version())), Silence::Other),
        Err(TlsTrouble::NotTls) => return Err(Silence::Other),
        Err(trouble) => (None, trouble.into()),
    };
    let spoke = matches!(&shaken, Ok(_) | Err(TlsTrouble::Alert(_)));
    drop(shaken);
    let mut old = Vec::new();
    let mut is_tls = spoke || recorder.saw_certificate();
    for (minor, words) in OLD {
        match hello::offer(at, minor, patience).await {
            Answer::Spoken => {
                is_tls = true;
                old.push(words);
            }
            Answer::Refused => is_tls = true,
            // Nobody there speaks it: two more attempts would be in vain, and slow.
            Answer::Nothing if !is_tls && minor > 0 => return Err(silence),
            Answer::Nothing => {}
        }
    }
    let certificate = recorder.certificate();
    let asks = recorder.asked.load(Ordering::Relaxed);
    if !is_tls {
        return Err(silence);
    }
    Ok(Seen { old, version, certificate, asks, config, name })
}

fn version(version: Option<rustls::ProtocolVersion>) -> &'static str {
    if version == Some(rustls::ProtocolVersion::TLSv1_2) { "TLS 1.2" } else { "TLS 1.3" }
}

fn config(recorder: &Arc<Recorder>) -> Option<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(recorder) as Arc<dyn ServerCertVerifier>)
        .with_client_cert_resolver(Arc::clone(recorder) as Arc<dyn ResolvesClientCert>);
    config.resumption = Resumption::disabled();
    Some(Arc::new(config))
}

/// Takes whatever certificate comes, as it is judged later and nothing secret is sent, and has none
/// itself.
#[derive(Debug)]
struct Recorder {
    certificate: Mutex<Option<CertificateDer<'static>>>,
    asked: AtomicBool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Recorder {
    fn new() -> Self {
        let algorithms =
            rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        Self { certificate: Mutex::new(None), asked: AtomicBool::new(false), algorithms }
    }

    fn certificate(&self) -> Option<CertificateDer<'static>> {
        self.certificate.lock().ok()?.clone()
    }

    fn saw_certificate(&self) -> bool {
        self.certificate().is_some()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Ok(mut certificate) = self.certificate.lock() {
            *certificate = Some(end_entity.clone().into_owned());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ResolvesClientCert for Recorder {
    fn resolve(
        &self,
        _root_hint_subjects: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}
