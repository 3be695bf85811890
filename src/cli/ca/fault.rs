//! What goes wrong with a command of the CA.

use std::io;

use super::gate::GateFault;
use crate::ca::CaError;
use crate::cli::passphrase::PassphraseFault;
use crate::host::words;

/// Why a command of the CA was not done, or not to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Ca(#[from] CaError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseFault),
    #[error(transparent)]
    Gate(#[from] GateFault),
    #[error("the standard output cannot be written: {}", words(.0))]
    Output(#[from] io::Error),
    /// Everything was said already.
    #[error("{0}")]
    Said(String),
}
