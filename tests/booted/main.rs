//! The Debian package on a machine of its own: a Debian that systemd has booted in a container.
//!
//! A PACS and a sender are there too, DCMTK's, and what counts is whether an object of the sender
//! reaches the PACS. The packages are made as `.ci/package` makes them, of the binary under test.
//! Each test has a fresh machine, without a network but its loopback.

// With this attribute the lints for test code hold for the helpers, too.
#![cfg(test)]

#[path = "../gate/support"]
#[expect(dead_code, reason = "the other tests of the gate use the rest")]
mod support {
    pub(crate) mod authority;
    pub(crate) mod configuration;
    pub(crate) mod patience;
    pub(crate) mod site;

    pub(crate) use patience::PATIENCE;
}

mod hospital;
mod machine;
mod packages;

mod beginning;
mod installing;
mod serving;
mod upgrading;
