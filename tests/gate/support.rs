//! What the tests are made of: an authority, a gate, a requestor and a PACS.
//!
//! The PDUs are built and read here a second time, apart from the code under test, so that a
//! mistake in the gate's encoder cannot hide one in its parser.

pub(crate) mod associate;
pub(crate) mod authority;
pub(crate) mod browser;
pub(crate) mod collector;
pub(crate) mod configuration;
pub(crate) mod dcmtk;
pub(crate) mod dimse;
pub(crate) mod exchange;
pub(crate) mod gate;
pub(crate) mod http;
pub(crate) mod line;
pub(crate) mod pacs;
pub(crate) mod patience;
pub(crate) mod pdu;
pub(crate) mod requestor;
pub(crate) mod scenario;
pub(crate) mod settings;
pub(crate) mod site;
pub(crate) mod stage;
pub(crate) mod typing;

pub(crate) use patience::PATIENCE;
