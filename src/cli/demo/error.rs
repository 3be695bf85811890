//! What keeps the demo from going on.

use std::io;

use crate::cli::client::dial::Unconnected;
use crate::cli::client::tls::Unusable;
use crate::config;
use crate::host::words;
use crate::server::ServerError;

/// Why the demo cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    #[error("the demo's directory: {}", words(.0))]
    Directory(io::Error),
    #[error("the demo's certificates: {0}")]
    Certificates(#[from] rcgen::Error),
    #[error("the demo's PACS: {}", words(.0))]
    Pacs(io::Error),
    #[error("the demo's configuration:\n{0}")]
    Configuration(config::Errors),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Client(#[from] Unusable),
    #[error("the gate: {0}")]
    Unconnected(Unconnected),
    #[error("the gate's audit: {}", words(.0))]
    Audit(io::Error),
    #[error("the gate has no name or address")]
    Name,
}
