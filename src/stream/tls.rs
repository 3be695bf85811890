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
mod outbox;
mod outgoing;
mod path;
mod records;
mod remembered;
mod seen;
mod settings;
mod signature;
mod stream;
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
use rustls::server::{NoServerSessionStorage, UnbufferedServerConnection};
use rustls::{HandshakeKind, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};

pub use fault::HandshakeFault;
pub use outbox::OUTBOX;
pub use outgoing::{Client, OutgoingFailure, OutgoingFault, OutgoingSettings, OutgoingStream};
pub use settings::{ClientCa, ClientCertificate, Exempt, Identity, Pins, Settings, SettingsError};
pub use stream::{HANDSHAKE, HELLO, TlsStream};
pub use verifier::MAX_CHAIN_BYTES;

use dated::Certificates;
use identity::Identities;
use seen::Seen;
use stream::Unshaken;
use verifier::ClientVerifier;

use crate::stream::read_ahead::ReadAhead;
use crate::x509::validity::Dated;

/// The TLS side of a listener: one configuration, shared by its connections.
#[derive(Clone, Debug)]
pub struct Server {
    config: Arc<ServerConfig>,
    verifier: Arc<ClientVerifier>,
    own: Certificates,
    cas: Certificates,
}

/// A stream to a client over TLS.
pub type IncomingStream<S> = TlsStream<S, UnbufferedServerConnection>;

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
pub struct HandshakeFailure<S> {
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
    /// The socket, with what was read of it. The alert has been written to it; the peer may still have to
    /// read it.
    pub socket: ReadAhead<S>,
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

    /// Answers a client's handshake.
    ///
    /// It waits as long as the client likes: the caller sets the deadline. A chain and a pin are
    /// told apart in the certificate returned ([`Accepted::by`]).
    ///
    /// # Errors
    /// Whatever kept the handshake from ending in an accepted certificate.
    pub async fn accept<S>(
        &self,
        socket: S,
    ) -> Result<(Box<IncomingStream<S>>, Shown), HandshakeFailure<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let handshake = match UnbufferedServerConnection::new(Arc::clone(&self.config)) {
            Ok(connection) => TlsStream::shake_hands(socket, connection),
            Err(error) => {
                let failed = Unshaken::Failed(io::Error::other(error));
                return Err(self.failed(failed, Seen::default(), ReadAhead::new(socket)));
            }
        };
        let (shaken, seen) = seen::during(handshake).await;
        match shaken {
            Ok(stream) => self.accepted(stream, seen),
            Err((why, socket)) => Err(self.failed(why, seen, socket)),
        }
    }

    fn failed<S>(&self, why: Unshaken, seen: Seen, socket: ReadAhead<S>) -> HandshakeFailure<S> {
        let (fault, error) = match (why, seen.fault()) {
            (Unshaken::TooLarge, _) => {
                let fault = HandshakeFault::HandshakeTooLarge;
                (fault, io::Error::other(fault.to_string()))
            }
            // What rustls says of a refused certificate only names the alert.
            (Unshaken::Failed(_), Some(fault)) => {
                let more = seen.more.clone().unwrap_or_else(|| fault.to_string());
                (fault, io::Error::other(more))
            }
            (Unshaken::Failed(error), None) => {
                (self.own.explain(HandshakeFault::from_error(&error)), error)
            }
        };
        let Seen { presented, is_vouched_for, .. } = seen;
        HandshakeFailure { fault, presented, is_vouched_for, error, socket }
    }

    /// A handshake in which the verifier had no say (as in a resumed session) is no handshake, unless
    /// it was a whole one without a certificate.
    fn accepted<S>(
        &self,
        stream: Box<IncomingStream<S>>,
        seen: Seen,
    ) -> Result<(Box<IncomingStream<S>>, Shown), HandshakeFailure<S>> {
        let state = stream.state();
        let is_bare = state.peer_certificates().is_none()
            && state.handshake_kind().is_some_and(|kind| kind != HandshakeKind::Resumed);
        if self.verifier.is_optional() && is_bare && !seen.has_judged() {
            return Ok((stream, Shown::Nothing));
        }
        match seen.certificate() {
            Ok(certificate) => Ok((stream, Shown::Certificate(certificate))),
            Err(fault) => {
                let error = io::Error::other("no certificate was verified");
                let (presented, is_vouched_for, socket) = (None, false, stream.into_socket());
                Err(HandshakeFailure { fault, presented, is_vouched_for, error, socket })
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
