//! Reports from the field: what devices and servers were seen to do on the wire, rebuilt with bytes
//! of our own.
//!
//! Each test names its source and holds one conversation twice: directly with a PACS, and through
//! the gate. What works directly must work through the gate with the same outcome at both ends. Where
//! the gate refuses it for its meaning or its harm, the test says by which reason.
//!
//! The PACS is one that writes down what it gets. Tests with DCMTK, Orthanc and pynetdicom are
//! ignored by a plain `cargo test`; `tests/all` runs them.

// With this attribute the lints for test code hold for the helpers, too.
#![cfg(test)]

#[path = "../gate/support"]
#[expect(dead_code, reason = "the other tests of the gate use the rest")]
mod support {
    pub(crate) mod associate;
    pub(crate) mod authority;
    pub(crate) mod configuration;
    pub(crate) mod dcmtk;
    pub(crate) mod dimse;
    pub(crate) mod exchange;
    pub(crate) mod gate;
    pub(crate) mod line;
    pub(crate) mod pacs;
    pub(crate) mod patience;
    pub(crate) mod pdu;
    pub(crate) mod requestor;
    pub(crate) mod scenario;
    pub(crate) mod settings;
    pub(crate) mod site;

    pub(crate) use patience::PATIENCE;
}

#[path = "../gate/matrix"]
#[expect(dead_code, reason = "the other tests of the gate use the rest")]
mod matrix {
    pub(crate) mod archives;
    pub(crate) mod front;
    pub(crate) mod installed;
    pub(crate) mod requestors;
    pub(crate) mod supervised;
}

#[path = "../gate/patches"]
#[expect(dead_code, reason = "the other tests of the gate use the rest")]
mod patches {
    pub(crate) mod elements;
    pub(crate) mod servers;
}

mod message;
mod object;
mod operation;
mod play;
mod recorder;

mod answer;
mod answered_command;
mod answered_data_set;
mod command;
mod data_set;
mod framing;
mod request;
mod service;
mod tls;
