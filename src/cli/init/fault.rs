//! What keeps `init` from its work.

use std::io;
use std::path::PathBuf;

use crate::ca::CaError;
use crate::cli::passphrase::PassphraseFault;
use crate::cli::typed::EntryFault;
use crate::drop_in::NotWritten;
use crate::host::words;

/// Why something was not made. What was made before is whole.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// Only root may give files to the gate's group.
    #[error("{} is root's: run this as root, or name another folder with --dir", .0.display())]
    NotRoot(PathBuf),
    /// The package makes it.
    #[error(
        "this machine has no group pacsgate, which has to read the gate's files: install the package, or \
         run systemd-sysusers pacsgate.conf (README, step 1), and run this again"
    )]
    NoGroup,
    /// Nobody is there to be asked.
    #[error("there is no terminal to ask on: give {0}")]
    Unasked(&'static str),
    /// Nothing that could be used was typed.
    #[error("no answer that can be used; give {0}")]
    Unanswered(&'static str),
    /// One of two files that belong together.
    #[error(
        "{} is there without {}: put the other beside it, or move it away, and run this again", .0.display(), .1.display()
    )]
    Half(PathBuf, PathBuf),
    /// The main file is no TOML.
    #[error("{path} is there and is no TOML, so it was left as it is; `pacsgate check {path}` says where", path = .0.display())]
    Syntax(PathBuf),
    /// Not what it is said to be.
    #[error("{} holds no certificate in PEM", .0.display())]
    NotPem(PathBuf),
    /// What the system says of a file.
    #[error("{}: {}", .0.display(), words(.1))]
    File(PathBuf, io::Error),
    /// What the system says of the terminal.
    #[error(transparent)]
    Entry(#[from] EntryFault),
    /// What the passphrase lacks.
    #[error(transparent)]
    Passphrase(#[from] PassphraseFault),
    /// What the CA says.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// What could not be written.
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
}
