//! Kinds of keys with which nothing can be verified here, and which others do use.

use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSASSAPSS};

/// The DER encoding of 1.3.36.3.3.2.8.1.1, below which the brainpool curves are (RFC 5639).
const BRAINPOOL: [u8; 8] = [0x2b, 0x24, 3, 3, 2, 8, 1, 1];

/// A key that is sound and of no use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignKey {
    /// German and Austrian health cards, and the CAs around them.
    #[error("on a brainpool curve")]
    Brainpool,
    /// An RSA key whose own algorithm identifier binds it to RSA-PSS (RFC 4055).
    #[error("an RSA-PSS key (rsassaPss) and no ordinary RSA key (rsaEncryption)")]
    RsaPss,
}

/// Of which kind the key of a certificate is, if of one of these.
pub(crate) fn key_of(certificate: &X509Certificate<'_>) -> Option<ForeignKey> {
    let algorithm = &certificate.public_key().algorithm;
    if algorithm.algorithm == OID_PKCS1_RSASSAPSS {
        return Some(ForeignKey::RsaPss);
    }
    let curve = algorithm.parameters.as_ref()?.as_oid().ok()?;
    let is_brainpool = algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY
        && curve.as_bytes().starts_with(&BRAINPOOL);
    is_brainpool.then_some(ForeignKey::Brainpool)
}
