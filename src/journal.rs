//! systemd's journal as the reader of a stream: it takes a priority from the start of each line
//! (sd-daemon(3)) and has a time of its own.

use std::env;
use std::fmt;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

/// How much a line matters, as in syslog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// The gate, or a part of it, does not do its work.
    Error = 3,
    /// Somebody should look at it.
    Warning = 4,
    /// Normal, and worth a look.
    Notice = 5,
    /// Normal.
    Info = 6,
    /// For whoever looks for a fault.
    Debug = 7,
}

/// As the journal reads it at the start of a line.
impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", *self as u8)
    }
}

/// Whether a stream of this process goes to the journal. A variable that was inherited by mistake
/// names another stream (systemd.exec(5)).
pub fn reads(stream: impl AsFd) -> bool {
    let Ok(named) = env::var("JOURNAL_STREAM") else { return false };
    let owned = stream.as_fd().try_clone_to_owned();
    let metadata = owned.and_then(|owned| File::from(owned).metadata());
    metadata.is_ok_and(|it| named == format!("{}:{}", it.dev(), it.ino()))
}
