//! The daemon: sockets, threads and files. What may pass is decided in `pacsgate-core`.
//!
//! In reading order:
//!
//! - [`cli`]: arguments and exit codes.
//! - [`config`]: files and environment, resolved into settings.
//! - [`tls`]: who may speak, before a byte of DICOM.
//! - [`audit`]: one JSON line for each event, written by a thread of its own.
//! - [`metrics`]: exact counters of the same events.

pub mod audit;
pub mod cli;
pub mod config;
pub mod metrics;
pub mod tls;
