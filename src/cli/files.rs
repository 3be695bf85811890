//! Where files are, unless others are named.

/// The main file.
pub(super) const CONFIG: &str = "/etc/pacsgate/pacsgate.toml";
