//! A port as a stranger opens it: each attempt is a connection of its own, with or without TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::cli::client::dial;
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

/// Why it did not open.
#[derive(Debug)]
pub(super) enum Shut {
    Tcp,
    Tls(TlsTrouble),
}

impl Door {
    pub(super) const fn plain(at: SocketAddr, patience: Duration) -> Self {
        Self { at, tls: None, patience }
    }

    /// Opens it.
    pub(super) async fn open(&self) -> Result<Box<dyn Stream>, Shut> {
        let socket =
            dial::connect(self.at, self.patience).await.map_err(|_unconnected| Shut::Tcp)?;
        let Some((config, name)) = &self.tls else { return Ok(Box::new(socket)) };
        let shaken = tls::handshake(Arc::clone(config), name.clone(), socket, self.patience).await;
        Ok(Box::new(shaken.map_err(Shut::Tls)?))
    }
}
