//! Files that are named by whoever runs a command.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Opens a file that is one. A pipe in its place would keep the command waiting for whoever writes to it,
/// for ever.
///
/// # Errors
///
/// It is none, or what the system says.
pub fn regular(path: &Path) -> io::Result<File> {
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
