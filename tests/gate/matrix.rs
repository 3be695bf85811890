//! Real peers on both sides of the gate, each result beside that of the direct way.
//!
//! What is run stands in `docs/peers.md`, which the tables of these tests make. Plain
//! `cargo test` names the tests that need peers as ignored; `tests/all` installs the peers and
//! runs them.

pub(crate) mod archives;
mod documentation;
pub(crate) mod front;
pub(crate) mod installed;
mod operations;
mod profiles;
pub(crate) mod requestors;
mod samples;
pub(crate) mod supervised;
