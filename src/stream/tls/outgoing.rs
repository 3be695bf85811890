//! TLS towards a target: the gate is the client, and judges the server by the same rules.

mod fault;
mod verifier;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pacsgate_core::certificate::{Ca, Certificate};
use pacsgate_core::quoted::Quoted;
use rustls::ClientConfig;
use rustls::SignatureScheme;
use rustls::client::{ResolvesClientCert, Resumption, UnbufferedClientConnection};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, DnsName, ServerName};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;

use super::dated::Certificates;
use super::identity;
use super::seen::{self, Seen};
use super::settings::{
    ClientCa, ClientCertificate, Exempt, Identity, Pins, Settings, SettingsError,
};
use super::stream::{TlsStream, Unshaken};
use super::verifier::ClientVerifier;
use crate::x509::validity::Dated;
pub use fault::OutgoingFault;
use verifier::ServerVerifier;

/// What TLS towards a target is made from, already read from its files.
#[derive(Debug)]
pub struct OutgoingSettings {
    /// The certificates of the CA from which the target's has to come.
    pub ca: Vec<CertificateDer<'static>>,
    /// The name that has to be in it then.
    pub name: Option<DnsName<'static>>,
    /// The certificates and keys that are trusted by themselves.
    pub pins: Pins,
    /// What the gate shows, if it shows any.
    pub identity: Option<Identity>,
    /// The revocation lists. With one of them every certificate of a chain needs a list.
    pub crls: Vec<CertificateRevocationListDer<'static>>,
    /// How long a list past its nextUpdate still serves.
    pub crl_grace: Duration,
}

/// TLS towards one target, shared by the connections to it.
#[derive(Clone, Debug)]
pub struct Client {
    config: Arc<ClientConfig>,
    name: Option<DnsName<'static>>,
    shows_certificate: bool,
    verifier: Arc<ServerVerifier>,
    own: Certificates,
    cas: Certificates,
}

/// A handshake with a target that did not end in a connection.
#[derive(Debug)]
pub struct OutgoingFailure {
    /// Why.
    pub fault: OutgoingFault,
    /// The certificate that the target has shown, if it came that far and could be read. Whether it
    /// has the key is not said: for the audit only.
    pub presented: Option<Box<Certificate>>,
    /// What the verifier, rustls or the system said besides: peer text, unescaped.
    pub said: Option<String>,
}

/// A stream to a target over TLS.
pub type OutgoingStream = TlsStream<TcpStream, UnbufferedClientConnection>;

