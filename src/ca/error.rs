//! What goes wrong with a CA.

use std::io;
use std::path::PathBuf;

use super::naming::NameFault;
use super::request::CsrFault;
use crate::drop_in::NotWritten;
use crate::host::words;

/// Why something was not done. Nothing has been signed then, and no file is left behind.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The folder has no CA.
    #[error(
        "{path} holds no CA; `pacsgate init` makes one together with the gate's configuration, and \
         `pacsgate ca init --ca {path}` one alone", path = .0.display()
    )]
    None(PathBuf),
    /// Whether there is one, only somebody else sees.
    #[error("{} cannot be read: {}; run this as root, or as whoever owns it", .0.display(), words(.1))]
    Closed(PathBuf, io::Error),
    /// It has one already.
    #[error("{} holds a CA already; nothing in it was touched", .0.display())]
    Exists(PathBuf),
    /// It has something else.
    #[error("{} is not empty; a CA is made in a folder of its own", .0.display())]
    NotEmpty(PathBuf),
    /// What the system says of a file.
    #[error("{}: {}", .0.display(), words(.1))]
    Io(PathBuf, io::Error),
    /// Something else has the place of a folder.
    #[error("{} is no folder of its own, so no key is written there: move it away", .0.display())]
    NoFolder(PathBuf),
    /// A file that has more than any honest one.
    #[error("{path} is larger than {1} bytes", path = .0.display())]
    TooLarge(PathBuf, u64),
    /// A file of the folder holds something else.
    #[error("{path} is damaged: {1}; take it from your copy of the folder", path = .0.display())]
    Damaged(PathBuf, &'static str),
    /// The chain of the log is broken.
    #[error(
        "{}, line {line}: {fault}. Nothing is signed with a record that cannot be trusted: compare it \
         with your copy of the folder, and find out who changed it", .path.display()
    )]
    Log {
        /// The log.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong there.
        fault: &'static str,
    },
    /// Two at a time.
    #[error("another command is at work in {}; try again", .0.display())]
    Busy(PathBuf),
    /// The key is encrypted.
    #[error("the CA's key is protected by a passphrase, and none was given")]
    PassphraseMissing,
    /// It does not open the key.
    #[error("the passphrase is wrong, or the file of the CA's key is damaged")]
    WrongPassphrase,
    /// Something that may not stand in a certificate.
    #[error(transparent)]
    Name(#[from] NameFault),
    /// A request of which no certificate is made.
    #[error("the request {0}")]
    Csr(#[from] CsrFault),
    /// A device that the log does not know.
    #[error("the CA has issued nothing to {0:?}; `pacsgate ca list` shows to whom it has")]
    NoDevice(String),
    /// A device that it does know.
    #[error("{0} has a certificate already; renew it with `pacsgate ca renew {0}`")]
    Known(String),
    /// A device that keeps its key to itself.
    #[error(
        "{0} made its key itself; let it make a new request, and give that with --csr; or give a --key"
    )]
    RequestMissing(String),
    /// A key that is somebody else's, by what it is.
    #[error(
        "the key of the request is that of {0}; let the device make a key of its own, and a new request"
    )]
    KeyOf(String),
    /// A key that was revoked.
    #[error(
        "the key of the request was revoked as lost or stolen; let the device make a new key, and a new \
         request"
    )]
    KeyRevoked,
    /// A serial number that nothing has.
    #[error("no certificate of this CA is called {0:?}: neither a device nor a serial number")]
    NoSerial(String),
    /// There is nothing to revoke.
    #[error("{0} is revoked already")]
    Revoked(String),
    /// There is nothing older.
    #[error(
        "{0} has one certificate only, and keeps it; to revoke that as well: `pacsgate ca revoke {0}`"
    )]
    NothingToRetire(String),
    /// The CA is past its end.
    #[error("the CA's own certificate ended on {0}; make a new CA in another folder")]
    Ended(String),
    /// Key generation or encoding.
    #[error("cannot make {0}: {1}")]
    Crypto(&'static str, String),
    /// Files.
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
}
