//! X.509: certificates, keys and revocation lists, as far as the gate reads them itself.
//!
//! - `pem`: out of files.
//! - `reading`: what a client's leaf says.
//! - `foreign`: keys of kinds that are of no use here.
//! - `issuing`: who may issue, and which list is whose.
//! - `purpose`: what a certificate is made for.
//! - `validity`: which end of its time something is at.
//!
//! Chains are built and signatures verified by webpki, in `stream::tls`.

pub mod foreign;
pub(crate) mod issuing;
pub mod pem;
pub(crate) mod purpose;
pub(crate) mod reading;
pub(crate) mod validity;
