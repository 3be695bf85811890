//! pacsgate as a DICOM requestor, for `probe`, `doctor` and `demo`: from a name to a C-ECHO.
//!
//! - `dial`: name resolution and TCP.
//! - `tls`: the client's side of TLS, and what an alert means.
//! - `link`: PDUs over a stream, each with a deadline and a limit.
//! - `association`, `command`: what is asked, and what is answered.
//! - `words`: what went wrong, for people.

pub(super) mod association;
pub(super) mod command;
pub(super) mod dial;
pub(super) mod link;
pub(super) mod tls;
pub(super) mod words;
