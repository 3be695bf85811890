//! Real peers on both sides of the gate, each result beside that of the direct way.
//!
//! What is run stands in `docs/peers.md`, which the tables of these tests make. Plain
//! `cargo test` names the tests that need peers as ignored; `tests/all` installs the peers and
//! runs them.

mod archives;
mod documentation;
mod front;
mod installed;
mod operations;
mod profiles;
mod requestors;
mod samples;
mod supervised;
