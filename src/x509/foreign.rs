//! Kinds of keys and signatures with which nothing can be verified here, and which others do use.

use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{
    OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_MD5WITHRSAENC, OID_PKCS1_RSASSAPSS, OID_PKCS1_SHA1WITHRSA,
};
use x509_parser::public_key::PublicKey;

/// The DER encoding of 1.3.36.3.3.2.8.1.1, below which the brainpool curves are (RFC 5639).
const BRAINPOOL: [u8; 8] = [0x2b, 0x24, 3, 3, 2, 8, 1, 1];

/// The DER encoding of 1.2.840.10045.4.1 (RFC 3279 section 2.2.3).
const ECDSA_WITH_SHA1: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];
/// What aws-lc verifies RSA signatures with, at the least, in bytes of the modulus.
pub(crate) const SHORTEST_MODULUS: usize = 256;

/// A key that is sound and of no use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignKey {
    /// German and Austrian health cards, and the CAs around them.
    #[error("on a brainpool curve")]
    Brainpool,
    /// An RSA key whose own algorithm identifier binds it to RSA-PSS (RFC 4055).
    #[error("an RSA-PSS key (rsassaPss) and no ordinary RSA key (rsaEncryption)")]
    RsaPss,
    /// Which could be factored (NIST SP 800-131A), and which old devices have.
    #[error("an RSA key of less than 2048 bits")]
    ShortRsa,
}

/// Of which kind the key of a certificate is, if of one of these.
pub(crate) fn key_of(certificate: &X509Certificate<'_>) -> Option<ForeignKey> {
    let algorithm = &certificate.public_key().algorithm;
    if algorithm.algorithm == OID_PKCS1_RSASSAPSS {
        return Some(ForeignKey::RsaPss);
    }
    if rsa_modulus(certificate).is_some_and(|bytes| bytes < SHORTEST_MODULUS) {
        return Some(ForeignKey::ShortRsa);
    }
    let curve = algorithm.parameters.as_ref()?.as_oid().ok()?;
    let is_brainpool = algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY
        && curve.as_bytes().starts_with(&BRAINPOOL);
    is_brainpool.then_some(ForeignKey::Brainpool)
}

/// The bytes of the modulus of an RSA key.
pub(crate) fn rsa_modulus(certificate: &X509Certificate<'_>) -> Option<usize> {
    let Ok(PublicKey::RSA(key)) = certificate.public_key().parsed() else { return None };
    let zeros = key.modulus.iter().take_while(|byte| **byte == 0).count();
    Some(key.modulus.len().saturating_sub(zeros))
}

/// Whether it is signed with SHA-1 or MD5, of which collisions have been made.
pub(crate) fn has_weak_signature(certificate: &X509Certificate<'_>) -> bool {
    let algorithm = &certificate.signature_algorithm.algorithm;
    [OID_PKCS1_SHA1WITHRSA, OID_PKCS1_MD5WITHRSAENC].contains(algorithm)
        || algorithm.as_bytes() == ECDSA_WITH_SHA1
}
