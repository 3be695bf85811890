//! A small CA in one folder, for sites without one (docs/ca.md).
//!
//! - `folder`: the files, and who works in there.
//! - `entry`, `log`: every action, one line each, chained by hashes. It is the only record.
//! - `state`: what the lines come to: who has what.
//! - `naming`: what may stand in a certificate, and what a device may be called.
//! - `key`: private keys, and the passphrase over that of the CA.
//! - `request`: what a device that has made its own key sends.
//! - `template`: what each certificate says.
//! - `revocation`: which certificates count no more.
//! - `pkcs12`: key and certificate in one file, as devices import them.
//! - `peer`: a device's table for the gate.
//! - `opened`: a folder that has been read; `signer`: one whose key is at hand, which does what `issue`,
//!   `server` and `strike` say.
//!
//! A running gate uses nothing of this: it trusts no certificate for having been made here.

mod entry;
mod error;
mod folder;
mod issue;
mod key;
mod log;
mod naming;
mod opened;
mod peer;
mod pkcs12;
mod request;
mod revocation;
mod server;
mod signer;
mod state;
mod strike;
mod template;

#[cfg(test)]
mod tests;

pub use entry::{Certificate, Moment, Reason, Terms};
pub use error::CaError;
pub use issue::{Holder, Issued};
pub use key::{KeyType, Passphrase};
pub use naming::NameFault;
pub use opened::{Ca, Founding};
pub use request::{CsrFault, Request as Csr};
pub use server::Server;
pub use signer::{Signer, Table};
pub use state::{Device, Issuance, Standing, State};
pub use strike::{List, Revoked};
