//! What must hold for any input: one module a target.

pub mod answer;
pub mod data_set;
pub mod input;
pub mod inspector;
pub mod request;
