//! Files and environment in, [`Settings`] out, or every mistake at once.
//!
//! The main file is TOML with `schema = 1`; beside it, `conf.d/*.toml` are read in name order.
//! Each listener, PACS and peer stands in one file; `schema`, `[gate]`, `[passwords]`, `[limits]`, `[log]` and
//! `[admin]` stand in the main file. Then `PACSGATE__SECTION__KEY` overrides single values of limits, log,
//! listeners and PACS addresses. Relative paths count from the directory of the file that they stand
//! in, those of variables from the directory of the main file.
//!
//! In reading order:
//!
//! - `finding` has what was found and its place, `source` the places, `problems` gathers both;
//! - `syntax` reads one file, `layers` all of them, and `environment` the variables, which the
//!   crate `config` lays over the files;
//! - `node` is a value of that with its place, `section` reads a table of them, and neither leaves
//!   this module;
//! - `gate`, `listener`, `pacs`, `peer` with `reach`, `passwords`, `issuer`, `limits`, `log`, `syslog` and
//!   `admin` each read their table, with `target` for how a PACS is reached, `user` for the users of a peer,
//!   `matchers` for what certificates are recognised by,
//!   `classes` for SOP classes, `outgoing` for TLS towards a target, `value`, `units`, `named` for texts and files, and `authorities` for the
//!   CAs;
//! - `cross`, `vouching` and `rules` compare the tables, and [`Settings`] are the result;
//! - `ahead` looks for what the service will not find on this machine;
//! - `digest` tells two configurations apart;
//! - `unwise` looks for what is allowed but unwise, `ways` at devices without TLS and the way back;
//! - `stray` finds the keys of a peer whose line is missing;
//! - `lookalike` knows the characters that nobody sees in a mistake;
//! - `mistake` has the words that the administrator reads, where they are not the policy's or a
//!   parser's.
//!
//! Invariants: values are never converted from another type; no list may be
//! empty but `tolerate`; a file that others may change is refused; no key is known before it is enforced; no
//! message shows what a file of keys holds.

mod admin;
mod ahead;
mod authorities;
mod classes;
mod cross;
mod digest;
mod environment;
mod files;
mod finding;
mod gate;
mod guarding;
mod issuer;
mod layers;
mod limits;
mod listener;
mod log;
mod lookalike;
mod matchers;
mod mistake;
mod named;
mod node;
mod outgoing;
mod pacs;
mod passwords;
mod peer;
mod problems;
mod reach;
mod report_only;
mod rules;
mod section;
mod settings;
mod source;
mod stray;
mod suggestion;
mod syntax;
mod syslog;
mod target;
mod units;
mod unwise;
mod user;
mod value;
mod vouching;
mod ways;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt::Display;
use std::path::Path;
use std::time::SystemTime;

pub use admin::{Admin, Endpoint};
pub use finding::{Errors, Finding, Location};
pub use limits::Limits;
pub use listener::Listener;
pub use log::Log;
pub use pacs::is_any;
pub use settings::{Loaded, Settings};
pub use syslog::{Collector, Content};
pub use target::{Asking, Target};
pub use units::{UnitFault, duration};
pub(crate) use value::digest as sha256;
pub use value::{Address, AddressFault};

use crate::host::Service;
use problems::{Problems, Purpose};
use suggestion::Suggestion;

/// Loads a configuration with the environment of this process, and judges dates by `now`.
///
/// # Errors
///
/// Every mistake in it, in the order of files and lines.
pub fn load(path: &Path, now: SystemTime) -> Result<Settings, Errors> {
    load_with(path, std::env::vars_os(), now)
}

/// What could have been meant by a wrong word: the nearest of these, or all of them.
pub fn meant<S: AsRef<str>>(wrong: &str, known: impl IntoIterator<Item = S>) -> impl Display {
    Suggestion::new(wrong, known)
}

/// Judges a configuration before a restart of the service: what [`load`] lets pass although the
/// gate would then not start or serve nobody is an error here.
///
/// # Errors
///
/// Every mistake in it, in the order of files and lines.
pub fn check(path: &Path, now: SystemTime, service: Service) -> Result<Settings, Errors> {
    read(path, std::env::vars_os(), Problems::new(Purpose::Check(service.into()), now))
}

/// Loads a configuration with the given environment, of which only the variables with the
/// gate's prefix count.
///
/// # Errors
///
/// Every mistake in it, in the order of files and lines.
pub fn load_with(
    path: &Path,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    now: SystemTime,
) -> Result<Settings, Errors> {
    read(path, environment, Problems::new(Purpose::Run, now))
}

fn read(
    path: &Path,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    mut problems: Problems,
) -> Result<Settings, Errors> {
    let mut layers = layers::files(path, &mut problems);
    layers.push(environment::layer(&layers, environment, &mut problems));
    let merged = layers::merged(&layers, &mut problems);
    settings::resolve(merged, problems)
}
