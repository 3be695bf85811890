//! TLS on the requestors' side (PS3.15 B.12, BCP 195): who may speak, before a byte of DICOM.
//!
//! A [`Server`] is made once from [`Settings`] and serves every connection of a listener. Its
//! [`Server::accept`] ends in a stream together with the certificate that proved its holder, or
//! in one [`HandshakeFault`] with the certificate that was refused. Where the settings let a client
//! show none, that is told as [`Shown::Nothing`]; one that is shown and refused never is.
//!
//! What does not exist here: session resumption (a resumed session would never meet the
//! verifier), early data, OCSP, names of CAs in the certificate request.

mod crl;
mod dated;
mod fault;
mod identity;
mod outgoing;

mod path;
mod remembered;
mod seen;
mod settings;
mod signature;
#[cfg(test)]
mod tests;
mod verifier;

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use pacsgate_core::certificate::{Accepted, Certificate};
use pacsgate_core::quoted::Quoted;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::{HandshakeKind, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub use fault::HandshakeFault;
pub use outgoing::{Client, OutgoingFailure, OutgoingFault, OutgoingSettings, OutgoingStream};
pub use settings::{ClientCa, ClientCertificate, Exempt, Identity, Pins, Settings, SettingsError};
pub use verifier::MAX_CHAIN_BYTES;

use dated::Certificates;
use identity::Identities;
use seen::Seen;
use verifier::ClientVerifier;

use crate::x509::validity::Dated;

/// The TLS side of a listener: one configuration, shared by its connections.
#[derive(Clone, Debug)]
pub struct Server {
    config: Arc<ServerConfig>,
    verifier: Arc<ClientVerifier>,
    own: Certificates,
    cas: Certificates,
}

/// What a client has shown in a handshake that ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A certificate, and that it has the key.
    Certificate(Accepted),
    /// No certificate, which it may do here: it can be anybody.
    Nothing,
}

/// A handshake that did not end in an accepted certificate.
#[derive(Debug)]
pub struct HandshakeFailure<IO> {
    /// Why.
    pub fault: HandshakeFault,
    /// The certificate that the client has shown, if it came that far and could be read. Whether it
    /// has the key is not said: for the audit only.
    pub presented: Option<Box<Certificate>>,
    /// Whether that is pinned, or was issued by a configured CA. All others anybody can make.
    pub is_vouched_for: bool,
    /// What the verifier, rustls or the system said, for the detail of the audit line: peer text,
    /// unescaped.
    pub error: io::Error,
    /// The transport. The alert has been written to it; the peer may still have to read it.
    pub io: IO,
}

