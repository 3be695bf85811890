//! A basis as a line of JSON, for another process to judge by another configuration.

use std::net::IpAddr;

use pacsgate_core::wire::associate::ReceivedRq;
use pacsgate_core::wire::pdu::Header;
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};

use super::Basis;

/// What a [`Basis`] has, in types that every version can read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Written {
    listener: String,
    source: IpAddr,
    balancer: Option<IpAddr>,
    peer: String,
    pacs: String,
    not_after: i64,
    is_empty: bool,
    /// Each in DER.
    chain: Vec<Vec<u8>>,
    /// An A-ASSOCIATE-RQ of the contexts that were accepted.
    request: Vec<u8>,
}

/// What was written is no basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what the running gate says of an association cannot be read")]
pub struct NoBasis;

impl Written {
    /// Of an association that is open.
    pub fn of(basis: &Basis) -> Self {
        // What was received fits, and this is less.
        let request = basis.request.request.encode().unwrap_or_default();
        Self {
            listener: basis.listener.to_string(),
            source: basis.source,
            balancer: basis.balancer,
            peer: basis.peer.to_string(),
            pacs: basis.pacs.to_string(),
            not_after: basis.not_after,
            is_empty: basis.is_empty,
            chain: basis.chain.iter().map(|der| der.to_vec()).collect(),
            request,
        }
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// Its request is none.
    pub fn read(self) -> Result<Basis, NoBasis> {
        let body = self.request.get(Header::LEN..).ok_or(NoBasis)?;
        Ok(Basis {
            request: ReceivedRq::parse(body).map_err(|_| NoBasis)?,
            listener: self.listener.into(),
            source: self.source,
            balancer: self.balancer,
            peer: self.peer.into(),
            pacs: self.pacs.into(),
            not_after: self.not_after,
            is_empty: self.is_empty,
            chain: self.chain.into_iter().map(CertificateDer::from).collect(),
        })
    }
}