impl Client {
    /// Prepares the settings.
    ///
    /// # Errors
    ///
    /// All the settings that cannot be used.
    pub fn new(settings: OutgoingSettings) -> Result<Self, Vec<SettingsError>> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut errors = Vec::new();
        let OutgoingSettings { ca, name, pins, identity, crls, crl_grace } = settings;
        let own = Certificates::of_gate(identity.as_slice());
        let certificates = ca.clone();
        let ca = if ca.is_empty() { None } else { Some(ClientCa { name: Ca::Only, certificates }) };
        let client_ca: Vec<_> = ca.into_iter().collect();
        let cas = Certificates::of_cas(&client_ca);
        let judged = Settings {
            identities: Vec::new(),
            client_certificate: ClientCertificate::Required,
            client_ca,
            crls,
            crl_grace,
            pins,
            exempt: Exempt::default(),
        };
        let algorithms = provider.signature_verification_algorithms;
        let verifier = ClientVerifier::new(judged, algorithms, &mut errors);
        let shown = identity.map(|identity| identity::certified_key(0, identity, &provider));
        let shown = match shown {
            Some(Err(error)) => {
                errors.push(error);
                None
            }
            Some(Ok(key)) => Some(key),
            None => None,
        };
        let (Some(verifier), true) = (verifier, errors.is_empty()) else { return Err(errors) };
        let verifier = Arc::new(ServerVerifier::new(verifier, name.clone(), algorithms));
        let shows_certificate = shown.is_some();
        let config = client_config(provider, Arc::clone(&verifier), shown, name.is_some());
        let config = Arc::new(config.map_err(|error| vec![error])?);
        Ok(Self { config, name, shows_certificate, verifier, own, cas })
    }

    /// Shakes hands with the target at this address.
    ///
    /// In TLS 1.3 that ends before the target has judged the gate's certificate: its refusal comes with
    /// the first read, see [`OutgoingFault::of_read`]. It waits as long as the target likes: the caller
    /// sets the deadline.
    ///
    /// # Errors
    ///
    /// Why there is no connection that both sides trust.
    pub async fn connect(
        &self,
        address: IpAddr,
        socket: TcpStream,
    ) -> Result<Box<OutgoingStream>, OutgoingFailure> {
        // Without a name there is a pin, and nothing is said of whom the gate wants.
        let name = match &self.name {
            Some(name) => ServerName::DnsName(name.clone()),
            None => ServerName::from(address),
        };
        let connection = UnbufferedClientConnection::new(Arc::clone(&self.config), name);
        let handshake = match connection {
            Ok(connection) => TlsStream::shake_hands(socket, connection),
            Err(error) => {
                let said = Some(error.to_string());
                return Err(OutgoingFailure { said, ..OutgoingFault::Other.into() });
            }
        };
        let (outcome, mut seen) = seen::during(handshake).await;
        let (fault, said) = match outcome.map_err(|(why, _)| why) {
            Err(Unshaken::TooLarge) => (OutgoingFault::TooLarge, None),
            Err(Unshaken::Failed(error)) => {
                // What rustls says of a refused certificate only names the alert.
                let said =
                    if seen.fault().is_some() { seen.more.take() } else { Some(error.to_string()) };
                (OutgoingFault::of_handshake(&error, &seen), said)
            }
            Ok(stream) => match self.is_verified(&seen) {
                Ok(()) => return Ok(stream),
                Err(fault) => (fault, None),
            },
        };
        Err(OutgoingFailure { fault, presented: seen.presented, said })
    }

    /// A handshake in which the verifier had no say is none; and who wants to prove who it is wants to
    /// be asked.
    fn is_verified(&self, seen: &Seen) -> Result<(), OutgoingFault> {
        if !seen.has_judged() || seen.fault().is_some() {
            return Err(OutgoingFault::Unverified);
        }
        if self.shows_certificate && !seen.was_asked {
            return Err(OutgoingFault::AsksForNone);
        }
        Ok(())
    }

    /// What is to be said of the gate's own certificate, the CA and revocation lists that are near an end
    /// of their time.
    pub fn dates(&self, now: SystemTime) -> impl Iterator<Item = String> {
        let lists = self.verifier.lists();
        self.own.dates(now).chain(self.cas.dates(now)).chain(lists.dates(now))
    }

    /// The end of each of them, with what it is of.
    pub(crate) fn each_end(&self) -> impl Iterator<Item = (Dated, SystemTime)> {
        let lists = self.verifier.lists().each_end();
        self.own.each_end().chain(self.cas.each_end()).chain(lists)
    }

    /// When they end.
    pub fn ends(&self) -> impl Iterator<Item = SystemTime> {
        self.own.ends().chain(self.cas.ends()).chain(self.verifier.lists().ends())
    }

    /// The CAs of which every certificate is refused, as their revocation lists have ended.
    pub fn silenced(&self, now: SystemTime) -> impl Iterator<Item = Quoted> {
        self.verifier.lists().ended(now)
    }
}

impl From<OutgoingFault> for OutgoingFailure {
    /// Of which there is no more to say.
    fn from(fault: OutgoingFault) -> Self {
        Self { fault, presented: None, said: None }
    }
}

/// What the gate shows a server that asks; whether it was asked is noted.
#[derive(Debug)]
struct Shown(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Shown {
    fn resolve(
        &self,
        _root_hint_subjects: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        seen::note_asked();
        let shown = self.0.as_ref()?;
        shown.key.choose_scheme(schemes).map(|_| Arc::clone(shown))
    }

    fn has_certs(&self) -> bool {
        // Asked or not is noted even where there is none to show.
        true
    }
}

fn client_config(
    provider: Arc<CryptoProvider>,
    verifier: Arc<ServerVerifier>,
    shown: Option<Arc<CertifiedKey>>,
    has_name: bool,
) -> Result<ClientConfig, SettingsError> {
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SettingsError::Provider)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_cert_resolver(Arc::new(Shown(shown)));
    // A session that is resumed skips the verifier.
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    config.enable_sni = has_name;
    Ok(config)
}
