//! What keeps `init` from its work.

use std::io;
use std::path::PathBuf;

use crate::ca::CaError;
use crate::cli::passphrase::PassphraseFault;
use crate::cli::typed::EntryFault;
use crate::drop_in::NotWritten;
use crate::host::{Barrier, words};
use crate::x509::pem::PemFault;

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
    /// Each would shut the other's user out, or in.
    #[error(
        "the CA ({ca}) and the gate's files ({dir}) must be in folders apart, neither within the other: only \
         root may enter the one, and the gate reads the other. Give another --ca", ca = .0.display(), dir = .1.display()
    )]
    Nested(PathBuf, PathBuf),
    /// A link in the place of a file.
    #[error("{} is a link that leads nowhere: remove it, or put a file where it leads", .0.display())]
    Astray(PathBuf),
    /// The gate would not read it.
    #[error("{}: {}", .0.display(), .1)]
    Barrier(PathBuf, Barrier),
    /// The main file is no TOML.
    #[error("{path} is there and is no TOML, so it was left as it is; `pacsgate check {path}` says where", path = .0.display())]
    Syntax(PathBuf),
    /// A file that holds what it should not.
    #[error("--client-ca {}: {}", .0.display(), .1)]
    Pem(PathBuf, PemFault),
    /// It would recognise nobody but that device.
    #[error(
        "--client-ca {}: holds no certificate of a CA, but that of a device or a server; give that of the CA \
         which has issued it", .0.display()
    )]
    NotOfCa(PathBuf),
    /// No list, or that of somebody else.
    #[error("--client-crl {}: holds no revocation list of the CA in {}", .0.display(), .1.display())]
    NotItsList(PathBuf, PathBuf),
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
