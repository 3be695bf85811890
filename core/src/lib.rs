//! The deciding half of pacsgate: bytes and values in, values out.
//!
//! Nothing in this crate waits, reads a clock, opens a file or writes a log; the daemon obeys
//! what is decided here. In reading order:
//!
//! - [`wire`]: the strict parser and the canonical encoder of the association PDUs.
//! - [`side`]: the two sides of an association.
//! - [`reason`]: how reasons are declared, one row each.
//! - [`counts`]: how often each kind of a thing was met.
//! - [`certificate`]: what a client certificate says of its holder.
//! - [`identity`]: the user of a requestor, once verified.
//! - [`direction`]: which system stands at which side of an association.
//! - [`transfer_syntax`]: the transfer syntaxes whose data sets can be walked.
//! - [`services`]: named sets of SOP classes and the operations on them.
//! - [`data_set`]: the structure of data sets, walked as they stream by.
//! - [`inspector`]: what may pass once an association is established.
//! - [`asked`]: what peers have asked a PACS to send them, for as long as that counts.
//! - [`policy`]: who may claim which title, to reach which PACS, for which services.
//! - [`quoted`]: text from outside, as people are shown it.
//!
//! Invariants, each held by a type or a test:
//!
//! 1. A [`policy::Permit`] is made by the policy only, and only from a request that parsed.
//! 2. Requests for associations and commands leave as the encoding of what was judged, never as the
//!    bytes that came. Data sets leave as they came, as far as they were walked.
//! 3. Every length from the wire meets a named limit before anything is allocated for it.
//! 4. The same bytes give the same verdict and the same output however they are cut.
#![forbid(unsafe_code)]

pub mod asked;
pub mod certificate;
pub mod counts;
pub mod data_set;
pub mod direction;
mod gather;
pub mod identity;
pub mod inspector;
mod known_uid;
mod numbered;
pub mod policy;
pub mod quoted;
pub mod reason;
pub mod services;
pub mod side;
mod table;
pub mod transfer_syntax;
pub mod wire;
