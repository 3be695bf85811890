//! What must hold for any input: one module a target.

pub mod answer;
pub mod command;
pub mod data_set;
pub mod field;
#[path = "../../core/tests/inspector/framing.rs"]
mod framing;
pub mod input;
pub mod inspector;
#[path = "../../core/tests/memory/limits.rs"]
mod limits;
pub mod pdu;
pub mod request;
pub mod token;
