//! A port as a stranger opens it: each attempt is a connection of its own, with or without TLS.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::cli::client::dial::{self, Unconnected};
use crate::cli::client::tls::{self, TlsTrouble};

/// Whatever carries bytes.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Where to knock, and how.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) at: SocketAddr,
    /// `None` without TLS.
    pub(super) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// How long each step may take.
    pub(super) patience: Duration,
}

/// Why nothing is known of what listens there.
#[derive(Debug)]
pub(super) enum Silence {
    /// No answer, or half of one, within a step's time.
    TimedOut,
    /// It closes, or opens no more.
    Closed,
    /// TLS refused us, in these words: the certificate that we do not have, most likely.
    Certificate(String),
    /// Something else is spoken.
    Other,
}

impl Door {
    pub(super) const fn plain(at: SocketAddr, patience: Duration) -> Self {
        Self { at, tls: None, patience }
    }

    /// Opens it.
    pub(super) async fn open(&self) -> Result<Box<dyn Stream>, Silence> {
        let socket = dial::connect(self.at, self.patience).await.map_err(|error| match error {
            Unconnected::TimedOut => Silence::TimedOut,
            Unconnected::Failed(_) => Silence::Closed,
        })?;
        let Some((config, name)) = &self.tls else { return Ok(Box::new(socket)) };
        let shaken = tls::handshake(Arc::clone(config), name.clone(), socket, self.patience).await;
        Ok(Box::new(shaken.map_err(|trouble| Silence::from(&trouble))?))
    }
}

impl From<&TlsTrouble> for Silence {
    fn from(trouble: &TlsTrouble) -> Self {
        match trouble {
            TlsTrouble::Alert(_) => Self::Certificate(trouble.to_string()),
            TlsTrouble::TimedOut => Self::TimedOut,
            TlsTrouble::Closed => Self::Closed,
            TlsTrouble::ServerCertificate(_) | TlsTrouble::NotTls | TlsTrouble::Other(_) => {
                Self::Other
            }
        }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "no answer in time",
            Self::Closed => "closed without an answer",
            Self::Certificate(words) => words,
            Self::Other => "an answer that is something else",
        })
    }
}
