//! Where files are, unless others are named, and how one that is named is opened.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// The main file.
pub(super) const CONFIG: &str = "/etc/pacsgate/pacsgate.toml";

/// Opens a file that is one. A pipe in its place would keep the command waiting for whoever writes to it,
/// for ever.
///
/// # Errors
///
/// It is none, or what the system says.
pub(super) fn regular(path: &Path) -> io::Result<File> {
    // Before it is opened: for some devices, that is an order.
    if !fs::metadata(path)?.is_file() {
        return Err(none());
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    // What has become something else meanwhile.
    if file.metadata()?.is_file() { Ok(file) } else { Err(none()) }
}

fn none() -> io::Error {
    io::Error::other("is not a regular file")
}
