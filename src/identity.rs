//! The user of a requestor (PS3.7 section D.3.3.7), verified here and told to nobody behind the gate.

pub mod password;
pub mod token;
