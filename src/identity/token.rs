//! JSON Web Tokens (type 5), verified against the keys of their issuers.
//!
//! - `issuers`: the issuers of a site, and the verification of a token.
//! - `keys`: the public keys of an issuer, each bound to its algorithms; `jwks` and `pem` read them,
//!   `reading` whichever it is.
//! - `store`: the keys that an issuer has now, and since when; they outlive a reload.
//! - `watch`: the task beside each store, which reads a file again (`file`) or a URL (`fetch`).
//!
//! The token itself is read, and its claims are judged, by core.
//!
//! What does not exist here: a wait of whoever verifies; a key that a token brings along; a symmetric
//! key; a log line with a token, a claim or what is in a file of keys.

mod fetch;
mod file;
mod issuers;
mod jwks;
mod keys;
mod pem;
mod reading;
mod store;
#[cfg(test)]
mod tests;
mod watch;

pub use fetch::{Address, Fetcher, UrlFault};
pub use issuers::{ALGORITHMS, Issuer, Issuers, Rules, algorithm};
pub use keys::{Keys, KeysFault};
pub use reading::{MAX_FILE, read};
pub use store::{KeyStore, Source};