impl Server {
    /// Prepares the settings, warning of lists that no configured CA has issued.
    ///
    /// # Errors
    /// All the settings that cannot be used.
    pub fn new(mut settings: Settings) -> Result<Self, Vec<SettingsError>> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut errors = Vec::new();
        let own = Certificates::of_gate(&settings.identities);
        let cas = Certificates::of_cas(&settings.client_ca);
        let identities = std::mem::take(&mut settings.identities);
        let identities = Identities::new(identities, &provider, &mut errors);
        let algorithms = provider.signature_verification_algorithms;
        let verifier = ClientVerifier::new(settings, algorithms, &mut errors);
        let (Some(identities), Some(verifier), true) = (identities, verifier, errors.is_empty())
        else {
            return Err(errors);
        };
        let verifier = Arc::new(verifier);
        let config = server_config(provider, identities, Arc::clone(&verifier));
        let config = Arc::new(config.map_err(|error| vec![error])?);
        Ok(Self { config, verifier, own, cas })
    }

    /// Judges once more a chain, leaf first, that a handshake has accepted, perhaps that of another
    /// server: its client has shown that it holds the key. `None` for a client without one.
    ///
    /// # Errors
    /// Why it would be refused now.
    pub fn judge_again(
        &self,
        chain: &[CertificateDer<'_>],
    ) -> Result<Option<Accepted>, HandshakeFault> {
        let Some((leaf, above)) = chain.split_first() else {
            let is_optional = self.verifier.is_optional();
            return if is_optional { Ok(None) } else { Err(HandshakeFault::CertificateMissing) };
        };
        self.verifier.judge(leaf, above, UnixTime::now()).map(Some)
    }

    /// What is to be said of the gate's own certificates, the CAs and revocation lists that are near an
    /// end of their time.
    pub fn dates(&self, now: SystemTime) -> impl Iterator<Item = String> {
        self.own.dates(now).chain(self.cas.dates(now)).chain(self.verifier.lists().dates(now))
    }

    /// The end of each of them, with what it is of.
    pub(crate) fn each_end(&self) -> impl Iterator<Item = (Dated, SystemTime)> {
        let lists = self.verifier.lists().each_end();
        self.own.each_end().chain(self.cas.each_end()).chain(lists)
    }

    /// Whether clients are known by a CA, so that a list can withdraw their certificates.
    pub fn has_cas(&self) -> bool {
        !self.cas.is_empty()
    }

    /// Whether there is a revocation list.
    pub fn has_lists(&self) -> bool {
        !self.verifier.lists().is_empty()
    }

    /// When they end.
    pub fn ends(&self) -> impl Iterator<Item = SystemTime> {
        self.own.ends().chain(self.cas.ends()).chain(self.verifier.lists().ends())
    }

    /// The CAs of which every certificate is refused, as their revocation lists have ended.
    pub fn silenced(&self, now: SystemTime) -> impl Iterator<Item = Quoted> {
        self.verifier.lists().ended(now)
    }

    /// Answers a client's handshake on `io`.
    ///
    /// It waits as long as the client likes: the caller sets the deadline. A chain and a pin are
    /// told apart in the certificate returned ([`Accepted::by`]).
    ///
    /// # Errors
    /// Whatever kept the handshake from ending in an accepted certificate.
    pub async fn accept<IO>(&self, io: IO) -> Result<(TlsStream<IO>, Shown), HandshakeFailure<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let handshake = TlsAcceptor::from(Arc::clone(&self.config)).accept(io).into_fallible();
        let (outcome, seen) = seen::during(handshake).await;
        match outcome {
            Ok(stream) => self.accepted(stream, seen),
            Err((error, io)) => {
                // What rustls says of a refused certificate only names the alert.
                let (fault, error) = match seen.fault() {
                    Some(fault) => {
                        let more = seen.more.clone().unwrap_or_else(|| fault.to_string());
                        (fault, io::Error::other(more))
                    }
                    None => (self.own.explain(HandshakeFault::from_error(&error)), error),
                };
                let Seen { presented, is_vouched_for, .. } = seen;
                Err(HandshakeFailure { fault, presented, is_vouched_for, error, io })
            }
        }
    }

    /// A handshake in which the verifier had no say (as in a resumed session) is no handshake, unless
    /// it was a whole one without a certificate.
    fn accepted<IO>(
        &self,
        stream: TlsStream<IO>,
        seen: Seen,
    ) -> Result<(TlsStream<IO>, Shown), HandshakeFailure<IO>> {
        let connection = stream.get_ref().1;
        let is_bare = connection.peer_certificates().is_none()
            && connection.handshake_kind().is_some_and(|kind| kind != HandshakeKind::Resumed);
        if self.verifier.is_optional() && is_bare && !seen.has_judged() {
            return Ok((stream, Shown::Nothing));
        }
        match seen.certificate() {
            Ok(certificate) => Ok((stream, Shown::Certificate(certificate))),
            Err(fault) => {
                let error = io::Error::other("no certificate was verified");
                let (presented, is_vouched_for, io) = (None, false, stream.into_inner().0);
                Err(HandshakeFailure { fault, presented, is_vouched_for, error, io })
            }
        }
    }
}

fn server_config(
    provider: Arc<CryptoProvider>,
    identities: Identities,
    verifier: Arc<ClientVerifier>,
) -> Result<ServerConfig, SettingsError> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SettingsError::Provider)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(identities));
    // A session that is resumed skips the verifier: revocation and a changed policy would not
    // reach it. The ticketer of rustls is off unless one is given.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config.alpn_protocols = vec![b"dicom".to_vec()];
    Ok(config)
}
